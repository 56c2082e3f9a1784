//! Writes a plain pcap file of a plant: `plant SITE MINUTES SEED ATTACKS FILE`, for a look with other tools while working on it.
#![forbid(unsafe_code)]

use std::io::Write as _;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [site, minutes, seed, attacks, file] = arguments.as_slice() else {
        eprintln!("plant SITE MINUTES SEED all|none|NAME FILE");
        std::process::exit(2);
    };
    let plan = range::Plan::new(minutes.parse().unwrap_or(1), seed.parse().unwrap_or(1)).with_site(site);
    let Some(plan) = plan else {
        eprintln!("no plant is called {site}");
        std::process::exit(2);
    };
    let attacks = match attacks.as_str() {
        "all" => range::Attacks::All,
        "none" => range::Attacks::None,
        names => range::Attacks::Named(names.split(',').map(str::to_owned).collect()),
    };
    let mut output = std::io::BufWriter::new(std::fs::File::create(file).expect("the file can be created"));
    for word in [0xa1b2_3c4du32, 0x0004_0002, 0, 0, 262_144, 1] {
        output.write_all(&word.to_le_bytes()).expect("written");
    }
    let begun = std::time::Instant::now();
    let mut packets = 0u64;
    let truth = range::simulate(&range::Plan { attacks, ..plan }, &mut |at, bytes| {
        packets += 1;
        let length = bytes.len() as u32;
        for word in [(at.0 / 1_000_000_000) as u32, (at.0 % 1_000_000_000) as u32, length, length] {
            output.write_all(&word.to_le_bytes()).expect("written");
        }
        output.write_all(bytes).expect("written");
    });
    let seconds = begun.elapsed().as_secs_f64();
    print!("{}", truth.to_json_lines());
    eprintln!("{packets} packets, {:.0} a second", packets as f64 / seconds);
}
