//! The `vigie` program: arguments and wiring. What it does is in the crates below.

mod arguments;
mod read;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// How a command ended, as the exit code says it: 0 all done, 1 some of the input could not be read and the rest was,
/// 2 wrong usage or nothing could be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All done.
    Whole,
    /// Some of the input was unreadable.
    Partial,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Read(read) => read::run(&read),
    };
    match result {
        Ok(Ending::Whole) => ExitCode::SUCCESS,
        Ok(Ending::Partial) => ExitCode::from(1),
        Err(message) => {
            eprintln!("vigie: {message}");
            ExitCode::from(2)
        }
    }
}
