//! `vigie run` and `vigie demo`: the sensor, what keeps and judges its records, and the user interface, in one process.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use capture::{Filter, Input, Live, LiveOptions, Reader, Selection, evidence};
use model::{Record, Time};
use server::{Config, EvidenceQuery, Site};
use uplink::limits::{BatchLimits, ChannelLimits};
use uplink::{Batch, Batcher, Policy, Sender};

use crate::arguments::{Demo, Run};
use crate::configuration::Configuration;
use crate::confine::{self, Fences, Needs};
use crate::sensor::{self, Outlet, Pace, Replay, Sensor, Source, Status};
use crate::{Ending, console, lists};

/// `vigie run`.
pub fn run(arguments: &Run) -> Result<Ending, String> {
    let configuration = Configuration::of_run(arguments)?;
    let filter = configuration.filter.as_deref();
    let source = if arguments.replay.is_empty() {
        // Interfaces are opened before rights are given up.
        let options = LiveOptions { filter: filter.map(str::to_owned), ..LiveOptions::default() };
        let open = |name: &String| Live::open(name, options.clone()).map_err(|e| e.to_string());
        Source::Live(configuration.interfaces.iter().map(open).collect::<Result<_, _>>()?)
    } else {
        let missing = arguments.replay.iter().find(|path| !path.exists());
        if let Some(path) = missing {
            return Err(format!("`{}` does not exist", path.display()));
        }
        let filter = filter.map(Filter::new).transpose().map_err(|e| e.to_string())?;
        let selection = Selection { filter, from: None, to: None };
        let reader = Reader::new(Input::from_paths(&arguments.replay), selection);
        Source::Replay(Box::new(Replay::new(reader, arguments.speed.unwrap_or(Pace(Some(1.0))))))
    };
    let label = match &source {
        Source::Live(_) => configuration.interfaces.join(", "),
        _ => arguments.replay.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "),
    };
    watch(&configuration, source, &label, arguments.site.unconfined, &arguments.replay)
}

/// `vigie demo`.
pub fn demo(arguments: &Demo) -> Result<Ending, String> {
    let configuration = Configuration::of_demo(&arguments.site)?;
    let player = range::Player::demo(arguments.seed, sensor::machine_time());
    let source = Source::Range(Box::new(player), arguments.speed);
    watch(&configuration, source, "simulated plant", arguments.site.unconfined, &[])
}

/// Watches until somebody says stop.
fn watch(
    configuration: &Configuration,
    source: Source,
    label: &str,
    is_unconfined: bool,
    readable: &[PathBuf],
) -> Result<Ending, String> {
    let data = configuration.data.as_path();
    std::fs::create_dir_all(data).map_err(|e| format!("could not make `{}`: {e}", data.display()))?;
    let data = data.canonicalize().map_err(|e| format!("`{}`: {e}", data.display()))?;
    let is_live = matches!(source, Source::Live(_));

    // From here on this process, and every thread it starts, can do no more than watch.
    let fences = if is_unconfined {
        Fences { files: "none", problems: vec!["rights were kept, as asked".into()], ..Fences::default() }
    } else {
        let mut readable = readable.to_vec();
        readable.extend(configuration.files().iter().flat_map(|path| folders_of(path)));
        let readable: Vec<&Path> = readable.iter().map(PathBuf::as_path).collect();
        confine::confine(
            &[&data],
            &readable,
            Needs { has_interfaces: is_live, has_low_port: (1..1024).contains(&configuration.listen.port()) },
        )
    };

    let ring = data.join("evidence");
    let mut config = Config::new(&data);
    config.listen = vec![configuration.listen];
    config.tls = configuration.tls.clone();
    config.logins = configuration.logins.clone();
    config.version = env!("CARGO_PKG_VERSION").to_owned();
    config.protocols = lists::protocols_json();
    if configuration.evidence > 0 {
        let folder = ring.clone();
        config.evidence = Some(Arc::new(move |query, to| extract(&folder, query, to)));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| format!("could not start: {e}"))?;
    let site = runtime.block_on(Site::open(config)).map_err(|e| e.to_string())?;
    let serving = runtime.block_on(server::serve(site.config(), Arc::clone(&site))).map_err(|e| e.to_string())?;

    let policy = if is_live { Policy::Drop } else { Policy::Wait };
    let (sender, receiver) = uplink::channel(ChannelLimits::default(), policy);
    let feeding = site.feed(receiver).map_err(|e| e.to_string())?;
    let next = site.next_batch(&configuration.sensor).map_err(|e| e.to_string())?;
    let evidence = (configuration.evidence > 0).then_some((ring.as_path(), configuration.evidence));
    let sensor = Sensor::new(source, label, evidence)?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut link = Link {
        batcher: Batcher::new(configuration.sensor.as_str(), next, BatchLimits::default()),
        sender,
        site: Arc::clone(&site),
        sensor: configuration.sensor.clone(),
        is_live,
    };
    let sensing = {
        let stop = Arc::clone(&stop);
        std::thread::Builder::new()
            .name("sensor".into())
            .spawn(move || {
                sensor.run(&mut link, &stop);
                link.end();
            })
            .map_err(|e| format!("could not start: {e}"))?
    };

    console::print(&greeting(label, &data, &serving.urls, site.setup_link(), &fences))?;
    runtime.block_on(interrupted());
    console::tell("stopping\n");
    stop.store(true, Ordering::Relaxed);
    let _ = sensing.join();
    let _ = feeding.join();
    runtime.block_on(async {
        serving.stop().await;
        site.close().await;
    });
    Ok(Ending::Whole)
}

/// The folder that a file lies in, and the one that it leads to: a renewed file is another one in the same folder.
fn folders_of(path: &Path) -> Vec<PathBuf> {
    let canonical = path.canonicalize().ok();
    let folder = |path: &Path| path.parent().map(Path::to_owned);
    let mut folders: Vec<PathBuf> = canonical.as_deref().and_then(folder).into_iter().collect();
    folders.extend(folder(path).and_then(|folder| folder.canonicalize().ok()));
    folders
}

/// What is said at the start.
fn greeting(label: &str, data: &Path, addresses: &[String], setup: Option<String>, fences: &Fences) -> String {
    let mut text = format!("Vigie {} watches {label}\n", env!("CARGO_PKG_VERSION"));
    text += &format!("  keeps      {}\n", data.display());
    text += &format!("  rights     {}\n", fences.in_words());
    for problem in &fences.problems {
        text += &format!("             {problem}\n");
    }
    for address in addresses {
        text += &format!("  open       {address}/\n");
    }
    if let (Some(link), Some(address)) = (setup, addresses.first()) {
        text += &format!("  first use  {address}{link}\n             (works once: it makes the first administrator)\n");
    }
    text + "Stop with Ctrl-C\n"
}

/// Waits for Ctrl-C, or for the system to ask for the end.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Between the sensor and the site: records into batches, batches into the channel.
struct Link {
    batcher: Batcher,
    sender: Sender,
    site: Arc<Site>,
    sensor: String,
    is_live: bool,
}

impl Link {
    fn send(&self, batch: Option<Batch>) {
        if let Some(batch) = batch {
            // Dropped batches are counted by the sender; a closed channel means that the program is ending.
            let _ = self.sender.send(batch);
        }
    }

    /// The last batch.
    fn end(&mut self) {
        let batch = self.batcher.flush();
        self.send(batch);
    }
}

impl Outlet for Link {
    fn record(&mut self, record: &Record) {
        let batch = self.batcher.push(record.clone());
        self.send(batch);
    }

    fn tick(&mut self, now: Time) {
        let batch = self.batcher.tick(now);
        self.send(batch);
    }

    fn status(&mut self, status: &Status) {
        let (_, dropped_records) = self.sender.dropped();
        for interface in &status.interfaces {
            let state = match (&interface.down, status.is_ended, self.is_live) {
                (Some(_), ..) => "down",
                (None, true, _) => "ended",
                (None, false, true) => "up",
                (None, false, false) => "playing",
            };
            self.site.set_sensor(server::Sensor {
                id: format!("{}/{}", self.sensor, interface.name),
                interface: interface.name.clone(),
                state: state.to_owned(),
                packets: interface.packets,
                bytes: interface.bytes,
                packets_per_second: status.packets_per_second,
                dropped_kernel: interface.dropped_kernel + interface.dropped_interface,
                dropped_user: dropped_records,
                last_packet: status.last,
            });
        }
        if let Some(problem) = &status.problem {
            console::tell(&format!("vigie: {problem}\n"));
        }
    }
}

/// Packets that one answer may hold.
const EXTRACT_BYTES_MAX: u64 = 512 << 20;

/// Answers the site's question for packets.
fn extract(ring: &Path, query: &EvidenceQuery, to: &mut dyn Write) -> std::io::Result<u64> {
    // The ring is sorted by pairs of addresses; who asks for one machine asks for all of its pairs, which it cannot name.
    let keys = match query.addresses.as_slice() {
        [a, b] if query.flow.is_some() => vec![crate::evidence::key_of_ips(*a, *b)],
        _ => Vec::new(),
    };
    let search = evidence::Query { from: query.from, to: query.to, keys, bytes_max: EXTRACT_BYTES_MAX };
    let mut wanted = |frame: &model::Frame<'_>| {
        let packet = wire::parse(frame);
        let is_of_addresses = query.addresses.is_empty()
            || packet
                .ip
                .is_some_and(|ip| query.addresses.contains(&ip.source) || query.addresses.contains(&ip.destination));
        is_of_addresses && query.flow.as_ref().is_none_or(|flow| crate::evidence::flow(&packet).to_string() == *flow)
    };
    evidence::extract(ring, &search, &mut wanted, to).map(|extract| extract.packets)
}
