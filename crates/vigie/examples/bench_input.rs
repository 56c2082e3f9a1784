//! Makes the inputs of `make bench`: `bench_input polling N PACKETS FILE`, `bench_input half-open N FILE`,
//! `bench_input repeat BYTES SIDE_BY_SIDE FILE CAPTURE…`.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::ExitCode;

use capture::pcap::Writer;
use capture::{Chunk, Input, Reader, Selection};
use model::{LinkType, Time};
use range::bench::{Repeat, half_open, modbus_conversations, repeat};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(packets) => {
            println!("{packets} packets");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("bench_input: {why}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[&str]) -> Result<u64, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|e| format!("`{text}`: {e}"));
    match words {
        ["polling", conversations, packets, file] => {
            let conversations = u32::try_from(number(conversations)?).map_err(|e| e.to_string())?;
            let packets = number(packets)?;
            write(file, &mut |sink| modbus_conversations(conversations, packets, sink).packets)
        }
        ["half-open", connections, file] => {
            let connections = number(connections)?;
            write(file, &mut |sink| half_open(connections, sink).packets)
        }
        ["repeat", bytes, side_by_side, file, captures @ ..] if !captures.is_empty() => {
            let frames = frames(captures);
            let plan = Repeat {
                side_by_side: u32::try_from(number(side_by_side)?).map_err(|e| e.to_string())?,
                file_bytes_max: number(bytes)?,
                packets_max: u64::MAX,
            };
            write(file, &mut |sink| repeat(&frames, &plan, sink).packets)
        }
        _ => Err("see the head of bench_input.rs".into()),
    }
}

/// The longest pause kept, in nanoseconds: captures that leap over years would soon come to the end of pcap's time (2106),
/// where the clock stands still and no conversation ever ends.
const PAUSE_MAX: i64 = 60_000_000_000;

/// All Ethernet frames of captures, one capture behind the other.
fn frames(captures: &[&str]) -> Vec<(Time, Vec<u8>)> {
    let mut frames: Vec<(Time, Vec<u8>)> = Vec::new();
    let mut now = None;
    for path in captures {
        let mut reader = Reader::new(Input::from_paths([path]), Selection::default());
        let mut chunk = Chunk::new();
        let mut before = None;
        while reader.next_chunk(&mut chunk) {
            for frame in chunk.frames().filter(|frame| frame.link == LinkType::ETHERNET && !frame.bytes.is_empty()) {
                let pause = before.map_or(1_000_000, |before| frame.at.since(before).clamp(-PAUSE_MAX, PAUSE_MAX));
                let at = now.map_or(frame.at, |now: Time| now.plus(pause));
                (before, now) = (Some(frame.at), Some(at));
                frames.push((at, frame.bytes.to_vec()));
            }
        }
    }
    frames
}

/// Writes what `make` gives to a pcap file.
fn write(path: &str, make: &mut dyn FnMut(&mut dyn FnMut(Time, &[u8])) -> u64) -> Result<u64, String> {
    let failed = |e: std::io::Error| format!("could not write `{path}`: {e}");
    let file = BufWriter::with_capacity(1 << 20, File::create(path).map_err(failed)?);
    let mut writer = Writer::new(file, LinkType::ETHERNET).map_err(failed)?;
    let mut failure = None;
    let packets = make(&mut |at, bytes| {
        if failure.is_none() {
            failure = writer.write(at, bytes).err();
        }
    });
    if let Some(e) = failure {
        return Err(failed(e));
    }
    writer.finish().and_then(|mut file| file.flush()).map_err(failed)?;
    Ok(packets)
}
