#!/usr/bin/env python3
"""Are the acts of a capture the same with all its ports rewritten?

usage: compare_ports.py VIGIE CAPTURES [--only PROTOCOL,…] [--capture PART] [--list] [--keep FILE]

Rewrites every TCP, UDP and SCTP port of each capture (pcap and pcapng; Ethernet with tags, cooked, raw and loopback; also inside IP in IP) to
another, unusual one, the same in both directions, and compares the acts of `vigie read --no-rollup --records -` before and after, without
ports and flow ids. Ports decide nothing, so the acts must be equal. Differences that remain stand in scripts/compare_ports_known.tsv
(protocol, capture, most acts that may differ, reason). Ends with 1 where one does not, or is larger."""
import argparse, json, os, struct, subprocess, sys, tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
TAGS = (0x8100, 0x88a8, 0x9100, 0x9200)


def transport(data, at, protocol):
    if protocol in (6, 17, 132, 136) and at + 4 <= len(data):
        for place in (at, at + 2):
            struct.pack_into('>H', data, place, MAP[struct.unpack_from('>H', data, place)[0]])
    elif protocol == 4:
        network(data, at, 0x0800)
    elif protocol == 41:
        network(data, at, 0x86dd)


def network(data, at, kind):
    """Rewrites the ports of the packet at `at`."""
    while kind in TAGS and at + 4 <= len(data):
        kind, at = struct.unpack_from('>H', data, at + 2)[0], at + 4
    if kind == 0x0800 and at + 20 <= len(data) and data[at] >> 4 == 4:
        if struct.unpack_from('>H', data, at + 6)[0] & 0x1fff == 0:
            transport(data, at + (data[at] & 15) * 4, data[at + 9])
    elif kind == 0x86dd and at + 40 <= len(data) and data[at] >> 4 == 6:
        protocol, at = data[at + 6], at + 40
        while protocol in (0, 43, 44, 60) and at + 8 <= len(data):
            if protocol == 44 and struct.unpack_from('>H', data, at + 2)[0] & 0xfff8:
                return
            length = 8 if protocol == 44 else (data[at + 1] + 1) * 8
            protocol, at = data[at], at + length
        transport(data, at, protocol)


def frame(data, link):
    if link == 1 and len(data) >= 14:
        network(data, 14, struct.unpack_from('>H', data, 12)[0])
    elif link in (12, 14, 101, 228, 229) and data:
        network(data, 0, 0x0800 if data[0] >> 4 == 4 else 0x86dd)
    elif link in (0, 108) and len(data) > 4:
        network(data, 4, 0x0800 if data[4] >> 4 == 4 else 0x86dd)
    elif link == 113 and len(data) >= 16:
        network(data, 16, struct.unpack_from('>H', data, 14)[0])
    elif link == 276 and len(data) >= 20:
        network(data, 20, struct.unpack_from('>H', data, 0)[0])


def rewrite(data):
    """The capture with other ports, or None where it is no capture."""
    data = bytearray(data)
    magic = bytes(data[:4])
    if magic in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1', b'\xa1\xb2\xc3\xd4', b'\xa1\xb2\x3c\x4d', b'\x34\xcd\xb2\xa1'):
        order = '>' if magic[0] == 0xa1 else '<'
        if len(data) < 24:
            return None
        head = 24 if magic == b'\x34\xcd\xb2\xa1' else 16
        link, at = struct.unpack_from(order + 'I', data, 20)[0] & 0xffff, 24
        while at + head <= len(data):
            length = struct.unpack_from(order + 'I', data, at + 8)[0]
            part = data[at + head:at + head + length]
            frame(part, link)
            data[at + head:at + head + len(part)] = part
            at += head + length
        return bytes(data)
    if magic == b'\x0a\x0d\x0d\x0a':
        order, links, at = '<', [], 0
        while at + 12 <= len(data):
            if bytes(data[at:at + 4]) == b'\x0a\x0d\x0d\x0a':
                order, links = ('<' if bytes(data[at + 8:at + 12]) == b'\x4d\x3c\x2b\x1a' else '>'), []
            kind, length = struct.unpack_from(order + 'II', data, at)
            if length < 12 or at + length > len(data):
                break
            body = at + 8
            if kind == 1:
                links.append(struct.unpack_from(order + 'H', data, body)[0])
            elif kind in (2, 3, 6):
                interface = {2: lambda: struct.unpack_from(order + 'H', data, body)[0], 3: lambda: 0, 6: lambda: struct.unpack_from(order + 'I', data, body)[0]}[kind]()
                start = body + (4 if kind == 3 else 20)
                size = struct.unpack_from(order + 'I', data, body)[0] if kind == 3 else struct.unpack_from(order + 'I', data, body + 12)[0]
                part = data[start:min(start + size, at + length - 4)]
                if interface < len(links):
                    frame(part, links[interface])
                data[start:start + len(part)] = part
            at += length
        return bytes(data)
    return None


def acts(vigie, path):
    run = subprocess.run([vigie, 'read', '--no-rollup', '--records', '-', path], capture_output=True, timeout=300)
    if run.returncode not in (0, 1):
        raise RuntimeError(f'{path}: exit {run.returncode}')
    found = Counter()
    for line in run.stdout.splitlines():
        if not line.startswith(b'{"record":"act"'):
            continue
        act = json.loads(line)
        act.pop('flow', None)
        for end in ('from', 'to'):
            if end in act:
                act[end].pop('port', None)
        found[json.dumps(act, sort_keys=True)] += 1
    return found


def usual():
    """Ports that no usual port may become: those that decoders or the header reader know."""
    return set(range(1, 20001)) | {p for p in (20000, 20547, 21025, 34962, 34963, 34964, 34980, 44818, 45237, 46823, 46824, 47808, 48898, 55000, 55003, 55555)}


def mapping():
    """A permutation in which every usual port becomes an unusual one."""
    known = usual()
    common = sorted(known)
    free = [port for port in range(20001, 65000) if port not in known]
    step = 7919  # a prime, so that neighbours part and no two meet
    assert len(free) % step
    taken = {port: free[(i * step) % len(free)] for i, port in enumerate(common)}
    used = set(taken.values())
    rest = [port for port in range(1, 65536) if port not in taken]
    left = [port for port in range(1, 65536) if port not in used and port not in taken] + common
    return {0: 0, **taken, **dict(zip(rest, left))}


MAP = mapping()


def compare(vigie, captures, path, keep=None):
    with open(os.path.join(captures, path), 'rb') as file:
        changed = rewrite(file.read())
    if changed is None:
        return None
    before = acts(vigie, os.path.join(captures, path))
    if keep:
        with open(keep, 'wb') as file:
            file.write(changed)
    with tempfile.NamedTemporaryFile(suffix='.pcap') as file:
        file.write(changed)
        file.flush()
        after = acts(vigie, file.name)
    return before, before - after, after - before


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('vigie')
    parser.add_argument('captures')
    parser.add_argument('--only', default='', help='protocols to look at')
    parser.add_argument('--capture', default='', help='captures whose path holds this')
    parser.add_argument('--list', action='store_true', help='the acts that differ')
    parser.add_argument('--keep', help='where to leave the rewritten capture (with --capture)')
    options = parser.parse_args()
    if not os.path.isdir(options.captures):
        print(f'skipped: there is no {options.captures}')
        return 0
    only = set(filter(None, options.only.split(',')))
    known, tsv = {}, os.path.join(HERE, 'compare_ports_known.tsv')
    for line in open(tsv, encoding='utf8') if os.path.exists(tsv) else ():
        if line.strip() and not line.startswith('#'):
            protocol, capture, most, _ = line.rstrip('\n').split('\t')
            known[protocol, capture] = int(most)
    paths = []
    with open(os.path.join(options.captures, 'expected_messages.jsonl'), encoding='utf8') as rows:
        paths = [row['capture'] for row in map(json.loads, rows) if options.capture in row['capture']]
    total, lost, extra, unknown, seen, whole, ran = Counter(), Counter(), Counter(), [], set(), 0, 0
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda path: compare(options.vigie, options.captures, path, options.keep), paths)
        for path, result in zip(paths, results):
            if result is None:
                continue
            before, missing, more = result
            by = defaultdict(lambda: [0, 0])
            for place, acts_of in enumerate((missing, more)):
                for text, count in acts_of.items():
                    by[json.loads(text)['protocol']][place] += count
            for text, count in before.items():
                total[json.loads(text)['protocol']] += count
            ran += 1
            is_whole = True
            for protocol, (fewer, further) in sorted(by.items()):
                if only and protocol not in only:
                    continue
                is_whole = False
                lost[protocol] += fewer
                extra[protocol] += further
                seen.add((protocol, path))
                print(f'  {protocol:14} -{fewer:<5} +{further:<5} {path}', flush=True)
                if max(fewer, further) > known.get((protocol, path), 0):
                    unknown.append(f'{protocol} {path}: {fewer} acts missing, {further} new, {known.get((protocol, path), 0)} explained')
                if options.list:
                    for sign, acts_of in (('-', missing), ('+', more)):
                        for text in sorted(acts_of):
                            if json.loads(text)['protocol'] == protocol:
                                print(f'      {sign} {text}')
            whole += is_whole
    print(f"{'protocol':16}{'acts':>9}{'missing':>9}{'new':>7}")
    for protocol in sorted(total.keys() | lost.keys() | extra.keys()):
        if not only or protocol in only:
            print(f'{protocol:16}{total[protocol]:>9}{lost[protocol]:>9}{extra[protocol]:>7}')
    print(f'{whole} of {ran} captures with the same acts')
    for line in unknown:
        print('NOT EXPLAINED', line)
    if not only and not options.capture:
        for protocol, capture in sorted(set(known) - seen):
            print(f'no longer different, take it out of compare_ports_known.tsv: {protocol} {capture}')
    return 1 if unknown else 0


if __name__ == '__main__':
    sys.exit(main())
