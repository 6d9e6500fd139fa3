//! Carrying out what a decision takes out of texts.

use std::sync::Arc;

use llm_policy_detect::redact::{Fields, NotJson, Redactor, Rule, TreeRedaction, What};
use llm_policy_detect::{Scanner, Scratch};
use serde_json::Value as Json;

use crate::compile::rules::{ActionEffect, Redaction};
use crate::decision::Decision;

/// What a decision takes out, as far as one scanner finds it.
#[derive(Clone, Debug)]
pub struct Redactions {
    /// What finds it.
    pub scanner: Arc<Scanner>,
    /// What of which fields, and what takes its place. Fields are those of the context, those that the engine makes among them.
    pub rules: Vec<Rule>,
}

impl Decision {
    /// What the decision's `redact` actions take out, by scanner: for whoever has the request in another form than the
    /// context's, such as a provider's body.
    #[must_use]
    pub fn redactions(&self) -> Vec<Redactions> {
        self.redacting(|path, _| vec![path.to_owned()])
    }

    /// Takes out of a context what the decision's `redact` actions say. Types stay as they are. True when something was taken
    /// out.
    ///
    /// ```
    /// use llm_policy_engine::context::Stage;
    /// use llm_policy_engine::detect::redact::Redactor;
    /// use llm_policy_engine::handles::Handles;
    /// use llm_policy_engine::{Engine, Options, document};
    /// use serde_json::json;
    ///
    /// let policy = r#"
    /// version: "1.0"
    /// metadata: {name: privacy}
    /// config: {default_action: allow}
    /// rules:
    ///   - id: no-addresses
    ///     when: contains_pii(request.text, ['email'])
    ///     actions: [{redact: {fields: [request.text], detect: [email]}}]
    /// "#;
    /// let document = document::read(policy, "privacy.yaml", &mut document::no_files).unwrap();
    /// let engine = Engine::new(vec![document], Options::default()).unwrap().0.handles(Handles::ALL);
    /// let mut context = json!({"request": {"messages": [{"role": "user", "text": "write to ada@example.org"}]}});
    /// let decision = engine.evaluate(Stage::Request, &context, jiff::Timestamp::now())?;
    /// assert_eq!(decision.redact(&mut context, &mut Redactor::new([7; 32])), Ok(true));
    /// assert_eq!(context["request"]["messages"][0]["text"], "write to [EMAIL]");
    /// # Ok::<(), llm_policy_engine::input::InputError>(())
    /// ```
    ///
    /// # Errors
    /// When the context is nested deeper than 127 levels.
    pub fn redact(&self, context: &mut Json, redactor: &mut Redactor) -> Result<bool, NotJson> {
        let mut any = false;
        let mut scratch = Scratch::default();
        for Redactions { scanner, rules } in self.of_context() {
            any |= TreeRedaction::new(&rules, &scanner, redactor, &mut scratch).value(context)?;
        }
        Ok(any)
    }

    /// As [`Decision::redact`], of a context as JSON text: what is not taken out stays byte for byte. `None`: nothing was.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn redact_json(&self, context: &str, redactor: &mut Redactor) -> Result<Option<String>, NotJson> {
        let mut redacted: Option<String> = None;
        let mut scratch = Scratch::default();
        for Redactions { scanner, rules } in self.of_context() {
            let text = redacted.as_deref().unwrap_or(context);
            if let Some(next) = TreeRedaction::new(&rules, &scanner, redactor, &mut scratch).json(text)? {
                redacted = Some(next);
            }
        }
        Ok(redacted)
    }

    /// What is taken out of a context, whose fields are those that stand in it.
    pub(crate) fn of_context(&self) -> Vec<Redactions> {
        self.redacting(made_from)
    }

    /// The rules, with each path of a field replaced by the paths that `paths` gives for it.
    fn redacting(&self, paths: impl Fn(&str, bool) -> Vec<String>) -> Vec<Redactions> {
        let mut out: Vec<(u32, Redactions)> = Vec::new();
        for (document, redaction) in self.redact_actions() {
            let Some(detector) = self.compiled.documents.get(document as usize).map(|document| document.detector)
            else {
                continue;
            };
            let mut fields = Fields::all();
            for path in redaction.paths.iter().flat_map(|path| paths(path, redaction.detect.is_empty())) {
                // Paths were read when the document was.
                let _ = fields.add(&path);
            }
            // A set without a path would mean everything.
            if fields.is_all() {
                continue;
            }
            let what = match redaction.detect.as_slice() {
                [] => What::Whole,
                names => What::Findings(names.iter().map(ToString::to_string).collect()),
            };
            let rule = Rule { fields, what, style: redaction.style };
            match out.iter_mut().find(|(known, _)| *known == detector) {
                Some((_, redactions)) => redactions.rules.push(rule),
                None => {
                    let scanner = self.compiled.detectors.get(detector as usize).and_then(|d| d.scanner().cloned());
                    // Whole fields are taken out without looking for anything.
                    let scanner = scanner.or_else(|| Scanner::builder().families([]).build().ok().map(Arc::new));
                    out.extend(scanner.map(|scanner| (detector, Redactions { scanner, rules: vec![rule] })));
                }
            }
        }
        out.into_iter().map(|(_, redactions)| redactions).collect()
    }

    /// The `redact` actions that are to be carried out, each with the number of its document.
    fn redact_actions(&self) -> impl Iterator<Item = (u32, &Redaction)> {
        self.obligations.iter().filter_map(|obligation| {
            let rule = self.compiled.rules.get(obligation.rule as usize)?;
            match &rule.actions.get(usize::from(obligation.action))?.effect {
                ActionEffect::Redact(redaction) => Some((rule.document, redaction)),
                _ => None,
            }
        })
    }
}

/// The paths of a context that hold what a field is made from; a field that stands in the context is its own. Of fields that are
/// replaced as a whole only what people, models and tools wrote: a message keeps its role.
fn made_from(path: &str, whole: bool) -> Vec<String> {
    const MESSAGES: [&str; 3] =
        ["request.messages[].text", "request.messages[].content", "request.messages[].parts[].text"];
    const WRITTEN: [&str; 12] = [
        "request.prompt",
        "request.system_prompt",
        "request.context",
        "request.messages[].name",
        "request.messages[].attributes",
        "request.tools[].description",
        "tool.arguments",
        "tool.attributes",
        "tool.result",
        "response.text",
        "response.attributes",
        "response.tool_calls[].arguments",
    ];
    let paths: Vec<&str> = match path {
        "request.prompt" | "request.user_text" => [&["request.prompt"][..], &MESSAGES].concat(),
        "request.tool_text" => [&["tool.result"][..], &MESSAGES].concat(),
        "request.text" if whole => [&MESSAGES[..], &WRITTEN].concat(),
        "request.text" => vec!["request", "tool", "response"],
        path => vec![path],
    };
    paths.into_iter().map(str::to_owned).collect()
}
