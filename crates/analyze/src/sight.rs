//! What the capture cannot show, said with numbers and with what would help.

use std::collections::{BTreeMap, BTreeSet};

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{
    Blindness, BlindnessKind, Conversation, Health, HealthKind, Role, Said, Severity, State, Text, Transport, nouns,
    number_of, said,
};

use crate::inventory::assets::role;
use crate::inventory::kind::{self, Kind};
use crate::inventory::{Inventory, Machines};
use crate::limits;

/// Protocols whose content is out of sight.
const ENCRYPTED: &[&str] =
    &["tls", "ssh", "quic", "rdp", "openvpn", "wireguard", "ipsec", "teamviewer", "anydesk", "dtls"];

/// Share of the packets of one machine from which on the capture was probably made on it, in percent.
const HOST_PERCENT: u64 = 98;

/// What is counted of blindness while records come in.
#[derive(Clone, Debug, Default, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Sight {
    health: BTreeMap<HealthKind, (u64, Vec<Text>)>,
    /// Connections of which packets of one direction only were seen.
    one_way: u64,
    one_way_examples: Vec<Text>,
    connections: u64,
    bytes: u64,
    encrypted_bytes: u64,
    unknown_bytes: u64,
    guessed_bytes: u64,
    missing_bytes: u64,
    tagged: u64,
    conversations: u64,
    midstream: u64,
    /// Days on which something was said, since 1970; bounded.
    days: BTreeSet<i64>,
    day: i64,
}

/// Days kept; ten years are enough to see that captures of different times were read together.
const DAYS_MAX: usize = 4_096;

/// Days of silence from which on what comes after is another capture.
const PAUSE_DAYS: i64 = 30;

impl Sight {
    pub(crate) fn conversation(&mut self, conversation: &Conversation) {
        let (sent, received) = (&conversation.sent, &conversation.received);
        let bytes = sent.bytes + received.bytes;
        self.bytes += bytes;
        let day = conversation.first.0 / 86_400_000_000_000;
        if day != self.day && self.days.len() < DAYS_MAX {
            self.day = day;
            self.days.insert(day);
        }
        self.missing_bytes += sent.missing + received.missing;
        if ENCRYPTED.contains(&conversation.protocol.as_ref()) || matches!(conversation.transport, Transport::Ip(50)) {
            self.encrypted_bytes += bytes;
        } else if conversation.protocol.is_empty() && sent.payload + received.payload > 0 {
            self.unknown_bytes += bytes;
        } else if conversation.is_guess {
            self.guessed_bytes += bytes;
        }
        if !conversation.is_opening {
            return;
        }
        self.conversations += 1;
        self.midstream += u64::from(conversation.state == State::Midstream);
        self.tagged += u64::from(conversation.from.vlan.is_some());
        let is_connection = conversation.transport == Transport::Tcp
            && matches!(conversation.state, State::Open | State::Midstream | State::Closed | State::Reset);
        if is_connection {
            self.connections += 1;
            if (sent.packets == 0) != (received.packets == 0) {
                self.one_way += 1;
                if self.one_way_examples.len() < 8 {
                    let text = format!("{} → {} {}", conversation.from, conversation.to, conversation.protocol);
                    self.one_way_examples.push(Text::from(text.trim_end()));
                }
            }
        }
    }

    pub(crate) fn health(&mut self, health: &Health) {
        let entry = self.health.entry(health.kind).or_default();
        entry.0 += health.count;
        if entry.1.len() < 8 {
            let text = match health.protocol.is_empty() {
                true => health.detail.to_string(),
                false => format!("{}: {}", health.protocol, health.detail),
            };
            let text = Text::from(text);
            if !text.is_empty() && !entry.1.contains(&text) {
                entry.1.push(text);
            }
        }
    }

    fn count(&self, kind: HealthKind) -> u64 {
        self.health.get(&kind).map_or(0, |entry| entry.0)
    }

    fn examples(&self, kind: HealthKind) -> Vec<Text> {
        self.health.get(&kind).map_or_else(Vec::new, |entry| entry.1.clone())
    }
}

/// A share for a sentence: `12`, or `< 1`.
fn share_text(part: u64, whole: u64) -> String {
    match percent(part, whole) {
        0 => "< 1".to_owned(),
        share => share.to_string(),
    }
}

fn percent(part: u64, whole: u64) -> u64 {
    (part as u128 * 100 / whole.max(1) as u128) as u64
}

/// Collects what is said.
#[derive(Default)]
struct Report(Vec<Blindness>);

impl Report {
    fn add(
        &mut self,
        kind: BlindnessKind,
        severity: Severity,
        count: u64,
        what: Said,
        remedy: Said,
        examples: Vec<Text>,
    ) {
        self.0.push(Blindness { kind, severity, what, remedy, count, examples });
    }
}

/// The section on what could not be seen, the worst first.
pub(crate) fn judge(sight: &Sight, inventory: &Inventory, machines: &Machines, dropped: u64) -> Vec<Blindness> {
    let mut report = Report::default();
    of_packets(sight, &mut report);
    of_content(sight, &mut report);
    of_position(sight, machines, &mut report);
    of_time(inventory, sight, &mut report);
    of_machines(machines, &mut report);
    of_limits(sight, inventory, dropped, &mut report);
    report.0.sort_by_key(|blindness| std::cmp::Reverse(blindness.severity));
    report.0
}

fn of_packets(sight: &Sight, report: &mut Report) {
    let dropped = sight.count(HealthKind::Dropped);
    if dropped > 0 {
        report.add(
            BlindnessKind::Loss,
            Severity::High,
            dropped,
            said!("packets dropped while capturing: {count}", "paquets perdus à la capture : {count}", count = dropped),
            said!(
                "capture with a faster disk, larger buffers, or a filter",
                "capturer avec un disque plus rapide, des tampons plus grands ou un filtre"
            ),
            sight.examples(HealthKind::Dropped),
        );
    }
    let gaps = sight.count(HealthKind::Gap).max(sight.missing_bytes);
    if gaps > 0 {
        report.add(
            BlindnessKind::Loss,
            if percent(gaps, sight.bytes) >= 1 { Severity::Medium } else { Severity::Low },
            gaps,
            said!(
                "bytes of connections that are missing from the capture: {count}",
                "octets de connexions qui manquent dans la capture : {count}",
                count = gaps
            ),
            said!(
                "check the mirror port for overload: both directions of a busy port do not fit into one",
                "vérifier la surcharge du port miroir : les deux sens d'un port chargé ne tiennent pas dans un seul"
            ),
            sight.examples(HealthKind::Gap),
        );
    }
    let one_way = sight.one_way.max(sight.count(HealthKind::OneWay));
    if one_way > 0 {
        let share = percent(one_way, sight.connections);
        report.add(
            BlindnessKind::OneWay,
            if share >= 20 { Severity::High } else { Severity::Low },
            one_way,
            said!(
                "of {connections} ({share} %) only one direction was seen: requests without answers, or answers without requests",
                "de {connections} ({share} %), un seul sens a été vu : requêtes sans réponses, ou réponses sans requêtes",
                connections = number_of(one_way, nouns::CONNECTIONS)
            ),
            said!("mirror both directions (rx and tx) of the ports, and all paths where routing is asymmetric", "copier les deux sens (rx et tx) des ports, et tous les chemins si le routage est asymétrique"),
            sight.one_way_examples.clone(),
        );
    }
    let cut = sight.count(HealthKind::Cut);
    if cut > 0 {
        report.add(
            BlindnessKind::Cut,
            Severity::Medium,
            cut,
            said!(
                "packets cut short by the snap length, whose values are lost: {count}",
                "paquets tronqués (snap length), dont les valeurs sont perdues : {count}",
                count = cut
            ),
            said!(
                "capture whole packets (snap length 0 or 262144)",
                "capturer les paquets entiers (snap length 0 ou 262144)"
            ),
            sight.examples(HealthKind::Cut),
        );
    }
    let duplicate = sight.count(HealthKind::Duplicate);
    if duplicate > 0 {
        report.add(
            BlindnessKind::Position,
            Severity::Info,
            duplicate,
            said!(
                "packets that came twice and were counted once, because the mirror copies them at two ports: {count}",
                "paquets arrivés deux fois et comptés une fois, car le miroir les copie à deux ports : {count}",
                count = duplicate
            ),
            said!("mirror each path at one place", "ne copier chaque chemin qu'à un endroit"),
            Vec::new(),
        );
    }
}

fn of_content(sight: &Sight, report: &mut Report) {
    let encrypted = sight.encrypted_bytes.max(sight.count(HealthKind::Encrypted));
    let share = share_text(encrypted, sight.bytes);
    if encrypted > 0 {
        report.add(
            BlindnessKind::Encrypted,
            if percent(encrypted, sight.bytes) >= 50 { Severity::Medium } else { Severity::Info },
            encrypted,
            said!(
                "{share} % of the bytes are encrypted: who talks to whom is known, what they say is not",
                "{share} % des octets sont chiffrés : on sait qui parle à qui, pas ce qui est dit"
            ),
            said!(
                "this is as it should be; take logs of the machines at the ends as well",
                "c'est normal ; recueillir aussi les journaux des machines aux extrémités"
            ),
            sight.examples(HealthKind::Encrypted),
        );
    }
    let unknown = sight.unknown_bytes.max(sight.count(HealthKind::Undecoded));
    if unknown > 0 {
        let share = share_text(unknown, sight.bytes);
        report.add(
            BlindnessKind::Undecoded,
            if percent(unknown, sight.bytes) >= 20 { Severity::Medium } else { Severity::Low },
            unknown,
            said!(
                "{share} % of the bytes are of protocols that were not recognised",
                "{share} % des octets sont de protocoles non reconnus"
            ),
            said!(
                "see the conversations without a protocol: ports and machines tell what they may be",
                "voir les conversations sans protocole : ports et machines indiquent ce que c'est peut-être"
            ),
            sight.examples(HealthKind::Undecoded),
        );
    }
    let guessed = sight.guessed_bytes;
    if guessed > 0 {
        let share = share_text(guessed, sight.bytes);
        report.add(
            BlindnessKind::Undecoded,
            Severity::Info,
            guessed,
            said!(
                "{share} % of the bytes have a protocol that is only guessed by port",
                "{share} % des octets ont un protocole seulement supposé d'après le port"
            ),
            said!("take these names as a hint", "prendre ces noms comme un indice"),
            Vec::new(),
        );
    }
    let formats = sight.count(HealthKind::NotDecoded) + sight.count(HealthKind::BadHeader);
    if formats > 0 {
        let mut examples = sight.examples(HealthKind::NotDecoded);
        examples.extend(sight.examples(HealthKind::BadHeader));
        report.add(
            BlindnessKind::Format,
            Severity::Low,
            formats,
            said!(
                "packets of links or network protocols that are counted, not decoded: {count}",
                "paquets de liens ou protocoles réseau comptés mais non décodés : {count}",
                count = formats
            ),
            said!("capture on Ethernet where you can", "capturer sur Ethernet si possible"),
            examples,
        );
    }
    let malformed = sight.count(HealthKind::Malformed);
    if malformed > 0 {
        report.add(
            BlindnessKind::Malformed,
            Severity::Low,
            malformed,
            said!(
                "messages that break their protocol, of which only what stands before the fault was read: {count}",
                "messages qui ne respectent pas leur protocole, lus seulement jusqu'à la faute : {count}",
                count = malformed
            ),
            said!("see the finding on malformed messages", "voir le constat sur les messages malformés"),
            sight.examples(HealthKind::Malformed),
        );
    }
}

/// With how many others a machine exchanged packets.
fn partners(machines: &Machines, number: usize) -> usize {
    let from = machines.from[number].iter().filter_map(|edge| machines.ends[*edge].1);
    let to = machines.to[number].iter().map(|edge| machines.ends[*edge].0);
    from.chain(to).filter(|other| *other != number).collect::<std::collections::BTreeSet<usize>>().len()
}

fn of_position(sight: &Sight, machines: &Machines, report: &mut Report) {
    let mut packets: Vec<u64> = vec![0; machines.assets.len()];
    let mut total = 0;
    for (edge, (from, to)) in machines.edges.iter().zip(&machines.ends) {
        let Some(to) = to else { continue };
        total += edge.packets;
        packets[*from] += edge.packets;
        if to != from {
            packets[*to] += edge.packets;
        }
    }
    let busiest = packets.iter().enumerate().max_by_key(|(number, count)| (**count, std::cmp::Reverse(*number)));
    if let Some((number, count)) = busiest
        && partners(machines, number) >= 3
        && total > 0
        && percent(*count, total) >= HOST_PERCENT
        && !matches!(role(&machines.assets[number]), Role::Router | Role::Firewall)
    {
        let (name, share) = (&machines.assets[number].name, percent(*count, total));
        report.add(
            BlindnessKind::Position,
            Severity::High,
            share,
            said!(
                "{share} % of the packets are from or to {name}: the capture was probably made on this machine, or on its port; what others say to each other is not in it",
                "{share} % des paquets viennent de {name} ou y vont : la capture a sans doute été faite sur cette machine, ou sur son port ; ce que les autres se disent n'y est pas"
            ),
            said!("capture at a mirror port of the switch that the controllers are on", "capturer sur un port miroir du commutateur des automates"),
            vec![machines.assets[number].id.clone()],
        );
    }
    if sight.tagged == 0 && sight.conversations > 0 {
        report.add(
            BlindnessKind::Position,
            Severity::Info,
            0,
            said!(
                "no packet has a VLAN tag: this is one segment, or the mirror strips the tags",
                "aucun paquet n'a d'étiquette VLAN : un seul segment, ou le miroir retire les étiquettes"
            ),
            said!(
                "mirror a trunk with its tags to see other VLANs",
                "copier un trunk avec ses étiquettes pour voir les autres VLAN"
            ),
            Vec::new(),
        );
    }
}

fn of_time(inventory: &Inventory, sight: &Sight, report: &mut Report) {
    if let (Some(first), Some(last)) = (inventory.first, inventory.last) {
        let seconds = last.since(first) / 1_000_000_000;
        let (severity, missed) = match seconds {
            i64::MIN..3_600 => (
                Severity::Medium,
                said!("what happens by shift, day and week", "ce qui se passe par poste, par jour et par semaine"),
            ),
            3_600..86_400 => (
                Severity::Low,
                said!(
                    "nightly backups, weekly jobs, maintenance",
                    "sauvegardes nocturnes, tâches hebdomadaires, maintenance"
                ),
            ),
            86_400..604_800 => (
                Severity::Info,
                said!("weekly and monthly jobs, maintenance", "tâches hebdomadaires et mensuelles, maintenance"),
            ),
            _ => (Severity::Info, Said::default()),
        };
        if !missed.en.is_empty() {
            let length = match seconds {
                i64::MIN..120 => Said::from(format!("{seconds} s")),
                120..7_200 => Said::from(format!("{} min", seconds / 60)),
                7_200..172_800 => Said::from(format!("{} h", seconds / 3_600)),
                _ => said!("{days}", "{days}", days = number_of(seconds / 86_400, nouns::DAYS)),
            };
            report.add(
                BlindnessKind::Duration,
                severity,
                seconds.unsigned_abs(),
                said!(
                    "the capture covers {length}: it does not show {missed}",
                    "la capture couvre {length} : elle ne montre pas {missed}",
                    length = length,
                    missed = missed
                ),
                said!(
                    "capture for a week, with a change of shift, a backup and a maintenance in it",
                    "capturer une semaine, avec un changement de poste, une sauvegarde et une maintenance"
                ),
                Vec::new(),
            );
        }
    }
    let days: Vec<i64> = sight.days.iter().copied().collect();
    let periods = 1 + days.windows(2).filter(|pair| pair[1] - pair[0] > PAUSE_DAYS).count() as u64;
    if !days.is_empty() && periods > 1 {
        report.add(
            BlindnessKind::Position,
            Severity::Medium,
            periods,
            said!(
                "what was read is of {periods} periods with more than {PAUSE_DAYS} days between them: machines of different places or times that have the same address are taken for one",
                "ce qui a été lu provient de {periods} périodes séparées de plus de {PAUSE_DAYS} jours : des machines de lieux ou d'époques différents ayant la même adresse sont prises pour une seule"
            ),
            said!(
                "read captures of one place and time together, and the others on their own",
                "lire ensemble les captures d'un même lieu et d'une même époque, et les autres à part"
            ),
            Vec::new(),
        );
    }
    let clock = sight.count(HealthKind::Clock);
    if clock > 0 {
        report.add(
            BlindnessKind::Clock,
            Severity::Medium,
            clock,
            said!(
                "the clock of the capture went back or leapt {times}: durations and order are doubtful there",
                "l'horloge de la capture a reculé ou sauté {times} : durées et ordre y sont douteux",
                times = number_of(clock, nouns::TIMES)
            ),
            said!(
                "synchronise the capturing machine, and do not join files of different clocks",
                "synchroniser la machine de capture et ne pas joindre des fichiers d'horloges différentes"
            ),
            sight.examples(HealthKind::Clock),
        );
    }
    if sight.midstream > 0 {
        let (count, share) = (sight.midstream, percent(sight.midstream, sight.connections));
        report.add(
            BlindnessKind::Duration,
            Severity::Info,
            count,
            said!("connections that stood already when the capture began: {count} ({share} %); how they were opened, and with what identity, was not seen", "connexions déjà ouvertes au début de la capture : {count} ({share} %) ; leur ouverture et l'identité employée n'ont pas été vues", count = count),
            said!("capture across a restart of the supervision", "capturer pendant un redémarrage de la supervision"),
            Vec::new(),
        );
    }
}

fn of_machines(machines: &Machines, report: &mut Report) {
    let names = |wanted: &dyn Fn(&model::Asset) -> bool| -> (u64, Vec<Text>) {
        let found: Vec<&model::Asset> = machines.assets.iter().filter(|asset| wanted(asset)).collect();
        (found.len() as u64, found.iter().take(8).map(|asset| asset.name.clone()).collect())
    };
    let (hearsay, examples) = names(&|asset| asset.is_hearsay);
    if hearsay > 0 {
        report.add(
            BlindnessKind::Hearsay,
            Severity::Low,
            hearsay,
            said!(
                "machines known only by the words of others, never seen sending: {count}",
                "machines connues seulement par ce qu'en disent d'autres, jamais vues émettre : {count}",
                count = hearsay
            ),
            said!("capture on the segment where they stand", "capturer sur le segment où elles se trouvent"),
            examples,
        );
    }
    let (remote, examples) = names(&|asset| asset.is_remote && !asset.is_external);
    if remote > 0 {
        report.add(
            BlindnessKind::Hidden,
            Severity::Low,
            remote,
            said!("machines behind routers: {count}; their hardware addresses, and what they say on their own segment, are not seen", "machines derrière des routeurs : {count} ; leurs adresses matérielles et leurs échanges locaux ne sont pas vus", count = remote),
            said!("place a sensor in their networks too", "placer aussi une sonde dans leurs réseaux"),
            examples,
        );
    }
    let behind: u64 = machines.assets.iter().map(|asset| asset.behind.len() as u64).sum();
    if behind > 0 {
        let (_, examples) = names(&|asset| !asset.behind.is_empty());
        report.add(
            BlindnessKind::Hidden,
            Severity::Info,
            behind,
            said!("devices behind gateways and controllers (units, link addresses, routes): {count}; only what passes the gateway is seen", "équipements derrière des passerelles et des automates (unités, adresses de liaison, routes) : {count} ; on ne voit que ce qui passe par la passerelle", count = behind),
            said!("take the list of field devices from the gateway's configuration", "prendre la liste des équipements de terrain dans la configuration de la passerelle"),
            examples,
        );
    }
    let (bare, examples) = names(&|asset| {
        role(asset).is_controller()
            && !asset.attributes.iter().any(|a| {
                matches!(a.key, model::FactKey::Firmware | model::FactKey::Model | model::FactKey::OrderNumber)
            })
    });
    if bare > 0 {
        report.add(
            BlindnessKind::People,
            Severity::Low,
            bare,
            said!("controllers that said neither model nor firmware: {count}; nobody asked them during the capture, so weaknesses cannot be matched", "automates qui n'ont donné ni modèle ni firmware : {count} ; personne ne le leur a demandé pendant la capture, on ne peut donc pas rechercher leurs vulnérabilités", count = bare),
            said!("open the engineering tool's online view once during a capture, or fill these fields by hand", "ouvrir une fois la vue en ligne de l'outil d'ingénierie pendant une capture, ou renseigner ces champs à la main"),
            examples,
        );
    }
    let people = machines.assets.iter().filter(|asset| !asset.is_external).count() as u64;
    if people > 0 {
        report.add(
            BlindnessKind::People,
            Severity::Info,
            people,
            said!("criticality, asset number, place, owner, backups and accounts of {machines}: no network shows these", "criticité, numéro d'inventaire, emplacement, responsable, sauvegardes et comptes de {machines} : aucun réseau ne les montre", machines = number_of(people, nouns::MACHINES)),
            said!("walk through the plant with the list and complete it", "parcourir l'usine avec la liste et la compléter"),
            Vec::new(),
        );
    }
    let is_mute = !machines.edges.iter().any(|edge| kind::of(&edge.protocol).kind == Kind::Industrial);
    if is_mute && !machines.assets.is_empty() {
        report.add(
            BlindnessKind::Position,
            Severity::Medium,
            0,
            said!("no industrial protocol was seen: this is not where controllers talk, or they speak what is not decoded yet", "aucun protocole industriel n'a été vu : les automates ne communiquent pas ici, ou dans un protocole non encore décodé"),
            said!("capture at the switch of the controllers", "capturer sur le commutateur des automates"),
            Vec::new(),
        );
    }
}

fn of_limits(sight: &Sight, inventory: &Inventory, dropped: u64, report: &mut Report) {
    let claims: u64 = inventory.nodes.iter().map(|node| node.claims_dropped).sum();
    let health: u64 =
        [HealthKind::Evicted, HealthKind::Limit, HealthKind::Fragments, HealthKind::DecoderFailed, HealthKind::Input]
            .into_iter()
            .map(|kind| sight.count(kind))
            .sum();
    let own =
        inventory.nodes_turned_away() + inventory.edges.turned_away + inventory.parts.turned_away + dropped + claims;
    if own + health > 0 {
        let mut examples: Vec<Text> = Vec::new();
        for (what, count) in [
            ("addresses", inventory.nodes_turned_away()),
            ("edges", inventory.edges.turned_away),
            ("devices behind", inventory.parts.turned_away),
            ("claims", claims),
            ("findings", dropped),
        ] {
            if count > 0 {
                examples.push(Text::from(format!("{what}: {count}")));
            }
        }
        for kind in [
            HealthKind::Evicted,
            HealthKind::Limit,
            HealthKind::Fragments,
            HealthKind::DecoderFailed,
            HealthKind::Input,
        ] {
            examples.extend(sight.examples(kind));
        }
        examples.truncate(limits::HEALTH_DETAILS_MAX);
        let count = own + health;
        report.add(
            BlindnessKind::Limit,
            Severity::Medium,
            count,
            said!(
                "things that found no place in bounded tables, or could not be read: {count}; the judgement lacks them",
                "éléments sans place dans des tables bornées, ou illisibles : {count} ; ils manquent au jugement",
                count = count
            ),
            said!("read the capture in parts, or with a filter", "lire la capture par parties, ou avec un filtre"),
            examples,
        );
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use model::{BlindnessKind, Health, HealthKind, Record, State, Verb};

    use crate::testing::{act, at, conversation, judge};

    fn kinds(records: Vec<Record>) -> Vec<BlindnessKind> {
        let mut kinds: Vec<BlindnessKind> = judge(records).sight.iter().map(|blindness| blindness.kind).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    #[test]
    fn one_direction_only_is_said() {
        let mut half = conversation(0.0, "10.0.0.9", "10.0.0.7:502", "modbus", State::Midstream);
        half.received = Default::default();
        assert!(kinds(vec![Record::Conversation(half)]).contains(&BlindnessKind::OneWay));
        let whole = conversation(0.0, "10.0.0.9", "10.0.0.7:502", "modbus", State::Closed);
        assert!(!kinds(vec![Record::Conversation(whole)]).contains(&BlindnessKind::OneWay));
    }

    #[test]
    fn a_capture_made_on_a_host_is_recognised() {
        let talk = |host: u8| {
            Record::Conversation(conversation(0.0, "10.0.0.9", &format!("10.0.0.{host}:502"), "modbus", State::Closed))
        };
        let high = |records: Vec<Record>| {
            judge(records).sight.iter().any(|b| b.kind == BlindnessKind::Position && b.examples == ["ip-10.0.0.9"])
        };
        assert!(high(vec![talk(1), talk(2), talk(3)]));
        let other = Record::Conversation(conversation(0.0, "10.0.0.2", "10.0.0.3:502", "modbus", State::Closed));
        assert!(!high(vec![talk(1), talk(2), talk(3), other]));
    }

    #[test]
    fn losses_of_the_capture_and_short_time_are_said() {
        let drop = Record::Health(Health {
            at: at(0.0),
            kind: HealthKind::Dropped,
            protocol: Cow::Borrowed(""),
            flow: None,
            count: 12,
            detail: "interface statistics".into(),
        });
        let read = Record::Act(act(1.0, "10.0.0.9", "10.0.0.7:502", "modbus", Verb::Read, "read coils"));
        let kinds = kinds(vec![drop, read]);
        assert!(kinds.contains(&BlindnessKind::Loss) && kinds.contains(&BlindnessKind::Duration));
    }
}
