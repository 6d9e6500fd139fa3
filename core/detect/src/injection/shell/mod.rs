//! Commands for a shell where a value belongs: POSIX shells, `cmd.exe` and PowerShell.
//!
//! A command is a name that the tables know (`words.rs`), read as a shell reads it (`word.rs`: without quotes, backslashes and
//! empty expansions), in a place where a shell expects one: behind a separator, inside of a substitution, or at a value's start.
//! A bare value may hold less than a sentence may, because sentences quote and semicolons are punctuation.

mod word;
mod words;

use super::value::{MAX_VALUE, bare, find, has_any, starts};
use crate::bytes::{at, before, cut, is_word};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};
use word::Word;
use words::{CMDLET_VERBS, Commands, Name};

/// Anchors in prose.
const SEPARATOR: u32 = 0;
const SURE: u32 = 1;
const PIPE: u32 = 2;

/// What is an attack wherever it stands.
const SURE_WORDS: [&str; 16] = [
    "/dev/tcp/",
    "/dev/udp/",
    "() { :",
    "(){ :",
    "(){:",
    "() {:",
    "${ifs}",
    "$ifs$",
    "bash -i >",
    "nc -e ",
    "ncat -e ",
    "nc -lvp",
    "rm -rf /*",
    "rm -rf / ",
    "powershell -e",
    "-urlcache",
];

/// The detector.
#[derive(Debug)]
pub(crate) struct Shell {
    commands: Commands,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self { commands: Commands::new() }
    }

    /// The command at a place and how sure it is one.
    fn command(&self, text: &[u8], place: usize, glued: bool) -> Option<(usize, u8)> {
        let word = Word::read(text, place);
        if word.is_empty() {
            return None;
        }
        let name = self.commands.get(word.name());
        let end = word.end;
        let evidence = argument(text, end, |place| {
            let next = Word::read(text, place);
            self.commands.get(next.name()) == Some(Name::Command) && next.end >= place + 2
        });
        let over = ends(text, end);
        let reaches = reaches(text, end) || before(text, place) == b'{' && at(text, end) == b',';
        let score = match name {
            Some(_) if reaches => 80,
            Some(_) if word.evaded && word.name().len() > 1 => 75,
            Some(Name::Command) if evidence => 80,
            Some(Name::Command) if over => 65,
            Some(Name::Command) if glued => 55,
            Some(Name::Word) if evidence && (glued || word.is_path) => 65,
            Some(Name::Word) if evidence => 45,
            Some(Name::Word) if over && glued => 60,
            Some(_) if word.is_path => 65,
            None if word.globbed && word.is_path => 65,
            None if is_cmdlet(word.name()) && (evidence || over) => 65,
            _ => 0,
        };
        (score > 0).then_some((end, score))
    }

    /// A bare value.
    fn value(&self, text: &[u8]) -> Option<(usize, usize, u8)> {
        let start = text.iter().take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'')).count();
        let rest = cut(text, start..text.len());
        let line_start = |needle: &[u8]| starts(rest, needle);
        // At the value's start: a command with arguments, or with a disguise.
        if let Some((end, score)) = self.command(text, start, false)
            && (score >= 75 || score >= 65 && Word::read(text, start).is_path)
        {
            return Some((start, end, score));
        }
        if let Some(score) = word::expansion(rest) {
            return Some((start, text.len(), score));
        }
        let is_prefix = ["time", "nohup", "sudo", "exec", "nice", "alias", "setsid", "doas"]
            .iter()
            .find(|prefix| line_start(prefix.as_bytes()));
        if let Some(prefix) = is_prefix {
            let next = prefix.len()
                + cut(rest, prefix.len()..rest.len()).iter().take_while(|byte| matches!(byte, b' ' | b';')).count();
            let known = self.commands.get(Word::read(rest, next).name()) == Some(Name::Command);
            let is_alias = *prefix == "alias" && find(cut(rest, 5..64), b"=").is_some();
            if next > prefix.len() && (known || is_alias) {
                return Some((start, text.len(), 70));
            }
        }
        // Anywhere: behind a separator, in a substitution.
        let mut place = 0;
        while place < text.len() {
            let byte = at(text, place);
            let next = at(text, place + 1);
            let opens = match byte {
                // Behind a blank, a backtick is the start of code that a sentence shows.
                b'`' => place == 0 || before(text, place) != b' ',
                b';' | b'|' | b'&' => true,
                b'$' | b'<' | b'>' => next == b'(' || next == b'[' || next == b'{',
                b'\\' => place == start && next.is_ascii_alphabetic(),
                _ => false,
            };
            if opens {
                let mut from = place + usize::from(byte != b'\\') + usize::from(matches!(byte, b'$' | b'<' | b'>'));
                let gap = from;
                while matches!(at(text, from), b' ' | b'|' | b'&' | b'`' | b'"' | b'\'' | b'@' | b'(' | b'{') {
                    from += 1;
                }
                let glued = from <= gap + 1;
                if let Some((end, score)) = self.command(text, from, glued)
                    && score >= 55
                {
                    return Some((place, end, score));
                }
                let closes = find(cut(text, place..text.len()), b")").is_some();
                if matches!(byte, b'$' | b'<')
                    && next == b'('
                    && closes
                    && let Some((end, score)) = self.command(text, from, true)
                {
                    return Some((place, end, score.max(60)));
                }
                if byte == b'$' && next == b'[' {
                    return Some((place, text.len(), 60));
                }
            }
            place += 1;
        }
        None
    }
}

/// Whether what follows a name is an argument of a command: an option, a path, an address, a variable, a redirection.
fn argument(text: &[u8], end: usize, is_command: impl Fn(usize) -> bool) -> bool {
    let rest = cut(text, end..end + 96);
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let (first, second) = (at(rest, blanks), at(rest, blanks + 1));
    let word = cut(rest, blanks..rest.len());
    let word = cut(word, 0..word.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(word.len()));
    if blanks == 0 {
        return matches!((first, second), (b'<', b'<') | (b'>', _) | (b'/', _))
            || starts(rest, b"${ifs")
            || starts(rest, b"$ifs");
    }
    match first {
        b'-' | b'/' => {
            second.is_ascii_alphanumeric() || second == b'-' || (first == b'/' && matches!(second, b'?' | b'*' | b'['))
        }
        b'~' | b'$' | b'`' | b'<' | b'>' => !matches!(second, b' ' | 0),
        b'.' => matches!(second, b'/' | b'.'),
        b'|' => true,
        _ => {
            let has = |needle: &[u8]| find(word, needle).is_some();
            has(b"://")
                || has(b":\\")
                || has(b"/") && !has(b"/ ") && word.len() > 3 && at(word, word.len() - 1) != b'.'
                || is_command(end + blanks)
                || is_host(word)
        }
    }
}

/// Whether a command's argument is a path that shells complete, or one of the system's.
fn reaches(text: &[u8], end: usize) -> bool {
    let blanks = cut(text, end..end + 8).iter().take_while(|byte| **byte == b' ').count();
    let place = end + blanks;
    let path = Word::read(text, place);
    let separator = cut(text, end..end + 5);
    if starts(separator, b"$ifs") || starts(separator, b"${ifs") {
        return true;
    }
    blanks > 0 && (path.is_path && path.globbed || starts(cut(text, place..place + 5), b"/etc/"))
}

/// `10.0.0.1`, `evil.com`
fn is_host(word: &[u8]) -> bool {
    let labels = word.split(|byte| *byte == b'.').count();
    labels >= 2
        && word.len() > 5
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        && before(word, word.len()).is_ascii_alphanumeric()
}

/// Whether a command is over at a place: the text's end, a separator, a closing mark.
fn ends(text: &[u8], end: usize) -> bool {
    let blanks = cut(text, end..end + 4).iter().take_while(|byte| **byte == b' ').count();
    let next = at(text, end + blanks);
    end + blanks >= text.len()
        || matches!(next, b';' | b'|' | b'&' | b'`' | b')' | b'\n' | b'"' | b'\'' | b'#' | b'}' | b'\r')
}

fn is_cmdlet(name: &[u8]) -> bool {
    CMDLET_VERBS.iter().any(|verb| starts(name, verb.as_bytes()) && name.len() > verb.len() + 3)
}

impl Detector for Shell {
    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::new(
            "command_injection",
            Family::Shell,
            "commands of POSIX shells, cmd.exe and PowerShell where data belongs",
        )]
    }

    fn literals(&self) -> Vec<Literal> {
        let separators = [";", "&&", "||", "$(", "| "].map(|text| Literal::new(text, SEPARATOR));
        let pipes = ["sh", "bash", "zsh", "ksh", "dash", "python", "python3", "perl", "iex"]
            .map(|text| Literal::word(text, PIPE));
        separators.into_iter().chain(pipes).chain(SURE_WORDS.map(|text| Literal::new(text, SURE))).collect()
    }

    fn reach(&self) -> Reach {
        Reach { back: 96, ahead: MAX_VALUE + 1 }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        match hit.tag {
            SURE => cx.report(0, hit.start..hit.end, 70, Signs::NONE.with(Sign::Format)),
            PIPE => {
                // What was fetched or decoded goes straight into an interpreter.
                let line = cut(cx.text, hit.start.saturating_sub(96)..hit.start);
                let line = line.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
                let pipe = line.iter().rposition(|byte| *byte != b' ');
                let is_piped = pipe.is_some_and(|pipe| at(line, pipe) == b'|');
                cx.spend(line.len());
                if is_piped
                    && has_any(
                        line,
                        &["base64 -d", "base64 --d", "xxd -r", "| rev", "|rev", "printf ", "| tr ", "|tr "],
                    )
                {
                    cx.report(0, hit.start - line.len()..hit.end, 75, Signs::NONE.with(Sign::Structure));
                }
            }
            _ => {
                // In prose a command must reach for what it should not, right behind a separator.
                let rest = cut(cx.text, hit.end..hit.end + 128);
                let gap = rest.iter().take_while(|byte| **byte == b' ').count();
                if gap > 1
                    || !is_word(before(cx.text, hit.start))
                        && !matches!(before(cx.text, hit.start), b'\'' | b'"' | b')' | b' ' | 0)
                {
                    return;
                }
                let Some((end, score)) = self.command(cx.text, hit.end + gap, true) else { return };
                let line = cut(cx.text, end..end + 96);
                cx.spend(128);
                let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
                let reaches = has_any(
                    line,
                    &[
                        "/etc/", "/bin/", "http://", "https://", "/tmp/", "/root", "/var/", "|sh", "| sh", ">&",
                        "c:\\", "~/.ssh", " -rf /",
                    ],
                );
                let alone = has_any(cut(cx.text, hit.end..end), &["whoami", "ifconfig", "ipconfig", "uname"]);
                if score >= 55 && reaches && line.iter().take_while(|byte| **byte != b';').count() > 2
                    || alone && ends(cx.text, end)
                {
                    let len = line.iter().position(|byte| matches!(byte, b'"' | b'\'' | b'`')).unwrap_or(line.len());
                    cx.report(0, hit.start..end + len.min(64), 65, Signs::NONE.with(Sign::Context));
                }
            }
        }
    }

    fn pass(&self, cx: &mut Cx<'_>) {
        let head = cut(cx.text, 0..MAX_VALUE);
        let lead = head.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if let Some(score) = word::windows_control(cut(head, lead..head.len())) {
            return cx.report(0, lead..head.len().min(lead + 96), score, Signs::NONE.with(Sign::Structure));
        }
        let Some(text) = bare(cx.text) else { return };
        if let Some((start, end, score)) = self.value(text) {
            cx.report(0, start..end, score, Signs::NONE.with(Sign::Alone));
        }
        cx.spend(cx.text.len());
    }
}
