//! Files, folders and archives of advisories, hostile ones too.

use std::io::Write;

use super::*;

/// Reads `bytes` as a file of that name: what came out.
fn told(name: &str, bytes: &[u8]) -> Vec<(String, Result<String, String>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let mut found = Vec::new();
    let result = read(&path, &mut |item| {
        found.push((
            item.name,
            item.content.map(|bytes| String::from_utf8_lossy(&bytes[..bytes.len().min(20)]).into_owned()),
        ));
    });
    if let Err(why) = result {
        found.push(("source".into(), Err(why)));
    }
    found
}

fn tar_file(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let mut file = header.to_vec();
    file.extend_from_slice(content);
    file.resize(file.len().div_ceil(512) * 512, 0);
    file
}

/// A zip file with one stored or deflated entry.
fn zip_file(name: &str, content: &[u8], is_deflated: bool) -> Vec<u8> {
    let packed = if is_deflated {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    } else {
        content.to_vec()
    };
    let method: u16 = if is_deflated { 8 } else { 0 };
    let common = |file: &mut Vec<u8>| {
        file.extend(20_u16.to_le_bytes());
        file.extend(0_u16.to_le_bytes());
        file.extend(method.to_le_bytes());
        file.extend([0; 8]);
        file.extend((packed.len() as u32).to_le_bytes());
        file.extend((content.len() as u32).to_le_bytes());
        file.extend((name.len() as u16).to_le_bytes());
        file.extend(0_u16.to_le_bytes());
    };
    let mut file = b"PK\x03\x04".to_vec();
    common(&mut file);
    file.extend(name.as_bytes());
    file.extend(&packed);
    let directory = file.len() as u32;
    file.extend(b"PK\x01\x02\x14\x00");
    common(&mut file);
    file.extend([0; 10]);
    file.extend(0_u32.to_le_bytes());
    file.extend(name.as_bytes());
    let length = file.len() as u32 - directory;
    file.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    file.extend(length.to_le_bytes());
    file.extend(directory.to_le_bytes());
    file.extend([0; 2]);
    file
}

#[test]
fn archives_of_all_kinds_give_their_files() {
    let mut tar = tar_file("a/one.json", b"{}");
    tar.extend(tar_file("a/two.txt", b"no"));
    tar.extend(tar_file("b/three.json", b"[]"));
    tar.extend([0; 1024]);
    let expected =
        vec![("a/one.json".to_string(), Ok("{}".to_string())), ("b/three.json".to_string(), Ok("[]".to_string()))];
    assert_eq!(told("x.tar", &tar), expected);
    assert_eq!(told("x.tar.zst", &zstd::encode_all(&tar[..], 3).unwrap()), expected);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).unwrap();
    assert_eq!(told("x.tar.gz", &gzip.finish().unwrap()), expected);
    for is_deflated in [false, true] {
        assert_eq!(
            told("x.zip", &zip_file("one.json", b"{}", is_deflated)),
            [("one.json".to_string(), Ok("{}".to_string()))]
        );
    }
    assert_eq!(told("one.json", b"{}"), [("one.json".to_string(), Ok("{}".to_string()))]);
}

#[test]
fn names_that_lead_out_are_refused() {
    for name in ["../../etc/one.json", "/etc/one.json", "a\\..\\one.json"] {
        let found = told("x.zip", &zip_file(name, b"{}", false));
        assert_eq!(found, [(name.to_string(), Err("its name leads out of the archive".to_string()))]);
    }
}

#[test]
fn bombs_are_refused() {
    let found = told("x.zip", &zip_file("one.json", &vec![b' '; 40 << 20], true));
    assert!(found[0].1.as_ref().unwrap_err().contains("far more than its size"), "{found:?}");
    let mut tar = tar_file("one.json", &vec![b' '; 60 << 20]);
    tar.extend(tar_file("two.json", &vec![b' '; 60 << 20]));
    let found = told("x.tar.zst", &zstd::encode_all(&tar[..], 3).unwrap());
    assert!(found.last().unwrap().1.as_ref().unwrap_err().contains("far more than its size"), "{:?}", found.last());
    let found = told("x.tar", &tar_file("one.json", &vec![b' '; 65 << 20]));
    assert_eq!(found[0].1, Err("larger than 64 MiB".to_string()));
}

#[test]
fn cut_and_lying_archives_are_told_and_what_came_before_is_kept() {
    let mut tar = tar_file("one.json", b"{}");
    tar.extend(&tar_file("two.json", b"[]")[..600]);
    let found = told("x.tar", &tar);
    assert_eq!(found[0], ("one.json".to_string(), Ok("{}".to_string())));
    assert!(found[1].1.as_ref().unwrap_err().contains("ends inside it"), "{found:?}");
    let zip = zip_file("one.json", b"{\"a\": 1}", true);
    // Shorter than its mark, a file is not known as an archive, and is given as it is.
    for cut in 4..zip.len() {
        for (_, content) in told("x.zip", &zip[..cut]) {
            assert!(content.is_err(), "cut at {cut}");
        }
    }
    for at in 0..zip.len() {
        let mut changed = zip.clone();
        changed[at] ^= 0x55;
        let _ = told("x.zip", &changed);
    }
}
