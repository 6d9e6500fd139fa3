//! What a document says, without where it says it and how its expressions are spaced.

use llm_policy_engine::document::Document;
use llm_policy_workbench::format::cel;

/// The model as text: places are left out, expressions are lists of tokens.
pub fn normal(document: &Document) -> String {
    let document = Document { text: "".into(), ..document.clone() };
    let text = format!("{document:?}");
    let mut out = String::new();
    let mut rest = &*text;
    loop {
        let next = ["Span { ", "SourceMap { ", "Source { text: "]
            .iter()
            .filter_map(|word| Some((rest.find(word)?, *word)))
            .min();
        let Some((at, word)) = next else { break };
        out.push_str(&rest[..at]);
        rest = &rest[at + word.len()..];
        if word.ends_with("text: ") {
            let end = string_end(rest);
            // Debug text is JSON's but for characters beyond ASCII, which the generator does not escape.
            let source: String = serde_json::from_str(&rest[..end]).unwrap();
            out.push_str(&format!("Source({:?}", cel::essence(&source).unwrap()));
            rest = &rest[end..];
        } else {
            rest = &rest[closing(rest)..];
        }
    }
    out.push_str(rest);
    out
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    panic!("no end");
}

fn closing(text: &str) -> usize {
    let mut depth = 1;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    panic!("no end");
}
