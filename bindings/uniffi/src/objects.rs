//! Objects that can be closed before they are dropped.

use llm_policy_embed::objects::Objects;
use llm_policy_embed::{Detector, Engine, Error, ErrorCode, Exchange, Prepared, Stream};

/// All engines.
pub(crate) static ENGINES: Objects<Engine> = Objects::new(1, "engine", closed);
/// All prepared inputs.
pub(crate) static PREPARED: Objects<Prepared> = Objects::new(2, "prepared input", closed);
/// All exchanges.
pub(crate) static EXCHANGES: Objects<Exchange> = Objects::new(3, "exchange", closed);
/// All detectors.
pub(crate) static DETECTORS: Objects<Detector> = Objects::new(4, "detector", closed);
/// All answers that stream.
pub(crate) static STREAMS: Objects<Stream> = Objects::new(5, "stream", closed);

fn closed(name: &str) -> Error {
    Error::new(ErrorCode::InvalidHandle, format!("this {name} is closed"))
}

/// An object of one of these. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Kept<T: 'static> {
    all: &'static Objects<T>,
    number: u64,
}

impl<T> Kept<T> {
    pub(crate) fn new(all: &'static Objects<T>, object: T) -> Result<Self, Error> {
        Ok(Self { all, number: all.keep(object)? })
    }

    /// Runs `work` with the object; when it was closed, that is the failure.
    pub(crate) fn with<R, E: From<Error>>(&self, work: impl FnOnce(&T) -> Result<R, E>) -> Result<R, E> {
        self.all.with(self.number, work)
    }

    /// Closes it. Calls that are under way finish; closing twice does nothing.
    pub(crate) fn close(&self) {
        // The only failure is that it is closed.
        let _ = self.all.free(self.number);
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        self.close();
    }
}
