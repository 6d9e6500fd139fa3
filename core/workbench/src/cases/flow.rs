//! Data as YAML writes it on one line, so that what was found can be copied to a case.

use serde_json::Value as Json;

/// As YAML writes it on one line, so that it can be copied to the case. A rule says which policy it is of.
pub(super) fn flow(value: &Json) -> String {
    match value {
        Json::Object(object) => {
            let wanted = |key: &str| key != "policy" || !object.contains_key("rule");
            let parts =
                object.iter().filter(|(key, _)| wanted(key)).map(|(key, value)| format!("{key}: {}", flow(value)));
            format!("{{{}}}", parts.collect::<Vec<_>>().join(", "))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether YAML reads a text without quotes as this text, inside of brackets too.
fn is_plain(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ' | '\'');
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && text.chars().all(word)
        && !matches!(text, "true" | "false" | "null")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn as_yaml_reads_it() {
        let value =
            json!({"policy": "a/b", "rule": "r", "n": 1.5, "t": "true", "l": ["x y", "a, b", "é", ""], "o": {}});
        assert_eq!(flow(&value), r#"{rule: r, n: 1.5, t: "true", l: [x y, "a, b", "é", ""], o: {}}"#);
    }
}
