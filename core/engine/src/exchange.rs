//! Exchanges: the stages of one turn.
//!
//! An exchange pins the program and the caller. What was seen in an earlier stage is still there in a later one, so a rule
//! about a response can ask for the request's model. Bodies can never set what the caller is.

use std::sync::Arc;

use llm_policy_ledger::{Digest, Error as LedgerError};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::compile::Compiled;
use crate::compile::pricing::Prices;
use crate::context::{Source, Stage};
use crate::decision::Decision;
use crate::engine::only;
use crate::evaluate::{Data, Question, evaluate};
use crate::handles::Handles;
use crate::input::InputError;
use crate::limits::{Books, Changed, Hold, NotAHold, Shelf, Used, usage_of};

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
        Ok(Self { compiled, handles, host, bodies: Map::new(), shelf, hold: None })
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
                let same = hold.reservation().digest == digest;
                if !same {
                    // What cannot be given back now expires.
                    let _ = taking.books.release(&hold, now);
                }
                same.then_some(hold)
            });
            taking.id =
                Some((held.as_ref().map_or_else(|| taking.books.ledger().id(), |h| h.reservation().id), digest));
            self.hold = held;
        }
        let (compiled, handles) = (&self.compiled, self.handles);
        let decision = evaluate(Question { compiled, data, stage, now, handles, among: None, limits })?;
        if stage == Stage::Request {
            match (decision.hold(), &self.hold) {
                (Some(hold), _) => self.hold = Some(hold.clone()),
                (None, Some(_)) => drop(self.release(now)),
                (None, None) => {}
            }
        }
        self.bodies = bodies;
        Ok(decision)
    }

    /// What is reserved for the request that was allowed last.
    #[must_use]
    pub fn hold(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }

    /// What the answer says that the request used, when an answer was decided about.
    #[must_use]
    pub fn used(&self) -> Used {
        let response = self.bodies.get("response");
        let part = |name: &str| response.and_then(|response| response.get(name));
        Used {
            usage: part("usage").and_then(usage_of),
            // An answer names the model more exactly than the request: `gpt-4o-2024-08-06`.
            model: part("model").and_then(Json::as_str).map(Into::into),
            cost: None,
        }
    }

    /// Closes what is held with what the request really used. `None`: nothing is held.
    ///
    /// # Errors
    /// When the store cannot be asked; then it is still held.
    pub fn settle(&mut self, used: &Used, now: jiff::Timestamp) -> Result<Option<Changed>, LedgerError> {
        self.close(|books, prices, hold| books.settle(hold, used, prices, now))
    }

    /// Gives back what is held for a request that was not sent. `None`: nothing is held.
    ///
    /// # Errors
    /// When the store cannot be asked; then it is still held.
    pub fn release(&mut self, now: jiff::Timestamp) -> Result<Option<Changed>, LedgerError> {
        self.close(|books, _, hold| books.release(hold, now))
    }

    fn close(
        &mut self,
        how: impl FnOnce(&Books, &Prices, &Hold) -> Result<Changed, LedgerError>,
    ) -> Result<Option<Changed>, LedgerError> {
        let Some(hold) = &self.hold else { return Ok(None) };
        let changed = how(self.shelf.books(), &self.compiled.options.prices, hold)?;
        self.hold = None;
        Ok(Some(changed))
    }

    /// The digest of the documents that the exchange is pinned to.
    #[must_use]
    pub fn bundle(&self) -> &str {
        &self.compiled.digest
    }

    /// The exchange as text, for another process. It holds the bodies: keep it as you keep them.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = json!({"bundle": self.bundle(), "host": self.host, "bodies": self.bodies});
        if let (Some(object), Some(hold)) = (out.as_object_mut(), &self.hold) {
            object.insert("hold".into(), json!(hold.to_text()));
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
        Ok(Self { compiled, handles, host, bodies, shelf, hold })
    }
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
