"""CIP: what paths name and what the data of their answers hold; tshark pairs requests with answers (enip.response_to).

tshark 4.0 decodes the attributes of a few standard objects and leaves the data of tags, tag groups, memory and attributes of other objects as
bytes (`cip.data`). Our value of such a pair must be those bytes: `encodes` says how each kind of ours is written on the wire. Parts of programs,
firmware and files are no values (we give their number of bytes), nor is what services of locks, changes and edits carry."""
import re
import struct
from datetime import datetime, timedelta, timezone

from .tshark import number, raw

PROTOCOLS = ('cip', 'pccc')
FILTER, LAYERS = 'cip', ('enip', 'cip', 'cipcls', 'cipcm', 'cippccc')
PAIRED_BY = 'tshark (enip.response_to, enip.time), inner services by their order'
CLASSES = {0x01: 'identity', 0x02: 'message router', 0x04: 'assembly', 0x06: 'connection manager', 0x43: 'time sync', 0x64: 'project', 0x66: 'controller backplane',
           0x67: 'pccc', 0x68: 'program', 0x69: 'i/o module', 0x6A: 'code', 0x6B: 'symbol', 0x6C: 'template', 0x6D: 'routine', 0x70: 'task',
           0x72: 'memory', 0x74: 'lock', 0x7E: 'module connection', 0x8B: 'wall clock', 0x8E: 'controller', 0xA1: 'firmware', 0xAC: 'change log',
           0xB2: 'tag group', 0xF4: 'port', 0xF5: 'tcp/ip interface', 0xF6: 'ethernet link'}
IDENTITY = {'vendor_id': 1, 'device_type': 2, 'product_code': 3, 'major_rev': 4, 'status': 5, 'serial_number': 6, 'product_name': 7}
ALL, GET_LIST, SET_LIST, MULTIPLE, GET_ONE, SET_ONE = 0x01, 0x03, 0x04, 0x0A, 0x0E, 0x10
EXECUTE_PCCC, READ_TAG, WRITE_TAG, MODIFY_TAG, UNCONNECTED_SEND = 0x4B, 0x4C, 0x4D, 0x4E, 0x52
READ_FRAGMENT, WRITE_FRAGMENT = 0x52, 0x53
MEMORY, TAG_GROUP, IDENTITY_CLASS, MANAGER = 0x72, 0xB2, 0x01, 0x06
PARTIAL = 6
# Fields of the head of a message, before and of its path; behind them are its data, which may have paths of their own.
PATH = ('cip.rr', 'cip.sc', 'cip.request_path_size', 'cip.epath', 'cip.path_segment', 'cip.logical_segment', 'cip.class', 'cip.instance', 'cip.attribute',
        'cip.symbol', 'cip.data_segment', 'cip.member', 'cip.genstat', 'cip.addstat')


class Service:
    """One request or answer of a service: `fields` are tshark's, from its service code to the next."""

    def __init__(self, code):
        self.code, self.is_answer, self.fields = code & 0x7F, bool(code & 0x80), []
        self.path, self.attribute, self.symbol, self.status, self.pccc = [], None, '', None, None
        self.is_path = True

    def add(self, name, field):
        self.fields.append((name, field))
        if not name.startswith(PATH):
            self.is_path = False
        elif self.is_path and name == 'cip.class':
            self.path.append([int(field.get('show'), 0), None])
        elif self.is_path and name == 'cip.instance' and self.path:
            self.path[-1][1] = int(field.get('show'), 0)
        elif self.is_path and name == 'cip.attribute':
            self.attribute = int(field.get('show'), 0)
        elif self.is_path and name == 'cip.symbol':
            self.symbol += ('.' if self.symbol else '') + field.get('show')
        if name == 'cip.genstat' and self.status is None:
            self.status = int(field.get('show'), 0)
        elif name == 'cip.pccc.gs.status':
            self.pccc = int(field.get('show'), 0)

    @property
    def classes(self):
        return self.path[0][0] if self.path else None

    @property
    def instance(self):
        return self.path[0][1] if self.path else None

    @property
    def data(self):
        return next((raw(f) for n, f in self.fields if n == 'cip.data'), None)

    @property
    def object(self):
        if self.symbol:
            return self.symbol
        # `program 9248 routine 46883`: an object inside another. Instance 0 is the class itself.
        return ' '.join(CLASSES.get(c, f'class 0x{c:x}') + (f' {i}' if i else '') for c, i in self.path)

    @property
    def outcome(self):
        return 'refused' if self.status not in (0, PARTIAL) or self.pccc else 'done'


def code(act):
    # What PCCC asks inside is its own protocol with us; to CIP it is one service.
    return EXECUTE_PCCC if act['protocol'] == 'pccc' else act['code']


def readings(act):
    values = act.get('values', [])
    if act['protocol'] == 'cip' and re.fullmatch(r'memory \d+', act.get('object', '')) and all(isinstance(v['value'], int) for v in values) and values:
        # We give one reading a word, tshark the bytes of all.
        yield act['object'], b''.join(struct.pack('<I', v['value']) for v in values)
        return
    if act['protocol'] == 'cip' and act.get('extra', {}).get('type') and values:
        yield act['object'], tag_bytes(act['extra']['type'], [v['value'] for v in values])
        return
    for reading in values:
        # `attribute 7 product name`: the number says it all.
        yield re.sub(r'( attribute \d+) .*$', r'\1', reading.get('object', '')), reading['value']


FORMS = {'BOOL': '<B', 'SINT': '<b', 'INT': '<h', 'DINT': '<i', 'LINT': '<q', 'USINT': '<B', 'UINT': '<H', 'UDINT': '<I', 'REAL': '<f', 'LREAL': '<d',
         'BYTE': '<B', 'WORD': '<H', 'DWORD': '<I', 'LWORD': '<Q'}


def tag_bytes(kind, values):
    """The values of a tag as they are on the wire, after the type."""
    form = FORMS.get(kind)
    out = b''
    for value in values:
        if form is None or isinstance(value, str):
            return values[0] if len(values) == 1 else values
        out += b'\xff' if kind == 'BOOL' and value else struct.pack(form, value)
    return out


def encodes(mine, data):
    """Whether our value is what these bytes say."""
    if isinstance(mine, bytes):
        return mine == data
    if isinstance(mine, bool):
        return data[:1] in (b'\0', b'\1', b'\xff') and bool(data[0]) == mine
    if isinstance(mine, int):
        return len(data) <= 8 and int.from_bytes(data, 'little') in (mine, mine + (1 << 8 * len(data)))
    if isinstance(mine, str) and mine.startswith('0x'):
        text = mine[2:]
        return data.hex().startswith(text[:-1]) and len(text) > 32 if text.endswith('…') else text == data.hex()
    if isinstance(mine, str) and mine.endswith('Z') and len(data) == 8:
        # Microseconds since 1970.
        moment = datetime.fromisoformat(mine[:26] + '+00:00') - datetime(1970, 1, 1, tzinfo=timezone.utc)
        return int.from_bytes(data, 'little') == moment // timedelta(microseconds=1)
    if isinstance(mine, str):
        # A text with its length before it.
        return bool(mine) and mine.encode('latin-1', 'replace') in data
    return mine is None


def same(mine, theirs):
    if isinstance(theirs, tuple):  # revision, major and minor
        return isinstance(mine, str) and tuple(int(p) for p in re.findall(r'\d+', mine)) == theirs
    return encodes(mine, theirs) if isinstance(theirs, bytes) else mine == theirs


def services(frame):
    """Messages of a frame: the EtherNet/IP fields that pair it, and its services in order, without the wrapper that routes a service on."""
    message = None
    for layer in frame.layers:
        if layer.get('name') == 'enip':
            if message and message[1]:
                yield message
            message = ({f.get('name'): f.get('show') for f in layer.iter('field')}, [])
        elif message is None:
            message = ({}, [])
        if layer.get('name') == 'enip':
            continue
        # What is inside (of a router, of a multiple service) is nested, what a class adds stands beside.
        for field in layer.iter('field'):
            name = field.get('name')
            if name == 'cip.service':
                message[1].append(Service(int(field.get('show'), 0)))
            elif message[1] and name:
                message[1][-1].add(name, field)
    if message and message[1]:
        yield message


def unwrapped(parts):
    return [p for p in parts if not (p.code == UNCONNECTED_SEND and p.classes == MANAGER and len(parts) > 1)]


def read(frames):
    pairs, requests, asked = [], [], {}
    for frame in frames:
        for enip, parts in services(frame):
            reference = (enip.get('cip.seq'), enip.get('enip.context'), enip.get('enip.session'))
            parts = unwrapped(parts)
            if not parts:
                continue
            if not parts[0].is_answer:
                asked[frame.number, reference] = (frame, parts)
                continue
            if 'enip.response_to' not in enip:
                continue
            first, before = asked.pop((int(enip['enip.response_to']), reference), (None, []))
            if first is None:
                continue
            latency = round(float(enip['enip.time']) * 10**9)
            for request, answer in zip(before, parts):
                requests.append((first.source, first.target, request.code, first.at, answer.outcome, latency))
                pairs += ((frame.flow, first.at, *pair) for pair in values(request, answer))
    return pairs, requests


def values(request, answer):
    object, data = request.object, answer.data
    good = answer.status in (0, PARTIAL)
    # tshark shows the path of the request in the answer too, so both have their class.
    if request.code in (ALL, GET_LIST, GET_ONE) and request.classes == IDENTITY_CLASS and request.instance:
        for name, field in answer.fields:
            attribute = IDENTITY.get(name.removeprefix('cip.id.')) if name.startswith('cip.id.') else None
            if attribute and good:
                yield f'{object} attribute {attribute}', identity(attribute, field, answer)
        return
    if request.code in (GET_LIST, SET_LIST):
        message = answer if request.code == GET_LIST else request
        attribute = None
        for name, field in message.fields:
            if name == 'cip.attribute':
                attribute = int(field.get('show'), 0)
            elif name == 'cip.data' and attribute is not None and (good or request.code == SET_LIST):
                yield f'{object} attribute {attribute}', raw(field)
        return
    if request.code in (GET_ONE, SET_ONE) and request.attribute is not None:
        data = data if request.code == GET_ONE else request.data
        if data and good:
            yield f'{object} attribute {request.attribute}', data
    elif request.code == READ_TAG and request.symbol and data and good:
        yield object, data[2:]
    elif request.code == WRITE_TAG and request.symbol and request.data:
        yield object, request.data[4:]
    elif request.code == READ_TAG and request.classes == TAG_GROUP and data and good:
        yield object, data
    elif request.code == READ_TAG and request.classes == MEMORY and data and good and request.data and len(request.data) >= 6:
        # Whole words: what is left over of a part is continued by the next read.
        if len(data) >= 4:
            yield f'memory {int.from_bytes(request.data[:4], "little")}', data[:len(data) // 4 * 4]


def identity(attribute, field, answer):
    if attribute == 4:
        minor = next(f for n, f in answer.fields if n == 'cip.id.minor_rev')
        return int(field.get('show')) & 0x7F, int(minor.get('show'))
    return field.get('show') if attribute == 7 else int(field.get('show'), 0)
