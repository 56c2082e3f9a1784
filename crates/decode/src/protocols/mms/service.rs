//! What MMS services are done to, and what they carry.

use compact_str::format_compact;
use model::{Object, Reading, Text, Value, Verb};

use super::codes;
use super::data;
use crate::ber::{Element, Elements, text};

/// Names of one request that are kept.
const NAMES_MAX: usize = 512;

/// Values of one message that are kept.
pub const VALUES_MAX: usize = 2_048;

/// An `ObjectName`: `domain/item`, `item`, or `@item` for one of the association.
pub fn object_name(element: &Element<'_>) -> Option<Text> {
    match element.tag {
        _ if element.class != 2 => None,
        0 if !element.is_constructed => Some(element.text()),
        1 => {
            let mut parts = element.inside();
            let (domain, item) = (parts.next()?, parts.next()?);
            Some(format_compact!("{}/{}", domain.text(), item.text()))
        }
        2 if !element.is_constructed => Some(format_compact!("@{}", element.text())),
        _ => None,
    }
}

/// Names of a `VariableAccessSpecification`: each variable of a list, or the name of a list.
pub enum Access {
    /// Variables by name.
    Variables(Vec<Text>),
    /// A named variable list.
    List(Text),
}

impl Access {
    /// Reads the choice: 0 list of variables, 1 name of a list.
    pub fn read(choice: &Element<'_>) -> Option<Access> {
        match choice.tag {
            0 => Some(Access::Variables(variables(choice.inside()))),
            1 => choice.inside().next().and_then(|name| object_name(&name)).map(Access::List),
            _ => None,
        }
    }

    /// As the object of an act: the only name, or the first and how many more.
    pub fn object(&self) -> Object {
        match self {
            Access::List(name) => Object::Text(name.clone()),
            Access::Variables(names) => match names.as_slice() {
                [] => Object::None,
                [name] => Object::Text(name.clone()),
                [name, rest @ ..] => Object::Text(format_compact!("{name} and {} more", rest.len())),
            },
        }
    }

    /// Name of the value at `index`.
    fn name(&self, index: usize) -> Text {
        match self {
            Access::List(name) => format_compact!("{name}[{}]", index.saturating_add(1)),
            Access::Variables(names) => match names.get(index) {
                Some(name) => name.clone(),
                None => format_compact!("[{}]", index.saturating_add(1)),
            },
        }
    }
}

fn variables(list: Elements<'_>) -> Vec<Text> {
    let mut names = Vec::new();
    for variable in list.take(NAMES_MAX) {
        let mut parts = variable.inside();
        let name = match parts.next() {
            Some(specification) if specification.is(0) => {
                specification.inside().next().and_then(|name| object_name(&name))
            }
            Some(specification) if specification.is(1) => Some("address".into()),
            _ => None,
        };
        let mut name = name.unwrap_or_else(|| "?".into());
        // An alternate access picks parts of a structure.
        if let Some(part) = parts.find(|part| part.is(5)).and_then(alternate) {
            name = format_compact!("{name}.{part}");
        }
        names.push(name);
    }
    names
}

/// The first component or index that an alternate access picks.
fn alternate(access: Element<'_>) -> Option<Text> {
    let mut element = access;
    for _ in 0..8 {
        element = element.inside().next()?;
        if !element.is_constructed {
            return match (element.class, element.tag) {
                (2, 0 | 1) if element.content.first().is_some_and(u8::is_ascii_graphic) => Some(element.text()),
                (2, 1 | 2) => element.unsigned().map(|index| format_compact!("[{index}]")),
                _ => Some(element.text()),
            };
        }
    }
    None
}

/// Values of a list of data or access results, named after what was accessed. Gives the first error and whether any
/// value came.
pub fn results(list: Elements<'_>, access: Option<&Access>, into: &mut Vec<Reading>) -> (Option<u64>, bool) {
    let mut error = None;
    let mut has_value = false;
    for (index, element) in list.enumerate() {
        if into.len() >= VALUES_MAX {
            break;
        }
        let name = access.map_or_else(|| format_compact!("[{}]", index.saturating_add(1)), |access| access.name(index));
        if element.is(0) {
            let code = element.unsigned().unwrap_or(0xff);
            error = error.or(Some(code));
            let mut reading = Reading::new(name, Value::Nothing);
            reading.quality = Some(codes::access_error(code));
            into.push(reading);
            continue;
        }
        has_value = true;
        value(&name, &element, into);
    }
    (error, has_value)
}

/// One value; structures become a reading a leaf.
pub fn value(name: &str, element: &Element<'_>, into: &mut Vec<Reading>) {
    if !(element.class == 2 && matches!(element.tag, 1 | 2)) {
        into.push(reading(name.into(), element));
        return;
    }
    data::leaves(element.inside(), |path, leaf| {
        if into.len() < VALUES_MAX {
            into.push(reading(format_compact!("{name}.{}", data::dotted(path)), leaf));
        }
    });
}

fn reading(name: Text, leaf: &Element<'_>) -> Reading {
    let mut reading = Reading::new(name, data::value(leaf));
    if leaf.is(17)
        && let Some((_, quality)) = data::utc_time(leaf.content)
    {
        reading.quality = data::time_quality(quality).map(Text::const_new);
    }
    reading
}

/// What a request says.
pub struct Request {
    /// Tag of the service.
    pub service: u32,
    /// What it does, where the table says too little.
    pub verb: Option<Verb>,
    /// What it is done to.
    pub object: Object,
    /// Which variables, to name the values of the answer.
    pub access: Option<Access>,
    /// Values written.
    pub values: Vec<Reading>,
    /// A further field: scope, new name.
    pub extra: Option<(&'static str, Text)>,
}

/// Reads a confirmed service request.
pub fn request(service: &Element<'_>) -> Request {
    let mut request = Request {
        service: service.tag,
        verb: None,
        object: Object::None,
        access: None,
        values: Vec::new(),
        extra: None,
    };
    match service.tag {
        // Read: 0 with result, 1 specification.
        4 => {
            request.access =
                service.inside().context(1).and_then(|a| a.inside().next()).and_then(|choice| Access::read(&choice));
        }
        // Write: specification, then data.
        5 => {
            let mut parts = service.inside();
            request.access = parts.next().and_then(|choice| Access::read(&choice));
            if let Some(list) = parts.next() {
                results_of_data(list.inside(), request.access.as_ref(), &mut request.values);
            }
        }
        1 => {
            let class = service.inside().context(0).and_then(|c| c.inside().next()).and_then(|c| c.unsigned());
            let class = class.and_then(|class| usize::try_from(class).ok()).and_then(|class| codes::CLASSES.get(class));
            let class = class.copied().unwrap_or("names");
            let scope = service.inside().context(1).and_then(|s| s.inside().next());
            request.object = Object::Text(match scope {
                Some(scope) if scope.is(1) => format_compact!("{class} of {}", scope.text()),
                Some(scope) if scope.is(2) => format_compact!("{class} of the association"),
                _ => Text::const_new(class),
            });
            request.extra = service.inside().context(2).map(|after| ("continue after", after.text()));
        }
        6 => {
            let name = service.inside().next().filter(|choice| choice.is(0)).and_then(|c| c.inside().next());
            request.object = name.and_then(|name| object_name(&name)).map_or(Object::None, Object::Text);
        }
        11 => {
            let mut parts = service.inside();
            request.object = parts.next().and_then(|name| object_name(&name)).map_or(Object::None, Object::Text);
            if let Some(list) = parts.next() {
                for name in variables(list.inside()) {
                    request.values.push(Reading::new("variable", Value::Text(name)));
                }
            }
        }
        13 => {
            let names = service.inside().context(1);
            let first = names.and_then(|names| names.inside().next()).and_then(|name| object_name(&name));
            request.object = first.map_or(Object::None, Object::Text);
        }
        46 | 75 => {
            let names: Vec<Text> =
                service.inside().filter(|e| e.is_constructed).filter_map(|e| file_name(&e)).collect();
            if let [.., from, to] = names.as_slice() {
                request.object = Object::Text(from.clone());
                request.extra = Some(("destination", to.clone()));
            }
        }
        76 => request.object = file_name(service).map_or(Object::None, Object::Text),
        72 | 77 => {
            let name = service.inside().context(0).and_then(|name| file_name(&name));
            request.object = name.map_or(Object::None, Object::Text);
        }
        _ => request.object = first_name(service),
    }
    if let Some(access) = &request.access {
        request.object = access.object();
        request.verb = meaning(service.tag, access);
    }
    request
}

/// Data of a write carry no errors: tag 0 is none of theirs.
fn results_of_data(list: Elements<'_>, access: Option<&Access>, into: &mut Vec<Reading>) {
    for (index, element) in list.enumerate().take(NAMES_MAX) {
        let name = access.map_or_else(Text::default, |access| access.name(index));
        value(&name, &element, into);
    }
}

/// A file name: a sequence of parts, in its own tag or wrapped once more.
pub fn file_name(element: &Element<'_>) -> Option<Text> {
    let mut parts = element.inside();
    let first = parts.next()?;
    if first.is_constructed {
        return first.inside().next().map(|part| part.text());
    }
    let mut name = first.text();
    for part in parts.take(16) {
        name.push_str(&part.text());
    }
    Some(name)
}

/// The name or number that most services begin with.
fn first_name(service: &Element<'_>) -> Object {
    if !service.is_constructed {
        return match service.tag {
            // Upload and file state machines have numbers.
            30 | 31 => service.unsigned().map_or(Object::None, |n| Object::one("upload", n)),
            73 | 74 => service.unsigned().map_or(Object::None, |n| Object::one("file", n)),
            0 | 2 => Object::None,
            _ if service.content.is_empty() => Object::None,
            _ => Object::Text(service.text()),
        };
    }
    let Some(first) = service.inside().next() else { return Object::None };
    match object_name(&first) {
        Some(name) => Object::Text(name),
        None if first.is_constructed => {
            first.inside().next().and_then(|name| object_name(&name)).map_or(Object::None, Object::Text)
        }
        None => Object::Text(text(first.content)),
    }
}

/// IEC 61850 puts meaning into names (IEC 61850-8-1, sections 17 and 20): functional constraint CO commands, RP and BR
/// order reports, SP, SG, SE and CF are settings, GO and MS publish.
fn meaning(service: u32, access: &Access) -> Option<Verb> {
    let Access::Variables(names) = access else { return None };
    let name = names.first()?;
    let (_, item) = name.split_once('/')?;
    let mut parts = item.split('$').skip(1);
    let constraint = parts.next()?;
    let last = item.rsplit('$').next().unwrap_or("");
    match (service, constraint) {
        // Select before operate is a read with consequences.
        (4, "CO") if last == "SBO" => Some(Verb::Operate),
        (5, "CO") => Some(Verb::Operate),
        (5, "RP" | "BR" | "LG") => Some(Verb::Subscribe),
        (5, "SP" | "SG" | "SE" | "CF" | "GO" | "MS" | "US" | "SV" | "BL") => Some(Verb::Configure),
        _ => None,
    }
}
