//! What was known when.

use super::*;

fn document(id: &str, revision: u32) -> Vec<u8> {
    serde_json::json!({ "document": { "csaf_version": "2.0", "title": id, "tracking": { "id": id, "version": revision.to_string(),
        "current_release_date": format!("2024-01-0{revision}T00:00:00Z") } } })
    .to_string()
    .into_bytes()
}

#[test]
fn what_is_known_stays_known_with_its_date() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("in");
    fs::create_dir(&from).unwrap();
    fs::write(from.join("a.json"), document("A", 1)).unwrap();
    fs::write(from.join("b.json"), document("B", 1)).unwrap();
    fs::write(from.join("c.json"), b"{\"document\": 1").unwrap();
    let data = folder.path().join("data");
    let mut store = Store::open(&data).unwrap();
    let first = store.import(&from, "2024-02-01T00:00:00Z", &mut |_| {}).unwrap();
    assert_eq!((first.new, first.revised, first.same, first.problem_count), (2, 0, 0, 1));
    assert!(first.problems[0].to_string().starts_with("c.json: line 1 column"), "{}", first.problems[0]);
    // The same again costs nothing; a new revision is kept beside the old one.
    fs::write(from.join("a.json"), document("A", 2)).unwrap();
    let mut store = Store::open(&data).unwrap();
    let second = store.import(&from, "2024-03-01T00:00:00Z", &mut |_| {}).unwrap();
    assert_eq!((second.new, second.revised, second.same), (0, 1, 1));
    let store = Store::open(&data).unwrap();
    let then: Vec<&str> =
        store.as_of(Some("2024-02-15T00:00:00Z")).iter().map(|known| known.revision.as_str()).collect();
    let now: Vec<&str> = store.as_of(None).iter().map(|known| known.revision.as_str()).collect();
    assert_eq!((then, now), (vec!["1", "1"], vec!["2", "1"]));
    assert_eq!(store.catalogue(None).0.advisories.len(), 2);
    assert!(store.as_of(Some("2020-01-01T00:00:00Z")).is_empty());
}

#[test]
fn a_crash_at_any_byte_of_the_list_loses_nothing_that_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("in");
    fs::create_dir(&from).unwrap();
    for at in 0..3 {
        fs::write(from.join(format!("{at}.json")), document(&format!("D{at}"), 1)).unwrap();
    }
    let data = folder.path().join("data");
    Store::open(&data).unwrap().import(&from, "2024-02-01T00:00:00Z", &mut |_| {}).unwrap();
    let list = data.join("advisories/known.jsonl");
    let whole = fs::read(&list).unwrap();
    for cut in (0..whole.len()).step_by(17) {
        fs::write(&list, &whole[..cut]).unwrap();
        let mut store = Store::open(&data).unwrap();
        store.import(&from, "2024-02-02T00:00:00Z", &mut |_| {}).unwrap();
        assert_eq!(Store::open(&data).unwrap().as_of(None).len(), 3, "cut at {cut}");
    }
}

#[test]
fn a_file_that_was_changed_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("a.json");
    fs::write(&from, document("A", 1)).unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    store.import(&from, "2024-02-01T00:00:00Z", &mut |_| {}).unwrap();
    let path = store.path(&store.known()[0].sha256.clone());
    fs::write(path, document("A", 2)).unwrap();
    let (catalogue, problems) = store.catalogue(None);
    assert!(catalogue.advisories.is_empty());
    assert!(problems[0].reason.contains("not what was imported"));
}
