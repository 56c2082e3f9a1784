//! Prints version texts (one a line on standard input) as they are understood, and how many are.
use std::io::BufRead;

fn main() {
    let (mut all, mut understood) = (0_u64, 0_u64);
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (count, text) = line.split_once('\t').unwrap_or(("1", &line));
        let count: u64 = count.parse().unwrap_or(1);
        let versions = advisories::grammar::parse(text);
        all += count;
        if versions.unclear.is_none() {
            understood += count;
        }
        println!("{}\t{text}\t→\t{versions}", if versions.unclear.is_some() { "UNCLEAR" } else { "ok" });
    }
    eprintln!("{understood} of {all} understood: {:.2} %", 100.0 * understood as f64 / all.max(1) as f64);
}
