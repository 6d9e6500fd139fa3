//! Contexts, put together from fixtures, files, inline data and patches.

use serde_json::{Map, Value as Json};

/// Lays `over` over `base`: objects are merged key by key, anything else is replaced.
///
/// ```
/// use llm_policy_workbench::cases::context::merge;
/// use serde_json::json;
///
/// let mut base = json!({"user": {"id": "ann", "tier": "free"}});
/// merge(&mut base, json!({"user": {"tier": "premium"}, "request": {"model": "gpt-5"}}));
/// assert_eq!(base, json!({"user": {"id": "ann", "tier": "premium"}, "request": {"model": "gpt-5"}}));
/// ```
pub fn merge(base: &mut Json, over: Json) {
    match (base, over) {
        (Json::Object(base), Json::Object(over)) => {
            for (key, value) in over {
                match base.get_mut(&key) {
                    Some(there) => merge(there, value),
                    None => {
                        base.insert(key, value);
                    }
                }
            }
        }
        (base, over) => *base = over,
    }
}

/// Writes `value` at a path such as `request.model` or `request.messages.0.text`. Objects on the way are made.
///
/// # Errors
/// The part of the path that is neither an object nor an element of a list.
pub fn set(context: &mut Json, path: &str, value: Json) -> Result<(), String> {
    let mut at = context;
    let mut walked = String::new();
    for name in path.split('.') {
        if at.is_null() {
            *at = Json::Object(Map::new());
        }
        at = match at {
            Json::Object(object) => object.entry(name).or_insert(Json::Null),
            Json::Array(items) => match name.parse().ok().and_then(|n: usize| items.get_mut(n)) {
                Some(item) => item,
                None => return Err(format!("`{walked}` is a list without an element `{name}`")),
            },
            _ => return Err(format!("`{walked}` is no object, so it has no `{name}`")),
        };
        if !walked.is_empty() {
            walked.push('.');
        }
        walked.push_str(name);
    }
    *at = value;
    Ok(())
}

/// Takes away what is at a path. False: there was nothing.
pub fn remove(context: &mut Json, path: &str) -> bool {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut at = context;
    for name in parent.split('.').filter(|name| !name.is_empty()) {
        let next = match at {
            Json::Object(object) => object.get_mut(name),
            Json::Array(items) => name.parse().ok().and_then(|n: usize| items.get_mut(n)),
            _ => None,
        };
        let Some(next) = next else { return false };
        at = next;
    }
    match at {
        Json::Object(object) => object.shift_remove(name).is_some(),
        Json::Array(items) => match name.parse().ok().filter(|n: &usize| *n < items.len()) {
            Some(n) => {
                items.remove(n);
                true
            }
            None => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_are_set() {
        let mut context = json!({"request": {"messages": [{"text": "a"}]}});
        set(&mut context, "request.model", json!("gpt-5")).unwrap();
        set(&mut context, "request.messages.0.text", json!("b")).unwrap();
        set(&mut context, "user.budget.limit", json!(3)).unwrap();
        let wanted = json!({
            "request": {"messages": [{"text": "b"}], "model": "gpt-5"}, "user": {"budget": {"limit": 3}}
        });
        assert_eq!(context, wanted);
        assert_eq!(
            set(&mut context, "request.model.name", json!(1)).unwrap_err(),
            "`request.model` is no object, so it has no `name`"
        );
        assert_eq!(
            set(&mut context, "request.messages.1.text", json!(1)).unwrap_err(),
            "`request.messages` is a list without an element `1`"
        );
    }

    #[test]
    fn paths_are_removed() {
        let mut context = json!({"a": {"b": 1, "c": [1, 2]}, "d": 1});
        assert!(remove(&mut context, "a.b") && remove(&mut context, "d") && remove(&mut context, "a.c.0"));
        assert_eq!(context, json!({"a": {"c": [2]}}));
        for nothing in ["a.b", "x.y.z", "a.c.7", "a.c.x", "d.e"] {
            assert!(!remove(&mut context, nothing), "{nothing}");
        }
    }
}
