//! Tests of the program as people run it.
#![forbid(unsafe_code)]

mod bad_input;
mod crash;
mod determinism;
mod live;
mod parquet;
mod ports;
mod records;
mod running;
mod tidy;
mod verify;
mod weak_points;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use capture::pcap::Writer;
use capture::{Chunk, Input, Reader, Selection};
use model::{LinkType, Time};
use serde_json::Value;

/// What a run of the program left behind.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    /// The lines of standard output as JSON objects.
    fn records(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
    }

    /// Standard output as one JSON object.
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e} in {}\n{}", self.out, self.err))
    }
}

/// Runs `vigie` with `arguments`.
fn vigie(arguments: &[&str]) -> Ran {
    vigie_with(arguments, &[])
}

/// Runs `vigie` with `arguments` and `input` as standard input.
fn vigie_with(arguments: &[&str], input: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("its input");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A program that does not read is none of our business here.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer ends");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder for the test");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// All captures of the corpus.
fn corpus() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("corpus")).expect("the corpus").flatten() {
        if entry.path().is_dir() {
            found.extend(fs::read_dir(entry.path()).expect("a folder").flatten().map(|file| file.path()));
        }
    }
    found.retain(|path| path.extension().is_some_and(|ending| ending == "pcap"));
    found.sort();
    found
}

/// Three minutes of the simulated plant.
fn plant() -> &'static Path {
    static PLANT: OnceLock<PathBuf> = OnceLock::new();
    PLANT.get_or_init(|| {
        let path = folder("plant").join("plant.pcap");
        let ran = vigie(&["simulate", "--minutes", "3", "--seed", "5", text(&path)]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        path
    })
}

/// The Ethernet frames of a capture.
fn frames(path: &Path) -> Vec<(Time, Vec<u8>)> {
    let mut reader = Reader::new(Input::from_paths([path]), Selection::default());
    let (mut chunk, mut frames) = (Chunk::new(), Vec::new());
    while reader.next_chunk(&mut chunk) {
        frames.extend(chunk.frames().map(|frame| (frame.at, frame.bytes.to_vec())));
    }
    frames
}

/// Writes frames as a capture.
fn write(path: &Path, frames: &[(Time, Vec<u8>)]) {
    let mut writer = Writer::new(fs::File::create(path).expect("a file"), LinkType::ETHERNET).expect("its head");
    for (at, bytes) in frames {
        writer.write(*at, bytes).expect("a frame");
    }
    writer.finish().and_then(|mut file| file.flush()).expect("its end");
}
