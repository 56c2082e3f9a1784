//! Writing to the console without ever failing loudly: a reader that went away (`| head`) is the end, not an error.

use std::io::{self, ErrorKind, Write};

/// Writes `text` to standard output.
pub fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(format!("could not write to standard output: {e}")),
        _ => Ok(()),
    }
}

/// Writes `text` to standard error. Where that cannot be written there is nobody to tell.
pub fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
