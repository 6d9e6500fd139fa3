//! Exchanges: the stages of one turn.

use std::sync::Arc;
use std::time::SystemTime;

use llm_policy_embed::{self as embed, Error, ErrorCode, Format, Question, utf8};

use crate::decision::Decision;
use crate::engine::Closing;
use crate::error::{PolicyError, Refused, decide, run};
use crate::objects::{EXCHANGES, Kept};
use crate::question::{Stage, question};
use crate::stream::AnswerStream;

/// The stages of one turn, decided about by the policies that were there when it began, for one caller.
///
/// What was seen in an earlier stage is still there in a later one. What the host said at the beginning stays, and no body can
/// change it. Threads may share an exchange; its evaluations go one after the other.
#[derive(Debug, uniffi::Object)]
pub struct Exchange {
    inner: Kept<embed::Exchange>,
}

#[uniffi::export]
impl Exchange {
    /// Decides about what is new in a stage, a context in JSON: `{"request": {...}}`. It replaces what an earlier stage said under
    /// the same name.
    ///
    /// # Errors
    /// When the body is refused; the exchange is as before then.
    #[uniffi::method(default(now = None))]
    pub fn evaluate(&self, body: Vec<u8>, stage: Stage, now: Option<SystemTime>) -> Result<Decision, PolicyError> {
        self.ask(stage, now, |exchange, question| exchange.evaluate(&body, question))
    }

    /// As [`Exchange::evaluate`], about a provider's own body.
    ///
    /// # Errors
    /// As [`Exchange::evaluate`], and when the format has no bodies of the stage.
    #[uniffi::method(default(now = None))]
    pub fn evaluate_body(
        &self,
        format: String,
        body: Vec<u8>,
        stage: Stage,
        now: Option<SystemTime>,
    ) -> Result<Decision, PolicyError> {
        self.ask(stage, now, |exchange, question| exchange.evaluate_body(format.parse()?, &body, question))
    }

    /// The failure for a body of which no JSON can be made, for languages whose values can be such.
    ///
    /// # Errors
    /// Always.
    pub fn refuse(&self, why: String, stage: Stage) -> Result<Decision, PolicyError> {
        self.ask(stage, None, |_, _| Err(Error::new(ErrorCode::InvalidInput, why)))
    }

    /// The exchange as text, for `resume`. It holds the bodies and who asks: keep it as you keep them, and let nobody else write
    /// it.
    ///
    /// # Errors
    /// When the exchange is closed.
    pub fn save(&self) -> Result<String, PolicyError> {
        run(|| self.inner.with(embed::Exchange::to_json))
    }

    /// What is reserved for the request that was allowed last, for [`crate::engine::Engine::settle`].
    ///
    /// # Errors
    /// When the exchange is closed.
    pub fn hold(&self) -> Result<Option<String>, PolicyError> {
        run(|| self.inner.with(embed::Exchange::hold))
    }

    /// Closes what is reserved for the request, with what it really used: `used` as for [`crate::engine::Engine::settle`]; without
    /// it, what the answer says that was decided about.
    ///
    /// # Errors
    /// When `used` is something else, or the store cannot be asked; then it is still held.
    #[uniffi::method(default(used = None))]
    pub fn settle(&self, used: Option<Vec<u8>>) -> Result<Closing, PolicyError> {
        run(|| self.inner.with(|exchange| exchange.settle(used.as_deref()).map(Into::into)))
    }

    /// Closes what is reserved for the request with what a provider's answer says that it used, without deciding about the answer.
    ///
    /// # Errors
    /// When the answer is refused as a whole, or the store cannot be asked; then it is still held.
    pub fn settle_body(&self, format: String, answer: Vec<u8>) -> Result<Closing, PolicyError> {
        run(|| self.inner.with(|exchange| exchange.settle_body(format.parse()?, &answer).map(Into::into)))
    }

    /// Gives back what is reserved for a request that was not sent.
    ///
    /// # Errors
    /// When the store cannot be asked; then it is still held.
    pub fn release(&self) -> Result<Closing, PolicyError> {
        run(|| self.inner.with(|exchange| exchange.release().map(Into::into)))
    }

    /// Reports what became of the call that was allowed last; `outcome` as for [`crate::engine::Engine::observe`].
    ///
    /// # Errors
    /// When `outcome` is something else.
    pub fn observe(&self, outcome: Vec<u8>) -> Result<(), PolicyError> {
        run(|| self.inner.with(|exchange| exchange.observe(&outcome)))
    }

    /// Takes out of a body what the last decision says, its `redact` actions: of a provider's in `format`, or without one of a context in
    /// JSON. What comes out is of the same form; what is not taken out stays byte for byte. What is taken out in the style `reversible`
    /// can be put back by [`Exchange::restore`], and in the answer's stream.
    ///
    /// # Errors
    /// When nothing was decided yet in this process, or what was decided refuses the body; and when it is refused for its form.
    pub fn redact(&self, format: Option<String>, body: Vec<u8>) -> Result<String, PolicyError> {
        run(|| self.inner.with(|exchange| exchange.redact(parsed(format)?, &body)))
    }

    /// Puts values back into a text of the model, UTF-8, where it wrote their placeholders. Nothing is put into URLs.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn restore(&self, text: Vec<u8>) -> Result<String, PolicyError> {
        run(|| self.inner.with(|exchange| exchange.restore(utf8(&text)?)))
    }

    /// Begins the answer of the turn as a stream: of a provider's server-sent events in `format` (`openai-chat`, `openai-responses`,
    /// `anthropic`), or without one of plain text. `now` is the time that conditions see, from here to the end.
    ///
    /// # Errors
    /// When the streams of the format are not known, or what the host said is refused as a whole.
    #[uniffi::method(default(format = None, now = None))]
    pub fn stream(&self, format: Option<String>, now: Option<SystemTime>) -> Result<Arc<AnswerStream>, PolicyError> {
        run(|| {
            let now = question(Stage::Response, now)?.now;
            AnswerStream::new(self.inner.with(|exchange| exchange.stream(parsed(format)?, now))?)
        })
    }

    /// Frees the exchange. Calls that are under way finish, later ones fail; doing it twice does nothing.
    pub fn shut_down(&self) {
        self.inner.close();
    }
}

impl Exchange {
    pub(crate) fn new(exchange: embed::Exchange) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self { inner: Kept::new(&EXCHANGES, exchange)? }))
    }

    fn ask(
        &self,
        stage: Stage,
        now: Option<SystemTime>,
        evaluate: impl FnOnce(&embed::Exchange, Question) -> Result<embed::Decision, Error>,
    ) -> Result<Decision, PolicyError> {
        decide(stage.into(), || {
            self.inner.with(|exchange| {
                question(stage, now)
                    .and_then(|question| evaluate(exchange, question))
                    .map(|decision| Decision::of(&decision))
                    .map_err(|error| Refused::by(error, exchange.bundle()))
            })
        })
    }
}

/// The format of a name, if there is one.
fn parsed(format: Option<String>) -> Result<Option<Format>, Error> {
    Ok(format.map(|name| name.parse()).transpose()?)
}
