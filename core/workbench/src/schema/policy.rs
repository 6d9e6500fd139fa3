//! The schema of policy documents.

use llm_policy_engine::detect::Profile;
use llm_policy_engine::document::detectors::Opaque;
use llm_policy_engine::document::keys;
use serde_json::{Map, Value as Json, json};

use super::{DRAFT, boolean, doc, instant, int, list, object, one_of, reference, some, some_text, stages, text, with};
use super::{breakers, limits};

pub(super) fn schema() -> Json {
    let root = object(keys::DOCUMENT, &["version", "metadata"], |key| match key {
        "version" => doc(json!({"enum": ["1.0", 1.0]}), "The format's version."),
        "metadata" => doc(reference("metadata"), "Who and what the document is."),
        "config" => doc(reference("config"), "How its rules are combined and when they apply."),
        "schema" => doc(fields(), "Fields of your house that the standard context lacks."),
        "variables" => doc(named(reference("cel")), "Named expressions, used as `variables.<name>`."),
        "lists" => doc(named(list(reference("constant"))), "Named constant lists, used as `lists.<name>`."),
        "tables" => doc(json!({"type": "object", "additionalProperties": table()}), "Named tables for `lookup`."),
        "limits" => doc(limits::limits(), "How much may be used: money, tokens, requests."),
        "breakers" => doc(breakers::breakers(), "What is not called for a while when it fails."),
        "rules" => doc(some(reference("rule")), "What is decided, and when."),
        "exceptions" => doc(list(reference("exception")), "What suspends rules of this document."),
        "fallback" => doc(fallback(), "What is decided when the document cannot be evaluated at all."),
        _ => json!(true),
    });
    let definitions = json!({
        "name": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,200}$"},
        "cel": {"type": ["string", "boolean", "number"], "pattern": "\\S", "description": "A CEL expression."},
        "template": {"type": "string", "description": "Text that may hold `{{ CEL }}`."},
        "some_template": {"type": "string", "pattern": "\\S", "description": "Text that may hold `{{ CEL }}`."},
        "constant": {"type": ["string", "number", "boolean"]},
        "mode": doc(one_of(&["enforce", "shadow", "disabled"]), "Whether it counts: `shadow` is reported without effect."),
        "metadata": metadata(),
        "config": config(),
        "rule": rule(),
        "exception": exception(),
        "conditions": conditions(),
        "condition": condition(),
        "action": action(),
    });
    let root =
        with(root, json!({"anyOf": [{"required": ["rules"]}, {"required": ["limits"]}, {"required": ["breakers"]}]}));
    with(json!({"$schema": DRAFT, "title": "A policy document"}), with(root, json!({"$defs": definitions})))
}

/// A mapping whose keys are CEL identifiers.
fn named(values: Json) -> Json {
    json!({"type": "object", "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}, "additionalProperties": values})
}

fn metadata() -> Json {
    object(keys::METADATA, &["name"], |key| match key {
        "name" => doc(reference("name"), "Unique in its name space."),
        "namespace" => doc(reference("name"), "With the name it is the document's id; `default` by default."),
        "description" => doc(text(), "What the document is for."),
        "owner" => doc(text(), "Who answers for it."),
        "tags" => doc(list(some_text()), "Words to select documents by."),
        "revision" => doc(int(0, 1 << 53), "Grows with each change."),
        "created_at" | "updated_at" => instant(),
        _ => json!(true),
    })
}

fn config() -> Json {
    object(keys::CONFIG, &[], |key| match key {
        "target" => doc(reference("cel"), "The document applies only where this holds; it reads identity fields only."),
        "stages" => doc(stages(), "The stages that it covers; by default those that its rules name."),
        "default_action" => {
            doc(one_of(&["allow", "deny"]), "What is decided when no rule decides; without it the document abstains.")
        }
        "combine" => doc(one_of(&["deny_overrides", "first_match"]), "How matching rules are combined."),
        "fail_open" => doc(boolean(), "`true`: a missing fact makes the rule that reads it have no effect."),
        "on_missing" => doc(one_of(&["error", "default"]), "How an absent field reads."),
        "audit_all_decisions" => doc(boolean(), "Whether decisions that allow are recorded too."),
        "cache_ttl_seconds" => doc(int(0, 31_536_000), "How long a decision may be cached; 0: not at all."),
        "mode" => reference("mode"),
        "stream" => doc(
            one_of(&["buffer", "at_end"]),
            "What becomes of an answer that streams where a rule needs all of it; `buffer` by default.",
        ),
        "detectors" => doc(detectors(), "How the detectors that its rules ask read texts."),
        _ => json!(true),
    })
}

fn detectors() -> Json {
    let profiles = Profile::ALL.map(Profile::name);
    let opaque = Opaque::NAMES.map(|(name, _)| name);
    let score = json!({"type": "number", "minimum": 0, "maximum": 1});
    object(keys::DETECTORS, &[], |key| match key {
        "profile" => doc(one_of(&profiles), "What the texts are; `chat` by default."),
        "regions" => doc(list(some_text()), "The regions (ISO 3166) whose identifiers count; by default all."),
        "thresholds" => doc(
            json!({"type": "object", "additionalProperties": score}),
            "The lowest score that counts, by family or kind.",
        ),
        "patterns" => doc(
            json!({
                "type": "object",
                "propertyNames": {"pattern": "^[a-z0-9_]+$"},
                "additionalProperties": some_text(),
            }),
            "Patterns of your own in the syntax of RE2, by name.",
        ),
        "allow" => doc(list(some_text()), "Values that are no findings."),
        "max_bytes" => doc(int(1, 1 << 26), "Bytes of one text that are read; 1 MiB by default."),
        "opaque" => doc(one_of(&opaque), "What rules make of content that no detector can read; `deny` by default."),
        _ => json!(true),
    })
}

fn fields() -> Json {
    let field = object(keys::FIELD, &["type"], |key| match key {
        "type" => json!({
            "type": "string",
            "pattern": "^\\s*(bool|int|double|string|timestamp|duration|dyn|list\\(.+\\)|map\\(.+,.+\\))\\s*$",
        }),
        "missing" => doc(one_of(&["error", "default", "required"]), "What happens when it is absent."),
        "description" => text(),
        _ => json!(true),
    });
    json!({"type": "object", "propertyNames": {"pattern": "^[A-Za-z0-9_]+(\\.[A-Za-z0-9_]+)+$"}, "additionalProperties": field})
}

fn table() -> Json {
    let out = object(keys::TABLE, &["key", "value"], |key| match key {
        "key" => one_of(&["string", "int", "bool"]),
        "value" => one_of(&["string", "int", "double", "bool"]),
        "file" => doc(some_text(), "A file beside the document with the entries."),
        "entries" => json!({"type": "object", "additionalProperties": reference("constant")}),
        _ => json!(true),
    });
    with(out, json!({"oneOf": [{"required": ["file"]}, {"required": ["entries"]}]}))
}

fn fallback() -> Json {
    object(keys::FALLBACK, &["action"], |key| match key {
        "action" => one_of(&["allow", "deny"]),
        "reason" => some_text(),
        _ => json!(true),
    })
}

/// `when` or `conditions`.
fn either() -> Json {
    json!({"oneOf": [{"required": ["when"]}, {"required": ["conditions"]}]})
}

fn rule() -> Json {
    let out = object(keys::RULE, &["id", "actions"], |key| match key {
        "id" => doc(reference("name"), "Unique in the document."),
        "description" => doc(text(), "What the rule is for."),
        "priority" => doc(int(i32::MIN.into(), i32::MAX.into()), "Higher comes first; 0 by default."),
        "enabled" => doc(boolean(), "`false`: checked, but not evaluated."),
        "mandatory" => doc(boolean(), "`true`: no exception may name the rule."),
        "stages" => doc(stages(), "The stages that it applies to; `request` by default."),
        "when" => doc(reference("cel"), "When it matches."),
        "conditions" => reference("conditions"),
        "mode" => reference("mode"),
        "rollout" => doc(rollout(), "The share of identities that it applies to."),
        "schedule" => doc(schedule(), "The times at which it applies."),
        "actions" => doc(some(reference("action")), "What happens when it matches."),
        "metadata" => doc(json!({"type": "object"}), "Whatever you want to say about it."),
        _ => json!(true),
    });
    with(out, either())
}

fn exception() -> Json {
    let out = object(keys::EXCEPTION, &["id", "rules"], |key| match key {
        "id" => doc(reference("name"), "Unique among the document's exceptions."),
        "description" => text(),
        "rules" => doc(some(some_text()), "The rules of this document that it suspends."),
        "when" => doc(reference("cel"), "When it matches."),
        "conditions" => reference("conditions"),
        "expires" => doc(instant(), "From then on it does not match."),
        "enabled" => boolean(),
        _ => json!(true),
    });
    with(out, either())
}

fn rollout() -> Json {
    // A number, or a number with a percent sign.
    let share = json!({"type": ["number", "string"], "minimum": 0, "maximum": 100});
    object(keys::ROLLOUT, &["percent", "by"], |key| match key {
        "percent" => doc(share.clone(), "The share, in percent."),
        "by" => doc(reference("cel"), "The identity that decides who is in the share."),
        "salt" => doc(some_text(), "What makes this share differ from others; the rule's id by default."),
        "variants" => {
            doc(json!({"type": "object", "additionalProperties": share}), "Named parts that add up to `percent`.")
        }
        _ => json!(true),
    })
}

fn schedule() -> Json {
    let window = object(keys::WINDOW, &[], |key| match key {
        "days" => {
            json!({"anyOf": [some_text(), some(some_text())], "examples": ["mon-fri", "weekends", ["sat", "sun"]]})
        }
        "hours" => json!({"type": "string", "pattern": "^[^-]+-[^-]+$", "examples": ["09:00-17:00"]}),
        _ => json!(true),
    });
    let window = with(window, json!({"minProperties": 1}));
    let out = object(keys::SCHEDULE, &[], |key| match key {
        "timezone" => json!({"type": "string", "pattern": "\\S", "examples": ["Europe/Berlin", "UTC"]}),
        "during" => some(window.clone()),
        "except" => doc(list(some_text()), "Dates, or names of lists of dates."),
        _ => json!(true),
    });
    with(out, json!({"anyOf": [{"required": ["during"]}, {"required": ["except"]}]}))
}

fn conditions() -> Json {
    let out = object(keys::GROUP, &[], |key| match key {
        "match" => reference("cel"),
        _ => some(reference("condition")),
    });
    with(out, json!({"minProperties": 1, "maxProperties": 1}))
}

/// An item of `all`, `any` and `none`.
fn condition() -> Json {
    let comparison = |operators: &[&str], value: Option<Json>| {
        let known: Vec<&str> =
            keys::COMPARISON.iter().copied().filter(|key| *key != "value" || value.is_some()).collect();
        object(&known, &known, |key| match key {
            "field" => some_text(),
            "operator" => one_of(operators),
            _ => value.clone().unwrap_or_default(),
        })
    };
    let (mut presence, mut lists, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for operator in keys::operators() {
        match operator {
            "exists" | "not_exists" => presence.push(operator),
            "in" | "not_in" => lists.push(operator),
            _ => others.push(operator),
        }
    }
    let call = object(keys::CALL, &["function"], |key| match key {
        "function" => some_text(),
        _ => list(reference("cel")),
    });
    json!({"anyOf": [
        reference("cel"),
        reference("conditions"),
        comparison(&others, Some(reference("constant"))),
        comparison(&lists, Some(some(reference("constant")))),
        comparison(&presence, None),
        call,
    ]})
}

/// The keys of an action that must be there.
fn required(action: &str) -> &'static [&'static str] {
    match action {
        "throttle" => &["delay_ms"],
        "redact" => &["fields"],
        "set" | "tag" => &["values"],
        "warn" => &["message"],
        "notify" => &["channel"],
        "custom" => &["handler"],
        _ => &[],
    }
}

/// Of these keys at least one must be there.
fn alternatives(action: &str) -> &'static [&'static str] {
    match action {
        "route" => &["model", "models", "provider"],
        "suggest_alternative" => &["model", "models", "message"],
        _ => &[],
    }
}

fn action() -> Json {
    let mut forms = Vec::new();
    let bare: Vec<&str> = keys::actions()
        .map(|(name, _)| name)
        .filter(|name| required(name).is_empty() && alternatives(name).is_empty())
        .collect();
    forms.push(one_of(&bare));
    for (name, own) in keys::actions() {
        let what = |key: &str| parameter(name, key);
        let short = match name {
            "set" | "tag" => what("values"),
            _ => constrained(name, object(own, required(name), what)),
        };
        let mut properties = Map::new();
        properties.insert(name.to_owned(), short);
        forms.push(
            json!({"type": "object", "properties": properties, "required": [name], "additionalProperties": false}),
        );
        let long: Vec<&str> = ["type"].into_iter().chain(own.iter().copied()).collect();
        let must: Vec<&str> = ["type"].into_iter().chain(required(name).iter().copied()).collect();
        let long = object(&long, &must, |key| if key == "type" { json!({"const": name}) } else { what(key) });
        forms.push(constrained(name, long));
    }
    json!({"anyOf": forms})
}

/// With what the keys of an action demand of each other.
fn constrained(action: &str, schema: Json) -> Json {
    match alternatives(action) {
        [] => schema,
        keys => {
            let any: Vec<Json> = keys.iter().map(|key| json!({"required": [key]})).collect();
            with(schema, json!({"anyOf": any, "not": {"required": ["model", "models"]}}))
        }
    }
}

fn parameter(action: &str, key: &str) -> Json {
    match (action, key) {
        (_, "reason") => doc(reference("template"), "Why, for operators."),
        (_, "code") => doc(reference("name"), "A stable name that end users may see."),
        (_, "public_message") => doc(reference("template"), "What end users may read."),
        (_, "delay_ms") => int(0, 86_400_000),
        (_, "max_retries") => int(0, 1000),
        (_, "approvers") => some(json!({"type": "string", "pattern": "^(user|role|group):.+"})),
        (_, "ttl") => json!({"type": "string", "pattern": "^([0-9]+(w|d|h|ms|m|s))+$", "examples": ["30m", "1h30m"]}),
        (_, "fields") => some(some_text()),
        (_, "detect") => some(some_text()),
        (_, "style") => one_of(&["label", "mask", "partial", "hash", "remove", "reversible"]),
        (_, "model") => reference("some_template"),
        (_, "models") => some(reference("some_template")),
        ("warn", "message") => reference("template"),
        (_, "provider" | "message") => reference("template"),
        (_, "severity") => one_of(&["info", "low", "medium", "high", "critical"]),
        (_, "alert" | "mandatory") => boolean(),
        (_, "level") => one_of(&["debug", "info", "warning", "error"]),
        (_, "channel") => some_text(),
        (_, "handler") => reference("name"),
        (_, "metadata") => json!({"type": "object"}),
        (_, "values") => json!({"type": "object", "minProperties": 1, "additionalProperties": reference("cel")}),
        _ => json!(true),
    }
}
