//! `vigie protocols` and `vigie detectors`: the tables, for people and for programs.

use std::fmt::Write;

use decode::{Carrier, Protocol, protocols::PROTOCOLS};
use model::Descriptor;
use serde_json::json;

use crate::Ending;
use crate::arguments::{self, Language, SummaryForm};
use crate::console;

/// Prints the whole of `text`.
fn print(text: &str) -> Result<Ending, String> {
    console::print(text).map(|()| Ending::Whole)
}

pub fn protocols(arguments: &arguments::Protocols) -> Result<Ending, String> {
    let chosen: Vec<&Protocol> = match &arguments.name {
        Some(name) => vec![decode::protocols::by_id(name).ok_or_else(|| {
            let ids: Vec<&str> = PROTOCOLS.iter().map(|p| p.id).collect();
            format!("no protocol `{name}`; there are: {}", ids.join(", "))
        })?],
        None => PROTOCOLS.to_vec(),
    };
    if arguments.format == SummaryForm::Json {
        let list: Vec<_> = chosen.iter().map(|p| protocol_json(p)).collect();
        return print(&format!("{:#}\n", json!(list)));
    }
    let mut text = String::new();
    match (&arguments.name, chosen.first()) {
        (Some(_), Some(protocol)) => describe(protocol, &mut text),
        _ => {
            let width = chosen.iter().map(|p| p.id.len()).max().unwrap_or(0);
            for protocol in &chosen {
                let _ = writeln!(text, "{:width$}  {}", protocol.id, protocol.about);
            }
            let _ = writeln!(text, "\n{} protocols. `vigie protocols NAME` tells all of one.", chosen.len());
        }
    }
    print(&text)
}

/// All protocols as `vigie protocols --format json` writes them.
pub fn protocols_json() -> serde_json::Value {
    PROTOCOLS.iter().map(|protocol| protocol_json(protocol)).collect()
}

fn describe(protocol: &Protocol, text: &mut String) {
    let _ = writeln!(text, "{} ({})\n\n{}\n", protocol.title, protocol.id, protocol.about);
    let _ = writeln!(text, "Depth: {}", protocol.depth);
    let _ = writeln!(text, "Carried by: {}", carriers(protocol).join(", "));
    let _ = writeln!(text, "Written from:");
    for document in protocol.documents {
        let _ = writeln!(text, "  - {document}");
    }
    if !protocol.codes.is_empty() {
        let _ = writeln!(text, "\n{:>10}  {:10}  name", "code", "verb");
        for code in protocol.codes {
            let _ = writeln!(text, "{:>10}  {:10}  {}", code.code, code.verb, code.name);
        }
        let _ = writeln!(text, "\nThe verb may differ where the content says more than the code.");
    }
}

fn carriers(protocol: &Protocol) -> Vec<String> {
    let ports = |ports: &[u16]| match ports {
        [] => "any port".to_string(),
        ports => format!("any port, usually {}", ports.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ")),
    };
    protocol
        .carriers
        .iter()
        .map(|carrier| match carrier {
            Carrier::Tcp(usual) => format!("TCP ({})", ports(usual)),
            Carrier::Udp(usual) => format!("UDP ({})", ports(usual)),
            Carrier::Ethernet(kinds) => {
                let kinds: Vec<String> = kinds.iter().map(|kind| format!("0x{kind:04x}")).collect();
                format!("Ethernet ({})", kinds.join(", "))
            }
            Carrier::Snap(organisation, id) => format!("SNAP (0x{organisation:06x}, 0x{id:04x})"),
            Carrier::Ip(number) => format!("IP protocol {number}"),
            Carrier::Inside(id) => format!("inside {id}"),
        })
        .collect()
}

fn protocol_json(protocol: &Protocol) -> serde_json::Value {
    let codes: Vec<_> =
        protocol.codes.iter().map(|code| json!({ "code": code.code, "name": code.name, "verb": code.verb })).collect();
    json!({
        "id": protocol.id,
        "title": protocol.title,
        "about": protocol.about,
        "depth": protocol.depth,
        "carriers": carriers(protocol),
        "documents": protocol.documents,
        "industrial": protocol.is_industrial,
        "codes": codes,
    })
}

pub fn detectors(arguments: &arguments::Detectors) -> Result<Ending, String> {
    // Rules stand after the detectors; one that says what a detector says is silent, and stands in `vigie rules list`.
    let shipped = rules::shipped();
    let new = shipped.rules().iter().filter(|rule| rule.covered_by.is_empty()).map(|rule| rule.about);
    let all: Vec<&Descriptor> = analyze::DETECTORS
        .iter()
        .map(|detector| &detector.about)
        .chain([&rules::indicators::INDICATOR])
        .chain(new)
        .collect();
    let chosen = match &arguments.id {
        Some(id) => vec![
            *all.iter()
                .find(|d| d.id == id)
                .ok_or_else(|| format!("no detector `{id}`; `vigie detectors` lists them"))?,
        ],
        None => all,
    };
    if arguments.format == SummaryForm::Json {
        return print(&format!("{:#}\n", json!(chosen)));
    }
    let say = |phrase: &model::Phrase| match arguments.lang {
        Language::En => phrase.en,
        Language::Fr => phrase.fr,
    };
    let mut text = String::new();
    if arguments.id.is_none() {
        let width = chosen.iter().map(|d| d.id.len()).max().unwrap_or(0);
        for detector in &chosen {
            let techniques: Vec<&str> = detector.techniques.iter().map(|(id, _)| *id).collect();
            let _ = writeln!(
                text,
                "{:width$}  {:8}  {:11}  {}",
                detector.id,
                detector.severity,
                techniques.join(" "),
                say(&detector.title)
            );
        }
        let _ = writeln!(text, "\n{} detectors. `vigie detectors ID` tells all of one.", chosen.len());
        return print(&text);
    }
    let labels: [&str; 8] = match arguments.lang {
        Language::En => {
            ["Severity", "ATT&CK for ICS", "IEC 62443-3-3", "Meaning", "Do", "Do not", "Thresholds", "Covers"]
        }
        Language::Fr => [
            "Gravité",
            "ATT&CK for ICS",
            "IEC 62443-3-3",
            "Signification",
            "À faire",
            "À ne pas faire",
            "Seuils",
            "Couvre",
        ],
    };
    for detector in chosen {
        let techniques: Vec<String> = detector.techniques.iter().map(|(id, name)| format!("{id} {name}")).collect();
        let _ = writeln!(text, "{} ({})\n", say(&detector.title), detector.id);
        let lines = [
            detector.severity.to_string(),
            techniques.join(", "),
            detector.requirements.join(", "),
            say(&detector.meaning).to_string(),
            say(&detector.action).to_string(),
            say(&detector.caution).to_string(),
            say(&detector.thresholds).to_string(),
            detector.covers.join("; "),
        ];
        for (label, line) in labels.iter().zip(lines).filter(|(_, line)| !line.is_empty()) {
            let _ = writeln!(text, "{label}: {line}");
        }
    }
    print(&text)
}
