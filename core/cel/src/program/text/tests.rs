use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Literal, NARROW, PROMISING_AT_LEAST, TextAutomaton, WIDE};

fn literal(text: &str, ignore_case: bool) -> Literal {
    Literal { text: if ignore_case { text.to_ascii_lowercase() } else { text.to_owned() }.into(), ignore_case }
}

fn found(literals: &[Literal], text: &str) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    TextAutomaton::new(0, literals.to_vec()).unwrap().search(text, |number| _ = found.insert(number));
    found
}

/// What `contains` says.
fn contained(literals: &[Literal], text: &str) -> BTreeSet<u32> {
    let lower = text.to_ascii_lowercase();
    let holds = |l: &Literal| if l.ignore_case { lower.contains(&*l.text) } else { text.contains(&*l.text) };
    (0..).zip(literals).filter(|(_, l)| holds(l)).map(|(number, _)| number).collect()
}

/// Few letters, so that literals overlap and begin alike.
const LETTERS: &str = "[abABé-]";

fn literals(shortest: usize) -> impl Strategy<Value = Vec<Literal>> {
    let one = (proptest::string::string_regex(&format!("{LETTERS}{{{shortest},9}}")).unwrap(), any::<bool>());
    prop::collection::vec(one.prop_map(|(text, ignore_case)| literal(&text, ignore_case)), 1..40)
}

proptest! {
    #[test]
    fn the_automaton_finds_what_is_contained(
        literals in (1_usize..=5).prop_flat_map(literals),
        text in proptest::string::string_regex(&format!("{LETTERS}{{0,200}}")).unwrap(),
    ) {
        prop_assert_eq!(found(&literals, &text), contained(&literals, &text));
    }
}

#[test]
fn starts_are_as_wide_as_the_shortest_literal_allows() {
    let width = |texts: &[&str]| {
        let literals = texts.iter().map(|t| literal(t, false)).collect();
        TextAutomaton::new(0, literals).unwrap().starts.map(|starts| starts.width)
    };
    assert_eq!(width(&["secret", "word"]), Some(WIDE));
    assert_eq!(width(&["secret", "key"]), Some(NARROW));
    assert_eq!(width(&["secret", "ip"]), None);
}

#[test]
fn text_that_is_promising_everywhere_is_searched_to_its_end() {
    let literals = [literal(&format!("{}b", "a".repeat(500)), false), literal("aaaa", false), literal("the end", true)];
    let text = format!("{}THE END", "a".repeat(8 * PROMISING_AT_LEAST));
    assert_eq!(found(&literals, &text), BTreeSet::from([1, 2]));
    let long = format!("{text}{}b", "a".repeat(500));
    assert_eq!(found(&literals, &long), BTreeSet::from([0, 1, 2]));
}

#[test]
fn a_literal_is_found_at_both_ends_and_in_text_that_is_shorter() {
    let literals = [literal("word", false)];
    for (text, is_there) in
        [("word", true), ("word.", true), ("a word", true), ("wor", false), ("", false), ("WORD", false)]
    {
        assert_eq!(found(&literals, text).len(), usize::from(is_there), "{text}");
    }
    assert_eq!(found(&[literal("WoRd", true)], "swORDs").len(), 1);
}
