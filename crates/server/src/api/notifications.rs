//! Whom to tell of findings.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use model::{Finding, Said, Severity, Text};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Channel, Decision, Notification};

use crate::api::plant::value;
use crate::call::{Answer, Call};
use crate::{Problem, clock, limits, notify, people};

fn row(call: &Call, id: &str, notification: &Notification) -> Result<Value, Problem> {
    let mut row = value(notification)?;
    let delivery = call.site.notifier.delivery(id);
    row["id"] = id.into();
    row["last_sent"] = json!(delivery.last_sent);
    row["last_error"] = json!(delivery.last_error);
    row["dropped"] = delivery.dropped.into();
    Ok(row)
}

pub async fn list(call: Call) -> Answer {
    let decided = call.site.decided();
    let rows: Result<Vec<Value>, Problem> =
        decided.notifications.iter().map(|(id, notification)| row(&call, id, notification)).collect();
    let rows = rows?;
    let total = rows.len();
    Ok(Json(json!({ "items": rows, "next": null, "total": total })).into_response())
}

#[derive(Deserialize)]
struct Change {
    name: Option<String>,
    kind: Option<Channel>,
    target: Option<String>,
    form: Option<String>,
    language: Option<String>,
    least: Option<Severity>,
    detectors: Option<Vec<String>>,
    is_enabled: Option<bool>,
    /// Kept apart, never shown again: the header `Authorization` of a webhook.
    secret: Option<String>,
}

impl Change {
    fn apply(self, to: Notification) -> Result<(Notification, Option<String>), Problem> {
        let notification = Notification {
            name: self.name.map_or(to.name, |name| name.trim().to_owned()),
            channel: self.kind.unwrap_or(to.channel),
            target: self.target.map_or(to.target, |target| target.trim().to_owned()),
            form: self.form.unwrap_or(to.form),
            language: self.language.unwrap_or(to.language),
            severity: self.least.unwrap_or(to.severity),
            detectors: self.detectors.unwrap_or(to.detectors),
            is_enabled: self.is_enabled.unwrap_or(to.is_enabled),
        };
        let is_short = |text: &str, most: usize| text.chars().count() <= most;
        if notification.name.is_empty() || !is_short(&notification.name, limits::NAME_CHARACTERS_MAX) {
            return Err(Problem::refused("a notification has a name of at most 100 characters"));
        }
        if !is_short(&notification.target, limits::NOTE_CHARACTERS_MAX) || !is_short(&notification.form, 32) {
            return Err(Problem::refused("that is too long"));
        }
        if !matches!(notification.language.as_str(), "" | "en" | "fr") {
            return Err(Problem::refused("there are the languages en and fr"));
        }
        if let Some(id) = notification.detectors.iter().find(|id| analyze::descriptor(id).is_none()) {
            return Err(Problem::refused(format!("there is no detector `{id}`")));
        }
        notify::check_target(notification.channel, &notification.target).map_err(Problem::refused)?;
        // A secret that ends a line would begin another header.
        if self.secret.as_ref().is_some_and(|secret| secret.chars().any(char::is_control) || secret.len() > 4096) {
            return Err(Problem::refused("the secret cannot be that"));
        }
        Ok((notification, self.secret))
    }
}

async fn save(call: &Call, id: &str, notification: Notification, secret: Option<String>) -> Result<Value, Problem> {
    if let Some(secret) = secret {
        let secret = Some(secret.trim()).filter(|secret| !secret.is_empty());
        call.site.store().set_secret("notification", id, secret).await?;
    }
    call.decide(Decision::NotificationSaved { id: id.to_owned(), notification: notification.clone() }).await?;
    row(call, id, &notification)
}

pub async fn add(call: Call) -> Answer {
    let change: Change = call.json()?;
    if change.kind.is_none() || change.target.is_none() {
        return Err(Problem::bad("kind and target are needed"));
    }
    if call.site.decided().notifications.len() >= 100 {
        return Err(Problem::conflict("there are too many notifications"));
    }
    let empty = Notification {
        name: String::new(),
        channel: Channel::Webhook,
        target: String::new(),
        form: String::new(),
        language: String::new(),
        severity: Severity::High,
        detectors: Vec::new(),
        is_enabled: true,
    };
    let (notification, secret) = change.apply(empty)?;
    let saved = save(&call, &people::secret(8), notification, secret).await?;
    Ok((StatusCode::CREATED, Json(saved)).into_response())
}

fn known(call: &Call) -> Result<(String, Notification), Problem> {
    let id = call.name("id");
    let notification = call.site.decided().notifications.get(id).cloned();
    Ok((id.to_owned(), notification.ok_or_else(|| Problem::absent("notification"))?))
}

pub async fn change(call: Call) -> Answer {
    let change: Change = call.json()?;
    let (id, before) = known(&call)?;
    let (notification, secret) = change.apply(before)?;
    Ok(Json(save(&call, &id, notification, secret).await?).into_response())
}

pub async fn remove(call: Call) -> Answer {
    let (id, _) = known(&call)?;
    call.site.store().set_secret("notification", &id, None).await?;
    call.decide(Decision::NotificationRemoved { id }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Tells the target of a finding that is none, now, and says how that went.
pub async fn test(call: Call) -> Answer {
    let (id, notification) = known(&call)?;
    let now = clock::now();
    let text = |text: &str| Text::from(text);
    let finding = Finding {
        id: text("test"),
        detector: "test".into(),
        title: text("This is a test of a notification"),
        severity: notification.severity,
        first: now,
        last: now,
        count: 1,
        from: None,
        to: None,
        behind: model::Behind::Nobody,
        protocol: "".into(),
        evidence: vec![Said { en: text("Nothing happened."), fr: text("Il ne s'est rien passé.") }],
        flow: None,
    };
    match notify::try_once(&call.site, &id, &notification, &finding).await {
        Ok(()) => Ok(Json(json!({ "sent": true })).into_response()),
        Err(error) => Err(Problem::new(StatusCode::BAD_GATEWAY, error)),
    }
}
