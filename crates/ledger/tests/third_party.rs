//! Other implementations accept our logs: Go's checksum database (`golang.org/x/mod/sumdb`) and one in Python written from
//! the specifications. Where their tools are not installed a test says so and passes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ledger::Log;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/third-party").join(name)
}

/// A log of `size` entries; its key.
fn log(directory: &Path, size: u64) -> String {
    let mut log = Log::open(directory, "vigie.test/third-party").expect("a log");
    let entries: Vec<Vec<u8>> = (0..size).map(|index| format!("{{\"number\":{index}}}").into_bytes()).collect();
    log.append(&entries).expect("appended");
    log.publish().expect("published");
    log.key().as_str().to_owned()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Whether a command can be run at all.
fn is_there(command: &mut Command, what: &str) -> bool {
    let is_there = command.output().is_ok_and(|output| output.status.success());
    if !is_there {
        println!("skipped: {what} is not installed");
    }
    is_there
}

fn python() -> Option<Command> {
    is_there(Command::new("python3").args(["-c", "import cryptography"]), "Python with `cryptography`").then(|| {
        let mut command = Command::new("python3");
        command.arg(script("verify.py"));
        command
    })
}

#[test]
fn the_specifications_in_python_accept_our_logs_and_proofs() {
    let Some(_) = python() else { return };
    let run = |arguments: &[&str]| python().expect("python").args(arguments).output().expect("runs");
    for size in [0, 1, 255, 256, 257, 700] {
        let directory = tempfile::TempDir::new().expect("a directory");
        let path = directory.path().to_str().expect("text");
        let key = log(directory.path(), size);
        let output = run(&[path, &key]);
        assert!(text(&output).starts_with(&format!("good: {size} entries")), "{size}: {}", text(&output));
        if size < 700 {
            continue;
        }
        let reader = ledger::Reader::open(directory.path());
        let (proof, entry) = (directory.path().join("x.tlog-proof"), directory.path().join("entry"));
        for index in [0, 1, 42, 255, 256, 511, 512, 699] {
            std::fs::write(&proof, reader.inclusion(index).expect("a proof").to_text()).expect("written");
            std::fs::write(&entry, format!("{{\"number\":{index}}}")).expect("written");
            let output = run(&[proof.to_str().expect("text"), &key, entry.to_str().expect("text")]);
            assert_eq!(text(&output), format!("good: entry {index} of 700\n"));
            std::fs::write(&entry, "{}").expect("written");
            let output = run(&[proof.to_str().expect("text"), &key, entry.to_str().expect("text")]);
            assert_eq!(text(&output), "bad: the entry is not at that place of the log\n");
        }
        let bundle = directory.path().join("tile/entries/001");
        let mut bytes = std::fs::read(&bundle).expect("a bundle");
        bytes[20] ^= 1;
        std::fs::write(&bundle, bytes).expect("written");
        assert_eq!(text(&run(&[path, &key])), "bad: the root of the entries is not the one signed\n");
    }
}

#[test]
fn the_golden_proof_is_accepted_in_python() {
    let Some(mut command) = python() else { return };
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let key = std::fs::read_to_string(golden.join("key.pub")).expect("a key");
    let output = command
        .arg(golden.join("entry-42.tlog-proof"))
        .arg(key.trim())
        .arg(golden.join("entry-42.json"))
        .output()
        .expect("runs");
    assert_eq!(text(&output), "good: entry 42 of 300\n");
}

#[test]
fn the_checksum_database_of_go_accepts_our_logs() {
    // Where Debian puts the package golang-golang-x-mod-dev.
    let sources = std::env::var("LEDGER_GOPATH").unwrap_or("/usr/share/gocode".into());
    if !Path::new(&sources).join("src/golang.org/x/mod/sumdb/note").is_dir() {
        println!("skipped: golang.org/x/mod is not installed");
        return;
    }
    let go = || {
        let mut command = Command::new("go");
        command.env("GO111MODULE", "off").env("GOPATH", &sources).env("GOFLAGS", "");
        command
    };
    if !is_there(go().arg("version"), "Go") {
        return;
    }
    let folder = tempfile::TempDir::new().expect("a directory");
    let program = folder.path().join("verify");
    let output = go().args(["build", "-o"]).arg(&program).arg(script("verify.go")).output().expect("runs");
    assert!(output.status.success(), "{}", text(&output));
    for size in [1, 255, 256, 257, 700] {
        let directory = tempfile::TempDir::new().expect("a directory");
        let key = log(directory.path(), size);
        let output = Command::new(&program).arg(directory.path()).arg(&key).output().expect("runs");
        assert!(text(&output).starts_with(&format!("good: {size} entries")), "{size}: {}", text(&output));
    }
}
