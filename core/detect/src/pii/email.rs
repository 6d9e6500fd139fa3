//! E-mail addresses.

use crate::bytes::{at, before, cut};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

/// The most bytes before the `@` (RFC 5321, 4.5.3.1.1) and after it (4.5.3.1.2).
const MAX_LOCAL: usize = 64;
const MAX_HOST: usize = 255;

/// Addresses of RFC 5321 in their usual form: dot-atom local part (RFC 5322; beyond ASCII as RFC 6531 has it), a host name of
/// at least two labels (RFC 1035; IDN as U- or A-labels) whose last label can be a top-level domain.
#[derive(Debug)]
pub(crate) struct Email;

impl Detector for Email {
    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::new("email", Family::Pii, "RFC 5321, RFC 5322, RFC 6531")]
    }

    fn literals(&self) -> Vec<Literal> {
        vec![Literal::new("@", 0)]
    }

    fn reach(&self) -> Reach {
        Reach { back: MAX_LOCAL + 1, ahead: MAX_HOST + 1 }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        let start = local_start(cx.text, hit.start);
        let end = host_end(cx.text, hit.end);
        cx.spend(hit.start - start + (end - hit.end));
        if start < hit.start && is_host(cut(cx.text, hit.end..end)) && !is_remote(cx.text, start, end) {
            cx.report(0, start..end, 95, Signs::NONE.with(Sign::Format));
        }
    }
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte)
}

fn local_start(text: &[u8], end: usize) -> usize {
    let mut start = end;
    while end - start < MAX_LOCAL && is_local(before(text, start)) {
        // Two dots in a row end a local part.
        if before(text, start) == b'.' && at(text, start) == b'.' {
            break;
        }
        start -= 1;
    }
    if is_local(before(text, start)) && before(text, start) != b'.' {
        // Longer than a local part can be: some other thing.
        return end;
    }
    // Whole characters, and no punctuation in front: `(mail=x@y.z`, `'x@y.z'`, `..x@y.z`, `url?x@y.z`.
    while start < end
        && (at(text, start) & 0xC0 == 0x80
            || (!at(text, start).is_ascii_alphanumeric() && at(text, start) < 0x80 && at(text, start) != b'_'))
    {
        start += 1;
    }
    // Text that runs into the address: what follows the last sign that separates.
    let separators = |byte: &u8| b"=/|'`{}?&#*!^$".contains(byte);
    match cut(text, start..end).iter().rposition(separators) {
        Some(place) if before(text, end) != b'.' => start + place + 1,
        _ if before(text, end) == b'.' => end,
        _ => start,
    }
}

fn host_end(text: &[u8], start: usize) -> usize {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'-' | b'.');
    let len = cut(text, start..start + MAX_HOST).iter().take_while(|byte| part(**byte)).count();
    let mut end = start + len;
    // What follows a host in a sentence.
    while end > start && matches!(before(text, end), b'.' | b'-') {
        end -= 1;
    }
    // A dot pair ends a host.
    match cut(text, start..end).windows(2).position(|pair| pair == b"..") {
        Some(place) => start + place,
        None => end,
    }
}

fn is_host(host: &[u8]) -> bool {
    let mut labels = 0;
    let mut last: &[u8] = &[];
    for label in host.split(|byte| *byte == b'.') {
        if label.is_empty() || label.len() > 63 || at(label, 0) == b'-' || label.last() == Some(&b'-') {
            return false;
        }
        labels += 1;
        last = label;
    }
    labels >= 2 && is_top_level(last)
}

/// Letters only, two to eighteen of them, or a punycode label (RFC 5890).
fn is_top_level(label: &[u8]) -> bool {
    let is_letters = label.iter().all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    let is_punycode = label.len() > 4 && cut(label, 0..4).eq_ignore_ascii_case(b"xn--");
    (is_letters && (2..=36).contains(&label.len())) || is_punycode
}

/// `git@host:path` and `user:password@host` name no mailbox.
fn is_remote(text: &[u8], start: usize, end: usize) -> bool {
    let is_git = cut(text, start..start + 4) == b"git@" && at(text, end) == b':';
    // A URL's user part: `//` or `:` in front, as in `scheme://user:password@host`.
    let is_user_part = before(text, start) == b':'
        && !cut(text, start.saturating_sub(7)..start).eq_ignore_ascii_case(b"mailto:")
        && contains(cut(text, start.saturating_sub(64)..start), b"://");
    is_git || is_user_part || cut(text, start.saturating_sub(2)..start) == b"//"
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
