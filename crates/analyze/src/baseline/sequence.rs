//! The order of messages between two machines: a Markov chain of order two that falls back to order one.

use std::collections::BTreeMap;

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Act, Outcome, Text, Verb};

use crate::limits;

/// Number of a kind of message; 0 is the beginning of a connection.
pub(crate) type SymbolId = u8;

/// One kind of message: who says it, what it is, and how it ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub struct Symbol {
    /// Whether the first machine of the pair says it.
    pub is_forward: bool,
    /// What it does.
    pub verb: Verb,
    /// Its code.
    pub code: u32,
    /// Its name.
    pub name: Text,
    /// How it ends.
    pub outcome: Outcome,
}

impl Symbol {
    fn is_of(&self, act: &Act, is_forward: bool) -> bool {
        self.is_forward == is_forward
            && self.code == act.code
            && self.verb == act.verb
            && self.outcome == act.outcome
            && self.name == act.name
    }

    fn of(act: &Act, is_forward: bool) -> Symbol {
        Symbol { is_forward, verb: act.verb, code: act.code, name: act.name.clone(), outcome: act.outcome }
    }

    /// For people: `→ read command`.
    pub(crate) fn show(&self) -> String {
        let arrow = if self.is_forward { '→' } else { '←' };
        match self.outcome {
            Outcome::Refused | Outcome::NoAnswer => format!("{arrow} {} ({})", self.name, self.outcome),
            _ => format!("{arrow} {}", self.name),
        }
    }
}

/// What followed one context.
#[derive(Clone, Debug, Default, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Followers {
    pub(crate) count: u64,
    pub(crate) next: Vec<(SymbolId, u64)>,
}

impl Followers {
    fn of(&self, symbol: SymbolId) -> u64 {
        self.next.iter().find(|(known, _)| *known == symbol).map_or(0, |(_, count)| *count)
    }

    /// Whether a follower seen so often is as strange as one never seen.
    pub(crate) fn is_rare(&self, seen: u64) -> bool {
        (seen as f64) < self.count as f64 * RARE
    }

    fn add(&mut self, symbol: SymbolId) {
        self.count += 1;
        match self.next.iter_mut().find(|(known, _)| *known == symbol) {
            Some((_, count)) => *count += 1,
            None => self.next.push((symbol, 1)),
        }
    }
}

/// The last two messages of a connection, the latest last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Context(pub(crate) Option<SymbolId>, pub(crate) Option<SymbolId>);

impl Context {
    pub(crate) fn push(self, symbol: Option<SymbolId>) -> Context {
        Context(self.1, symbol)
    }
}

/// The order of messages of one pair of machines by one protocol.
#[derive(Clone, Debug, Default, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Sequence {
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) one: BTreeMap<SymbolId, Followers>,
    pub(crate) two: BTreeMap<(SymbolId, SymbolId), Followers>,
    /// Transitions seen, and of those seen once.
    pub(crate) count: u64,
    pub(crate) once: u64,
    /// Said by people, or learned elsewhere: judged as it stands.
    pub(crate) is_fixed: bool,
    /// A person said that it is normal.
    pub(crate) is_approved: bool,
    /// There were too many kinds of messages or contexts: nothing is said of their order.
    pub(crate) is_full: bool,
}

/// A context that was seen less often says nothing; the shorter one is asked then.
pub(crate) const CONTEXT_MIN: u64 = 8;

/// Transitions that must have been seen before their order is judged.
const TRANSITIONS_MIN: u64 = 200;

/// A follower rarer than this is as strange as one never seen.
const RARE: f64 = 1e-4;

impl Sequence {
    /// What became of it.
    pub(crate) fn state(&self) -> super::State {
        if self.is_approved { super::State::Approved } else { super::State::Proposed }
    }

    /// The number of `symbol`, new where it must be; `None` where there is no room.
    pub(crate) fn number_of(&mut self, symbol: Symbol) -> Option<SymbolId> {
        if let Some(at) = self.symbols.iter().position(|known| *known == symbol) {
            return Some(at as SymbolId);
        }
        if self.symbols.len() >= limits::BASELINE_SYMBOLS_MAX {
            return None;
        }
        self.symbols.push(symbol);
        Some((self.symbols.len() - 1) as SymbolId)
    }

    pub(crate) fn symbol(&self, act: &Act, is_forward: bool) -> Option<SymbolId> {
        self.symbols.iter().position(|symbol| symbol.is_of(act, is_forward)).map(|at| at as SymbolId)
    }

    /// Whether this kind of message is known, however it ends: else it is told as a function, not as an order.
    pub(crate) fn knows(&self, act: &Act, is_forward: bool) -> bool {
        self.symbols.iter().any(|symbol| {
            symbol.is_forward == is_forward
                && symbol.code == act.code
                && symbol.verb == act.verb
                && symbol.name == act.name
        })
    }

    pub(crate) fn learn(&mut self, context: Context, act: &Act, is_forward: bool) -> Option<SymbolId> {
        let symbol = match self.symbol(act, is_forward) {
            Some(symbol) => symbol,
            None if self.symbols.len() < limits::BASELINE_SYMBOLS_MAX => {
                self.symbols.push(Symbol::of(act, is_forward));
                (self.symbols.len() - 1) as SymbolId
            }
            None => {
                self.is_full = true;
                return None;
            }
        };
        let Some(last) = context.1 else { return Some(symbol) };
        self.count += 1;
        let followers = self.one.entry(last).or_default();
        followers.add(symbol);
        match followers.of(symbol) {
            1 => self.once += 1,
            2 => self.once = self.once.saturating_sub(1),
            _ => {}
        }
        if let Some(before) = context.0 {
            let is_room = self.two.len() < limits::BASELINE_CONTEXTS_MAX || self.two.contains_key(&(before, last));
            if is_room {
                self.two.entry((before, last)).or_default().add(symbol);
            } else {
                self.is_full = true;
            }
        }
        Some(symbol)
    }

    /// Whether its order may be judged: few transitions were seen once only.
    pub(crate) fn is_armed(&self, is_enforced: bool, unseen_max: f64) -> bool {
        let is_known = self.count >= TRANSITIONS_MIN && (self.once as f64) < self.count as f64 * unseen_max;
        !self.is_full && (self.is_fixed || is_known || (is_enforced && self.count >= CONTEXT_MIN))
    }

    /// Whether `symbol` may follow; else what was expected.
    pub(crate) fn judge(&self, context: Context, symbol: Option<SymbolId>) -> Result<(), Vec<SymbolId>> {
        let Some(last) = context.1 else { return Ok(()) };
        let long = context.0.and_then(|before| self.two.get(&(before, last))).filter(|f| f.count >= CONTEXT_MIN);
        let Some(followers) = long.or_else(|| self.one.get(&last).filter(|f| f.count >= CONTEXT_MIN)) else {
            return Ok(());
        };
        let seen = symbol.map_or(0, |symbol| followers.of(symbol));
        if seen > 0 && !followers.is_rare(seen) {
            return Ok(());
        }
        let mut expected = followers.next.clone();
        expected.sort_by_key(|(symbol, count)| (std::cmp::Reverse(*count), *symbol));
        Err(expected.into_iter().map(|(symbol, _)| symbol).take(3).collect())
    }
}
