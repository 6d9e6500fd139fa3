use crate::kind::Family;
use crate::scanner::{Scanner, Scratch};

fn kinds(text: &str) -> Vec<String> {
    let scanner =
        Scanner::builder().families([Family::Profanity]).family_threshold(Family::Profanity, 0).build().unwrap();
    let findings = scanner.scan(text, &mut Scratch::default());
    findings.iter().map(|found| scanner.kind(found.kind).name().to_owned()).collect()
}

#[test]
fn words_are_rated_by_severity() {
    assert_eq!(kinds("Well, damn."), ["profanity_mild"]);
    assert_eq!(kinds("That is bullshit."), ["profanity"]);
    assert_eq!(kinds("You cunt!"), ["profanity_severe"]);
    for text in ["so ein Arschloch", "quel connard", "hijo de puta", "che stronzo", "иди нахуй", "他妈的"] {
        assert_eq!(kinds(text), ["profanity"], "{text}");
    }
}

#[test]
fn disguises_do_not_help() {
    let texts = [
        "FUCK",
        "fuuuuuck",
        "f*ck",
        "sh*t",
        "f**k",
        "f u c k  y o u",
        "fսck",
        "ｆｕｃｋ",
        "fu\u{200B}ck",
        "b1tch",
        "a$$hole",
        "%66%75%63%6b",
    ];
    for text in texts {
        assert!(!kinds(text).is_empty(), "{text}");
    }
}

#[test]
fn words_that_hold_a_bad_one_are_left_alone() {
    for text in [
        "Scunthorpe",
        "the class of assassins",
        "cockpit and peacock",
        "Dickens",
        "shiitake mushrooms",
        "analysis",
        "hello",
        "a titmouse",
        "2 * 3 * 4",
        "Essex",
        "cucumber",
        "document",
    ] {
        assert_eq!(kinds(text), Vec::<String>::new(), "{text}");
    }
}
