//! Lines as they are found in the field, and what comes of them.

use expect_test::{Expect, expect};
use model::{Event, Time};
use proptest::prelude::*;

use crate::{Form, file, line, recognise};

fn received() -> Time {
    Time::parse("2026-03-02T12:00:00Z").unwrap()
}

fn tell(event: &Event) -> String {
    let end = |end: &Option<model::Address>| end.map_or("-".to_owned(), |end| end.to_string());
    format!(
        "{} {} [{}] {} {} | {} | {} | user {} | {} → {} | code {} | {} | {} fields\n",
        event.at.to_string().get(..19).unwrap(),
        event.source,
        event.kind,
        event.outcome,
        event.severity,
        event.product,
        event.host,
        event.user,
        end(&event.from),
        end(&event.to),
        event.code,
        event.message,
        event.extra.len()
    )
}

fn check(lines: &str, expected: Expect) {
    let told: String = lines
        .lines()
        .map(|text| line(text, received()).map_or_else(|| format!("nothing: {text}\n"), |event| tell(&event)))
        .collect();
    expected.assert_eq(&told);
}

#[test]
fn syslog_lines() {
    check(
        r#"<38>1 2026-03-02T06:30:00.5Z jump-01 sshd 4711 - - Accepted publickey for m.martin from 10.20.8.21 port 50593 ssh2
<86>Mar  2 06:31:00 jump-01 sshd[4711]: Failed password for invalid user admin from 10.20.8.99 port 40000 ssh2
<134>Dec 31 23:59:59 fw-01 openvpn[12]: m.martin/203.0.113.9:51000 Peer Connection Initiated with [AF_INET]203.0.113.9:51000
<189>1 2026-03-02T06:32:00+01:00 fw-01 fortigate - - [meta sequenceId="1"] type="event" subtype="vpn" action="tunnel-up" user="m.martin" remip=203.0.113.9
<4>Mar  2 06:33:00 hmi-03 kernel: usb 1-1: New USB device found, idVendor=0781, idProduct=5567
<0>
not a log line
<34>only a message"#,
        expect![[r#"
            2026-03-02T06:30:00 syslog [remote session] done info | sshd | jump-01 | user m.martin | 10.20.8.21:50593 → - | code  | Accepted publickey for m.martin from 10.20.8.21 port 50593 ssh2 | 0 fields
            2026-03-02T06:31:00 syslog [logon failed] refused info | sshd | jump-01 | user admin | 10.20.8.99:40000 → - | code  | Failed password for invalid user admin from 10.20.8.99 port 40000 ssh2 | 0 fields
            2025-12-31T23:59:59 syslog [vpn] done info | openvpn | fw-01 | user  | - → - | code  | m.martin/203.0.113.9:51000 Peer Connection Initiated with [AF_INET]203.0.113.9:51000 | 0 fields
            2026-03-02T05:32:00 syslog [vpn] done info | fortigate | fw-01 | user m.martin | 203.0.113.9 → - | code  | type="event" subtype="vpn" action="tunnel-up" user="m.martin" remip=203.0.113.9 | 6 fields
            2026-03-02T06:33:00 syslog [device] asked low | kernel | hmi-03 | user  | - → - | code  | usb 1-1: New USB device found, idVendor=0781, idProduct=5567 | 2 fields
            nothing: <0>
            nothing: not a log line
            2026-03-02T12:00:00 syslog [other] asked high |  |  | user  | - → - | code  | only a message | 0 fields
        "#]],
    );
}

#[test]
fn cef_lines() {
    check(
        r"<134>Mar  2 06:30:00 fw-01 CEF:0|Stormshield|SNS|4.3|vpn-auth|User logged in over SSL VPN|3|suser=m.martin src=203.0.113.9 spt=51000 dst=10.20.0.1 outcome=success msg=tunnel up
CEF:0|Vendor|IDS|1.0|100|Modbus stop \| attempt|8|src=10.0.0.1 dst=10.0.0.2 dpt=502 cs1=a\=b c act=blocked rt=1772432400000
CEF:0|too|short",
        expect![[r#"
            2026-03-02T06:30:00 cef [vpn] done low | Stormshield SNS | fw-01 | user m.martin | 203.0.113.9:51000 → 10.20.0.1 | code vpn-auth | User logged in over SSL VPN: tunnel up | 6 fields
            2026-03-02T06:20:00 cef [alert] asked high | Vendor IDS |  | user  | 10.0.0.1 → 10.0.0.2:502 | code 100 | Modbus stop | attempt | 6 fields
            nothing: CEF:0|too|short
        "#]],
    );
}

#[test]
fn json_lines() {
    check(
        r#"{"timestamp":"2026-03-02T06:30:00.123456+0000","flow_id":1,"event_type":"alert","src_ip":"10.20.8.21","src_port":50000,"dest_ip":"10.20.1.20","dest_port":102,"proto":"TCP","community_id":"1:x","alert":{"action":"allowed","signature_id":2019401,"signature":"S7 stop","severity":1}}
{"ts":1772432400.5,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":5000,"id.resp_h":"10.0.0.2","id.resp_p":22,"auth_success":true,"_path":"ssh"}
{"ts":"2026-03-02T06:20:00Z","note":"Scan::Port_Scan","msg":"10.0.0.9 scanned","src":"10.0.0.9"}
{"EventTime":"2026-03-02 06:30:00","Hostname":"ENG-01","EventID":4624,"SourceName":"Microsoft-Windows-Security-Auditing","LogonType":"10","TargetUserName":"m.martin","IpAddress":"10.20.8.21","IpPort":"0"}
{"@timestamp":"2026-03-02T06:30:00Z","winlog":{"event_id":4688,"computer_name":"ENG-01","provider_name":"Microsoft-Windows-Security-Auditing","event_data":{"SubjectUserName":"m.martin","NewProcessName":"C:\\s7\\S7tgtopx.exe","CommandLine":"S7tgtopx.exe /x"}}}
{"timestamp":"2026-03-02T06:30:00.000+0000","rule":{"level":10,"id":"5712","description":"sshd: brute force","groups":["authentication_failed","sshd"]},"agent":{"name":"jump-01","ip":"10.20.8.5"},"data":{"srcip":"10.0.0.9","dstuser":"root"},"decoder":{"name":"sshd"}}
{"message":"user m.martin logged in from 10.0.0.4","program":"scada","host":"srv"}
{"a":1}
{broken"#,
        expect![[r#"
            2026-03-02T06:30:00 eve [alert] done high | Suricata |  | user  | 10.20.8.21:50000 → 10.20.1.20:102 | code 2019401 | S7 stop | 2 fields
            2026-03-02T06:20:00 zeek [remote session] done info | Zeek |  | user  | 10.0.0.1:5000 → 10.0.0.2:22 | code ssh | ssh | 5 fields
            2026-03-02T06:20:00 zeek [alert] asked medium | Zeek |  | user  | 10.0.0.9 → - | code Scan::Port_Scan | Scan::Port_Scan: 10.0.0.9 scanned | 3 fields
            2026-03-02T06:30:00 windows [remote session] done info | Microsoft-Windows-Security-Auditing | ENG-01 | user m.martin | 10.20.8.21 → - | code 4624 | logged on by remote desktop | 9 fields
            2026-03-02T06:30:00 windows [process] done info | Microsoft-Windows-Security-Auditing | ENG-01 | user m.martin | - → - | code 4688 | process created: S7tgtopx.exe /x | 4 fields
            2026-03-02T06:30:00 wazuh [logon failed] refused medium | Wazuh sshd | jump-01 | user root | 10.0.0.9 → 10.20.8.5 | code 5712 | sshd: brute force | 3 fields
            2026-03-02T12:00:00 json [logon] done info | scada | srv | user m.martin | 10.0.0.4 → - | code  | user m.martin logged in from 10.0.0.4 | 0 fields
            nothing: {"a":1}
            nothing: {broken
        "#]],
    );
}

#[test]
fn windows_xml() {
    let text = r"<?xml version='1.0'?><Events>
<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing' Guid='{5}'/><EventID>4624</EventID>
<TimeCreated SystemTime='2026-03-02T06:30:00.1234567Z'/><Computer>ENG-01.works.example</Computer></System>
<EventData><Data Name='TargetUserName'>m.martin</Data><Data Name='LogonType'>10</Data><Data Name='IpAddress'>::ffff:10.20.8.21</Data><Data Name='Nothing'/></EventData></Event>
<Event><System><Provider Name='Microsoft-Windows-Eventlog'/><EventID Qualifiers='0'>1102</EventID><Computer>ENG-01</Computer></System></Event>
<Event><System><EventID>x</EventID></System></Event></Events>";
    assert_eq!(recognise(text.as_bytes()), Some(Form::Xml));
    let (events, unreadable) = file(Form::Xml, text, received());
    let told: String = events.iter().map(tell).collect();
    expect![[r#"
        2026-03-02T06:30:00 windows [remote session] done info | Microsoft-Windows-Security-Auditing | ENG-01.works.example | user m.martin | 10.20.8.21 → - | code 4624 | logged on by remote desktop | 4 fields
        2026-03-02T12:00:00 windows [log cleared] done high | Microsoft-Windows-Eventlog | ENG-01 | user  | - → - | code 1102 | log cleared | 1 fields
        1 unreadable
    "#]].assert_eq(&format!("{told}{unreadable} unreadable\n"));
}

#[test]
fn forms_are_recognised_by_their_content() {
    let is = |text: &str| recognise(text.as_bytes());
    assert_eq!(is("{\"ts\":1}\n"), Some(Form::Lines));
    assert_eq!(is("<34>Mar  2 06:30:00 host a: b\n"), Some(Form::Lines));
    assert_eq!(is("Mar  2 06:30:00 host a: b\n"), Some(Form::Lines));
    assert_eq!(is("2026-03-02T06:30:00+01:00 host sshd[1]: x"), Some(Form::Lines));
    assert_eq!(is("\u{feff}<Event xmlns='x'>"), Some(Form::Xml));
    for none in ["", "hello world", "type,value\n1,2", "\u{0}\u{1}"] {
        assert_eq!(is(none), None, "{none:?}");
    }
    assert_eq!(recognise(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0]), None);
    assert_eq!(recognise(&[0x0a, 0x0d, 0x0d, 0x0a]), None);
}

proptest! {
    #[test]
    fn no_line_makes_it_panic(text in any::<String>()) {
        let _ = line(&text, received());
        let _ = recognise(text.as_bytes());
        let _ = file(Form::Xml, &text, received());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = recognise(&bytes);
        let _ = line(&String::from_utf8_lossy(&bytes), received());
    }

    #[test]
    fn no_half_line_makes_it_panic(cut in 0..600_usize, form in 0..5_usize, letter in any::<char>(), place in 0..600_usize) {
        let seed = [
            "<38>1 2026-03-02T06:30:00.5Z jump-01 sshd 4711 - [a b=\"c\\]d\"] Accepted publickey for m.martin from 10.20.8.21 port 50593 ssh2",
            "<134>Mar  2 06:30:00 fw-01 CEF:0|Storm|SNS|4.3|vpn|User logged in|3|suser=m.martin src=203.0.113.9 dst=10.20.0.1 msg=tunnel up",
            "{\"timestamp\":\"2026-03-02T06:30:00.123456+0000\",\"event_type\":\"alert\",\"src_ip\":\"10.20.8.21\",\"alert\":{\"severity\":1}}",
            "<Event><System><Provider Name='M'/><EventID>4624</EventID><TimeCreated SystemTime='2026-03-02T06:30:00Z'/></System><EventData><Data Name='A'>b</Data></EventData></Event>",
            "{\"rule\":{\"level\":10},\"data\":{\"win\":{\"system\":{\"eventID\":\"4625\"}}}}",
        ][form];
        let mut letters: Vec<char> = seed.chars().collect();
        let place = place % letters.len();
        letters[place] = letter;
        letters.truncate(cut.max(1));
        let text: String = letters.into_iter().collect();
        let _ = line(&text, received());
        let _ = file(Form::Xml, &text, received());
    }
}
