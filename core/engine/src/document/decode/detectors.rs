//! `config.detectors`.

use std::sync::Arc;

use llm_policy_cel::diagnostic::{Diagnostic, did_you_mean};
use llm_policy_detect::{BuildError, Family, Profile, Scanner};

use super::{Reader, describe};
use crate::document::detectors::{Detectors, Opaque};
use crate::document::model::{Spanned, Text};
use crate::document::tree::{Key, Kind, Node, Style};

pub(super) const DETECTORS: &[&str] = &["profile", "regions", "thresholds", "patterns", "allow", "max_bytes", "opaque"];

impl Reader<'_> {
    pub(super) fn detectors(&mut self, node: &Node<'_>) -> Option<Detectors> {
        let fields = self.fields(node, "`detectors`", DETECTORS)?;
        let profiles = Profile::ALL.map(|profile| (profile.name(), profile));
        let profile = fields.get("profile").and_then(|node| self.choice("profile", node, &profiles));
        let regions = fields.get("regions").map(|node| self.regions(node));
        let patterns = fields.get("patterns").map(|node| self.patterns(node)).unwrap_or_default();
        let thresholds = fields.get("thresholds").map(|node| self.thresholds(node, &patterns)).unwrap_or_default();
        let allow = fields.get("allow").map(|node| self.texts("allow", node)).unwrap_or_default();
        let max_bytes = fields.get("max_bytes").and_then(|node| self.int("max_bytes", node, 1..=1_u32 << 26));
        let opaque = fields.get("opaque").and_then(|node| self.choice("opaque", node, &Opaque::NAMES));
        Some(Detectors {
            profile: profile.unwrap_or_default(),
            regions,
            thresholds,
            patterns,
            allow,
            max_bytes,
            opaque: opaque.unwrap_or_default(),
        })
    }

    fn regions(&mut self, node: &Node<'_>) -> Vec<Text> {
        let mut regions = self.texts("regions", node);
        regions.retain(|region| {
            let known = llm_policy_detect::regions().any(|known| *known == *region.value);
            if !known {
                let message = format!("there is no region `{}`", region.value);
                let upper = region.value.to_uppercase();
                let help = match llm_policy_detect::regions().find(|known| *known == upper) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "regions are written as ISO 3166 does: `DE`, `US`".to_owned(),
                };
                self.push(Diagnostic::error("unknown-region", message, region.span).with_help(help));
            }
            known
        });
        regions
    }

    fn patterns(&mut self, node: &Node<'_>) -> Vec<(Text, Text)> {
        let mut patterns = Vec::new();
        for (key, value) in self.entries("patterns", node) {
            let Some(pattern) = self.some_text("patterns", value) else { continue };
            let built = Scanner::builder().families([]).pattern(&*key.text, &*pattern.value).build();
            match built {
                Ok(_) if !is_taken(&key.text) => patterns.push((name(key), pattern)),
                Ok(_) => {
                    let message = format!("detectors know `{}` already", key.text);
                    self.push(Diagnostic::error("repeated-name", message, key.span).with_help("give it another name"));
                }
                Err(BuildError::Pattern { message, .. }) => {
                    // Of a parser's picture of the pattern its last line says what is wrong.
                    let message = message.lines().last().unwrap_or_default().trim_start_matches("error: ");
                    let message = format!("the pattern `{}` cannot be used: {message}", key.text);
                    self.error("invalid-pattern", message, pattern.span);
                }
                Err(error) => self.error("invalid-pattern", error.to_string(), pattern.span),
            }
        }
        patterns
    }

    fn thresholds(&mut self, node: &Node<'_>, patterns: &[(Text, Text)]) -> Vec<(Text, u8)> {
        let mut thresholds = Vec::new();
        for (key, value) in self.entries("thresholds", node) {
            let own = patterns.iter().any(|(name, _)| *name.value == *key.text);
            if !own && !is_taken(&key.text) {
                let message = format!("no detector has the family or kind `{}`", key.text);
                let diagnostic = Diagnostic::error("unknown-kind", message, key.span);
                self.push(match did_you_mean(&key.text, names()) {
                    Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                    None => diagnostic.with_help("the families and kinds are in docs/detection.md"),
                });
                continue;
            }
            if let Some(score) = self.score(value) {
                thresholds.push((name(key), score));
            }
        }
        thresholds
    }

    /// A score from 0 to 1, in hundredths.
    fn score(&mut self, node: &Node<'_>) -> Option<u8> {
        let read = match &node.kind {
            Kind::Scalar(text, Style::Plain) => text.parse::<f64>().ok(),
            _ => None,
        };
        let Some(score) = read else {
            self.wrong_type("thresholds", "a score from 0 to 1", node);
            return None;
        };
        // Hundredths are what detectors count in.
        let found = (0..=100_u8).find(|hundredths| (f64::from(*hundredths) - score * 100.0).abs() < 1e-6);
        if found.is_none() {
            let message = format!("a score is from 0 to 1 with up to two decimal places, not {}", describe(node));
            self.error("out-of-range", message, node.span);
        }
        found
    }
}

fn name(key: &Key<'_>) -> Text {
    Spanned::new(Arc::from(&*key.text), key.span)
}

/// The names of all families, and of all kinds that detectors find.
fn names() -> impl Iterator<Item = &'static str> {
    let families = Family::ALL.into_iter().map(Family::name);
    let kinds = Family::ALL.into_iter().flat_map(|family| llm_policy_detect::kinds(family).iter());
    families.chain(kinds.map(llm_policy_detect::Kind::name))
}

fn is_taken(name: &str) -> bool {
    names().any(|known| known == name)
}
