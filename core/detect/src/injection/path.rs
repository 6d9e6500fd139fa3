//! Paths that leave their folder, and files that nobody should ask for by name.

use super::value::{MAX_VALUE, bare, find, has_any, starts};
use crate::bytes::{at, before, cut};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};
use crate::profile::Profile;

/// How far behind the first step up is looked.
const AHEAD: usize = 192;

const STEP: u32 = 0;
const FILE: u32 = 1;
const WRAPPER: u32 = 2;

/// Files and folders that hold accounts, keys and settings.
const FILES: [&str; 26] = [
    "/etc/passwd",
    "/etc/shadow",
    "/etc/group",
    "/etc/hosts",
    "/etc/sudoers",
    "/etc/ssh/",
    "/proc/self/",
    "/proc/version",
    "/.ssh/",
    "/.aws/credentials",
    "/.bash_history",
    "/.htpasswd",
    "/.htaccess",
    "/.git/config",
    "/.env",
    "/web-inf/web.xml",
    "/var/log/",
    "win.ini",
    "boot.ini",
    "system32\\config\\sam",
    "system32/config/sam",
    "windows\\system32\\drivers\\etc",
    "windows/system32/drivers/etc",
    "wp-config.php",
    "/etc/nginx/",
    "/etc/apache2/",
];

/// Schemes by which files and streams are read instead of pages.
const WRAPPERS: [&str; 10] = [
    "php://filter",
    "php://input",
    "phar://",
    "expect://",
    "zip://",
    "file:///",
    "data://text",
    "compress.zlib://",
    "glob://",
    "ogg://",
];

/// The detector.
#[derive(Debug)]
pub(crate) struct Paths;

/// A step up at a place, in one of the ways in which servers read it: its length.
fn step(text: &[u8], place: usize) -> Option<usize> {
    let dots = cut(text, place..place + 4).iter().take_while(|byte| **byte == b'.').count();
    let rest = cut(text, place + dots..place + dots + 6);
    let slashes = rest.iter().take_while(|byte| matches!(byte, b'/' | b'\\')).count();
    // `....//` becomes `../` where `../` is cut out once; `..;/` is a step for some servers.
    if dots >= 2 && slashes > 0 {
        return Some(dots + slashes);
    }
    (dots == 2 && starts(rest, b";/")).then_some(4)
}

impl Detector for Paths {
    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::new(
            "path_traversal",
            Family::Path,
            "CWE-22, CWE-73: steps out of a folder, files of accounts and keys, stream wrappers",
        )]
    }

    fn literals(&self) -> Vec<Literal> {
        let steps = ["../", "..\\", "..;/"].map(|text| Literal::new(text, STEP));
        let files = FILES.map(|text| Literal::new(text, FILE));
        let wrappers = WRAPPERS.map(|text| Literal::new(text, WRAPPER));
        steps.into_iter().chain(files).chain(wrappers).collect()
    }

    fn reach(&self) -> Reach {
        Reach { back: 64, ahead: MAX_VALUE + 1 }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        let strict = cx.profile == Profile::Argument;
        let is_value = bare(cx.text).is_some_and(|text| !text.contains(&b' '));
        cx.spend(AHEAD);
        match hit.tag {
            STEP => {
                // Only the first step of a row looks at the row.
                let earlier = cut(cx.text, hit.start.saturating_sub(4)..hit.start);
                if earlier.ends_with(b"../") || earlier.ends_with(b"..\\") {
                    return;
                }
                let (mut place, mut steps) = (hit.start, 0);
                while before(cx.text, place) == b'.' && hit.start - place < 3 {
                    place -= 1;
                }
                let start = place;
                while let Some(len) = step(cx.text, place) {
                    place += len;
                    steps += 1;
                    if place > start + AHEAD {
                        break;
                    }
                }
                let end = place
                    + cut(cx.text, place..place + 64)
                        .iter()
                        .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'<'))
                        .count();
                let target = cut(cx.text, start..end);
                let sensitive = has_any(
                    target,
                    &[
                        "etc", "passwd", "windows", "win.ini", "boot.ini", "proc/", "shadow", "var/", ".ssh", ".env",
                        "web-inf", "winnt",
                    ],
                );
                let hides = cx.view != crate::normalise::ViewKind::Base
                    || find(target, b"\0").is_some()
                    || find(target, b"%00").is_some();
                let score = match steps {
                    _ if sensitive && (steps >= 2 || is_value || strict) => 80,
                    _ if hides && steps >= 2 => 70,
                    0..=1 => {
                        if is_value && strict {
                            60
                        } else {
                            30
                        }
                    }
                    2 => {
                        if is_value || strict {
                            60
                        } else {
                            30
                        }
                    }
                    _ => {
                        if is_value || strict {
                            70
                        } else {
                            40
                        }
                    }
                };
                cx.report(0, start..end, score, Signs::NONE.with(Sign::Format));
            }
            FILE => {
                let read = before(cx.text, hit.start).is_ascii_alphanumeric();
                let score = if is_value && !read || strict { 65 } else { 30 };
                cx.report(0, hit.start..hit.end, score, Signs::NONE.with(Sign::Context));
            }
            _ => {
                let rest = cut(cx.text, hit.end..hit.end + 64);
                let far =
                    has_any(rest, &["etc/", "convert.", "resource=", "windows", "c:", "passwd", "proc/", "text/plain"]);
                let score = if far || is_value && at(cx.text, hit.start) != b'f' || strict { 75 } else { 40 };
                cx.report(0, hit.start..hit.end, score, Signs::NONE.with(Sign::Prefix));
            }
        }
    }
}
