//! What is said of a finding, in the language of the reader and in the forms of ticket systems.

use analyze::descriptor;
use model::{Finding, Severity};
use serde_json::{Value, json};
use store::Notification;

use crate::export::{self, Told};

/// The line and the text of a message.
pub fn words(finding: &Finding, notification: &Notification) -> (String, String) {
    let is_french = notification.language == "fr";
    let about = descriptor(&finding.detector);
    let side = |phrase: model::Phrase| if is_french { phrase.fr } else { phrase.en };
    let title = match about {
        Some(about) if is_french => about.title.fr.to_owned(),
        _ => finding.title.to_string(),
    };
    let clean = |text: &str| -> String { text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect() };
    let subject = clean(&format!("[Vigie {}] {title}", finding.severity));
    let mut text = format!("{title}\n\n");
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            text.push_str(&format!("{name}: {}\n", clean(&value)));
        }
    };
    line(if is_french { "Gravité" } else { "Severity" }, Some(finding.severity.to_string()));
    line(if is_french { "De" } else { "From" }, finding.from.map(|address| address.to_string()));
    line(if is_french { "Vers" } else { "To" }, finding.to.map(|address| address.to_string()));
    line(if is_french { "Première fois" } else { "First seen" }, Some(finding.first.to_string()));
    for said in &finding.evidence {
        line(
            if is_french { "Constat" } else { "Seen" },
            Some((if is_french { &said.fr } else { &said.en }).to_string()),
        );
    }
    if let Some(about) = about {
        line(if is_french { "Sens" } else { "Meaning" }, Some(side(about.meaning).to_owned()));
        line(if is_french { "À faire" } else { "What to do" }, Some(side(about.action).to_owned()));
        line(if is_french { "À ne pas faire" } else { "What not to do" }, Some(side(about.caution).to_owned()));
    }
    line("Id", Some(finding.id.to_string()));
    (subject, text)
}

/// The body of a webhook.
pub fn body(finding: &Finding, notification: &Notification, version: &str) -> Value {
    let (subject, text) = words(finding, notification);
    let told = Told { finding, state: "open", version };
    match notification.form.as_str() {
        "ocsf" => export::ocsf(told),
        "slack" | "teams" | "mattermost" => json!({ "text": format!("*{subject}*\n{text}") }),
        "servicenow" => {
            // 1 is the worst.
            let level = match finding.severity {
                Severity::Critical | Severity::High => 1,
                Severity::Medium => 2,
                Severity::Low | Severity::Info => 3,
            };
            json!({
                "short_description": subject, "description": text, "urgency": level, "impact": level,
                "correlation_id": finding.id, "category": "security",
            })
        }
        "glpi" => json!({ "input": { "name": subject, "content": text } }),
        "jira" => {
            json!({ "fields": { "summary": subject, "description": text, "labels": ["vigie", finding.detector] } })
        }
        _ => json!({ "finding": finding, "subject": subject, "text": text }),
    }
}
