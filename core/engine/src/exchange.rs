//! Exchanges: the stages of one turn.
//!
//! An exchange pins the program and the caller. What was seen in an earlier stage is still there in a later one, so a rule
//! about a response can ask for the request's model. Bodies can never set what the caller is.

use std::sync::{Arc, Mutex, PoisonError};

use bumpalo::Bump;
use llm_policy_cel::value::Val;
use llm_policy_detect::redact::Redactor;
use llm_policy_ledger::{Digest, Error as LedgerError};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::breakers::CallOutcome;
use crate::compile::Compiled;
use crate::compile::estimates::prompt_tokens;
use crate::compile::pricing::Prices;
use crate::context::{Source, Stage};
use crate::decision::Decision;
use crate::engine::only;
use crate::evaluate::{Data, Question, evaluate};
use crate::handles::Handles;
use crate::input::InputError;
use crate::input::value::convert;
use crate::limits::{Books, Changed, Hold, NotAHold, Shelf, Usage, Used, used_by};

/// The stages of one turn, decided about by one program for one caller.
///
/// ```
/// use llm_policy_engine::context::Stage;
/// use llm_policy_engine::{Engine, Options, document};
/// use serde_json::json;
///
/// let policy = r#"
/// version: "1.0"
/// metadata: {name: answers}
/// config: {default_action: allow}
/// rules:
///   - id: short-answers
///     stages: [response]
///     when: user.tier == 'free' && size(response.text) > 10
///     actions: [{type: deny, reason: too long for the free tier}]
/// "#;
/// let document = document::read(policy, "answers.yaml", &mut document::no_files).unwrap();
/// let (engine, _) = Engine::new(vec![document], Options::default()).unwrap();
/// let mut exchange = engine.exchange(&json!({"user": {"id": "u1", "tier": "free"}}))?;
/// let now = jiff::Timestamp::now();
/// assert!(!exchange.evaluate(Stage::Response, &json!({"response": {"text": "a very long answer"}}), now)?.allowed());
/// // The body cannot say who asks.
/// assert!(exchange.evaluate(Stage::Response, &json!({"user": {"tier": "gold"}}), now).is_err());
/// # Ok::<(), llm_policy_engine::input::InputError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Exchange {
    compiled: Arc<Compiled>,
    handles: Handles,
    /// What the host says: who asks, and what it knows beside.
    host: Map<String, Json>,
    /// All bodies so far.
    bodies: Map<String, Json>,
    shelf: Shelf,
    /// What is reserved for the request.
    hold: Option<Hold>,
    /// What takes values out, and keeps those that can be put back; made when it is first wanted.
    redactor: Option<Arc<Mutex<Redactor>>>,
    /// What was decided last, here.
    last: Option<Decision>,
    /// The tokens of an answer that was counted as it came.
    counted: Option<u64>,
}

/// Who may say what the host says.
const HOST: [Source; 3] = [Source::Identity, Source::Engine, Source::Fact];

impl Exchange {
    pub(crate) fn new(
        compiled: Arc<Compiled>,
        handles: Handles,
        shelf: Shelf,
        identity: &Json,
    ) -> Result<Self, InputError> {
        let host = only(&compiled, identity, &HOST, "part of who asks")?.clone();
        Ok(Self {
            compiled,
            handles,
            host,
            bodies: Map::new(),
            shelf,
            hold: None,
            redactor: None,
            last: None,
            counted: None,
        })
    }

    /// Decides about `stage`, whose body is an object as in the context: `{"request": {...}}`, `{"response": {...}}`. It
    /// replaces what an earlier stage said under the same name. A fact or an estimate that the host knows, such as
    /// `request.estimated_cost`, belongs to what the exchange was begun with: no body may say it.
    ///
    /// A request that is allowed takes from the limits that apply, and the exchange holds what it took. The same request once
    /// more takes nothing again; another one gives back what is held, and takes anew.
    ///
    /// # Errors
    /// When the body has fields that are not a body's, or is refused as a whole.
    pub fn evaluate(&mut self, stage: Stage, body: &Json, now: jiff::Timestamp) -> Result<Decision, InputError> {
        self.evaluate_for(self.handles, stage, body, now)
    }

    /// Decides about an answer that streamed.
    pub(crate) fn evaluate_streamed(&mut self, body: &Json, now: jiff::Timestamp) -> Result<Decision, InputError> {
        self.evaluate_for(streaming(self.handles), Stage::Response, body, now)
    }

    fn evaluate_for(
        &mut self,
        handles: Handles,
        stage: Stage,
        body: &Json,
        now: jiff::Timestamp,
    ) -> Result<Decision, InputError> {
        let body = only(&self.compiled, body, &[Source::Body], "part of a body")?;
        let mut bodies = self.bodies.clone();
        bodies.extend(body.iter().map(|(name, value)| (name.clone(), value.clone())));
        let mut context = bodies.clone();
        lay_over(&mut context, &self.host);
        let context = Json::Object(context);
        let data = Data::Input(&context);
        let mut limits = self.shelf.taking(&self.compiled, false);
        if let Some(taking) = limits.as_mut().filter(|_| stage == Stage::Request) {
            let digest = digest(&context);
            let held = self.hold.take().and_then(|hold| {
                // Breakers are asked anew.
                let at = taking.books.time(now);
                taking.books.observe(&hold, &self.compiled.breakers, CallOutcome::Ignored, at);
                let same = hold.reservation()?.digest == digest;
                if !same {
                    // What cannot be given back now expires.
                    let _ = taking.books.release(&hold, now);
                }
                same.then_some(Hold { passes: None, ..hold })
            });
            let known = held.as_ref().and_then(Hold::reservation).map(|reservation| reservation.id);
            taking.id = Some((known.unwrap_or_else(|| taking.books.ledger().id()), digest));
            self.hold = held;
        }
        let compiled = &self.compiled;
        let decision = evaluate(Question { compiled, data, stage, now, handles, among: None, limits, given: None })?;
        if stage == Stage::Request {
            match (decision.hold(), &self.hold) {
                (Some(hold), _) => self.hold = Some(hold.clone()),
                (None, Some(_)) => drop(self.release(now)),
                (None, None) => {}
            }
        }
        self.bodies = bodies;
        self.last = Some(decision.clone());
        Ok(decision)
    }

    /// What was decided last in this process.
    #[must_use]
    pub fn last(&self) -> Option<&Decision> {
        self.last.as_ref()
    }

    /// What takes values out in this conversation, and keeps those that can be put back. `make` makes it when it is first wanted, from
    /// random secrets; it is told whose vault it is.
    pub fn redactor(&mut self, make: impl FnOnce(&str) -> Redactor) -> Arc<Mutex<Redactor>> {
        let scope = &self.host;
        self.redactor.get_or_insert_with(|| Arc::new(Mutex::new(make(&scope_of(scope))))).clone()
    }

    /// Whether there is one.
    #[must_use]
    pub fn has_redactor(&self) -> bool {
        self.redactor.is_some()
    }

    /// The model that was asked, where the request said it.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.bodies.get("request")?.get("model")?.as_str()
    }

    /// What the exchange is about besides the answer: the host's fields and all bodies.
    pub(crate) fn known(&self) -> Map<String, Json> {
        let mut known = self.bodies.clone();
        lay_over(&mut known, &self.host);
        known
    }

    /// What decides about an answer that streams.
    pub(crate) fn program(&self) -> (Arc<Compiled>, Handles, Shelf) {
        (self.compiled.clone(), streaming(self.handles), self.shelf.clone())
    }

    /// The program.
    pub(crate) fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }

    /// The tokens of an answer that was counted as it came: what is settled when nobody knows better.
    pub fn count(&mut self, tokens: u64) {
        self.counted = Some(tokens);
    }

    /// What is reserved for the request that was allowed last.
    #[must_use]
    pub fn hold(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }

    /// What the answer says that the request used, when an answer was decided about; of one that streamed and does not say it, what
    /// was counted as it came, and an estimate of what was read.
    #[must_use]
    pub fn used(&self) -> Used {
        let mut used = self.bodies.get("response").map(used_by).unwrap_or_default();
        let counted = || {
            let (arena, request) = (Bump::new(), self.bodies.get("request").filter(|_| self.counted.is_some())?);
            let input = match convert(request, &arena, 0) {
                Ok(Val::Map(request)) => {
                    let part = |name| request.get_str(name);
                    prompt_tokens(part("messages"), part("prompt"), [part("system_prompt"), part("tools")])
                }
                _ => 0,
            };
            Some(Usage { input, output: self.counted?, ..Usage::default() })
        };
        used.usage = used.usage.or_else(counted);
        used
    }

    /// Reports what became of the call, to the breakers that let the request through. `false`: none wants to hear of it, or it
    /// was reported before.
    pub fn observe(&mut self, outcome: CallOutcome, now: jiff::Timestamp) -> bool {
        let Some(hold) = self.hold.take() else { return false };
        let books = self.shelf.books();
        books.observe(&hold, &self.compiled.breakers, outcome, books.time(now));
        let told = hold.passes.is_some();
        self.hold = Some(Hold { passes: None, ..hold }).filter(|hold| !hold.is_empty());
        told
    }

    /// Closes what is held with what the request really used. `None`: nothing is held.
    ///
    /// # Errors
    /// When the store cannot be asked; then it is still held.
    pub fn settle(&mut self, used: &Used, now: jiff::Timestamp) -> Result<Option<Changed>, LedgerError> {
        if let Some(outcome) = used.outcome {
            self.observe(outcome, now);
        }
        self.close(|books, prices, hold| books.settle(hold, used, prices, now))
    }

    /// Gives back what is held for a request that was not sent. `None`: nothing is held.
    ///
    /// # Errors
    /// When the store cannot be asked; then it is still held.
    pub fn release(&mut self, now: jiff::Timestamp) -> Result<Option<Changed>, LedgerError> {
        self.observe(CallOutcome::Ignored, now);
        self.close(|books, _, hold| books.release(hold, now))
    }

    fn close(
        &mut self,
        how: impl FnOnce(&Books, &Prices, &Hold) -> Result<Option<Changed>, LedgerError>,
    ) -> Result<Option<Changed>, LedgerError> {
        let Some(hold) = &self.hold else { return Ok(None) };
        let changed = how(self.shelf.books(), &self.compiled.options.prices, hold)?;
        // What breakers want to hear of can still come.
        self.hold = self.hold.take().map(|hold| Hold { reservation: None, ..hold }).filter(|hold| !hold.is_empty());
        Ok(changed)
    }

    /// The digest of the documents that the exchange is pinned to.
    #[must_use]
    pub fn bundle(&self) -> &str {
        &self.compiled.digest
    }

    /// The exchange as text, for another process. It holds the bodies, and the values that can be put back, in clear: keep it as
    /// you keep them.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = json!({"bundle": self.bundle(), "host": self.host, "bodies": self.bodies});
        if let (Some(object), Some(hold)) = (out.as_object_mut(), &self.hold) {
            object.insert("hold".into(), json!(hold.to_text()));
        }
        if let (Some(object), Some(redactor)) = (out.as_object_mut(), &self.redactor) {
            let redactor = redactor.lock().unwrap_or_else(PoisonError::into_inner);
            object.insert("redactor".into(), json!(redactor.save()));
        }
        if let (Some(object), Some(counted)) = (out.as_object_mut(), self.counted) {
            object.insert("counted".into(), json!(counted));
        }
        out.to_string()
    }

    pub(crate) fn from_json(
        compiled: Arc<Compiled>,
        handles: Handles,
        shelf: Shelf,
        text: &[u8],
    ) -> Result<Self, InputError> {
        let refuse = |message: String| InputError { message, offset: None };
        let value = crate::input::Json::new(text).to_value();
        let value = value.map_err(|error| refuse(format!("not an exchange: {error}")))?;
        let bundle = value.get("bundle").and_then(Json::as_str).unwrap_or_default();
        if bundle != &*compiled.digest {
            return Err(refuse("the exchange began under other policies than these".to_owned()));
        }
        let part = |name: &str, sources: &[Source]| match value.get(name) {
            Some(part) => only(&compiled, part, sources, "where it belongs").cloned(),
            None => Err(refuse(format!("not an exchange: it has no `{name}`"))),
        };
        let (host, bodies) = (part("host", &HOST)?, part("bodies", &[Source::Body])?);
        let hold = match value.get("hold") {
            Some(hold) => {
                let hold = hold.as_str().map_or(Err(NotAHold), Hold::parse);
                Some(hold.map_err(|error| refuse(format!("not an exchange: {error}")))?)
            }
            None => None,
        };
        let redactor = match value.get("redactor") {
            Some(saved) => {
                let saved = saved.as_str().unwrap_or_default();
                let redactor = Redactor::open(saved, &scope_of(&host));
                let redactor = redactor.map_err(|error| refuse(format!("not an exchange: {error}")))?;
                Some(Arc::new(Mutex::new(redactor)))
            }
            None => None,
        };
        let counted = value.get("counted").and_then(Json::as_u64);
        Ok(Self { compiled, handles, host, bodies, shelf, hold, redactor, last: None, counted })
    }
}

/// Whose the values are that can be put back: of whom the host says that he asks.
fn scope_of(host: &Map<String, Json>) -> String {
    Json::Object(host.clone()).to_string()
}

/// What is carried out of an answer that streams: the stream takes values out itself.
fn streaming(handles: Handles) -> Handles {
    handles.with("redact").unwrap_or(handles)
}

/// A digest of what is judged.
fn digest(context: &Json) -> Digest {
    let hash = Sha256::digest(context.to_string().as_bytes());
    Digest(hash.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte)))
}

/// Lays `over` over `under`; objects that are in both are joined.
fn lay_over(under: &mut Map<String, Json>, over: &Map<String, Json>) {
    for (name, value) in over {
        match (under.get_mut(name), value) {
            (Some(Json::Object(under)), Json::Object(over)) => lay_over(under, over),
            _ => drop(under.insert(name.clone(), value.clone())),
        }
    }
}
