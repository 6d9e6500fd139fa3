//! The language of texts: sentences of ours in 50 languages, short questions, what has no language, and any text at all.

use llm_policy_detect::language::{MAX_READ, Sample, UNDETERMINED, codes, of};
use proptest::prelude::*;

/// Sentences of 7 to 90 letters, each behind its language.
const SENTENCES: &str = include_str!("language.tsv");

fn sentences() -> impl Iterator<Item = (&'static str, &'static str)> {
    SENTENCES.lines().filter_map(|line| line.split_once('\t'))
}

#[test]
fn sentences_have_the_language_that_they_are_written_in() {
    let (mut right, mut undetermined, mut wrong) = (0, Vec::new(), Vec::new());
    for (language, sentence) in sentences() {
        match of(sentence) {
            found if found == language => right += 1,
            UNDETERMINED => undetermined.push(sentence),
            found => wrong.push((found, sentence)),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("{right} right, {} undetermined: {undetermined:#?}", undetermined.len());
    assert!(right * 100 >= sentences().count() * 75, "{undetermined:#?}");
}

#[test]
fn a_longer_text_in_one_language_is_sure() {
    let mut texts: Vec<(&str, String)> = Vec::new();
    for (language, sentence) in sentences() {
        match texts.iter_mut().find(|(known, _)| *known == language) {
            Some((_, text)) => *text = format!("{text} {sentence}"),
            None => texts.push((language, sentence.to_owned())),
        }
    }
    let long: Vec<_> =
        texts.iter().filter(|(_, text)| text.chars().filter(|c| c.is_alphabetic()).count() >= 100).collect();
    assert!(long.len() >= 12, "{}", long.len());
    let found: Vec<_> = long.iter().map(|(language, text)| (*language, of(text))).collect();
    let missed: Vec<_> = found.iter().filter(|(language, found)| language != found).collect();
    println!("{} long texts, missed {missed:?}", long.len());
    assert!(missed.len() <= 2, "{missed:?}");
    assert!(missed.iter().all(|(_, found)| *found == UNDETERMINED), "{missed:?}");
}

#[test]
fn what_has_no_letters_or_too_few_has_no_language() {
    for text in
        ["", " ", "12345", "!?", "👋👋", "Thanks!", "https://example.org/a/b?c=d", "x = y_1 + 2", "\u{200b}\u{feff}"]
    {
        assert_eq!(of(text), UNDETERMINED, "{text:?}");
    }
}

#[test]
fn invisible_characters_and_addresses_do_not_count() {
    let sentence = "Gestern hatten wir eine lange Besprechung über den neuen Haushalt.";
    let split: String = sentence.chars().flat_map(|c| [c, '\u{200b}']).collect();
    assert_eq!(of(&split), "de");
    let addresses = "https://example.org/the/whole/story/of/the/budget ".repeat(5);
    assert_eq!(of(&format!("{addresses}{sentence}")), "de");
    // A letter with its accent behind it is the same letter.
    assert_eq!(of("Wie spa\u{308}t ist es, und wie setze ich mein Passwort zuru\u{308}ck?"), "de");
}

#[test]
fn a_long_text_is_read_in_pieces_from_its_beginning_to_its_end() {
    let english = "Yesterday we had a long meeting about the new budget. ";
    let russian = "Вчера мы долго обсуждали новый бюджет, и никто не остался доволен. ";
    let head = english.repeat(MAX_READ / english.len());
    assert_eq!(of(&head), "en");
    assert_eq!(of(&format!("{head}{}", russian.repeat(400))), "ru");
    // A character may lie across the border of a piece.
    assert_eq!(of(&format!("x{}", russian.repeat(400))), "ru");
}

#[test]
fn codes_are_different_and_as_iso_639_1_has_them() {
    let mut all: Vec<_> = codes().collect();
    assert!(all.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase())));
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), codes().count());
    assert_eq!(all.len(), 70);
    for (language, _) in sentences() {
        assert!(all.contains(&language), "{language}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_a_known_answer(text in any::<String>(), times in 1_usize..200) {
        let text = text.repeat(times);
        let found = of(&text);
        prop_assert!(found == UNDETERMINED || codes().any(|code| code == found));
    }

    #[test]
    fn texts_that_come_one_by_one_are_read_as_one(parts in proptest::collection::vec(0_usize..110, 1..60)) {
        let known: Vec<&str> = sentences().map(|(_, sentence)| sentence).collect();
        let texts: Vec<&str> = parts.iter().filter_map(|part| known.get(*part)).copied().collect();
        let mut sample = Sample::new(texts.iter().map(|text| text.len()).sum());
        texts.iter().for_each(|text| sample.push(text));
        let joined = texts.join(" ");
        if joined.len() <= MAX_READ {
            prop_assert_eq!(sample.language(), of(&joined));
        } else {
            let found = sample.language();
            prop_assert!(found == UNDETERMINED || codes().any(|code| code == found));
        }
    }
}
