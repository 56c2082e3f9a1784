"""Frames of tshark's PDML: number, time, ends and the layers of one protocol, in order."""
import subprocess
import xml.etree.ElementTree as ElementTree


class Frame:
    """One packet: `number`, `at` (nanoseconds), `source` and `target` (address, port), `layers` (elements `proto`)."""

    __slots__ = ('number', 'at', 'source', 'target', 'layers')

    def __init__(self, packet, names):
        self.layers = []
        ends, ports = ['', ''], [0, 0]
        for layer in packet:
            name = layer.get('name')
            if name == 'geninfo':
                for field in layer:
                    if field.get('name') == 'num':
                        self.number = int(field.get('show'))
                    elif field.get('name') == 'timestamp':
                        seconds, _, rest = field.get('value').partition('.')
                        self.at = int(seconds) * 10**9 + int((rest + '0' * 9)[:9])
            elif name in ('ip', 'ipv6', 'tcp', 'udp'):
                # The innermost of tunnelled packets is the last.
                into = ends if name.startswith('ip') else ports
                for field in layer:
                    if field.get('name') in (f'{name}.src', f'{name}.srcport'):
                        into[0] = field.get('show')
                    elif field.get('name') in (f'{name}.dst', f'{name}.dstport'):
                        into[1] = field.get('show')
            elif name in names:
                self.layers.append(layer)
        self.source, self.target = ((ends[i], int(ports[i])) for i in (0, 1))

    @property
    def flow(self):
        return frozenset((self.source, self.target))


def frames(path, display, names):
    """All frames that pass the display filter, with their layers of these names."""
    command = ['tshark', '-n', '-r', path, '-Y', display, '-T', 'pdml', '-J', ' '.join(['ip', 'ipv6', 'tcp', 'udp', *names])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
        parser = ElementTree.iterparse(run.stdout, events=('start', 'end'))
        _, root = next(parser)
        for event, element in parser:
            if event == 'end' and element.tag == 'packet':
                yield Frame(element, names)
                root.clear()


def fields(element, name):
    """All fields of a name, in order, at any depth."""
    return [f for f in element.iter('field') if f.get('name') == name]


def shown(element, name, otherwise=None):
    """What tshark shows of the first field of a name."""
    for field in element.iter('field'):
        if field.get('name') == name:
            return field.get('show')
    return otherwise


def number(element, name, otherwise=None):
    """The first field of a name as an integer."""
    text = shown(element, name)
    return otherwise if text in (None, '') else int(text, 0)


def raw(field):
    """The bytes of a field."""
    return bytes.fromhex(field.get('unmaskedvalue') or field.get('value') or '')
