//! Addresses of machines: IPv4, IPv6, MAC.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::checks::is_repeated;
use super::context::Words;
use super::tokens::{Compact, is_alone, is_fragment};
use crate::bytes::{at, before, cut};
use crate::detector::{Cx, Hit};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

/// Public IPv4 addresses, those that stay inside (RFC 1918 and its kin), the same for IPv6, MAC addresses.
pub(crate) fn kinds() -> Vec<Kind> {
    vec![
        Kind::new("ip_address", Family::Pii, "RFC 791, RFC 4291"),
        Kind::new("ip_private", Family::Pii, "RFC 1918, RFC 5737, RFC 1122, RFC 3927"),
        Kind::new("ipv6_address", Family::Pii, "RFC 4291, RFC 5952"),
        Kind::new("ipv6_private", Family::Pii, "RFC 4193, RFC 4291 2.5, RFC 3849"),
        Kind::new("mac_address", Family::Pii, "IEEE 802"),
    ]
}

/// `1.2.3.4` at a place where a run of digits starts.
pub(crate) fn ipv4(start: usize, kind: u16, cx: &mut Cx<'_>) {
    let text = cx.text;
    let mut octets = [0u8; 4];
    let mut end = start;
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            if at(text, end) != b'.' {
                return;
            }
            end += 1;
        }
        let digits = cut(text, end..end + 4).iter().take_while(|byte| byte.is_ascii_digit()).count();
        let value = std::str::from_utf8(cut(text, end..end + digits)).ok().and_then(|digits| digits.parse::<u8>().ok());
        // No leading zeros: `1.02.3.4` is a version or a date.
        let Some(value) = value.filter(|_| digits == 1 || at(text, end) != b'0') else { return };
        *octet = value;
        end += digits;
    }
    cx.spend(end - start);
    let left = before(text, start);
    let attached = left.is_ascii_alphanumeric()
        || matches!(left, b'.' | b'-' | b'_')
        || left == b':' && before(text, start - 1) == b':';
    let goes_on = at(text, end).is_ascii_alphanumeric()
        || matches!(at(text, end), b'_')
        || (matches!(at(text, end), b'.' | b'-') && at(text, end + 1).is_ascii_alphanumeric());
    if attached || goes_on || is_version(text, start) {
        return;
    }
    let address = Ipv4Addr::from(octets);
    let is_inside = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || octets.first() == Some(&0);
    // Small numbers are more often versions and sections than addresses.
    let is_small = octets.iter().all(|octet| *octet < 20);
    let score = match (is_small, is_inside) {
        (true, false) => 40,
        // Every machine has these: they tell nothing unless something is made of them.
        _ if (address.is_loopback() || address.is_unspecified())
            && !is_alone(text, start, end)
            && at(text, end) != b'/' =>
        {
            45
        }
        (_, true) => 60,
        _ => 85,
    };
    let named = ADDRESS.before(text, start, 40);
    let signs = Signs::NONE.with(Sign::Format).with_if(named, Sign::Context);
    cx.report(kind + u16::from(is_inside), start..end, if named { 95 } else { score }, signs);
}

static ADDRESS: std::sync::LazyLock<Words> = std::sync::LazyLock::new(|| {
    Words::new(["ip", "ipv4", "ipv6", "address", "host", "server", "addr", "from", "client"])
});
static VERSION: std::sync::LazyLock<Words> = std::sync::LazyLock::new(|| {
    Words::new(["version", "ver", "v", "release", "build", "section", "chapter", "oid", "chrome", "firmware"])
});

fn is_version(text: &[u8], start: usize) -> bool {
    VERSION.before(text, start, 16)
        || before(text, start) == b'/' && before(text, start.saturating_sub(1)).is_ascii_alphabetic()
}

/// IPv6 and MAC addresses begin anywhere and are found by their first colon.
pub(crate) fn colon(hit: Hit, kind: u16, cx: &mut Cx<'_>) {
    let text = cx.text;
    // Digits before the first colon of an address.
    let mut start = hit.start;
    while before(text, start).is_ascii_hexdigit() && hit.start - start < 5 {
        start -= 1;
    }
    let next = at(text, hit.end);
    let doubled = start == hit.start;
    let goes_on = next == b':' || (!doubled && next.is_ascii_hexdigit());
    if hit.start - start > 4 || !goes_on {
        return;
    }
    let left = before(text, start);
    if left == b':' || left == b'.' || left == b'_' || left == b'-' || left.is_ascii_alphanumeric() || left >= 0x80 {
        return;
    }
    let end = start
        + cut(text, start..start + 46)
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
            .count();
    cx.spend(end - start);
    address(start, end, kind, cx);
}

fn address(start: usize, mut end: usize, kind: u16, cx: &mut Cx<'_>) {
    let text = cx.text;
    while matches!(before(text, end), b'.') || (before(text, end) == b':' && before(text, end - 1) != b':') {
        end -= 1;
    }
    if end <= start + 1 || at(text, end).is_ascii_alphanumeric() || at(text, end) == b'_' {
        return;
    }
    let Ok(part) = std::str::from_utf8(cut(text, start..end)) else { return };
    if is_mac(part.as_bytes(), b':') {
        let flat = part.bytes().filter(|byte| *byte != b':');
        let is_real =
            !flat.clone().all(|byte| byte == b'0') && !flat.clone().all(|byte| byte.eq_ignore_ascii_case(&b'f'));
        if is_real {
            cx.report(kind + 4, start..end, 90, Signs::NONE.with(Sign::Format));
        }
        return;
    }
    let Ok(address) = part.parse::<Ipv6Addr>() else { return };
    let colons = part.bytes().filter(|byte| *byte == b':').count();
    let digits = part.bytes().filter(u8::is_ascii_hexdigit).count();
    let named = ADDRESS.before(text, start, 40);
    // `::` alone and `a::b` are also how some languages write paths of names.
    let score = match (colons, digits) {
        _ if named => 95,
        (2, 0) if at(text, end) == b'/' && at(text, end + 1).is_ascii_digit() => 85,
        (2, 0) => 20,
        (2 | 3, 0..=4) if address.is_loopback() => 60,
        (2, _) if !part.bytes().any(|byte| byte.is_ascii_digit()) => 30,
        (2, 0..=3) => 45,
        _ => 85,
    };
    let segments = address.segments();
    let first = segments.first().copied().unwrap_or(0);
    let is_inside = address.is_loopback()
        || address.is_unspecified()
        || first & 0xFE00 == 0xFC00
        || first & 0xFFC0 == 0xFE80
        || first & 0xFF00 == 0xFF00
        || (first == 0x2001 && segments.get(1) == Some(&0xDB8));
    let mut end = end;
    // Zone and prefix length belong to it.
    let tail = cut(text, end..end + 20);
    match tail.first() {
        Some(b'%') => end += 1 + tail.iter().skip(1).take_while(|byte| byte.is_ascii_alphanumeric()).count(),
        Some(b'/') => {
            end += match tail.iter().skip(1).take(3).take_while(|byte| byte.is_ascii_digit()).count() {
                0 => 0,
                digits => digits + 1,
            }
        }
        _ => {}
    }
    cx.report(
        kind + 2 + u16::from(is_inside),
        start..end,
        score,
        Signs::NONE.with(Sign::Format).with_if(named, Sign::Context),
    );
}

fn is_mac(part: &[u8], separator: u8) -> bool {
    part.len() == 17
        && part
            .iter()
            .enumerate()
            .all(|(index, byte)| if index % 3 == 2 { *byte == separator } else { byte.is_ascii_hexdigit() })
}

/// MAC addresses with hyphens are groups of a candidate.
pub(crate) fn mac_with_hyphens(compact: &Compact, kind: u16, cx: &mut Cx<'_>) {
    const PAIRS: u64 = 1 << 2 | 1 << 4 | 1 << 6 | 1 << 8 | 1 << 10;
    let is_one =
        compact.joints == PAIRS && compact.separator == b'-' && compact.bytes().iter().all(u8::is_ascii_hexdigit);
    if is_one
        && compact.bytes().len() == 12
        && !is_repeated(compact.bytes())
        && !is_fragment(cx.text, compact.start, compact.end)
    {
        cx.report(kind + 4, compact.start..compact.end, 90, Signs::NONE.with(Sign::Format));
    }
}
