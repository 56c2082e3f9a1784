//! The listener: connections in, with a bound on everything, until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::call::Peer;
use crate::{Config, Site, Tls, limits, router, tls};

/// Why the site cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken or not ours.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The certificate cannot be used.
    #[error("certificate `{0}`: {1}")]
    Certificate(String, String),
    /// Its key cannot be used.
    #[error("key `{0}`: {1}")]
    Key(String, String),
}

/// A server that runs.
#[derive(Debug)]
pub struct Serving {
    /// Where it answers: `https://192.0.2.7:8443`.
    pub urls: Vec<String>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Serving {
    /// Answers no new requests, waits a little for open ones, and ends.
    pub async fn stop(self) {
        // An error says that all listeners ended already.
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

/// Begins to answer on `config.listen`, with TLS outside loopback (see [`Tls`]).
pub async fn serve(config: &Config, site: Arc<Site>) -> Result<Serving, ServeError> {
    let (stop, stopped) = watch::channel(false);
    let (mut urls, mut tasks) = (Vec::new(), Vec::new());
    let connections = Arc::new(Semaphore::new(limits::CONNECTIONS_MAX));
    for address in &config.listen {
        let tls = match &config.tls {
            Tls::Files { certificate, key } => Some(tls::from_files(certificate, key)?),
            Tls::Auto if !address.ip().is_loopback() => Some(tls::own(&config.data.join("tls"), &config.listen)?),
            Tls::Auto | Tls::Off => None,
        };
        let listener = TcpListener::bind(address).await.map_err(|e| ServeError::Listen(*address, e))?;
        let bound = listener.local_addr().map_err(|e| ServeError::Listen(*address, e))?;
        urls.push(format!("{}://{bound}", if tls.is_some() { "https" } else { "http" }));
        let router = router(Arc::clone(&site));
        let listening = Listening {
            listener,
            acceptor: tls.map(TlsAcceptor::from),
            router,
            connections: Arc::clone(&connections),
            stopped: stopped.clone(),
        };
        tasks.push(tokio::spawn(listening.run()));
    }
    Ok(Serving { urls, stop, tasks })
}

struct Listening {
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    connections: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

impl Listening {
    async fn run(mut self) {
        let graceful = Arc::new(GracefulShutdown::new());
        loop {
            let place = Arc::clone(&self.connections).acquire_owned();
            let accepted = tokio::select! {
                _ = self.stopped.changed() => break,
                accepted = async { (place.await, self.listener.accept().await) } => accepted,
            };
            let (Ok(place), Ok((stream, address))) = accepted else {
                // No more files: what is open closes some time.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let (acceptor, router, watcher) = (self.acceptor.clone(), self.router.clone(), graceful.watcher());
            tokio::spawn(async move {
                let _place = place;
                connection(stream, address, acceptor, router, watcher).await;
            });
        }
        drop(self.listener);
        if let Ok(graceful) = Arc::try_unwrap(graceful).map_err(drop) {
            // Live streams do not end by themselves.
            let _ = tokio::time::timeout(limits::STOP_TIMEOUT, graceful.shutdown()).await;
        }
    }
}

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
) {
    // Small answers and events leave at once; where the system refuses that, they leave a little later.
    let _ = stream.set_nodelay(true);
    let peer = Peer { address: address.ip().to_canonical(), is_secure: acceptor.is_some() };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        async move { router.oneshot(request).await }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits::HEAD_TIMEOUT).max_buf_size(64 << 10);
    // How a connection ended concerns only who opened it.
    let result = match acceptor {
        None => watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await,
        Some(acceptor) => match tokio::time::timeout(limits::HEAD_TIMEOUT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await,
            Ok(Err(error)) => return tracing::debug!("{address}: TLS: {error}"),
            Err(_) => return,
        },
    };
    if let Err(error) = result {
        tracing::debug!("{address}: {error}");
    }
}
