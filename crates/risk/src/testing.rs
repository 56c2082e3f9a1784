//! Helpers of tests and examples: small plants made by hand.

use std::collections::BTreeMap;

use model::{
    Asset, Confidence, Criticality, Edge, Importance, Interface, Judgement, Level, Purdue, Role, RoleClaim, Service,
    Text, Time, Verb,
};

/// A plant in the making.
#[derive(Default)]
pub struct Plant {
    judgement: Judgement,
    numbers: BTreeMap<String, usize>,
}

impl Plant {
    /// Without machines.
    pub fn new() -> Plant {
        let mut plant = Plant::default();
        plant.judgement.first = Some(Time::from_seconds(1_700_000_000, 0));
        plant.judgement.last = Some(Time::from_seconds(1_700_007_200, 0));
        plant
    }

    /// A machine with a name, an address, a role and a Purdue level. Controllers are of high importance, safety is critical.
    pub fn machine(&mut self, name: &str, ip: &str, role: &str, level: &str) -> &mut Plant {
        let role = Role::from_word(role).expect("a role");
        let ip: std::net::IpAddr = ip.parse().expect("an address");
        self.numbers.insert(name.to_owned(), self.judgement.assets.len());
        let importance = match role {
            Role::SafetyController => Importance::Critical,
            role if role.is_controller() => Importance::High,
            role if role.is_industrial() => Importance::Medium,
            _ => Importance::Low,
        };
        self.judgement.assets.push(Asset {
            id: Text::from(format!("ip-{ip}")),
            name: Text::from(name),
            names: vec![Text::from(name)],
            interfaces: vec![Interface { mac: None, maker: None, ips: vec![ip], vlans: Vec::new() }],
            attributes: Vec::new(),
            modules: Vec::new(),
            behind: Vec::new(),
            services: Vec::new(),
            uses: Vec::new(),
            roles: vec![RoleClaim { role, confidence: Confidence::Certain, reasons: Vec::new() }],
            purdue: Level { level: Purdue::from_word(level).expect("a level"), reasons: Vec::new() },
            criticality: Criticality { importance, reasons: Vec::new() },
            fields: Vec::new(),
            known: 0,
            users: Vec::new(),
            credentials: Vec::new(),
            os: None,
            is_remote: false,
            is_external: role == Role::InternetHost,
            is_hearsay: false,
            first: self.judgement.first.unwrap_or_default(),
            last: self.judgement.last.unwrap_or_default(),
            packets_sent: 1_000,
            packets_received: 1_000,
            bytes_sent: 100_000,
            bytes_received: 100_000,
            acts_asked: 0,
            acts_received: 0,
        });
        self
    }

    /// A machine that was added.
    pub fn asset(&mut self, name: &str) -> &mut Asset {
        let number = self.numbers[name];
        &mut self.judgement.assets[number]
    }

    /// Somebody uses a service of somebody; verbs are parted by spaces.
    pub fn edge(&mut self, from: &str, to: &str, protocol: &str, port: u16, verbs: &str) -> &mut Plant {
        let (from, to) = (self.asset(from).id.clone(), to);
        let (first, last) = (self.judgement.first.unwrap_or_default(), self.judgement.last.unwrap_or_default());
        let server = self.asset(to);
        let to = server.id.clone();
        match server.services.iter_mut().find(|service| service.protocol == protocol && service.port == Some(port)) {
            Some(service) => {
                service.partners.push(from.clone());
                service.partner_count += 1;
            }
            None => server.services.push(Service {
                protocol: protocol.into(),
                is_guess: false,
                transport: "tcp".into(),
                port: Some(port),
                partners: vec![from.clone()],
                partner_count: 1,
                conversations: 1,
                first,
                last,
            }),
        }
        let verbs: Vec<(Verb, u64)> =
            verbs.split_whitespace().map(|verb| (Verb::from_word(verb).expect("a verb"), 100)).collect();
        self.judgement.edges.push(Edge {
            from,
            to,
            is_group: false,
            protocol: protocol.into(),
            is_guess: false,
            ports: vec![port],
            acts: verbs.iter().map(|(_, count)| count).sum(),
            verbs,
            refused: 0,
            unanswered: 0,
            conversations: 1,
            packets: 1_000,
            bytes: 100_000,
            first,
            last,
        });
        self
    }

    /// What was made.
    pub fn judgement(self) -> Judgement {
        self.judgement
    }
}
