//! The engine: a program that can be replaced while it is in use.

use std::sync::Arc;

use arc_swap::ArcSwap;
use llm_policy_cel::eval::Truth;
use llm_policy_cel::program::NodeId;
use serde_json::Value as Json;

use crate::compile::{Compiled, Finding, Options, compile};
use crate::context::{Source, Stage};
use crate::decision::Decision;
use crate::document::Document;
use crate::evaluate::{Data, Question, evaluate, only_objects};
use crate::exchange::Exchange;
use crate::explain::{Explanation, explain, truths};
use crate::handles::Handles;
use crate::input::{Input, InputError, Prepared};

/// Policies, ready to decide.
///
/// Cloning is cheap, and all clones see a reload. Reading takes no lock.
///
/// ```
/// use llm_policy_engine::context::Stage;
/// use llm_policy_engine::document;
/// use llm_policy_engine::input::Json;
/// use llm_policy_engine::{Engine, Options};
///
/// let policy = r#"
/// version: "1.0"
/// metadata: {name: models}
/// config: {default_action: allow}
/// rules:
///   - id: no-preview
///     when: request.model.endsWith('-preview')
///     actions: [{type: deny, reason: "preview models are not for production"}]
/// "#;
/// let document = document::read(policy, "models.yaml", &mut document::no_files).unwrap();
/// let (engine, _warnings) = Engine::new(vec![document], Options::default()).unwrap();
/// let context = br#"{"request": {"model": "gpt-5-preview"}}"#;
/// let decision = engine.evaluate(Stage::Request, &Json::new(context), jiff::Timestamp::now())?;
/// assert!(!decision.allowed());
/// assert_eq!(decision.rule(), Some("no-preview"));
/// # Ok::<(), llm_policy_engine::input::InputError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Engine {
    compiled: Arc<ArcSwap<Compiled>>,
    handles: Handles,
}

impl Engine {
    /// Compiles `documents`. The findings that come with the engine are warnings.
    ///
    /// # Errors
    /// All findings, when one of them is an error.
    pub fn new(documents: Vec<Document>, options: Options) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let (compiled, warnings) = compile(documents, options)?;
        let compiled = Arc::new(ArcSwap::from_pointee(compiled));
        Ok((Self { compiled, handles: Handles::NONE }, warnings))
    }

    /// The same engine for a host that carries out these actions.
    #[must_use]
    pub fn handles(mut self, handles: Handles) -> Self {
        self.handles = handles;
        self
    }

    /// Replaces the policies in one step. When it fails, nothing changes.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn reload(&self, documents: Vec<Document>) -> Result<Vec<Finding>, Vec<Finding>> {
        let options = self.compiled.load().options.clone();
        let (other, warnings) = Self::new(documents, options)?;
        self.adopt(&other);
        Ok(warnings)
    }

    /// Replaces the policies by those of `other`, which was compiled beside, in one step.
    pub fn adopt(&self, other: &Self) {
        self.compiled.store(other.compiled());
    }

    /// The program as it is now.
    #[must_use]
    pub fn compiled(&self) -> Arc<Compiled> {
        self.compiled.load_full()
    }

    /// The digest of the documents: SHA-256, in hexadecimal.
    #[must_use]
    pub fn bundle(&self) -> Arc<str> {
        self.compiled.load().digest.clone()
    }

    /// Decides about one stage. A fact that a rule needs and `input` lacks is an error of the rule.
    ///
    /// # Errors
    /// When the input is refused as a whole. Whoever cannot ask again must treat that as a deny.
    pub fn evaluate(&self, stage: Stage, input: &dyn Input, now: jiff::Timestamp) -> Result<Decision, InputError> {
        let compiled = self.compiled.load();
        evaluate(self.question(&compiled, Data::Input(input), stage, now))
    }

    /// Reads what the policies ask for, once for many evaluations.
    ///
    /// # Errors
    /// When the input is refused as a whole.
    pub fn prepare(&self, input: &impl Input) -> Result<Prepared, InputError> {
        let compiled = self.compiled.load();
        let prepared = Prepared::new(input, &compiled.slots.paths, compiled.program.id())?;
        only_objects(input)?;
        Ok(prepared)
    }

    /// Decides about an input that was prepared. It allocates nothing unless a rule makes new text or data, or errs.
    ///
    /// # Errors
    /// When the policies were loaded again since `prepared` was made.
    pub fn evaluate_prepared(
        &self,
        stage: Stage,
        prepared: &Prepared,
        now: jiff::Timestamp,
    ) -> Result<Decision, InputError> {
        let compiled = self.compiled.load();
        evaluate(self.question(&compiled, Data::Prepared(prepared), stage, now))
    }

    /// Decides as if there were only the rules whose number, by rank, `among` has `true` for. For tools that compare rule
    /// sets: one program holds the rules of all of them.
    ///
    /// # Errors
    /// As [`Engine::evaluate_prepared`].
    pub fn evaluate_among(
        &self,
        among: &[bool],
        stage: Stage,
        prepared: &Prepared,
        now: jiff::Timestamp,
    ) -> Result<Decision, InputError> {
        let compiled = self.compiled.load();
        let question = self.question(&compiled, Data::Prepared(prepared), stage, now);
        evaluate(Question { among: Some(among), ..question })
    }

    /// The values of conditions: of each of `nodes`, which are nodes of [`Engine::compiled`], by itself.
    ///
    /// # Errors
    /// As [`Engine::evaluate_prepared`].
    pub fn truths(
        &self,
        nodes: &[NodeId],
        stage: Stage,
        prepared: &Prepared,
        now: jiff::Timestamp,
    ) -> Result<Vec<Truth>, InputError> {
        let compiled = self.compiled.load();
        truths(self.question(&compiled, Data::Prepared(prepared), stage, now), nodes)
    }

    /// Decides, or says which facts must be fetched first.
    ///
    /// # Errors
    /// When the input is refused as a whole.
    pub fn start<'i>(&self, stage: Stage, input: &'i dyn Input, now: jiff::Timestamp) -> Result<Step<'i>, InputError> {
        let compiled = self.compiled();
        let decision = evaluate(self.question(&compiled, Data::Input(input), stage, now))?;
        let facts = missing_facts(&decision);
        if facts.is_empty() {
            return Ok(Step::Done(Box::new(decision)));
        }
        Ok(Step::Need(Need { compiled, input, stage, now, handles: self.handles, facts }))
    }

    /// Decides, and says of each rule and each clause why it did or did not match.
    ///
    /// # Errors
    /// When the input is refused as a whole.
    pub fn explain(&self, stage: Stage, input: &dyn Input, now: jiff::Timestamp) -> Result<Explanation, InputError> {
        let compiled = self.compiled.load();
        explain(self.question(&compiled, Data::Input(input), stage, now))
    }

    /// A question about `data`, for all rules.
    #[inline]
    fn question<'q>(
        &self,
        compiled: &'q Arc<Compiled>,
        data: Data<'q>,
        stage: Stage,
        now: jiff::Timestamp,
    ) -> Question<'q> {
        Question { compiled, data, stage, now, handles: self.handles, among: None }
    }

    /// Begins an exchange: the stages of one turn, decided about by the same program for the same caller.
    ///
    /// # Errors
    /// When `identity` has fields that are not the caller's.
    pub fn exchange(&self, identity: &Json) -> Result<Exchange, InputError> {
        Exchange::new(self.compiled(), self.handles, identity)
    }

    /// Goes on with an exchange that was serialised, here or in another process.
    ///
    /// # Errors
    /// When the text is not such an exchange, or the policies are not the same here.
    pub fn resume_exchange(&self, text: &[u8]) -> Result<Exchange, InputError> {
        Exchange::from_json(self.compiled(), self.handles, text)
    }
}

/// What [`Engine::start`] comes to.
#[derive(Clone, Debug)]
pub enum Step<'i> {
    /// A decision.
    Done(Box<Decision>),
    /// Facts are wanted first.
    Need(Need<'i>),
}

/// An evaluation that waits for facts.
#[derive(Clone)]
pub struct Need<'i> {
    compiled: Arc<Compiled>,
    input: &'i dyn Input,
    stage: Stage,
    now: jiff::Timestamp,
    handles: Handles,
    facts: Vec<Arc<str>>,
}

impl std::fmt::Debug for Need<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Need").field("facts", &self.facts).finish_non_exhaustive()
    }
}

impl Need<'_> {
    /// The paths of the facts that rules asked for: `shield.score`.
    #[must_use]
    pub fn facts(&self) -> &[Arc<str>] {
        &self.facts
    }

    /// Decides with `answers`, an object with the facts as they stand in the context: `{"shield": {"score": 0.1}}`. A fact
    /// that is still absent is an infrastructure error of the rules that read it.
    ///
    /// # Errors
    /// When `answers` has anything but facts, or the input is refused.
    pub fn resume(self, answers: &Json) -> Result<Decision, InputError> {
        only(&self.compiled, answers, &[Source::Fact], "a fact")?;
        let data = Data::Layered(self.input, answers);
        evaluate(Question {
            compiled: &self.compiled,
            data,
            stage: self.stage,
            now: self.now,
            handles: self.handles,
            among: None,
        })
    }
}

/// The paths of the facts that rules missed.
fn missing_facts(decision: &Decision) -> Vec<Arc<str>> {
    let infos = &decision.compiled.slots.infos;
    let path = |slot: &u32| infos.get(*slot as usize).map(|info| info.path.clone());
    let mut facts: Vec<Arc<str>> = decision.facts.iter().filter_map(path).collect();
    facts.sort();
    facts.dedup();
    facts
}

/// Refuses `value` unless it is an object whose fields come from one of `sources`.
pub(crate) fn only<'v>(
    compiled: &Compiled,
    value: &'v Json,
    sources: &[Source],
    what: &str,
) -> Result<&'v serde_json::Map<String, Json>, InputError> {
    let refuse = |message: String| InputError { message, offset: None };
    let object = value.as_object().ok_or_else(|| refuse("expected an object".to_owned()))?;
    match compiled.fields.foreign(object, sources) {
        Some(path) => Err(refuse(format!("`{path}` is not {what}"))),
        None => Ok(object),
    }
}
