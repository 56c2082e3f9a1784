//! `vigie match` and `vigie advisories`, end to end, on small documents and, where they are there, on the real ones.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::{root, vigie};

fn document(id: &str, name: &str, versions: &str) -> String {
    json!({
        "document": { "csaf_version": "2.0", "title": id, "tracking": { "id": id, "version": "1", "current_release_date": "2024-01-01T00:00:00Z" } },
        "product_tree": { "branches": [{ "category": "vendor", "name": "Siemens", "branches": [{ "category": "product_name", "name": name, "branches": [
            { "category": "product_version_range", "name": versions, "product": { "product_id": "P", "name": name } }] }] }] },
        "vulnerabilities": [{ "cve": "CVE-2020-0001", "product_status": { "known_affected": ["P"] } }]
    })
    .to_string()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn a_list_is_held_against_advisories() {
    let folder = tempfile_folder("match");
    let documents = folder.join("documents");
    fs::create_dir_all(&documents).unwrap();
    fs::write(
        documents.join("a.json"),
        document("A-1", "SIMATIC S7-1200 CPU family (incl. SIPLUS variants)", "< V4.4.0"),
    )
    .unwrap();
    fs::write(documents.join("broken.json"), "{\"document\": ").unwrap();
    let list = folder.join("machines.csv");
    fs::write(&list, "order_number,name,vendor,firmware\n6ES7 214-1AG40-0XB0,PLC-1,Siemens,V4.2.1\n6ES7 214-1AG40-0XB0,PLC-2,Siemens,V4.5.0\n6ES7 214-1AG40-0XB0,PLC-3,Siemens,\n").unwrap();
    let ran = vigie(&["match", "--inventory", text(&list), "--advisories", text(&documents), "--format", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("broken.json: line 1 column"), "{}", ran.err);
    let rows: Value = serde_json::from_str(&ran.out).unwrap();
    let verdicts: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["affected", "not_affected", "unknown"]);
    assert_eq!(rows[2]["missing"], json!(["firmware"]));
    let french = vigie(&["match", "--inventory", text(&list), "--advisories", text(&documents), "--lang", "fr"]);
    assert!(french.out.contains("À relever sur place"), "{}", french.out);
    let refused = vigie(&["match", "--inventory", text(&documents), "--advisories", text(&documents)]);
    assert_eq!(refused.code, 2);
}

#[test]
fn advisories_are_kept_bundled_and_a_changed_bundle_is_refused() {
    let folder = tempfile_folder("keep");
    let (from, data, other) = (folder.join("a.json"), folder.join("data"), folder.join("other"));
    fs::write(&from, document("A-1", "SIMATIC X", "*")).unwrap();
    let import = vigie(&["advisories", "import", "--data", text(&data), text(&from)]);
    assert_eq!((import.code, import.out.contains("1 new")), (0, true), "{}{}", import.out, import.err);
    let again = vigie(&["advisories", "import", "--data", text(&data), text(&from)]);
    assert!(again.out.contains("1 known already"), "{}", again.out);
    assert!(vigie(&["advisories", "show", "--data", text(&data), "a-1"]).out.contains("SIMATIC X"));
    let (bundle, key) = (folder.join("bundle"), folder.join("key"));
    let made = vigie(&["advisories", "bundle", "--data", text(&data), "--signing-key", text(&key), text(&bundle)]);
    let vkey = made.out.split_whitespace().last().unwrap().to_string();
    let taken = vigie(&["advisories", "import", "--data", text(&other), "--key", &vkey, text(&bundle)]);
    assert_eq!((taken.code, taken.out.contains("1 new")), (0, true), "{}{}", taken.out, taken.err);
    let file = fs::read_dir(&bundle)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == "json"));
    fs::write(file.unwrap(), document("A-1", "SIMATIC Y", "*")).unwrap();
    let refused = vigie(&["advisories", "import", "--data", text(&other), "--key", &vkey, text(&bundle)]);
    assert_eq!((refused.code, refused.err.contains("was changed")), (2, true), "{}", refused.err);
}

#[test]
fn an_s7_1200_against_the_real_documents() {
    let real = root().join("../shared/advisories");
    if !real.is_dir() {
        println!("skipped: the real advisories are not there");
        return;
    }
    let folder = tempfile_folder("real");
    let list = folder.join("machines.csv");
    fs::write(&list, "asset,vendor,product,model,order_number,firmware\nPLC-12,Siemens,S7-1200,CPU 1214C,6ES7 214-1AG40-0XB0,V4.2.1\n").unwrap();
    let ran = vigie(&["match", "--inventory", text(&list), "--advisories", text(&real), "--format", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let rows: Value = serde_json::from_str(&ran.out).unwrap();
    let of = |id: &str| {
        let rows = rows.as_array().unwrap().iter().filter(|row| row["advisory"] == id);
        rows.map(|row| row["verdict"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(of("ICSA-19-344-06"), ["affected", "affected"]);
    assert_eq!(of("ICSA-20-042-05"), ["not_affected"]);
}

/// An empty folder of this test.
fn tempfile_folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("vigie-weak-points-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}
