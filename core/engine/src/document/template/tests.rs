use super::*;

/// The parts of `text`, each expression with what it maps to.
fn parts(text: &str) -> Vec<String> {
    let whole = offsets::span(0, text.len());
    let mut map = SourceMap::new();
    map.push_exact(0, whole);
    let template = Template::parse(text, &map, whole).unwrap();
    let show = |part: &Part| match part {
        Part::Text(text) => text.to_string(),
        Part::Expr(source) => {
            let place = source.locate(offsets::span(0, source.text.len()));
            assert_eq!(text.get(place.start as usize..place.end as usize), Some(&*source.text));
            assert_eq!(place, source.span);
            format!("<{}>", source.text)
        }
    };
    template.parts.iter().map(show).collect()
}

#[test]
fn text_and_expressions() {
    assert_eq!(parts(""), Vec::<String>::new());
    assert_eq!(parts("text"), ["text"]);
    assert_eq!(parts("{{ a.b }}"), ["<a.b>"]);
    assert_eq!(parts("{{a}}{{ b }} c"), ["<a>", "<b>", " c"]);
    assert_eq!(parts("ü {{ {'k': {'l': 1}}['k'] }} é"), ["ü ", "<{'k': {'l': 1}}['k']>", " é"]);
    assert_eq!(parts("{{ '}}' + \"{{\" }}"), ["<'}}' + \"{{\">"]);
    assert_eq!(parts("a }} b { c"), ["a }} b { c"]);
}

#[test]
fn wrong_expressions() {
    let code = |text: &str| Template::parse(text, &SourceMap::new(), Span::default()).unwrap_err().code;
    assert_eq!(code("a {{ b"), "open-template");
    assert_eq!(code("a {{ b }"), "open-template");
    assert_eq!(code("{{ 'b }}"), "open-template");
    assert_eq!(code("{{}}"), "empty-expression");
    assert_eq!(code("{{ a }} {{   }}"), "empty-expression");
}
