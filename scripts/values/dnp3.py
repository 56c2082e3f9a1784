"""DNP3: the points of each application fragment; tshark pairs nothing, so requests are paired with responses by link addresses and sequence."""
import struct

from .tshark import fields, number, raw, shown

PROTOCOLS = ('dnp3',)
FILTER, LAYERS = 'dnp3.al.func', ('dnp3',)
PAIRED_BY = 'link addresses and application sequence (tshark pairs none)'
SPACES = {1: 'binary input', 2: 'binary input', 3: 'double-bit input', 4: 'double-bit input', 10: 'binary output', 11: 'binary output',
          12: 'binary output', 13: 'binary output', 20: 'counter', 21: 'frozen counter', 22: 'counter', 23: 'frozen counter', 30: 'analog input',
          31: 'frozen analog input', 32: 'analog input', 33: 'frozen analog input', 34: 'analog input deadband', 40: 'analog output',
          41: 'analog output', 42: 'analog output', 43: 'analog output', 80: 'internal indication'}
OPERATIONS = {0: 'nul', 1: 'pulse on', 2: 'pulse off', 3: 'latch on', 4: 'latch off'}
TRIPS = {0: '', 1: 'close ', 2: 'trip ', 3: 'reserved '}
SIGNED = {1: 'b', 2: 'h', 4: 'i', 8: 'q'}
CONFIRM, RESPONSE, UNSOLICITED = 0, 129, 130
SELECTS = (3, 4, 5, 6)
WRITE = 2
# Function not supported, object unknown, parameter error: the second octet of the indications.
REFUSING = 0x07


def code(act):
    return act['code']


def readings(act):
    for reading in act.get('values', []):
        value = reading['value']
        yield reading.get('object', ''), int(value) if isinstance(value, bool) else value


def same(mine, theirs):
    if isinstance(mine, (int, float)) and isinstance(theirs, (int, float)):
        return abs(mine - theirs) <= 1e-5 * max(abs(mine), abs(theirs))
    return mine == theirs


def read(frames):
    pairs, requests, waiting = [], [], {}
    for frame in frames:
        for message in frame.layers:
            function = number(message, 'dnp3.al.func')
            if function is None:
                continue
            source, target = number(message, 'dnp3.src'), number(message, 'dnp3.dst')
            sequence, unsolicited = number(message, 'dnp3.al.seq'), number(message, 'dnp3.al.uns')
            at, counted = frame.at, True
            if function == RESPONSE:
                # Only the first fragment of a response answers; a request is answered once.
                asked = waiting.pop((frame.flow, target, source, sequence, 0), None)
                if asked:
                    first, asked_function = asked
                    requests.append((first.source, first.target, asked_function, first.at, outcome(message), frame.at - first.at))
                    at, counted = first.at, asked_function not in SELECTS
            elif function == CONFIRM:
                asked = waiting.pop((frame.flow, target, source, sequence, 1), None) if unsolicited else None
                if asked:
                    requests.append((asked[0].source, asked[0].target, UNSOLICITED, asked[0].at, 'done', frame.at - asked[0].at))
            elif function == UNSOLICITED:
                waiting[frame.flow, source, target, sequence, 1] = (frame, function)
            else:
                waiting[frame.flow, source, target, sequence, 0] = (frame, function)
            if counted:
                pairs += ((frame.flow, at, object, value) for object, value in values(message))
    return pairs, requests


def outcome(message):
    indications = number(message, 'dnp3.al.iin', 0)
    # A command that was not taken is refused also where the indications are fine.
    status = [int(f.get('show'), 0) for f in fields(message, 'dnp3.al.ctrlstatus')]
    return 'refused' if indications & REFUSING or any(status) else 'done'


def values(message):
    for header in fields(message, 'dnp3.al.obj'):
        group, variation = divmod(int(header.get('show'), 0), 256)
        space = SPACES.get(group)
        for point in header:
            index = number(point, 'dnp3.al.index', number(point, 'dnp3.al.point_index'))
            if space and index is not None:
                value = one(point, group)
                if value is not None:
                    yield f'{space} {index}', value


def one(point, group):
    """The value of one point."""
    if group == 12:
        if not fields(point, 'dnp3.ctl.op'):
            return None
        word = TRIPS[number(point, 'dnp3.ctl.trip')] + OPERATIONS.get(number(point, 'dnp3.ctl.op'), '?')
        return (f'{word}, count {number(point, "dnp3.al.count")}, on {number(point, "dnp3.al.on_time")} ms, '
                f'off {number(point, "dnp3.al.off_time")} ms')
    for field in point.iter('field'):
        name = field.get('name')
        if name in ('dnp3.al.biq.b7', 'dnp3.al.boq.b7'):
            octet = raw(field)[0]
            # tshark shows one bit of the two of a double-bit point; the octet has both.
            return octet >> 6 if group in (3, 4) else octet >> 7
        if name == 'dnp3.al.bit':
            return int(field.get('show'))
        if name == 'dnp3.al.cnt':
            return int.from_bytes(raw(field), 'little')
        if name in ('dnp3.al.ana.int', 'dnp3.al.anaout.int'):
            octets = raw(field)
            return struct.unpack('<' + SIGNED[len(octets)], octets)[0]
        if name in ('dnp3.al.ana.float', 'dnp3.al.anaout.float'):
            return struct.unpack('<f', raw(field))[0]
        if name in ('dnp3.al.ana.double', 'dnp3.al.anaout.double'):
            return struct.unpack('<d', raw(field))[0]
    return None
