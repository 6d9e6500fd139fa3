//! The published dialect of LLM-Policy-Engine, versions `1.0` and `0.9`.

use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::document::tree::{Kind, Node, Style};
use serde_json::{Map, Value as Json, json};

use super::draft::Draft;
use super::{ChangeKind, Imported, entries, get, items, text_of};

/// Keys of a rule that change nothing about what it means.
const SILENT: &[&str] = &["id", "name", "description", "priority", "enabled", "metadata"];

pub(super) fn import(text: &str, root: &Node<'_>) -> Imported {
    let mut draft = Draft::new(text);
    header(&mut draft, root);
    for rule in get(root, "rules").map(items).unwrap_or_default() {
        self::rule(&mut draft, rule);
    }
    let suspended: Vec<Json> = draft.rules.iter().filter_map(|rule| rule.get("id").cloned()).collect();
    for exception in get(root, "exceptions").map(items).unwrap_or_default() {
        self::exception(&mut draft, exception, &suspended);
    }
    for (key, value) in entries(root) {
        let known = ["version", "metadata", "config", "rules", "exceptions", "fallback"];
        if !known.contains(&&*key.text) {
            draft.note(ChangeKind::NotKept, value.span, &key.text, "the key is not known");
        }
    }
    draft.note(
        ChangeKind::Look,
        root.span,
        "config",
        "there the highest priority wins; here a deny is never overridden by an allow (`combine: deny_overrides`)",
    );
    draft.finish()
}

fn header(draft: &mut Draft<'_>, root: &Node<'_>) {
    let version = get(root, "version").and_then(text_of).unwrap_or_default();
    if version != "1.0"
        && let Some(node) = get(root, "version")
    {
        draft.note(ChangeKind::Rewritten, node.span, "version", format!("`{version}` is written as `1.0`"));
    }
    for (key, value) in get(root, "metadata").map(entries).unwrap_or_default() {
        let known = ["name", "namespace", "description", "owner", "tags", "revision", "created_at", "updated_at"];
        match known.contains(&&*key.text) {
            true => {
                draft.metadata.insert(key.text.to_string(), json(value));
            }
            false => draft.note(ChangeKind::Look, value.span, "metadata", format!("`{}` is left out", key.text)),
        }
    }
    let named = draft.metadata.get("name").and_then(Json::as_str).map(name);
    draft.metadata.insert("name".to_owned(), json!(named.unwrap_or_else(|| "imported".to_owned())));
    for (key, value) in get(root, "config").map(entries).unwrap_or_default() {
        match (&*key.text, text_of(value)) {
            ("default_action", Some(action @ ("allow" | "deny"))) => {
                draft.config.insert(key.text.to_string(), json!(action));
            }
            ("fail_open" | "audit_all_decisions", Some("true" | "false")) | ("cache_ttl_seconds", Some(_)) => {
                draft.config.insert(key.text.to_string(), json(value));
            }
            _ => draft.note(ChangeKind::NotKept, value.span, "config", format!("`{}` is not known", key.text)),
        }
    }
    if !draft.config.contains_key("default_action") {
        draft.config.insert("default_action".to_owned(), json!("deny"));
        let message = "there is no `default_action`; it is deny now";
        draft.note(ChangeKind::Look, root.span, "config", message);
    }
    if let Some(fallback) = get(root, "fallback") {
        let action = get(fallback, "action").and_then(text_of).unwrap_or("deny");
        let action = if action == "allow" { "allow" } else { "deny" };
        let mut out = Map::new();
        out.insert("action".to_owned(), json!(action));
        if let Some(reason) = get(fallback, "reason").and_then(text_of) {
            out.insert("reason".to_owned(), json!(reason.replace("{{", "").replace("}}", "")));
        }
        for (key, value) in entries(fallback) {
            if !["action", "reason"].contains(&&*key.text) {
                let message = format!("`{}` is left out: every decision is recorded", key.text);
                draft.note(ChangeKind::Look, value.span, "fallback", message);
            }
        }
        draft.fallback = Some(Json::Object(out));
    }
}

/// What an action does, as far as failing closed goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Restricts,
    Permits,
    Records,
}

fn rule(draft: &mut Draft<'_>, node: &Node<'_>) {
    let number = draft.rules.len() + 1;
    let id = get(node, "id").or_else(|| get(node, "name")).and_then(text_of);
    let id = id.map_or_else(|| format!("rule-{number}"), name);
    let mut out = Map::new();
    out.insert("id".to_owned(), json!(id));
    if get(node, "id").is_none() && get(node, "name").is_some() {
        draft.note(ChangeKind::Rewritten, node.span, &id, "`name` is `id`");
    }
    if let Some(description) = get(node, "description").and_then(text_of) {
        out.insert("description".to_owned(), json!(description));
    }
    for key in ["priority", "enabled"] {
        if let Some(value) = get(node, key) {
            out.insert(key.to_owned(), json(value));
        }
    }
    let condition = condition_of(draft, node, &id);
    let mut kept = condition.is_ok();
    for (key, value) in entries(node) {
        let known = ["conditions", "condition", "actions", "action"];
        if !SILENT.contains(&&*key.text) && !known.contains(&&*key.text) {
            draft.note(ChangeKind::NotKept, value.span, &id, format!("the key `{}` is not known", key.text));
            kept = false;
        }
    }
    let actions = actions_of(draft, node, &id);
    let metadata = get(node, "metadata").map(json).filter(Json::is_object);
    let when = condition.unwrap_or_else(|()| "true".to_owned());
    let write = |draft: &mut Draft<'_>, suffix: &str, actions: Vec<Json>, when: &str, enabled: bool| {
        if actions.is_empty() {
            return;
        }
        let mut rule = out.clone();
        rule.insert("id".to_owned(), json!(format!("{id}{suffix}")));
        if !enabled {
            rule.insert("enabled".to_owned(), json!(false));
        }
        rule.insert("when".to_owned(), json!(when));
        rule.insert("actions".to_owned(), json!(actions));
        rule.extend(metadata.clone().map(|metadata| ("metadata".to_owned(), metadata)));
        draft.rules.push(Json::Object(rule));
    };
    if kept {
        write(draft, "", actions.into_iter().map(|(_, action)| action).collect(), &when, true);
        return;
    }
    // What restricts applies always, what permits never, what records always.
    let (permits, others): (Vec<_>, Vec<_>) = actions.into_iter().partition(|(class, _)| *class == Class::Permits);
    let both = !permits.is_empty() && !others.is_empty();
    let (mut restricts, mut records) = (false, false);
    for (class, _) in &others {
        restricts |= *class == Class::Restricts;
        records |= *class == Class::Records;
    }
    let what = match (restricts, permits.is_empty()) {
        (true, true) => "the rule applies always",
        (true, false) => "what restricts applies always, what allows is switched off",
        (false, false) => "the rule is switched off",
        (false, true) if records => "the rule records always",
        (false, true) => "the rule has no action",
    };
    draft.note(ChangeKind::NotKept, node.span, &id, what);
    write(draft, if both { "-restricts" } else { "" }, others.into_iter().map(|(_, a)| a).collect(), "true", true);
    write(draft, "", permits.into_iter().map(|(_, a)| a).collect(), "true", false);
}

fn exception(draft: &mut Draft<'_>, node: &Node<'_>, rules: &[Json]) {
    let id = get(node, "id").and_then(text_of).map_or_else(|| "exception".to_owned(), name);
    let condition = condition_of(draft, node, &id);
    let mut enabled = get(node, "enabled").and_then(text_of) != Some("false");
    let mut off = |draft: &mut Draft<'_>, at: Span, why: &str| {
        enabled = false;
        draft.note(ChangeKind::NotKept, at, &id, format!("{why}; the exception is switched off"));
    };
    if condition.is_err() {
        off(draft, node.span, "its condition cannot be kept");
    }
    for (key, value) in entries(node) {
        match (&*key.text, text_of(value)) {
            ("id" | "enabled" | "conditions" | "condition" | "description" | "name", _) => {}
            ("audit", _) | ("requires_approval", Some("false")) => {
                draft.note(ChangeKind::Rewritten, value.span, &id, "what an exception does is always recorded");
            }
            ("action", Some("allow_all")) => {
                draft.note(ChangeKind::Look, value.span, &id, "`allow_all` suspends the rules that are named");
            }
            ("requires_approval", _) => off(draft, value.span, "an exception cannot ask for an approval"),
            (key, _) => off(draft, value.span, &format!("`{key}` is not known")),
        }
    }
    if rules.is_empty() {
        return;
    }
    let when = condition.unwrap_or_else(|()| "true".to_owned());
    draft.exceptions.push(json!({"id": id, "rules": rules, "when": when, "enabled": enabled}));
}

/// `conditions` of 1.0 or `condition` of 0.9, as one expression that the engine accepts.
fn condition_of(draft: &mut Draft<'_>, node: &Node<'_>, about: &str) -> Result<String, ()> {
    let source = match (get(node, "conditions"), get(node, "condition")) {
        (Some(node), None) => group(node).map(|source| (source, node.span)),
        (None, Some(node)) => {
            draft.note(ChangeKind::Rewritten, node.span, about, "`condition` is `when`");
            text_of(node).map(|text| (text.to_owned(), node.span))
        }
        _ => None,
    };
    let Some((source, at)) = source else {
        draft.note(ChangeKind::NotKept, node.span, about, "the form of the condition is not known");
        return Err(());
    };
    draft.condition(&source, at, about)
}

/// `match`, `all`, `any` and `none` as CEL of the dialect.
fn group(node: &Node<'_>) -> Option<String> {
    let [(key, value)] = entries(node) else { return None };
    let joined = |operator: &str| {
        let parts: Vec<String> = items(value).iter().map(item).collect::<Option<_>>()?;
        (!parts.is_empty()).then(|| parts.join(operator))
    };
    match &*key.text {
        "match" => text_of(value).map(str::to_owned),
        "all" => joined(" && "),
        "any" => joined(" || "),
        "none" => joined(" || ").map(|parts| format!("!({parts})")),
        _ => None,
    }
}

fn item(node: &Node<'_>) -> Option<String> {
    if let Some(text) = text_of(node) {
        return Some(format!("({text}\n)"));
    }
    if let (Some(field), Some(operator)) =
        (get(node, "field").and_then(text_of), get(node, "operator").and_then(text_of))
    {
        let value = literal(get(node, "value")?)?;
        return Some(match operator {
            "equals" | "==" => format!("{field} == {value}"),
            "not_equals" | "!=" => format!("{field} != {value}"),
            "greater_than" | ">" => format!("{field} > {value}"),
            "less_than" | "<" => format!("{field} < {value}"),
            "greater_than_or_equal" | "greater_than_or_equals" | ">=" => format!("{field} >= {value}"),
            "less_than_or_equal" | "less_than_or_equals" | "<=" => format!("{field} <= {value}"),
            "in" => format!("{field} in {value}"),
            "not_in" => format!("!({field} in {value})"),
            "contains" => format!("{field}.contains({value})"),
            "matches" => format!("{field}.matches({value})"),
            "starts_with" => format!("{field}.startsWith({value})"),
            "ends_with" => format!("{field}.endsWith({value})"),
            _ => return None,
        });
    }
    if let Some(function) = get(node, "function").and_then(text_of) {
        // Arguments are paths here, and a text that is none is a text.
        let args: Vec<String> =
            get(node, "args").map(items).unwrap_or_default().iter().map(argument).collect::<Option<_>>()?;
        return Some(format!("{function}({})", args.join(", ")));
    }
    let [(key, value)] = entries(node) else { return None };
    match (&*key.text, &value.kind) {
        ("all" | "any" | "none", _) => group(node).map(|group| format!("({group})")),
        ("not", _) => text_of(value).map(|path| format!("!({path})")),
        ("not_equals", Kind::List(pair)) => match pair.as_slice() {
            [path, value] => Some(format!("{} != {}", text_of(path)?, literal(value)?)),
            _ => None,
        },
        (function, Kind::Scalar(path, _)) => Some(format!("{function}({path})")),
        _ => None,
    }
}

fn argument(node: &Node<'_>) -> Option<String> {
    match &node.kind {
        Kind::Scalar(text, Style::Plain) if text.contains('.') => Some(text.to_string()),
        _ => literal(node),
    }
}

/// A constant as CEL.
fn literal(node: &Node<'_>) -> Option<String> {
    match json(node) {
        Json::Object(_) | Json::Null => None,
        // A list of JSON is one of CEL; escapes of JSON are CEL's.
        value => Some(value.to_string()),
    }
}

/// The actions of a rule, each with what it does.
fn actions_of(draft: &mut Draft<'_>, node: &Node<'_>, about: &str) -> Vec<(Class, Json)> {
    let mut out = Vec::new();
    if let Some(action) = get(node, "action") {
        draft.note(ChangeKind::Rewritten, action.span, about, "`action` is one of `actions`");
        self::action(draft, action, text_of(action), about, &mut out);
    }
    for action in get(node, "actions").map(items).unwrap_or_default() {
        let kind = get(action, "type").and_then(text_of).or_else(|| text_of(action));
        self::action(draft, action, kind, about, &mut out);
    }
    if out.is_empty() {
        draft.note(ChangeKind::NotKept, node.span, about, "the rule has no action that is known; it denies");
        out.push((Class::Restricts, json!({"deny": {"reason": "the action could not be imported"}})));
    }
    out
}

fn action(draft: &mut Draft<'_>, node: &Node<'_>, kind: Option<&str>, about: &str, out: &mut Vec<(Class, Json)>) {
    let kind = kind.unwrap_or_default();
    let mut own = Map::new();
    let keys: &[&str] = match kind {
        "deny" => &["reason"],
        "throttle" => &["delay_ms", "max_retries", "reason"],
        "audit" => &["severity", "alert", "metadata"],
        "log" => &["level", "message", "metadata"],
        "warn" => &["message"],
        "redact" => &["fields"],
        "suggest_alternative" => &["model", "models", "message", "metadata"],
        "custom" => &["handler", "metadata"],
        _ => &[],
    };
    let mut extra = Map::new();
    for (key, value) in entries(node) {
        match &*key.text {
            "type" => {}
            "pattern" if kind == "redact" => {
                own.insert("detect".to_owned(), json!([text_of(value).unwrap_or_default()]));
                draft.note(ChangeKind::Look, value.span, about, "`pattern` is `detect`: the host has to find it");
            }
            "with_warning" if kind == "allow" => {
                out.push((Class::Records, json!({"warn": {"message": about}})));
                draft.note(ChangeKind::Rewritten, value.span, about, "`with_warning` is an action `warn`");
            }
            key if keys.contains(&key) => {
                let value = rendered(draft, value, about);
                own.insert(key.to_owned(), value);
            }
            "metadata" => {
                draft.note(
                    ChangeKind::Rewritten,
                    value.span,
                    about,
                    format!("`metadata` of `{kind}` is an action `audit`"),
                );
                if let Json::Object(entries) = rendered(draft, value, about) {
                    extra.extend(entries);
                }
            }
            key => draft.note(ChangeKind::Look, value.span, about, format!("`{key}` of `{kind}` is left out")),
        }
    }
    let class = match kind {
        "allow" | "allow_all" => {
            out.push((Class::Permits, json!("allow")));
            None
        }
        "deny" | "throttle" | "redact" => Some(Class::Restricts),
        "audit" | "log" | "warn" | "suggest_alternative" => Some(Class::Records),
        "custom" => {
            own.insert("mandatory".to_owned(), json!(true));
            Some(Class::Restricts)
        }
        other => {
            let written = || entries(node).first().map(|(key, _)| &*key.text);
            let message = match Some(other).filter(|name| !name.is_empty()).or_else(written) {
                Some(name) => format!("there is no action `{name}`; it is a deny"),
                None => "the action has no name; it is a deny".to_owned(),
            };
            draft.note(ChangeKind::NotKept, node.span, about, message);
            let reason = format!("the action {} could not be imported", name(other));
            out.push((Class::Restricts, json!({"deny": {"reason": reason, "code": "not_imported"}})));
            None
        }
    };
    if let Some(class) = class {
        if kind == "throttle" && !own.contains_key("delay_ms") {
            own.insert("delay_ms".to_owned(), json!(1000));
            draft.note(ChangeKind::Look, node.span, about, "a throttle without `delay_ms` waits for a second");
        }
        if kind == "warn" && !own.contains_key("message") {
            own.insert("message".to_owned(), json!(about));
        }
        let made = if own.is_empty() { json!(kind) } else { json!({kind: own}) };
        // An action that the engine refuses would take its rule with it.
        match draft.compile(&json!({"id": "probe", "when": true, "actions": [made]})) {
            Ok(()) => out.push((class, made)),
            Err(message) => {
                draft.note(ChangeKind::NotKept, node.span, about, format!("`{kind}` cannot be kept: {message}"));
                if class == Class::Restricts {
                    let reason = format!("the action {kind} could not be imported");
                    out.push((class, json!({"deny": {"reason": reason, "code": "not_imported"}})));
                }
            }
        }
    }
    if !extra.is_empty() {
        out.push((Class::Records, json!({"audit": {"metadata": extra}})));
    }
}

/// A value whose texts are templates.
fn rendered(draft: &mut Draft<'_>, node: &Node<'_>, about: &str) -> Json {
    match &node.kind {
        Kind::List(items) => items.iter().map(|item| rendered(draft, item, about)).collect(),
        Kind::Map(entries) => Json::Object(
            entries.iter().map(|(key, value)| (key.text.to_string(), rendered(draft, value, about))).collect(),
        ),
        Kind::Scalar(text, _) if text.contains("{{") => json!(draft.template(text, node.span, about)),
        Kind::Scalar(..) => json(node),
    }
}

/// A value as JSON. Plain scalars are what YAML's core schema makes of them.
fn json(node: &Node<'_>) -> Json {
    match &node.kind {
        Kind::List(items) => items.iter().map(json).collect(),
        Kind::Map(entries) => {
            Json::Object(entries.iter().map(|(key, value)| (key.text.to_string(), json(value))).collect())
        }
        Kind::Scalar(..) if node.is_null() => Json::Null,
        Kind::Scalar(text, Style::Plain) => match serde_json::from_str(text) {
            Ok(value @ (Json::Bool(_) | Json::Number(_))) => value,
            _ => json!(text),
        },
        Kind::Scalar(text, _) => json!(text),
    }
}

/// `text` with what a name cannot hold replaced.
pub(super) fn name(text: &str) -> String {
    let made: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') { c } else { '-' })
        .take(190)
        .collect();
    if made.is_empty() { "imported".to_owned() } else { made }
}
