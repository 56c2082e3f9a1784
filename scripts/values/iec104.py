"""IEC 60870-5-104: the elements of each ASDU; tshark pairs nothing, so activations are paired with confirmations by type, station and object."""
import math
import struct

from .tshark import number, raw, shown

PROTOCOLS = ('iec104',)
FILTER, LAYERS = 'iec60870_asdu', ('iec60870_asdu',)
PAIRED_BY = 'type, common address, object address and cause (tshark pairs none)'
# Bits of an octet that are the value.
PARTS = {'siq.spi': 1, 'diq.dpi': 3, 'sco.on': 1, 'dco.on': 3, 'rco.up': 3}
ACTIVATE, CONFIRM = {6: 7, 8: 9}, {7: 6, 9: 8}
EVERYBODY = 0xFFFF


def code(act):
    return act['code']


def readings(act):
    for reading in act.get('values', []):
        value = reading['value']
        yield reading.get('object', ''), int(value) if isinstance(value, bool) else value


def same(mine, theirs):
    if isinstance(theirs, float) and not math.isfinite(theirs):
        return isinstance(mine, str) and mine.lower() == str(theirs)  # JSON has no such numbers
    if isinstance(mine, (int, float)) and isinstance(theirs, (int, float)):
        return abs(mine - theirs) <= 1e-5 * max(abs(mine), abs(theirs))
    return mine == theirs


def read(frames):
    pairs, requests, waiting = [], [], {}
    for frame in frames:
        for asdu in frame.layers:
            kind, cause = number(asdu, 'iec60870_asdu.typeid'), number(asdu, 'iec60870_asdu.causetx')
            if kind is None or cause is None:
                continue
            place = (frame.flow, kind, number(asdu, 'iec60870_asdu.addr'), number(asdu, 'iec60870_asdu.ioa'))
            at, counted = frame.at, True
            if cause in ACTIVATE:
                waiting.setdefault((place, cause, frame.source), []).append(frame)
            elif cause in CONFIRM:
                # What was told to all stations is confirmed by each under its own address.
                everybody = (frame.flow, kind, EVERYBODY, place[3])
                asked = waiting.get((place, CONFIRM[cause], frame.target)) or waiting.get((everybody, CONFIRM[cause], frame.target))
                if asked:
                    first = asked.pop(0)
                    negative = number(asdu, 'iec60870_asdu.nega')
                    requests.append((first.source, first.target, kind, first.at, 'refused' if negative else 'done', frame.at - first.at))
                    counted = False  # repeats what was commanded, which was counted
            if counted:
                pairs += ((frame.flow, at, object, value) for object, value in values(asdu, kind))
    return pairs, requests


def values(asdu, kind):
    for element in asdu:
        place = number(element, 'iec60870_asdu.ioa')
        if place is None:
            continue
        for field in element.iter('field'):
            name = field.get('name').removeprefix('iec60870_asdu.')
            if name in PARTS:
                yield f'ioa {place}', raw(field)[0] & PARTS[name]
            elif name == 'vti.v':
                yield f'ioa {place}', int(field.get('show'))
            elif name == 'float':
                yield f'ioa {place}', struct.unpack('<f', raw(field))[0]
            elif name == 'scalval':
                yield f'ioa {place}', struct.unpack('<h', raw(field))[0]
            elif name == 'normval':
                yield f'ioa {place}', struct.unpack('<h', raw(field))[0] / 32768
            elif name == 'bitstring':
                # The standard sends the least significant octet first; tshark shows the octets as they come.
                yield f'ioa {place}', struct.unpack('<I', raw(field))[0]
            elif name == 'bcr.count':
                yield f'ioa {place}', struct.unpack('<i', raw(field))[0]
            elif name == 'cp56time' and kind == 103:
                yield 'clock', clock(raw(field))


def clock(octets):
    """CP56Time2a as our records write it."""
    milliseconds = int.from_bytes(octets[:2], 'little')
    minute, hour, day, month, year = octets[2] & 63, octets[3] & 31, octets[4] & 31, octets[5] & 15, octets[6] & 127
    return f'20{year:02}-{month:02}-{day:02}T{hour:02}:{minute:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}000000Z'
