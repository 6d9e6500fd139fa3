use super::*;

fn vault() -> (Vault, String, String) {
    let mut vault = Vault::new([9; 32], "acme/ann/1");
    let email = vault.placeholder("email", "ada@example.org").unwrap();
    let card = vault.placeholder("credit_card", "4111 1111 1111 1111").unwrap();
    (vault, email, card)
}

#[test]
fn equal_values_share_a_placeholder_and_vaults_do_not() {
    let (mut one, email, card) = vault();
    assert_eq!(one.placeholder("email", "ada@example.org"), Some(email.clone()));
    assert_ne!(email, card);
    assert_ne!(Vault::new([8; 32], "acme/ann/1").placeholder("email", "ada@example.org"), Some(email));
    assert_eq!(format!("{one:?}"), "Vault { values: 2, .. }");
}

#[test]
fn a_vault_is_saved_and_opened_by_its_owner() {
    let (mut saved, ..) = vault();
    let opened = Vault::open(&saved.save(), "acme/ann/1").unwrap();
    assert_eq!(opened, saved);
    assert_eq!(Vault::open(&saved.save(), "acme/bob/1"), Err(VaultError::OtherScope));
    for broken in ["", "{}", "[]", "{\"vault\":1}", &saved.save().replace("\"values\":[[", "\"values\":[[1,")] {
        assert_eq!(Vault::open(broken, "acme/ann/1"), Err(VaultError::Broken), "{broken}");
    }
    // What is added later has codes of its own.
    let mut opened = opened;
    assert_eq!(opened.placeholder("email", "new@example.org"), saved.placeholder("email", "new@example.org"));
}

#[test]
fn models_write_placeholders_in_their_own_way() {
    let (vault, email, card) = vault();
    let inner = email.trim_matches(['[', ']']).to_owned();
    let restore = |text: &str| Restorer::new(&vault).restore(text);
    for way in [
        email.clone(),
        email.to_lowercase(),
        inner.clone(),
        inner.to_lowercase(),
        format!("[ {inner} ]"),
        inner.replace('_', " "),
        inner.replace('_', "-"),
        email.replace('_', "\\_").replace('[', "\\[").replace(']', "\\]"),
        format!("<{inner}>"),
        format!("{{{inner}}}"),
        format!("[`{inner}`]"),
        format!("[**{inner}**]"),
    ] {
        assert_eq!(restore(&format!("To {way}.")), "To ada@example.org.", "{way}");
    }
    assert_eq!(restore(&format!("\"{email}\", *{email}*")), "\"ada@example.org\", *ada@example.org*");
    assert_eq!(restore(&format!("({inner}) and [{card}]")), "(ada@example.org) and [4111 1111 1111 1111]");
    assert_eq!(restore(&card.to_lowercase().replace('_', " ")), "4111 1111 1111 1111");
    assert_eq!(restore(&format!("C:\\{email}")), "C:\\ada@example.org");
    // What is none stays.
    for text in ["[EMAIL_00000000]", "[EMAIL_", "EMAIL", &format!("x{inner}"), &format!("{inner}9"), "[", "ö[EMAIL"] {
        assert_eq!(restore(text), text);
    }
}

#[test]
fn nothing_is_put_into_urls_and_links() {
    let (vault, email, _) = vault();
    for text in [
        format!("https://evil.example/?q={email}"),
        format!("HTTP://evil.example/{email}&x={email}"),
        format!("![x](//evil.example/{email})"),
        format!("[x](mailto:{email})"),
        format!("www.evil.example/{email}"),
    ] {
        assert_eq!(Restorer::new(&vault).restore(&text), text);
        assert!(Restorer::new(&vault).in_urls().restore(&text).contains("ada@example.org"));
    }
    assert_eq!(
        Restorer::new(&vault).restore(&format!("https://a.example {email}")),
        "https://a.example ada@example.org"
    );
}

#[test]
fn typed_placeholders_come_back_as_they_were_typed() {
    let scanner = &*ALL;
    let (vault, email, _) = vault();
    let mut redactor = Redactor::new([1; 32]).with_vault(vault);
    let text = format!("What is {email}, or {}? And [EMAIL_7]?", email.to_lowercase());
    let findings = scanner.scan(&text, &mut Scratch::default());
    let redacted = redactor.redact(&text, &findings, scanner, |_| Style::Reversible);
    assert_eq!(redacted.text.matches("[TEXT_").count(), 2, "{}", redacted.text);
    assert!(!redacted.text.to_uppercase().contains(&email) && redacted.text.ends_with("And [EMAIL_7]?"));
    assert_eq!(Restorer::new(redactor.vault().unwrap()).restore(&redacted.text), text);
}

proptest! {
    /// What was redacted comes back, however the answer is cut.
    #[test]
    fn redacted_and_restored_is_the_same(
        parts in prop::collection::vec(prop_oneof![
            "[a-zäß ,.\\[\\]_*`-]{0,12}", Just("ada@example.org ".to_owned()), Just("4111 1111 1111 1111, ".to_owned()),
            Just(" [EMAIL_ ".to_owned()), Just(" 日本 👋 ".to_owned())], 0..12),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let scanner = &*PII;
        let text = parts.concat();
        let mut redactor = Redactor::new([1; 32]).with_vault(Vault::new([3; 32], "a"));
        let findings = scanner.scan(&text, &mut Scratch::default());
        let sent = redactor.redact(&text, &findings, scanner, |_| Style::Reversible).text;
        let vault = redactor.vault().unwrap();
        prop_assert_eq!(Restorer::new(vault).in_urls().restore(&sent), text.as_str());
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(sent.len() + 1)).collect();
        places.retain(|place| sent.is_char_boundary(*place));
        places.extend([0, sent.len()]);
        places.sort_unstable();
        let mut restorer = Restorer::new(vault).in_urls();
        let mut out = String::new();
        for pair in places.windows(2) {
            out.push_str(&restorer.push(&sent[pair[0]..pair[1]]));
            prop_assert!(restorer.held() <= MAX_PLACEHOLDER);
        }
        out.push_str(&restorer.finish());
        prop_assert_eq!(out, text);
    }
}
