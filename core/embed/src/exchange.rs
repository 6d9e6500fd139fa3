//! The stages of one turn, behind the panic boundary.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use llm_policy_engine::input::Json;
use llm_policy_engine::{Decision, exchange};
use llm_policy_provider::{Body, Format};

use crate::engine::{Engine, Question};
use crate::error::Error;
use crate::guard::guarded;
use crate::watch::Watch;

/// The stages of one turn, decided about by the policies that were there when it began, for one caller. No call panics.
///
/// What was seen in an earlier stage is still there in a later one, so a rule about an answer can ask for the request's
/// model. What the host said at the beginning stays, and no body can change it. Threads may share an exchange; its
/// evaluations go one after the other.
///
/// ```
/// use llm_policy_embed::{Documents, Options, Question, Stage};
///
/// let mut documents = Documents::new();
/// let policy = "{version: '1.0', metadata: {name: a}, config: {default_action: allow, stages: [request, response]}, \
///     rules: [{id: short, stages: [response], actions: [{type: deny}], \
///     when: \"user.tier == 'free' && request.model == 'small' && size(response.text) > 9\"}]}";
/// documents.add_bytes(policy.as_bytes(), "a.yaml");
/// let engine = documents.check(Options::default()).into_engine()?;
///
/// let exchange = engine.exchange(br#"{"user": {"tier": "free"}}"#)?;
/// assert!(exchange.evaluate(br#"{"request": {"model": "small"}}"#, Question::default())?.allowed());
/// // Another process goes on with it.
/// let exchange = engine.resume(exchange.to_json()?.as_bytes())?;
/// let about_the_answer = Question { stage: Stage::Response, ..Question::default() };
/// assert!(!exchange.evaluate(br#"{"response": {"text": "a long answer"}}"#, about_the_answer)?.allowed());
/// // A body cannot say who asks.
/// assert!(exchange.evaluate(br#"{"user": {"tier": "gold"}}"#, about_the_answer).is_err());
/// # Ok::<(), llm_policy_embed::Error>(())
/// ```
#[derive(Debug)]
pub struct Exchange {
    pub(crate) inner: Arc<Mutex<exchange::Exchange>>,
    bundle: Arc<str>,
    pub(crate) watch: Arc<Watch>,
}

impl Engine {
    /// Begins an exchange. `host` is what the host says, a context in JSON: who asks, and what it knows beside, such as
    /// `{"user": {"id": "ann"}}`.
    ///
    /// # Errors
    /// When `host` is refused, or has fields that a body says.
    pub fn exchange(&self, host: &[u8]) -> Result<Exchange, Error> {
        guarded(|| Ok(Exchange::new(self, self.inner().exchange(&Json::new(host).to_value()?)?)))
    }

    /// Goes on with an exchange that [`Exchange::to_json`] wrote, here or in another process.
    ///
    /// # Errors
    /// When `state` is not such an exchange, or the policies are not the same here.
    pub fn resume(&self, state: &[u8]) -> Result<Exchange, Error> {
        guarded(|| Ok(Exchange::new(self, self.inner().resume_exchange(state)?)))
    }
}

impl Exchange {
    fn new(engine: &Engine, inner: exchange::Exchange) -> Self {
        Self { bundle: inner.bundle().into(), inner: Arc::new(Mutex::new(inner)), watch: engine.watch().clone() }
    }

    /// Decides behind the panic boundary, and notes what came of it.
    fn decide(
        &self,
        question: Question,
        body: &[u8],
        work: impl FnOnce() -> Result<Decision, Error>,
    ) -> Result<Decision, Error> {
        let made = guarded(work);
        self.watch.note(question.stage, Some(body), &made, || self.bundle());
        made
    }

    /// What is inside changes in one step at the end of an evaluation, so a panic leaves it as it was.
    pub(crate) fn lock(&self) -> MutexGuard<'_, exchange::Exchange> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides about `body`, which is JSON, a context with what is new in this stage: `{"request": {...}}`,
    /// `{"response": {...}}`. It replaces what an earlier stage said under the same name.
    ///
    /// # Errors
    /// When the body is refused as a whole, or says what a body may not say; the exchange is as before then.
    /// [`Error::decision`] is the deny that stands for it.
    pub fn evaluate(&self, body: &[u8], question: Question) -> Result<Decision, Error> {
        self.decide(question, body, || {
            let body = Json::new(body).to_value()?;
            Ok(self.lock().evaluate(question.stage, &body, question.now)?)
        })
    }

    /// As [`Exchange::evaluate`], about a provider's own body.
    ///
    /// # Errors
    /// As [`Exchange::evaluate`], and when the format has no bodies of the stage.
    pub fn evaluate_body(&self, format: Format, body: &[u8], question: Question) -> Result<Decision, Error> {
        self.decide(question, body, || {
            let body = Body::new(format, question.stage, body)?.context()?;
            Ok(self.lock().evaluate(question.stage, &body, question.now)?)
        })
    }

    /// The digest of the documents that decide: SHA-256, in hexadecimal.
    #[must_use]
    pub fn bundle(&self) -> Arc<str> {
        self.bundle.clone()
    }

    /// The exchange as text, for [`Engine::resume`]. It holds the bodies, who asks, and the values that [`Exchange::restore`] puts
    /// back, in clear: keep it as you keep them, and let nobody else write it. An exchange of one caller does not open the values
    /// of another.
    ///
    /// # Errors
    /// None but for a bug of ours.
    pub fn to_json(&self) -> Result<String, Error> {
        guarded(|| Ok(self.lock().to_json()))
    }
}
