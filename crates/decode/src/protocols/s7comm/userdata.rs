//! User data: system status lists, blocks, cyclic services, alarms, clock, password, programmer commands.

use compact_str::format_compact;
use model::{Confidence, FactKey, Messages, Object, Reading, Text, Time, Value, Verb};
use wire::{Reader, Short};

use super::item::{self, Item, Slots, clock};
use super::{S7, blocks, names, szl};
use crate::{About, Context, Draft, Output, Speaker, Values};

/// Cyclic and test jobs of one connection whose items are remembered, to name what is pushed later.
const JOBS_MAX: usize = 64;

/// Answers of one connection that come in parts at the same time.
const PARTS_MAX: usize = 4;

/// Bytes of an answer in parts.
const PARTS_BYTES_MAX: usize = 65_536;

/// A request that waits.
pub(super) struct UserRequest {
    group: u8,
    subfunction: u8,
    object: Object,
    items: Vec<Item>,
    values: Vec<Reading>,
    extra: Vec<(&'static str, Text)>,
}

/// A job set up earlier: its group, its reference and its items.
struct Job {
    group: u8,
    reference: u8,
    items: Vec<Item>,
}

/// An answer of which more is to come.
struct Parts {
    key: (u8, u8, u8),
    bytes: Vec<u8>,
    object: Object,
}

/// What user data remembers.
#[derive(Default)]
pub(super) struct UserData {
    jobs: Vec<Job>,
    parts: Vec<Parts>,
}

impl UserData {
    pub(super) fn gap(&mut self) {
        self.parts.clear();
    }

    fn remember(&mut self, group: u8, reference: u8, items: Vec<Item>) {
        self.jobs.retain(|job| (job.group, job.reference) != (group, reference));
        if self.jobs.len() >= JOBS_MAX {
            self.jobs.remove(0);
        }
        self.jobs.push(Job { group, reference, items });
    }

    fn items(&self, group: u8, reference: u8) -> &[Item] {
        let job = self.jobs.iter().find(|job| (job.group, job.reference) == (group, reference));
        job.map_or(&[], |job| &job.items)
    }
}

/// The parameters of user data.
pub(super) struct Parameters {
    kind: u8,
    pub(super) group: u8,
    subfunction: u8,
    sequence: u8,
    unit: u8,
    is_more: bool,
    error: u16,
}

impl Parameters {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Parameters, Short> {
        r.u24("parameter head")?;
        let length = r.u8("parameter length")?;
        r.u8("method")?;
        let kind = r.u8("type and function group")?;
        let mut parameters = Parameters {
            kind: kind >> 4,
            group: kind & 0x0f,
            subfunction: r.u8("subfunction")?,
            sequence: r.u8("sequence number")?,
            unit: 0,
            is_more: false,
            error: 0,
        };
        if length >= 8 && r.left() >= 4 {
            parameters.unit = r.u8("data unit reference")?;
            parameters.is_more = r.u8("last data unit")? != 0;
            parameters.error = r.u16("error code")?;
        }
        Ok(parameters)
    }

    /// The code of its messages.
    pub(super) fn code(&self) -> u32 {
        256_u32.saturating_add(self.group.into())
    }

    /// Who says a message of this type: requests 4 and 7, answers 8 and 11, pushes 0 and 3.
    pub(super) fn speaker(&self) -> Option<Speaker> {
        match self.kind {
            4 | 7 => Some(Speaker::Client),
            8 | 11 | 0 | 3 => Some(Speaker::Server),
            _ => None,
        }
    }
}

/// The head of the data: return code, and a reader over the payload.
fn payload<'a>(r: &mut Reader<'a>) -> Result<(u8, Reader<'a>), Short> {
    if r.is_empty() {
        return Ok((0xff, *r));
    }
    let code = r.u8("return code")?;
    let size = r.u8("transport size")?;
    let length = usize::from(r.u16("length")?);
    let length = if matches!(size, 3..=5) { length.div_ceil(8) } else { length };
    Ok((code, r.sub_at_most(length)))
}

fn messages(code: u32, count: u32) -> Messages {
    let mut messages = Messages::none();
    messages.add("s7comm", code, count);
    messages
}

fn draft(group: u8, subfunction: u8, object: Object) -> Draft<'static> {
    let (name, verb) = names::subfunction(group, subfunction);
    Draft::named(256_u32.saturating_add(group.into()), name, verb).object(object)
}

impl UserRequest {
    fn draft(&self, at: Time) -> Draft<'_> {
        let mut draft = draft(self.group, self.subfunction, self.object.clone()).asked(at);
        if self.group == 4 && self.subfunction == 1 {
            draft = draft.verb(szl_verb(&self.object));
        }
        for (name, value) in &self.extra {
            draft = draft.extra(name, value.clone());
        }
        draft.values(Values::List(&self.values))
    }

    pub(super) fn unanswered(&self, at: Time, out: &mut Output<'_>) {
        let code = 256_u32.saturating_add(self.group.into());
        out.act(self.draft(at).no_answer().messages(messages(code, 1)));
    }
}

/// Lists that say who the module is are asked for to identify it.
fn szl_verb(object: &Object) -> Verb {
    match object {
        Object::Text(text) => match text.get(6..10) {
            Some(id) if id.ends_with("11") || id.ends_with("1c") => Verb::Identify,
            _ => Verb::Diagnose,
        },
        _ => Verb::Diagnose,
    }
}

impl S7 {
    /// One message of user data.
    pub(super) fn user_data(
        &mut self,
        reference: u16,
        mut parameters: Reader<'_>,
        mut data: Reader<'_>,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let head = Parameters::read(&mut parameters)?;
        let content = payload(&mut data);
        let (code, body) = content.unwrap_or((0xff, data));
        let result = match head.kind {
            4 | 7 => self.user_request(reference, &head, body, context, out),
            8 | 11 => self.user_answer(reference, &head, code, body, context, out),
            _ => self.push(&head, code, body, context, out),
        };
        content.and(result)
    }

    fn user_request(
        &mut self,
        reference: u16,
        head: &Parameters,
        mut r: Reader<'_>,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let mut request = UserRequest {
            group: head.group,
            subfunction: head.subfunction,
            object: Object::None,
            items: Vec::new(),
            values: Vec::new(),
            extra: Vec::new(),
        };
        let key = (head.group, head.subfunction, head.unit);
        let under_way = self.user.parts.iter().find(|parts| parts.key == key && head.sequence != 0);
        let result = match under_way {
            Some(parts) => {
                request.object = parts.object.clone();
                Ok(())
            }
            None => request.read(&mut r, out),
        };
        if let Some((_, at, old)) = self.requests.ask((reference, head.group), context.at, request) {
            old.unanswered(at, out);
        }
        result
    }

    fn user_answer(
        &mut self,
        reference: u16,
        head: &Parameters,
        code: u8,
        body: Reader<'_>,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let mut request =
            self.requests.answer(&(reference, head.group)).filter(|(_, r)| r.subfunction == head.subfunction);
        let is_job = matches!((head.group, head.subfunction), (1, _) | (2, 1 | 5 | 7));
        if let Some((_, request)) = &mut request
            && is_job
            && !request.items.is_empty()
        {
            self.user.remember(head.group, head.sequence, std::mem::take(&mut request.items));
        }
        let mut draft = match &request {
            Some((at, request)) => request.draft(*at).messages(messages(head.code(), 2)),
            None => draft(head.group, head.subfunction, Object::None).messages(messages(head.code(), 1)),
        };
        let is_empty = body.is_empty();
        let is_refused = head.error != 0 || (code != 0xff && !(is_empty && code == 0x0a));
        if is_refused {
            let (code, name) = match head.error {
                0 => (u32::from(code), names::return_code(code)),
                error => (error.into(), names::error(error)),
            };
            out.act(draft.refused(context.at, code, name));
            return Ok(());
        }
        draft = draft.done(context.at);
        let key = (head.group, head.subfunction, head.unit);
        let index = self.user.parts.iter().position(|parts| parts.key == key);
        let object = request.as_ref().map_or(Object::None, |(_, request)| request.object.clone());
        if head.is_more || index.is_some() {
            let mut parts = match index {
                Some(index) => self.user.parts.remove(index),
                None => Parts { key, bytes: Vec::new(), object },
            };
            if parts.bytes.len().saturating_add(body.left()) > PARTS_BYTES_MAX {
                out.act(draft);
                out.malformed(0, "last data unit", "the answer does not end within 65536 bytes");
                return Ok(());
            }
            parts.bytes.extend_from_slice(body.rest());
            if head.is_more {
                if self.user.parts.len() >= PARTS_MAX {
                    self.user.parts.remove(0);
                }
                self.user.parts.push(parts);
                out.act(draft.extra("part", "more follows"));
                return Ok(());
            }
            let request = request.as_ref().map(|(_, request)| request);
            return self.answered(head, request, Reader::new(&parts.bytes), draft, out);
        }
        self.answered(head, request.as_ref().map(|(_, request)| request), body, draft, out)
    }

    /// The data of a whole answer.
    fn answered(
        &mut self,
        head: &Parameters,
        request: Option<&UserRequest>,
        mut r: Reader<'_>,
        mut draft: Draft<'_>,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let mut readings = Vec::new();
        let mut result = Ok(());
        match (head.group, head.subfunction) {
            _ if r.is_empty() => {}
            (2, 1 | 5 | 7) => {
                result = cyclic(&mut r, self.user.items(2, head.sequence), &mut self.slots);
                readings.extend_from_slice(self.slots.readings());
            }
            (3, 1) => {
                while r.left() >= 4 && result.is_ok() {
                    result = list_of_blocks(&mut r, &mut readings);
                }
            }
            (3, 2) => {
                let kind = match request.map(|request| &request.object) {
                    Some(Object::Text(kind)) => kind.clone(),
                    _ => Text::default(),
                };
                while r.left() >= 4 && result.is_ok() {
                    result = block_of_type(&mut r, &kind, &mut readings);
                }
            }
            (3, 3) => result = blocks::info(&mut r, &mut readings, out),
            (4, 1) => {
                let mut peek = r;
                if request.is_none()
                    && let (Ok(id), Ok(index)) = (peek.u16("szl id"), peek.u16("szl index"))
                {
                    let object = Object::Text(szl::object(id, index));
                    draft = draft.verb(szl_verb(&object)).object(object);
                }
                result = szl::read(&mut r, &mut readings, out);
            }
            (7, 1 | 3) => {
                if let Some(time) = r.rest().get(2..).and_then(clock) {
                    readings.push(Reading::new("clock", Value::Time(time)));
                }
            }
            (1, 2) => {
                result = test_values(&mut r, self.user.items(1, head.sequence), &mut self.slots);
                readings.extend_from_slice(self.slots.readings());
            }
            _ => {}
        }
        if !readings.is_empty() {
            out.act(Draft { values: Values::List(&readings), ..draft });
        } else {
            out.act(draft);
        }
        result
    }

    /// What a controller says of its own accord.
    fn push(
        &mut self,
        head: &Parameters,
        code: u8,
        mut r: Reader<'_>,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let (name, verb) = names::subfunction(head.group, head.subfunction);
        let verb = match head.group {
            1 | 2 => Verb::Report,
            _ => verb,
        };
        let mut draft = Draft::named(head.code(), name, verb).from_server().messages(messages(head.code(), 1));
        let mut readings: &[Reading] = &[];
        let mut list = Vec::new();
        let mut result = Ok(());
        match (head.group, head.subfunction) {
            (0, state) => {
                let mode = names::mode(state);
                out.fact(About::Server, FactKey::RunState, &mode, "mode transition", Confidence::Certain);
                draft = draft.object(mode);
            }
            (2, _) => {
                let items = self.user.items(2, head.sequence);
                draft = draft.object(item::together(items)).extra("job", format_compact!("{}", head.sequence));
                result = cyclic(&mut r, items, &mut self.slots);
                readings = self.slots.readings();
            }
            (1, 2) => {
                let items = self.user.items(1, head.sequence);
                draft = draft.object(item::together(items));
                result = test_values(&mut r, items, &mut self.slots);
                readings = self.slots.readings();
            }
            (1, _) => draft = draft.extra("job", format_compact!("{}", head.sequence)),
            (4, 3) => {
                let mut peek = r;
                if let Ok(event) = peek.u16("event id") {
                    draft = draft.object(format_compact!("event 0x{event:04x}")).extra("event", names::event(event));
                    let state = match event {
                        0x4302 => "run",
                        0x4303 | 0x4304 | 0x4562..=0x456d => "stop",
                        _ => "",
                    };
                    out.fact(About::Server, FactKey::RunState, state, "diagnostic message", Confidence::Certain);
                }
                result = szl::entry(&mut r, &mut list);
                readings = &list;
            }
            (4, 5..=9 | 11..=14 | 17 | 18 | 22) => {
                let (object, values) = alarm(&mut r);
                draft = draft.object(object);
                list = values;
                readings = &list;
            }
            _ => {}
        }
        if code != 0xff && code != 0x0a && code != 0 {
            draft = draft.status(code.into(), names::return_code(code));
        }
        if context.speaker == Speaker::Client {
            // Controllers push to each other, too (BSEND): the pushing one is then the client of the connection.
            draft.is_from_server = false;
        }
        out.act(draft.values(Values::List(readings)));
        result
    }
}

impl UserRequest {
    /// The data of a request.
    fn read(&mut self, r: &mut Reader<'_>, out: &mut Output<'_>) -> Result<(), Short> {
        match (self.group, self.subfunction) {
            _ if r.is_empty() => {}
            (1, 2 | 8 | 9) => {
                let parameters = r.u16("parameter size")?;
                r.u16("data size")?;
                r.skip(parameters.into(), "parameters")?;
                let count = r.u16("item count")?;
                for _ in 0..usize::from(count).min(item::ITEMS_MAX) {
                    self.items.push(test_item(r)?);
                }
                self.object = item::together(&self.items);
                if self.subfunction != 2 {
                    let mut slots = Slots::default();
                    let result = items(r, &self.items, &mut slots);
                    self.values.extend_from_slice(slots.readings());
                    return result;
                }
            }
            (1, 13..=18) => {
                let parameters = r.u16("parameter size")?;
                r.u16("data size")?;
                r.skip(parameters.into(), "parameters")?;
                if let (Ok(function), Ok(reference)) = (r.u8("job function"), r.u8("job reference"))
                    && function != 0
                {
                    self.object =
                        Object::Text(format_compact!("{} job {reference}", names::subfunction(1, function).0));
                }
            }
            (2, 1 | 5 | 7) => {
                let count = r.u16("item count")?;
                let base = r.u8("interval timebase")?;
                let factor = r.u8("interval time factor")?;
                let unit = [100_u64, 1_000, 10_000].get(usize::from(base)).copied().unwrap_or(0);
                if unit != 0 {
                    let interval = unit.saturating_mul(factor.into());
                    self.extra.push(("interval", format_compact!("{interval} ms")));
                }
                for _ in 0..usize::from(count).min(item::ITEMS_MAX) {
                    let before = r.offset();
                    self.items.push(Item::read(r)?);
                    if r.offset().wrapping_sub(before) % 2 == 1 && !r.is_empty() {
                        r.u8("fill byte")?;
                    }
                }
                self.object = item::together(&self.items);
            }
            (2, 4) => {
                r.u8("function")?;
                self.object = Object::one("job", r.u8("job")?.into());
            }
            (3, 2) => self.object = Object::Text(names::block_type(r.bytes(2, "block type")?)),
            (3, 3) => {
                let (name, system) = blocks::short_block(r.take_rest());
                self.object = Object::Text(name);
                self.extra.push(("file system", system));
            }
            (4, 1) => {
                let id = r.u16("szl id")?;
                let index = r.u16("szl index")?;
                self.object = Object::Text(szl::object(id, index));
                let list = names::szl(id);
                if !list.is_empty() {
                    self.extra.push(("list", Text::const_new(list)));
                }
            }
            (4, 2) => {
                let events = r.u8("subscribed events")?;
                r.u8("reserved")?;
                let words: Vec<&str> =
                    [(0x01, "mode transition"), (0x02, "system diagnostics"), (0x04, "user-defined"), (0x80, "alarms")]
                        .into_iter()
                        .filter(|(bit, _)| events & bit != 0)
                        .map(|(_, word)| word)
                        .collect();
                let wanted = if words.is_empty() { "none".to_owned() } else { words.join(", ") };
                self.object = Object::Text(wanted.into());
                self.extra.push(("subscriber", blocks::text(r.bytes(8, "user name")?)));
            }
            (4, _) => {
                let (object, values) = alarm(r);
                self.object = object;
                self.values = values;
            }
            (5, 1) => {
                // The password itself is only scrambled; that it was sent is all that is kept.
                out.fact(About::Server, FactKey::Credential, "s7 password", "plc password", Confidence::Certain);
            }
            (7, 2 | 4) => {
                if let Some(time) = r.rest().get(2..).and_then(clock) {
                    self.values.push(Reading::new("clock", Value::Time(time)));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// An entry of a list of blocks: type and count.
fn list_of_blocks(r: &mut Reader<'_>, readings: &mut Vec<Reading>) -> Result<(), Short> {
    let kind = names::block_type(r.bytes(2, "block type")?);
    let count = r.u16("block count")?;
    readings.push(Reading::new(kind, Value::Unsigned(count.into())));
    Ok(())
}

/// An entry of a list of blocks of one type: number, flags, language.
fn block_of_type(r: &mut Reader<'_>, kind: &str, readings: &mut Vec<Reading>) -> Result<(), Short> {
    let number = r.u16("block number")?;
    r.u8("block flags")?;
    let language = r.u8("block language")?;
    readings.push(Reading::new(format_compact!("{kind}{number}"), Value::Text(names::language(language))));
    Ok(())
}

/// Data items of a cyclic service: a count, then as in the answer to read var.
fn cyclic(r: &mut Reader<'_>, known: &[Item], slots: &mut Slots) -> Result<(), Short> {
    slots.clear();
    let count = r.u16("item count")?;
    if known.is_empty() {
        let unknown = vec![Item::default(); usize::from(count).min(item::ITEMS_MAX)];
        return items(r, &unknown, slots);
    }
    items(r, known, slots)
}

/// Values of a variable table: parameters, a count, data items.
fn test_values(r: &mut Reader<'_>, known: &[Item], slots: &mut Slots) -> Result<(), Short> {
    slots.clear();
    let parameters = r.u16("parameter size")?;
    r.u16("data size")?;
    r.skip(parameters.into(), "parameters")?;
    r.u16("item count")?;
    items(r, known, slots)
}

/// Data items: return code, transport size, length, data, fill byte after odd lengths.
pub(super) fn items(r: &mut Reader<'_>, known: &[Item], slots: &mut Slots) -> Result<(), Short> {
    for item in known {
        if r.is_empty() {
            break;
        }
        let code = r.u8("return code")?;
        let size = r.u8("transport size")?;
        let length = usize::from(r.u16("length")?);
        let length = if matches!(size, 3..=5) { length.div_ceil(8) } else { length };
        match code {
            0xff | 0x00 => {
                let bytes = r.bytes(length, "data")?;
                item.values(size, bytes, slots);
            }
            code => {
                slots.fault(&item.name, code);
                if size == 0 {
                    // No data, whatever the length says: some devices write the length of the item itself there.
                    continue;
                }
                let _ = r.sub_at_most(length);
            }
        }
        if length % 2 == 1 && !r.is_empty() {
            r.u8("fill byte")?;
        }
    }
    Ok(())
}

/// An address of a variable table: area and width in one byte, repetition or bit, block, first byte.
fn test_item(r: &mut Reader<'_>) -> Result<Item, Short> {
    let area = r.u8("memory area")?;
    let repetition = r.u8("repetition factor")?;
    let db = r.u16("db number")?;
    let start = u32::from(r.u16("start address")?);
    let kind = match area >> 4 {
        0 => 0x83,
        1 => 0x81,
        2 => 0x82,
        3 => 0x80,
        5 => 0x1d,
        6 => 0x1c,
        7 => 0x84,
        _ => 0x00,
    };
    let bit = area & 0x0f == 0;
    let transport = match area & 0x0f {
        0 => 1,
        1 => 2,
        2 => 4,
        3 => 6,
        _ => 2,
    };
    let address = match kind {
        0x1c | 0x1d => start,
        _ => start.saturating_mul(8).saturating_add(if bit { u32::from(repetition & 7) } else { 0 }),
    };
    let count = if bit { 1 } else { repetition.max(1).into() };
    Ok(Item::of(kind, transport, count, db, address))
}

/// Messages of alarms: time, function, and for each message object its event id and state. Parts that do not fit the
/// documented layout are left out: alarms differ by type, and their beginning is what counts.
fn alarm(r: &mut Reader<'_>) -> (Object, Vec<Reading>) {
    let mut readings = Vec::new();
    let mut object = Object::None;
    let mut at = None;
    // Indications begin with a time, requests with the function.
    if r.left() > 10 && r.rest().get(10) == Some(&0x12) {
        at = r.bytes(8, "time").ok().and_then(clock);
    }
    let (Ok(_), Ok(count)) = (r.u8("function identifier"), r.u8("number of message objects")) else {
        return (object, readings);
    };
    for _ in 0..count.min(32) {
        let mut entry = *r;
        if entry.u8("variable specification").ok() != Some(0x12) {
            break;
        }
        let Ok(length) = entry.u8("length") else { break };
        let Ok(mut specification) = entry.sub(length.into(), "message object") else { break };
        *r = entry;
        let (Ok(syntax), Ok(_)) = (specification.u8("syntax id"), specification.u8("number of associated values"))
        else {
            break;
        };
        if syntax == 0x1a {
            object = Object::Text(Text::const_new("alarms"));
            continue;
        }
        let Ok(event) = specification.u32("event id") else { break };
        let name = format_compact!("event 0x{event:08x}");
        if object.is_none() {
            object = Object::Text(name.clone());
        }
        let states = ["state", "event state", "acknowledged going", "acknowledged coming"];
        let mut values: Vec<u8> = specification.take_rest().to_vec();
        if syntax == 0x19 {
            values.truncate(2);
        }
        for (what, value) in states.iter().zip(values) {
            readings
                .push(Reading { at, ..Reading::new(format_compact!("{name} {what}"), Value::Unsigned(value.into())) });
        }
    }
    (object, readings)
}
