//! The shape of the workspace: arrows between crates, heads and lengths of files, what must not be in them, and that
//! every row of every table is tested.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{root, vigie};

/// Which crates of the workspace a crate may use (DESIGN section 3). Dependencies of tests are exempt.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("ledger", &[]),
    ("wire", &["model"]),
    ("capture", &["model"]),
    ("advisories", &["model"]),
    ("events", &["model"]),
    ("rules", &["model"]),
    ("analyze", &["model", "rules"]),
    ("report", &["model"]),
    ("history", &["model"]),
    ("uplink", &["model"]),
    ("range", &["model"]),
    ("risk", &["model"]),
    ("fixes", &["model"]),
    ("truth", &["model"]),
    ("store", &["model", "ledger"]),
    ("process", &["model"]),
    ("evaluate", &["model"]),
    ("decode", &["wire", "model"]),
    ("server", &["analyze", "report", "store", "history", "ledger", "uplink", "model"]),
    (
        "vigie",
        &[
            "advisories",
            "analyze",
            "capture",
            "decode",
            "events",
            "evaluate",
            "fixes",
            "history",
            "ledger",
            "model",
            "process",
            "range",
            "report",
            "risk",
            "rules",
            "server",
            "store",
            "truth",
            "uplink",
            "wire",
        ],
    ),
];

/// Lines of a file.
const LINES_MAX: usize = 900;

/// Files that may be longer, with the reason.
const LONGER: &[(&str, &str)] = &[];

/// All files under a folder of the workspace, without what is built or fetched.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    const PASSED_OVER: &[&str] =
        &["target", "out", "node_modules", ".git", ".venv", "__pycache__", "artifacts", "test-results"];
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if PASSED_OVER.contains(&name.as_str()) {
            continue;
        }
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// Every text file of the workspace: its path from the root, and what it says.
fn texts() -> Vec<(String, String)> {
    let (root, mut found) = (root(), Vec::new());
    files(&root, &mut found);
    found.sort();
    found
        .into_iter()
        .filter_map(|path| {
            let text = String::from_utf8(fs::read(&path).ok()?).ok()?;
            Some((path.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned(), text))
        })
        .collect()
}

fn sources() -> Vec<(String, String)> {
    texts().into_iter().filter(|(path, _)| path.ends_with(".rs")).collect()
}

fn none(wrong: Vec<String>, law: &str) {
    assert!(wrong.is_empty(), "{law}:\n{}", wrong.join("\n"));
}

#[test]
fn arrows_between_crates_point_down() {
    let mut wrong = Vec::new();
    let crates: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    for entry in fs::read_dir(root().join("crates")).expect("crates").flatten() {
        let folder = entry.file_name().to_string_lossy().into_owned();
        let manifest = fs::read_to_string(entry.path().join("Cargo.toml")).expect("a manifest");
        if !manifest.contains(&format!("name = \"{folder}\"")) {
            wrong.push(format!("{folder}: the crate has another name than its folder"));
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == folder) else {
            wrong.push(format!("{folder}: not in the table of arrows"));
            continue;
        };
        let mut is_counted = false;
        for line in manifest.lines().map(str::trim) {
            if line.starts_with('[') {
                is_counted = line.contains("dependencies") && !line.contains("dev-dependencies");
                continue;
            }
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            if is_counted && crates.contains(name) && !allowed.contains(&name) {
                wrong.push(format!("{folder} → {name}"));
            }
        }
    }
    none(wrong, "a crate may use only crates of lower layers");
}

#[test]
fn every_source_opens_with_a_sentence() {
    let has_head = |text: &str| {
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let words = head.join(" ");
        words.len() > 12 && words.ends_with(['.', '?', ':', '`', ')'])
    };
    let wrong = sources().into_iter().filter(|(_, text)| !has_head(text)).map(|(path, _)| path).collect();
    none(wrong, "a file opens with one sentence (`//!`) on what it is");
}

#[test]
fn no_source_is_too_long() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let count = text.lines().count();
        if count > LINES_MAX && !LONGER.iter().any(|(known, _)| *known == path) {
            wrong.push(format!("{path}: {count} lines"));
        }
    }
    none(wrong, "a file has one subject and a limit");
}

#[test]
fn nothing_is_unsafe() {
    // Put together here, so that this file does not hold it.
    let word = ["un", "safe"].concat();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            // A policy of web pages has a word that begins with it.
            let code = line.split("//").next().unwrap_or_default().replace(&format!("'{word}-inline'"), "");
            let is_there = code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '"').any(|part| part == word);
            if is_there {
                wrong.push(format!("{path}:{}: {line}", number + 1));
            }
        }
    }
    for entry in fs::read_dir(root().join("crates")).expect("crates").flatten() {
        let heads = ["src/lib.rs", "src/main.rs"].map(|name| fs::read_to_string(entry.path().join(name)));
        for head in heads.into_iter().flatten() {
            if !head.contains(&format!("#![forbid({word}_code)]")) && entry.file_name() != "capture" {
                wrong.push(format!("{}: the crate does not forbid it", entry.path().display()));
            }
        }
    }
    none(wrong, "memory is safe");
}

#[test]
fn no_file_tells_of_the_machine_it_was_made_on() {
    let places = ["work", "root", "home"].map(|name| format!("/{name}/"));
    let mut wrong = Vec::new();
    for (path, text) in texts() {
        // The part of a URL or of a path on somebody else's machine is not ours.
        for (number, line) in text.lines().enumerate() {
            for place in &places {
                let is_there = line.match_indices(place.as_str()).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    before.is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '=' | '(' | ':' | ','))
                });
                if is_there {
                    wrong.push(format!("{path}:{}: {}", number + 1, line.chars().take(120).collect::<String>()));
                }
            }
        }
        let is_lock = path.ends_with("Cargo.lock");
        for line in text.lines().filter(|line| is_lock && line.starts_with("source = ")) {
            if !line.contains("registry+https://github.com/rust-lang/crates.io-index") {
                wrong.push(format!("{path}: {line}"));
            }
        }
        let is_npm_lock = path.ends_with("package-lock.json");
        for line in text.lines().filter(|line| is_npm_lock && line.contains("\"resolved\":")) {
            if !line.contains("https://registry.npmjs.org/") {
                wrong.push(format!("{path}: {line}"));
            }
        }
    }
    none(wrong, "no path and no registry of one machine");
}

/// The parts of sources that are tests: whole files of tests, and what follows the attribute elsewhere.
fn tests_of(folder: &str) -> Vec<(String, String)> {
    sources()
        .into_iter()
        .filter(|(path, _)| path.starts_with(folder))
        .filter_map(|(path, text)| {
            let is_all = path.contains("/tests/") || path.ends_with("tests.rs");
            let start = if is_all { Some(0) } else { text.find("#[cfg(test)]\nmod tests {") };
            let start = start.or_else(|| text.find("#[test]"))?;
            Some((path, text[start..].to_owned()))
        })
        .collect()
}

#[test]
fn every_protocol_has_a_test_and_the_corpus_only_known_folders() {
    let tests = tests_of("crates/decode/src/protocols");
    let mut wrong = Vec::new();
    for protocol in decode::protocols::PROTOCOLS {
        let name = protocol.id.replace('-', "_");
        let is_tested = tests.iter().any(|(path, text)| {
            let below = path.trim_start_matches("crates/decode/src/protocols/");
            let is_its = below.starts_with(&format!("{name}.rs")) || below.starts_with(&format!("{name}/"));
            // Small protocols share a file of tests, which names them.
            (is_its && text.contains("#[test]")) || is_word_in(text, protocol.id)
        });
        if !is_tested && !root().join("corpus").join(protocol.id).is_dir() {
            wrong.push(format!("{} has neither a test nor a folder in corpus", protocol.id));
        }
    }
    none(wrong, "every row is tested");
}

/// Whether a text holds a word, also as part of a path or of a list.
fn is_word_in(text: &str, word: &str) -> bool {
    let (upper, is_part) =
        (word.replace('-', "_").to_uppercase(), |c: char| c.is_alphanumeric() || c == '-' || c == '_');
    text.split(|c| !is_part(c)).any(|part| part == word || part == upper)
}

#[test]
fn every_detector_is_in_a_test() {
    let tests = tests_of("crates/analyze/src");
    let list = vigie(&["detectors", "--format", "json"]).json();
    let ids = list.as_array().expect("a list").iter().filter_map(|row| row["id"].as_str());
    let wrong: Vec<String> =
        // Rules have their scenes in `crates/rules`, whose tests want a record that fires each and one that nearly does.
        ids.filter(|id| !id.starts_with("rule-")).filter(|id| !tests.iter().any(|(_, text)| text.contains(*id))).map(str::to_owned).collect();
    none(wrong, "every detector is seen to fire in a test");
}
