//! Engines: opened, replaced, shared with other threads, closed.

use std::cell::RefCell;
use std::path::Path;

use llm_policy_embed::input::Paths;
use llm_policy_embed::table::Table;
use llm_policy_embed::{Documents, Engine, Error, ErrorCode, Handles, Options, finding_json, instant};
use napi::bindgen_prelude::{Buffer, Either, External};
use napi_derive::napi;
use serde_json::{Value as Json, json};

use crate::outcome::{Outcomes, reported};

/// An engine as one thread of JavaScript holds it.
#[derive(Debug)]
pub struct Handle {
    engine: RefCell<Option<Engine>>,
    pub(crate) outcomes: RefCell<Outcomes>,
}

/// Engines that other threads may attach to.
static SHARED: Table<Engine> = Table::new(1);

impl Handle {
    fn new(engine: Engine) -> External<Self> {
        External::new(Self { engine: RefCell::new(Some(engine)), outcomes: RefCell::default() })
    }

    /// What `work` makes of the engine.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&Engine) -> Result<R, Error>) -> Result<R, Error> {
        match &*self.engine.borrow() {
            Some(engine) => work(engine),
            None => Err(Error::new(ErrorCode::InvalidHandle, "the engine is closed")),
        }
    }
}

/// Makes an engine from a file, or from all policy documents below a directory.
#[napi(catch_unwind)]
pub fn open(
    path: String,
    handles: Vec<String>,
    allow_without_policy: bool,
    store: Option<String>,
) -> Option<External<Handle>> {
    reported(|| make(from_path(&path)?, &handles, allow_without_policy, store.as_deref()))
}

/// Makes an engine from documents in memory: what messages call each, and its text.
#[napi(catch_unwind)]
pub fn load(
    origins: Vec<String>,
    texts: Vec<Either<String, Buffer>>,
    handles: Vec<String>,
    allow_without_policy: bool,
    store: Option<String>,
) -> Option<External<Handle>> {
    reported(|| make(from_memory(&origins, &texts), &handles, allow_without_policy, store.as_deref()))
}

/// Replaces the policies in one step by those at `path`; gives the warnings, as a list in JSON.
#[napi(catch_unwind)]
pub fn reload_path(handle: &External<Handle>, path: String) -> Option<String> {
    reported(|| handle.with(|engine| reload(engine, from_path(&path)?)))
}

/// As `reloadPath`, from documents in memory.
#[napi(catch_unwind)]
pub fn reload_documents(
    handle: &External<Handle>,
    origins: Vec<String>,
    texts: Vec<Either<String, Buffer>>,
) -> Option<String> {
    reported(|| handle.with(|engine| reload(engine, from_memory(&origins, &texts))))
}

/// Checks the policy documents at `path`; gives the report, as JSON.
#[napi(catch_unwind)]
pub fn validate_path(path: String) -> Option<String> {
    reported(|| Ok(from_path(&path)?.check(Options::default()).to_json().to_string()))
}

/// As `validatePath`, for documents in memory.
#[napi(catch_unwind)]
pub fn validate_documents(origins: Vec<String>, texts: Vec<Either<String, Buffer>>) -> Option<String> {
    reported(|| Ok(from_memory(&origins, &texts).check(Options::default()).to_json().to_string()))
}

/// The digest of the documents.
#[napi(catch_unwind)]
pub fn bundle(handle: &External<Handle>) -> Option<String> {
    reported(|| handle.with(|engine| Ok(engine.bundle().to_string())))
}

/// The fields that the policies read, as JSON: `whole` for a field that is read itself, and in `fields` those below it that are.
#[napi(catch_unwind)]
pub fn wanted(handle: &External<Handle>) -> Option<String> {
    reported(|| {
        handle.with(|engine| {
            let compiled = engine.compiled();
            handle.outcomes.borrow_mut().wanted = Some(compiled.digest.to_string());
            Ok(fields(&compiled.slots.paths, 0).to_string())
        })
    })
}

fn fields(paths: &Paths, at: u32) -> Json {
    let Some(node) = paths.node(at) else { return Json::Null };
    let below: serde_json::Map<String, Json> =
        node.children().map(|(name, id)| (name.to_owned(), fields(paths, id))).collect();
    json!({"whole": node.slot().is_some(), "fields": below})
}

/// A number under which other threads of this process can attach to the engine, in decimal.
#[napi(catch_unwind)]
pub fn share(handle: &External<Handle>) -> Option<String> {
    reported(|| {
        handle.with(|engine| {
            let number = SHARED.insert(engine.clone());
            number
                .map(|number| number.to_string())
                .ok_or_else(|| Error::new(ErrorCode::InvalidArgument, "too many engines are shared"))
        })
    })
}

/// The engine that was shared under this number.
#[napi(catch_unwind)]
pub fn attach(number: String) -> Option<External<Handle>> {
    reported(|| {
        let number = number.parse().unwrap_or(0);
        SHARED
            .with(number, |engine| Handle::new(engine.clone()))
            .ok_or_else(|| Error::new(ErrorCode::InvalidHandle, "no engine is shared under this number (any more)"))
    })
}

/// Takes the number back; threads that have attached keep the engine.
#[napi(catch_unwind)]
pub fn unshare(number: String) {
    SHARED.remove(number.parse().unwrap_or(0));
}

/// Closes the engine. False when it was closed before.
#[napi(catch_unwind)]
pub fn close(handle: &External<Handle>) -> bool {
    handle.engine.take().is_some()
}

/// The instant that RFC 3339 text says, in milliseconds since 1970.
#[napi(catch_unwind)]
pub fn read_instant(text: String, name: String) -> Option<f64> {
    reported(|| match instant::read(&text) {
        #[expect(clippy::cast_precision_loss, reason = "microseconds are exact until 2255")]
        Ok(instant) => Ok(instant.as_microsecond() as f64 / 1000.0),
        Err(fault) => Err(Error::new(ErrorCode::InvalidArgument, format!("{name} is no instant: {fault}"))),
    })
}

/// The version of the addon.
#[napi(catch_unwind)]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

fn make(
    documents: Documents,
    handles: &[String],
    allow_without_policy: bool,
    store: Option<&str>,
) -> Result<External<Handle>, Error> {
    let handles: Handles = handles.join(",").parse()?;
    let options = Options { allow_without_policy, ..Options::default() };
    let engine = documents.check(options).into_engine()?.handles(handles);
    Ok(Handle::new(match store {
        Some(store) => engine.with_store_at(store)?,
        None => engine,
    }))
}

fn reload(engine: &Engine, documents: Documents) -> Result<String, Error> {
    let warnings = engine.reload(documents)?;
    Ok(Json::Array(warnings.iter().map(finding_json).collect()).to_string())
}

fn from_path(path: &str) -> Result<Documents, Error> {
    let mut documents = Documents::new();
    documents.add_path(Path::new(path))?;
    Ok(documents)
}

fn from_memory(origins: &[String], texts: &[Either<String, Buffer>]) -> Documents {
    let mut documents = Documents::new();
    for (origin, text) in origins.iter().zip(texts) {
        let text: &[u8] = match text {
            Either::A(text) => text.as_bytes(),
            Either::B(bytes) => bytes,
        };
        documents.add_bytes(text, origin);
    }
    documents
}
