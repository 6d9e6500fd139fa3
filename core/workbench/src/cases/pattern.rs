//! Patterns over parts of a decision.

use std::fmt;

use serde_json::Value as Json;

use super::flow::flow;

/// What a part of a decision must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// Nothing is there.
    Absent,
    /// Exactly this value. Numbers are compared by value: `1` is `1.0`.
    Is(Json),
    /// Text that holds this text.
    Contains(String),
    /// A rule or a policy by its name, or by `namespace/name` before it.
    Named(String),
    /// An object with parts that fit; other parts may be there.
    Has(Vec<(String, Pattern)>),
    /// A list whose items fit these one by one, in any order.
    Exactly(Vec<Pattern>),
    /// A list that has an item for each of `include`, and no item that fits one of `exclude`.
    Some {
        /// What is there.
        include: Vec<Pattern>,
        /// What is not there.
        exclude: Vec<Pattern>,
    },
    /// Anything.
    Any,
}

impl Pattern {
    /// Whether `found` fits; `None`: there is nothing.
    #[must_use]
    pub fn fits(&self, found: Option<&Json>) -> bool {
        let found = found.filter(|found| !found.is_null());
        let items = || found.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        match self {
            Self::Any => true,
            Self::Absent => found.is_none(),
            Self::Is(wanted) => found.is_some_and(|found| equal(wanted, found)),
            Self::Contains(part) => found.and_then(Json::as_str).is_some_and(|text| text.contains(part)),
            Self::Named(name) => found.and_then(Json::as_str).is_some_and(|found| {
                found == name || found.rsplit_once('/').is_some_and(|(_, last)| last == name) && !name.contains('/')
            }),
            Self::Has(parts) => found.is_some_and(|found| {
                parts.iter().all(|(key, pattern)| match (key.as_str(), pattern) {
                    // A rule's full name has its policy in front.
                    ("rule", Self::Named(name)) if name.contains('/') => full_name(found).is_some_and(|f| f == *name),
                    _ => pattern.fits(found.get(key)),
                })
            }),
            Self::Exactly(patterns) => {
                let items = items();
                items.len() == patterns.len() && assign(patterns, items)
            }
            Self::Some { include, exclude } => {
                let items = items();
                assign(include, items) && !exclude.iter().any(|p| items.iter().any(|item| p.fits(Some(item))))
            }
        }
    }
}

/// What is not as expected in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The way to it: `.params.severity`.
    pub path: String,
    /// What was expected, for people.
    pub expected: String,
    /// What is there, for people.
    pub found: String,
}

impl Pattern {
    /// What is not as expected in `found`, as near to the leaves as it can be told; nothing when it fits.
    #[must_use]
    pub fn differences(&self, found: Option<&Json>) -> Vec<Difference> {
        let mut out = Vec::new();
        self.compare(found.filter(|found| !found.is_null()), "", &mut out);
        out
    }

    fn compare(&self, found: Option<&Json>, path: &str, out: &mut Vec<Difference>) {
        if self.fits(found) {
            return;
        }
        let whole = |out: &mut Vec<Difference>| {
            let shown = |found: &Json| found.as_str().map_or_else(|| flow(found), str::to_owned);
            let found = found.map_or_else(|| "nothing".to_owned(), shown);
            out.push(Difference { path: path.to_owned(), expected: self.to_string(), found });
        };
        match (self, found) {
            (Self::Has(parts), Some(object @ Json::Object(_))) => {
                for (key, pattern) in parts {
                    match (key.as_str(), pattern) {
                        ("rule", Self::Named(_)) => {
                            let part = Self::Has(vec![(key.clone(), pattern.clone())]);
                            if !part.fits(found) {
                                let found = object.get(key).map_or_else(|| "nothing".to_owned(), flow);
                                let expected = pattern.to_string();
                                out.push(Difference { path: format!("{path}.{key}"), expected, found });
                            }
                        }
                        _ => pattern.compare(object.get(key), &format!("{path}.{key}"), out),
                    }
                }
            }
            (Self::Exactly(patterns), _) if !patterns.is_empty() => items(patterns, found, true, path, out),
            (Self::Some { include, exclude }, _) => {
                items(include, found, false, path, out);
                let there = found.and_then(Json::as_array).into_iter().flatten();
                for item in there.filter(|item| exclude.iter().any(|pattern| pattern.fits(Some(item)))) {
                    out.push(Difference {
                        path: path.to_owned(),
                        expected: "no such item".to_owned(),
                        found: flow(item),
                    });
                }
            }
            _ => whole(out),
        }
    }
}

/// The items that are missing, those that nobody expects, and where two of them nearly fit, what differs.
fn items(patterns: &[Pattern], found: Option<&Json>, exactly: bool, path: &str, out: &mut Vec<Difference>) {
    let before = out.len();
    let mut there: Vec<&Json> = found.and_then(Json::as_array).into_iter().flatten().collect();
    let mut missing: Vec<&Pattern> = Vec::new();
    for pattern in patterns {
        match there.iter().position(|item| pattern.fits(Some(item))) {
            Some(at) => drop(there.remove(at)),
            None => missing.push(pattern),
        }
    }
    for pattern in missing {
        let differences = |item: &Json| pattern.differences(Some(item));
        // Near is what differs in one leaf of several.
        let parts = match pattern {
            Pattern::Has(parts) => parts.len(),
            _ => 1,
        };
        let nearest = there.iter().enumerate().min_by_key(|(_, item)| differences(item).len());
        match nearest.filter(|(_, item)| parts > 1 && differences(item).len() < parts) {
            Some((at, item)) => {
                for difference in differences(item) {
                    out.push(Difference { path: format!("{path}{}", difference.path), ..difference });
                }
                there.remove(at);
            }
            None => {
                out.push(Difference {
                    path: path.to_owned(),
                    expected: pattern.to_string(),
                    found: "no such item".to_owned(),
                });
            }
        }
    }
    if exactly {
        for item in there {
            out.push(Difference { path: path.to_owned(), expected: "no such item".to_owned(), found: flow(item) });
        }
    }
    let all = found.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    if out.len() == before && !assign(patterns, all) {
        // Each fits some item, but not each one of its own.
        out.push(Difference {
            path: path.to_owned(),
            expected: Pattern::Exactly(patterns.to_vec()).to_string(),
            found: found.map_or_else(|| "nothing".to_owned(), flow),
        });
    }
}

/// `namespace/name/rule` of an entry with `policy` and `rule`.
fn full_name(entry: &Json) -> Option<String> {
    Some(format!("{}/{}", entry.get("policy")?.as_str()?, entry.get("rule")?.as_str()?))
}

/// Whether each pattern can have an item of its own that fits it: a matching in a bipartite graph, by augmenting paths.
fn assign(patterns: &[Pattern], items: &[Json]) -> bool {
    fn place(pattern: usize, fits: &[Vec<usize>], taken: &mut [Option<usize>], tried: &mut [bool]) -> bool {
        for item in fits.get(pattern).into_iter().flatten() {
            if tried.get(*item).copied().unwrap_or(true) {
                continue;
            }
            if let Some(tried) = tried.get_mut(*item) {
                *tried = true;
            }
            let free = match taken.get(*item).copied().flatten() {
                None => true,
                Some(other) => place(other, fits, taken, tried),
            };
            if free {
                if let Some(taken) = taken.get_mut(*item) {
                    *taken = Some(pattern);
                }
                return true;
            }
        }
        false
    }
    let fitting = |pattern: &Pattern| {
        items.iter().enumerate().filter(|(_, item)| pattern.fits(Some(item))).map(|(at, _)| at).collect()
    };
    let fits: Vec<Vec<usize>> = patterns.iter().map(fitting).collect();
    let mut taken = vec![None; items.len()];
    (0..patterns.len()).all(|pattern| place(pattern, &fits, &mut taken, &mut vec![false; items.len()]))
}

/// Equal as data: the order of keys does not matter, and numbers are compared by value.
fn equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, items: &[Self]| {
            f.write_str("[")?;
            for (at, item) in items.iter().enumerate() {
                write!(f, "{}{item}", if at > 0 { ", " } else { "" })?;
            }
            f.write_str("]")
        };
        match self {
            Self::Any => f.write_str("anything"),
            Self::Absent => f.write_str("nothing"),
            Self::Is(Json::String(text)) | Self::Named(text) => f.write_str(text),
            Self::Is(value) => f.write_str(&flow(value)),
            Self::Contains(text) => write!(f, "text with {text:?} in it"),
            Self::Has(parts) => {
                f.write_str("{")?;
                for (at, (key, pattern)) in parts.iter().enumerate() {
                    write!(f, "{}{key}: {pattern}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
            Self::Exactly(items) if items.is_empty() => f.write_str("none"),
            Self::Exactly(items) => list(f, items),
            Self::Some { include, exclude } => {
                if !include.is_empty() {
                    f.write_str("with ")?;
                    list(f, include)?;
                }
                if !exclude.is_empty() {
                    f.write_str(if include.is_empty() { "without " } else { " and without " })?;
                    list(f, exclude)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn has(key: &str, value: Json) -> Pattern {
        Pattern::Has(vec![(key.to_owned(), Pattern::Is(value))])
    }

    #[test]
    fn values() {
        assert!(Pattern::Is(json!(1)).fits(Some(&json!(1.0))));
        assert!(!Pattern::Is(json!(1)).fits(Some(&json!("1"))));
        assert!(Pattern::Is(json!({"a": 1, "b": [2.0]})).fits(Some(&json!({"b": [2], "a": 1}))));
        assert!(!Pattern::Is(json!({"a": 1})).fits(Some(&json!({"a": 1, "b": 2}))));
        assert!(Pattern::Absent.fits(None) && Pattern::Absent.fits(Some(&Json::Null)));
        assert!(!Pattern::Is(json!("x")).fits(None));
        assert!(Pattern::Contains("ü".into()).fits(Some(&json!("über"))) ^ Pattern::Contains("u".into()).fits(None));
    }

    #[test]
    fn names_of_rules() {
        let entry = json!({"policy": "production/security", "rule": "known-caller"});
        let rule = |name: &str| Pattern::Has(vec![("rule".into(), Pattern::Named(name.into()))]).fits(Some(&entry));
        assert!(rule("known-caller") && rule("production/security/known-caller"));
        assert!(!rule("caller") && !rule("production/budget/known-caller"));
        let policy = Pattern::Named("security".into());
        assert!(policy.fits(Some(&json!("production/security"))) && !policy.fits(Some(&json!("production/budget"))));
    }

    #[test]
    fn differences_are_near_the_leaves() {
        let found = json!([{"action": "audit", "params": {"severity": "low", "alert": true}}, {"action": "log"}]);
        let audit = Pattern::Has(vec![
            ("action".into(), Pattern::Is(json!("audit"))),
            ("params".into(), has("severity", json!("high"))),
        ]);
        let told = |pattern: Pattern| -> Vec<String> {
            let differences = pattern.differences(Some(&found));
            differences.iter().map(|d| format!("{}|{}|{}", d.path, d.expected, d.found)).collect()
        };
        assert_eq!(
            told(Pattern::Exactly(vec![audit.clone(), has("action", json!("log"))])),
            [".params.severity|high|low"]
        );
        assert_eq!(
            told(Pattern::Exactly(vec![has("action", json!("tag"))])),
            [
                "|{action: tag}|no such item",
                "|no such item|{action: audit, params: {severity: low, alert: true}}",
                "|no such item|{action: log}",
            ]
        );
        let exclude = vec![has("action", json!("log"))];
        assert_eq!(told(Pattern::Some { include: vec![], exclude }), ["|no such item|{action: log}"]);
        assert!(told(Pattern::Any).is_empty());
    }

    #[test]
    fn lists_in_any_order() {
        let found = json!([{"action": "audit", "n": 1}, {"action": "audit", "n": 2}, {"action": "log"}]);
        let audit = || has("action", json!("audit"));
        let second = || has("n", json!(1));
        // The wide pattern comes first and must not keep the item that the narrow one needs.
        assert!(Pattern::Exactly(vec![audit(), second(), has("action", json!("log"))]).fits(Some(&found)));
        assert!(!Pattern::Exactly(vec![audit(), second()]).fits(Some(&found)));
        assert!(!Pattern::Exactly(vec![second(), second(), audit()]).fits(Some(&found)));
        assert!(Pattern::Exactly(vec![]).fits(None));
        let some = |include, exclude| Pattern::Some { include, exclude }.fits(Some(&found));
        assert!(some(vec![second()], vec![has("n", json!(3))]));
        assert!(!some(vec![], vec![audit()]));
        assert!(!some(vec![second(), second()], vec![]));
    }
}
