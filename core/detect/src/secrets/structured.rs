//! Secrets with a structure: private keys, web tokens, connection strings, credentials of HTTP.

use super::entropy::{Mix, bits, contains, is_placeholder};
use crate::bytes::{at, before, cut};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

const PEM: u32 = 0;
const JWT: u32 = 1;
const URL: u32 = 2;
const HEADER: u32 = 3;
const USER: u32 = 4;

/// The longest private key that is marked to its end.
const MAX_KEY: usize = 4096;
/// The longest web token.
const MAX_JWT: usize = 4096;

/// PEM private keys (RFC 7468), JWTs (RFC 7519), passwords in URLs (RFC 3986, 3.2.1), `Authorization` (RFC 9110, RFC 6750,
/// RFC 7617), `curl --user`.
#[derive(Debug)]
pub(crate) struct Structured;

impl Detector for Structured {
    fn kinds(&self) -> Vec<Kind> {
        vec![
            Kind::new("private_key", Family::Secret, "RFC 7468"),
            Kind::new("jwt", Family::Secret, "RFC 7519"),
            Kind::new("url_password", Family::Secret, "RFC 3986, 3.2.1"),
            Kind::new("authorization", Family::Secret, "RFC 9110, RFC 6750, RFC 7617"),
        ]
    }

    fn literals(&self) -> Vec<Literal> {
        let all = [
            ("-----BEGIN", PEM),
            ("eyJ", JWT),
            ("ey", JWT),
            ("://", URL),
            ("authorization", HEADER),
            ("x-api-key", HEADER),
            ("apikey:", HEADER),
            ("api-key:", HEADER),
            ("auth-token:", HEADER),
            ("access-token:", HEADER),
            ("bearer ", HEADER),
            ("-u ", USER),
            ("--user ", USER),
            ("--user=", USER),
        ];
        all.into_iter().map(|(text, tag)| Literal::new(text, tag)).collect()
    }

    fn reach(&self) -> Reach {
        Reach { back: 64, ahead: MAX_KEY }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        match hit.tag {
            PEM => private_key(hit, cx),
            JWT => web_token(hit, cx),
            URL => url(hit, cx),
            HEADER => header(hit, cx),
            _ => user(hit, cx),
        }
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    let first = *part.first()?;
    let mut from = 0;
    while let Some(offset) = text.get(from..)?.iter().position(|byte| *byte == first) {
        if cut(text, from + offset..from + offset + part.len()) == part {
            return Some(from + offset);
        }
        from += offset + 1;
    }
    None
}

/// `-----BEGIN ... PRIVATE KEY ... -----` up to its end, or as far as there is base64.
fn private_key(hit: Hit, cx: &mut Cx<'_>) {
    let text = cx.text;
    let head = cut(text, hit.end..hit.end + 48);
    let Some(label) = find(head, b"PRIVATE KEY") else { return };
    if find(cut(head, 0..label), b"\n").is_some() {
        return;
    }
    let window = cut(text, hit.end..hit.end + MAX_KEY);
    // Behind the label: dashes, then the key up to the next dashes.
    let body_start =
        label + 11 + cut(window, label + 11..window.len()).iter().take(8).take_while(|byte| **byte == b'-').count();
    let body = cut(window, body_start..window.len());
    let len = key_len(body);
    let tail = cut(body, len..len + 80);
    let end = body_start
        + len
        + if tail.starts_with(b"-----END") {
            8 + find(cut(tail, 8..tail.len()), b"-----").map_or(0, |dashes| dashes + 5)
        } else {
            0
        };
    let body = cut(body, 0..len);
    let base64 = body.iter().filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')).count();
    cx.spend(body_start + len);
    // A heading alone is documentation.
    if base64 >= 64 && !is_placeholder(cut(body, 0..64)) {
        cx.report(0, hit.start..hit.end + end, 98, Signs::NONE.with(Sign::Structure));
    }
}

/// How far a key goes: base64 in lines (or in runs that blanks set apart), headers, and what quotes lines in code. Prose and dashes
/// end it.
fn key_len(body: &[u8]) -> usize {
    let mut run = 40;
    for (place, byte) in body.iter().enumerate() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' => run += 1,
            b'\n' | b'\r' | b'\t' | b'\\' | b'"' | b'\'' | b':' | b',' | b';' => run = 40,
            b' ' if run >= 40 => {
                // Indentation goes on; a word of prose does not.
                run = if at(body, place + 1) == b' ' || before(body, place) == b'\n' { 40 } else { 0 };
            }
            b'-' if at(body, place + 1) != b'-' => run = 40,
            _ => return place,
        }
    }
    body.len()
}

/// Three parts of base64url, the first one a JSON object.
fn web_token(hit: Hit, cx: &mut Cx<'_>) {
    let text = cx.text;
    if cut(text, hit.start..hit.end) != b"ey" || before(text, hit.start).is_ascii_alphanumeric() {
        return;
    }
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'=' | b'/' | b'\\' | b'+');
    let part = |from: usize| cut(text, from..from + MAX_JWT).iter().take_while(|byte| is_part(byte)).count();
    let first = part(hit.start);
    cx.spend(first);
    if first < 17 || at(text, hit.start + first) != b'.' {
        return;
    }
    let second_start = hit.start + first + 1;
    if cut(text, second_start..second_start + 2) != b"ey" {
        return;
    }
    let second = part(second_start);
    let mut end = second_start + second;
    if second < 17 {
        return;
    }
    if at(text, end) == b'.' {
        end += 1 + part(end + 1);
    }
    cx.spend(end - hit.start);
    let value = cut(text, hit.start..end);
    // `ey` is `{` and a sign behind it: `eyJ` is `{"`.
    let is_json = cut(value, 0..3) == b"eyJ";
    if bits(value) >= 3.0 && !is_placeholder(cut(value, 0..16)) {
        cx.report(1, hit.start..end, if is_json { 95 } else { 70 }, Signs::NONE.with(Sign::Structure));
    }
}

/// `scheme://user:password@host`
fn url(hit: Hit, cx: &mut Cx<'_>) {
    let text = cx.text;
    if !before(text, hit.start).is_ascii_alphanumeric() {
        return;
    }
    let part =
        |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'?' | b'\\');
    let authority = cut(text, hit.end..hit.end + 256);
    let len = authority.iter().take_while(|byte| part(byte)).count();
    let authority = cut(authority, 0..len);
    cx.spend(len);
    let Some(sign) = authority.iter().rposition(|byte| *byte == b'@') else { return };
    let Some(colon) = cut(authority, 0..sign).iter().position(|byte| *byte == b':') else { return };
    let (user, password) = (cut(authority, 0..colon), cut(authority, colon + 1..sign));
    let plain = [
        &b"password"[..],
        b"pass",
        b"pwd",
        b"secret",
        b"passwd",
        b"mypassword",
        b"postgres",
        b"root",
        b"user",
        b"token",
    ];
    let is_plain = plain.iter().any(|plain| password.eq_ignore_ascii_case(plain)) || password == user;
    let is_template = password.iter().any(|byte| matches!(byte, b'{' | b'}' | b'[' | b']' | b'$' | b'<' | b'*' | b'%'))
        && !password.iter().any(u8::is_ascii_digit);
    if password.len() >= 3 && !is_placeholder_password(password) && !is_plain && !is_template && !user.starts_with(b"$")
    {
        let start = hit.end + colon + 1;
        let strong = Mix::of(password).classes() >= 2;
        cx.report(2, start..hit.end + sign, if strong { 85 } else { 65 }, Signs::NONE.with(Sign::Structure));
    }
}

fn is_placeholder_password(password: &[u8]) -> bool {
    password.len() >= 5 && is_placeholder(password)
        || password.iter().all(|byte| *byte == b'x' || *byte == b'*' || *byte == b'X')
}

/// `Authorization: Bearer ...`, `X-Api-Key: ...`
fn header(hit: Hit, cx: &mut Cx<'_>) {
    let text = cx.text;
    let mut place = hit.end;
    let blank = |byte: u8| matches!(byte, b' ' | b':' | b'"' | b'\'' | b'=' | b'\t' | b',');
    let skip = |place: usize| cut(text, place..place + 8).iter().take_while(|byte| blank(**byte)).count();
    place += skip(place);
    let mut scheme = cut(text, hit.start..hit.end).eq_ignore_ascii_case(b"bearer ");
    let mut basic = false;
    for known in [&b"bearer "[..], b"token ", b"basic ", b"apikey ", b"splunk ", b"key ", b"digest "] {
        if cut(text, place..place + known.len()).eq_ignore_ascii_case(known) {
            basic = known == b"basic ";
            scheme = true;
            place += known.len();
            break;
        }
    }
    place += skip(place);
    let is_value = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'-' | b'.' | b'~' | b'+' | b'/' | b'=' | b'@' | b'#' | b'!' | b':')
    };
    let len = cut(text, place..place + 1024).iter().take_while(|byte| is_value(byte)).count();
    let value = cut(text, place..place + len);
    cx.spend(len);
    let mix = Mix::of(value);
    let random = bits(value) >= 3.0 && (mix.digits >= 2 || basic && mix.classes() >= 2);
    if len >= 12 && random && !is_placeholder(cut(value, 0..64)) && (scheme || hit.end - hit.start > 7) {
        cx.report(3, place..place + len, 75, Signs::NONE.with(Sign::Context).with(Sign::Entropy));
    }
}

/// `curl -u user:password`
fn user(hit: Hit, cx: &mut Cx<'_>) {
    let text = cx.text;
    let line = cut(text, hit.start.saturating_sub(256)..hit.start);
    if before(text, hit.start).is_ascii_alphanumeric() || find(line, b"curl").is_none() {
        return;
    }
    let mut start = hit.end;
    let quote = at(text, start);
    let quoted = matches!(quote, b'"' | b'\'');
    start += usize::from(quoted);
    let ends = |byte: &u8| if quoted { *byte == quote || *byte == b'\n' } else { byte.is_ascii_whitespace() };
    let len = cut(text, start..start + 128).iter().take_while(|byte| !ends(byte)).count();
    let pair = cut(text, start..start + len);
    cx.spend(len);
    let Some(colon) = pair.iter().position(|byte| *byte == b':') else { return };
    let (user, password) = (cut(pair, 0..colon), cut(pair, colon + 1..pair.len()));
    let variable = contains(pair, b"$") && pair.contains(&b'{')
        || password.starts_with(b"$")
        || pair.contains(&b'<')
        || pair.contains(&b'{');
    let is_one =
        password.len() >= 5 && Mix::of(password).classes() >= 2 && password != user && !is_placeholder(password)
            || user.len() >= 16 && Mix::of(user).classes() >= 2 && bits(user) > 3.0 && !is_placeholder(user);
    if is_one && !variable {
        cx.report(3, start..start + len, 75, Signs::NONE.with(Sign::Structure));
    }
}
