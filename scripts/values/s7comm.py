"""S7comm: items of read and write var with their data; tshark pairs nothing, so jobs are paired with answers by PDU reference."""
import struct

from .tshark import fields, number, raw

PROTOCOLS = ('s7comm',)
FILTER, LAYERS = 's7comm', ('s7comm',)
PAIRED_BY = 'connection and PDU reference (tshark pairs none)'
JOB, ACK, ACK_DATA, USERDATA = 1, 2, 3, 7
READ, WRITE = 4, 5
S7ANY, DBREAD = 0x10, 0xB0
BIT, BYTE, CHAR, REAL = 1, 2, 3, 8
AREAS = {0x80: 'P', 0x81: 'I', 0x82: 'Q', 0x83: 'M', 0x86: 'L', 0x87: 'V', 0x03: 'SYS', 0x05: 'SM', 0x06: 'AI', 0x07: 'AQ'}
# Transport size: letter of the address, width, how the bytes are read.
SHAPES = {1: ('X', 1, None), 2: ('B', 1, None), 3: ('B', 1, None), 4: ('W', 2, '>H'), 5: ('W', 2, '>h'), 6: ('D', 4, '>I'), 7: ('D', 4, '>i'), 8: ('D', 4, '>f')}
COUNTER, TIMER = (0x1C, 0x1E), (0x1D, 0x1F)


def code(act):
    return act['code']


def readings(act):
    for reading in act.get('values', []):
        value = reading['value']
        yield reading.get('object', ''), int(value) if isinstance(value, bool) else value


def same(mine, theirs):
    if isinstance(mine, float) or isinstance(theirs, float):
        return isinstance(mine, (int, float)) and isinstance(theirs, (int, float)) and abs(mine - theirs) <= 1e-5 * max(abs(mine), abs(theirs))
    if isinstance(theirs, bytes):
        return isinstance(mine, str) and unhex(mine, theirs)
    return mine == theirs


def unhex(mine, theirs):
    """Our bytes are hexadecimal; texts of CHAR arrays are texts; long ones end in an ellipsis."""
    text = mine.removeprefix('0x')
    if text.endswith('…'):
        return len(text) > 32 and theirs.hex().startswith(text[:-1])
    return text == theirs.hex() or mine.encode('latin-1', 'replace') == theirs.rstrip(b'\0')


def read(frames):
    pairs, requests, jobs = [], [], {}
    for frame in frames:
        for message in frame.layers:
            kind, reference = number(message, 's7comm.header.rosctr'), number(message, 's7comm.header.pduref')
            if kind is None:
                continue
            function = number(message, 's7comm.param.func')
            if kind == USERDATA:
                group = number(message, 's7comm.param.userdata.funcgroup')
                direction = number(message, 's7comm.param.userdata.type')
                # Pushes ask for nothing and name no address.
                if group is not None and direction == 4:
                    jobs[frame.source, frame.target, reference] = (frame, 256 + group, [])
                elif group is not None and direction == 8:
                    answered(jobs, frame, reference, outcome(message), requests)
            elif kind == JOB:
                items = [item for item in fields(message, 's7comm.param.item')] if function in (READ, WRITE) else []
                jobs[frame.source, frame.target, reference] = (frame, function, items)
                if function == WRITE:
                    pairs += [(frame.flow, frame.at, *pair) for pair in joined(items, message)]
            elif kind in (ACK, ACK_DATA):
                job = answered(jobs, frame, reference, outcome(message), requests)
                if job and job[1] == READ:
                    pairs += [(frame.flow, job[0].at, *pair) for pair in joined(job[2], message)]
    return pairs, requests


def answered(jobs, frame, reference, outcome, requests):
    job = jobs.pop((frame.target, frame.source, reference), None)
    if job and job[1] is not None:
        # The steps of a download are asked for by the station, within the act of whoever began it: the client is the other one.
        asker, asked = (job[0].target, job[0].source) if job[1] in (0x1B, 0x1C) else (job[0].source, job[0].target)
        requests.append((asker, asked, job[1], job[0].at, outcome, frame.at - job[0].at))
    return job


def outcome(message):
    error = number(message, 's7comm.header.errcls', 0) or number(message, 's7comm.header.errcod', 0) or number(message, 's7comm.param.errcod', 0)
    codes = [int(f.get('show'), 0) for f in fields(message, 's7comm.data.returncode')]
    if number(message, 's7comm.header.rosctr') == USERDATA:
        # "Object does not exist" without data is how an answer without data looks.
        empty = not number(message, 's7comm.data.length', 0)
        bad = [c for c in codes[:1] if c != 0xFF and not (c == 0x0A and empty)]
    else:
        # Some items may fail; where all do, the whole did.
        bad = codes if codes and all(c != 0xFF for c in codes) else []
    return 'refused' if error or bad else 'done'


def joined(items, message):
    """Addresses of a job with the data of its message or of its answer."""
    for item, data in zip(items, fields(message, 's7comm.data.item')):
        content = fields(data, 's7comm.resp.data')
        if content and number(data, 's7comm.data.returncode') in (0, 0xFF):
            yield from values(item, raw(content[0]))


def values(item, octets):
    syntax = number(item, 's7comm.param.item.syntaxid')
    if syntax != S7ANY:
        return
    area, size, count = (number(item, f's7comm.param.item.{name}') for name in ('area', 'transp_size', 'length'))
    if area in COUNTER + TIMER:
        place = number(item, 's7comm.param.item.address.number')
        for step, chunk in enumerate(octets[i:i + 2] for i in range(0, len(octets) - 1, 2)):
            # BCD digits; of timers a factor of ten milliseconds before them.
            digits = int(f'{int.from_bytes(chunk, "big") & 0xFFF:x}')
            factor = 10 ** (1 + (chunk[0] >> 4 & 3)) if area in TIMER else 1
            yield f'{"T" if area in TIMER else "C"}{place + step}', digits * factor
        return
    byte, bit = number(item, 's7comm.param.item.address.byte'), number(item, 's7comm.param.item.address.bit')
    letter, width, form = SHAPES.get(size, ('B', 1, None))
    space = f'DB{number(item, "s7comm.param.item.db")}.DB' if area == 0x84 else f'DI{number(item, "s7comm.param.item.db")}.DI' if area == 0x85 else AREAS.get(area, '?')

    def named(byte, bit, count=1):
        mark = '' if letter == 'X' and area not in (0x84, 0x85) else letter
        return f'{space}{mark}{byte}' + (f'.{bit}' if letter == 'X' or bit else '') + (f'[{count}]' if count > 1 else '')

    if size == BIT:
        for step, octet in enumerate(octets[:max(count, 1)]):
            yield named(byte + (bit + step) // 8, (bit + step) % 8), octet & 1
    elif form and octets and len(octets) % width == 0:
        for step in range(len(octets) // width):
            yield named(byte + step * width, bit), struct.unpack(form, octets[step * width:(step + 1) * width])[0]
    elif size == BYTE and len(octets) == 1:
        yield named(byte, bit, count), octets[0]
    elif octets:
        yield named(byte, bit, count), octets
