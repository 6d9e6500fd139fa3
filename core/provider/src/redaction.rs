//! Redaction of a provider's body: in place, so that it stays a valid body of its format.

use std::collections::HashMap;

use bumpalo::Bump;
use llm_policy_detect::redact::{Fields, Item, Redactor, Replaced, Rule, Step, TreeRedaction, edit, steps};
use llm_policy_detect::{Scanner, Scratch};
use llm_policy_engine::input::InputError;
use llm_policy_engine::input::json::value_of;
use serde_json::Value;

use crate::body::Body;
use crate::mapping::{Fate, map_traced};

/// A body without what was taken out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedactedBody {
    /// The body; what was not replaced stands as it stood, byte for byte.
    pub bytes: Vec<u8>,
    /// What was replaced, by places of the body.
    pub replaced: Vec<Replaced>,
}

/// What an item of the body is in the context.
#[derive(Debug)]
struct Known {
    /// Its fields: first the one that holds it, then those that the engine makes from that.
    fields: Vec<Vec<Step>>,
    /// It stands somewhere in its field, and not right there.
    is_within: bool,
    /// Whether it is content, and not what the format itself reads.
    is_content: bool,
    /// It is an object as JSON text.
    is_json: bool,
}

impl Known {
    fn new(field: &str, within: Option<&[Step]>, declared: bool, roles: &[String]) -> Self {
        let arguments = field.ends_with(".arguments");
        let mut fields = vec![[steps(field), within.unwrap_or_default().to_vec()].concat(), steps("request.text")];
        let message = field.strip_prefix("request.messages[").and_then(|rest| rest.split(']').next());
        let role = message.and_then(|index| index.parse().ok()).and_then(|index: usize| roles.get(index));
        fields.extend(role.into_iter().flat_map(|role| joins(role)).map(|field| steps(field)));
        Self { fields, is_within: within.is_none(), is_content: !declared || arguments, is_json: arguments }
    }

    /// Whether fields mean this, or what stands below it.
    fn is_meant(&self, fields: &Fields, below: &[Step]) -> bool {
        if fields.is_all() {
            return self.is_content;
        }
        let within = self.is_within.then(|| self.fields.first()).flatten();
        self.fields.iter().any(|field| fields.covers(&[field, below].concat()))
            || within.is_some_and(|field| fields.touches(field))
    }
}

/// The fields into which the engine joins messages of a role.
fn joins(role: &str) -> &'static [&'static str] {
    match role {
        "system" | "developer" => &["request.system_prompt"],
        "user" => &["request.prompt", "request.user_text"],
        "tool" => &["request.prompt", "request.tool_text"],
        _ => &[],
    }
}

impl Body<'_> {
    /// Redacts the body by rules whose fields are those of the context (`request.messages[].text`, `tool.arguments.to`). A rule
    /// without fields is about all content: texts, arguments and free data, but not what the format itself reads (`model`,
    /// identifiers, `metadata`), which has to be named.
    ///
    /// The result re-reads to the same structure: texts stay texts, numbers numbers, JSON in texts JSON; names of fields are only
    /// changed where the format has none of its own.
    ///
    /// ```
    /// use llm_policy_detect::redact::{Redactor, Rule};
    /// use llm_policy_detect::{Scanner, Scratch};
    /// use llm_policy_engine::context::Stage;
    /// use llm_policy_provider::{Body, Format};
    ///
    /// let body = br#"{"model": "m", "messages": [{"role": "user", "content": "I am ada@example.org"}]}"#;
    /// let body = Body::new(Format::OpenaiChat, Stage::Request, body)?;
    /// let (scanner, mut redactor) = (Scanner::builder().build().unwrap(), Redactor::new([7; 32]));
    /// let redacted = body.redact(&[Rule::default()], &scanner, &mut redactor, &mut Scratch::default())?;
    /// let expected = br#"{"model": "m", "messages": [{"role": "user", "content": "I am [EMAIL_1]"}]}"#;
    /// assert_eq!(redacted.bytes, expected);
    /// # Ok::<(), llm_policy_engine::input::InputError>(())
    /// ```
    ///
    /// # Errors
    /// When the body is refused.
    pub fn redact(
        &self,
        rules: &[Rule],
        scanner: &Scanner,
        redactor: &mut Redactor,
        scratch: &mut Scratch,
    ) -> Result<RedactedBody, InputError> {
        let known = self.known()?;
        let refuse = |message: String| InputError { message, offset: None };
        let text = std::str::from_utf8(self.bytes).map_err(|error| refuse(error.to_string()))?;
        // A byte order mark stays where it is.
        let json = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let mark = text.get(..text.len() - json.len()).unwrap_or_default();
        let mut redaction = TreeRedaction::new(rules, scanner, redactor, scratch);
        let redacted = edit(json, &mut |path, item| {
            let item_is_key = matches!(item, Item::Key(_));
            let known = known.get(&(path.to_vec(), item_is_key))?;
            redaction.item_if(path, item, known.is_json, &|rule, below| known.is_meant(&rule.fields, below))
        })
        .map_err(|error| refuse(error.to_string()))?;
        let bytes = redacted.map_or_else(|| self.bytes.to_vec(), |redacted| [mark, &redacted].concat().into_bytes());
        Ok(RedactedBody { bytes, replaced: redaction.replaced().to_vec() })
    }

    /// All texts, numbers and free names of fields, by their place in the body and whether they are names.
    fn known(&self) -> Result<HashMap<(Vec<Step>, bool), Known>, InputError> {
        let arena = Bump::new();
        let (value, trace) = map_traced(self.shape, self.bytes, &arena)?;
        let context = value_of(value);
        let messages = context.pointer("/request/messages").and_then(Value::as_array);
        let role = |message: &Value| message.get("role").and_then(Value::as_str).unwrap_or_default().to_owned();
        let roles: Vec<String> = messages.into_iter().flatten().map(role).collect();
        let leaves = trace.leaves.into_iter().zip(trace.bases).filter_map(|(leaf, base)| {
            let within = base.and_then(|base| leaf.body.get(base..));
            let known = match &leaf.fate {
                Fate::Kept { field } => Known::new(field, within, leaf.declared, &roles),
                Fate::Joined { field, .. } => Known { is_content: true, ..Known::new(field, Some(&[]), true, &roles) },
                Fate::Opaque { .. } | Fate::Media(_) | Fate::Known => return None,
            };
            Some(((leaf.body, false), known))
        });
        let others = trace.others.into_iter().map(|other| {
            let within = other.base.and_then(|base| other.body.get(base..));
            let known = Known::new(&other.field, within, other.declared, &roles);
            ((other.body, other.is_key), known)
        });
        Ok(leaves.chain(others).collect())
    }
}
