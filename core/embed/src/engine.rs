//! The engine behind the panic boundary.

use std::sync::Arc;

use jiff::Timestamp;
use llm_policy_engine::context::Stage;
use llm_policy_engine::explain::Explanation;
use llm_policy_engine::handles::Handles;
use llm_policy_engine::input::{Input, Json, Prepared};
use llm_policy_engine::limits::{Books, Store, Time};
use llm_policy_engine::{Decision, Engine as Inner, Finding};
use llm_policy_provider::{Body, Format};

use crate::documents::Documents;
use crate::error::{Error, ErrorCode};
use crate::guard::guarded;
use crate::watch::Watch;

/// What is asked about an input.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The stage of the turn.
    pub stage: Stage,
    /// The time that conditions see.
    pub now: Timestamp,
}

impl Default for Question {
    /// About a request, now.
    fn default() -> Self {
        Self { stage: Stage::Request, now: Timestamp::now() }
    }
}

/// Policies, ready to decide. Cloning is cheap. No call panics.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Inner,
    watch: Arc<Watch>,
}

fn system_time() -> Time {
    Timestamp::now().into()
}

impl Engine {
    pub(crate) fn new(inner: Inner) -> Self {
        Self { inner: inner.with_clock(system_time), watch: Arc::default() }
    }

    /// The same engine with its limits kept in this store, which it may share with others. Without, they are kept in this
    /// process' memory. The clock of limits is the system's.
    #[must_use]
    pub fn with_store(self, store: Arc<dyn Store>) -> Self {
        Self { inner: self.inner.with_books(Books::new(store).with_clock(system_time)), ..self }
    }

    /// The same engine with its limits kept in the store that a URL names: `memory:`, `sqlite:` and the path of a file, which is
    /// made when it is not there, or `redis://` and a server.
    ///
    /// ```
    /// use llm_policy_embed::{Documents, ErrorCode, Options};
    ///
    /// let mut documents = Documents::new();
    /// documents.add_bytes(b"{version: '1.0', metadata: {name: a}, config: {default_action: allow}, \
    ///       rules: [{id: r, when: 'false', actions: [deny]}]}", "a.yaml");
    /// let engine = documents.check(Options::default()).into_engine()?;
    /// let error = engine.clone().with_store_at("sqlite:/not/there/limits.db").unwrap_err();
    /// assert_eq!(error.code, ErrorCode::LimitsUnavailable);
    /// let engine = engine.with_store_at("memory:")?;
    /// # let _ = engine;
    /// # Ok::<(), llm_policy_embed::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] when it is no such URL, [`ErrorCode::LimitsUnavailable`] when the store cannot be used.
    #[cfg(feature = "stores")]
    pub fn with_store_at(self, url: &str) -> Result<Self, Error> {
        let store = guarded(|| Ok(llm_policy_runtime::open(url)?))?;
        Ok(self.with_store(store))
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    pub(crate) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// Decides behind the panic boundary, and notes what came of it. `input` is what is judged, where there are bytes of it.
    #[inline]
    fn decide(
        &self,
        question: Question,
        input: Option<&[u8]>,
        work: impl FnOnce() -> Result<Decision, Error>,
    ) -> Result<Decision, Error> {
        let made = guarded(work);
        self.watch.note(question.stage, input, &made, || self.bundle());
        made
    }

    /// The same engine for a host that carries out these actions.
    #[must_use]
    pub fn handles(self, handles: Handles) -> Self {
        Self { inner: self.inner.handles(handles), watch: self.watch }
    }

    /// The digest of the documents: SHA-256, in hexadecimal.
    #[must_use]
    pub fn bundle(&self) -> Arc<str> {
        self.inner.bundle()
    }

    /// The rules, by rank, that the index leaves to be looked at for the context in `input`.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    pub fn candidates(&self, input: &[u8], question: Question) -> Result<Vec<u32>, Error> {
        guarded(|| {
            let compiled = self.inner.compiled();
            Ok(llm_policy_engine::inspect::candidates(&compiled, question.stage, &Json::new(input), question.now)?)
        })
    }

    /// The program, for tools that look into it.
    #[must_use]
    pub fn compiled(&self) -> Arc<llm_policy_engine::compile::Compiled> {
        self.inner.compiled()
    }

    /// Replaces the policies in one step, for all clones of this engine; its options stay. When a document is refused,
    /// nothing changes. What comes back are warnings.
    ///
    /// # Errors
    /// When a document is refused, with all findings.
    pub fn reload(&self, documents: Documents) -> Result<Vec<Finding>, Error> {
        let checked = documents.check(self.inner.compiled().options.clone()).into_parts();
        self.watch.counters.reloaded(checked.is_ok());
        let (engine, findings) = checked?;
        self.inner.adopt(&engine.inner);
        Ok(findings)
    }

    /// Decides about the context in `input`, which is JSON.
    ///
    /// # Errors
    /// When the input is refused as a whole: [`Error::decision`] is the deny that stands for it.
    pub fn evaluate(&self, input: &[u8], question: Question) -> Result<Decision, Error> {
        self.decide(question, Some(input), || {
            Ok(self.inner.evaluate(question.stage, &Json::new(input), question.now)?)
        })
    }

    /// Decides about a context that a host has in another form than JSON.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    pub fn evaluate_input(&self, input: &dyn Input, question: Question) -> Result<Decision, Error> {
        self.decide(question, None, || Ok(self.inner.evaluate(question.stage, input, question.now)?))
    }

    /// Decides, and says of each rule and each clause why it did or did not match.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    pub fn explain(&self, input: &[u8], question: Question) -> Result<Explanation, Error> {
        guarded(|| Ok(self.inner.explain(question.stage, &Json::new(input), question.now)?))
    }

    /// Decides about a provider's own body. `host` is what the host says beside it, a context in JSON: who asks above all, and
    /// what does not stand in the body, such as the model of a format that has it in the address. Where both say a field, the
    /// host's counts; a body sets fields of the body only.
    ///
    /// ```
    /// use llm_policy_embed::{Documents, Format, Options, Question};
    ///
    /// let mut documents = Documents::new();
    /// let policy = "{version: '1.0', metadata: {name: a}, rules: [{id: r, when: \"request.messages.all(m, size(m.text) < 9) && \
    ///     user.id == 'ann'\", actions: [{type: allow}]}]}";
    /// documents.add_bytes(policy.as_bytes(), "a.yaml");
    /// let engine = documents.check(Options::default()).into_engine()?;
    /// let body = br#"{"model": "gpt-5", "messages": [{"role": "user", "content": "Hello!"}]}"#;
    /// let host = br#"{"user": {"id": "ann"}}"#;
    /// assert!(engine.evaluate_body(Format::OpenaiChat, body, host, Question::default())?.allowed());
    /// # Ok::<(), llm_policy_embed::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Engine::evaluate`], and when the format has no bodies of the stage.
    pub fn evaluate_body(
        &self,
        format: Format,
        body: &[u8],
        host: &[u8],
        question: Question,
    ) -> Result<Decision, Error> {
        self.decide(question, Some(body), || {
            let body = Body::new(format, question.stage, body)?.host(host);
            Ok(self.inner.evaluate(question.stage, &body, question.now)?)
        })
    }

    /// As [`Engine::evaluate_body`], and says of each rule and each clause why it did or did not match.
    ///
    /// # Errors
    /// As [`Engine::evaluate_body`].
    pub fn explain_body(
        &self,
        format: Format,
        body: &[u8],
        host: &[u8],
        question: Question,
    ) -> Result<Explanation, Error> {
        guarded(|| {
            let body = Body::new(format, question.stage, body)?.host(host);
            Ok(self.inner.explain(question.stage, &body, question.now)?)
        })
    }

    /// Reads what the policies ask for, once for many evaluations.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    pub fn prepare(&self, input: &[u8]) -> Result<Prepared, Error> {
        guarded(|| Ok(self.inner.prepare(&Json::new(input))?))
    }

    /// As [`Engine::prepare`], for a context that a host has in another form than JSON.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    pub fn prepare_input(&self, input: &impl Input) -> Result<Prepared, Error> {
        guarded(|| Ok(self.inner.prepare(input)?))
    }

    /// Decides about an input that was prepared.
    ///
    /// # Errors
    /// [`ErrorCode::StaleInput`] when the policies were replaced since `prepared` was made; else as [`Engine::evaluate`].
    pub fn evaluate_prepared(&self, prepared: &Prepared, question: Question) -> Result<Decision, Error> {
        self.decide(question, None, || {
            self.inner.evaluate_prepared(question.stage, prepared, question.now).map_err(|error| {
                let stale = !prepared.is_for(self.inner.compiled().program.id());
                let code = if stale { ErrorCode::StaleInput } else { ErrorCode::InvalidInput };
                Error { code, ..error.into() }
            })
        })
    }
}
