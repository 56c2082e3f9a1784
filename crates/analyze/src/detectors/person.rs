//! From a person to a command: who sat behind the machine from which a controller was changed.

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Act, Address, Descriptor, Event, EventKind, Outcome, Record, Severity, Text, Time, Verb, said};

use crate::detector::{Detector, Hit, Hits, Logic, Memory, NOTHING, View, Wants, phrase, tell};
use crate::inventory::Key;
use crate::limits;
use crate::table::Bounded;
use crate::window::MINUTE;

/// How long a logon or a remote session is taken to last when nothing says that it ended.
const LASTING: i64 = 12 * 60 * MINUTE;
/// Machines between a person and a command.
const STEPS_MAX: usize = 4;

pub(crate) const CHAIN: Detector = Detector {
    about: Descriptor {
        id: "person-to-command",
        title: phrase(
            "A named person changed a controller from another machine",
            "Une personne nommée a modifié un automate depuis une autre machine",
        ),
        severity: Severity::Medium,
        techniques: &[("T0886", "Remote Services"), ("T0859", "Valid Accounts")],
        requirements: &["SR 1.1", "SR 1.13", "SR 2.8"],
        meaning: phrase(
            "Logs of logons and what was seen on the network together say who it was and by which way they came.",
            "Les journaux de connexion et le réseau disent ensemble qui c'était et par quel chemin.",
        ),
        action: phrase(
            "Ask the person whether it was them, and what for; compare it with the work orders.",
            "Demander à la personne si c'était bien elle et pourquoi ; comparer aux ordres de travail.",
        ),
        caution: phrase(
            "Do not take it for guilt: an account can be used by somebody else.",
            "Ne pas y voir une faute : un compte peut servir à quelqu'un d'autre.",
        ),
        covers: &["Remote Access"],
        thresholds: NOTHING,
    },
    logic: Logic::Memory(
        Wants {
            acts: &[
                Verb::Write,
                Verb::Operate,
                Verb::Program,
                Verb::Start,
                Verb::Stop,
                Verb::Mode,
                Verb::Reset,
                Verb::Configure,
                Verb::Firmware,
                Verb::Other,
                Verb::Login,
            ],
            trouble: false,
            protocols: &[],
            facts: &[],
            conversations: false,
            health: false,
        },
        || Box::new(People { behind: Bounded::new(limits::TRACKED_MAX), sessions: Bounded::new(limits::TRACKED_MAX) }),
    ),
};

/// Who is where, as logs and remote sessions say.
#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct People {
    /// Who logged on from an address: name, since when, what says so.
    behind: Bounded<Key, (Text, Time, Text)>,
    /// From where a machine is worked on: the other end, since when, over what.
    sessions: Bounded<Key, (Key, Time, Text)>,
}

impl People {
    fn event(&mut self, event: &Event) {
        let is_coming = matches!(event.kind, EventKind::Logon | EventKind::RemoteSession | EventKind::Vpn);
        // Accounts of machines and services end in a dollar sign, or are the system.
        let is_person = !event.user.is_empty() && !event.user.ends_with('$') && event.user != "SYSTEM";
        if !is_coming || !is_person || event.outcome == Outcome::Refused {
            return;
        }
        let what = Text::from(format!("{} {}", event.source, event.kind));
        // A VPN gives the person an inner address: that is where they are.
        let inner = event.extra.iter().filter(|(name, _)| {
            matches!(
                name.to_ascii_lowercase().as_str(),
                "assignip" | "assigned_ip" | "tunnelip" | "framed_ip" | "virtual_ip"
            )
        });
        let inner =
            inner.filter_map(|(_, ip)| ip.parse().ok()).map(|ip| Address { ip: Some(ip), ..Address::default() });
        for end in inner.chain(event.from) {
            if let Some(key) = Key::of(&end) {
                let entry = (event.user.clone(), event.at, what.clone());
                if let Some(known) = self.behind.entry(key, || entry.clone()) {
                    *known = entry;
                }
            }
        }
        if let (Some(from), Some(to)) = (event.from.as_ref().and_then(Key::of), event.to.as_ref().and_then(Key::of)) {
            self.session(from, to, event.at, what);
        }
    }

    fn session(&mut self, from: Key, to: Key, at: Time, over: Text) {
        if from == to {
            return;
        }
        if let Some(known) = self.sessions.entry(to, || (from, at, over.clone())) {
            *known = (from, at, over);
        }
    }

    fn change(&self, act: &Act, hits: &mut Hits) {
        let Some(start) = Key::of(&act.from) else { return };
        let is_lasting = |since: Time| (0..=LASTING).contains(&act.at.since(since));
        let (mut place, mut way) = (start, vec![start.to_string()]);
        for _ in 0..=STEPS_MAX {
            if let Some((user, since, what)) = self.behind.get(&place).filter(|(_, since, _)| is_lasting(*since)) {
                way.reverse();
                let path = way.join(" → ");
                let act_said = tell(act);
                let clock = since.to_string();
                let evidence = said!(
                    "{user} ({what} at {clock}): {path} → {to}: {act}",
                    "{user} ({what} à {clock}) : {path} → {to} : {act}",
                    user = user,
                    what = what,
                    clock = clock.get(11..19).unwrap_or_default(),
                    path = path,
                    to = act.to.without_port().to_string(),
                    act = act_said
                );
                let severity = match act.verb {
                    Verb::Write | Verb::Operate => Severity::Low,
                    _ => Severity::Medium,
                };
                hits.push(Hit::of_act(act, evidence).severity(severity).topic(user.clone()));
                return;
            }
            match self.sessions.get(&place).filter(|(_, since, _)| is_lasting(*since)) {
                Some((from, _, over)) if way.len() <= STEPS_MAX => {
                    if let Some(last) = way.last_mut() {
                        *last = format!("{last} ({over})");
                    }
                    place = *from;
                    way.push(from.to_string());
                }
                _ => return,
            }
        }
    }
}

impl Memory for People {
    fn look(&mut self, record: &Record, view: &View, hits: &mut Hits) {
        match record {
            Record::Event(event) => self.event(event),
            Record::Act(act) if matches!(act.verb, Verb::Other | Verb::Login) => {
                let is_session = matches!(act.protocol.as_ref(), "rdp" | "ssh" | "vnc" | "telnet");
                if is_session && let (Some(from), Some(to)) = (Key::of(&act.from), Key::of(&act.to)) {
                    self.session(from, to, act.at, Text::from(act.protocol.as_ref()));
                }
            }
            Record::Act(act) if act.outcome != Outcome::Refused && view.serves_industry(&act.to) => {
                self.change(act, hits)
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::{EventKind, Outcome, Record, Verb};

    use crate::testing::{act, address, at, found};

    fn logon(seconds: f64, user: &str, from: &str) -> Record {
        Record::Event(model::Event {
            at: at(seconds),
            source: "syslog".into(),
            product: "openvpn".into(),
            host: "fw-01".into(),
            code: "".into(),
            kind: EventKind::Vpn,
            message: "".into(),
            severity: model::Severity::Info,
            outcome: Outcome::Done,
            user: user.into(),
            from: Some(address(from)),
            to: None,
            extra: Vec::new(),
        })
    }

    fn chain(user: &str, from: &str) -> String {
        found([
            logon(0.0, user, from),
            Record::Act(act(60.0, "10.9.0.2", "10.20.8.21:3389", "rdp", Verb::Other, "connection request")),
            Record::Act(act(100.0, "10.20.8.21", "10.20.1.20:102", "s7comm", Verb::Read, "read var")),
            Record::Act(act(120.0, "10.20.8.21", "10.20.1.20:102", "s7comm", Verb::Program, "download block")),
        ])
        .lines()
        .filter(|line| line.starts_with("person-to-command"))
        .map(|line| format!("{line}\n"))
        .collect()
    }

    #[test]
    fn a_chain_from_a_vpn_to_a_download_names_the_person() {
        expect![[r#"
            person-to-command medium ×1 10.20.8.21 → 10.20.1.20:102: m.martin (syslog vpn at 22:13:20): 10.9.0.2 → 10.20.8.21 (rdp) → 10.20.1.20: s7comm download block: done
        "#]]
        .assert_eq(&chain("m.martin", "10.9.0.2"));
    }

    #[test]
    fn nobody_is_named_whom_no_log_names() {
        assert_eq!(chain("m.martin", "10.9.0.3"), "");
        assert_eq!(chain("ENG-01$", "10.9.0.2"), "");
    }
}
