//! Canonical JSON: RFC 8785 (JCS), but with 64-bit integers written exactly.
//!
//! Keys are sorted by their UTF-16 code units, nothing is written between tokens, doubles are written as ECMAScript does,
//! and text is escaped no more than it must be.

use serde_json::Value;

/// `value` in its canonical form.
///
/// ```
/// use serde_json::json;
/// use llm_policy_engine::decision::canonical;
///
/// let value = json!({"b": 1.0e21, "a": [9_007_199_254_740_993_i64, "ü\n"]});
/// assert_eq!(canonical::to_string(&value), r#"{"a":[9007199254740993,"ü\n"],"b":1e+21}"#);
/// ```
#[must_use]
pub fn to_string(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64().filter(|_| !(number.is_i64() || number.is_u64())) {
            Some(double) => out.push_str(ryu_js::Buffer::new().format(double)),
            None => out.push_str(&number.to_string()),
        },
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            out.push('{');
            for (at, (key, value)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}
