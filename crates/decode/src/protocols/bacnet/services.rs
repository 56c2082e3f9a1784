//! What the services ask and answer.
//!
//! Written from ANSI/ASHRAE 135-2020, clauses 13 to 17, and the productions of clause 21.

use compact_str::format_compact;
use model::{FactKey, Mac, Object, Reading, Text, Value, Verb};
use smallvec::SmallVec;
use wire::{Reader, Short};

use super::alarms;
use super::enumerations::{self as names_of, Words, kind, property};
use super::names;
use super::points::{self, Point};
use super::tags;

/// Further fields of an act.
pub(super) type Extra = SmallVec<[(&'static str, Text); 2]>;

/// What a message says: of a request, or of an answer.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What it is about.
    pub(super) object: Object,
    /// Another verb than the table's.
    pub(super) verb: Option<Verb>,
    /// Values of properties.
    pub(super) readings: Vec<Reading>,
    /// Further fields.
    pub(super) extra: Extra,
    /// A password was in it.
    pub(super) has_password: bool,
    /// Who the speaker is: I-Am, Who-Am-I, properties of its device object.
    pub(super) identity: Option<Identity>,
    /// What the speaker says of itself, with the property that said it.
    pub(super) facts: SmallVec<[(FactKey, Text, u32); 1]>,
}

impl Told {
    pub(super) fn clear(&mut self) {
        self.object = Object::None;
        self.verb = None;
        self.readings.clear();
        self.extra.clear();
        self.has_password = false;
        self.identity = None;
        self.facts.clear();
    }

    pub(super) fn note(&mut self, name: &'static str, value: impl Into<Text>) {
        self.extra.push((name, value.into()));
    }

    pub(super) fn reading(&mut self, object: impl Into<Object>, value: Value) {
        points::push(&mut self.readings, Reading::new(object, value));
    }
}

/// What a device said of itself.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pub(super) device: Option<u32>,
    pub(super) vendor: Option<u32>,
    pub(super) model: Option<Text>,
    pub(super) serial: Option<Text>,
}

/// Reads the parameters of a confirmed request.
pub(super) fn request(service: u8, r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    match service {
        0 => alarms::acknowledge_alarm(r, told),
        1 => cov_notification(r, told),
        2 => alarms::event_notification(r, told),
        4 => {
            if let Some(filter) = tags::context_unsigned(r, 0)? {
                let filter = Words::Listed(&["all", "acked", "not-acked"]).name(filter);
                told.note("acknowledgment filter", filter.unwrap_or_default());
            }
            Ok(())
        }
        5 => subscribe(r, told),
        6 | 7 => file(service == 7, r, told),
        8 | 9 => list_element(r, told),
        10 => create_object(r, told),
        11 => {
            told.object =
                tags::object_identifier(tags::small(tags::must_application(r, 12, "object identifier")?)).into();
            Ok(())
        }
        12 => {
            let point = Point::read(r)?;
            told.object = point.name().into();
            told.verb = read_verb(None, point);
            Ok(())
        }
        14 => read_multiple(r, told),
        15 => write_property(r, told),
        16 => write_multiple(r, told),
        17 => communication_control(r, told),
        18 => private_transfer(r, told),
        19 => text_message(r, told),
        20 => reinitialize(r, told),
        26 => read_range(r, told),
        27 => alarms::life_safety(r, told),
        28 => subscribe(r, told).and_then(|()| subscribed_property(r, told)),
        29 => {
            if let Some(last) = tags::context_unsigned(r, 0)? {
                told.note("last received object", tags::object_identifier(tags::small(last)));
            }
            Ok(())
        }
        30 => subscribe_multiple(r, told),
        31 => cov_multiple(r, told),
        _ => Ok(()),
    }
}

/// Reads the parameters of a complex acknowledgement.
pub(super) fn answer(service: u8, r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    match service {
        3 => alarms::alarm_summary(r, told),
        4 => alarms::enrollment_summary(r, told),
        6 | 7 => file_answer(r, told),
        10 => {
            told.object =
                tags::object_identifier(tags::small(tags::must_application(r, 12, "object identifier")?)).into();
            Ok(())
        }
        12 => {
            let point = Point::read(r)?;
            told.object = point.name().into();
            told.verb = read_verb(None, point);
            match tags::enclosed(r, 3) {
                Some(content) => answered(content, point, told),
                None => Err(r.short("property value", 1)),
            }
        }
        14 => read_multiple_answer(r, told),
        18 => private_transfer(r, told),
        26 => read_range_answer(r, told),
        29 => alarms::event_information(r, told),
        _ => Ok(()),
    }
}

/// Reads the parameters of an unconfirmed request.
pub(super) fn unconfirmed(service: u8, r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    match service {
        0 => i_am(r, told),
        1 => i_have(r, told),
        2 => cov_notification(r, told),
        3 => alarms::event_notification(r, told),
        4 => private_transfer(r, told),
        5 => text_message(r, told),
        6 | 9 => time_synchronization(service == 9, r, told),
        7 => who_has(r, told),
        8 => {
            told.object = device_range(r)?;
            Ok(())
        }
        10 => write_group(r, told),
        11 => cov_multiple(r, told),
        13 => who_am_i(r, told),
        14 => you_are(r, told),
        _ => Ok(()),
    }
}

pub(super) fn object_text(number: u64) -> Text {
    tags::object_identifier(tags::small(number))
}

fn instance(number: u64) -> u32 {
    tags::small(number) & 0x003f_ffff
}

fn device_range(r: &mut Reader<'_>) -> Result<Object, Short> {
    let low = tags::context_unsigned(r, 0)?;
    let high = tags::context_unsigned(r, 1)?;
    Ok(match (low, high) {
        (Some(low), Some(high)) => Object::span("device", low, tags::small(high.saturating_sub(low).saturating_add(1))),
        _ => Object::None,
    })
}

fn i_am(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let device = tags::must_application(r, 12, "device identifier")?;
    told.object = object_text(device).into();
    told.identity = Some(Identity { device: Some(instance(device)), ..Identity::default() });
    let point = |property| Point { object: tags::small(device), property, index: None }.name();
    let apdu = tags::must_application(r, 2, "max apdu length accepted")?;
    told.reading(point(62), Value::Unsigned(apdu));
    let segmentation = tags::must_application(r, 9, "segmentation supported")?;
    let word = names_of::SEGMENTATION.name(segmentation).map_or(Value::Unsigned(segmentation), Value::Text);
    told.reading(point(107), word);
    let vendor = tags::must_application(r, 2, "vendor identifier")?;
    told.reading(point(property::VENDOR_IDENTIFIER), Value::Unsigned(vendor));
    if let Some(identity) = &mut told.identity {
        identity.vendor = Some(tags::small(vendor));
    }
    if let Some(name) = names::vendor(tags::small(vendor)) {
        told.note("vendor", name);
    }
    Ok(())
}

fn i_have(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let device = tags::must_application(r, 12, "device identifier")?;
    told.identity = Some(Identity { device: Some(instance(device)), ..Identity::default() });
    told.note("device", object_text(device));
    let object = tags::small(tags::must_application(r, 12, "object identifier")?);
    told.object = tags::object_identifier(object).into();
    if let Some(name) = tags::application(r, 7)? {
        let point = Point { object, property: 77, index: None };
        told.reading(point.name(), Value::Text(tags::character_string(name)));
    }
    Ok(())
}

fn who_has(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let range = device_range(r)?;
    if !range.is_none() {
        told.note("range", format_compact!("{range}"));
    }
    if let Some(object) = tags::context_unsigned(r, 2)? {
        told.object = object_text(object).into();
    } else if let Some(name) = tags::context_text(r, 3)? {
        told.object = name.into();
    }
    Ok(())
}

fn who_am_i(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let vendor = tags::must_application(r, 2, "vendor identifier")?;
    let model = tags::application(r, 7)?.map(tags::character_string);
    let serial = tags::application(r, 7)?.map(tags::character_string);
    told.object = serial.clone().unwrap_or_default().into();
    told.identity = Some(Identity { device: None, vendor: Some(tags::small(vendor)), model, serial });
    Ok(())
}

fn you_are(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let vendor = tags::must_application(r, 2, "vendor identifier")?;
    told.note("vendor", names::vendor(tags::small(vendor)).map_or(format_compact!("{vendor}"), Text::const_new));
    told.note("model", tags::application(r, 7)?.map(tags::character_string).unwrap_or_default());
    told.object = tags::application(r, 7)?.map(tags::character_string).unwrap_or_default().into();
    if let Some(device) = tags::application(r, 12)? {
        told.note("device", object_text(tags::unsigned(device)));
    }
    if let Some(address) = tags::application(r, 6)? {
        told.note("mac address", tags::shown(&Value::Bytes(address.into())));
    }
    Ok(())
}

fn time_synchronization(is_utc: bool, r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let date = tags::application(r, 10)?.unwrap_or_default();
    let time = tags::application(r, 11)?.unwrap_or_default();
    let value = match tags::moment(date, time) {
        Some(moment) if is_utc => Value::Time(moment),
        _ => Value::Text(format_compact!("{} {}", tags::date(date), tags::time(time))),
    };
    told.reading(if is_utc { "utc time" } else { "local time" }, value);
    Ok(())
}

fn cov_notification(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let process = tags::must_context(r, 0, "process identifier")?;
    let device = tags::must_context(r, 1, "initiating device")?;
    let object = tags::must_context(r, 2, "monitored object")?;
    let remaining = tags::must_context(r, 3, "time remaining")?;
    told.object = object_text(object).into();
    told.note("device", object_text(device));
    told.note("process", format_compact!("{process}"));
    told.note("time remaining", format_compact!("{remaining}"));
    match tags::enclosed(r, 4) {
        Some(list) => points::property_values(list, tags::small(object), &mut told.readings).map(|_| ()),
        None => Err(r.short("list of values", 1)),
    }
}

fn cov_multiple(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    tags::must_context(r, 0, "process identifier")?;
    told.note("device", object_text(tags::must_context(r, 1, "initiating device")?));
    tags::must_context(r, 2, "time remaining")?;
    tags::enclosed(r, 3);
    let Some(mut list) = tags::enclosed(r, 4) else { return Err(r.short("list of notifications", 1)) };
    let (mut first, mut count) = (None, 0_usize);
    while !list.is_empty() {
        let object = tags::small(tags::must_context(&mut list, 0, "monitored object")?);
        let Some(values) = tags::enclosed(&mut list, 1) else { return Err(list.short("list of values", 1)) };
        points::property_values(values, object, &mut told.readings)?;
        first.get_or_insert_with(|| tags::object_identifier(object));
        count = count.saturating_add(1);
    }
    told.object = points::object_of(first, count);
    Ok(())
}

fn subscribe(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let process = tags::must_context(r, 0, "process identifier")?;
    let object = tags::must_context(r, 1, "monitored object")?;
    told.object = object_text(object).into();
    told.note("process", format_compact!("{process}"));
    let confirmed = tags::context_unsigned(r, 2)?;
    let lifetime = tags::context_unsigned(r, 3)?;
    match (confirmed, lifetime) {
        (None, None) => told.note("cancel", "yes"),
        (confirmed, lifetime) => {
            told.note("confirmed", if confirmed == Some(1) { "yes" } else { "no" });
            if let Some(lifetime) = lifetime {
                told.note("lifetime", format_compact!("{lifetime} s"));
            }
        }
    }
    Ok(())
}

fn subscribed_property(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let Some(mut reference) = tags::enclosed(r, 4) else { return Err(r.short("monitored property", 1)) };
    let point = Point::read_property(&mut reference, 0, 0)?;
    let name = match point.index {
        Some(index) => format_compact!("{} {}[{index}]", told.object, names::property(point.property)),
        None => format_compact!("{} {}", told.object, names::property(point.property)),
    };
    told.object = name.into();
    if let Some(four) = tags::context(r, 5)?.and_then(|bytes| bytes.first_chunk::<4>()) {
        told.note("increment", format_compact!("{}", f32::from_be_bytes(*four)));
    }
    Ok(())
}

fn subscribe_multiple(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let process = tags::must_context(r, 0, "process identifier")?;
    told.note("process", format_compact!("{process}"));
    tags::context(r, 1)?;
    if let Some(lifetime) = tags::context_unsigned(r, 2)? {
        told.note("lifetime", format_compact!("{lifetime} s"));
    }
    tags::context(r, 3)?;
    let Some(mut list) = tags::enclosed(r, 4) else { return Err(r.short("list of subscriptions", 1)) };
    let (mut first, mut count) = (None, 0_usize);
    while !list.is_empty() {
        let object = tags::must_context(&mut list, 0, "monitored object")?;
        tags::enclosed(&mut list, 1);
        first.get_or_insert_with(|| object_text(object));
        count = count.saturating_add(1);
    }
    told.object = points::object_of(first, count);
    Ok(())
}

fn file(is_write: bool, r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    told.object = object_text(tags::must_application(r, 12, "file identifier")?).into();
    for (choice, unit) in [(0, "bytes"), (1, "records")] {
        if let Some(mut access) = tags::enclosed(r, choice) {
            let start = tags::must_application(&mut access, 3, "file start")?;
            told.note("start", format_compact!("{start}"));
            let count = match (is_write, choice) {
                (true, 0) => tags::application(&mut access, 6)?.unwrap_or_default().len() as u64,
                _ => tags::must_application(&mut access, 2, "requested count")?,
            };
            told.note("count", format_compact!("{count} {unit}"));
        }
    }
    Ok(())
}

fn file_answer(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    if let Some(start) = tags::context(r, 0)?.or(tags::context(r, 1)?) {
        // The answer to a write tells where the data went.
        told.note("written at", format_compact!("{}", tags::unsigned(start)));
        return Ok(());
    }
    let is_end = tags::must_application(r, 1, "end of file")?;
    told.note("end of file", if is_end == 0 { "no" } else { "yes" });
    if let Some(mut access) = tags::enclosed(r, 0) {
        tags::must_application(&mut access, 3, "file start")?;
        let data = tags::application(&mut access, 6)?.unwrap_or_default();
        told.note("received", format_compact!("{} bytes", data.len()));
    } else if let Some(mut access) = tags::enclosed(r, 1) {
        tags::must_application(&mut access, 3, "file start record")?;
        let count = tags::must_application(&mut access, 2, "returned record count")?;
        told.note("received", format_compact!("{count} records"));
    }
    Ok(())
}

fn list_element(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let point = Point::read(r)?;
    told.object = point.name().into();
    match tags::enclosed(r, 3) {
        Some(content) => points::values(content, point, &mut told.readings),
        None => Err(r.short("list of elements", 1)),
    }
}

fn create_object(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let Some(mut specifier) = tags::enclosed(r, 0) else { return Err(r.short("object specifier", 1)) };
    let mut object = 0x003f_ffff;
    if let Some(kind) = tags::context_unsigned(&mut specifier, 0)? {
        told.object = names::object_type(tags::small(kind)).into();
        object |= tags::small(kind) << 22;
    } else if let Some(identifier) = tags::context_unsigned(&mut specifier, 1)? {
        told.object = object_text(identifier).into();
        object = tags::small(identifier);
    }
    match tags::enclosed(r, 1) {
        Some(values) => points::property_values(values, object, &mut told.readings).map(|_| ()),
        None => Ok(()),
    }
}

fn read_multiple(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let (mut first, mut count) = (None, 0_usize);
    let result = read_specifications(r, told, &mut first, &mut count);
    told.object = points::object_of(first, count);
    result
}

/// Device objects are asked who they are and what they have; that is no reading of variables. `None` is a plain read,
/// which one plain point among several makes of all.
fn read_verb(before: Option<Verb>, point: Point) -> Option<Verb> {
    let verb = match (point.object_type(), point.property) {
        // Lists of objects and of properties.
        (_, 76 | 209 | 371) => Verb::Browse,
        (kind::DEVICE, 56 | 57 | 119) => Verb::Time,
        (kind::DEVICE, _) => Verb::Identify,
        _ => Verb::Read,
    };
    match before {
        Some(before) if before != verb => Some(Verb::Read),
        _ => Some(verb),
    }
}

fn read_specifications(
    r: &mut Reader<'_>,
    told: &mut Told,
    first: &mut Option<Text>,
    count: &mut usize,
) -> Result<(), Short> {
    while !r.is_empty() {
        let object = tags::small(tags::must_context(r, 0, "object identifier")?);
        let Some(mut list) = tags::enclosed(r, 1) else { return Err(r.short("list of property references", 1)) };
        while !list.is_empty() {
            let point = Point::read_property(&mut list, object, 0)?;
            told.verb = read_verb(told.verb, point);
            first.get_or_insert_with(|| point.name());
            *count = count.saturating_add(1);
        }
    }
    Ok(())
}

fn read_multiple_answer(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let (mut first, mut count) = (None, 0_usize);
    let result = read_results(r, told, &mut first, &mut count);
    told.object = points::object_of(first, count);
    result
}

fn read_results(r: &mut Reader<'_>, told: &mut Told, first: &mut Option<Text>, count: &mut usize) -> Result<(), Short> {
    while !r.is_empty() {
        let object = tags::small(tags::must_context(r, 0, "object identifier")?);
        let Some(mut list) = tags::enclosed(r, 1) else { return Err(r.short("list of results", 1)) };
        while !list.is_empty() {
            let point = Point::read_property(&mut list, object, 2)?;
            told.verb = read_verb(told.verb, point);
            first.get_or_insert_with(|| point.name());
            *count = count.saturating_add(1);
            if let Some(content) = tags::enclosed(&mut list, 4) {
                answered(content, point, told)?;
            } else if let Some(mut error) = tags::enclosed(&mut list, 5) {
                tags::must_application(&mut error, 9, "error class")?;
                let code = tags::must_application(&mut error, 9, "error code")?;
                let mut reading = Reading::new(point.name(), Value::Nothing);
                reading.quality = Some(names::error_code(tags::small(code)));
                points::push(&mut told.readings, reading);
            } else {
                return Err(list.short("property value or error", 1));
            }
        }
    }
    Ok(())
}

/// The verb of a write, from what is written and the value last read into `told`.
fn write_verb(point: Point, told: &mut Told) {
    let value = told.readings.last().map(|reading| &reading.value);
    let word = match value {
        Some(Value::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let verb = names_of::write_verb(point.object_type(), point.property, value.and_then(Value::as_number), word);
    // Several writes in one message: the first that is more than a plain write decides.
    if told.verb.is_none_or(|verb| verb == Verb::Write) {
        told.verb = Some(verb);
    }
}

fn write_property(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let point = Point::read(r)?;
    told.object = point.name().into();
    match tags::enclosed(r, 3) {
        Some(content) => points::values(content, point, &mut told.readings)?,
        None => return Err(r.short("property value", 1)),
    }
    write_verb(point, told);
    if let Some(priority) = tags::context_unsigned(r, 4)? {
        told.note("priority", format_compact!("{priority}"));
    }
    Ok(())
}

fn write_multiple(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let (mut first, mut count) = (None, 0_usize);
    while !r.is_empty() {
        let object = tags::small(tags::must_context(r, 0, "object identifier")?);
        let Some(mut list) = tags::enclosed(r, 1) else { return Err(r.short("list of properties", 1)) };
        while !list.is_empty() {
            let point = Point::read_property(&mut list, object, 0)?;
            if let Some(content) = tags::enclosed(&mut list, 2) {
                points::values(content, point, &mut told.readings)?;
            }
            write_verb(point, told);
            if let Some(priority) = tags::context_unsigned(&mut list, 3)?
                && told.extra.is_empty()
            {
                told.note("priority", format_compact!("{priority}"));
            }
            first.get_or_insert_with(|| point.name());
            count = count.saturating_add(1);
        }
    }
    told.object = points::object_of(first, count);
    Ok(())
}

fn communication_control(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    if let Some(minutes) = tags::context_unsigned(r, 0)? {
        told.note("duration", format_compact!("{minutes} min"));
    }
    let state = tags::must_context(r, 1, "enable-disable")?;
    let word = Words::Listed(&["enable", "disable", "disable-initiation"]).name(state);
    told.object = word.unwrap_or_else(|| format_compact!("{state}")).into();
    told.has_password = tags::context(r, 2)?.is_some();
    Ok(())
}

fn reinitialize(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    const STATES: Words = Words::Listed(&[
        "coldstart",
        "warmstart",
        "startbackup",
        "endbackup",
        "startrestore",
        "endrestore",
        "abortrestore",
        "activate-changes",
    ]);
    let state = tags::must_context(r, 0, "reinitialized state of device")?;
    told.object = STATES.name(state).unwrap_or_else(|| format_compact!("{state}")).into();
    // Backup and restore transfer the whole configuration and program by files (clause 19.1).
    told.verb = Some(match state {
        2 | 3 => Verb::Upload,
        4..=6 => Verb::Program,
        7 => Verb::Configure,
        _ => Verb::Reset,
    });
    told.has_password = tags::context(r, 1)?.is_some();
    Ok(())
}

fn private_transfer(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let vendor = tags::must_context(r, 0, "vendor identifier")?;
    let service = tags::must_context(r, 1, "service number")?;
    told.object = format_compact!("vendor {vendor} service {service}").into();
    if let Some(name) = names::vendor(tags::small(vendor)) {
        told.note("vendor", name);
    }
    if let Some(mut parameters) = tags::enclosed(r, 2) {
        let bytes = parameters.take_rest();
        told.reading("parameters", Value::Bytes(bytes.get(..256).unwrap_or(bytes).into()));
    }
    Ok(())
}

fn text_message(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    told.note("device", object_text(tags::must_context(r, 0, "source device")?));
    if let Some(mut class) = tags::enclosed(r, 1) {
        if let Some(number) = tags::context_unsigned(&mut class, 0)? {
            told.note("class", format_compact!("{number}"));
        } else if let Some(text) = tags::context_text(&mut class, 1)? {
            told.note("class", text);
        }
    }
    if let Some(priority) = tags::context_unsigned(r, 2)? {
        told.note("priority", if priority == 1 { "urgent" } else { "normal" });
    }
    if let Some(text) = tags::context_text(r, 3)? {
        told.reading("message", Value::Text(text));
    }
    Ok(())
}

fn read_range(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    told.object = Point::read(r)?.name().into();
    for (choice, name) in [(3, "position"), (6, "sequence"), (7, "time")] {
        if let Some(mut range) = tags::enclosed(r, choice) {
            let text = tags::constructed(range, Words::Unknown);
            range.take_rest();
            told.note("range", format_compact!("by {name}: {text}"));
        }
    }
    Ok(())
}

fn read_range_answer(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let point = Point::read(r)?;
    told.object = point.name().into();
    if let Some(flags) = tags::context(r, 3)? {
        let words = Words::Listed(&["first-item", "last-item", "more-items"]);
        told.note("result", tags::bit_string(flags, words));
    }
    let count = tags::must_context(r, 4, "item count")?;
    told.note("items", format_compact!("{count}"));
    if let Some(content) = tags::enclosed(r, 5) {
        points::values(content, point, &mut told.readings)?;
    }
    if let Some(first) = tags::context_unsigned(r, 6)? {
        told.note("first sequence number", format_compact!("{first}"));
    }
    Ok(())
}

fn write_group(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let group = tags::must_context(r, 0, "group number")?;
    told.object = Object::one("group", group);
    let priority = tags::must_context(r, 1, "write priority")?;
    told.note("priority", format_compact!("{priority}"));
    let Some(mut list) = tags::enclosed(r, 2) else { return Err(r.short("change list", 1)) };
    while !list.is_empty() {
        let channel = tags::must_context(&mut list, 0, "channel")?;
        tags::context(&mut list, 1)?;
        let (tag, mut content) = tags::element(&mut list)?;
        let value = if tag.is_context {
            Value::Text(tags::constructed(content, Words::Unknown))
        } else {
            tags::primitive(tag.number, tag.content, content.take_rest(), Words::Unknown)
        };
        told.reading(Object::one("channel", channel), value);
    }
    Ok(())
}

/// Reads the value of a property that was answered, and keeps what it says of the machine.
fn answered(content: Reader<'_>, point: Point, told: &mut Told) -> Result<(), Short> {
    let before = told.readings.len();
    let result = points::values(content, point, &mut told.readings);
    if !matches!(point.object_type(), kind::DEVICE | kind::NETWORK_PORT) || point.index.is_some() {
        return result;
    }
    if point.object_type() == kind::DEVICE && point.instance() != INSTANCE_ANY {
        told.identity.get_or_insert_default().device = Some(point.instance());
    }
    let Some(value) = told.readings.get(before).map(|reading| &reading.value) else { return result };
    let number = match value {
        Value::Unsigned(number) => Some(*number),
        _ => None,
    };
    match (point.property, number, value) {
        (property::VENDOR_IDENTIFIER, Some(vendor), _) => {
            told.identity.get_or_insert_default().vendor = Some(tags::small(vendor));
        }
        (property::PROTOCOL_REVISION, Some(revision), _) => {
            told.facts.push((FactKey::Service, format_compact!("bacnet revision {revision}"), point.property));
        }
        (property::UTC_OFFSET, _, Value::Integer(minutes)) => {
            // The standard counts minutes to the west (clause 12.11.25).
            told.facts.push((
                FactKey::TimeZone,
                format_compact!("utc {:+} min", minutes.saturating_neg()),
                point.property,
            ));
        }
        _ => {
            if let Some(key) = names_of::fact_key(point.object_type(), point.property) {
                told.facts.push((key, fact_text(key, value), point.property));
            }
        }
    }
    result
}

/// The instance that stands for whatever device is asked (clause 12.11.1).
const INSTANCE_ANY: u32 = 0x003f_ffff;

fn fact_text(key: FactKey, value: &Value) -> Text {
    match (key, value) {
        (FactKey::Mac, Value::Bytes(bytes)) => match bytes.first_chunk::<6>() {
            Some(six) if bytes.len() == 6 => format_compact!("{}", Mac(*six)),
            // Addresses of other media are no hardware addresses of machines.
            _ => Text::default(),
        },
        (_, Value::Bytes(bytes)) => match bytes.first_chunk::<4>() {
            Some(four) if bytes.len() == 4 => format_compact!("{}", std::net::Ipv4Addr::from(*four)),
            _ => Text::default(),
        },
        (_, Value::Nothing) => Text::default(),
        (_, value) => tags::shown(value),
    }
}
