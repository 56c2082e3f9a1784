//! What the services ask.
//!
//! Written from OPC 10000-4 (Part 4: Services), section 5; the order of fields on the wire is that of Part 6.

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Reading, Text, Value, Verb};
use smallvec::SmallVec;
use wire::{Reader, Short};

use super::names;
use super::structures::{self, Application, encoding};
use super::types::{self, NodeId};

/// Further fields of an act.
pub(super) type Extra = SmallVec<[(&'static str, Text); 2]>;

/// A node that a request names, to be found again when its answer comes.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// `ns=2;s=Pump.Speed`, with the attribute where it is not the value.
    pub(super) name: Text,
    /// The number of a node of namespace 0 whose value is asked for.
    pub(super) standard: Option<u32>,
}

/// A fact that a message told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) object: Object,
    /// Name and verb in place of the table's.
    pub(super) named: Option<(&'static str, Verb)>,
    pub(super) readings: Vec<Reading>,
    pub(super) extra: Extra,
    pub(super) nodes: Vec<Node>,
    /// Facts of who said the message, with the field that said it.
    pub(super) facts: Vec<(FactKey, Text, &'static str, Confidence)>,
    /// Facts of who is spoken to.
    pub(super) facts_of_other: Vec<(FactKey, Text, &'static str, Confidence)>,
    /// Subscription and client handle of monitored items.
    pub(super) handles: Vec<(u32, u32, Text)>,
    /// First bad status of an operation, and how many were bad, of how many.
    pub(super) bad: Option<u32>,
    pub(super) bad_count: usize,
    pub(super) operations: usize,
}

impl Default for Told {
    fn default() -> Self {
        Told {
            object: Object::None,
            named: None,
            readings: Vec::new(),
            extra: Extra::new(),
            nodes: Vec::new(),
            facts: Vec::new(),
            facts_of_other: Vec::new(),
            handles: Vec::new(),
            bad: None,
            bad_count: 0,
            operations: 0,
        }
    }
}

impl Told {
    pub(super) fn clear(&mut self) {
        self.object = Object::None;
        self.named = None;
        self.readings.clear();
        self.extra.clear();
        self.nodes.clear();
        self.facts.clear();
        self.facts_of_other.clear();
        self.handles.clear();
        self.bad = None;
        self.bad_count = 0;
        self.operations = 0;
    }

    pub(super) fn note(&mut self, name: &'static str, value: impl Into<Text>) {
        self.extra.push((name, value.into()));
    }

    pub(super) fn reading(&mut self, object: impl Into<Object>, value: Value) {
        if self.readings.len() < types::READINGS_MAX {
            self.readings.push(Reading::new(object, value));
        }
    }

    /// The object of an act on several things: the first, and how many more.
    pub(super) fn about_nodes(&mut self) {
        self.object = match self.nodes.as_slice() {
            [] => Object::None,
            [one] => Object::Text(one.name.clone()),
            [first, more @ ..] => Object::Text(format_compact!("{} +{}", first.name, more.len())),
        };
    }

    fn node(&mut self, id: &NodeId) {
        self.nodes.push(Node { name: id.text.clone(), standard: id.standard() });
    }

    /// The status of one operation of several.
    pub(super) fn operation(&mut self, status: u32) {
        self.operations = self.operations.saturating_add(1);
        if names::is_bad(status) {
            self.bad_count = self.bad_count.saturating_add(1);
            self.bad.get_or_insert(status);
        }
    }

    /// What an application says of itself.
    pub(super) fn application(&mut self, application: &Application) {
        self.facts.push((FactKey::Software, application.name.clone(), "application name", Confidence::Likely));
        self.facts.push((FactKey::DeviceId, application.uri.clone(), "application uri", Confidence::Certain));
        self.facts.push((FactKey::Software, application.product.clone(), "product uri", Confidence::Likely));
    }

    /// A certificate was shown.
    pub(super) fn certificate(&mut self, der: &[u8], source: &'static str) {
        if !der.is_empty() {
            self.facts.push((FactKey::Certificate, structures::certificate(der), source, Confidence::Certain));
        }
    }
}

/// Reads the parameters of a request behind its header.
pub(super) fn request(service: u32, r: &mut Reader<'_>, is_encrypted: bool, told: &mut Told) -> Result<(), Short> {
    match service {
        422 | 428 => {
            told.object = types::string(r)?.into();
            Ok(())
        }
        437 | 12211 => register_server(r, told),
        446 => open_channel(r, told),
        461 => create_session(r, told),
        467 => activate_session(r, is_encrypted, told),
        473 => {
            let deletes = r.u8("delete subscriptions")? != 0;
            told.note("delete subscriptions", if deletes { "yes" } else { "no" });
            Ok(())
        }
        479 => {
            told.note("request handle", format_compact!("{}", r.u32_le("request handle")?));
            Ok(())
        }
        488 => add_nodes(r, told),
        494 | 506 => references(service == 494, r, told),
        500 => {
            for _ in 0..types::count(r, 3, "nodes to delete")? {
                let id = types::node_id(r)?;
                r.u8("delete target references")?;
                told.node(&id);
            }
            told.about_nodes();
            Ok(())
        }
        527 => browse(r, told),
        533 => {
            let releases = r.u8("release continuation points")? != 0;
            let points = types::count(r, 4, "continuation points")?;
            told.note("release", if releases { "yes" } else { "no" });
            told.note("continuation points", format_compact!("{points}"));
            Ok(())
        }
        554 => translate(r, told),
        560 | 566 => {
            for _ in 0..types::count(r, 2, "nodes to register")? {
                let id = types::node_id(r)?;
                told.node(&id);
            }
            told.about_nodes();
            Ok(())
        }
        631 => {
            let age = r.f64_le("max age")?;
            if age != 0.0 {
                told.note("max age", format_compact!("{age} ms"));
            }
            r.u32_le("timestamps to return")?;
            for _ in 0..types::count(r, 16, "nodes to read")? {
                read_value_id(r, told)?;
            }
            told.about_nodes();
            Ok(())
        }
        664 => history_read(r, told),
        673 => write(r, told),
        700 => {
            for _ in 0..types::count(r, 3, "history update details")? {
                let mut details = types::extension(r)?;
                // Every kind of details begins with its node (section 11.9 of Part 11).
                let id = types::node_id(&mut details.body)?;
                let kind = match details.kind.standard() {
                    Some(682) => "update data",
                    Some(11300) => "update structure data",
                    Some(685) => "update events",
                    Some(688) => "delete raw data",
                    Some(691) => "delete data at times",
                    Some(694) => "delete events",
                    _ => "other",
                };
                if told.extra.is_empty() {
                    told.note("kind", kind);
                }
                told.node(&id);
            }
            told.about_nodes();
            Ok(())
        }
        712 => call(r, told),
        751 => create_monitored_items(r, told),
        763 => {
            let subscription = r.u32_le("subscription id")?;
            r.u32_le("timestamps to return")?;
            told.object = Object::one("subscription", subscription.into());
            for _ in 0..types::count(r, 24, "items to modify")? {
                let item = r.u32_le("monitored item id")?;
                let (_, sampling, _) = parameters(r)?;
                told.note("item", format_compact!("{item} every {sampling} ms"));
                if told.extra.len() >= 16 {
                    break;
                }
            }
            Ok(())
        }
        769 => {
            let subscription = r.u32_le("subscription id")?;
            told.object = Object::one("subscription", subscription.into());
            told.note("mode", mode(r.u32_le("monitoring mode")?));
            let items = types::count(r, 4, "monitored item ids")?;
            told.note("items", format_compact!("{items}"));
            Ok(())
        }
        775 | 781 => {
            let subscription = r.u32_le("subscription id")?;
            told.object = Object::one("subscription", subscription.into());
            if service == 781 {
                let items = types::count(r, 4, "monitored item ids")?;
                told.note("items", format_compact!("{items}"));
            }
            Ok(())
        }
        787 => subscription_parameters(r, true, told),
        793 => {
            let subscription = r.u32_le("subscription id")?;
            subscription_parameters(r, false, told)?;
            told.object = Object::one("subscription", subscription.into());
            Ok(())
        }
        799 => {
            let is_on = r.u8("publishing enabled")? != 0;
            told.note("publishing", if is_on { "on" } else { "off" });
            subscriptions(r, told)
        }
        826 => {
            let acknowledged = types::count(r, 8, "acknowledgements")?;
            if acknowledged > 0 {
                told.note("acknowledged", format_compact!("{acknowledged}"));
            }
            Ok(())
        }
        832 => {
            told.object = Object::one("subscription", r.u32_le("subscription id")?.into());
            told.note("sequence number", format_compact!("{}", r.u32_le("sequence number")?));
            Ok(())
        }
        841 | 847 => subscriptions(r, told),
        _ => Ok(()),
    }
}

fn subscriptions(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let count = types::count(r, 4, "subscription ids")?;
    for i in 0..count {
        let subscription = r.u32_le("subscription id")?;
        if i == 0 {
            told.object = Object::one("subscription", subscription.into());
        } else if i == 1 {
            told.note("subscriptions", format_compact!("{count}"));
        }
    }
    Ok(())
}

fn register_server(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let uri = types::string(r)?;
    let product = types::string(r)?;
    told.facts.push((FactKey::DeviceId, uri.clone(), "server uri", Confidence::Certain));
    told.facts.push((FactKey::Software, product, "product uri", Confidence::Likely));
    for _ in 0..types::count(r, 1, "server names")? {
        told.facts.push((FactKey::Software, types::localized_text(r)?, "server name", Confidence::Likely));
    }
    told.object = uri.into();
    r.u32_le("server type")?;
    types::string(r)?;
    told.note("discovery urls", types::strings(r)?);
    types::string(r)?;
    let is_online = r.u8("is online")? != 0;
    told.note("online", if is_online { "yes" } else { "no" });
    Ok(())
}

fn open_channel(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    r.u32_le("client protocol version")?;
    let kind = if r.u32_le("request type")? == 1 { "renew" } else { "issue" };
    told.note("request", kind);
    let mode = r.u32_le("security mode")?;
    told.note("mode", names::mode(mode));
    types::byte_string(r)?;
    told.note("lifetime", format_compact!("{} ms", r.u32_le("requested lifetime")?));
    Ok(())
}

fn create_session(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let application = structures::application(r)?;
    told.application(&application);
    told.note("application", application.uri);
    told.note("application type", application.kind);
    types::string(r)?;
    told.object = types::string(r)?.into();
    told.note("session name", types::string(r)?);
    types::byte_string(r)?;
    let certificate = types::byte_string(r)?.unwrap_or_default();
    told.certificate(certificate, "client certificate");
    told.note("timeout", format_compact!("{} ms", r.f64_le("requested session timeout")?));
    Ok(())
}

fn activate_session(r: &mut Reader<'_>, is_encrypted: bool, told: &mut Told) -> Result<(), Short> {
    signature(r)?;
    for _ in 0..types::count(r, 8, "software certificates")? {
        types::byte_string(r)?;
        types::byte_string(r)?;
    }
    types::strings(r)?;
    let mut token = types::extension(r)?;
    let kind = match token.kind.standard() {
        Some(encoding::ANONYMOUS_TOKEN) | Some(0) => "anonymous",
        Some(encoding::USER_NAME_TOKEN) => "user name",
        Some(encoding::CERTIFICATE_TOKEN) => "certificate",
        Some(encoding::ISSUED_TOKEN) => "issued",
        _ => "unknown",
    };
    told.note("identity", kind);
    let body = &mut token.body;
    if !body.is_empty() {
        told.note("token policy", types::string(body)?);
    }
    match kind {
        "user name" => {
            let user = types::string(body)?;
            let has_password = types::byte_string(body)?.is_some_and(|password| !password.is_empty());
            let algorithm = types::string(body)?;
            told.object = user.clone().into();
            told.facts.push((FactKey::User, user, "user name token", Confidence::Certain));
            if has_password {
                let form = match (algorithm.is_empty(), is_encrypted) {
                    (true, false) => "opcua user name",
                    _ => "opcua user name, encrypted",
                };
                told.facts_of_other.push((FactKey::Credential, form.into(), "user name token", Confidence::Certain));
                told.note("password", if algorithm.is_empty() { "present, in clear" } else { "present, encrypted" });
            }
        }
        "certificate" => {
            let certificate = types::byte_string(body)?.unwrap_or_default();
            told.certificate(certificate, "user certificate");
        }
        "issued" => {
            let present = "opcua issued token, encrypted";
            told.facts_of_other.push((FactKey::Credential, present.into(), "issued token", Confidence::Certain));
        }
        "anonymous" => {
            let present = "opcua anonymous";
            told.facts_of_other.push((FactKey::Credential, present.into(), "anonymous token", Confidence::Certain));
        }
        _ => {}
    }
    Ok(())
}

/// Passes over a signature: algorithm and bytes.
pub(super) fn signature(r: &mut Reader<'_>) -> Result<(), Short> {
    types::string(r)?;
    types::byte_string(r).map(|_| ())
}

fn add_nodes(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    for _ in 0..types::count(r, 20, "nodes to add")? {
        let parent = types::expanded_node_id(r)?;
        types::node_id(r)?;
        let wanted = types::expanded_node_id(r)?;
        let name = types::qualified_name(r)?;
        let class = r.u32_le("node class")?;
        types::extension(r)?;
        types::expanded_node_id(r)?;
        // Number 0 lets the server choose one in the namespace.
        let id = if wanted.number == Some(0) { name.clone() } else { wanted.text };
        told.reading(
            id.clone(),
            Value::Text(format_compact!("{name} ({}) under {}", names::node_class(class), parent.text)),
        );
        told.nodes.push(Node { name: id, standard: None });
    }
    told.about_nodes();
    Ok(())
}

fn references(is_new: bool, r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    for _ in 0..types::count(r, 8, "references")? {
        let source = types::node_id(r)?;
        let kind = types::node_id(r)?;
        r.u8("is forward")?;
        if is_new {
            types::string(r)?;
        }
        let target = types::expanded_node_id(r)?;
        if is_new {
            r.u32_le("target node class")?;
        } else {
            r.u8("delete bidirectional")?;
        }
        told.reading(source.text.clone(), Value::Text(format_compact!("{} to {}", kind.text, target.text)));
        told.node(&source);
    }
    told.about_nodes();
    Ok(())
}

fn browse(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    types::node_id(r)?;
    types::date_time(r)?;
    r.u32_le("view version")?;
    let most = r.u32_le("max references")?;
    if most > 0 {
        told.note("max references", format_compact!("{most}"));
    }
    for i in 0..types::count(r, 16, "nodes to browse")? {
        let id = types::node_id(r)?;
        let direction = r.u32_le("browse direction")?;
        let kind = types::node_id(r)?;
        r.u8("include subtypes")?;
        r.u32_le("node class mask")?;
        r.u32_le("result mask")?;
        if i == 0 {
            told.note(
                "direction",
                match direction {
                    0 => "forward",
                    1 => "inverse",
                    _ => "both",
                },
            );
            if !kind.is_null() {
                told.note("reference type", kind.text);
            }
        }
        told.node(&id);
    }
    told.about_nodes();
    Ok(())
}

fn translate(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    for _ in 0..types::count(r, 6, "browse paths")? {
        let mut path = types::node_id(r)?.text;
        for _ in 0..types::count(r, 10, "elements")? {
            types::node_id(r)?;
            r.u8("is inverse")?;
            r.u8("include subtypes")?;
            let name = types::qualified_name(r)?;
            path = format_compact!("{path}/{name}");
        }
        told.nodes.push(Node { name: path, standard: None });
    }
    told.about_nodes();
    Ok(())
}

/// A node, an attribute and a range of an array (section 7.29).
fn read_value_id(r: &mut Reader<'_>, told: &mut Told) -> Result<Text, Short> {
    let id = types::node_id(r)?;
    let attribute = r.u32_le("attribute id")?;
    let range = types::string(r)?;
    types::qualified_name(r)?;
    let name = point(&id.text, attribute, &range);
    told.nodes.push(Node { name: name.clone(), standard: id.standard().filter(|_| attribute == 13) });
    Ok(name)
}

/// `ns=2;s=Pump`, `ns=2;s=Pump BrowseName`, `ns=2;s=Pump[1:2]`.
fn point(id: &Text, attribute: u32, range: &str) -> Text {
    match (names::attribute(attribute), range.is_empty()) {
        (None, true) => id.clone(),
        (None, false) => format_compact!("{id}[{range}]"),
        (Some(attribute), true) => format_compact!("{id} {attribute}"),
        (Some(attribute), false) => format_compact!("{id} {attribute}[{range}]"),
    }
}

fn history_read(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let mut details = types::extension(r)?;
    told.note(
        "kind",
        match details.kind.standard() {
            Some(646) => "events",
            Some(649) => "raw",
            Some(652) => "processed",
            Some(655) => "at times",
            _ => "other",
        },
    );
    if details.kind.standard() == Some(649) {
        details.body.u8("is read modified")?;
        for name in ["start", "end"] {
            if let Some(at) = types::date_time(&mut details.body)? {
                told.note(name, format_compact!("{at}"));
            }
        }
    }
    r.u32_le("timestamps to return")?;
    r.u8("release continuation points")?;
    for _ in 0..types::count(r, 16, "nodes to read")? {
        let id = types::node_id(r)?;
        types::string(r)?;
        types::qualified_name(r)?;
        types::byte_string(r)?;
        told.node(&id);
    }
    told.about_nodes();
    Ok(())
}

fn write(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    for _ in 0..types::count(r, 11, "nodes to write")? {
        let id = types::node_id(r)?;
        let attribute = r.u32_le("attribute id")?;
        let range = types::string(r)?;
        let name = point(&id.text, attribute, &range);
        let value = types::data_value(r, 0)?;
        types::push(&mut told.readings, &name, value);
        told.nodes.push(Node { name, standard: None });
    }
    told.about_nodes();
    Ok(())
}

fn call(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    for _ in 0..types::count(r, 8, "methods to call")? {
        let object = types::node_id(r)?;
        let method = types::node_id(r)?;
        let known = method.standard().and_then(names::method);
        // The first method that is known names the act.
        told.named = told.named.or(known);
        let name = format_compact!("{} {}", object.text, method.text);
        for i in 0..types::count(r, 1, "input arguments")? {
            let value = types::variant(r, 0)?;
            let argument = format_compact!("{} input[{i}]", method.text);
            types::push(&mut told.readings, &argument, types::DataValue { values: value, status: 0, at: None });
        }
        told.nodes.push(Node { name, standard: None });
    }
    told.about_nodes();
    Ok(())
}

fn mode(mode: u32) -> &'static str {
    match mode {
        0 => "disabled",
        1 => "sampling",
        2 => "reporting",
        _ => "unknown",
    }
}

/// Client handle, sampling interval and queue size (section 7.21).
fn parameters(r: &mut Reader<'_>) -> Result<(u32, f64, u32), Short> {
    let handle = r.u32_le("client handle")?;
    let sampling = r.f64_le("sampling interval")?;
    types::extension(r)?;
    let queue = r.u32_le("queue size")?;
    r.u8("discard oldest")?;
    Ok((handle, sampling, queue))
}

fn create_monitored_items(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let subscription = r.u32_le("subscription id")?;
    r.u32_le("timestamps to return")?;
    for i in 0..types::count(r, 36, "items to create")? {
        let name = read_value_id(r, told)?;
        let mode_of_item = r.u32_le("monitoring mode")?;
        let (handle, sampling, queue) = parameters(r)?;
        if i == 0 {
            told.note("sampling", format_compact!("{sampling} ms"));
            told.note("mode", mode(mode_of_item));
            told.note("queue", format_compact!("{queue}"));
        }
        told.handles.push((subscription, handle, name));
    }
    told.note("subscription", format_compact!("{subscription}"));
    told.about_nodes();
    Ok(())
}

fn subscription_parameters(r: &mut Reader<'_>, is_new: bool, told: &mut Told) -> Result<(), Short> {
    told.note("publishing interval", format_compact!("{} ms", r.f64_le("publishing interval")?));
    told.note("lifetime count", format_compact!("{}", r.u32_le("lifetime count")?));
    told.note("keep-alive count", format_compact!("{}", r.u32_le("max keep-alive count")?));
    told.note("max notifications", format_compact!("{}", r.u32_le("max notifications")?));
    if is_new {
        let is_on = r.u8("publishing enabled")? != 0;
        told.note("publishing", if is_on { "on" } else { "off" });
    }
    told.note("priority", format_compact!("{}", r.u8("priority")?));
    Ok(())
}
