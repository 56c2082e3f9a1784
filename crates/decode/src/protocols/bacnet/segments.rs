//! Messages in segments, put together again.
//!
//! Written from ANSI/ASHRAE 135-2020, clause 5.2.

use model::Time;
use wire::Reader;

use super::{Bacnet, Envelope, Key};
use crate::Output;

/// Messages that are being put together at a time, of one flow.
const ASSEMBLIES_MAX: usize = 8;

/// Bytes of one message that is put together: object lists of some thousand objects fit.
const ASSEMBLY_BYTES_MAX: usize = 128 * 1024;

/// A message in segments.
pub(super) struct Assembly {
    pub(super) key: Key,
    is_request: bool,
    service: u8,
    at: Time,
    envelope: Envelope,
    bytes: Vec<u8>,
    /// Number of the segment that must come next, modulo 256.
    next: u8,
    /// Segments seen.
    segments: u32,
    /// A segment is missing, or there were too many bytes: what follows is counted only.
    is_broken: bool,
    /// The last segment came.
    is_ended: bool,
}

impl Bacnet {
    /// One segment of a request or of a complex acknowledgement (clause 5.2).
    pub(super) fn segment(
        &mut self,
        is_request: bool,
        invoke: u8,
        service: u8,
        sequence: u8,
        more: bool,
        bytes: &[u8],
        envelope: Envelope,
        out: &mut Output<'_>,
    ) {
        let key = if is_request { envelope.key_of_request(invoke) } else { envelope.key_of_answer(invoke) };
        let is_same = |a: &Assembly| a.key == key && a.is_request == is_request && a.service == service;
        let mut index = self.assemblies.iter().position(is_same);
        if let Some(old) = index
            && sequence == 0
            && self.assemblies.get(old).is_some_and(|a| a.segments > 1 || a.at.plus(5_000_000_000) < envelope.at)
        {
            // The id is used again: the old message never became whole.
            let assembly = self.assemblies.remove(old);
            self.assembled(assembly, out);
            index = None;
        }
        if index.is_none() {
            if self.assemblies.len() >= ASSEMBLIES_MAX {
                let oldest = self.assemblies.remove(0);
                self.assembled(oldest, out);
            }
            self.assemblies.push(Assembly {
                key,
                is_request,
                service,
                at: envelope.at,
                envelope,
                bytes: Vec::new(),
                next: 0,
                segments: 0,
                is_broken: false,
                is_ended: false,
            });
            index = self.assemblies.len().checked_sub(1);
        }
        let Some(index) = index else { return };
        let Some(assembly) = self.assemblies.get_mut(index) else { return };
        assembly.segments = assembly.segments.saturating_add(1);
        assembly.envelope.at = envelope.at;
        let is_repeated = sequence == assembly.next.wrapping_sub(1) && assembly.segments > 1;
        if sequence == assembly.next && !assembly.is_broken {
            if assembly.bytes.len().saturating_add(bytes.len()) > ASSEMBLY_BYTES_MAX {
                assembly.is_broken = true;
            } else {
                assembly.bytes.extend_from_slice(bytes);
                assembly.next = assembly.next.wrapping_add(1);
            }
        } else if !is_repeated {
            assembly.is_broken = true;
        }
        if !more {
            let mut assembly = self.assemblies.remove(index);
            assembly.is_ended = true;
            self.assembled(assembly, out);
        }
    }

    /// Reads what was put together, whole or not.
    pub(super) fn assembled(&mut self, assembly: Assembly, out: &mut Output<'_>) {
        let mut r = Reader::new(&assembly.bytes);
        let invoke = assembly.key.invoke;
        self.last_segmented = Some(assembly.key);
        let is_cut = assembly.envelope.is_cut || assembly.is_broken || !assembly.is_ended;
        let envelope = Envelope { is_cut, ..assembly.envelope };
        if assembly.is_request {
            let envelope = Envelope { at: assembly.at, ..envelope };
            self.request(invoke, assembly.service, &mut r, assembly.segments, envelope, out);
        } else {
            self.complex_ack(invoke, assembly.service, &mut r, assembly.segments, envelope, out);
        }
    }
}
