//! Engines.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use llm_policy_embed::{
    Decision as Made, Engine as Inner, Error, ErrorCode, Handles, Options, Prepared, Question, UnknownAction,
};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyString};

use crate::decision::Decision;
use crate::error::{argument, exception, findings, host_without_format};
use crate::exchange::Exchange;
use crate::input::{Object, Reading};
use crate::json;
use crate::objects::surrogate;
use crate::question::{read_format, read_question};
use crate::refusal::Result as Decided;
use crate::sources::Sources;

/// JSON that is longer is decided about while other threads run.
const LONG: usize = 4096;
/// So often is an object read again because another thread replaced the policies under way.
const MAX_TRIES: u32 = 100;

/// Policies, ready to decide.
///
/// `policies` is a path of a file or a directory, the text of a document (YAML or JSON), a document as a dict, or a list of these. A
/// `str` is text when it has more than one line or begins with `{`, and else a path; `bytes` are always text, and `pathlib.Path` is
/// always a path. A pair such as `("security.yaml", text)` gives a document a name for messages. `handles` names the actions that the host carries out itself: "redact", "set", "route", "require_approval",
/// "custom". A mandatory action that nobody carries out is a deny. `store` says where limits are kept: "sqlite:" and the path of a file, which the
/// processes of a machine share, or "redis://" and a server, which machines share; by default in this process.
///
/// All methods may be called from any thread.
///
/// >>> from llm_policy_engine import Engine
/// >>> engine = Engine('''
/// ... version: "1.0"
/// ... metadata: {name: models}
/// ... config: {default_action: allow}
/// ... rules:
/// ...   - {id: no-preview, when: request.model.endsWith('-preview'), actions: [{type: deny, reason: not for production}]}
/// ... ''')
/// >>> engine.evaluate({"request": {"model": "gpt-5"}}).allowed
/// True
/// >>> engine.evaluate(b'{"request": {"model": "gpt-5-preview"}}').reason
/// 'not for production'
#[pyclass(frozen, module = "llm_policy_engine", weakref)]
pub struct Engine {
    inner: ArcSwapOption<Inner>,
    /// Limits are in a store outside of this process: deciding may wait for it, and other threads run meanwhile.
    waits: bool,
}

/// A context that was read once for many evaluations: see `Engine.prepare`.
#[pyclass(frozen, module = "llm_policy_engine")]
pub struct PreparedContext {
    inner: Prepared,
}

/// A context, or a provider's body, on its way in.
pub(crate) enum Bytes<'py> {
    Lent(Bound<'py, PyBytes>),
    Text(Bound<'py, PyString>),
    Owned(Vec<u8>),
}

impl Bytes<'_> {
    pub(crate) fn get(&self) -> Decided<&[u8]> {
        match self {
            Self::Lent(bytes) => Ok(bytes.as_bytes()),
            Self::Text(text) => Ok(text.to_str().map_err(|_| surrogate())?.as_bytes()),
            Self::Owned(bytes) => Ok(bytes),
        }
    }
}

/// The bytes of JSON that `object` is, if it is that.
pub(crate) fn bytes<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bytes<'py>>> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(Some(Bytes::Lent(bytes.clone())));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Some(Bytes::Text(text.clone())));
    }
    // These can change while other threads run.
    if let Ok(bytes) = object.cast::<PyByteArray>() {
        return Ok(Some(Bytes::Owned(bytes.to_vec())));
    }
    if object.is_instance_of::<PyMemoryView>() {
        return Ok(Some(Bytes::Owned(object.call_method0("tobytes")?.extract()?)));
    }
    Ok(None)
}

/// The bytes of JSON that `object` is, or is written as.
pub(crate) fn written<'py>(object: &Bound<'py, PyAny>) -> Decided<Bytes<'py>> {
    if let Some(bytes) = bytes(object)? {
        return Ok(bytes);
    }
    let value = json::from_python(object)?;
    Ok(Bytes::Owned(value.to_string().into_bytes()))
}

/// Runs `work` while other threads run, if it may wait, or is about so many bytes that this pays.
pub(crate) fn detached<T: Send>(py: Python<'_>, bytes: &[u8], waits: bool, work: impl FnOnce(&[u8]) -> T + Send) -> T {
    if waits || bytes.len() > LONG { py.detach(|| work(bytes)) } else { work(bytes) }
}

fn decide(engine: &Inner, context: &Bound<'_, PyAny>, question: Question, waits: bool) -> Decided<Made> {
    let py = context.py();
    if let Ok(prepared) = context.cast_exact::<PreparedContext>() {
        let prepared = &prepared.get().inner;
        let evaluate = || engine.evaluate_prepared(prepared, question);
        return Ok(if waits { py.detach(evaluate) } else { evaluate() }?);
    }
    if let Some(bytes) = bytes(context)? {
        return Ok(detached(py, bytes.get()?, waits, |bytes| engine.evaluate(bytes, question))?);
    }
    if waits {
        return decide_later(engine, context, question);
    }
    let _reading = Reading::begin()?;
    let object = Object::new(context);
    engine.evaluate_input(&object, question).map_err(|error| object.explain(error))
}

/// Reads an object, and decides about it while other threads run.
fn decide_later(engine: &Inner, context: &Bound<'_, PyAny>, question: Question) -> Decided<Made> {
    // Policies that are replaced in between make what was read stale.
    for _ in 0..MAX_TRIES {
        let prepared = read(engine, context)?;
        match context.py().detach(|| engine.evaluate_prepared(&prepared, question)) {
            Err(error) if error.code == ErrorCode::StaleInput => {}
            made => return Ok(made?),
        }
    }
    let message = "the policies are replaced again and again while this is evaluated";
    Err(Error::new(ErrorCode::StaleInput, message).into())
}

fn read(engine: &Inner, context: &Bound<'_, PyAny>) -> Decided<Prepared> {
    if let Some(bytes) = bytes(context)? {
        return Ok(engine.prepare(bytes.get()?)?);
    }
    let _reading = Reading::begin()?;
    let object = Object::new(context);
    engine.prepare_input(&object).map_err(|error| object.explain(error))
}

impl Engine {
    pub(crate) const fn waits(&self) -> bool {
        self.waits
    }

    pub(crate) fn open(&self, py: Python<'_>) -> PyResult<Arc<Inner>> {
        self.inner.load_full().ok_or_else(|| closed(py))
    }
}

#[cold]
fn closed(py: Python<'_>) -> PyErr {
    exception(py, &Error::new(ErrorCode::InvalidHandle, "the engine is closed"), None)
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (policies, *, handles=None, allow_without_policy=false, store=None))]
    fn new(
        py: Python<'_>,
        policies: &Bound<'_, PyAny>,
        handles: Option<&Bound<'_, PyAny>>,
        allow_without_policy: bool,
        store: Option<&str>,
    ) -> PyResult<Self> {
        let sources = Sources::read(policies)?;
        let handles = read_handles(py, handles)?;
        let options = Options { allow_without_policy, ..Options::default() };
        let made = py.detach(|| {
            let engine = sources.documents()?.check(options).into_engine()?.handles(handles);
            match store {
                Some(store) => engine.with_store_at(store),
                None => Ok(engine),
            }
        });
        let engine = made.map_err(|error| exception(py, &sources.advised(error), None))?;
        let waits = store.is_some_and(|store| !store.starts_with("memory:"));
        Ok(Self { inner: ArcSwapOption::from_pointee(engine), waits })
    }

    /// Decides about a context: a dict, Mapping, dataclass or pydantic model of which only what the policies ask for is read, JSON as
    /// `str` or `bytes`, or what `prepare` gave.
    ///
    /// `stage` is "request", "response", "tool_call" or "tool_result". `now` is the time that conditions see: an aware datetime, or
    /// text such as "2026-01-31T12:00:00Z"; by default the machine's.
    ///
    /// Raises InvalidInputError when the context is refused as a whole; its `decision` is the deny that stands for one.
    #[pyo3(signature = (context, *, stage=None, now=None))]
    fn evaluate(
        &self,
        py: Python<'_>,
        context: &Bound<'_, PyAny>,
        stage: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Decision> {
        let question = read_question(py, stage, now)?;
        // Without counting a reference: this is the hot path.
        let inner = self.inner.load();
        let engine = inner.as_deref().ok_or_else(|| closed(py))?;
        let made = decide(engine, context, question, self.waits);
        Decision::delivered(py, made, question.stage, || engine.bundle())
    }

    /// Decides about many contexts at once; each as `evaluate` takes it. Nothing is raised for a context that is refused: its
    /// decision is a deny whose `error` says why.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "rules": [
    /// ...     {"id": "adults", "when": "user.attributes.age >= 18", "actions": [{"type": "allow"}]}]})
    /// >>> [d.allowed for d in engine.evaluate_batch([{"user": {"attributes": {"age": 20}}}, b"no JSON"])]
    /// [True, False]
    #[pyo3(signature = (contexts, *, stage=None, now=None))]
    fn evaluate_batch(
        &self,
        py: Python<'_>,
        contexts: &Bound<'_, PyAny>,
        stage: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<Decision>> {
        let question = read_question(py, stage, now)?;
        let engine = self.open(py)?;
        let mut decisions = Vec::new();
        for context in contexts.try_iter()? {
            decisions.push(match decide(&engine, &context?, question, self.waits) {
                Ok(made) => Decision::made(made),
                Err(refusal) => match refusal.interrupt(py) {
                    Some(interrupt) => return Err(interrupt),
                    None => Decision::refused(refusal, question.stage, engine.bundle()),
                },
            });
        }
        Ok(decisions)
    }

    /// Decides about a provider's own body, such as what was sent to `/v1/chat/completions`: JSON as `str` or `bytes`, or an object.
    ///
    /// `format` is "openai-chat", "openai-responses", "openai-completions", "openai-embeddings", "anthropic", "gemini", "bedrock",
    /// "mcp" or "a2a". `host` is what the host says beside it, a context: who asks above all. Where both say a field, the host's
    /// counts; a body sets fields of the body only.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "rules": [
    /// ...     {"id": "short", "when": "user.id == 'ann' && size(request.prompt) < 9", "actions": [{"type": "allow"}]}]})
    /// >>> body = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hello!"}]}
    /// >>> engine.evaluate_body(body, format="openai-chat", host={"user": {"id": "ann"}}).allowed
    /// True
    #[pyo3(signature = (body, *, format, host=None, stage=None, now=None))]
    fn evaluate_body(
        &self,
        py: Python<'_>,
        body: &Bound<'_, PyAny>,
        format: &str,
        host: Option<&Bound<'_, PyAny>>,
        stage: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Decision> {
        let question = read_question(py, stage, now)?;
        let engine = self.open(py)?;
        let made = with_body(py, body, host, self.waits, |body, host| {
            engine.evaluate_body(read_format(format)?, body, host, question)
        });
        Decision::delivered(py, made, question.stage, || engine.bundle())
    }

    /// Reads what the policies ask for, once for many evaluations of the same context: the fastest way to decide. After a reload
    /// evaluating it raises StaleInputError.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "rules": [
    /// ...     {"id": "team", "when": "user.team == 'red'", "actions": [{"type": "allow"}]}]})
    /// >>> prepared = engine.prepare({"user": {"team": "red"}})
    /// >>> engine.evaluate(prepared).allowed
    /// True
    fn prepare(&self, py: Python<'_>, context: &Bound<'_, PyAny>) -> PyResult<PreparedContext> {
        let engine = self.open(py)?;
        read(&engine, context).map(|inner| PreparedContext { inner }).map_err(|refusal| refusal.exception(py))
    }

    /// Decides, and says of each rule and each clause why it did or did not match: a dict with `decision` and `rules`. With `format`,
    /// `context` is a provider's body, and `host` what the host says beside it. For operators: it shows values of the context.
    #[pyo3(signature = (context, *, stage=None, now=None, format=None, host=None))]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        context: &Bound<'py, PyAny>,
        stage: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
        format: Option<&str>,
        host: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let question = read_question(py, stage, now)?;
        if format.is_none() && host.is_some() {
            return Err(host_without_format(py));
        }
        let engine = self.open(py)?;
        let made = with_body(py, context, host, self.waits, |body, host| match format {
            Some(format) => engine.explain_body(read_format(format)?, body, host, question),
            None => engine.explain(body, question),
        });
        let explanation = made.map_err(|refusal| refusal.exception(py))?;
        json::to_python(py, &explanation.to_json())
    }

    /// Begins an exchange: the stages of one turn, decided about by the policies of now for one caller. `host` is what the host says,
    /// a context: who asks, and what it knows beside. It stays, and no body can change it. What was seen in an earlier stage is still
    /// there in a later one.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "config": {
    /// ...     "default_action": "allow", "stages": ["request", "response"]}, "rules": [
    /// ...     {"id": "short", "stages": ["response"], "when": "user.tier == 'free' && size(response.text) > 9",
    /// ...      "actions": [{"type": "deny"}]}]})
    /// >>> exchange = engine.exchange({"user": {"tier": "free"}})
    /// >>> exchange.evaluate({"request": {"model": "gpt-5"}}).allowed
    /// True
    /// >>> exchange.evaluate({"response": {"text": "a long answer"}}, stage="response").allowed
    /// False
    fn exchange(&self, host: &Bound<'_, PyAny>) -> PyResult<Exchange> {
        Exchange::begin(self, host)
    }

    /// Goes on with an exchange that `Exchange.to_json` wrote, here or in another process. The policies have to be the same.
    fn resume(&self, py: Python<'_>, state: &str) -> PyResult<Exchange> {
        Exchange::resume(self, py, state)
    }

    /// Replaces the policies in one step. When a document is refused, InvalidPolicyError is raised and nothing changes. What comes
    /// back are warnings. Calls that are under way go on with the policies that they began with.
    fn reload<'py>(&self, py: Python<'py>, policies: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let engine = self.open(py)?;
        let sources = Sources::read(policies)?;
        let reloaded = py.detach(|| engine.reload(sources.documents()?));
        let warnings = reloaded.map_err(|error| exception(py, &sources.advised(error), None))?;
        Ok(findings(py, &warnings)?.into_any())
    }

    /// Checks policies without loading them: all that is wrong with them, and their warnings.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> report = Engine.validate('{"version": "1.0", "metadata": {"nmae": "a"}, "rules": []}')
    /// >>> report.valid, report.findings[0].message
    /// (False, 'unknown key `nmae`')
    #[staticmethod]
    fn validate<'py>(py: Python<'py>, policies: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let sources = Sources::read(policies)?;
        let checked = py.detach(|| sources.documents().map(|documents| documents.check(Options::default())));
        let checked = checked.map_err(|error| exception(py, &sources.advised(error), None))?;
        let details = pyo3::types::PyDict::new(py);
        details.set_item("valid", checked.engine().is_ok())?;
        details.set_item("documents", checked.documents)?;
        details.set_item("rules", checked.rules)?;
        details.set_item("findings", findings(py, &checked.findings)?)?;
        let refused = checked.engine().err().filter(|error| error.code != ErrorCode::InvalidPolicy);
        details.set_item("error", refused.map(|error| exception(py, error, None).into_value(py)))?;
        details.set_item("bundle", checked.engine().ok().map(|engine| engine.bundle().to_string()))?;
        crate::package::class(py, "records", "Validation")?.call((), Some(&details))
    }

    /// The digest of the documents: SHA-256, in hexadecimal.
    #[getter]
    fn bundle(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.open(py)?.bundle().to_string())
    }

    /// Whether the engine was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.inner.load().is_none()
    }

    /// Lets go of the policies. Calls that are under way finish; later ones raise ClosedError. Closing twice is fine, and so is never
    /// closing: an engine that nobody refers to is gone.
    fn close(&self) {
        self.inner.store(None);
    }

    fn __enter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().open(slf.py())?;
        Ok(slf)
    }

    fn __exit__(&self, _class: &Bound<'_, PyAny>, _error: &Bound<'_, PyAny>, _traceback: &Bound<'_, PyAny>) {
        self.close();
    }

    fn __repr__(&self) -> String {
        match self.inner.load().as_deref() {
            Some(engine) => format!("<Engine {}>", engine.bundle().get(..12).unwrap_or_default()),
            None => "<Engine closed>".to_owned(),
        }
    }
}

/// Runs `work` with the bytes of a body and of what the host says beside it.
pub(crate) fn with_body<T: Send>(
    py: Python<'_>,
    body: &Bound<'_, PyAny>,
    host: Option<&Bound<'_, PyAny>>,
    waits: bool,
    work: impl FnOnce(&[u8], &[u8]) -> Result<T, Error> + Send,
) -> Decided<T> {
    let (body, host) = (written(body)?, host.map_or(Ok(Bytes::Owned(b"{}".to_vec())), written)?);
    let host = host.get()?;
    Ok(detached(py, body.get()?, waits, |body| work(body, host))?)
}

fn read_handles(py: Python<'_>, handles: Option<&Bound<'_, PyAny>>) -> PyResult<Handles> {
    let Some(handles) = handles else { return Ok(Handles::NONE) };
    if handles.is_instance_of::<PyString>() {
        return Err(argument(
            py,
            "`handles` is a list of names, and this is one text",
            Some("write `handles=[\"redact\"]`"),
        ));
    }
    let mut set = Handles::NONE;
    for name in handles.try_iter()? {
        let name: String = name?.extract()?;
        set = set.with(&name).ok_or_else(|| exception(py, &UnknownAction(name).into(), None))?;
    }
    Ok(set)
}
