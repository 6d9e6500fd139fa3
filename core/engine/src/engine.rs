//! The engine: a program that can be replaced while it is in use.

use std::sync::Arc;

use arc_swap::ArcSwap;
use llm_policy_cel::eval::Truth;
use llm_policy_cel::program::NodeId;
use llm_policy_ledger::Error as LedgerError;
use serde_json::Value as Json;

use crate::breakers::{CallOutcome, Stands};
use crate::compile::{Compiled, Finding, Options, compile};
use crate::context::{Source, Stage};
use crate::decision::Decision;
use crate::document::Document;
use crate::evaluate::breakers::stand;
use crate::evaluate::limits::{Taking, charge};
use crate::evaluate::{Data, Question, evaluate, only_objects};
use crate::exchange::Exchange;
use crate::explain::{Explanation, explain, truths};
use crate::handles::Handles;
use crate::input::{Input, InputError, Prepared};
use crate::limits::{Books, Changed, Hold, Memory, Shelf, Time, Used};

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
    shelf: Shelf,
}

impl Engine {
    /// Compiles `documents`. The findings that come with the engine are warnings.
    ///
    /// # Errors
    /// All findings, when one of them is an error.
    pub fn new(documents: Vec<Document>, options: Options) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let (compiled, warnings) = compile(documents, options)?;
        let compiled = Arc::new(ArcSwap::from_pointee(compiled));
        Ok((Self { compiled, handles: Handles::NONE, shelf: Shelf::default() }, warnings))
    }

    /// The same engine for a host that carries out these actions.
    #[must_use]
    pub fn handles(mut self, handles: Handles) -> Self {
        self.handles = handles;
        self
    }

    /// The same engine with its limits kept in `books`. Without, they are kept in this process' memory, by the time of each
    /// evaluation, and all clones of an engine share them.
    #[must_use]
    pub fn with_books(mut self, books: Books) -> Self {
        self.shelf = Shelf::of(books);
        self
    }

    /// The same engine with its limits kept in memory of its own, by this clock instead of the time of each evaluation.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        self.shelf = Shelf::with_clock(Arc::new(clock));
        self
    }

    /// The same engine with books of its own, in which these limits have been used so much before, for the caller of `input`:
    /// dollars, tokens or requests, and in which these breakers stand so, for its call. Both are named as in their document, or
    /// `namespace/document/limit`. For tests of policies.
    ///
    /// # Errors
    /// When there is no such limit, it does not apply to `input`, or the number is none.
    pub fn with_used(
        &self,
        input: &dyn Input,
        now: jiff::Timestamp,
        used: &[(String, f64)],
        stands: &[(String, Stands)],
    ) -> Result<Self, InputError> {
        let books = Books::new(Arc::new(Memory::new(1, 1 << 10)));
        let compiled = self.compiled.load();
        if !(used.is_empty() && stands.is_empty()) {
            let limits = Some(Taking { books: &books, dry_run: false, id: None });
            let question = self.question(&compiled, Data::Input(input), Stage::Request, now);
            charge(&Question { limits, ..question }, used)?;
            stand(&Question { limits, ..question }, stands)?;
        }
        Ok(self.clone().with_books(books))
    }

    /// Where the limits are kept.
    #[must_use]
    pub fn books(&self) -> &Books {
        self.shelf.books()
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
    /// What is allowed in the stage `request` takes from the limits that apply; see [`Decision::hold`].
    ///
    /// # Errors
    /// When the input is refused as a whole. Whoever cannot ask again must treat that as a deny.
    pub fn evaluate(&self, stage: Stage, input: &dyn Input, now: jiff::Timestamp) -> Result<Decision, InputError> {
        let compiled = self.compiled.load();
        evaluate(self.question(&compiled, Data::Input(input), stage, now))
    }

    /// Decides as [`Engine::evaluate`] does, and takes nothing from limits.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    pub fn dry_run(&self, stage: Stage, input: &dyn Input, now: jiff::Timestamp) -> Result<Decision, InputError> {
        let compiled = self.compiled.load();
        evaluate(self.dry(&compiled, self.question(&compiled, Data::Input(input), stage, now)))
    }

    /// Closes what is held for a request, with what it really used. What was reserved and not used is free again; what was used
    /// beyond it is charged all the same. Settling twice changes nothing, and says so. `None`: no limit has reserved anything.
    ///
    /// Where `used` says what became of the call, breakers are told; see [`Engine::observe`].
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub fn settle(&self, hold: &Hold, used: &Used, now: jiff::Timestamp) -> Result<Option<Changed>, LedgerError> {
        if let Some(outcome) = used.outcome {
            self.observe(hold, outcome, now);
        }
        self.books().settle(hold, used, &self.compiled.load().options.prices, now)
    }

    /// Closes what is held for a request that was not sent: it costs nothing.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub fn release(&self, hold: &Hold, now: jiff::Timestamp) -> Result<Option<Changed>, LedgerError> {
        self.observe(hold, CallOutcome::Ignored, now);
        self.books().release(hold, now)
    }

    /// Lets what is held live on for another lease: for answers that take long.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub fn extend(&self, hold: &Hold, now: jiff::Timestamp) -> Result<Option<Changed>, LedgerError> {
        self.books().extend(hold, now)
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
    /// sets: one program holds the rules of all of them. Nothing is taken from limits.
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
        let question = self.dry(&compiled, self.question(&compiled, Data::Prepared(prepared), stage, now));
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
        let question = self.question(&compiled, Data::Input(input), stage, now);
        // Nothing is taken before all facts are there.
        let decision = evaluate(self.dry(&compiled, question))?;
        let facts = missing_facts(&decision);
        if facts.is_empty() {
            let taken = if question.limits.is_some() { evaluate(question)? } else { decision };
            return Ok(Step::Done(Box::new(taken)));
        }
        Ok(Step::Need(Need { compiled, input, stage, now, handles: self.handles, shelf: self.shelf.clone(), facts }))
    }

    /// Decides, and says of each rule and each clause why it did or did not match. Nothing is taken from limits.
    ///
    /// # Errors
    /// When the input is refused as a whole.
    pub fn explain(&self, stage: Stage, input: &dyn Input, now: jiff::Timestamp) -> Result<Explanation, InputError> {
        let compiled = self.compiled.load();
        explain(self.dry(&compiled, self.question(&compiled, Data::Input(input), stage, now)))
    }

    /// A question about `data`, for all rules.
    #[inline]
    fn question<'q>(
        &'q self,
        compiled: &'q Arc<Compiled>,
        data: Data<'q>,
        stage: Stage,
        now: jiff::Timestamp,
    ) -> Question<'q> {
        let limits = self.shelf.taking(compiled, false);
        Question { compiled, data, stage, now, handles: self.handles, among: None, limits, given: None }
    }

    /// The same question, with nothing taken from limits.
    fn dry<'q>(&'q self, compiled: &Compiled, question: Question<'q>) -> Question<'q> {
        Question { limits: self.shelf.taking(compiled, true), ..question }
    }

    /// Begins an exchange: the stages of one turn, decided about by the same program for the same caller.
    ///
    /// # Errors
    /// When `identity` has fields that are not the caller's.
    pub fn exchange(&self, identity: &Json) -> Result<Exchange, InputError> {
        Exchange::new(self.compiled(), self.handles, self.shelf.clone(), identity)
    }

    /// Goes on with an exchange that was serialised, here or in another process.
    ///
    /// # Errors
    /// When the text is not such an exchange, or the policies are not the same here.
    pub fn resume_exchange(&self, text: &[u8]) -> Result<Exchange, InputError> {
        Exchange::from_json(self.compiled(), self.handles, self.shelf.clone(), text)
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
    shelf: Shelf,
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
            limits: self.shelf.taking(&self.compiled, false),
            given: None,
        })
    }
}

/// The paths of the facts that rules missed.
fn missing_facts(decision: &Decision) -> Vec<Arc<str>> {
    let infos = &decision.compiled.slots.infos;
    // How a limit stands is no fact that anybody could fetch.
    let path = |slot: &u32| infos.get(*slot as usize).filter(|info| !info.own).map(|info| info.path.clone());
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
