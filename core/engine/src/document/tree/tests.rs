use super::*;

#[test]
fn spans_hold_what_was_written() {
    let text = "ä: 'x'  \nb:\n  - 1 # c\n  - {k: v}\nc: |\n  lit\n\nd: &a y\ne:\n";
    let root = read_yaml(text).unwrap();
    let Kind::Map(entries) = &root.kind else { panic!() };
    let raw = |node: &Node<'_>| text.get(node.span.start as usize..node.span.end as usize).unwrap().to_owned();
    let raws: Vec<_> = entries.iter().map(|(_, node)| raw(node)).collect();
    assert_eq!(raws, ["'x'", "- 1 # c\n  - {k: v}", "lit", "y", ""]);
    let keys: Vec<_> =
        entries.iter().map(|(k, _)| text.get(k.span.start as usize..k.span.end as usize).unwrap()).collect();
    assert_eq!(keys, ["ä", "b", "c", "d", "e"]);
    assert!(entries[4].1.is_null());
}

#[test]
fn long_texts_beyond_ascii() {
    let text = format!("{}k: v\n", "# ünïcödé\n".repeat(100));
    let root = read_yaml(&text).unwrap();
    let Kind::Map(entries) = &root.kind else { panic!() };
    assert_eq!(text.get(entries[0].1.span.start as usize..).unwrap(), "v\n");
}
