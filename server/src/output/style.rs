//! A few colours with a meaning each.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// What was refused or failed.
pub fn bad(text: impl Display) -> String {
    paint(AnsiColor::Red.on_default().bold(), text)
}

/// What passed.
pub fn good(text: impl Display) -> String {
    paint(AnsiColor::Green.on_default().bold(), text)
}

/// What is in between.
pub fn careful(text: impl Display) -> String {
    paint(AnsiColor::Yellow.on_default().bold(), text)
}

/// What was written by the policies' authors: rules and documents.
pub fn name(text: impl Display) -> String {
    paint(AnsiColor::Cyan.on_default(), text)
}

/// A title.
pub fn title(text: impl Display) -> String {
    paint(Style::new().bold(), text)
}

/// What is there for those who look for it.
pub fn quiet(text: impl Display) -> String {
    paint(Style::new().dimmed(), text)
}

/// `text`, and spaces so that it takes `width` columns when it stood alone as `plain`.
pub fn pad(text: &str, plain: &str, width: usize) -> String {
    let missing = width.saturating_sub(plain.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

/// One line of `text` with at most `width` characters; white space is joined and control characters are replaced.
pub fn line(text: &str, width: usize) -> String {
    let joined: Vec<&str> = text.split_whitespace().collect();
    let joined = joined.join(" ");
    let clean = |c: char| if is_unsafe(c) { '\u{fffd}' } else { c };
    if joined.chars().count() <= width {
        return joined.chars().map(clean).collect();
    }
    joined.chars().take(width.saturating_sub(1)).map(clean).chain(['…']).collect()
}

/// `text` without what would steer a terminal; line feeds stay.
pub fn safe(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Control characters, and marks that change the order in which text is shown.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
