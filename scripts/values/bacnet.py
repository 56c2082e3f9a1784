"""BACnet: properties read, written, reported and what devices announce; tshark pairs nothing, so requests are paired by invoke id."""
import re
import struct

from .tshark import fields, number, raw, shown

PROTOCOLS = ('bacnet',)
FILTER, LAYERS = 'bacapp', ('bacapp',)
PAIRED_BY = 'addresses and invoke id (tshark pairs none)'
CONFIRMED, UNCONFIRMED, SIMPLE, COMPLEX, ERROR, REJECT, ABORT = 0, 1, 2, 3, 5, 6, 7
I_AM, I_HAVE = 0, 1
READ, READ_MULTIPLE, WRITE = 12, 14, 15
I_AM_FIELDS = ('max-apdu-length-accepted', 'segmentation-supported', 'vendor-identifier')


def code(act):
    return act['code']


def readings(act):
    for reading in act.get('values', []):
        value = reading['value']
        yield reading.get('object', ''), int(value) if isinstance(value, bool) else value


def word(text):
    """tshark and the standard write the same names with other hyphens, spaces and capitals."""
    return re.sub(r'[^a-z0-9]+', '-', text.lower()).strip('-')


def same(mine, theirs):
    if isinstance(theirs, tuple):  # an enumeration: number and tshark's name; we give the name where we know one
        return mine == theirs[0] or isinstance(mine, str) and word(mine) in (word(theirs[1]), str(theirs[0]))
    if isinstance(mine, float) or isinstance(theirs, float):
        return isinstance(mine, (int, float)) and isinstance(theirs, (int, float)) and abs(mine - theirs) <= 1e-5 * max(abs(mine), abs(theirs))
    return mine == theirs


def read(frames):
    pairs, requests, waiting = [], [], {}
    for frame in frames:
        for message in frame.layers:
            kind, invoke = number(message, 'bacapp.type'), number(message, 'bacapp.invoke_id')
            service, at = number(message, 'bacapp.confirmed_service'), frame.at
            if kind == CONFIRMED:
                if number(message, 'bacapp.sequence_number', 0) == 0:
                    waiting[frame.source, frame.target, invoke] = (frame, service)
            elif kind in (SIMPLE, COMPLEX, ERROR, REJECT, ABORT):
                # The segments of an answer are one answer, complete with the last.
                if number(message, 'bacapp.more_segments', 0):
                    continue
                asked = waiting.pop((frame.target, frame.source, invoke), None)
                if asked:
                    outcome = 'refused' if kind in (ERROR, REJECT, ABORT) else 'done'
                    first, asked_service = asked
                    requests.append((first.source, first.target, asked_service, first.at, outcome, frame.at - first.at))
                    at = first.at
            elif kind == UNCONFIRMED:
                unconfirmed = number(message, 'bacapp.unconfirmed_service')
                if unconfirmed in (I_AM, I_HAVE):
                    pairs += ((frame.flow, at, *pair) for pair in announced(message, unconfirmed))
                continue
            if (kind == COMPLEX and service in (READ, READ_MULTIPLE)) or (kind == CONFIRMED and service == WRITE):
                pairs += ((frame.flow, at, *pair) for pair in properties(message))
    return pairs, requests


def thing(field):
    """`analog-input 1` of a field with an object identifier."""
    kind = fields(field, 'bacapp.objectType')
    if not kind:
        return None
    name = re.search(r'Object Type: (.*) \(\d+\)', kind[0].get('showname'))
    return f'{name.group(1)} {number(field, "bacapp.instance_number")}'


def announced(message, service):
    tagged = [field for field in message if value(field) is not None]
    if service == I_AM and tagged:
        device = thing(tagged[0])
        for name, field in zip(I_AM_FIELDS, tagged[1:]):
            yield f'{device} {name}', value(field)
    elif service == I_HAVE and len(tagged) == 3:
        yield f'{thing(tagged[1])} object-name', value(tagged[2])


def properties(message):
    """tshark lists object, property, index and, between `{[3]` or `{[4]` and `}`, the values, one below the other."""
    object = name = index = None
    inside, found = 0, []
    for field in message:
        text = field.get('show') or ''
        if text.startswith('{['):
            inside += 1
            continue
        if text.startswith('}['):
            inside -= 1
            if inside == 0 and name and len(found) == 1:
                yield f'{object} {name}' + (f'[{index}]' if index is not None else ''), found[0]
            elif inside == 0 and name:
                for place, each in enumerate(found, 1):
                    yield f'{object} {name}[{place}]', each
            if inside == 0:
                found, index = [], None
            continue
        if inside == 0:
            object = thing(field) or object
            property = fields(field, 'bacapp.property_identifier')
            if property:
                name, index = re.search(r'Property Identifier: (.*) \(\d+\)', property[0].get('showname')).group(1), None
            elif 'Array Index' in text:
                index = int(re.search(r'(\d+)\s*$', text).group(1))
        elif (each := value(field)) is not None:
            found.append(each)


def value(field):
    """The value of a field with an application tag; an enumeration as number and name."""
    kind = next((f.get('show').split(':', 1)[1].split(',')[0].strip() for f in field.iter('field') if (f.get('show') or '').startswith('Application Tag:')), None)
    if kind is None:
        return None
    octets, text = raw(field), field.get('show') or ''
    if kind == 'Boolean':
        return octets[-1] & 7
    if kind == 'Unsigned Integer':
        return int.from_bytes(octets[1:], 'big')
    if kind.startswith('Signed'):
        return int.from_bytes(octets[1:], 'big', signed=True)
    if kind.startswith('Real'):
        return struct.unpack('>f', octets[-4:])[0]
    if kind.startswith('Double'):
        return struct.unpack('>d', octets[-8:])[0]
    if kind == 'Enumerated':
        name = re.sub(r'\s*\(\d+\)\s*$', '', text.split(':', 1)[-1])
        return int.from_bytes(octets[1:], 'big'), name
    if kind == 'BACnetObjectIdentifier':
        return thing(field)
    if kind == 'Character String':
        for named in ('bacapp.object_name', 'bacapp.string'):
            if (found := shown(field, named)) is not None:
                return found
        # The bytes are those of the text alone.
        return octets.decode({4: 'utf-16-be', 5: 'latin-1'}.get(number(field, 'bacapp.string_character_set'), 'utf-8'), 'replace')
    return text
