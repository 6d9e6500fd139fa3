//! Answers that stream.

use std::sync::Arc;

use llm_policy_embed::{self as embed, Error};

use crate::decision::Decision;
use crate::error::{PolicyError, Refused, decide, run};
use crate::objects::{Kept, STREAMS};

/// The answer of an exchange's turn while it comes: [`crate::exchange::Exchange::stream`]. Threads may share it; what is pushed is
/// one text. It goes on when the exchange is closed.
#[derive(Debug, uniffi::Object)]
pub struct AnswerStream {
    inner: Kept<embed::Stream>,
}

/// What came through.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Passed {
    /// What is safe to send on now: often nothing.
    pub bytes: Vec<u8>,
    /// Whether the answer ends here: send on what came out, then read no further; [`AnswerStream::finish`] says why.
    pub stopped: bool,
}

/// The end of an answer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Finished {
    /// What was held back; nothing of an answer that is refused.
    pub bytes: Vec<u8>,
    /// About the whole answer, or the one at which it was stopped.
    pub decision: Decision,
}

#[uniffi::export]
impl AnswerStream {
    /// Takes the next bytes of the answer, cut anywhere.
    ///
    /// # Errors
    /// When they cannot be read; the answer ends here then, as when it is stopped. When it has ended before.
    pub fn push(&self, chunk: Vec<u8>) -> Result<Passed, PolicyError> {
        run(|| {
            let passed = self.inner.with(|stream| stream.push(&chunk))?;
            Ok(Passed { bytes: passed.bytes, stopped: passed.is_stopped })
        })
    }

    /// Ends the answer. Once more, it is the same decision and no bytes.
    ///
    /// # Errors
    /// When the answer cannot be judged; nothing of what was held back is sent then.
    pub fn finish(&self) -> Result<Finished, PolicyError> {
        decide(embed::Stage::Response, || {
            self.inner.with(|stream| {
                let (bytes, decision) = stream.finish().map_err(|error| Refused::by(error, stream.bundle()))?;
                Ok(Finished { bytes, decision: Decision::of(&decision) })
            })
        })
    }

    /// Ends the answer because nobody reads on: what was held back is dropped, and the tokens that came are counted, so that
    /// [`crate::exchange::Exchange::settle`] closes what is held with them.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn abort(&self) -> Result<(), PolicyError> {
        run(|| self.inner.with(embed::Stream::abort))
    }

    /// Frees the stream, and counts nothing: finish or abort before. Doing it twice does nothing.
    pub fn shut_down(&self) {
        self.inner.close();
    }
}

impl AnswerStream {
    pub(crate) fn new(stream: embed::Stream) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self { inner: Kept::new(&STREAMS, stream)? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::exchange::Exchange;
    use crate::policies::{Document, Options};

    const SHORT: &str =
        "{version: '1.0', metadata: {name: a}, config: {default_action: allow, stages: [request, response]},
        rules: [{id: long, stages: [response], when: 'size(response.text) > 5', actions: [deny]}]}";

    fn exchange() -> Arc<Exchange> {
        let document = Document { origin: "a.yaml".into(), text: SHORT.into() };
        Engine::load(vec![document], Options::default()).unwrap().exchange(b"{}".to_vec()).unwrap()
    }

    #[test]
    fn an_answer_ends_once() {
        for (answer, allowed) in [("short", true), ("too long", false)] {
            let stream = exchange().stream(None, None).unwrap();
            let mut came = Vec::new();
            for byte in answer.bytes() {
                let passed = stream.push(vec![byte]).unwrap();
                came.extend(passed.bytes);
                if passed.stopped {
                    break;
                }
            }
            let end = stream.finish().unwrap();
            came.extend(end.bytes);
            assert_eq!(end.decision.allowed, allowed, "{answer}");
            assert_eq!(came == answer.as_bytes(), allowed, "{answer}");
            let again = stream.finish().unwrap();
            assert_eq!((again.bytes.len(), again.decision), (0, end.decision));
            match stream.push(b"x".to_vec()) {
                Ok(passed) => assert!(!allowed && passed.stopped && passed.bytes.is_empty(), "{passed:?}"),
                Err(error) => assert!(allowed && error.to_string().contains("this stream has ended"), "{error}"),
            }
        }
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let exchange = exchange();
        assert!(matches!(exchange.stream(Some("gemini".into()), None), Err(PolicyError::InvalidArgument { .. })));
        assert!(matches!(exchange.stream(Some("opneai".into()), None), Err(PolicyError::InvalidArgument { .. })));
        let stream = exchange.stream(None, None).unwrap();
        exchange.shut_down();
        stream.push(b"goes on".to_vec()).unwrap();
        stream.abort().unwrap();
        stream.shut_down();
        let closed = stream.finish().unwrap_err();
        assert!(matches!(&closed, PolicyError::Closed { failure } if !failure.decision.allowed), "{closed:?}");
    }
}
