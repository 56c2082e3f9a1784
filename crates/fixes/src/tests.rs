//! Rules for a small plant, written in every form, and replayed.

use std::borrow::Cow;
use std::net::IpAddr;

use expect_test::expect;
use model::{
    Act, Address, Behind, Conversation, Exposure, Flow, Judgement, Messages, Object, Outcome, Record, Repeats, Said,
    Side, State, Text, Time, Transport, Verb,
};

use super::*;
use crate::rule::is_in;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(seconds: i64) -> Time {
    Time::from_seconds(1_700_000_040 + seconds, 0)
}

fn talk(seconds: i64, from: &str, to: &str, port: u16) -> Record {
    let end = |text: &str, port| Address { ip: Some(ip(text)), port: Some(port), ..Address::default() };
    Record::Conversation(Conversation {
        flow: Flow::Ip { transport: Transport::Tcp, source: (ip(from), 50_000), destination: (ip(to), port) },
        transport: Transport::Tcp,
        protocol: Cow::Borrowed("modbus"),
        is_guess: false,
        from: end(from, 50_000),
        to: end(to, port),
        sent: Side { packets: 10, ..Side::default() },
        received: Side { packets: 10, ..Side::default() },
        first: at(seconds),
        last: at(seconds + 119),
        is_opening: true,
        state: State::Closed,
    })
}

fn act(seconds: i64, from: &str, to: &str, code: u32, name: &str, verb: Verb) -> Record {
    let end = |text: &str, port| Address { ip: Some(ip(text)), port: Some(port), ..Address::default() };
    Record::Act(Act {
        at: at(seconds),
        flow: Flow::Ip { transport: Transport::Tcp, source: (ip(from), 50_000), destination: (ip(to), 502) },
        protocol: Cow::Borrowed("modbus"),
        from: end(from, 50_000),
        to: end(to, 502),
        behind: Behind::Nobody,
        code,
        name: name.into(),
        verb,
        object: Object::None,
        values: Vec::new(),
        outcome: Outcome::Done,
        status: None,
        latency: None,
        extra: Vec::new(),
        repeats: Repeats::once(at(seconds)),
        messages: Messages::one("modbus", code),
    })
}

fn recorded() -> Recorded {
    let mut recorded = Recorded::default();
    for record in [
        talk(0, "10.0.0.5", "10.0.0.9", 502),
        talk(60, "10.0.0.5", "10.0.0.9", 502),
        act(1, "10.0.0.5", "10.0.0.9", 3, "read holding registers", Verb::Read),
        act(2, "10.0.0.5", "10.0.0.9", 16, "write multiple registers", Verb::Write),
        talk(600, "10.0.8.66", "10.0.0.9", 502),
        act(601, "10.0.8.66", "10.0.0.9", 6, "write single register", Verb::Write),
    ] {
        recorded.record(&record);
    }
    recorded
}

fn setpoint() -> Deed {
    Deed { id: "setpoint".into(), from: ip("10.0.8.66"), to: vec![ip("10.0.0.9")], first: at(600), last: at(700) }
}

fn fixes() -> Vec<Fix> {
    let mut plant = risk::testing::Plant::new();
    plant.machine("PLC-1", "10.0.0.9", "plc", "1").machine("HMI", "10.0.0.5", "hmi", "2");
    plant.edge("HMI", "PLC-1", "modbus", 502, "read write");
    let judgement = Judgement {
        surface: vec![Exposure {
            asset: "ip-10.0.0.9".into(),
            name: "PLC-1".into(),
            protocol: "modbus".into(),
            port: Some(502),
            transport: "tcp".into(),
            score: 60,
            reasons: vec![(30, Said::from("obeys anyone"))],
            reached_from: Vec::new(),
            reached_count: 1,
        }],
        ..plant.judgement()
    };
    propose(&judgement, &recorded(), &[setpoint()])
}

#[test]
fn the_rule_names_who_was_seen_and_what_they_did() {
    let fixes = fixes();
    assert_eq!(fixes.len(), 1);
    assert_eq!(fixes[0].guard.clients, ["10.0.0.5"]);
    let codes: Vec<u32> = fixes[0].guard.functions.iter().map(|function| function.code).collect();
    assert_eq!(codes, [3, 16]);
    for form in Form::ALL {
        assert!(write(&fixes, *form).contains("10.0.0.9"), "{form}");
    }
    expect![[r##"
        # For a bridge or router between the machines. Load with: nft -f FILE
        table inet vigie {
          chain guard {
            type filter hook forward priority filter; policy accept;
            ct state established,related accept
            # 1: let only 10.0.0.5 use modbus of 10.0.0.9 (port 502), and only for what they were seen doing
            ip daddr 10.0.0.9 tcp dport 502 ip saddr { 10.0.0.5 } accept
            ip daddr 10.0.0.9 tcp dport 502 counter drop comment "vigie 1"
          }
        }
    "##]]
    .assert_eq(&write(&fixes, Form::Nftables));
    expect![[r#"
        ! Put on the interface towards the guarded machines: ip access-group VIGIE out
        ip access-list extended VIGIE
         remark 1 let only 10.0.0.5 use modbus of 10.0.0.9 (port 502), and only for what they were seen doin
         permit tcp host 10.0.0.5 host 10.0.0.9 eq 502
         deny tcp any host 10.0.0.9 eq 502 log
         permit ip any any
    "#]]
    .assert_eq(&write(&fixes, Form::Cisco));
    expect![[r#"
        # Filter policy: rules are read from the top; put them before those that allow more.
        [Filter]
        # 1: let only 10.0.0.5 use modbus of 10.0.0.9 (port 502), and only for what they were seen doing
        pass log from 10.0.0.5 to 10.0.0.9 ipproto tcp port 502
        block log from any to 10.0.0.9 ipproto tcp port 502
    "#]]
    .assert_eq(&write(&fixes, Form::Stormshield));
    expect![[r##"
        # Move these policies before those that allow more.
        config firewall address
          edit "vigie_10.0.0.5"
            set subnet 10.0.0.5 255.255.255.255
          next
          edit "vigie_10.0.0.9"
            set subnet 10.0.0.9 255.255.255.255
          next
        end
        config firewall service custom
          edit "vigie_tcp_502"
            set tcp-portrange 502
          next
        end
        config firewall policy
          edit 90002
            set name "vigie-90002"
            set srcintf "any"
            set dstintf "any"
            set srcaddr "vigie_10.0.0.5"
            set dstaddr "vigie_10.0.0.9"
            set service "vigie_tcp_502"
            set schedule "always"
            set action accept
            set logtraffic all
            set comments "let only 10.0.0.5 use modbus of 10.0.0.9 (port 502), and only for what they were seen doing"
          next
          edit 90003
            set name "vigie-90003"
            set srcintf "any"
            set dstintf "any"
            set srcaddr "all"
            set dstaddr "vigie_10.0.0.9"
            set service "vigie_tcp_502"
            set schedule "always"
            set action deny
            set logtraffic all
            set comments "let only 10.0.0.5 use modbus of 10.0.0.9 (port 502), and only for what they were seen doing"
          next
        end
    "##]]
    .assert_eq(&write(&fixes, Form::Fortinet));
    expect![[r#"
        number,severity,weakness,server,transport,port,protocol,clients,functions,what,quoi
        1,medium,surface-ip-10.0.0.9-modbus-502,10.0.0.9,tcp,502,modbus,10.0.0.5,"10.0.0.5 modbus 3 read holding registers; 10.0.0.5 modbus 16 write multiple registers","let only 10.0.0.5 use modbus of 10.0.0.9 (port 502), and only for what they were seen doing","ne laisser que 10.0.0.5 utiliser modbus de 10.0.0.9 (port 502), et seulement pour ce qu'on les a vus faire"
    "#]].assert_eq(&write(&fixes, Form::Csv));
    expect![[r##"
        # Inline (IPS): as they are. Beside the network (IDS): replace drop by alert.
        drop tcp ![10.0.0.5] any -> 10.0.0.9 502 (msg:"vigie 1: let only 10.0.0.5 use modbus of 10.0.0.9 (port 502), and only for what they were seen doing"; flow:to_server; sid:9100064; rev:1;)
        drop modbus [10.0.0.5] any -> 10.0.0.9 502 (msg:"vigie 1: modbus function 1 was never needed here"; flow:to_server,established; modbus: function 1; sid:9100065; rev:1;)
        drop modbus [10.0.0.5] any -> 10.0.0.9 502 (msg:"vigie 1: modbus function 2 was never needed here"; flow:to_server,established; modbus: function 2; sid:9100066; rev:1;)"##]].assert_eq(&write(&fixes, Form::Suricata).lines().take(4).collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_replay_names_what_breaks_and_what_is_stopped() {
    let (fixes, recorded) = (fixes(), recorded());
    // Two minutes each, of which one is the same.
    assert_eq!(recorded.minutes(), 5);
    let with = replay(&fixes, &recorded, &[setpoint()]);
    assert_eq!((with[0].break_count, with[0].passes_minutes), (0, 3));
    assert_eq!(with[0].stops[&Text::from("setpoint")], replay::Stopped { conversations: 1, packets: 20, functions: 0 });
    let without = replay(&fixes, &recorded, &[]);
    assert_eq!(without[0].break_count, 1);
    assert_eq!((without[0].breaks[0].from, without[0].breaks[0].minutes), (ip("10.0.8.66"), 2));
}

#[test]
fn a_function_that_was_never_needed_is_refused() {
    let fixes = fixes();
    let mut later = Recorded::default();
    later.record(&talk(0, "10.0.0.5", "10.0.0.9", 502));
    later.record(&act(1, "10.0.0.5", "10.0.0.9", 90, "umas", Verb::Stop));
    let replayed = replay(&fixes, &later, &[]);
    assert_eq!(replayed[0].breaks[0].function, "umas");
    assert!(write(&fixes, Form::Suricata).contains("modbus: function 90;"));
}

#[test]
fn prefixes_hold_their_addresses() {
    assert!(
        is_in(ip("10.0.0.9"), "10.0.0.0/24") && is_in(ip("10.0.0.9"), "0.0.0.0/0") && is_in(ip("10.0.0.9"), "10.0.0.9")
    );
    assert!(
        !is_in(ip("10.0.1.9"), "10.0.0.0/24") && !is_in(ip("10.0.0.9"), "fe80::/10") && !is_in(ip("10.0.0.9"), "x")
    );
    assert!(is_in(ip("fd00::5"), "fd00::/64") && !is_in(ip("fd01::5"), "fd00::/64"));
}

/// Whether a program is installed.
fn has(program: &str, argument: &str) -> bool {
    std::process::Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success())
}

fn accepted(program: &str, arguments: &[&str], name: &str, text: &str) {
    let folder = std::env::temp_dir().join(format!("vigie-fixes-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("rules");
    std::fs::write(&file, text).unwrap();
    let mut command = std::process::Command::new(program);
    command.args(arguments).arg(&file);
    if program == "suricata" {
        command.arg("-l").arg(&folder);
    }
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let _ = std::fs::remove_dir_all(&folder);
    // Without the right to speak to the kernel nft checks the syntax and then stops.
    let is_refused_by_kernel = said.contains("Operation not permitted");
    assert!(output.status.success() || is_refused_by_kernel, "{said}");
}

#[test]
fn nft_reads_the_table() {
    match has("nft", "--version") {
        true => accepted("nft", &["-c", "-f"], "nft", &write(&fixes(), Form::Nftables)),
        false => println!("skipped: nft is not installed"),
    }
}

#[test]
fn suricata_reads_the_rules() {
    match has("suricata", "-V") {
        true => accepted("suricata", &["-T", "-S"], "suricata", &write(&fixes(), Form::Suricata)),
        false => println!("skipped: suricata is not installed"),
    }
}
