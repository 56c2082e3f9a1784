"""Modbus: tshark numbers registers and bits itself, and pairs by transaction."""
from .tshark import fields, number, raw, shown

PROTOCOLS = ('modbus', 'umas')
FILTER, LAYERS = 'modbus', ('modbus',)
PAIRED_BY = 'tshark (modbus.request_frame, modbus.response_time)'
SPACES = {1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input', 5: 'coil', 6: 'holding', 15: 'coil', 16: 'holding', 22: 'holding', 23: 'holding'}
UMAS = 90
WRITES = (5, 6, 15, 16)


def code(act):
    # The functions of UMAS stand inside function 90 and are a protocol of their own with us.
    return UMAS if act['protocol'] == 'umas' else act['code']


def readings(act):
    for place, reading in enumerate(act.get('values', [])):
        value = reading['value']
        # Where the request was not seen we name no register; tshark counts from 0 then.
        object = reading.get('object') or f'{act.get("object")} {place}'
        yield object, int(value) if isinstance(value, bool) else value


def read(frames):
    pairs, requests, known = [], [], {}
    for frame in frames:
        for message in frame.layers:
            function = number(message, 'modbus.func_code')
            if function is None:
                continue
            request = number(message, 'modbus.request_frame')
            at = known.get(request, frame.at)
            if request is not None:
                outcome = 'refused' if fields(message, 'modbus.exception_code') else 'done'
                latency = round(float(shown(message, 'modbus.response_time')) * 10**9)
                requests.append((frame.target, frame.source, function, at, outcome, latency))
                if function in WRITES:
                    continue  # repeats what the request said, which was counted
            else:
                known[frame.number] = frame.at
            pairs += ((frame.flow, at, object, value) for object, value in values(message, function))
    return pairs, requests


def values(message, function):
    space = SPACES.get(function)
    for numbers, contents in (('modbus.regnum16', 'modbus.regval_uint16'), ('modbus.bitnum', 'modbus.bitval')):
        for place, content in zip(fields(message, numbers), fields(message, contents)):
            yield f'{space} {int(place.get("show"))}', int(content.get('show'))
    data = fields(message, 'modbus.data')
    if function in (5, 6) and data and fields(message, 'modbus.reference_num'):
        # tshark leaves the value of single writes as bytes; a coil is on with 0xff00.
        value = int.from_bytes(raw(data[0])[:2], 'big')
        yield f'{space} {number(message, "modbus.reference_num")}', int(value == 0xFF00) if function == 5 else value
