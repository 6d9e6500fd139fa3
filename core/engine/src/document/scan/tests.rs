use super::{Shape, has_comment, shape, template_end};

#[test]
fn shapes() {
    assert_eq!(shape("a in ['x', \"y\"] && f({'k': r'\\'})"), Shape::Closed);
    assert_eq!(shape("x == 'issue"), Shape::OpenString(5));
    assert_eq!(shape("x == '''it's''' && y"), Shape::Closed);
    assert_eq!(shape("x == 'it\\'s'"), Shape::Closed);
    assert_eq!(shape("x == r'\\'"), Shape::Closed);
    assert_eq!(shape("x == bar'\\'"), Shape::OpenString(8));
    assert_eq!(shape("a) || (b"), Shape::Bracket(1));
    assert_eq!(shape("(a]"), Shape::Bracket(2));
    assert_eq!(shape("((a)"), Shape::Bracket(0));
    assert_eq!(shape("a // it's (\n && b"), Shape::Closed);
    assert_eq!(shape(""), Shape::Closed);
    assert_eq!(shape("'\\"), Shape::OpenString(0));
}

#[test]
fn ends_of_templates() {
    assert_eq!(template_end(" a }} b", 0), Some(5));
    assert_eq!(template_end("{'a': {'b': 1}}}} x", 0), Some(17));
    assert_eq!(template_end("'}}' }}", 0), Some(7));
    assert_eq!(template_end("a }", 0), None);
    assert_eq!(template_end("'a }}", 0), None);
}

#[test]
fn comments() {
    assert!(has_comment("a // b"));
    assert!(!has_comment("a == 'http://x'"));
    assert!(!has_comment("a == 'http://x"));
    assert!(!has_comment("a / b"));
}
