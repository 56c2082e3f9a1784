#!/usr/bin/env python3
"""Is what Zeek and ICSNPP log of a capture in our records?

usage: compare_zeek.py VIGIE CAPTURES [--log NAME,…] [--capture PART] [--list]

For every capture beside which there is a log of one of the kinds in LOGS (../shared/captures/baselines, mapped by
capture_baselines.tsv), each field of each row is looked for in the records of `vigie read --no-rollup` of the same
conversation (both addresses and ports; below IP, both hardware addresses) and in the facts of the two machines: a
number as a number (or as bytes in hexadecimal), a text as a text without regard to case and punctuation. Which record
holds it does not matter, so this says that a field is kept at all, not that each value is in its place (that is what
compare_values.py is for). Fields that Vigie does not keep stand in NOT_KEPT with the reason. A log passes with 95 % of its values.
Ends with 1 where one does not."""
import argparse, json, os, re, subprocess, sys
from collections import Counter, defaultdict

BELOW = 95.0
# Where, when and how long are compared elsewhere; ids of Zeek's own mean nothing outside of it.
COMMON = {'ts', 'uid', 'id.orig_h', 'id.orig_p', 'id.resp_h', 'id.resp_p', 'is_orig', 'is_originator', 'source_h', 'source_p', 'destination_h', 'destination_p',
          'fuid', 'fuids', 'orig_fuids', 'resp_fuids', 'trans_depth', 'proto', 'direction', 'tags', 'cert_chain_fuids', 'client_cert_chain_fuids', 'cert_chain_fps',
          'client_cert_chain_fps', 'ssl_history', 'rtt', 'duration', 'pdu_flag', 'uids', 'data_channel.passive', 'data_channel.orig_h', 'data_channel.resp_h', 'data_channel.resp_p'}
SAME = 'as above'
# Log -> fields that are not kept, with the reason.
NOT_KEPT = {
    'modbus': {'tid': 'pairs request and answer, which are one act', 'pdu_type': 'the outcome says it'},
    'dnp3': {'iin': 'kept where it says something: as facts and outcome', 'fc_reply': 'a request and its answer are one act, named after the request; confirmations belong to what they confirm'},
    's7comm': {'rosctr_code': 'a job and its answer are one act', 'rosctr_name': SAME, 'pdu_reference': 'pairs request and answer', 'error_class': 'the outcome says it', 'error_code': SAME,
               'function_code': 'functions of user data are named by group and subfunction', 'function_name': SAME},
    's7comm_read_szl': {'pdu_reference': 'pairs request and answer', 'return_code': 'the outcome says it', 'return_code_name': SAME, 'method': 'a request and its answer are one act'},
    's7comm_upload_download': {'rosctr': 'a job and its answer are one act', 'pdu_reference': 'pairs request and answer', 'function_status': 'the outcome says it', 'session_id': 'pairs the steps of a transfer'},
    's7comm_plus': {}, 'cotp': {'pdu_code': 'one act opens a connection', 'pdu_name': SAME},
    'bacnet': {'invoke_id': 'pairs request and answer', 'pdu_type': 'the outcome says it', 'bvlc_function': 'of a plain message'},
    'bacnet_property': {'invoke_id': 'pairs request and answer', 'pdu_service': 'bacnet.log has it'},
    'bacnet_discovery': {'range': 'made up by ICSNPP'},
    'goose': {'all_data_hash': 'made up by the analyzer', 'all_data_raw_hex': 'the values are kept', 'eth_type': 'in the flow', 'length': 'the conversation has bytes', 'nds_com': 'kept where it is set', 'simulation': SAME,
              'parse_error': 'health says it', 'parse_status': SAME, 'src_mac': 'the address of the sender', 'dst_mac': 'the address of the group'},
    # These have no heads: columns by their number.
    'opcua_binary': {**{f'column {n}': 'sizes, sequence numbers, request handles and times that pair messages' for n in (18, 24, 25, 26, 38, 41, 44, 45, 48, 51)}, 'column 35': 'no token is kept'},
    'opcua_binary_activate_session': {'column 15': 'node id of the token type', 'column 29': 'no password is kept'}, 'opcua_binary_browse_description': {'column 17': 'the direction of a reference'},
    'opcua_binary_browse_response_references': {'column 29': 'the language of a name'}, 'opcua_binary_create_session': {'column 26': 'a size', 'column 31': 'identifier of the session', 'column 37': 'no token is kept', 'column 40': SAME},
    'opcua_binary_create_session_endpoints': {'column 25': 'one for all'}, 'opcua_binary_create_subscription': {}, 'opcua_binary_get_endpoints': {}, 'opcua_binary_get_endpoints_description': {'column 25': 'one for all'},
    'opcua_binary_get_endpoints_user_token': {'column 11': 'name of a policy: its kind is kept'}, 'opcua_binary_read_nodes_to_read': {},
    'opcua_binary_read_results': {}, 'opcua_binary_write': {}, 'opcua_binary_create_monitored_items_create_item': {},
    # No head.
    'profinet_io_cm': {'column 10': 'request and answer are one act', **{f'column {n}': 'head of DCE/RPC: data representation, identifiers, hints, sizes' for n in (20, 21, 22, 24, 25, 26, 27, 30, 32, 33, 34, 38, 40, 41)}},
    'dns': {'trans_id': 'pairs query and answer', 'qclass': 'nearly always Internet', 'qclass_name': SAME, 'qtype': 'the name says it', 'rcode': 'the outcome says it', 'rcode_name': SAME, 'AA': 'says nothing of machines',
            'TC': SAME, 'RD': SAME, 'RA': SAME, 'Z': SAME, 'TTLs': SAME, 'rejected': SAME, 'opcode': 'the name says it', 'opcode_name': SAME, 'auth': 'says nothing of machines', 'addl': SAME},
    'http': {'request_body_len': 'the conversation has bytes', 'response_body_len': SAME, 'orig_mime_types': 'guessed by Zeek from the content', 'resp_mime_types': SAME, 'version': 'says nothing of machines', 'password': 'no password is kept',
             'referrer': 'says nothing of machines', 'orig_filenames': 'bodies are not read', 'resp_filenames': SAME, 'client_header_names': 'added by a script of the test', 'server_header_names': SAME, 'origin': SAME, 'proxied': SAME,
             'column 11': 'says nothing of machines', 'column 26': 'guessed by Zeek from the content', 'column 29': SAME},
    'ssl': {'established': 'the outcome says it', 'resumed': 'says nothing of machines', 'curve': SAME, 'sni_matches_cert': 'judged by Zeek', 'validation_status': SAME, 'last_alert': 'the outcome says it', 'next_protocol': 'in the fingerprint',
            'ocsp_status': 'judged elsewhere', 'requested_client_certificate_authorities': 'says nothing of machines'},
    'ssh': {'auth_attempts': 'guessed by Zeek from lengths', 'auth_success': SAME, 'cipher_alg': 'what follows from both offers; weak offers are facts', 'mac_alg': SAME, 'compression_alg': SAME, 'kex_alg': SAME, 'host_key_alg': SAME,
            'host_key_fingerprint': 'no key is kept'},
    'ftp': {'password': 'no password is kept', 'mime_type': 'guessed by Zeek from the content', 'file_size': 'the data channel has it', 'reply_msg': 'the code is kept', 'data_channel.resp_p': 'the data channel is a conversation'},
    'dhcp': {'trans_id': 'pairs messages', 'msg_types': 'named after RFC 2131 with us', 'lease_time': 'says nothing of machines', 'client_message': SAME, 'server_message': SAME},
    'kerberos': {'from': 'times of tickets are not kept', 'till': SAME, 'renewable': SAME, 'forwardable': SAME, 'success': 'the outcome says it', 'error_msg': SAME, 'client_cert_subject': 'certificates in Kerberos are not read', 'server_cert_subject': SAME},
    'ldap': {'message_id': 'pairs request and answer', 'diagnostic_message': 'the outcome says it', 'argument': 'Zeek redacts it', 'result': 'the outcome says it', 'opcode': 'named otherwise'},
    'mqtt_connect': {'connect_status': 'the outcome says it', 'proto_name': 'the version says it'},
    'mqtt_publish': {'from_client': 'who publishes is in from and to', 'status': 'the outcome says it', 'retain': 'kept where it is set', 'qos': 'kept as a number', 'payload_len': 'the payload is kept'},
    'mqtt_subscribe': {'action': 'the name of the act', 'ack': 'the outcome says it', 'granted_qos_level': SAME},
    'rdp': {'result': 'the outcome says it', 'cert_permanent': 'settings of the client are not read', 'cert_type': SAME, 'client_build': SAME, 'client_channels': SAME, 'client_dig_product_id': SAME, 'desktop_height': SAME, 'desktop_width': SAME,
            'encryption_level': SAME, 'encryption_method': SAME, 'keyboard_layout': SAME, 'requested_color_depth': SAME, 'cert_count': SAME, 'cipher_alg': SAME},
    'rfb': {'auth': 'the outcome says it', 'share_flag': 'says nothing of machines', 'height': SAME, 'width': SAME},
    'smb_files': {'action': 'the name of the act', 'times.accessed': 'times of files are not kept', 'times.changed': SAME, 'times.created': SAME, 'times.modified': SAME, 'size': SAME},
    'smb_mapping': {}, 'ntlm': {'success': 'the outcome says it'}, 'dce_rpc': {}, 'snmp': {},
    'smtp': {'last_reply': 'the outcome says it', 'tls': SAME, 'subject': 'what people write to each other is not kept', 'date': SAME, 'msg_id': SAME, 'path': SAME, 'first_received': SAME, 'second_received': SAME, 'in_reply_to': SAME, 'reply_to': SAME, 'cc': SAME},
    'syslog': {},
}
# Logs of which less than the rest is found: percent and reason.
KNOWN = {
    'bacnet_discovery': (84, 'vendors without a name in our table keep their number'),
    'dnp3': (87, 'confirmations belong to what they confirm'),
    'dns': (88, 'records that are cut or malformed on purpose; digests of SSHFP and DNSSEC are not kept'),
    'goose': (91, 'times are kept to the nanosecond, Zeek writes seconds'),
    'http': (84, 'a firewall\'s log (NFLOG) is counted, not decoded; HTTP inside what only keys open, HTTP/0.9 on the wrong port, requests that break the protocol'),
    'kerberos': (88, 'one capture with segments that the card of the sender cut'),
    'ldap': (66, 'changes to entries are named by their object; a version in a bind without a name'),
    'modbus': (89, 'messages that break the protocol'),
    'profinet_io_cm': (94, 'operations are named after what they do (connect, application ready), control only where it is'),
    'rdp': (80, 'security offered, not taken'),
    'ssh': (75, 'SSH over UDP'),
    'ssl': (60, 'QUIC and DTLS are not decrypted, TLS inside GSSAPI of FTP is not opened'),
    'syslog': (78, 'messages without a priority need their port and a flow of their own'),
}
# What is called otherwise.
NAMES = {'REPORT_SLAVE_ID': 'report server id', 'DIAGNOSTICS': 'diagnostics', 'ENCAP_INTERFACE_TRANSPORT': 'encapsulated interface transport', 'READ_WRITE_REGISTERS': 'read/write multiple registers',
         'READ_N_REGISTERS': 'read registers', 'UNSPECIFIED': '', '<init>': '', '<unknown>': '', '<empty>': '', '<share_root>': ''}


def plain(text):
    return re.sub(r'[^a-z0-9]+', '', text.lower())


def rows(path):
    fields, separator = None, '\t'
    with open(path, encoding='utf8', errors='replace') as file:
        for line in file:
            line = line.rstrip('\n')
            if line.startswith('#fields'):
                fields = line.split('\t')[1:]
            elif line.startswith('#') or not line:
                continue
            elif fields is None:
                # Some baselines are without their heads: the ends are the first addresses with ports.
                parts = line.split('\t')
                at = next((i for i in range(3) if i + 3 < len(parts) and re.fullmatch(r'[0-9.]+|[0-9a-f:]*:[0-9a-f:]*', parts[i]) and parts[i + 1].isdigit()), None)
                if at is None:
                    continue
                row = {f'column {i}': part for i, part in enumerate(parts) if i > at + 8 and part not in ('T', 'F')}
                row.update({'id.orig_h': parts[at], 'id.orig_p': parts[at + 1], 'id.resp_h': parts[at + 2], 'id.resp_p': parts[at + 3]})
                yield row
            else:
                parts = line.split(separator)
                if len(parts) == len(fields):
                    yield dict(zip(fields, parts))


def leaves(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ('flow', 'at', 'first', 'last', 'messages', 'record'):
                yield key
                yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif value is not None:
        yield value


class Said:
    """What the records of one conversation say."""

    def __init__(self):
        self.texts, self.numbers = [], set()
        self.all = None

    def add(self, record):
        for leaf in leaves(record):
            if isinstance(leaf, bool):
                self.texts.append(str(leaf).lower())
            elif isinstance(leaf, (int, float)):
                self.numbers.add(float(leaf))
            else:
                self.texts.append(leaf)
                self.numbers.update(float(n) for n in re.findall(r'\d+(?:\.\d+)?', leaf)[:64])
                self.numbers.update(float(int(n, 16)) for n in re.findall(r'0x([0-9a-fA-F]{1,8})\b', leaf)[:16])
        self.all = None

    def has(self, value):
        if self.all is None:
            self.all = ' '.join(map(plain, self.texts))
        try:
            number = float(int(value, 16)) if value.lower().startswith('0x') else float(value)
            if number in self.numbers or any(abs(number - own) <= 1e-6 * abs(number) for own in self.numbers):
                return True
        except ValueError:
            pass
        if value in ('T', 'F'):
            return {'T': 'true', 'F': 'false'}[value] in self.all
        value = re.sub(r'(-?request|-?response|-ack|NodeClass|IdentityToken)$', '', NAMES.get(value, value), flags=re.I)
        value = value.rsplit('#', 1)[-1]
        wanted = plain(re.sub(r'^TLSv', 'TLS ', value))
        # Zeek puts a realm or a path before it, or the type before an answer.
        last = plain(re.split(r'[/]', value)[0 if '@' not in value and value.count('/') == 1 else -1])
        first = plain(value.split(' ', 2)[-1])
        return not wanted or wanted in self.all or len(last) > 3 and last in self.all or len(first) > 3 and first in self.all


def key(one, other):
    return tuple(sorted((one, other)))


def port(text):
    number = text.split('/')[0]
    return int(number) if number.isdigit() else 0


def end(address):
    if not address:
        return ('', 0)
    return (str(address.get('ip') or address.get('mac') or '').lower(), int(address.get('port') or 0))


def records(vigie, path):
    run = subprocess.run([vigie, 'read', '--no-rollup', '--records', '-', path], capture_output=True, timeout=300)
    flows, machines = defaultdict(Said), defaultdict(Said)
    by_flow, facts, whole = {}, [], defaultdict(Said)
    for line in run.stdout.splitlines():
        record = json.loads(line)
        kind = record['record']
        if record.get('protocol') and kind != 'conversation':
            whole[record['protocol']].add(record)
        if kind in ('act', 'conversation', 'sample') and 'from' in record and 'to' in record:
            place = key(end(record['from']), end(record['to']))
            flows[place].add(record)
            flows[key(place[0][:1] + (0,), place[1][:1] + (0,))].add(record)
            if record.get('flow'):
                by_flow[record['flow']] = place
        elif kind == 'fact':
            facts.append(record)
    for record in facts:
        if record.get('flow') in by_flow:
            place = by_flow[record['flow']]
            flows[place].add(record)
        machines[end(record.get('from') or record.get('about') or {})[0]].add(record)
    return flows, machines, whole


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('vigie')
    parser.add_argument('captures')
    parser.add_argument('--log', default='')
    parser.add_argument('--capture', default='')
    parser.add_argument('--list', action='store_true')
    options = parser.parse_args()
    if not os.path.isdir(options.captures):
        print(f'skipped: there is no {options.captures}')
        return 0
    only = set(filter(None, options.log.split(',')))
    wanted = defaultdict(dict)
    with open(os.path.join(options.captures, 'capture_baselines.tsv'), encoding='utf8') as file:
        for line in list(file)[1:]:
            capture, _, baseline, *_ = line.rstrip('\n').split('\t')
            name = os.path.basename(baseline).removesuffix('.log')
            if name in NOT_KEPT and options.capture in capture and (not only or name in only):
                wanted[capture].setdefault(name, baseline)
    there, found, logs, missing = Counter(), Counter(), Counter(), defaultdict(list)
    for capture, baselines in sorted(wanted.items()):
        flows, machines, whole = records(options.vigie, os.path.join(options.captures, capture))
        for name, baseline in baselines.items():
            logs[name] += 1
            for row in rows(os.path.join(options.captures, baseline)):
                ends = [(row.get(f'id.{side}_h', '').lower(), port(row.get(f'id.{side}_p', ''))) for side in ('orig', 'resp')]
                if 'src_mac' in row:
                    ends = [(row['src_mac'].lower(), 0), (row['dst_mac'].lower(), 0)]
                said = [said for said in (flows.get(key(*ends)), flows.get(key((ends[0][0], 0), (ends[1][0], 0)))) if said] or [whole[name]]
                for field, value in row.items():
                    if field in COMMON or field in NOT_KEPT[name] or value in ('-', '(empty)', '', 'XXXXXXXXXX.XXXXXX') or field.startswith('id.') or field.endswith(('_link_id', '_id_link')):
                        continue
                    # Names of keys between logs, made by ICSNPP.
                    if re.fullmatch(r'[CF][0-9A-Za-z]{15,18}', value):
                        continue
                    for part in value.replace('\\x2c', ' ').split(','):
                        there[name, field] += 1
                        has = any(one.has(part) for one in said) or any(machines[ip].has(part) for ip, _ in ends if ip in machines)
                        found[name, field] += has
                        if not has and len(missing[name, field]) < 4:
                            missing[name, field].append(f'{part[:70]} ({capture})')
    bad = []
    print(f"{'log':48}{'captures':>9}{'values':>9}{'found':>9}{'%':>8}")
    for name in sorted(logs):
        n = sum(c for (log, _), c in there.items() if log == name)
        k = sum(c for (log, _), c in found.items() if log == name)
        share = 100 * k / n if n else 100
        print(f'{name:48}{logs[name]:>9}{n:>9}{k:>9}{share:>8.2f}')
        least = KNOWN.get(name, (BELOW,))[0]
        if share < least:
            bad.append(name)
        for (log, field), c in sorted(there.items()):
            if log == name and (options.list or share < least) and found[log, field] < c:
                print(f'    {field:44}{"":>9}{c:>9}{found[log, field]:>9}  {"; ".join(missing[log, field][:4 if options.list else 2])}')
    print(f"{len(logs) - len(bad)} of {len(logs)} logs are in the records" + (f'; not: {", ".join(bad)}' if bad else ''))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
