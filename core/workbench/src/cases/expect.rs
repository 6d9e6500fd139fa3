//! What a case expects of a decision, and how it is read.

use llm_policy_engine::Effect;
use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::diagnostic::Diagnostic;
use llm_policy_engine::document::decode::{Reader, describe};
use llm_policy_engine::document::model::Spanned;
use llm_policy_engine::document::tree::{Kind, Node};
use serde_json::{Value as Json, json};

use super::pattern::Pattern;
use super::{Reference, ReferenceKind};

/// A part of the decision, and what it must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The part.
    pub key: Key,
    /// What it must be.
    pub pattern: Pattern,
    /// Where that stands in the file of cases.
    pub span: Span,
}

macro_rules! keys {
    ($($name:ident $text:literal $doc:literal,)*) => {
        /// A part of a decision that a case can speak about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Key { $(#[doc = $doc] $name,)* }

        impl Key {
            /// All parts, in the order in which they are compared.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
            const NAMES: &[&str] = &[$($text,)*];

            /// The name in files of cases and in decisions.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

keys! {
    Effect "effect" "`allow`, `deny`, `throttle` or `require_approval`.",
    Rule "rule" "The rule that decided.",
    Limit "limit" "The limit that decided.",
    Breaker "breaker" "The circuit breaker that decided.",
    Policy "policy" "The document that decided.",
    Code "code" "The stable name of the reason.",
    Reason "reason" "Why, for operators.",
    PublicMessage "public_message" "What end users may read.",
    Errors "errors" "What failed. A case that does not speak about errors expects none.",
    Matched "matched" "The rules that had a say.",
    Exceptions "exceptions" "The exceptions that suspended a rule.",
    Obligations "obligations" "What the host is asked to do.",
    Redactions "redactions" "What the host is asked to take out.",
    Warnings "warnings" "What passes with a warning.",
    Suppressed "suppressed" "Actions that another one overrides.",
    Route "route" "Where the request goes instead.",
    RetryAfterMs "retry_after_ms" "How long to wait.",
    Limits "limits" "How the limits stand that apply.",
    Shadow "shadow" "What would be decided with all rules in shadow in force.",
}

/// What a case can say of a limit that applies.
const LIMIT: &[&str] = &[
    "policy",
    "limit",
    "kind",
    "key",
    "amount",
    "used",
    "reserved",
    "remaining",
    "cost",
    "fits",
    "reached",
    "shadow",
    "resets_at",
];

impl Key {
    /// Where a bare text in a list of this part belongs, and the keys of a mapping there.
    pub(crate) const fn item(self) -> Option<(&'static str, &'static [&'static str])> {
        Some(match self {
            Self::Matched => ("rule", &["policy", "rule", "actions", "failed", "variant", "exception"]),
            Self::Exceptions => ("exception", &["policy", "rule", "exception"]),
            Self::Obligations => ("action", &["policy", "rule", "limit", "breaker", "action", "params"]),
            Self::Limits => ("limit", LIMIT),
            Self::Redactions => ("rule", &["policy", "rule", "action", "params"]),
            Self::Warnings => ("message", &["policy", "rule", "limit", "message"]),
            Self::Errors => ("path", &["policy", "rule", "limit", "breaker", "exception", "clause", "path", "cause"]),
            Self::Suppressed => ("action", &["policy", "rule", "action", "target", "by"]),
            _ => return None,
        })
    }

    /// The part of `decision`, which is a decision as JSON.
    #[must_use]
    pub fn of(self, decision: &Json) -> Option<Json> {
        let part = |name: &str| decision.get(name).cloned();
        match self {
            Self::Exceptions => {
                let matched = decision.get("matched")?.as_array()?;
                Some(Json::Array(matched.iter().filter(|m| m.get("exception").is_some()).cloned().collect()))
            }
            // The second rule of a full name is looked for in the whole decision.
            Self::Rule => part("rule").map(|rule| json!({"rule": rule, "policy": part("policy")})),
            key => part(key.name()),
        }
    }
}

impl Expectation {
    /// Whether `decision`, as JSON, is as expected.
    #[must_use]
    pub fn fits(&self, decision: &Json) -> bool {
        self.pattern.fits(self.key.of(decision).as_ref())
    }
}

/// Reads `expect`: an effect, or a mapping of parts.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, references: &mut Vec<Reference>) -> Vec<Expectation> {
    if let Kind::Scalar(..) = &node.kind {
        let effect = effect(reader, node);
        return effect.map(|pattern| Expectation { key: Key::Effect, pattern, span: node.span }).into_iter().collect();
    }
    let Kind::Map(entries) = &node.kind else {
        reader.wrong_type("expect", "an effect or a mapping", node);
        return Vec::new();
    };
    let mut out = Vec::new();
    for (key, value) in entries {
        let Some(part) = Key::ALL.iter().find(|part| part.name() == key.text) else {
            // Reports the unknown key.
            reader.fields(node, "`expect`", Key::NAMES);
            return Vec::new();
        };
        let mut names = Names { references, part: *part };
        if let Some(pattern) = names.part(reader, value) {
            out.push(Expectation { key: *part, pattern, span: value.span });
        }
    }
    out.sort_by_key(|expectation| expectation.key);
    out
}

fn effect(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Pattern> {
    let effects = [Effect::Allow, Effect::Deny, Effect::Throttle, Effect::RequireApproval].map(|e| (e.name(), e));
    reader.choice("effect", node, &effects).map(|effect| Pattern::Is(json!(effect.name())))
}

/// Reads one part, and notes the names that it uses.
struct Names<'r> {
    references: &'r mut Vec<Reference>,
    part: Key,
}

impl Names<'_> {
    fn part(&mut self, reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Pattern> {
        if self.part == Key::Effect {
            return effect(reader, node);
        }
        if node.is_null() {
            return Some(match self.part.item() {
                Some(_) => Pattern::Exactly(Vec::new()),
                None => Pattern::Absent,
            });
        }
        if let Some((text, keys)) = self.part.item() {
            return self.list(reader, node, text, keys);
        }
        match self.part {
            Key::RetryAfterMs => reader.int("retry_after_ms", node, 0..=u64::MAX).map(|n| Pattern::Is(json!(n))),
            Key::Rule | Key::Policy | Key::Limit | Key::Breaker => {
                let name = self.part.name();
                let named = self.value(reader, name, node)?;
                Some(if self.part == Key::Rule { Pattern::Has(vec![("rule".to_owned(), named)]) } else { named })
            }
            Key::Route => match &node.kind {
                Kind::Map(_) => self.object(reader, node, "`route`", &["model", "provider"]),
                _ => Some(Pattern::Has(vec![("model".to_owned(), text(reader, "route", node)?)])),
            },
            Key::Shadow => match &node.kind {
                Kind::Map(_) => self.object(
                    reader,
                    node,
                    "`shadow`",
                    &["effect", "rule", "limit", "breaker", "policy", "code", "reason"],
                ),
                _ => Some(Pattern::Has(vec![("effect".to_owned(), effect(reader, node)?)])),
            },
            _ => text(reader, self.part.name(), node),
        }
    }

    /// A list of what is there exactly, or `{include, exclude}`, or `any`.
    fn list(
        &mut self,
        reader: &mut Reader<'_>,
        node: &Node<'_>,
        text: &'static str,
        keys: &'static [&'static str],
    ) -> Option<Pattern> {
        let name = self.part.name();
        match &node.kind {
            Kind::Scalar(word, _) if word == "any" => Some(Pattern::Any),
            Kind::Scalar(word, _) if word == "none" => Some(Pattern::Exactly(Vec::new())),
            Kind::Scalar(..) => {
                let message = format!("`{name}` is a list, not {}", describe(node));
                let help = format!("write `{name}: [...]` for all of them, `{{include: [...]}}` for some, or `any`");
                reader.push(Diagnostic::error("wrong-type", message, node.span).with_help(help));
                None
            }
            Kind::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.item(reader, item, text, keys)).collect();
                Some(Pattern::Exactly(items.into_iter().collect::<Option<_>>()?))
            }
            Kind::Map(_) => {
                let fields = reader.fields(node, "a list with choices", &["include", "exclude"])?;
                let mut some = |key: &str| -> Option<Vec<Pattern>> {
                    let Some(items) = fields.get(key) else { return Some(Vec::new()) };
                    let items: Vec<_> =
                        reader.some_items(key, items)?.iter().map(|item| self.item(reader, item, text, keys)).collect();
                    items.into_iter().collect()
                };
                let (include, exclude) = (some("include"), some("exclude"));
                Some(Pattern::Some { include: include?, exclude: exclude? })
            }
        }
    }

    fn item(
        &mut self,
        reader: &mut Reader<'_>,
        node: &Node<'_>,
        text: &'static str,
        keys: &'static [&'static str],
    ) -> Option<Pattern> {
        match &node.kind {
            Kind::Map(entries) if !entries.iter().any(|(key, _)| key.text == "contains") => {
                self.object(reader, node, "an item", keys)
            }
            _ => Some(Pattern::Has(vec![(text.to_owned(), self.value(reader, text, node)?)])),
        }
    }

    fn object(
        &mut self,
        reader: &mut Reader<'_>,
        node: &Node<'_>,
        what: &'static str,
        keys: &'static [&'static str],
    ) -> Option<Pattern> {
        reader.fields(node, what, keys)?;
        let Kind::Map(entries) = &node.kind else { return None };
        let parts: Vec<Option<(String, Pattern)>> = entries
            .iter()
            .map(|(key, value)| {
                let pattern = match &*key.text {
                    "params" | "by" => free(reader, &key.text, value),
                    "failed" => Some(Pattern::Is(json!(reader.bool("failed", Some(value), true)))),
                    "actions" => Some(Pattern::Is(reader.json("actions", value)?)),
                    name if self.part == Key::Limits && !matches!(name, "policy" | "limit" | "kind" | "resets_at") => {
                        Some(Pattern::Is(reader.json(name, value)?))
                    }
                    name => self.value(reader, name, value),
                };
                Some((key.text.to_string(), pattern?))
            })
            .collect();
        Some(Pattern::Has(parts.into_iter().collect::<Option<_>>()?))
    }

    /// A text; names of rules, exceptions and policies are noted.
    fn value(&mut self, reader: &mut Reader<'_>, name: &str, node: &Node<'_>) -> Option<Pattern> {
        let kind = match name {
            "rule" => ReferenceKind::Rule,
            "exception" => ReferenceKind::Exception,
            "policy" => ReferenceKind::Policy,
            "limit" => ReferenceKind::Limit,
            "breaker" => ReferenceKind::Breaker,
            _ => return text(reader, name, node),
        };
        let found = reader.some_text(name, node)?;
        self.references.push(Reference { kind, name: Spanned::new(found.value.clone(), found.span) });
        Some(Pattern::Named(found.value.to_string()))
    }
}

/// A text, `{contains: text}`, or null.
fn text(reader: &mut Reader<'_>, name: &str, node: &Node<'_>) -> Option<Pattern> {
    if node.is_null() {
        return Some(Pattern::Absent);
    }
    if let Kind::Map(_) = &node.kind {
        let fields = reader.fields(node, "a text", &["contains"])?;
        let part = reader.required(&fields, "contains")?;
        return reader.some_text("contains", part).map(|part| Pattern::Contains(part.value.to_string()));
    }
    reader.text(name, node).map(|text| Pattern::Is(json!(&*text)))
}

/// Free data: of a mapping the keys that are named are compared.
fn free(reader: &mut Reader<'_>, name: &str, node: &Node<'_>) -> Option<Pattern> {
    let Kind::Map(entries) = &node.kind else { return reader.json(name, node).map(Pattern::Is) };
    let parts: Vec<Option<(String, Pattern)>> =
        entries.iter().map(|(key, value)| Some((key.text.to_string(), free(reader, &key.text, value)?))).collect();
    Some(Pattern::Has(parts.into_iter().collect::<Option<_>>()?))
}
