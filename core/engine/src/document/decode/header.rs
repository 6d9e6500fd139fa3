//! `metadata`, `config` and `fallback`.

use std::sync::Arc;

use llm_policy_cel::ast::Span;
use llm_policy_cel::diagnostic::Diagnostic;

use super::Reader;
use crate::document::detectors::Detectors;
use crate::document::model::{Combine, Config, DefaultAction, Fallback, Metadata, Mode, OnMissing, Spanned, Stream};
use crate::document::tree::Node;

pub(super) const METADATA: &[&str] =
    &["name", "namespace", "description", "owner", "tags", "revision", "created_at", "updated_at"];
pub(super) const CONFIG: &[&str] = &[
    "target",
    "stages",
    "default_action",
    "combine",
    "fail_open",
    "on_missing",
    "audit_all_decisions",
    "cache_ttl_seconds",
    "mode",
    "stream",
    "detectors",
];
pub(super) const FALLBACK: &[&str] = &["action", "reason"];
const DEFAULT_ACTION: &[(&str, DefaultAction)] = &[("allow", DefaultAction::Allow), ("deny", DefaultAction::Deny)];
pub(super) const STREAM: &[(&str, Stream)] = &[("buffer", Stream::Buffer), ("at_end", Stream::AtEnd)];
pub(super) const MODE: &[(&str, Mode)] =
    &[("enforce", Mode::Enforce), ("shadow", Mode::Shadow), ("disabled", Mode::Disabled)];

impl Reader<'_> {
    pub(super) fn metadata(&mut self, node: &Node<'_>) -> Option<Metadata> {
        let fields = self.fields(node, "`metadata`", METADATA)?;
        let name = self.required(&fields, "name").and_then(|node| self.name("name", node));
        let namespace = match fields.get("namespace") {
            Some(node) => self.name("namespace", node),
            None => Some(Spanned::new(Arc::from("default"), Span::new(fields.at.start, fields.at.start))),
        };
        let description = fields.get("description").and_then(|node| self.text("description", node));
        let owner = fields.get("owner").and_then(|node| self.text("owner", node));
        let tags = fields.get("tags").map(|node| self.texts("tags", node)).unwrap_or_default();
        // Beyond 2^53 a revision would not survive JSON.
        let revision = fields.get("revision").and_then(|node| self.int("revision", node, 0..=(1 << 53)));
        let created_at = fields.get("created_at").and_then(|node| self.timestamp("created_at", node));
        let updated_at = fields.get("updated_at").and_then(|node| self.timestamp("updated_at", node));
        Some(Metadata {
            name: name?,
            namespace: namespace?,
            description,
            owner,
            tags,
            revision,
            created_at,
            updated_at,
        })
    }

    pub(super) fn config(&mut self, node: Option<&Node<'_>>) -> Option<Config> {
        let mut config = Config {
            target: None,
            stages: None,
            default_action: None,
            combine: Combine::default(),
            fail_open: false,
            on_missing: OnMissing::default(),
            audit_all_decisions: true,
            cache_ttl_seconds: None,
            mode: Mode::default(),
            stream: Stream::default(),
            detectors: Detectors::default(),
        };
        let Some(node) = node else { return Some(config) };
        let fields = self.fields(node, "`config`", CONFIG)?;
        config.target = fields.get("target").and_then(|node| self.cel("target", node));
        config.stages = fields.get("stages").and_then(|node| self.stages(node));
        config.default_action =
            fields.get("default_action").and_then(|node| self.choice("default_action", node, DEFAULT_ACTION));
        if let Some(node) = fields.get("combine") {
            let choices = [("deny_overrides", Combine::DenyOverrides), ("first_match", Combine::FirstMatch)];
            config.combine = self.choice("combine", node, &choices).unwrap_or_default();
        }
        config.fail_open = self.bool("fail_open", fields.get("fail_open"), false);
        if let Some(node) = fields.get("on_missing") {
            let choices = [("error", OnMissing::Error), ("default", OnMissing::Default)];
            config.on_missing = self.choice("on_missing", node, &choices).unwrap_or_default();
        }
        config.audit_all_decisions = self.bool("audit_all_decisions", fields.get("audit_all_decisions"), true);
        config.cache_ttl_seconds =
            fields.get("cache_ttl_seconds").and_then(|node| self.int("cache_ttl_seconds", node, 0..=31_536_000));
        config.mode = self.mode(fields.get("mode"));
        if let Some(node) = fields.get("stream") {
            config.stream = self.choice("stream", node, STREAM).unwrap_or_default();
        }
        config.detectors = fields.get("detectors").and_then(|node| self.detectors(node)).unwrap_or_default();
        Some(config)
    }

    pub(super) fn mode(&mut self, node: Option<&Node<'_>>) -> Mode {
        node.and_then(|node| self.choice("mode", node, MODE)).unwrap_or_default()
    }

    pub(super) fn fallback(&mut self, node: &Node<'_>) -> Option<Fallback> {
        let fields = self.fields(node, "`fallback`", FALLBACK)?;
        let action = self.required(&fields, "action").and_then(|node| self.choice("action", node, DEFAULT_ACTION));
        let reason = fields.get("reason").and_then(|node| {
            let reason = self.some_text("reason", node)?;
            if reason.value.contains("{{") {
                self.push(
                    Diagnostic::error("template-here", "the reason of `fallback` holds `{{`", reason.span)
                        .with_help("it is used when nothing can be evaluated, so it must be text"),
                );
            }
            Some(reason.value)
        });
        Some(Fallback { action: action?, reason })
    }
}
