//! The sensor: frames from interfaces, captures or the simulated plant go through decoding, and records come out.
//!
//! One thread does it all, so that a sensor costs one core at the most. Packets gather for a moment before they are
//! decoded: what a chunk costs is paid once for thousands of packets at high rates, and nobody notices 20 milliseconds.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use capture::evidence::Ring;
use capture::{Chunk, Live, Reader};
use decode::{Options, Pipeline};
use model::{Frame, Frames, HealthKind, LinkType, Record, Time};

/// Where frames come from.
pub enum Source {
    /// Interfaces of this machine.
    Live(Vec<Live>),
    /// Captures, played once.
    Replay(Box<Replay>),
    /// The simulated plant.
    Range(Box<dyn Iterator<Item = (Time, Vec<u8>)> + Send>, Pace),
}

/// How fast recorded time passes: recorded seconds a second; absent: as fast as can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace(pub Option<f64>);

/// A capture that is played at a pace.
pub struct Replay {
    reader: Reader,
    chunk: Chunk,
    /// The next frame of `chunk`.
    next: usize,
    pace: Pace,
}

impl Replay {
    /// Plays what `reader` reads.
    pub fn new(reader: Reader, pace: Pace) -> Replay {
        Replay { reader, chunk: Chunk::new(), next: 0, pace }
    }
}

/// What a sensor tells of itself, for the health page.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Interfaces or what is played, each with its state.
    pub interfaces: Vec<Interface>,
    /// Time of the last packet.
    pub last: Option<Time>,
    /// Packets in the last second.
    pub packets_per_second: f64,
    /// Whether everything was played.
    pub is_ended: bool,
    /// The last trouble, in words.
    pub problem: Option<String>,
}

/// One interface, or the one thing that is played.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Why it is down, while it is.
    pub down: Option<String>,
    /// Packets received.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Packets dropped by the kernel.
    pub dropped_kernel: u64,
    /// Packets dropped by the interface.
    pub dropped_interface: u64,
}

/// Who takes what a sensor gives.
pub trait Outlet {
    /// One record, in order.
    fn record(&mut self, record: &Record);
    /// The records up to here belong together; packet time is at `now`. Called often, also when nothing happens.
    fn tick(&mut self, now: Time);
    /// How the sensor does; called about once a second.
    fn status(&mut self, status: &Status);
}

/// How long packets gather before they are decoded.
const GATHER: Duration = Duration::from_millis(20);
/// Pause where nothing arrives.
const PAUSE: Duration = Duration::from_millis(4);
/// Between two ticks where no packet comes.
const TICK: Duration = Duration::from_millis(100);
/// Between two looks at counters.
const LOOK: Duration = Duration::from_secs(1);
/// Between two sums of what could not be read, in looks.
const LOOKS_A_SUM: u64 = 30;

/// A sensor at work.
pub struct Sensor {
    source: Source,
    pipeline: Pipeline,
    ring: Option<Ring>,
    chunk: Chunk,
    number: u64,
    /// Packet time.
    now: Time,
    ticked: Instant,
    counted: (u64, u64),
    looks: u64,
    dropped_told: u64,
    /// Frames of the range that did not fit the chunk or are not due.
    held: Option<(Time, Vec<u8>)>,
    /// Recorded time and machine time of the first frame that was played.
    began: Option<(Time, Instant)>,
    label: String,
}

impl Sensor {
    /// A sensor that reads `source`; `label` names what is played where it is not interfaces.
    pub fn new(source: Source, label: &str, evidence: Option<(&Path, u64)>) -> Result<Sensor, String> {
        let ring = match evidence {
            Some((folder, bytes)) => Some(
                Ring::open(folder, bytes)
                    .map_err(|e| format!("could not keep evidence in `{}`: {e}", folder.display()))?,
            ),
            None => None,
        };
        Ok(Sensor {
            source,
            pipeline: Pipeline::new(Options { is_rolled_up: true }, 1),
            ring,
            chunk: Chunk::new(),
            number: 0,
            now: Time::default(),
            ticked: Instant::now(),
            counted: (0, 0),
            looks: 0,
            dropped_told: 0,
            held: None,
            began: None,
            label: label.to_owned(),
        })
    }

    /// Works until `stop` is set, or what is played ends; then everything that is still open is told.
    pub fn run(mut self, outlet: &mut dyn Outlet, stop: &Arc<AtomicBool>) {
        let (mut looked, mut packets_looked, mut is_ended) = (Instant::now(), 0, false);
        while !stop.load(Ordering::Relaxed) && !is_ended {
            is_ended = self.gather(stop);
            self.decode(outlet);
            if looked.elapsed() >= LOOK {
                let rate = (self.counted.0 - packets_looked) as f64 / looked.elapsed().as_secs_f64();
                (looked, packets_looked) = (Instant::now(), self.counted.0);
                self.look(outlet, rate);
            }
        }
        self.pipeline.finish(&mut |record| outlet.record(record));
        outlet.tick(self.now);
        if let Some(ring) = &mut self.ring {
            ring.flush();
        }
        let mut status = self.status(0.0);
        status.is_ended = true;
        outlet.status(&status);
    }

    /// Fills the chunk with what arrives in a moment. Says whether everything was played.
    fn gather(&mut self, stop: &AtomicBool) -> bool {
        self.chunk.clear();
        let start = Instant::now();
        let mut is_ended = false;
        while !self.chunk.is_full() && start.elapsed() < GATHER && !stop.load(Ordering::Relaxed) {
            let added = match &mut self.source {
                Source::Live(lives) => {
                    lives.iter_mut().map(|live| live.fill(&mut self.chunk, &mut self.number)).sum::<usize>()
                }
                Source::Replay(replay) => match replay.fill(&mut self.chunk, &mut self.number, &mut self.began) {
                    Some(added) => added,
                    None => {
                        is_ended = true;
                        break;
                    }
                },
                Source::Range(frames, pace) => {
                    let mut added = 0;
                    loop {
                        if self.held.is_none() {
                            self.held = frames.next();
                        }
                        let Some((at, bytes)) = &self.held else {
                            is_ended = true;
                            break;
                        };
                        let (number, length) = (self.number + 1, bytes.len() as u32);
                        if !pace.is_due(*at, &mut self.began)
                            || !self.chunk.push(*at, LinkType::ETHERNET, bytes, length, number)
                        {
                            break;
                        }
                        (self.number, self.held) = (number, None);
                        added += 1;
                    }
                    if is_ended {
                        break;
                    }
                    added
                }
            };
            if added == 0 {
                std::thread::sleep(PAUSE);
            }
        }
        is_ended
    }

    fn decode(&mut self, outlet: &mut dyn Outlet) {
        let mut frames: Vec<Frame<'_>> = self.chunk.frames().collect();
        if let Source::Live(lives) = &self.source
            && lives.len() > 1
        {
            frames.sort_by_key(|frame| frame.at);
        }
        for frame in &frames {
            self.counted.0 += 1;
            self.counted.1 += u64::from(frame.wire_len);
        }
        if let Some(ring) = &mut self.ring {
            for frame in &frames {
                ring.append(frame, crate::evidence::key(frame));
            }
        }
        if let Some(last) = frames.last() {
            self.now = self.now.max(last.at);
        } else if let Source::Live(_) = self.source {
            // A quiet wire: the machine's clock is the one that packets are stamped with.
            self.now = self.now.max(machine_time());
        } else if let Some((recorded, machine)) = self.began
            && let Some(pace) = self.pace().0
        {
            let passed = machine.elapsed().as_secs_f64() * pace * 1e9;
            self.now = self.now.max(recorded.plus(passed as i64));
        }
        if frames.is_empty() {
            // Every chunk looks after what is due; without packets ten times a second is enough.
            if self.ticked.elapsed() >= TICK {
                self.ticked = Instant::now();
                self.pipeline.tick(self.now, &mut |record| outlet.record(record));
            }
        } else {
            self.pipeline.chunk(&frames, || (), &mut |record| outlet.record(record));
            self.pipeline.tell_waiting(&mut |record| outlet.record(record));
        }
        outlet.tick(self.now);
    }

    fn pace(&self) -> Pace {
        match &self.source {
            Source::Live(_) => Pace(Some(1.0)),
            Source::Replay(replay) => replay.pace,
            Source::Range(_, pace) => *pace,
        }
    }

    /// Looks after counters: drops and what could not be read become records, the ring is written out.
    fn look(&mut self, outlet: &mut dyn Outlet, rate: f64) {
        self.looks += 1;
        if let Some(ring) = &mut self.ring {
            ring.flush();
        }
        let status = self.status(rate);
        let dropped: u64 = status.interfaces.iter().map(|i| i.dropped_kernel + i.dropped_interface).sum();
        if dropped > self.dropped_told {
            outlet.record(&Record::Health(model::Health {
                at: self.now,
                kind: HealthKind::Dropped,
                protocol: "".into(),
                flow: None,
                count: dropped - self.dropped_told,
                detail: "packets that the kernel or the interface dropped".into(),
            }));
            self.dropped_told = dropped;
        }
        if self.looks.is_multiple_of(LOOKS_A_SUM) {
            self.pipeline.tell_blindness(&mut |record| outlet.record(record));
        }
        outlet.status(&status);
    }

    fn status(&mut self, packets_per_second: f64) -> Status {
        let interfaces = match &mut self.source {
            Source::Live(lives) => lives
                .iter_mut()
                .map(|live| {
                    let counters = live.counters();
                    Interface {
                        name: live.name().to_owned(),
                        down: live.down().map(str::to_owned),
                        packets: counters.packets,
                        bytes: counters.bytes,
                        dropped_kernel: counters.dropped_kernel,
                        dropped_interface: counters.dropped_interface,
                    }
                })
                .collect(),
            _ => vec![Interface {
                name: self.label.clone(),
                packets: self.counted.0,
                bytes: self.counted.1,
                ..Interface::default()
            }],
        };
        Status {
            interfaces,
            last: (self.now != Time::default()).then_some(self.now),
            packets_per_second,
            is_ended: false,
            problem: self.ring.as_mut().and_then(Ring::take_problem),
        }
    }
}

impl Pace {
    /// Whether a frame recorded `at` is due, where the first one was due when it was first asked for.
    fn is_due(self, at: Time, began: &mut Option<(Time, Instant)>) -> bool {
        let (recorded, machine) = *began.get_or_insert((at, Instant::now()));
        let Some(pace) = self.0 else { return true };
        at.since(recorded) as f64 <= machine.elapsed().as_secs_f64() * pace * 1e9
    }
}

impl Replay {
    /// Adds what is due; nothing more will ever be where it gives nothing.
    fn fill(&mut self, to: &mut Chunk, number: &mut u64, began: &mut Option<(Time, Instant)>) -> Option<usize> {
        let mut added = 0;
        loop {
            let Some(frame) = self.chunk.frame(self.next) else {
                self.next = 0;
                if !self.reader.next_chunk(&mut self.chunk) {
                    self.chunk.clear();
                    return (added > 0).then_some(added);
                }
                continue;
            };
            if !self.pace.is_due(frame.at, began)
                || !to.push(frame.at, frame.link, frame.bytes, frame.wire_len, *number + 1)
            {
                return Some(added);
            }
            *number += 1;
            self.next += 1;
            added += 1;
        }
    }
}

/// The machine's clock.
pub fn machine_time() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use capture::{Input, Selection};

    use super::*;

    #[derive(Default)]
    struct Heard {
        records: Vec<Record>,
        ended: bool,
    }

    impl Outlet for Heard {
        fn record(&mut self, record: &Record) {
            self.records.push(record.clone());
        }
        fn tick(&mut self, _: Time) {}
        fn status(&mut self, status: &Status) {
            self.ended |= status.is_ended;
        }
    }

    #[test]
    fn a_capture_is_played_to_its_end_and_its_packets_are_kept() {
        let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/modbus");
        let file = std::fs::read_dir(&capture)
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|ending| ending == "pcap"))
            .unwrap();
        let reader = Reader::new(Input::from_paths(&[file]), Selection::default());
        let folder = std::env::temp_dir().join(format!("vigie-sensor-{}", std::process::id()));
        let source = Source::Replay(Box::new(Replay::new(reader, Pace(None))));
        let sensor = Sensor::new(source, "a capture", Some((&folder, 1 << 30))).unwrap();
        let mut heard = Heard::default();
        sensor.run(&mut heard, &Arc::default());
        assert!(heard.ended);
        assert!(heard.records.iter().any(|record| matches!(record, Record::Act(act) if act.protocol == "modbus")));
        let mut file = Vec::new();
        let query = capture::evidence::Query { bytes_max: u64::MAX, ..Default::default() };
        let extract = capture::evidence::extract(&folder, &query, &mut |_| true, &mut file).unwrap();
        assert!(extract.packets > 10, "{extract:?}");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_pace_holds_frames_back() {
        let mut began = None;
        assert!(Pace(Some(1.0)).is_due(Time(0), &mut began));
        assert!(!Pace(Some(1.0)).is_due(Time::from_seconds(3_600, 0), &mut began));
        assert!(Pace(None).is_due(Time::from_seconds(3_600, 0), &mut began));
    }
}
