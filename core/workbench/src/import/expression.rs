//! CEL of other dialects, rewritten token by token.

use llm_policy_engine::cel::lexer::{Token, TokenKind, lex};
use llm_policy_engine::context::{FieldType, field};

use TokenKind as T;

/// An expression that was rewritten.
#[derive(Clone, Debug, Default)]
pub(super) struct Rewritten {
    /// In our words; it may still hold what the engine does not know.
    pub(super) text: String,
    /// What is written in another way.
    pub(super) notes: Vec<&'static str>,
    /// What is worth a look.
    pub(super) looks: Vec<&'static str>,
    /// What there is no way to say.
    pub(super) missing: Vec<String>,
    /// Fields that the standard context lacks.
    pub(super) fields: Vec<String>,
}

/// Methods with other names here.
const METHODS: &[(&str, &str, &str)] = &[
    ("length", "size", "`.length()` is `.size()`"),
    ("starts_with", "startsWith", "`.starts_with()` is `.startsWith()`"),
    ("ends_with", "endsWith", "`.ends_with()` is `.endsWith()`"),
    ("any", "exists", "`.any(x => ...)` is `.exists(x, ...)`"),
    ("to_lower", "lowerAscii", "`.to_lower()` is `.lowerAscii()`"),
    ("to_upper", "upperAscii", "`.to_upper()` is `.upperAscii()`"),
];

/// Methods that read a part of the time.
const TIMES: &[(&str, &str)] = &[
    ("hour", ".getHours()"),
    ("minute", ".getMinutes()"),
    ("day", ".getDate()"),
    ("month", ".getMonth() + 1"),
    ("year", ".getFullYear()"),
];

/// Methods that ask a detector: the function here, and whether it gives a score.
const QUESTIONS: &[(&str, &str, bool, &str)] = &[
    ("contains_pii", "contains_pii", false, "`x.contains_pii()` is `contains_pii(x)`"),
    ("contains_phi", "contains_phi", false, "`x.contains_phi()` is `contains_phi(x)`"),
    ("contains_sql_injection", "sql_injection", true, "`x.contains_sql_injection()` is `sql_injection(x) > 0.0`"),
    ("contains_xss", "xss", true, "`x.contains_xss()` is `xss(x) > 0.0`"),
    (
        "contains_command_injection",
        "command_injection",
        true,
        "`x.contains_command_injection()` is `command_injection(x) > 0.0`",
    ),
];

/// Names of functions and of services that the engine does not have, and what they are for. When it has one, its entry
/// moves to the rewrites.
const UNAVAILABLE: &[(&str, &str)] = &[
    ("contains_sql_injection", "a detector of injected SQL"),
    ("contains_xss", "a detector of injected scripts"),
    ("contains_command_injection", "a detector of injected commands"),
    ("contains_suspicious_patterns", "a detector of attacks"),
    ("contains_harmful_content", "a detector of harmful content"),
    ("pii_detector", "a detector of personal data"),
    ("content_safety", "a score of content"),
    ("toxicity", "a score of content"),
    ("hate_speech", "a score of content"),
    ("ml_model", "a model that scores text"),
    ("custom_validator", "a validator of the host"),
    ("shield", "a call of a scanner"),
    ("costops", "a call of a service"),
    ("estimate_cost", "a price; read `request.estimated_cost` instead"),
    ("rate_limit", "a limit"),
    ("rate_limiter", "a limit"),
    ("rate_limit_exceeded", "a limit"),
];

/// Rewrites an expression.
pub(super) fn rewrite(source: &str) -> Rewritten {
    let mut out = Rewritten::default();
    let source = comments_and_arrows(source, &mut out);
    let Ok(tokens) = lex(&source) else {
        out.missing.push("the expression is no CEL".to_owned());
        out.text = source;
        return out;
    };
    let mut words: Vec<Word> = tokens
        .iter()
        .filter(|token| token.kind != T::End)
        .map(|token| Word { kind: token.kind, text: text(&source, token).to_owned() })
        .collect();
    questions(&mut words, &mut out);
    unavailable(&words, &mut out);
    negated_membership(&mut words, &mut out);
    methods(&mut words, &mut out);
    time(&mut words, &mut out);
    undeclared(&words, &mut out);
    let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let joined = words.join(" ");
    out.text = crate::format::cel::line(&joined).unwrap_or(joined);
    out
}

/// A token, or several that were put together.
#[derive(Clone, Debug)]
struct Word {
    kind: TokenKind,
    text: String,
}

impl Word {
    fn made(text: &str) -> Self {
        Self { kind: T::Ident, text: text.to_owned() }
    }
}

fn text<'s>(source: &'s str, token: &Token) -> &'s str {
    source.get(token.span.start as usize..token.span.end as usize).unwrap_or_default()
}

/// `# comment` goes, `x => y` becomes `x, y`, outside of strings.
fn comments_and_arrows(source: &str, out: &mut Rewritten) -> String {
    let mut made = String::with_capacity(source.len());
    let mut chars = source.chars().peekable();
    let mut quote: Option<char> = None;
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                made.push(c);
                made.extend(chars.next());
                continue;
            }
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '#') => {
                while chars.next_if(|c| *c != '\n').is_some() {}
                note(&mut out.notes, "a comment in the expression is left out");
                continue;
            }
            (None, '/') if chars.peek() == Some(&'/') => {
                while chars.next_if(|c| *c != '\n').is_some() {}
                note(&mut out.notes, "a comment in the expression is left out");
                continue;
            }
            (None, '=') if chars.peek() == Some(&'>') => {
                chars.next();
                made.push(',');
                continue;
            }
            _ => {}
        }
        made.push(c);
    }
    made
}

fn note(notes: &mut Vec<&'static str>, text: &'static str) {
    if !notes.contains(&text) {
        notes.push(text);
    }
}

fn kind(words: &[Word], at: usize) -> Option<TokenKind> {
    words.get(at).map(|word| word.kind)
}

fn is(words: &[Word], at: usize, name: &str) -> bool {
    words.get(at).is_some_and(|word| word.kind == T::Ident && word.text == name)
}

fn unavailable(words: &[Word], out: &mut Rewritten) {
    for (at, word) in words.iter().enumerate().filter(|(_, word)| word.kind == T::Ident) {
        let Some((name, what)) = UNAVAILABLE.iter().find(|(name, _)| *name == word.text) else { continue };
        let called = kind(words, at + 1) == Some(T::LeftParen);
        let service = kind(words, at + 1) == Some(T::Dot)
            && kind(words, at + 3) == Some(T::LeftParen)
            && kind(words, at.wrapping_sub(1)) != Some(T::Dot);
        if called || service {
            let message = format!("`{name}` is {what}, which this version does not have");
            if !out.missing.contains(&message) {
                out.missing.push(message);
            }
        }
    }
}

/// `x.contains_pii()` and its kin.
fn questions(words: &mut Vec<Word>, out: &mut Rewritten) {
    let mut at = 1;
    while at < words.len() {
        let called = kind(words, at + 1) == Some(T::LeftParen) && kind(words, at + 2) == Some(T::RightParen);
        let method = called && kind(words, at - 1) == Some(T::Dot);
        if method
            && let Some((_, ours, score, why)) = QUESTIONS.iter().find(|(theirs, ..)| is(words, at, theirs))
            && let Some(start) = at.checked_sub(2).and_then(|last| operand_start(words, last))
        {
            let made = |kind, text: &str| Word { kind, text: text.to_owned() };
            let mut new = vec![made(T::LeftParen, "("), Word::made(ours), made(T::LeftParen, "(")];
            new.extend(words.get(start..at - 1).unwrap_or_default().to_vec());
            new.push(made(T::RightParen, ")"));
            if *score {
                new.extend([made(T::Greater, ">"), made(T::Double, "0.0")]);
            } else {
                // Brackets are for the comparison alone.
                new.remove(0);
            }
            new.extend(score.then(|| made(T::RightParen, ")")));
            words.splice(start..at + 3, new);
            note(&mut out.notes, why);
        }
        at += 1;
    }
}

/// The end of the operand that begins at `at`: a path, a call, a list, brackets.
fn operand_end(words: &[Word], at: usize) -> Option<usize> {
    let mut end = match kind(words, at)? {
        T::LeftParen | T::LeftBracket | T::LeftBrace => closing(words, at)? + 1,
        T::Ident | T::String | T::Int | T::Double => at + 1,
        _ => return None,
    };
    loop {
        match kind(words, end) {
            Some(T::Dot) => end += 2,
            Some(T::LeftParen | T::LeftBracket) => end = closing(words, end)? + 1,
            // A dot at the end has nothing behind it.
            _ => return (end <= words.len()).then_some(end),
        }
    }
}

/// Where the bracket at `open` is closed.
fn closing(words: &[Word], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().skip(open) {
        match word.kind {
            T::LeftParen | T::LeftBracket | T::LeftBrace => depth += 1,
            T::RightParen | T::RightBracket | T::RightBrace => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where the operand begins whose last word is at `last`.
fn operand_start(words: &[Word], last: usize) -> Option<usize> {
    let mut at = last;
    loop {
        if matches!(kind(words, at)?, T::RightParen | T::RightBracket | T::RightBrace) {
            let mut depth = 0_usize;
            loop {
                match kind(words, at)? {
                    T::RightParen | T::RightBracket | T::RightBrace => depth += 1,
                    T::LeftParen | T::LeftBracket | T::LeftBrace => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                at = at.checked_sub(1)?;
            }
            // A call or an index has a name in front of its brackets.
            let before = at.checked_sub(1).and_then(|before| kind(words, before));
            if matches!(before, Some(T::Ident | T::RightParen | T::RightBracket)) {
                at -= 1;
                continue;
            }
        }
        match at.checked_sub(1).and_then(|before| kind(words, before)) {
            Some(T::Dot) => at = at.checked_sub(2)?,
            _ => return Some(at),
        }
    }
}

/// `!a in b` means `(!a) in b`, which is an error for everybody; what was meant is `!(a in b)`.
fn negated_membership(words: &mut Vec<Word>, out: &mut Rewritten) {
    let mut at = 0;
    while at < words.len() {
        if kind(words, at) == Some(T::Not)
            && let Some(left) = operand_end(words, at + 1)
            && kind(words, left) == Some(T::In)
            && let Some(right) = operand_end(words, left + 1)
        {
            words.insert(right, Word { kind: T::RightParen, text: ")".to_owned() });
            words.insert(at + 1, Word { kind: T::LeftParen, text: "(".to_owned() });
            note(&mut out.looks, "`!a in b` never held there; it is `!(a in b)` now, which was meant");
        }
        at += 1;
    }
}

fn methods(words: &mut Vec<Word>, out: &mut Rewritten) {
    let mut at = 0;
    while at + 1 < words.len() {
        let method = at > 0 && kind(words, at - 1) == Some(T::Dot) && kind(words, at + 1) == Some(T::LeftParen);
        if !method {
            if is(words, at, "abs") && kind(words, at + 1) == Some(T::LeftParen) {
                words.splice(
                    at..=at,
                    [Word::made("math"), Word { kind: T::Dot, text: ".".to_owned() }, Word::made("abs")],
                );
                note(&mut out.notes, "`abs(x)` is `math.abs(x)`");
                at += 2;
            }
            at += 1;
            continue;
        }
        let name = words.get(at).map(|word| word.text.clone()).unwrap_or_default();
        if let Some((_, ours, why)) = METHODS.iter().find(|(theirs, ..)| *theirs == name) {
            if let Some(word) = words.get_mut(at) {
                word.text = (*ours).to_owned();
            }
            note(&mut out.notes, why);
        } else if matches!(&*name, "contains" | "matches_glob")
            && let Some(start) = at.checked_sub(2).and_then(|last| operand_start(words, last))
            && let Some(end) = closing(words, at + 1)
        {
            let receiver: Vec<Word> = words.get(start..at - 1).unwrap_or_default().to_vec();
            let argument: Vec<Word> = words.get(at + 2..end).unwrap_or_default().to_vec();
            let path: String = receiver.iter().map(|word| word.text.as_str()).collect();
            let is_list = field(&path).is_some_and(|field| field.field_type == FieldType::StringList);
            let made = |kind, text: &str| Word { kind, text: text.to_owned() };
            let new: Option<Vec<Word>> = match &*name {
                "contains" if is_list => {
                    note(&mut out.notes, "`list.contains(x)` is `x in list`");
                    let mut new = vec![made(T::LeftParen, "("), made(T::LeftParen, "(")];
                    new.extend(argument);
                    new.extend([made(T::RightParen, ")"), made(T::In, "in")]);
                    new.extend(receiver);
                    new.push(made(T::RightParen, ")"));
                    Some(new)
                }
                "matches_glob" => {
                    note(&mut out.notes, "`x.matches_glob(g)` is `glob(x, g)`");
                    let mut new = vec![made(T::Ident, "glob"), made(T::LeftParen, "(")];
                    new.extend(receiver);
                    new.push(made(T::Comma, ","));
                    new.extend(argument);
                    new.push(made(T::RightParen, ")"));
                    Some(new)
                }
                _ => None,
            };
            if let Some(new) = new {
                words.splice(start..=end, new);
            }
        }
        at += 1;
    }
}

/// `now()` and its parts, `is_business_hours()`.
fn time(words: &mut Vec<Word>, out: &mut Rewritten) {
    let mut at = 0;
    while at < words.len() {
        let called = kind(words, at + 1) == Some(T::LeftParen) && kind(words, at + 2) == Some(T::RightParen);
        let member = at > 0 && kind(words, at - 1) == Some(T::Dot);
        if called && !member && is(words, at, "is_business_hours") {
            let hours =
                "(now.getHours() >= 9 && now.getHours() < 17 && now.getDayOfWeek() >= 1 && now.getDayOfWeek() <= 5)";
            words.splice(at..at + 3, [Word::made(hours)]);
            note(&mut out.looks, "`is_business_hours()` is 9 to 17, Monday to Friday, in UTC: name your time zone");
        } else if called && !member && is(words, at, "now") {
            words.splice(at + 1..at + 3, []);
            note(&mut out.notes, "`now()` is `now`");
            let part = words.get(at + 2).map(|word| word.text.clone()).unwrap_or_default();
            if kind(words, at + 1) == Some(T::Dot) {
                let empty = kind(words, at + 3) == Some(T::LeftParen) && kind(words, at + 4) == Some(T::RightParen);
                if part == "weekday" {
                    let end = if empty { at + 5 } else { at + 3 };
                    words.splice(at..end, [Word::made("((now.getDayOfWeek() + 6) % 7)")]);
                    note(&mut out.looks, "`.weekday()` counts from Monday, in UTC: name your time zone");
                } else if let Some((_, ours)) = TIMES.iter().find(|(theirs, _)| *theirs == part) {
                    let end = if empty { at + 5 } else { at + 3 };
                    words.splice(at..end, [Word::made(&format!("(now{ours})"))]);
                    note(&mut out.looks, "parts of the time are read in UTC: name your time zone");
                }
            }
        }
        at += 1;
    }
}

/// Fields that nobody declared, below records that are there.
fn undeclared(words: &[Word], out: &mut Rewritten) {
    let mut at = 0;
    while at < words.len() {
        let member = at > 0 && kind(words, at - 1) == Some(T::Dot);
        let Some(root) = words.get(at).filter(|word| word.kind == T::Ident && !member) else {
            at += 1;
            continue;
        };
        let mut path = root.text.clone();
        let mut end = at + 1;
        while kind(words, end) == Some(T::Dot)
            && kind(words, end + 1) == Some(T::Ident)
            && kind(words, end + 2) != Some(T::LeftParen)
        {
            path = format!("{path}.{}", words.get(end + 1).map(|word| word.text.as_str()).unwrap_or_default());
            end += 2;
        }
        if let Some(missing) = missing_field(&path)
            && !out.fields.contains(&missing)
        {
            out.fields.push(missing);
        }
        at = end;
    }
}

/// The part of `path` that the context lacks, if a record could have it.
fn missing_field(path: &str) -> Option<String> {
    let mut known = String::new();
    for name in path.split('.') {
        let below = if known.is_empty() { name.to_owned() } else { format!("{known}.{name}") };
        match field(&below).map(|field| field.field_type) {
            Some(FieldType::Object(_)) => known = below,
            Some(_) => return None,
            None if known.is_empty() => return None,
            None => return Some(below),
        }
    }
    None
}
