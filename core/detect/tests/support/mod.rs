//! What holds for any bytes: the bodies of the fuzz targets `scan`, `redact` and `stream`, which the ordinary tests run over seeds.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use llm_policy_detect::redact::{Item, Redactor, Restorer, Rule, Style, TreeRedaction, Vault, edit};
use llm_policy_detect::stream::{Action, Guard};
use llm_policy_detect::{Family, Finding, Profile, Scanner, Scratch};

static ALL: LazyLock<[Scanner; 4]> =
    LazyLock::new(|| Profile::ALL.map(|profile| Scanner::builder().profile(profile).build().unwrap()));
static STREAMED: LazyLock<Scanner> = LazyLock::new(|| {
    let families = [Family::Pii, Family::Phi, Family::Secret, Family::Profanity];
    Scanner::builder().families(families).pattern("own", "[a-c]{2,9}x").build().unwrap()
});

/// Spans lie in the text and on the boundaries of its characters; work is linear; nothing is left from the text before.
pub fn scan(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut scratch = Scratch::default();
    for scanner in &*ALL {
        let findings = scanner.scan(&text, &mut scratch);
        assert_eq!(findings, scanner.scan(&text, &mut Scratch::default()));
        assert!(findings.steps() <= 400 * text.len() as u64 + 400_000, "{} steps", findings.steps());
        let units: Vec<u16> = text.encode_utf16().collect();
        for found in &findings {
            let value = text.get(found.bytes.range()).expect("a span inside of the text");
            assert!(!value.is_empty() && found.score <= 100);
            let same = String::from_utf16(&units[found.utf16.range()]).expect("a span of whole characters");
            assert_eq!(value, same);
            assert_eq!(value.chars().count(), found.chars.len() as usize);
        }
    }
}

/// As good as random to who writes the data: with a fixed seed, a text can hold the placeholder that it will get.
fn seed(data: &[u8]) -> [u8; 32] {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    let mut seed = [2; 32];
    seed.iter_mut().zip(hasher.finish().to_le_bytes()).for_each(|(to, from)| *to = from);
    seed
}

/// Redacted text comes back; redacted JSON is JSON with the same values in the same places.
pub fn redact(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let scanner = &ALL[0];
    let mut scratch = Scratch::default();
    let mut redactor = Redactor::new([1; 32]).with_vault(Vault::new(seed(data), "fuzz"));
    let findings = scanner.scan(&text, &mut scratch);
    let sent = redactor.redact(&text, &findings, scanner, |_| Style::Reversible).text;
    let vault = redactor.vault().expect("it was given one");
    assert_eq!(Restorer::new(vault).in_urls().restore(&sent), text);
    let opened = Vault::open(&vault.save(), "fuzz").expect("its own vault");
    assert_eq!(&opened, vault);

    let count = |text: &str| {
        let mut counts = [0; 3];
        edit(text, &mut |_, item| {
            counts[match item {
                Item::Text(_) => 0,
                Item::Number(_) => 1,
                Item::Key(_) => 2,
            }] += 1;
            None
        })
        .map(|_| counts)
    };
    for style in Style::ALL {
        let rules = [Rule { style, ..Rule::default() }];
        let redacted = TreeRedaction::new(&rules, scanner, &mut redactor, &mut scratch).json(&text);
        assert_eq!(redacted.is_ok(), count(&text).is_ok());
        if let Ok(Some(redacted)) = redacted {
            assert_eq!(count(&redacted), count(&text), "{redacted}");
        }
    }
}

/// A stream gives the same however it is cut, and no more of a finding than its replacement. The first byte says how it is cut.
pub fn stream(data: &[u8]) {
    let Some((size, text)) = data.split_first() else { return };
    let run = |size: usize| {
        let mut guard = Guard::new(&*STREAMED, |_: &Finding| Action::Redact(Style::Label)).expect("a bounded pattern");
        let mut out = String::new();
        for chunk in text.chunks(size) {
            out.push_str(&guard.push(chunk).text);
        }
        out.push_str(&guard.finish().text);
        assert_eq!(guard.held(), 0);
        (out, guard.findings().to_vec())
    };
    let whole = run(text.len().max(1));
    assert_eq!(run(usize::from(*size) + 1), whole);
    let all = String::from_utf8_lossy(text);
    for found in &whole.1 {
        assert!(all.get(found.bytes.range()).is_some());
    }
}
