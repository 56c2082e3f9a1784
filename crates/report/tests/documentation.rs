//! `docs/inventory.md` describes the columns of the inventory as the program does.

const INVENTORY: &str = include_str!("../../../docs/inventory.md");

#[test]
fn every_column_is_documented_in_order() {
    let rows: Vec<String> = report::COLUMNS.iter().map(|(name, about)| format!("| `{name}` | {about} |")).collect();
    assert!(INVENTORY.contains(&rows.join("\n")), "docs/inventory.md lacks these rows:\n{}", rows.join("\n"));
}
