//! Addresses that only the server should reach: metadata services, its own host and network, and how they are disguised.

use super::value::{MAX_VALUE, bare, has_any, starts};
use crate::bytes::{at, cut};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};
use crate::profile::Profile;

/// The longest host that is read.
const MAX_HOST: usize = 96;

const URL: u32 = 0;
const METADATA: u32 = 1;
const SCHEME: u32 = 2;

/// Names and addresses of the metadata services of clouds.
const METADATA_HOSTS: [&str; 8] = [
    "169.254.169.254",
    "169.254.170.2",
    "fd00:ec2::254",
    "metadata.google.internal",
    "100.100.100.200",
    "192.0.0.192",
    "instance-data.ec2.internal",
    "metadata.azure.internal",
];

/// Schemes that reach services that speak no HTTP.
const SCHEMES: [&str; 6] = ["gopher://", "dict://", "tftp://", "ldap://", "netdoc://", "jar:http"];

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Metadata,
    Loopback,
    Private,
    Public,
}

/// The detector.
#[derive(Debug)]
pub(crate) struct Ssrf;

/// A number as `inet_aton` reads it: decimal, octal with a leading zero, hexadecimal with `0x`.
fn number(part: &[u8]) -> Option<(u64, bool)> {
    let (digits, radix) = match part {
        [b'0', b'x' | b'X', rest @ ..] => (rest, 16),
        [b'0', rest @ ..] if !rest.is_empty() => (rest, 8),
        _ => (part, 10),
    };
    if digits.is_empty() || digits.len() > 12 {
        return None;
    }
    let value = digits
        .iter()
        .try_fold(0u64, |value, byte| Some(value * u64::from(radix) + u64::from((*byte as char).to_digit(radix)?)))?;
    Some((value, radix != 10))
}

/// An IPv4 address in any form that resolvers take, and whether it is written to hide.
fn ipv4(host: &[u8]) -> Option<(u32, bool)> {
    let mut address = 0u64;
    let mut hidden = false;
    let count = host.split(|byte| *byte == b'.').count();
    if count > 4 {
        return None;
    }
    for (index, part) in host.split(|byte| *byte == b'.').enumerate() {
        let (value, odd) = number(part)?;
        hidden |= odd;
        // The last part stands for all bytes that are left.
        let bits = if index + 1 == count { 8 * (5 - count) } else { 8 };
        if value >= 1 << bits {
            return None;
        }
        address = address << bits | value;
    }
    Some((u32::try_from(address).ok()?, hidden || count < 4))
}

fn target(host: &[u8]) -> Option<(Target, bool)> {
    let dot_removed = host.strip_suffix(b".").unwrap_or(host);
    if METADATA_HOSTS.iter().any(|name| dot_removed.eq_ignore_ascii_case(name.as_bytes())) {
        return Some((Target::Metadata, false));
    }
    if starts(host, b"localhost") || starts(host, b"ip6-localhost") {
        return Some((Target::Loopback, false));
    }
    if at(host, 0) == b'[' {
        let inner = cut(host, 1..host.len() - 1);
        let mapped = has_any(inner, &["::ffff:"]);
        if inner == b"::1" || inner == b"::" || has_any(inner, &["0:0:0:0:0:0:0:1"]) {
            return Some((Target::Loopback, false));
        }
        return (mapped || starts(inner, b"fd") || starts(inner, b"fe80")).then_some((Target::Private, mapped));
    }
    // Names that resolve to the address inside of them.
    for suffix in [".nip.io", ".xip.io", ".sslip.io", ".localtest.me", ".lvh.me"] {
        if host.len() > suffix.len()
            && cut(host, host.len() - suffix.len()..host.len()).eq_ignore_ascii_case(suffix.as_bytes())
        {
            return Some((Target::Private, true));
        }
    }
    let (address, hidden) = ipv4(host)?;
    let [a, b, _, _] = address.to_be_bytes();
    Some(match (a, b) {
        (169, 254) | (100, 100) => (Target::Metadata, hidden),
        (127 | 0, _) => (Target::Loopback, hidden),
        (10, _) | (172, 16..=31) | (192, 168) | (100, 64..=127) => (Target::Private, hidden),
        _ => (Target::Public, hidden),
    })
}

impl Detector for Ssrf {
    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::new(
            "ssrf",
            Family::Ssrf,
            "CWE-918; RFC 1918, RFC 3927 and RFC 4193 addresses, in every form of inet_aton",
        )]
    }

    fn literals(&self) -> Vec<Literal> {
        let urls = ["://"].map(|text| Literal::new(text, URL));
        let hosts = ["169.254.169.254", "metadata.google.internal", "fd00:ec2::254", "100.100.100.200"]
            .map(|text| Literal::new(text, METADATA));
        urls.into_iter().chain(hosts).chain(SCHEMES.map(|text| Literal::new(text, SCHEME))).collect()
    }

    fn reach(&self) -> Reach {
        Reach { back: 16, ahead: MAX_VALUE + 1 }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        let is_value = bare(cx.text).is_some_and(|text| !text.contains(&b' '));
        let strict = cx.profile == Profile::Argument;
        cx.spend(MAX_HOST);
        match hit.tag {
            METADATA => cx.report(
                0,
                hit.start..hit.end,
                if is_value || strict { 80 } else { 55 },
                Signs::NONE.with(Sign::Format),
            ),
            SCHEME => cx.report(
                0,
                hit.start..hit.end,
                if is_value || strict { 70 } else { 45 },
                Signs::NONE.with(Sign::Prefix),
            ),
            _ => {
                let rest = cut(cx.text, hit.end..hit.end + MAX_HOST);
                let mut len = rest
                    .iter()
                    .take_while(|byte| {
                        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'[' | b']' | b':' | b'@' | b'_')
                    })
                    .count();
                // What stands in front of an at sign is a name and a password.
                let user = cut(rest, 0..len).iter().rposition(|byte| *byte == b'@').map_or(0, |place| place + 1);
                let mut host = cut(rest, user..len);
                if at(host, 0) != b'['
                    && let Some(colon) = host.iter().position(|byte| *byte == b':')
                {
                    host = cut(host, 0..colon);
                    len = user + colon;
                } else if at(host, 0) == b'[' {
                    let close = host.iter().position(|byte| *byte == b']').map_or(host.len(), |place| place + 1);
                    host = cut(host, 0..close);
                    len = user + close;
                }
                if host.len() < 2 {
                    return;
                }
                let includes = is_value && is_remote_include(cut(cx.text, hit.end..cx.text.len()));
                let score = match target(host) {
                    Some((Target::Metadata, _)) => 85,
                    Some((Target::Loopback | Target::Private, true)) => 75,
                    Some((Target::Public, true)) => 60,
                    Some((Target::Loopback | Target::Private, false)) if strict => 65,
                    Some((Target::Public, false)) if is_value => 55,
                    _ if includes => 55,
                    Some((Target::Loopback | Target::Private, false)) => 35,
                    _ => 0,
                };
                if score > 0 {
                    cx.report(0, hit.start.saturating_sub(4)..hit.end + len, score, Signs::NONE.with(Sign::Structure));
                }
            }
        }
    }
}

/// Whether a value is the address of a script that is to be included: it ends in `?`, or names a script of another host.
fn is_remote_include(url: &[u8]) -> bool {
    let path = url.iter().position(|byte| *byte == b'/').map_or(&[][..], |slash| cut(url, slash..url.len()));
    path.ends_with(b"?")
        || path.ends_with(b"??")
        || has_any(path, &[".txt?", ".php?cmd", ".inc?", "c99.", "r57.", "shell.txt", "shell.php"])
}
