//! The packets behind a record.

use std::io::{self, Write};

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use model::Time;
use serde::Deserialize;
use store::Decision;
use tokio::sync::mpsc;

use crate::call::{Answer, Call};
use crate::{EvidenceQuery, Problem};

#[derive(Deserialize)]
struct Filter {
    flow: Option<String>,
    asset: Option<String>,
    from: Option<Time>,
    to: Option<Time>,
}

/// Pieces that wait for a slow reader.
const PIECES: usize = 8;

pub async fn packets(call: Call) -> Answer {
    let filter: Filter = call.query()?;
    let evidence = call.site.config().evidence.clone();
    let evidence = evidence.ok_or_else(|| Problem::absent("packet: this site keeps none"))?;
    let asset = filter.asset.filter(|id| !id.is_empty());
    let addresses = match &asset {
        None => Vec::new(),
        Some(id) => {
            let view = call.site.view();
            let asset = view.asset(id).ok_or_else(|| Problem::absent("machine"))?;
            asset.interfaces.iter().flat_map(|interface| interface.ips.iter().copied()).collect()
        }
    };
    let flow = filter.flow.filter(|flow| !flow.is_empty());
    if flow.is_none() && addresses.is_empty() && (filter.from.is_none() || filter.to.is_none()) {
        return Err(Problem::bad("say of which flow or machine, or from when to when"));
    }
    // The time of a record is that of its first packet; to the last one included.
    let query = EvidenceQuery { flow, addresses, from: filter.from, to: filter.to.map(|to| to.plus(1)) };
    call.decide(Decision::Exported { what: "evidence".into(), detail: format!("{query:?}") }).await?;
    let (sender, mut receiver) = mpsc::channel(PIECES);
    // The first piece tells whether there is anything at all, while an error can still be told.
    tokio::task::spawn_blocking(move || {
        let mut out = io::BufWriter::with_capacity(1 << 16, Pieces(sender.clone()));
        let written = evidence(&query, &mut out).and_then(|count| out.flush().map(|()| count));
        match written {
            Ok(0) => drop(sender.blocking_send(Err(io::ErrorKind::NotFound.into()))),
            Ok(_) => {}
            Err(error) => drop(sender.blocking_send(Err(error))),
        }
    });
    let first = match receiver.recv().await {
        Some(Ok(first)) => first,
        Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => return Err(Problem::internal(error)),
        _ => return Err(Problem::absent("packet: it was not captured, or is older than what is kept")),
    };
    let rest = stream::unfold((Some(first), receiver), |(first, mut receiver)| async {
        match first {
            Some(first) => Some((Ok(first), (None, receiver))),
            None => receiver.recv().await.map(|piece| (piece, (None, receiver))),
        }
    });
    Ok(download(Body::from_stream(rest), "application/vnd.tcpdump.pcap", "evidence.pcapng"))
}

/// A body that a browser saves under a name.
pub fn download(body: Body, kind: &'static str, name: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// Writes into a channel; where nobody reads any more, the writing ends.
struct Pieces(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        self.0.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
