//! Values that are assigned to a name which says that they are secret: `api_key = "..."`, `password: ...`, `STRIPE_TOKEN=...`.

use std::ops::Range;

use super::entropy::{Mix, bits, contains, is_placeholder};
use super::vendors;
use crate::bytes::{at, before, cut};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

/// Bytes from the name to the value, the longest value, and the longest name.
const GAP: usize = 40;
const MAX_VALUE: usize = 256;
const MAX_NAME: usize = 48;

/// What a name says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    /// A random token.
    Token,
    /// Something that a person chose.
    Password,
    /// A name that means little by itself: `key`, `id`, a vendor.
    Weak,
}

const NAMES: &[(Name, &[&str])] = &[
    (
        Name::Token,
        &[
            "token",
            "secret",
            "api_key",
            "apikey",
            "api-key",
            "api key",
            "access_key",
            "accesskey",
            "access-key",
            "private_key",
            "privatekey",
            "private-key",
            "auth_key",
            "authkey",
            "signing_key",
            "encryption_key",
            "master_key",
            "license_key",
            "credential",
            "bearer",
            "client_key",
            "clientkey",
            "app_key",
            "appkey",
            "service_key",
            "account_key",
            "accountkey",
            "sas_key",
            "connectionstring",
            "webhook_key",
        ],
    ),
    (
        Name::Password,
        &[
            "password",
            "passwd",
            "passphrase",
            "pwd",
            "passwort",
            "contraseña",
            "mot_de_passe",
            "senha",
            "wachtwoord",
            "пароль",
        ],
    ),
    (Name::Weak, &["key", "auth", "creds", "session_id", "sessionid", "signature_key", "cookie"]),
];

#[derive(Debug)]
pub(crate) struct Assigned {
    names: Vec<(Name, String)>,
}

impl Assigned {
    pub(crate) fn new() -> Self {
        let mut names: Vec<(Name, String)> =
            NAMES.iter().flat_map(|(kind, names)| names.iter().map(|name| (*kind, (*name).to_owned()))).collect();
        names.extend(vendors::names().map(|name| (Name::Weak, name.to_owned())));
        Self { names }
    }
}

impl Detector for Assigned {
    fn kinds(&self) -> Vec<Kind> {
        vec![
            Kind::new("assigned_secret", Family::Secret, "a random value assigned to a name that says secret"),
            Kind::new("password", Family::Secret, "a value assigned to a name that says password"),
        ]
    }

    fn literals(&self) -> Vec<Literal> {
        (0..).zip(&self.names).map(|(tag, (_, name))| Literal::new(name.clone(), tag)).collect()
    }

    fn reach(&self) -> Reach {
        Reach { back: MAX_NAME, ahead: MAX_NAME + GAP + MAX_VALUE }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        let Some((name, _)) = self.names.get(hit.tag as usize) else { return };
        let text = cx.text;
        // The rest of the identifier.
        let tail = cut(text, hit.end..hit.end + MAX_NAME).iter().take_while(|byte| is_name(**byte)).count();
        let end = hit.end + tail;
        if names_something_else(text, hit.start, cut(text, hit.end..end)) {
            return;
        }
        let Some((value, quoted)) = value_of(text, end) else { return };
        cx.spend(value.end - hit.start);
        let text_of_value = cut(text, value.clone());
        if *name == Name::Weak && !is_own_word(text, hit.start, hit.end) {
            return;
        }
        let (kind, score) = match name {
            Name::Password => (1, password(text_of_value, quoted)),
            _ => (0, token(text_of_value, quoted, *name == Name::Weak)),
        };
        if score > 0 {
            let random = bits(text_of_value) >= 3.0;
            cx.report(kind, value, score, Signs::NONE.with(Sign::Context).with_if(random, Sign::Entropy));
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80
}

/// What the last word of a name may say: that its value is not the secret but something about it.
const ABOUT: [&[u8]; 36] = [
    b"id",
    b"ids",
    b"name",
    b"names",
    b"size",
    b"length",
    b"len",
    b"url",
    b"uri",
    b"path",
    b"file",
    b"event",
    b"type",
    b"count",
    b"source",
    b"host",
    b"domain",
    b"algorithm",
    b"alg",
    b"prefix",
    b"version",
    b"index",
    b"column",
    b"field",
    b"policy",
    b"expiry",
    b"ttl",
    b"timeout",
    b"label",
    b"title",
    b"dir",
    b"format",
    b"hint",
    b"regex",
    b"pattern",
    b"arn",
];

/// Whether a name, by its last word or by the word in front, is not that of a secret: `tokenId`, `key_size`, `foreignKey`.
fn names_something_else(text: &[u8], start: usize, tail: &[u8]) -> bool {
    let last_start = tail.iter().enumerate().rposition(|(index, byte)| {
        !byte.is_ascii_alphanumeric() || (byte.is_ascii_uppercase() && at(tail, index + 1).is_ascii_lowercase())
    });
    let last = last_start
        .map_or(tail, |place| cut(tail, place + usize::from(!at(tail, place).is_ascii_alphanumeric())..tail.len()));
    let head = cut(text, start.saturating_sub(10)..start);
    let front =
        [&b"foreign"[..], b"primary", b"public", b"partition", b"sort", b"public_", b"foreign_", b"primary_", b"sort_"];
    ABOUT.iter().any(|about| last.eq_ignore_ascii_case(about))
        || front.iter().any(|front| {
            head.len() >= front.len() && cut(head, head.len() - front.len()..head.len()).eq_ignore_ascii_case(front)
        })
}

/// Weak names count where a word of an identifier starts: `my_key`, `myKey`, `okta:`; not `monkey`, `keyboard`.
fn is_own_word(text: &[u8], start: usize, end: usize) -> bool {
    let (left, first, last, right) = (before(text, start), at(text, start), before(text, end), at(text, end));
    let starts = !left.is_ascii_alphabetic() || (left.is_ascii_lowercase() && first.is_ascii_uppercase());
    let ends = !right.is_ascii_lowercase() || (last.is_ascii_uppercase() && right.is_ascii_lowercase());
    starts && ends
}

/// The value that an identifier which ends at a place is given, and whether it stands in quotes.
fn value_of(text: &[u8], end: usize) -> Option<(Range<usize>, bool)> {
    let limit = end + GAP;
    let mut place = end;
    let mut operator = false;
    // What may stand between a name and its value: quotes and brackets that close, blanks, a type, an operator.
    loop {
        if place > limit {
            return None;
        }
        match at(text, place) {
            b' ' | b'\t' => place += 1,
            b'"' | b'\'' | b'`' if !operator => place += 1,
            b']' | b')' if !operator => place += 1,
            b'=' | b':' => {
                operator = true;
                place += 1;
            }
            b'>' if operator || before(text, place) == b'-' => {
                operator = true;
                place += 1;
            }
            b'?' | b'|' | b'.' | b'<' | b'-' | b'~' | b'!' | b'+' if !operator && is_operator_ahead(text, place) => {
                place += 1
            }
            b',' if !operator && is_after_quote(text, place) => {
                operator = true;
                place += 1;
            }
            b'\n' | b'\r' if operator && before(text, place) == b'>' => place += 1,
            b'>' if !operator => {
                // `<name>value</name>`
                operator = true;
                place += 1;
            }
            byte if !operator && byte.is_ascii_alphabetic() => place += type_name(text, place)?,
            0 => return None,
            _ => break,
        }
    }
    if !operator {
        return None;
    }
    let mut start = place;
    // `@"..."`, `b'...'`, `\"...\"`
    if matches!(at(text, start), b'@' | b'b' | b'r' | b'f' | b'u') && matches!(at(text, start + 1), b'"' | b'\'') {
        start += 1;
    }
    if at(text, start) == b'\\' && matches!(at(text, start + 1), b'"' | b'\'') {
        start += 1;
    }
    let quote = at(text, start);
    if matches!(quote, b'"' | b'\'' | b'`') {
        start += 1;
        let len = cut(text, start..start + MAX_VALUE + 1).iter().position(|byte| *byte == quote || *byte == b'\n')?;
        let inner = cut(text, start..start + len);
        let len = if inner.ends_with(b"\\") { len - 1 } else { len };
        // `"Bearer ..."`, `"Token ..."`
        let scheme = [&b"Bearer "[..], b"bearer ", b"Token ", b"token ", b"Basic "]
            .into_iter()
            .find(|scheme| inner.starts_with(scheme));
        let skip = scheme.map_or(0, <[u8]>::len);
        (at(text, start + len) != b'\n').then_some((start + skip..start + len, true))
    } else {
        let mut len = cut(text, start..start + MAX_VALUE + 1).iter().take_while(|byte| is_bare(**byte)).count();
        while len > 0 && matches!(at(text, start + len - 1), b'.' | b',' | b':' | b';' | b'!' | b'?') {
            len -= 1;
        }
        (len <= MAX_VALUE && len > 0).then_some((start..start + len, false))
    }
}

/// `:=`, `||:`, `?=`, `->`, `.=` and their kin.
fn is_operator_ahead(text: &[u8], place: usize) -> bool {
    cut(text, place + 1..place + 4)
        .iter()
        .find(|byte| !matches!(byte, b'|' | b'?' | b'-' | b'<' | b'.'))
        .is_some_and(|byte| matches!(byte, b'=' | b':' | b'>'))
}

/// `setProperty("X_TOKEN", "...")`
fn is_after_quote(text: &[u8], comma: usize) -> bool {
    matches!(before(text, comma), b'"' | b'\'')
}

/// The length of a type's name, or of `is`, `value`, `to`: a word that is followed by an operator or names one itself.
fn type_name(text: &[u8], place: usize) -> Option<usize> {
    let len = cut(text, place..place + 16).iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let word = cut(text, place..place + len);
    let known: [&[u8]; 12] = [
        b"string", b"String", b"str", b"value", b"Value", b"VALUE", b"const", b"char", b"varchar", b"text", b"is",
        b"default",
    ];
    (known.contains(&word)).then_some(len)
}

fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'_' | b'-'
                | b'.'
                | b'/'
                | b'+'
                | b'='
                | b'~'
                | b'%'
                | b'|'
                | b':'
                | b'@'
                | b'!'
                | b'^'
                | b'*'
                | b'#'
                | b'$'
                | b'\\'
        )
}

/// How sure a random value is, 0 for none.
fn token(value: &[u8], quoted: bool, weak: bool) -> u8 {
    let mix = Mix::of(value);
    let len = value.len();
    if !(10..=MAX_VALUE).contains(&len) || contains(value, b" ") || is_placeholder(value) || is_code(value, mix) {
        return 0;
    }
    let entropy = bits(value);
    let digits_only = mix.digits == len;
    let is_random = if digits_only {
        len >= 16 && entropy >= 2.5
    } else {
        mix.digits >= 2 && mix.letters() >= 1 && entropy >= 2.9
            || mix.digits >= 1 && len >= 16 && entropy >= 3.3
            || mix.classes() >= 2 && mix.upper * 5 > len && mix.lower * 5 > len && len >= 20 && entropy >= 4.0
    };
    if !is_random || (weak && (len < 16 || entropy < 3.0)) {
        return 0;
    }
    let base = if weak { 55 } else { 60 };
    base + if quoted { 10 } else { 0 } + if entropy >= 3.5 { 15 } else { 0 }
}

/// How sure a password is, 0 for none.
fn password(value: &[u8], quoted: bool) -> u8 {
    let mix = Mix::of(value);
    let len = value.len();
    if len < 6 || contains(value, b" ") || is_placeholder(value) || is_code(value, mix) {
        return 0;
    }
    match mix.classes() {
        3.. if len >= 8 => 75,
        2.. if len >= 8 && mix.digits > 0 && mix.letters() > 0 && bits(value) >= 2.5 => {
            if quoted {
                65
            } else {
                55
            }
        }
        _ => 0,
    }
}

/// Whether a value is an expression, a path, a name, a version: something that stands in code and is no value.
fn is_code(value: &[u8], mix: Mix) -> bool {
    let has = |sign: u8| value.contains(&sign);
    let is_call = has(b'(')
        || has(b')')
        || has(b'[')
        || has(b']')
        || has(b'{')
        || has(b'}')
        || has(b'<')
        || has(b';')
        || has(b'\\');
    let is_url =
        contains(value, b"://") || value.starts_with(b"/") || value.starts_with(b"./") || value.starts_with(b"../");
    // `config.auth.token`, `process.env.KEY_2`: words with dots; `some-long-name`: words with hyphens or underscores.
    let words = value.split(|byte| matches!(byte, b'.' | b'-' | b'_' | b'/' | b':'));
    let is_wordy = value.iter().any(|byte| matches!(byte, b'.' | b'-' | b'_' | b'/' | b':'))
        && words.clone().all(|word| {
            word.iter().filter(|byte| byte.is_ascii_digit()).count() * 4 <= word.len() && Mix::of(word).classes() <= 2
                || word.len() <= 2
        });
    let is_domain = has(b'.')
        && mix.digits <= 2
        && value
            .rsplit(|byte| *byte == b'.')
            .next()
            .is_some_and(|tail| tail.len() <= 4 && tail.iter().all(u8::is_ascii_alphabetic));
    is_call || is_url || is_wordy || is_domain
}
