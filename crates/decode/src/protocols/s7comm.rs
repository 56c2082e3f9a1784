//! S7comm: variables, programs, start and stop, status lists, alarms of Siemens S7-200, 300, 400 and, limited, 1200 and 1500.

use compact_str::format_compact;
use model::{Confidence, FactKey, Messages, Object, Text, Time, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Values, Verdict,
};

mod blocks;
mod item;
mod names;
mod szl;
#[cfg(test)]
mod tests;
mod userdata;

use item::{Item, Slots};
use userdata::{UserData, UserRequest};

/// S7comm.
pub static PROTOCOL: Protocol = Protocol {
    id: "s7comm",
    title: "S7comm",
    about: "Reads and writes variables of Siemens S7 controllers, loads and takes their programs, starts and stops them; \
            nothing in it is protected but by a scrambled password.",
    depth: "Read and write of variables in all syntaxes with typed values and return codes (timers in milliseconds); \
            program invocation, start and stop; blocks down and up with SHA-256 of their bytes and their headers; \
            user data: status lists with facts, block lists, cyclic services, alarms, clock, password (presence only), \
            programmer commands. Acts on several variables are called after the first, with the number of the others \
            and a sum of their names.",
    documents: &[
        "Siemens, Communication with SIMATIC (2006), S7 protocol over ISO-on-TCP",
        "Siemens, System Software for S7-300/400, System and Standard Functions, Reference Manual (2006), SZL and event ids",
        "G. Miru, The Siemens S7 Communication, parts 1 and 2 (2016, 2017)",
        "Wireshark 4.0 packet-s7comm by T. Wiens: names of codes, compared by output",
    ],
    carriers: &[Carrier::Inside("cotp")],
    is_industrial: true,
    codes: names::CODES,
    probe,
    open: |_| Box::new(S7::default()),
};

const MAGIC: u8 = 0x32;

/// Kinds of message (ROSCTR).
const JOB: u8 = 1;
const ACK: u8 = 2;
const ACK_DATA: u8 = 3;
const USER_DATA: u8 = 7;

/// Functions.
const READ: u8 = 0x04;
const WRITE: u8 = 0x05;
const REQUEST_DOWNLOAD: u8 = 0x1a;
const DOWNLOAD_BLOCK: u8 = 0x1b;
const DOWNLOAD_ENDED: u8 = 0x1c;
const START_UPLOAD: u8 = 0x1d;
const UPLOAD: u8 = 0x1e;
const END_UPLOAD: u8 = 0x1f;
const SERVICE: u8 = 0x28;
const STOP: u8 = 0x29;
const SETUP: u8 = 0xf0;

/// Item lists kept for the next jobs, so that polling allocates nothing.
const SPARE_MAX: usize = 16;

/// The head of every message.
struct Head<'a> {
    kind: u8,
    reference: u16,
    /// Class and code.
    error: u16,
    parameters: Reader<'a>,
    data: Reader<'a>,
    /// Bytes that the head announces, and bytes that are there, behind it.
    announced: usize,
    there: usize,
}

fn head<'a>(message: &'a [u8]) -> Result<Option<Head<'a>>, Short> {
    let mut r = Reader::new(message);
    if r.u8("protocol id")? != MAGIC {
        return Ok(None);
    }
    let kind = r.u8("kind of message")?;
    if !matches!(kind, JOB | ACK | ACK_DATA | USER_DATA) {
        return Ok(None);
    }
    r.u16("redundancy identification")?;
    let reference = r.u16("pdu reference")?;
    let parameters = usize::from(r.u16("parameter length")?);
    let data = usize::from(r.u16("data length")?);
    let error = if matches!(kind, ACK | ACK_DATA) { r.u16("error class and code")? } else { 0 };
    let there = r.left();
    Ok(Some(Head {
        kind,
        reference,
        error,
        parameters: r.sub_at_most(parameters),
        data: r.sub_at_most(data),
        announced: parameters.saturating_add(data),
        there,
    }))
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let Ok(Some(head)) = head(probe.bytes) else { return Verdict::NO };
    let function = head.parameters.peek();
    let speaker = match (head.kind, function) {
        // The controller asks for the next part of a download.
        (JOB, Some(DOWNLOAD_BLOCK | DOWNLOAD_ENDED)) => Some(Speaker::Server),
        (ACK_DATA, Some(DOWNLOAD_BLOCK | DOWNLOAD_ENDED)) => Some(Speaker::Client),
        (JOB, _) => Some(Speaker::Client),
        (ACK | ACK_DATA, _) => Some(Speaker::Server),
        _ => userdata::Parameters::read(&mut head.parameters.clone()).ok().and_then(|p| p.speaker()),
    };
    let matched = if head.announced == head.there { Match::Certain } else { Match::Likely };
    Verdict { matched, speaker }
}

/// A job that waits.
struct Job {
    function: u8,
    name: Text,
    verb: Verb,
    object: Object,
    /// Of reads and writes.
    items: Vec<Item>,
    written: Slots,
    extra: Vec<(&'static str, Text)>,
    /// Of transfers.
    block: Text,
    upload: Option<u32>,
}

#[derive(Default)]
struct S7 {
    /// By who asked, and the reference.
    jobs: Exchange<(Speaker, u16), Job>,
    /// By reference and function group.
    requests: Exchange<(u16, u8), UserRequest>,
    slots: Slots,
    user: UserData,
    transfers: blocks::Transfers,
    spare: Vec<(Vec<Item>, Slots)>,
    /// Somebody asked who could only be the client: the roles are known.
    is_settled: bool,
}

impl Decoder for S7 {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let result = match head(message) {
            Ok(Some(head)) => self.message(head, context, out),
            Ok(None) => {
                out.malformed(0, "protocol id", "is not 0x32 with a known kind of message");
                Ok(())
            }
            Err(short) => Err(short),
        };
        if let Err(short) = result {
            out.short(&short);
        }
        while let Some((_, at, job)) = self.jobs.overdue(context.at) {
            self.unanswered(at, job, out);
        }
        while let Some((_, at, request)) = self.requests.overdue(context.at) {
            request.unanswered(at, out);
        }
    }

    fn gap(&mut self, _speaker: Speaker) {
        self.user.gap();
        self.transfers.broken();
    }

    fn end(&mut self, out: &mut Output<'_>) {
        for (_, at, mut job) in self.jobs.drain() {
            job.tell_unanswered(at, out);
        }
        for (_, at, request) in self.requests.drain() {
            request.unanswered(at, out);
        }
    }
}

fn messages(function: u8, count: u32) -> Messages {
    let mut messages = Messages::none();
    messages.add(PROTOCOL.id, function.into(), count);
    messages
}

impl Job {
    fn draft(&mut self, at: Time) -> Draft<'_> {
        let mut draft =
            Draft::named(self.function.into(), self.name.clone(), self.verb).object(self.object.clone()).asked(at);
        for (name, value) in &self.extra {
            draft = draft.extra(name, value.clone());
        }
        draft.values(Values::List(self.written.readings()))
    }

    fn tell_unanswered(&mut self, at: Time, out: &mut Output<'_>) {
        let told = messages(self.function, 1);
        out.act(self.draft(at).no_answer().messages(told));
    }
}

impl S7 {
    fn message(&mut self, mut head: Head<'_>, context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        if head.announced > head.there {
            out.malformed(6, "parameter and data length", "more announced than there is");
        }
        match head.kind {
            USER_DATA => self.user_data(head.reference, head.parameters, head.data, context, out),
            JOB => {
                let Ok(function) = head.parameters.u8("function") else { return Ok(()) };
                let mut speaker = context.speaker;
                let is_clients = !matches!(function, DOWNLOAD_BLOCK | DOWNLOAD_ENDED);
                if !self.is_settled && is_clients != (speaker == Speaker::Client) {
                    out.swap_roles();
                    speaker = speaker.other();
                }
                self.is_settled = true;
                let (items, written) = self.spare.pop().unwrap_or_default();
                let (name, verb) = PROTOCOL.code(function.into());
                let mut job = Job {
                    function,
                    name,
                    verb,
                    object: Object::None,
                    items,
                    written,
                    extra: Vec::new(),
                    block: Text::default(),
                    upload: None,
                };
                // What could be read before a fault is kept: the job waits for its answer all the same.
                let result = self.job(&mut job, head.parameters, head.data);
                if function == SERVICE && job.name == "nc login" {
                    out.fact(About::Server, FactKey::Credential, "nc password", "pi service", Confidence::Certain);
                }
                if let Some((_, at, old)) = self.jobs.ask((speaker, head.reference), context.at, job) {
                    self.unanswered(at, old, out);
                }
                result
            }
            _ => self.answer(head, context, out),
        }
    }

    fn unanswered(&mut self, at: Time, mut job: Job, out: &mut Output<'_>) {
        job.tell_unanswered(at, out);
        self.reuse(job);
    }

    fn reuse(&mut self, mut job: Job) {
        if self.spare.len() < SPARE_MAX {
            job.items.clear();
            job.written.clear();
            self.spare.push((job.items, job.written));
        }
    }

    /// The parameters and data of a job.
    fn job(&mut self, job: &mut Job, mut r: Reader<'_>, mut data: Reader<'_>) -> Result<(), Short> {
        match job.function {
            READ | WRITE => {
                let count = r.u8("item count")?;
                for _ in 0..count {
                    let before = r.offset();
                    job.items.push(Item::read(&mut r)?);
                    if r.offset().wrapping_sub(before) % 2 == 1 && !r.is_empty() {
                        r.u8("fill byte")?;
                    }
                }
                job.object = item::together(&job.items);
                if job.function == WRITE {
                    return userdata::items(&mut data, &job.items, &mut job.written);
                }
            }
            SETUP => {
                r.u8("reserved")?;
                let calling = r.u16("parallel jobs calling")?;
                let called = r.u16("parallel jobs called")?;
                let size = r.u16("pdu length")?;
                job.extra.push(("parallel jobs", format_compact!("{calling}/{called}")));
                job.extra.push(("pdu length", format_compact!("{size}")));
            }
            REQUEST_DOWNLOAD | DOWNLOAD_BLOCK | DOWNLOAD_ENDED | START_UPLOAD => {
                r.skip(7, "function status to upload id")?;
                let length = r.u8("file name length")?;
                let (name, system) = blocks::block(r.bytes(length.into(), "file name")?);
                job.extra.push(("file system", system));
                if job.function == REQUEST_DOWNLOAD && r.left() >= 14 {
                    r.skip(2, "length part 2")?;
                    job.extra.push(("load memory", blocks::text(r.bytes(6, "length of load memory")?)));
                    job.extra.push(("mc7 code", blocks::text(r.bytes(6, "length of mc7 code")?)));
                }
                job.object = Object::Text(name.clone());
                if job.function == REQUEST_DOWNLOAD {
                    self.transfers.begin(name.clone(), None);
                }
                job.block = name;
            }
            UPLOAD | END_UPLOAD => {
                r.u8("function status")?;
                r.u16("error code")?;
                let id = r.u32("upload id")?;
                job.upload = Some(id);
                job.object = match self.transfers.uploaded(id) {
                    Some(name) => Object::Text(name),
                    None => Object::one("upload", id.into()),
                };
            }
            SERVICE => {
                r.skip(7, "unknown")?;
                let length = r.u16("parameter block length")?;
                let block = r.bytes(length.into(), "parameter block")?;
                let length = r.u8("service name length")?;
                let service = blocks::text(r.bytes(length.into(), "service name")?);
                service_of(job, &service, block);
            }
            STOP => {
                r.skip(5, "unknown")?;
                let length = r.u8("service name length")?;
                let service = blocks::text(r.bytes(length.into(), "service name")?);
                job.extra.push(("service", service));
            }
            _ => {}
        }
        Ok(())
    }

    /// An acknowledgement, with or without data.
    fn answer(&mut self, mut head: Head<'_>, context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let function = match head.kind {
            ACK_DATA => head.parameters.u8("function").ok(),
            _ => None,
        };
        let asked = self.jobs.answer(&(context.speaker.other(), head.reference));
        let asked = match asked {
            Some((at, job)) if function.is_some_and(|function| function != job.function) => {
                self.unanswered(at, job, out);
                out.malformed(12, "function", "the answer has another function than the job");
                None
            }
            other => other,
        };
        let mut counted = Messages::none();
        if let Some(function) = function {
            counted.add(PROTOCOL.id, function.into(), 1);
        }
        let Some((at, mut job)) = asked else {
            let Some(function) = function else {
                // An acknowledgement alone says nothing.
                return Ok(());
            };
            return self.answer_alone(function, head, counted, context, out);
        };
        counted.add(PROTOCOL.id, job.function.into(), 1);
        let result = self.answer_to(&mut job, at, head, counted, context, out);
        self.reuse(job);
        result
    }

    /// An answer whose job was not seen.
    fn answer_alone(
        &mut self,
        function: u8,
        mut head: Head<'_>,
        counted: Messages,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        let draft = Draft::new(&PROTOCOL, function.into()).messages(counted);
        if head.error != 0 {
            out.act(draft.refused(context.at, head.error.into(), names::error(head.error)));
            return Ok(());
        }
        let draft = draft.done(context.at);
        if function != READ {
            out.act(draft);
            return Ok(());
        }
        // Nobody knows which variables these are.
        let count = head.parameters.u8("item count").unwrap_or(0);
        let unknown = vec![Item::default(); count.into()];
        self.slots.clear();
        let result = userdata::items(&mut head.data, &unknown, &mut self.slots);
        out.act(draft.values(Values::List(self.slots.readings())));
        result
    }

    fn answer_to(
        &mut self,
        job: &mut Job,
        at: Time,
        mut head: Head<'_>,
        counted: Messages,
        context: &Context,
        out: &mut Output<'_>,
    ) -> Result<(), Short> {
        if head.error != 0 {
            let name = names::error(head.error);
            out.act(job.draft(at).messages(counted).refused(context.at, head.error.into(), name));
            return Ok(());
        }
        let mut result = Ok(());
        match job.function {
            READ => {
                self.slots.clear();
                result = userdata::items(&mut head.data, &job.items, &mut self.slots);
                let (faults, code, items) = (self.slots.faults, self.slots.fault_code, job.items.len());
                let draft = job.draft(at).messages(counted).values(Values::List(self.slots.readings()));
                out.act(ended(draft, faults, code, items, context));
                return result;
            }
            WRITE => {
                let (mut faults, mut first) = (0, 0);
                let is_one_each = job.written.len() == job.items.len();
                for index in 0..job.items.len() {
                    let Ok(code) = head.data.u8("return code") else { break };
                    if code != 0xff {
                        if faults == 0 {
                            first = code;
                        }
                        faults += 1;
                        if is_one_each {
                            job.written.mark(index, code);
                        }
                    }
                }
                let items = job.items.len();
                out.act(ended(job.draft(at).messages(counted), faults, first, items, context));
                return Ok(());
            }
            SETUP => {
                let size = head.parameters.skip(5, "parallel jobs").and_then(|()| head.parameters.u16("pdu length"));
                match size {
                    Ok(size) => job.extra.push(("negotiated pdu length", format_compact!("{size}"))),
                    Err(short) => result = Err(short),
                }
                out.fact(About::Server, FactKey::Role, "plc", "setup communication", Confidence::Likely);
            }
            DOWNLOAD_BLOCK => {
                let bytes = part(&mut head.data);
                self.transfers.part(&job.block, None, bytes);
                job.extra.push(("bytes", format_compact!("{}", bytes.len())));
            }
            DOWNLOAD_ENDED => {
                if let Some((size, hash)) = self.transfers.end(&job.block, None, "block download", out) {
                    job.extra.push(("size", format_compact!("{size}")));
                    job.extra.push(("hash", hash));
                }
            }
            START_UPLOAD => {
                let id = head.parameters.skip(3, "function status").and_then(|()| head.parameters.u32("upload id"));
                match id {
                    Ok(id) => self.transfers.begin(job.block.clone(), Some(id)),
                    Err(short) => result = Err(short),
                }
            }
            UPLOAD => {
                let bytes = part(&mut head.data);
                self.transfers.part("", job.upload, bytes);
                job.extra.push(("bytes", format_compact!("{}", bytes.len())));
            }
            END_UPLOAD => {
                if let Some((size, hash)) = self.transfers.end("", job.upload, "block upload", out) {
                    job.extra.push(("size", format_compact!("{size}")));
                    job.extra.push(("hash", hash));
                }
            }
            _ => {}
        }
        out.act(job.draft(at).messages(counted).done(context.at));
        result
    }
}

/// How reading or writing ended: refused where every item failed, else done, with the first failure as a status.
fn ended<'a>(draft: Draft<'a>, faults: usize, code: u8, items: usize, context: &Context) -> Draft<'a> {
    match faults {
        0 => draft.done(context.at),
        n if n >= items => draft.refused(context.at, code.into(), names::return_code(code)),
        n => {
            let name = format_compact!("{} ({n} of {items} items)", names::return_code(code));
            draft.done(context.at).status(code.into(), name)
        }
    }
}

/// The bytes of a part of a block: a length and an unknown word precede them.
fn part<'a>(data: &mut Reader<'a>) -> &'a [u8] {
    match (data.u16("length"), data.u16("unknown")) {
        (Ok(length), Ok(_)) => data.sub_at_most(length.into()).rest(),
        _ => &[],
    }
}

/// What a program invocation service is done to.
fn service_of(job: &mut Job, service: &str, block: &[u8]) {
    (job.name, job.verb) = names::service(service);
    job.extra.push(("service", Text::new(service)));
    match service {
        // A count, a zero, then names of eight characters: `0A00001P`.
        "_INSE" | "_INS2" | "_DELE" => {
            let mut names = Text::default();
            for name in block.get(2..).unwrap_or_default().chunks_exact(8).take(64) {
                if !names.is_empty() {
                    names.push_str(", ");
                }
                names.push_str(&blocks::short_block(name).0);
            }
            job.object = Object::Text(names);
        }
        "P_PROGRAM" => {
            let argument = blocks::text(block);
            if argument.starts_with('C') {
                job.name = Text::const_new("plc start (cold restart)");
            }
        }
        // Their arguments hold passwords.
        "_N_LOGIN_" | "_N_NEWPWD" | "_N_LOGOUT" => {}
        _ => job.extra.push(("argument", blocks::text(block))),
    }
}
