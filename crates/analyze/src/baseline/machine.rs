//! Who is who, as records come in: machines by hardware address first, then by IP address, across changes of address.

use std::net::IpAddr;

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Address, Mac, Text, Time};

use super::State;
use crate::inventory::Key;
use crate::inventory::address;
use crate::limits;
use crate::table::Bounded;

/// Number of a machine in the baseline, in order of appearance.
pub(crate) type MachineId = u32;

/// One machine, or one group address.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Machine {
    /// The name it gives itself; empty where it gives none.
    pub(crate) name: Text,
    /// Its IP addresses, in order of appearance; bounded.
    pub(crate) ips: Vec<IpAddr>,
    /// Hardware addresses that are its own, in order of appearance; bounded.
    pub(crate) macs: Vec<Mac>,
    pub(crate) is_group: bool,
    pub(crate) state: State,
    /// Whether it was told as a stranger.
    pub(crate) is_told: bool,
    /// How often it was met.
    pub(crate) met: u64,
    /// Of these, how often it began something; its channels met once.
    pub(crate) began: u64,
    pub(crate) channels_once: u32,
    pub(crate) first: Time,
    pub(crate) last: Time,
    /// Whether it answers industrial requests or reports values.
    pub(crate) serves_industry: bool,
    /// Services it offers, by number.
    pub(crate) offers: Vec<u16>,
}

/// What a hardware address carries.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Carrier {
    machine: MachineId,
    /// The first IP address that came with it.
    ip: Option<IpAddr>,
    /// Whether the address resolution protocol bound it to that address.
    is_bound: bool,
    /// Whether more than one machine stands behind it: a router, or a host with several addresses.
    fronts: bool,
}

/// How an address was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// As what it was.
    Known,
    /// Nobody knew it.
    New,
    /// A known machine has an address that it did not have.
    Moved,
    /// A known IP address came with hardware that did not carry it.
    Replaced,
}

/// All machines.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Who {
    pub(crate) machines: Vec<Machine>,
    by_ip: Bounded<IpAddr, MachineId>,
    by_mac: Bounded<Mac, Carrier>,
    /// How often anybody was met.
    pub(crate) met: u64,
}

/// Addresses kept of one machine.
const ADDRESSES_MAX: usize = 8;

impl Who {
    pub(crate) fn new() -> Who {
        Who {
            machines: Vec::new(),
            by_ip: Bounded::new(limits::BASELINE_MACHINES_MAX),
            by_mac: Bounded::new(limits::BASELINE_MACHINES_MAX),
            met: 0,
        }
    }

    /// How many addresses found no place.
    pub(crate) fn turned_away(&self) -> u64 {
        self.by_ip.turned_away + self.by_mac.turned_away
    }

    pub(crate) fn machine(&self, id: MachineId) -> Option<&Machine> {
        self.machines.get(id as usize)
    }

    pub(crate) fn machine_mut(&mut self, id: MachineId) -> Option<&mut Machine> {
        self.machines.get_mut(id as usize)
    }

    /// The machine at `address`, new where it must be. `learns`: what is met is normal; else a known hardware address
    /// with a strange IP address is the known machine with another address.
    pub(crate) fn meet(&mut self, address: &Address, at: Time, learns: bool) -> Option<(MachineId, How)> {
        let mac = address.mac.filter(|mac| !mac.is_group() && *mac != Mac([0; 6]));
        let ip = address.ip.filter(|ip| !ip.is_unspecified());
        let key = Key::of(address)?;
        if key.is_group(address.mac) {
            return match key {
                Key::Ip(ip) => self.of_ip(ip, at, true),
                Key::Mac(mac) => self.of_mac(mac, at, true),
            };
        }
        let Some(ip) = ip else { return mac.and_then(|mac| self.of_mac(mac, at, false)) };
        let Some(mac) = mac else { return self.of_ip(ip, at, false) };
        let is_link_local = address::is_link_local(ip);
        let known = self.by_ip.get(&ip).copied();
        let carrier = self.by_mac.get(&mac).cloned();
        match (known, carrier) {
            (Some(id), Some(carrier)) if carrier.machine == id || carrier.fronts => Some((id, How::Known)),
            (Some(id), Some(carrier)) => {
                let other = self.machine(id).is_some_and(|machine| !machine.macs.is_empty());
                if learns || !other {
                    self.fronts(mac);
                    return Some((id, How::Known));
                }
                // The hardware decides who it is.
                Some((carrier.machine, How::Moved))
            }
            (Some(id), None) => {
                let had = self.machine(id).is_some_and(|machine| !machine.macs.is_empty());
                self.by_mac.entry(mac, || Carrier { machine: id, ip: Some(ip), is_bound: false, fronts: false });
                if let Some(machine) = self.machine_mut(id) {
                    note(&mut machine.macs, mac);
                }
                Some((id, if had { How::Replaced } else { How::Known }))
            }
            (None, Some(carrier)) => {
                let is_first = carrier.ip.is_none();
                let is_other_family = carrier.ip.is_some_and(|known| known.is_ipv4() != ip.is_ipv4());
                // A link-local address is never routed: whoever sends from it stands behind this hardware address.
                let is_own = is_first || (is_link_local && is_other_family);
                let is_near =
                    carrier.is_bound || carrier.ip.is_some_and(|known| address::subnet(known) == address::subnet(ip));
                let is_moved = !learns && !carrier.fronts && is_near && !address::is_public(ip);
                if is_own || is_moved {
                    self.by_ip.entry(ip, || carrier.machine)?;
                    if let Some(machine) = self.machine_mut(carrier.machine) {
                        note(&mut machine.ips, ip);
                    }
                    if is_first && let Some(entry) = self.by_mac.get_mut(&mac) {
                        entry.ip = Some(ip);
                    }
                    return Some((carrier.machine, if is_own { How::Known } else { How::Moved }));
                }
                if !carrier.fronts && !is_other_family {
                    self.fronts(mac);
                }
                self.of_ip(ip, at, false)
            }
            (None, None) => {
                let (id, how) = self.of_ip(ip, at, false)?;
                self.by_mac.entry(mac, || Carrier { machine: id, ip: Some(ip), is_bound: false, fronts: false });
                if let Some(machine) = self.machine_mut(id) {
                    note(&mut machine.macs, mac);
                }
                Some((id, how))
            }
        }
    }

    /// More than one machine stands behind `mac`: it says nothing of who is who.
    fn fronts(&mut self, mac: Mac) {
        let Some(carrier) = self.by_mac.get_mut(&mac) else { return };
        carrier.fronts = true;
        let id = carrier.machine;
        if carrier.is_bound {
            return;
        }
        if let Some(machine) = self.machine_mut(id).filter(|machine| !machine.ips.is_empty()) {
            machine.macs.retain(|known| *known != mac);
        }
    }

    /// The address resolution protocol says that `ip` is at `mac`.
    pub(crate) fn bind(&mut self, ip: IpAddr, mac: Mac) {
        if let Some(carrier) = self.by_mac.get_mut(&mac)
            && carrier.ip == Some(ip)
        {
            carrier.is_bound = true;
        }
    }

    fn of_ip(&mut self, ip: IpAddr, at: Time, is_group: bool) -> Option<(MachineId, How)> {
        if let Some(id) = self.by_ip.get(&ip) {
            return Some((*id, How::Known));
        }
        if self.machines.len() >= limits::BASELINE_MACHINES_MAX {
            self.by_ip.turned_away += 1;
            return None;
        }
        let id = self.machines.len() as MachineId;
        self.by_ip.entry(ip, || id)?;
        self.machines.push(Machine::new(vec![ip], Vec::new(), is_group, at));
        Some((id, How::New))
    }

    fn of_mac(&mut self, mac: Mac, at: Time, is_group: bool) -> Option<(MachineId, How)> {
        if let Some(carrier) = self.by_mac.get(&mac) {
            return Some((carrier.machine, How::Known));
        }
        if self.machines.len() >= limits::BASELINE_MACHINES_MAX {
            self.by_mac.turned_away += 1;
            return None;
        }
        let id = self.machines.len() as MachineId;
        self.by_mac.entry(mac, || Carrier { machine: id, ip: None, is_bound: false, fronts: false })?;
        self.machines.push(Machine::new(Vec::new(), vec![mac], is_group, at));
        Some((id, How::New))
    }

    /// Puts in a machine that a baseline in text names.
    pub(crate) fn insert(&mut self, machine: Machine) -> Option<MachineId> {
        if self.machines.len() >= limits::BASELINE_MACHINES_MAX {
            return None;
        }
        let id = self.machines.len() as MachineId;
        for ip in &machine.ips {
            self.by_ip.entry(*ip, || id);
        }
        let first = machine.ips.first().copied();
        for mac in &machine.macs {
            self.by_mac.entry(*mac, || Carrier { machine: id, ip: first, is_bound: true, fronts: false });
        }
        self.machines.push(machine);
        Some(id)
    }

    /// The machine with this IP address.
    pub(crate) fn find_ip(&self, ip: IpAddr) -> Option<MachineId> {
        self.by_ip.get(&ip).copied()
    }

    /// The machine with this hardware address.
    pub(crate) fn find_mac(&self, mac: Mac) -> Option<MachineId> {
        self.by_mac.get(&mac).map(|carrier| carrier.machine)
    }
}

impl Machine {
    pub(crate) fn new(ips: Vec<IpAddr>, macs: Vec<Mac>, is_group: bool, at: Time) -> Machine {
        Machine {
            name: Text::default(),
            ips,
            macs,
            is_group,
            state: State::Proposed,
            is_told: false,
            met: 0,
            began: 0,
            channels_once: 0,
            first: at,
            last: at,
            serves_industry: false,
            offers: Vec::new(),
        }
    }

    /// An address of it, for findings.
    pub(crate) fn address(&self) -> Address {
        Address { ip: self.ips.first().copied(), mac: self.macs.first().copied(), ..Address::default() }
    }

    /// Whether it stands on the public Internet.
    pub(crate) fn is_external(&self) -> bool {
        self.ips.first().is_some_and(|ip| address::is_public(*ip)) && !self.is_group
    }

    /// Its first address as text.
    pub(crate) fn address_text(&self) -> String {
        match (self.ips.first(), self.macs.first()) {
            (Some(ip), _) => ip.to_string(),
            (None, Some(mac)) => mac.to_string(),
            (None, None) => "?".to_owned(),
        }
    }

    /// Its name, or its first address.
    pub(crate) fn label(&self) -> String {
        match self.name.is_empty() {
            true => self.address_text(),
            false => self.name.to_string(),
        }
    }
}

fn note<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if list.len() < ADDRESSES_MAX && !list.contains(&item) {
        list.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::address;

    fn meet(who: &mut Who, text: &str, learns: bool) -> (MachineId, How) {
        who.meet(&address(text), Time(0), learns).unwrap()
    }

    #[test]
    fn a_machine_keeps_its_identity_when_its_address_changes() {
        let mut who = Who::new();
        assert_eq!(meet(&mut who, "10.0.0.1@00:1b:1b:00:00:01", true), (0, How::New));
        assert_eq!(meet(&mut who, "10.0.0.2@00:1b:1b:00:00:02", true), (1, How::New));
        assert_eq!(meet(&mut who, "10.0.0.77@00:1b:1b:00:00:01", false), (0, How::Moved));
        assert_eq!(meet(&mut who, "10.0.0.77@00:1b:1b:00:00:01", false), (0, How::Known));
        // Known hardware with the address of another: the hardware decides.
        assert_eq!(meet(&mut who, "10.0.0.2@00:1b:1b:00:00:01", false), (0, How::Moved));
        // A known address on unknown hardware.
        assert_eq!(meet(&mut who, "10.0.0.2@00:1b:1b:00:00:99", false), (1, How::Replaced));
    }

    #[test]
    fn behind_a_router_addresses_decide() {
        let mut who = Who::new();
        for (number, ip) in ["10.1.0.1", "10.2.0.1", "10.2.0.2"].iter().enumerate() {
            assert_eq!(meet(&mut who, &format!("{ip}@00:00:0c:00:00:01"), true), (number as u32, How::New));
        }
        assert_eq!(meet(&mut who, "10.2.0.9@00:00:0c:00:00:01", false), (3, How::New));
        assert_eq!(meet(&mut who, "10.2.0.2@00:00:0c:00:00:01", false), (2, How::Known));
    }

    #[test]
    fn two_families_of_one_link_are_one_machine() {
        let mut who = Who::new();
        let id = meet(&mut who, "10.0.0.1@00:1b:1b:00:00:01", true).0;
        assert_eq!(meet(&mut who, "fe80::1@00:1b:1b:00:00:01", true), (id, How::Known));
        assert_eq!(meet(&mut who, "00:1b:1b:00:00:01", true), (id, How::Known));
    }
}
