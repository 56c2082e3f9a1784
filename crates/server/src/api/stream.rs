//! The live stream as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self};
use tokio::time::{Interval, MissedTickBehavior};

use crate::call::{Answer, Call};
use crate::live::{self, Kind};
use crate::{Problem, Site, limits};

#[derive(Deserialize)]
struct Filter {
    kinds: Option<String>,
}

/// How often it is looked whether the reader may still read.
const CHECK: Duration = Duration::from_secs(15);

struct Reader {
    site: Arc<Site>,
    receiver: broadcast::Receiver<Arc<live::Event>>,
    kinds: Vec<Kind>,
    headers: HeaderMap,
    check: Interval,
    waiting: VecDeque<Event>,
}

pub async fn open(call: Call) -> Answer {
    let filter: Filter = call.query()?;
    let wanted = filter.kinds.as_deref().unwrap_or_default();
    let mut kinds = Vec::new();
    for word in wanted.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        kinds.push(Kind::from_word(word).ok_or_else(|| Problem::bad(format!("`{word}` is no kind of event")))?);
    }
    if kinds.is_empty() {
        kinds = Kind::ALL.to_vec();
    }
    kinds.push(Kind::Dropped);
    if call.site.live.readers() >= limits::STREAMS_MAX {
        return Err(Problem::too_many("too many read the live stream already"));
    }
    let mut check = tokio::time::interval(CHECK);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (receiver, headers) = (call.site.live.listen(), call.headers);
    // The first event is at once there, so that a browser knows that it is connected.
    let hello = Event::default().event("hello").retry(Duration::from_secs(3)).data("{}");
    let reader = Reader { receiver, kinds, headers, check, waiting: VecDeque::from([hello]), site: call.site };
    let events = stream::unfold(reader, |mut reader| async {
        let event = reader.next().await?;
        Some((Ok::<Event, Infallible>(event), reader))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(CHECK)).into_response();
    // Proxies must not gather events.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.waiting.pop_front() {
            return Some(event);
        }
        loop {
            tokio::select! {
                received = self.receiver.recv() => match received {
                    Ok(event) if self.kinds.contains(&event.kind) => {
                        return Some(Event::default().event(event.kind.as_str()).data(&event.data));
                    }
                    Ok(_) => {}
                    Err(RecvError::Lagged(count)) => {
                        let data = format!("{{\"count\":{count}}}");
                        return Some(Event::default().event(Kind::Dropped.as_str()).data(data));
                    }
                    Err(RecvError::Closed) => return None,
                },
                _ = self.check.tick() => {
                    // Who was logged out or shut out meanwhile reads no further.
                    let person = self.site.people.who(self.site.store(), &self.headers).await.ok().flatten();
                    if person.is_none() || self.site.is_closing() {
                        return None;
                    }
                }
            }
        }
    }
}
