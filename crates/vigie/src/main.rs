//! The `vigie` program: arguments and wiring. What it does is in the crates below.
#![forbid(unsafe_code)]

mod advisories;
mod arguments;
mod baseline;
mod compare;
mod configuration;
mod confine;
mod console;
mod evaluate;
mod evidence;
mod exports;
mod fixes;
mod judged;
mod lists;
mod logins;
mod logs;
mod matching;
mod paths;
mod people;
mod progress;
mod read;
mod rebuild;
mod records;
mod sensor;
mod sigma;
mod simulate;
mod sql;
mod summary;
mod tags;
mod verify;
mod watch;
mod weak_points;
mod zones;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// Of several small things a packet, some are kept for long: with this allocator they cost a tenth less time than with
/// that of the C library, and a third less where there are many conversations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How a command ended, as the exit code says it: 0 all done, 1 some of the input could not be read and the rest was;
/// an error (2) is wrong usage, or that nothing could be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All done.
    Whole,
    /// Some of the input was unreadable.
    Partial,
}

/// What goes on inside is told on standard error, as lines that a journal keeps: warnings and errors, or what `VIGIE_LOG`
/// names (`error`, `warn`, `info`, `debug`, `trace`).
fn log() {
    let level = std::env::var("VIGIE_LOG").ok().and_then(|word| word.parse().ok()).unwrap_or(tracing::Level::WARN);
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log();
    let result = match &arguments.command {
        Command::Read(read) if !read.tags.is_empty() => tags::run(read),
        Command::Read(read) => read::run(read),
        Command::Evaluate(evaluate) => evaluate::run(evaluate),
        Command::Protocols(protocols) => lists::protocols(protocols),
        Command::Detectors(detectors) => lists::detectors(detectors),
        Command::Simulate(simulate) => simulate::run(simulate),
        Command::Verify(verify) => verify::run(verify),
        Command::Run(run) => watch::run(run),
        Command::Demo(demo) => watch::demo(demo),
        Command::User(user) => people::user(user),
        Command::Token(token) => people::token(token),
        Command::Baseline(baseline) => baseline::run(baseline),
        Command::Rebuild(rebuild) => rebuild::run(rebuild),
        Command::Advisories(advisories) => advisories::run(advisories),
        Command::Match(matching) => matching::run(matching),
        Command::Sql(sql) => sql::run(sql),
        Command::Rules(arguments) => sigma::run(arguments),
        Command::Zones(zones) => zones::run(zones),
        Command::Paths(paths) => paths::run(paths),
        Command::Fixes(fixes) => fixes::run(fixes),
        Command::Compare(compare) => compare::run(compare),
    };
    match result {
        Ok(Ending::Whole) => ExitCode::SUCCESS,
        Ok(Ending::Partial) => ExitCode::from(1),
        Err(message) => {
            console::tell(&format!("vigie: {message}\n"));
            ExitCode::from(2)
        }
    }
}
