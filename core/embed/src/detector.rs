//! Detectors by themselves, without policies: what is found in a text, and the text without it.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use llm_policy_engine::context::Stage;
use llm_policy_engine::decision::canonical;
use llm_policy_engine::detect::redact::{Redactor, Rule, Style, TreeRedaction};
use llm_policy_engine::detect::{BuildError, Family, Findings, Profile, Scanner, Scratch, Sign, regions};
use llm_policy_engine::input::Json;
use llm_policy_provider::{Body, Format};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorCode};
use crate::guard::guarded;
use crate::random;

/// What a text is that something is taken out of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Text.
    #[default]
    Text,
    /// JSON: its texts, numbers and names of fields.
    Json,
    /// A provider's body.
    Body(Format, Stage),
}

impl FromStr for Form {
    type Err = Error;

    /// `text` or nothing, `json`, or the name of a provider's format, whose body is a request unless a stage stands behind it:
    /// `anthropic/response`.
    fn from_str(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "" | "text" => Self::Text,
            "json" => Self::Json,
            _ => {
                let (format, stage) = name.split_once('/').unwrap_or((name, "request"));
                Self::Body(format.parse()?, stage.parse()?)
            }
        })
    }
}

/// Finds and takes out. One may be used by many threads. No call panics.
///
/// ```
/// use llm_policy_embed::{Detector, Form};
///
/// let detector = Detector::new(br#"{"families": ["pii"], "regions": ["DE"], "allow": ["info@example.org"]}"#)?;
/// let found: serde_json::Value = detector.scan("Gr\u{fc}\u{df}e an ada@example.org")?.parse().unwrap();
/// assert_eq!(found["findings"][0]["kind"], "email");
/// assert_eq!(found["findings"][0]["bytes"], serde_json::json!([11, 26]));
/// assert_eq!(found["findings"][0]["chars"], serde_json::json!([9, 24]));
/// assert_eq!(detector.redact(Form::Text, "label", "an ada@example.org")?, "an [EMAIL]");
/// # Ok::<(), llm_policy_embed::Error>(())
/// ```
pub struct Detector {
    scanner: Scanner,
    key: [u8; 32],
}

impl fmt::Debug for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detector").finish_non_exhaustive()
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Runs `work` with the thread's scratch memory.
fn with_scratch<T>(work: impl FnOnce(&mut Scratch) -> T) -> T {
    SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => work(&mut scratch),
        Err(_) => work(&mut Scratch::default()),
    })
}

impl Detector {
    /// Detectors as `options` says, which is JSON, an object, of which each part may be left out:
    ///
    /// * `profile`: what the texts are: `chat` (default), `code`, `argument` or `sql`.
    /// * `families`: the families of detectors, by name; all.
    /// * `kinds`: kinds that are looked for besides. Without `families`, only these.
    /// * `regions`: those whose forms of numbers count, `["DE", "AT"]`; all.
    /// * `thresholds`: the lowest score that counts, from 0 to 1, by the name of a family or a kind.
    /// * `patterns`: your own, by name: RE2.
    /// * `allow`: values that are no findings.
    /// * `max_bytes`: bytes of a text that are read; 1 MiB.
    /// * `key`: the secret that hashes of values are keyed with; random, so that hashes of one detector are only alike among
    ///   themselves.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] when there is something else in it, which it names.
    pub fn new(options: &[u8]) -> Result<Self, Error> {
        guarded(|| {
            let options = if options.is_empty() { json!({}) } else { Json::new(options).to_value()? };
            let key = match options.get("key") {
                Some(Value::String(key)) => Sha256::digest(key).into(),
                _ => random::secret()?,
            };
            Ok(Self { scanner: scanner(&options)?, key })
        })
    }

    /// What is found in a text, as canonical JSON: `{"findings": [{"family", "kind", "score", "bytes", "utf16", "chars", "view", "signs"}], "complete",
    /// "scanned", "beyond"}`. Scores are from 0 to 100; a place is `[start, end]`, in bytes of UTF-8, in UTF-16 units and in code
    /// points. `beyond` bytes at the end were not read; then `complete` is false, and nobody knows what is in them. No part of the
    /// text is in it.
    ///
    /// # Errors
    /// None but for a bug of ours.
    pub fn scan(&self, text: &str) -> Result<String, Error> {
        guarded(|| {
            let findings = with_scratch(|scratch| self.scanner.scan(text, scratch));
            Ok(canonical::to_string(&report(&self.scanner, &findings)))
        })
    }

    /// The text without what is found in it, in a style of [`Style::ALL`] but `reversible`, which is an exchange's. Numbers of
    /// placeholders (`[EMAIL_1]`) begin anew in each call.
    ///
    /// # Errors
    /// When there is no such style, or the text is not what `form` says.
    pub fn redact(&self, form: Form, style: &str, text: &str) -> Result<String, Error> {
        guarded(|| {
            let style = Style::from_name(style).filter(|style| *style != Style::Reversible).ok_or_else(|| {
                let names: Vec<_> =
                    Style::ALL.map(Style::name).into_iter().filter(|name| *name != "reversible").collect();
                Error::new(ErrorCode::InvalidArgument, format!("there is no style `{}`", style.escape_debug()))
                    .with_help(format!("it is one of {}; an exchange redacts reversibly", names.join(", ")))
            })?;
            let mut redactor = Redactor::new(self.key);
            let rules = [Rule { style, ..Rule::default() }];
            with_scratch(|scratch| match form {
                Form::Text => {
                    let findings = self.scanner.scan(text, scratch);
                    Ok(redactor.redact(text, &findings, &self.scanner, |_| style).text)
                }
                Form::Json => {
                    let redacted = TreeRedaction::new(&rules, &self.scanner, &mut redactor, scratch).json(text);
                    let redacted = redacted.map_err(|error| Error::new(ErrorCode::InvalidInput, error.to_string()))?;
                    Ok(redacted.unwrap_or_else(|| text.to_owned()))
                }
                Form::Body(format, stage) => {
                    let body = Body::new(format, stage, text.as_bytes())?;
                    let bytes = body.redact(&rules, &self.scanner, &mut redactor, scratch)?.bytes;
                    String::from_utf8(bytes).map_err(|error| Error::new(ErrorCode::InternalError, error.to_string()))
                }
            })
        })
    }
}

fn report(scanner: &Scanner, findings: &Findings) -> Value {
    let found = findings.iter().map(|found| {
        let kind = scanner.kind(found.kind);
        json!({
            "family": kind.family().name(),
            "kind": kind.name(),
            "bytes": [found.bytes.start, found.bytes.end],
            "utf16": [found.utf16.start, found.utf16.end],
            "chars": [found.chars.start, found.chars.end],
            "score": found.score,
            "view": found.evidence.view.name(),
            "signs": found.evidence.signs.iter().map(Sign::name).collect::<Vec<_>>(),
        })
    });
    let found: Vec<Value> = found.collect();
    let (complete, scanned, beyond) = (findings.is_complete(), findings.scanned(), findings.beyond());
    json!({"findings": found, "complete": complete, "scanned": scanned, "beyond": beyond})
}

fn wrong(message: String) -> Error {
    Error::new(ErrorCode::InvalidArgument, message)
}

/// The scanner that options ask for.
fn scanner(options: &Value) -> Result<Scanner, Error> {
    let object = options.as_object().ok_or_else(|| wrong("the options of a detector are an object".to_owned()))?;
    let mut builder = Scanner::builder();
    if object.contains_key("kinds") {
        builder = builder.families([]);
    }
    for (name, value) in object {
        builder = match name.as_str() {
            _ if value.is_null() => builder,
            "profile" => {
                let profile = value.as_str().and_then(Profile::from_name);
                builder.profile(
                    profile.ok_or_else(|| {
                        wrong(format!("`profile` is one of {}", names(&Profile::ALL.map(Profile::name))))
                    })?,
                )
            }
            "families" => {
                let families = texts(name, value)?.into_iter().map(|family| {
                    let unknown = || wrong(format!("there is no family `{}`", family.escape_debug()));
                    Family::from_name(family).ok_or_else(|| unknown().with_help(names(&Family::ALL.map(Family::name))))
                });
                builder.families(families.collect::<Result<Vec<_>, _>>()?)
            }
            "kinds" => texts(name, value)?.into_iter().fold(builder, |builder, kind| builder.kind(kind, true)),
            "regions" => {
                let named = texts(name, value)?;
                if let Some(unknown) = named.iter().find(|named| !regions().any(|region| *region == ***named)) {
                    let help = "regions are written as ISO 3166 does: `DE`, `US`";
                    return Err(wrong(format!("there is no region `{}`", unknown.escape_debug())).with_help(help));
                }
                builder.regions(named)
            }
            "thresholds" => {
                let all = value.as_object().ok_or_else(|| wrong("`thresholds` is an object of scores".to_owned()))?;
                let mut builder = builder;
                for (name, score) in all {
                    let hundredths =
                        score.as_f64().filter(|score| (0.0..=1.0).contains(score)).map(|score| score * 100.0);
                    let hundredths =
                        (0..=100_u8).find(|whole| hundredths.is_some_and(|h| (f64::from(*whole) - h).abs() <= 0.5));
                    let score =
                        hundredths.ok_or_else(|| wrong(format!("the threshold of `{name}` is a score from 0 to 1")))?;
                    builder = match Family::from_name(name) {
                        Some(family) => builder.family_threshold(family, score),
                        None => builder.threshold(name, score),
                    };
                }
                builder
            }
            "patterns" => {
                let all = value
                    .as_object()
                    .ok_or_else(|| wrong("`patterns` is an object of regular expressions".to_owned()))?;
                let mut builder = builder;
                for (name, pattern) in all {
                    let pattern = pattern.as_str().ok_or_else(|| wrong(format!("the pattern `{name}` is no text")))?;
                    builder = builder.pattern(name, pattern);
                }
                builder
            }
            "allow" => builder.allow(texts(name, value)?),
            "max_bytes" => {
                let bytes = value.as_u64().filter(|bytes| (1..=1 << 26).contains(bytes));
                let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
                builder.budget(bytes.ok_or_else(|| wrong("`max_bytes` is a number from 1 to 67108864".to_owned()))?)
            }
            "key" if value.is_string() => builder,
            "key" => return Err(wrong("`key` is a text".to_owned())),
            unknown => {
                let known =
                    ["profile", "families", "kinds", "regions", "thresholds", "patterns", "allow", "max_bytes", "key"];
                return Err(
                    wrong(format!("a detector has no option `{}`", unknown.escape_debug())).with_help(names(&known))
                );
            }
        };
    }
    builder.build().map_err(|error| match &error {
        BuildError::UnknownKind { .. } => wrong(error.to_string()).with_help("docs/detection.md lists the kinds"),
        _ => wrong(error.to_string()),
    })
}

fn names(all: &[&str]) -> String {
    format!("there are {}", all.join(", "))
}

fn texts<'v>(name: &str, value: &'v Value) -> Result<Vec<&'v str>, Error> {
    let texts = value.as_array().and_then(|all| all.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    texts.ok_or_else(|| wrong(format!("`{name}` is a list of texts")))
}
