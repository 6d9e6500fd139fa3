//! A text that a regular expression matches.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Texts longer than this are not made.
const LONGEST: usize = 4_096;

/// A text that `pattern` matches, if one is easy to find. Assertions such as `\b` are not looked at, so the text must be tried.
pub(crate) fn matching(pattern: &str) -> Option<String> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let mut out = String::new();
    write(&hir, &mut out)?;
    Some(out)
}

fn write(hir: &Hir, out: &mut String) -> Option<()> {
    if out.len() > LONGEST {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            // A letter or a digit reads better than the first character of the class.
            let fits = |c: &char| class.iter().any(|range| (range.start()..=range.end()).contains(c));
            let nice = ('a'..='z').chain('0'..='9').chain('A'..='Z').chain([' ', '-']).find(fits);
            out.push(nice.or_else(|| class.iter().next().map(|range| range.start()))?);
        }
        HirKind::Class(Class::Bytes(class)) => out.push(char::from(class.iter().next()?.start())),
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min {
                write(&repetition.sub, out)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, out)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, out))?,
        HirKind::Alternation(branches) => write(branches.first()?, out)?,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::matching;

    #[test]
    fn samples() {
        for pattern in
            ["", "abc", "AKIA[0-9A-Z]{16}", "(?i)ignore (all|previous)", "^gpt-[0-9]+$", "-----BEGIN ([A-Z]+ )*KEY"]
        {
            let text = matching(pattern).unwrap();
            assert!(regex_automata::meta::Regex::new(pattern).unwrap().is_match(&text), "{pattern}: {text}");
        }
        assert!(matching("[").is_none());
        assert!(matching("(?:a{100}){100}").is_none());
    }
}
