//! What decoders write to: acts, facts, malformed messages, and the little that one flow must know of another.

use std::net::IpAddr;

use model::{
    Act, Address, Behind, Confidence, Fact, FactKey, Flow, Health, HealthKind, Messages, Record, Repeats, Text, Time,
};
use wire::Short;

use crate::draft::Draft;
use crate::limits;
use crate::protocol::{Protocol, Speaker};
use crate::sink::Sink;

/// The parties of a flow, in the roles of its protocol.
#[derive(Debug)]
pub struct Route {
    /// Identity of the flow.
    pub flow: Flow,
    /// Who asks.
    pub client: Address,
    /// Who answers.
    pub server: Address,
    /// The protocol of the deepest layer that said something.
    pub deepest: Option<&'static Protocol>,
    /// A decoder found out that the roles are the other way round.
    pub is_swapped: bool,
    /// Malformed messages so far.
    pub malformed: u32,
    /// What stands behind the server for the whole flow, as its carrier learnt when it connected (COTP: rack and slot).
    pub behind: Behind,
    /// Messages of carriers that belong to the next act told.
    pub carried: Messages,
    /// Where the acts of this flow are in roll-up.
    pub(crate) turn: Turn,
}

/// Numbers of channels of roll-up: that of a flow's last act, and the one that is likely to come next. Both may be stale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) last: u32,
    pub(crate) next: u32,
}

impl Turn {
    const UNKNOWN: Turn = Turn { last: u32::MAX, next: u32::MAX };
}

impl Route {
    /// A flow from `client` to `server`.
    pub fn new(flow: Flow, client: Address, server: Address) -> Route {
        Route {
            flow,
            client,
            server,
            deepest: None,
            is_swapped: false,
            malformed: 0,
            behind: Behind::Nobody,
            carried: Messages::none(),
            turn: Turn::UNKNOWN,
        }
    }
}

/// Whom a fact is about.
#[derive(Clone, Debug)]
pub enum About {
    /// The client of the flow.
    Client,
    /// The server of the flow.
    Server,
    /// Who said the message being read.
    Speaker,
    /// What is behind the server.
    BehindServer(Behind),
    /// What is behind the speaker.
    BehindSpeaker(Behind),
    /// Somebody else.
    Other(Address),
    /// What is behind somebody else: the true sender of a forwarded message is a router.
    BehindOther(Address, Behind),
}

/// Where a decoder writes what it read.
pub struct Output<'a> {
    pub(crate) sink: &'a mut Sink,
    pub(crate) route: &'a mut Route,
    pub(crate) protocol: &'static Protocol,
    pub(crate) at: Time,
    pub(crate) speaker: Speaker,
}

impl<'a> Output<'a> {
    pub(crate) fn new(
        sink: &'a mut Sink,
        route: &'a mut Route,
        protocol: &'static Protocol,
        at: Time,
        speaker: Speaker,
    ) -> Output<'a> {
        Output { sink, route, protocol, at, speaker }
    }

    /// Tells an act. Equal repeats are merged by roll-up.
    pub fn act(&mut self, mut draft: Draft<'_>) {
        self.route.deepest = Some(self.protocol);
        if draft.behind.is_nobody() && !self.route.behind.is_nobody() {
            draft.behind = self.route.behind.clone();
        }
        if !self.route.carried.0.is_empty() {
            draft.messages.merge(&self.route.carried);
            self.route.carried.0.clear();
        }
        self.sink.act(self.route, self.protocol, self.at, &draft);
    }

    /// Tells a fact; one that was told before is not told again. Empty values are no facts. `source` says where in the
    /// protocol it was: `szl 0x0011`.
    pub fn fact(&mut self, about: About, key: FactKey, value: &str, source: &str, confidence: Confidence) {
        let value = value.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        if value.is_empty() {
            return;
        }
        let said = match self.speaker {
            Speaker::Client => self.route.client,
            Speaker::Server => self.route.server,
        };
        let (subject, behind) = match about {
            About::Client => (self.route.client, Behind::Nobody),
            About::Server => (self.route.server, Behind::Nobody),
            About::Speaker => (said, Behind::Nobody),
            About::BehindServer(behind) => (self.route.server, behind),
            About::BehindSpeaker(behind) => (said, behind),
            About::Other(address) => (address, Behind::Nobody),
            About::BehindOther(address, behind) => (address, behind),
        };
        self.sink.fact(
            self.route.flow,
            self.protocol,
            self.at,
            subject.without_port(),
            behind,
            key,
            value,
            source,
            confidence,
        );
    }

    /// A message breaks its protocol at `offset`: `what` the field is, `why` it cannot be.
    pub fn malformed(&mut self, offset: usize, what: &str, why: &str) {
        self.route.malformed = self.route.malformed.saturating_add(1);
        let is_told = self.route.malformed <= limits::MALFORMED_TOLD;
        self.sink.malformed(self.protocol, self.route.flow, self.at, offset, what, why, is_told);
    }

    /// A message ended before a field did.
    pub fn short(&mut self, short: &Short) {
        let why = compact_str::format_compact!("{} bytes needed, {} left", short.needed, short.left);
        self.malformed(short.at, short.what, &why);
    }

    /// Runs `f` with another protocol as the one that speaks: for messages inside messages.
    pub fn within<R>(&mut self, protocol: &'static Protocol, f: impl FnOnce(&mut Output<'_>) -> R) -> R {
        let mut inner = Output { sink: self.sink, route: self.route, protocol, at: self.at, speaker: self.speaker };
        f(&mut inner)
    }

    /// The roles of this flow are the other way round than assumed: who was the client is the server. Takes effect for
    /// acts told from now on.
    pub fn swap_roles(&mut self) {
        std::mem::swap(&mut self.route.client, &mut self.route.server);
        self.route.is_swapped = !self.route.is_swapped;
        self.speaker = self.speaker.other();
    }

    /// Every act of this flow that names nothing behind the server speaks to this from now on: for carriers whose
    /// connection says it once.
    pub fn stand_behind(&mut self, behind: Behind) {
        self.route.behind = behind;
    }

    /// What stands behind the server for the whole flow.
    pub fn behind(&self) -> &Behind {
        &self.route.behind
    }

    /// A message of a carrier that belongs to whatever act is told next: so it is in exactly one record.
    pub fn carry(&mut self, protocol: &'static str, code: u32) {
        self.route.carried.add(protocol, code, 1);
    }

    /// Messages of carriers that no act has taken yet, which are the caller's now.
    pub fn take_carried(&mut self) -> Messages {
        std::mem::take(&mut self.route.carried)
    }

    /// The client of the flow.
    pub fn client(&self) -> Address {
        self.route.client
    }

    /// The server of the flow.
    pub fn server(&self) -> Address {
        self.route.server
    }

    /// Whether the server of the flow is no machine but a group or broadcast address: answers come in other flows.
    pub fn is_to_group(&self) -> bool {
        let is_group = |ip: IpAddr| ip.is_multicast() || ip == IpAddr::V4(std::net::Ipv4Addr::BROADCAST);
        self.route.server.ip.is_some_and(is_group) || self.route.server.mac.is_some_and(model::Mac::is_group)
    }

    /// Time of the message being read.
    pub fn at(&self) -> Time {
        self.at
    }

    /// Tells all flows something under `topic` and `key`. Flows between the same two addresses see it at once, all
    /// others from the next chunk on, so that the order does not depend on workers.
    pub fn share(&mut self, topic: &'static str, key: impl Into<Text>, value: impl Into<Text>) {
        self.sink.share(topic, key.into(), value.into());
    }

    /// What was told under `topic` and `key`.
    pub fn shared(&self, topic: &'static str, key: &str) -> Option<Text> {
        self.sink.shared(topic, key)
    }

    /// A flow to `ip` and `port` (UDP or TCP) will come that speaks `protocol` (its id): announced data channels.
    pub fn expect(&mut self, ip: IpAddr, port: u16, protocol: &'static str) {
        self.sink.expect(ip, port, protocol);
    }
}

/// The act that a draft becomes.
pub(crate) fn materialise(draft: &Draft<'_>, route: &Route, protocol: &'static Protocol, at: Time) -> Act {
    let (mut from, mut to) =
        if draft.is_from_server { (route.server, route.client) } else { (route.client, route.server) };
    if let Some(parties) = &draft.parties {
        from = parties.0.unwrap_or(from);
        to = parties.1.unwrap_or(to);
    }
    let asked = draft.asked.unwrap_or(at);
    Act {
        at: asked,
        flow: route.flow,
        protocol: protocol.id.into(),
        from,
        to,
        behind: draft.behind.clone(),
        code: draft.code,
        name: draft.name.clone(),
        verb: draft.verb,
        object: draft.object.clone(),
        values: draft.values.to_readings(),
        outcome: draft.outcome,
        status: draft.status.clone(),
        latency: latency(draft),
        extra: draft.extra.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
        repeats: Repeats::once(asked),
        messages: draft.messages.clone(),
    }
}

/// Nanoseconds from request to answer, where both are known.
pub(crate) fn latency(draft: &Draft<'_>) -> Option<i64> {
    Some(draft.answered?.since(draft.asked?))
}

/// A health record without a flow.
pub(crate) fn health(kind: HealthKind, at: Time, count: u64, detail: impl Into<Text>) -> Record {
    Record::Health(Health { at, kind, protocol: "".into(), flow: None, count, detail: detail.into() })
}

/// Builds the record of a fact.
pub(crate) fn fact_record(
    flow: Flow,
    protocol: &'static Protocol,
    at: Time,
    subject: Address,
    behind: Behind,
    key: FactKey,
    value: &str,
    source: &str,
    confidence: Confidence,
) -> Record {
    Record::Fact(Fact {
        at,
        flow,
        protocol: protocol.id.into(),
        subject,
        behind,
        key,
        value: value.into(),
        source: source.into(),
        confidence,
    })
}
