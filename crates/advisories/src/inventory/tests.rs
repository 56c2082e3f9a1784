//! Lists of machines as people keep them.

use super::*;

#[test]
fn columns_in_any_order_and_language() {
    let text = "Nom;Fabricant;Référence;Version\nPLC-1;Siemens;6ES7 214-1AG40-0XB0;V4.2.1\n;Moxa;;-\n";
    let inventory = parse(text.as_bytes()).unwrap();
    assert_eq!(inventory.absent, ["product", "model"]);
    assert_eq!(inventory.problems, []);
    let first = &inventory.machines[0];
    assert_eq!(
        (first.asset.as_str(), first.order_number.as_str(), first.firmware.as_str()),
        ("PLC-1", "6ES7 214-1AG40-0XB0", "V4.2.1")
    );
    let second = &inventory.machines[1];
    assert_eq!((second.asset.as_str(), second.firmware.as_str()), ("line 3", ""));
}

#[test]
fn wrong_files_are_refused_with_line_and_reason() {
    let refused = |text: &str| parse(text.as_bytes()).map(|_| ()).map_err(|problem| (problem.line, problem.reason));
    assert_eq!(refused("").unwrap_err().0, 1);
    let (line, reason) = refused("a,b\n1,2\n").unwrap_err();
    assert_eq!(line, 1);
    assert!(reason.contains("vendor, product, model, order_number") && reason.contains("a,b"), "{reason}");
}

#[test]
fn short_lines_and_strange_bytes_cost_nothing_else() {
    let bytes =
        b"asset,vendor,model,firmware\nA,Moxa,NPort 5110\nB,Geutebr\xfcck,X,1\n\nC,\"Moxa\nInc\",NPort 5110,2.8\n";
    let inventory = parse(bytes).unwrap();
    assert_eq!(inventory.machines.len(), 3);
    assert_eq!(inventory.problems.len(), 1);
    assert_eq!(inventory.problems[0].line, 2);
    assert_eq!(inventory.machines[1].vendor, "Geutebrück");
    assert_eq!(inventory.machines[2].firmware, "2.8");
}
