//! Records for tests: one of each kind with every field filled, small ones, and ones drawn at random.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::{
    Act, Address, Behind, Confidence, Conversation, Fact, FactKey, Finding, Flow, Health, HealthKind, Mac,
    MessageCount, Messages, Object, Outcome, Reading, Record, Repeats, Said, Sample, SampleOrigin, Severity, Side,
    State, Status, Text, Time, Transport, Value, Verb,
};
use proptest::prelude::*;

use crate::Batch;

const CLIENT: Address = Address {
    mac: Some(Mac([0x02, 0, 0, 0, 0, 1])),
    ip: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))),
    port: Some(49_152),
    vlan: Some(7),
};
const DEVICE: Address = Address {
    mac: Some(Mac([0x02, 0, 0, 0, 0, 2])),
    ip: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2))),
    port: Some(502),
    vlan: None,
};
const FLOW: Flow = Flow::Ip {
    transport: Transport::Tcp,
    source: (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 49_152),
    destination: (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), 502),
};

/// A batch of `count` facts.
pub(crate) fn batch(number: u64, count: usize) -> Batch {
    let records = (0..count).map(|index| fact(index as i64)).collect();
    Batch { sensor: "north".into(), number, created: Time(count as i64), records }
}

/// A fact at a time.
pub(crate) fn fact(at: i64) -> Record {
    Record::Fact(Fact {
        at: Time(at),
        flow: FLOW,
        protocol: "modbus".into(),
        subject: DEVICE,
        behind: Behind::Unit(1),
        key: FactKey::Vendor,
        value: "Schneider Electric".into(),
        source: "device identification object 0".into(),
        confidence: Confidence::Certain,
    })
}

/// An act of a verb.
pub(crate) fn act(verb: Verb) -> Record {
    let Some(Record::Act(act)) = one_of_each().into_iter().next() else { unreachable!() };
    Record::Act(Act { verb, outcome: Outcome::Done, status: None, ..act })
}

/// A record of each kind with all that it can hold.
pub(crate) fn one_of_each() -> Vec<Record> {
    let at = Time(1_700_000_000_000_000_005);
    let link =
        Flow::Link { source: Mac([2, 0, 0, 0, 0, 3]), destination: Mac([1, 0x0c, 0xcd, 1, 0, 1]), ethertype: 0x88b8 };
    let reading = |object: Object, value: Value| Reading { object, value, quality: None, at: None };
    let act = Act {
        at,
        flow: FLOW,
        protocol: "modbus".into(),
        from: CLIENT,
        to: DEVICE,
        behind: Behind::Slot { rack: 0, slot: 2 },
        code: 16,
        name: "write multiple registers".into(),
        verb: Verb::Write,
        object: Object::span("holding", 100, 8),
        values: vec![
            reading(Object::one("holding", 100), Value::Unsigned(65_535)),
            reading(Object::None, Value::Integer(-1)),
            reading("Tank_Level".into(), Value::Float(f64::NAN)),
            reading(Object::None, Value::Float(-0.5)),
            reading(Object::None, Value::Bool(true)),
            reading(Object::None, "a text that is longer than what is kept inline".into()),
            reading(Object::None, Value::Bytes(Box::from([0xde, 0xad]))),
            Reading { object: Object::None, value: Value::Time(at), quality: Some("old".into()), at: Some(at.plus(1)) },
            reading(Object::None, Value::Nothing),
        ],
        outcome: Outcome::Refused,
        status: Some(Status { code: 2, name: "illegal data address".into() }),
        latency: Some(1_500_000),
        extra: vec![("window".into(), "0-7".into())],
        repeats: Repeats { count: 3, first: at, last: at.plus(9), gaps: Some((4, 5, 4)), latency: Some((1, 2)) },
        messages: Messages(smallvec::smallvec![
            MessageCount { protocol: "modbus".into(), code: 16, count: 3 },
            MessageCount { protocol: "modbus".into(), code: 144, count: 3 },
            MessageCount { protocol: "umas".into(), code: 1, count: 1 },
        ]),
    };
    let sample = Sample {
        at,
        protocol: "goose".into(),
        device: Address { mac: Some(Mac([2, 0, 0, 0, 0, 3])), ..Address::default() },
        behind: Behind::Path("network 5 address 0c".into()),
        object: "XCBR1$ST$Pos".into(),
        value: Value::Integer(2),
        quality: Some("test".into()),
        origin: SampleOrigin::Reported,
        summary: Some((4, -1.5, f64::INFINITY, f64::NAN)),
    };
    let side = Side {
        packets: 1,
        bytes: 2,
        payload: 3,
        retransmissions: 4,
        missing: 5,
        gaps: 6,
        resets: 7,
        duplicates: u64::MAX,
    };
    let conversation = Conversation {
        flow: Flow::Ip {
            transport: Transport::Ip(58),
            source: (IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
            destination: (IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0),
        },
        transport: Transport::Ethernet(0x88b8),
        protocol: "".into(),
        is_guess: true,
        from: CLIENT,
        to: Address { ip: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)), ..Address::default() },
        sent: side,
        received: Side::default(),
        first: at,
        last: at.plus(-1),
        is_opening: true,
        state: State::Midstream,
    };
    let health = Health {
        at,
        kind: HealthKind::Malformed,
        protocol: "dnp3".into(),
        flow: Some(link),
        count: 12,
        detail: "byte count at offset 8: 250 announced, 12 left".into(),
    };
    let finding = Finding {
        id: "controller-stopped-9f86d081884c7d65".into(),
        detector: "controller-stopped".into(),
        title: "PLC-12 was stopped".into(),
        severity: Severity::Critical,
        first: at,
        last: at,
        count: 1,
        from: Some(CLIENT),
        to: None,
        behind: Behind::Link(4),
        protocol: "s7comm".into(),
        evidence: vec![Said { en: "stop at 08:00".into(), fr: "arrêt à 08:00".into() }],
        flow: Some(FLOW),
    };
    vec![
        Record::Act(act),
        fact(at.0),
        Record::Sample(sample),
        Record::Conversation(conversation),
        Record::Health(health),
        Record::Finding(finding),
    ]
}

fn text() -> BoxedStrategy<Text> {
    prop_oneof![".{0,12}", "[a-z ]{0,40}"].prop_map(Text::from).boxed()
}

fn word() -> BoxedStrategy<std::borrow::Cow<'static, str>> {
    prop_oneof![Just("modbus".into()), "[a-z0-9-]{0,10}".prop_map(std::borrow::Cow::Owned)].boxed()
}

fn time() -> BoxedStrategy<Time> {
    any::<i64>().prop_map(Time).boxed()
}

fn mac() -> BoxedStrategy<Mac> {
    any::<[u8; 6]>().prop_map(Mac).boxed()
}

fn address() -> BoxedStrategy<Address> {
    let option = proptest::option::of::<BoxedStrategy<IpAddr>>;
    (proptest::option::of(mac()), option(any::<IpAddr>().boxed()), any::<Option<u16>>(), any::<Option<u16>>())
        .prop_map(|(mac, ip, port, vlan)| Address { mac, ip, port, vlan })
        .boxed()
}

fn transport() -> BoxedStrategy<Transport> {
    prop_oneof![
        Just(Transport::Tcp),
        Just(Transport::Udp),
        Just(Transport::Sctp),
        any::<u8>().prop_map(Transport::Ip),
        any::<u16>().prop_map(Transport::Ethernet),
    ]
    .boxed()
}

fn flow() -> BoxedStrategy<Flow> {
    prop_oneof![
        (transport(), any::<(IpAddr, u16)>(), any::<(IpAddr, u16)>())
            .prop_map(|(transport, source, destination)| Flow::Ip { transport, source, destination }),
        (mac(), mac(), any::<u16>()).prop_map(|(source, destination, ethertype)| Flow::Link {
            source,
            destination,
            ethertype
        }),
    ]
    .boxed()
}

fn behind() -> BoxedStrategy<Behind> {
    prop_oneof![
        Just(Behind::Nobody),
        any::<u8>().prop_map(Behind::Unit),
        any::<u16>().prop_map(Behind::Link),
        any::<(u8, u8)>().prop_map(|(rack, slot)| Behind::Slot { rack, slot }),
        text().prop_map(Behind::Path),
    ]
    .boxed()
}

fn object() -> BoxedStrategy<Object> {
    prop_oneof![
        Just(Object::None),
        (word(), any::<u64>(), any::<u32>()).prop_map(|(space, first, count)| Object::Span { space, first, count }),
        text().prop_map(Object::Text),
    ]
    .boxed()
}

fn float() -> BoxedStrategy<f64> {
    any::<u64>().prop_map(f64::from_bits).boxed()
}

fn value() -> BoxedStrategy<Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        any::<u64>().prop_map(Value::Unsigned),
        float().prop_map(Value::Float),
        text().prop_map(Value::Text),
        any::<Vec<u8>>().prop_map(|bytes| Value::Bytes(bytes.into())),
        time().prop_map(Value::Time),
        Just(Value::Nothing),
    ]
    .boxed()
}

fn reading() -> BoxedStrategy<Reading> {
    (object(), value(), proptest::option::of(text()), proptest::option::of(time()))
        .prop_map(|(object, value, quality, at)| Reading { object, value, quality, at })
        .boxed()
}

fn member<T: Copy + std::fmt::Debug>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn side() -> BoxedStrategy<Side> {
    any::<[u64; 8]>()
        .prop_map(|[packets, bytes, payload, retransmissions, missing, gaps, resets, duplicates]| Side {
            packets,
            bytes,
            payload,
            retransmissions,
            missing,
            gaps,
            resets,
            duplicates,
        })
        .boxed()
}

fn any_act() -> BoxedStrategy<Record> {
    let repeats = (any::<u64>(), time(), time(), any::<Option<(i64, i64, i64)>>(), any::<Option<(i64, i64)>>())
        .prop_map(|(count, first, last, gaps, latency)| Repeats { count, first, last, gaps, latency });
    let messages = proptest::collection::vec((word(), any::<(u32, u32)>()), 0..4).prop_map(|list| {
        Messages(list.into_iter().map(|(protocol, (code, count))| MessageCount { protocol, code, count }).collect())
    });
    let status = proptest::option::of((any::<u32>(), text()).prop_map(|(code, name)| Status { code, name }));
    let who = (time(), flow(), word(), address(), address(), behind());
    let what = (any::<u32>(), text(), member(Verb::ALL), object(), proptest::collection::vec(reading(), 0..5));
    let end = (member(Outcome::ALL), status, any::<Option<i64>>());
    (who, what, end, proptest::collection::vec((word(), text()), 0..3), repeats, messages)
        .prop_map(|(who, what, (outcome, status, latency), extra, repeats, messages)| {
            let (at, flow, protocol, from, to, behind) = who;
            let (code, name, verb, object, values) = what;
            Record::Act(Act {
                at,
                flow,
                protocol,
                from,
                to,
                behind,
                code,
                name,
                verb,
                object,
                values,
                outcome,
                status,
                latency,
                extra,
                repeats,
                messages,
            })
        })
        .boxed()
}

fn any_other() -> BoxedStrategy<Record> {
    let optional = || proptest::option::of(text());
    let fact =
        (time(), flow(), word(), address(), behind(), member(FactKey::ALL), (text(), text()), member(Confidence::ALL))
            .prop_map(|(at, flow, protocol, subject, behind, key, (value, source), confidence)| {
                Record::Fact(Fact { at, flow, protocol, subject, behind, key, value, source, confidence })
            });
    let summary = proptest::option::of((any::<u64>(), float(), float(), float()));
    let sample =
        (time(), word(), address(), behind(), object(), value(), optional(), (member(SampleOrigin::ALL), summary))
            .prop_map(|(at, protocol, device, behind, object, value, quality, (origin, summary))| {
                Record::Sample(Sample { at, protocol, device, behind, object, value, quality, origin, summary })
            });
    let conversation = (
        (flow(), transport(), word(), any::<bool>()),
        (address(), address(), side(), side()),
        time(),
        time(),
        any::<bool>(),
        member(State::ALL),
    )
        .prop_map(
            |((flow, transport, protocol, is_guess), (from, to, sent, received), first, last, is_opening, state)| {
                Record::Conversation(Conversation {
                    flow,
                    transport,
                    protocol,
                    is_guess,
                    from,
                    to,
                    sent,
                    received,
                    first,
                    last,
                    is_opening,
                    state,
                })
            },
        );
    let health = (time(), member(HealthKind::ALL), word(), proptest::option::of(flow()), any::<u64>(), text())
        .prop_map(|(at, kind, protocol, flow, count, detail)| {
            Record::Health(Health { at, kind, protocol, flow, count, detail })
        });
    let parties = (proptest::option::of(address()), proptest::option::of(address()), behind(), word());
    let finding = (
        (text(), word(), text(), member(Severity::ALL)),
        (time(), time(), any::<u64>()),
        parties,
        proptest::collection::vec((text(), text()).prop_map(|(en, fr)| Said { en, fr }), 0..3),
        proptest::option::of(flow()),
    )
        .prop_map(
            |((id, detector, title, severity), (first, last, count), (from, to, behind, protocol), evidence, flow)| {
                Record::Finding(Finding {
                    id,
                    detector,
                    title,
                    severity,
                    first,
                    last,
                    count,
                    from,
                    to,
                    behind,
                    protocol,
                    evidence,
                    flow,
                })
            },
        );
    prop_oneof![fact.boxed(), sample.boxed(), conversation.boxed(), health.boxed(), finding.boxed()].boxed()
}

/// Any batch.
pub(crate) fn any_batch() -> impl Strategy<Value = Batch> {
    let records = proptest::collection::vec(prop_oneof![any_act(), any_other()], 0..12);
    (text(), any::<u64>(), time(), records).prop_map(|(sensor, number, created, records)| Batch {
        sensor,
        number,
        created,
        records,
    })
}
