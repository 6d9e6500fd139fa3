//! The abstract rules, written in each contender's language.

pub mod cedar;
pub mod cel;
pub mod document;
pub mod json_rules;
pub mod rego;

/// `text` in double quotes, with the escapes that JSON, CEL, Rego and Cedar share (the generator writes ASCII only).
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// `texts`, quoted and separated by commas.
fn quoted_list(texts: &[String]) -> String {
    texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
}
