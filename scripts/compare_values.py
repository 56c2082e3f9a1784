#!/usr/bin/env python3
"""Are tshark's objects, values, outcomes and latencies in our acts?

usage: compare_values.py VIGIE CAPTURES_DIR [--only PROTOCOL,…] [--list]
For every capture of CAPTURES_DIR that holds one of modbus, s7comm, dnp3, iec104, bacnet, cip (by `expected_messages.jsonl`), the dissection of
tshark (PDML) is reduced to two lists and looked for in the acts of `VIGIE read --no-rollup --records - CAPTURE`:
  pairs     (conversation, object, value) wherever tshark names both; each of our values answers for one pair only;
  requests  (from, to, code, time) with outcome and latency, where tshark pairs a request with its answer, or, where tshark pairs nothing
            (s7comm, dnp3, iec104, bacnet), where the protocol's own reference does.
Passes when 98 % of the pairs are found and 99 % of the requests have the same outcome and the same latency within 1 microsecond, for each
protocol. Every reader (`values/*.py`) says what of tshark's output means something else than it seems. Skips, with exit code 0, where tshark or
the captures are not there."""
import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter, defaultdict

from values import bacnet, cip, dnp3, iec104, modbus, s7comm
from values.tshark import frames

READERS = {'modbus': modbus, 's7comm': s7comm, 'dnp3': dnp3, 'iec104': iec104, 'bacnet': bacnet, 'cip': cip}
PAIRS, REQUESTS = 98.0, 99.0
LATENCY = 1_000  # nanoseconds: tshark and we both have nanoseconds, captures have microseconds
SPLIT = 2_000_000_000  # a request spread over packets has its first packet's time with us, its last one's with tshark


def nanoseconds(text):
    """RFC 3339 with nanoseconds, as an integer."""
    from datetime import datetime, timezone
    whole, _, rest = text.rstrip('Z').partition('.')
    seconds = int(datetime.strptime(whole, '%Y-%m-%dT%H:%M:%S').replace(tzinfo=timezone.utc).timestamp())
    return seconds * 10**9 + int((rest + '0' * 9)[:9])


def end(address):
    return (address.get('ip', address.get('mac')), address.get('port', 0))


class Ours:
    """Our acts of one capture and protocol, to be taken away one by one."""

    def __init__(self, acts, reader):
        self.exact, self.later = defaultdict(list), defaultdict(list)
        self.requests = defaultdict(list)
        for act in acts:
            source, target, at = end(act['from']), end(act['to']), nanoseconds(act['at'])
            flow = frozenset((source, target))
            latency = act.get('latency_us')
            latency = None if latency is None else round(latency * 1000)
            self.requests[source, target, reader.code(act)].append([at, act['outcome'], latency])
            for object, value in reader.readings(act):
                entry = [value, False]
                self.exact[flow, object, at].append(entry)
                self.later[flow, object].append(entry)

    def take(self, places, value, same):
        for place in places:
            for entry in place:
                if not entry[1] and same(entry[0], value):
                    entry[1] = True
                    return True
        return False

    def request(self, wanted):
        """The best act for a request: at its time, else the nearest before it."""
        source, target, code, at, outcome, latency = wanted
        acts = self.requests[source, target, code]
        here = [act for act in acts if act[0] == at] or [act for act in acts if at - SPLIT < act[0] < at][-1:]
        good = [act for act in here if act[1] == outcome and act[2] is not None and abs(act[2] - latency) <= LATENCY]
        if not here:
            return False, 'no such act'
        chosen = (good or here)[0]
        acts.remove(chosen)
        return bool(good), f'{chosen[1]} in {chosen[2]} ns'


def compare(vigie, capture, path, protocols):
    """Per protocol: pairs, found, missing pairs; requests, equal, differing requests."""
    run = subprocess.run([vigie, 'read', '--no-rollup', '--records', '-', path], capture_output=True, timeout=300)
    if run.returncode not in (0, 1):
        sys.exit(f'{capture}: vigie ended with {run.returncode}')
    acts = defaultdict(list)
    for line in run.stdout.splitlines():
        record = json.loads(line)
        if record['record'] == 'act':
            acts[record['protocol']].append(record)
    for protocol in protocols:
        reader = READERS[protocol]
        ours = Ours([act for name in reader.PROTOCOLS for act in acts[name]], reader)
        pairs, requests = reader.read(frames(path, reader.FILTER, reader.LAYERS))
        same = getattr(reader, 'same', lambda mine, theirs: mine == theirs)
        open_pairs = [p for p in pairs if not ours.take([ours.exact.get((p[0], p[2], p[1]), ())], p[3], same)]
        # Fields of a message over several packets, or whose request tshark did not find: anywhere in the conversation.
        missing = [p for p in open_pairs if not ours.take([ours.later.get((p[0], p[2]), ())], p[3], same)]
        wrong = []
        for wanted in requests:
            good, mine = ours.request(wanted)
            if not good:
                wrong.append((wanted, mine))
        yield protocol, len(pairs), missing, len(requests), wrong


def captures(directory, only):
    rows = []
    with open(os.path.join(directory, 'expected_messages.jsonl')) as lines:
        for line in lines:
            row = json.loads(line)
            held = [p for p in only if any(key.split('-')[0] == p for key in row['messages'])]
            if held and not row['error']:
                rows.append((row['capture'], held))
    return rows


def show(ends):
    return f'{ends[0]}:{ends[1]}'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('vigie')
    parser.add_argument('captures')
    parser.add_argument('--only', default=','.join(READERS), help='these protocols, comma separated')
    parser.add_argument('--list', action='store_true', help='every difference')
    parser.add_argument('--capture', help='only captures whose path contains this')
    a = parser.parse_args()
    only = a.only.split(',')
    if unknown := set(only) - set(READERS):
        parser.error(f'no such protocol: {", ".join(sorted(unknown))}')
    if not shutil.which('tshark'):
        print('skipped: tshark is not installed')
        return 0
    if not os.path.exists(os.path.join(a.captures, 'expected_messages.jsonl')):
        print(f'skipped: no captures in {a.captures}')
        return 0
    totals, worst = defaultdict(Counter), defaultdict(list)
    for capture, held in captures(a.captures, only):
        if a.capture and a.capture not in capture:
            continue
        for protocol, pairs, missing, requests, wrong in compare(a.vigie, capture, os.path.join(a.captures, capture), held):
            totals[protocol].update(captures=1, pairs=pairs, found=pairs - len(missing), requests=requests, equal=requests - len(wrong))
            if missing or wrong:
                worst[protocol].append((len(missing) + len(wrong), capture, missing, wrong))
    failed = []
    print(f'{"protocol":9}{"captures":>9}{"pairs":>9}{"found":>9}{"%":>8}{"requests":>10}{"equal":>8}{"%":>8}  requests paired by')
    for protocol in only:
        t = totals[protocol]
        found = 100 * t['found'] / t['pairs'] if t['pairs'] else 0.0
        equal = 100 * t['equal'] / t['requests'] if t['requests'] else 0.0
        if found < PAIRS or equal < REQUESTS:
            failed.append(protocol)
        print(f'{protocol:9}{t["captures"]:9}{t["pairs"]:9}{t["found"]:9}{found:8.2f}{t["requests"]:10}{t["equal"]:8}{equal:8.2f}  {READERS[protocol].PAIRED_BY}')
        for _, capture, missing, wrong in sorted(worst[protocol], key=lambda w: (-w[0], w[1]))[:None if a.list else 3]:
            print(f'    {capture}: {len(missing)} pairs missing, {len(wrong)} requests differ')
            for flow, at, object, value in missing[:None if a.list else 3]:
                print(f'        pair     {" ".join(map(show, sorted(flow)))} {at}  {object} = {str(value)[:80]}')
            for (source, target, code, at, outcome, latency), mine in wrong[:None if a.list else 3]:
                print(f'        request  {show(source)} > {show(target)} {at} code {code}: {outcome} in {latency} ns; ours: {mine}')
    print(f'{len(only) - len(failed)} of {len(only)} protocols pass' + (f'; failed: {", ".join(failed)}' if failed else ''))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
