//! The objects that numbers on the Java side stand for.

use llm_policy_embed::objects::Objects;
use llm_policy_embed::{Detector, Engine, Error, ErrorCode, Exchange, Handles, Prepared, Stream};

use crate::shared::Shared;

/// An engine, the same engine for a caller who carries out nothing, and the decisions that are kept.
pub(crate) struct Held {
    pub(crate) engine: Engine,
    pub(crate) without_handles: Engine,
    pub(crate) shared: Shared,
}

pub(crate) static ENGINES: Objects<Held> = Objects::new(1, "engine", closed);
pub(crate) static PREPARED: Objects<Prepared> = Objects::new(2, "prepared input", closed);
pub(crate) static EXCHANGES: Objects<Exchange> = Objects::new(3, "exchange", closed);
pub(crate) static DETECTORS: Objects<Detector> = Objects::new(4, "detector", closed);
pub(crate) static STREAMS: Objects<Stream> = Objects::new(5, "stream", closed);

impl Held {
    pub(crate) fn new(engine: Engine, handles: Handles) -> Self {
        let without_handles = engine.clone().handles(Handles::NONE);
        Self { without_handles, engine: engine.handles(handles), shared: Shared::new() }
    }
}

/// The failure for a number that stands for no object of this name.
fn closed(name: &str) -> Error {
    Error::new(ErrorCode::InvalidHandle, format!("this {name} is closed"))
}
