//! What the services answer.
//!
//! Written from OPC 10000-4 (Part 4: Services), section 5; the order of fields on the wire is that of Part 6.

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Text, Value};
use wire::{Reader, Short};

use super::Monitored;
use super::names;
use super::services::{Node, Told};
use super::structures::{self, encoding};
use super::types::{self, DataValue, Values};

/// Endpoints of one answer that become facts.
const ENDPOINTS_MAX: usize = 32;

/// Reads the result of the service `service` (the number of its request) behind the header.
pub(super) fn answer(
    service: u32,
    r: &mut Reader<'_>,
    nodes: &[Node],
    monitored: &Monitored,
    told: &mut Told,
) -> Result<(), Short> {
    match service {
        422 => {
            for _ in 0..types::count(r, 25, "servers")? {
                let application = structures::application(r)?;
                told.reading(application.uri.clone(), Value::Text(application.urls.clone()));
            }
            Ok(())
        }
        428 => endpoints(r, told),
        446 => {
            r.u32_le("server protocol version")?;
            told.note("channel", format_compact!("{}", r.u32_le("channel id")?));
            told.note("token", format_compact!("{}", r.u32_le("token id")?));
            types::date_time(r)?;
            told.note("revised lifetime", format_compact!("{} ms", r.u32_le("revised lifetime")?));
            Ok(())
        }
        461 => create_session(r, told),
        467 => {
            types::byte_string(r)?;
            statuses(r, told)
        }
        488 => {
            for _ in 0..types::count(r, 6, "results")? {
                let status = r.u32_le("status")?;
                told.operation(status);
                let id = types::node_id(r)?;
                if !id.is_null() {
                    told.note("added", id.text);
                }
            }
            Ok(())
        }
        494 | 500 | 506 | 673 | 769 | 781 | 799 | 847 => statuses(r, told),
        527 | 533 => browse(r, told),
        554 => {
            for i in 0..types::count(r, 8, "results")? {
                let status = r.u32_le("status")?;
                told.operation(status);
                let targets = types::count(r, 6, "targets")?;
                for _ in 0..targets {
                    let id = types::expanded_node_id(r)?;
                    r.u32_le("remaining path index")?;
                    told.reading(name_of(nodes, i, "path"), Value::Text(id.text));
                }
            }
            Ok(())
        }
        560 => {
            for i in 0..types::count(r, 2, "registered node ids")? {
                let id = types::node_id(r)?;
                told.reading(name_of(nodes, i, "node"), Value::Text(id.text));
            }
            Ok(())
        }
        631 => read(r, nodes, told),
        664 => history(r, nodes, told),
        712 => call(r, nodes, told),
        751 => {
            for i in 0..types::count(r, 23, "results")? {
                let status = r.u32_le("status")?;
                told.operation(status);
                let item = r.u32_le("monitored item id")?;
                let sampling = r.f64_le("revised sampling interval")?;
                r.u32_le("revised queue size")?;
                types::extension(r)?;
                if i == 0 {
                    told.note("item", format_compact!("{item}"));
                    told.note("revised sampling", format_compact!("{sampling} ms"));
                }
            }
            Ok(())
        }
        787 => {
            told.object = Object::one("subscription", r.u32_le("subscription id")?.into());
            told.note("revised publishing interval", format_compact!("{} ms", r.f64_le("publishing interval")?));
            told.note("revised lifetime count", format_compact!("{}", r.u32_le("lifetime count")?));
            told.note("revised keep-alive count", format_compact!("{}", r.u32_le("keep-alive count")?));
            Ok(())
        }
        793 => {
            told.note("revised publishing interval", format_compact!("{} ms", r.f64_le("publishing interval")?));
            Ok(())
        }
        826 => {
            let subscription = r.u32_le("subscription id")?;
            told.object = Object::one("subscription", subscription.into());
            for _ in 0..types::count(r, 4, "available sequence numbers")? {
                r.u32_le("sequence number")?;
            }
            r.u8("more notifications")?;
            notification(subscription, r, monitored, told)?;
            // The results are those of acknowledgements in the request: a bad one is no failure of this answer.
            Ok(())
        }
        832 => notification(0, r, monitored, told),
        _ => Ok(()),
    }
}

fn name_of(nodes: &[Node], index: usize, what: &str) -> Text {
    nodes.get(index).map_or_else(|| format_compact!("{what} {index}"), |node| node.name.clone())
}

fn statuses(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    for _ in 0..types::count(r, 4, "results")? {
        let status = r.u32_le("status")?;
        told.operation(status);
    }
    Ok(())
}

fn endpoints(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    for i in 0..types::count(r, 40, "endpoints")? {
        let endpoint = structures::endpoint(r)?;
        let shown = endpoint.shown();
        if i == 0 {
            told.application(&endpoint.server);
            told.note("application", endpoint.server.uri.clone());
            told.note("application type", endpoint.server.kind);
            if !endpoint.certificate.is_empty() {
                let text = endpoint.certificate.clone();
                told.facts.push((FactKey::Certificate, text, "server certificate", Confidence::Certain));
            }
        }
        if i < ENDPOINTS_MAX {
            told.facts.push((FactKey::Service, shown.clone(), "endpoint", Confidence::Certain));
        }
        told.reading(format_compact!("endpoint {i}"), Value::Text(shown));
    }
    Ok(())
}

fn create_session(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    told.note("session", types::node_id(r)?.text);
    // The token is what authenticates every further message: it is not kept.
    types::node_id(r)?;
    told.note("revised timeout", format_compact!("{} ms", r.f64_le("revised session timeout")?));
    types::byte_string(r)?;
    let certificate = types::byte_string(r)?.unwrap_or_default();
    told.certificate(certificate, "server certificate");
    endpoints(r, told)
}

fn browse(r: &mut Reader<'_>, told: &mut Told) -> Result<(), Short> {
    let mut found = 0_usize;
    for _ in 0..types::count(r, 12, "results")? {
        let status = r.u32_le("status")?;
        told.operation(status);
        if types::byte_string(r)?.is_some_and(|point| !point.is_empty()) {
            told.note("more", "yes");
        }
        for _ in 0..types::count(r, 12, "references")? {
            types::node_id(r)?;
            r.u8("is forward")?;
            let id = types::expanded_node_id(r)?;
            let name = types::qualified_name(r)?;
            let display = types::localized_text(r)?;
            let class = names::node_class(r.u32_le("node class")?);
            let kind = types::expanded_node_id(r)?;
            // `1:Pump "Feed pump" (object of ns=1;i=7)`: people see the display name, programs the other.
            let plain = name.split_once(':').map_or(name.as_str(), |(_, plain)| plain);
            let mut shown = name.clone();
            if !display.is_empty() && display != plain {
                shown = format_compact!("{shown} \"{display}\"");
            }
            shown = match kind.is_null() {
                true => format_compact!("{shown} ({class})"),
                false => format_compact!("{shown} ({class} of {})", kind.text),
            };
            told.reading(id.text, Value::Text(shown));
            found = found.saturating_add(1);
        }
    }
    told.note("references", format_compact!("{found}"));
    Ok(())
}

fn read(r: &mut Reader<'_>, nodes: &[Node], told: &mut Told) -> Result<(), Short> {
    for i in 0..types::count(r, 1, "results")? {
        let mut value = types::data_value(r, 0)?;
        told.operation(value.status);
        let name = name_of(nodes, i, "node");
        if let Some(node) = nodes.get(i).and_then(|node| node.standard) {
            facts(node, &mut value, told);
        }
        types::push(&mut told.readings, &name, value);
    }
    Ok(())
}

/// What the value of a well-known node says of the server.
fn facts(node: u32, value: &mut DataValue, told: &mut Told) {
    match &mut value.values {
        Values::Fields(fields) if matches!(node, 2256 | 2260) => {
            for (field, value) in fields {
                if let Some(key) = names::field_key(field) {
                    told.facts.push((key, types::shown(value), "server status", Confidence::Certain));
                }
            }
        }
        Values::One(one) => {
            if let (2259, Some(state)) = (node, one.as_number()) {
                *one = Value::Text(names::server_state(state as u32));
            }
            if let Some(key) = names::fact_key(node)
                && *one != Value::Nothing
            {
                told.facts.push((key, types::shown(one), "server status", Confidence::Certain));
            }
        }
        _ => {}
    }
}

fn history(r: &mut Reader<'_>, nodes: &[Node], told: &mut Told) -> Result<(), Short> {
    for i in 0..types::count(r, 11, "results")? {
        let status = r.u32_le("status")?;
        told.operation(status);
        types::byte_string(r)?;
        let mut data = types::extension(r)?;
        if data.kind.standard() == Some(encoding::HISTORY_DATA) {
            let name = name_of(nodes, i, "node");
            for _ in 0..types::count(&mut data.body, 1, "data values")? {
                let value = types::data_value(&mut data.body, 0)?;
                types::push(&mut told.readings, &name, value);
            }
        }
    }
    Ok(())
}

fn call(r: &mut Reader<'_>, nodes: &[Node], told: &mut Told) -> Result<(), Short> {
    for i in 0..types::count(r, 16, "results")? {
        let status = r.u32_le("status")?;
        told.operation(status);
        for _ in 0..types::count(r, 4, "input argument results")? {
            r.u32_le("input argument result")?;
        }
        for _ in 0..types::count(r, 1, "input argument diagnostics")? {
            types::diagnostic_info(r, 0)?;
        }
        let method = name_of(nodes, i, "method");
        let method = method.rsplit_once(' ').map_or(method.as_str(), |(_, method)| method);
        for j in 0..types::count(r, 1, "output arguments")? {
            let values = types::variant(r, 0)?;
            let name = format_compact!("{method} output[{j}]");
            types::push(&mut told.readings, &name, DataValue { values, status: 0, at: None });
        }
    }
    Ok(())
}

/// A notification message (section 7.26): changes of values, events, or the end of a subscription.
fn notification(subscription: u32, r: &mut Reader<'_>, monitored: &Monitored, told: &mut Told) -> Result<(), Short> {
    let sequence = r.u32_le("sequence number")?;
    told.note("sequence number", format_compact!("{sequence}"));
    types::date_time(r)?;
    let count = types::count(r, 3, "notifications")?;
    if count == 0 {
        told.note("keep-alive", "yes");
    }
    let name = |handle: u32| {
        monitored.get(&(subscription, handle)).cloned().unwrap_or_else(|| format_compact!("handle {handle}"))
    };
    for _ in 0..count {
        let types::Extension { kind, mut body } = types::extension(r)?;
        match kind.standard() {
            Some(encoding::DATA_CHANGE) => {
                for _ in 0..types::count(&mut body, 5, "monitored items")? {
                    let handle = body.u32_le("client handle")?;
                    let value = types::data_value(&mut body, 0)?;
                    types::push(&mut told.readings, &name(handle), value);
                }
            }
            Some(encoding::EVENTS) => {
                told.named = Some(("publish event", model::Verb::Alarm));
                for _ in 0..types::count(&mut body, 8, "events")? {
                    let handle = body.u32_le("client handle")?;
                    let node = name(handle);
                    for i in 0..types::count(&mut body, 1, "event fields")? {
                        let values = types::variant(&mut body, 0)?;
                        told.reading(format_compact!("{node} field {i}"), Value::Text(values.shown()));
                    }
                }
            }
            Some(encoding::STATUS_CHANGE) => {
                let status = body.u32_le("status")?;
                told.note("subscription status", names::status(status));
            }
            _ => told.note("notification", kind.text),
        }
    }
    Ok(())
}

/// Reads the header of an answer: the result of the service, and what was said of it in plain words.
pub(super) fn header(r: &mut Reader<'_>) -> Result<(u32, Text), Short> {
    types::date_time(r)?;
    r.u32_le("request handle")?;
    let result = r.u32_le("service result")?;
    let text = types::diagnostic_info(r, 0)?;
    let table = types::strings(r)?;
    types::extension(r)?;
    Ok((result, if text.is_empty() { table } else { text }))
}

/// Reads the header of a request.
pub(super) fn request_header(r: &mut Reader<'_>) -> Result<(), Short> {
    // The token is what authenticates the session: it is not kept.
    types::node_id(r)?;
    types::date_time(r)?;
    r.u32_le("request handle")?;
    r.u32_le("return diagnostics")?;
    types::string(r)?;
    r.u32_le("timeout hint")?;
    types::extension(r).map(|_| ())
}
