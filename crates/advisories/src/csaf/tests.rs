//! Advisories in CSAF are read, and what is wrong in them is named with its place.

use expect_test::expect;
use serde_json::json;

use super::*;

fn document(tree: Value, vulnerabilities: Value) -> Value {
    json!({
        "document": {
            "csaf_version": "2.0", "title": "T", "publisher": { "name": "P" },
            "tracking": { "id": "A-1", "version": "1", "status": "final",
                "initial_release_date": "2024-01-01T00:00:00Z", "current_release_date": "2024-01-02T00:00:00Z" }
        },
        "product_tree": tree,
        "vulnerabilities": vulnerabilities
    })
}

fn told(value: &Value) -> String {
    match from_value(value) {
        Ok((advisory, faults)) => {
            let mut text =
                format!("{} products, {} weaknesses\n", advisory.products.len(), advisory.vulnerabilities.len());
            for fault in faults {
                text.push_str(&format!("{fault}\n"));
            }
            text
        }
        Err(fault) => format!("refused: {fault}\n"),
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let tree = json!({ "branches": [
        { "category": "vendor", "name": "V", "branches": [
            { "category": "product_name", "name": 7 },
            { "category": "product_name", "name": "X", "product": { "product_id": "P1", "name": "X" } },
            { "category": "product_name", "name": "Y", "product": { "product_id": "P1", "name": "Y" } },
            "nothing",
        ] },
        { "category": "vendor", "name": "W", "branches": {} },
    ], "relationships": [
        { "category": "installed_on", "product_reference": "P1", "relates_to_product_reference": "P9",
          "full_product_name": { "product_id": "P10", "name": "Z" } },
    ] });
    let weak = json!([{ "cve": "CVE-1-1", "product_status": { "known_affected": ["P1", "P7", 3] } }, 5]);
    expect![[r#"
        1 products, 1 weaknesses
        $.product_tree.branches[0].branches[0].name: expected text, found a number
        $.product_tree.branches[0].branches[2].product: the product id `P1` is used twice; the first one counts
        $.product_tree.branches[0].branches[3]: expected an object, found text
        $.product_tree.branches[1].branches: expected a list, found an object
        $.product_tree.relationships[0]: it refers to a product that the document does not have
        $.vulnerabilities[0].product_status.known_affected[1]: it names a product that the document does not have
        $.vulnerabilities[0].product_status.known_affected[2]: it names a product that the document does not have
        $.vulnerabilities[1]: expected an object
    "#]]
    .assert_eq(&told(&document(tree, weak)));
}

#[test]
fn documents_that_are_none_are_refused_with_their_place() {
    let refused = |bytes: &[u8]| parse(bytes).map(|_| ()).map_err(|fault| fault.to_string());
    expect![[r#"
        [
            Err(
                "line 1 column 0: EOF while parsing a value",
            ),
            Err(
                "line 1 column 14: expected value",
            ),
            Err(
                "$: expected an object",
            ),
            Err(
                "$.document: it is missing",
            ),
            Err(
                "$.document.csaf_version: `1.2` is not 2.0 or 2.1",
            ),
            Err(
                "$.document.csaf_version: expected text, found a number",
            ),
            Err(
                "$.document.tracking.id: it is missing",
            ),
        ]
    "#]]
    .assert_debug_eq(&[
        refused(b""),
        refused(b"{\"document\": }"),
        refused(b"[]"),
        refused(b"{}"),
        refused(br#"{"document":{"csaf_version":"1.2"}}"#),
        refused(br#"{"document":{"csaf_version":2.0}}"#),
        refused(br#"{"document":{"csaf_version":"2.0","tracking":{}}}"#),
    ]);
}

#[test]
fn deep_documents_are_refused() {
    let mut branch = json!({ "category": "product_name", "name": "X" });
    for _ in 0..45 {
        branch = json!({ "category": "product_family", "name": "F", "branches": [branch] });
    }
    let text = told(&document(json!({ "branches": [branch] }), json!([])));
    assert!(text.starts_with("refused: $.product_tree.branches[0].branches[0]"), "{text}");
    // Far deeper: the JSON reader itself refuses, with line and column.
    let bytes = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(parse(bytes.as_bytes()).unwrap_err().reason.contains("recursion limit"));
}

#[test]
fn relationships_in_circles_and_long_chains_do_not_hang() {
    let circle = json!({ "full_product_names": [{ "product_id": "A", "name": "A" }, { "product_id": "B", "name": "B" }],
        "relationships": [
            { "category": "installed_on", "product_reference": "A", "relates_to_product_reference": "B", "full_product_name": { "product_id": "B", "name": "B" } },
            { "category": "installed_on", "product_reference": "C", "relates_to_product_reference": "C", "full_product_name": { "product_id": "C", "name": "C" } },
        ] });
    expect![[r#"
        2 products, 0 weaknesses
        $.product_tree.relationships[0]: the product id `B` is used twice; the first one counts
        $.product_tree.relationships[1]: it refers to a product that the document does not have
    "#]]
    .assert_eq(&told(&document(circle, json!([]))));
    let chain: Vec<Value> = (0..40)
        .map(|n| json!({ "category": "installed_on", "product_reference": "A", "relates_to_product_reference": format!("C{n}"),
            "full_product_name": { "product_id": format!("C{}", n + 1), "name": "x" } }))
        .collect();
    let tree = json!({ "full_product_names": [{ "product_id": "A", "name": "A" }, { "product_id": "C0", "name": "B" }], "relationships": chain });
    assert!(told(&document(tree, json!([]))).starts_with("refused: $.product_tree.relationships"));
}

#[test]
fn broken_encodings_are_repaired() {
    assert_eq!(bounded("GeutebrÃ¼ck"), "Geutebrück");
    assert_eq!(bounded("Geutebrück\u{7}"), "Geutebrück");
    assert_eq!(bounded(" LeÃ£o "), "Leão");
}

#[test]
fn csaf_2_1_metrics_and_groups() {
    let tree = json!({ "full_product_names": [{ "product_id": "A", "name": "A" }, { "product_id": "B", "name": "B" }],
        "product_groups": [{ "group_id": "G", "product_ids": ["A", "B"] }] });
    let weak = json!([{ "cve": "CVE-1-1", "product_status": { "fixed": ["B"], "under_investigation": ["A"] },
        "metrics": [{ "products": ["A"], "content": { "cvss_v4": { "vectorString": "CVSS:4.0/AV:N", "baseScore": 9.3 } } }],
        "remediations": [{ "category": "vendor_fix", "details": "Update", "group_ids": ["G"] }] }]);
    let mut value = document(tree, weak);
    value["document"]["csaf_version"] = json!("2.1");
    let (advisory, faults) = from_value(&value).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    let weakness = &advisory.vulnerabilities[0];
    assert_eq!(weakness.statuses, [(0, Status::Investigated), (1, Status::Fixed)]);
    assert_eq!(weakness.scores[0].base, Some(9.3));
    assert_eq!(weakness.remediations[0].products, [0, 1]);
}
