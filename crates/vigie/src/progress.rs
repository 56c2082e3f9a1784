//! The progress bar on standard error: bytes, packets per second, time left. Silent where nobody looks.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far reading has come.
pub struct Progress {
    bar: ProgressBar,
    read: capture::Progress,
    begun: Instant,
    drawn: Instant,
}

impl Progress {
    /// A bar over what `read` tells.
    pub fn new(read: capture::Progress) -> Progress {
        let total = read.total();
        let bar = ProgressBar::with_draw_target(
            (total > 0).then_some(total),
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() },
        );
        let template = if total > 0 {
            "{bar:30} {bytes}/{total_bytes}  {msg}  {eta} left"
        } else {
            "{bytes} read  {msg}  {elapsed}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let now = Instant::now();
        Progress { bar, read, begun: now, drawn: now }
    }

    /// Draws, a few times a second at the most.
    pub fn tick(&mut self, packets: u64) {
        if self.drawn.elapsed() < Duration::from_millis(200) {
            return;
        }
        self.drawn = Instant::now();
        let rate = packets as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
        self.bar.set_message(format!("{packets} packets, {rate:.0}/s"));
        self.bar.set_position(self.read.consumed());
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Seconds since the beginning.
    pub fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }
}
