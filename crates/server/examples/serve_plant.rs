//! Serves the simulated plant, played live, without anything else: `cargo run -p server --example serve_plant [PORT]`.
//!
//! Logs in with the set-up link that is printed. Everything is kept in a temporary folder.
#![forbid(unsafe_code)]

use std::error::Error;
use std::time::{Duration, Instant};

use decode::{Options, Pipeline};
use model::{Frame, LinkType, Time};
use server::{Config, Sensor, Site};
use uplink::limits::{BatchLimits, ChannelLimits};
use uplink::{Batcher, Policy, channel};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).map_or(Ok(8400), |port| port.parse())?;
    let folder = std::env::temp_dir().join(format!("vigie-plant-{}", std::process::id()));
    let mut config = Config::new(&folder);
    config.listen = vec![([127, 0, 0, 1], port).into()];
    let site = Site::open(config.clone()).await?;
    let serving = server::serve(&config, site.clone()).await?;
    for url in &serving.urls {
        println!("{url}{}", site.setup_link().unwrap_or_default());
    }
    let (sender, receiver) = channel(ChannelLimits::default(), Policy::Wait);
    site.feed(receiver)?;
    let playing = site.clone();
    std::thread::spawn(move || play(&playing, &sender));
    tokio::signal::ctrl_c().await?;
    serving.stop().await;
    site.close().await;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

fn play(site: &Site, sender: &uplink::Sender) {
    let start = Time(now_ns());
    let mut player = range::Player::demo(1, start);
    let mut pipeline = Pipeline::new(Options { is_rolled_up: true }, 1);
    let mut batcher = Batcher::new("demo", 1, BatchLimits::default());
    let (begun, mut packets, mut bytes, mut told) = (Instant::now(), 0_u64, 0_u64, (Instant::now(), 0_u64));
    while !site.is_closing() {
        let until = start.plus(i64::try_from(begun.elapsed().as_nanos()).unwrap_or(i64::MAX));
        let mut frames = Vec::new();
        player.advance(until, &mut |at, frame| frames.push((at, frame.to_vec())));
        let frames: Vec<Frame<'_>> = (packets + 1..)
            .zip(&frames)
            .map(|(number, (at, bytes))| Frame {
                at: *at,
                link: LinkType::ETHERNET,
                bytes,
                wire_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                number,
            })
            .collect();
        packets += frames.len() as u64;
        bytes += frames.iter().map(|frame| u64::from(frame.wire_len)).sum::<u64>();
        let mut batches = Vec::new();
        pipeline.chunk(&frames, || {}, &mut |record| batches.extend(batcher.push(record.clone())));
        batches.extend(batcher.tick(until));
        if batches.into_iter().any(|batch| sender.send(batch).is_err()) {
            return;
        }
        if told.0.elapsed() >= Duration::from_secs(1) {
            let a_second = (packets - told.1) as f64 / told.0.elapsed().as_secs_f64();
            told = (Instant::now(), packets);
            site.set_sensor(Sensor {
                id: "demo".into(),
                interface: "simulated plant".into(),
                state: "playing".into(),
                packets,
                bytes,
                packets_per_second: a_second,
                last_packet: frames.last().map(|frame| frame.at),
                ..Sensor::default()
            });
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn now_ns() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
