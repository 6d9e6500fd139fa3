//! Inputs as Java hands them over.

use std::borrow::Cow;
use std::str;

use llm_policy_embed::packed::Packed;
use llm_policy_embed::{Decision, Documents, Engine, Error, ErrorCode, Prepared, Question, Stage, Timestamp};
use serde_json::Value as Json;

/// The form of an input: its number on the Java side.
pub(crate) const PACKED: i32 = 1;

/// A context in one of the two forms.
#[derive(Clone, Copy)]
pub(crate) enum Input<'b> {
    Json(&'b [u8]),
    Packed(&'b [u8]),
}

impl<'b> Input<'b> {
    pub(crate) fn new(form: i32, bytes: &'b [u8]) -> Self {
        if form == PACKED { Self::Packed(bytes) } else { Self::Json(bytes) }
    }

    pub(crate) fn evaluate(self, engine: &Engine, question: Question) -> Result<Decision, Error> {
        match self {
            Self::Json(bytes) => engine.evaluate(bytes, question),
            Self::Packed(bytes) => engine.evaluate_input(&Packed::new(bytes), question).map_err(without_place),
        }
    }

    pub(crate) fn prepare(self, engine: &Engine) -> Result<Prepared, Error> {
        match self {
            Self::Json(bytes) => engine.prepare(bytes),
            Self::Packed(bytes) => engine.prepare_input(&Packed::new(bytes)).map_err(without_place),
        }
    }

    /// The input as JSON, for what has no other way in.
    pub(crate) fn json(self) -> Result<Cow<'b, [u8]>, Error> {
        Ok(match self {
            Self::Json(bytes) => Cow::Borrowed(bytes),
            Self::Packed(bytes) => Cow::Owned(tree(bytes)?.to_string().into_bytes()),
        })
    }
}

/// A packed value as a tree.
pub(crate) fn tree(packed: &[u8]) -> Result<Json, Error> {
    Packed::new(packed).to_json().map_err(|error| without_place(error.into()))
}

/// Nobody sees the packed bytes, so a place in them helps nobody.
fn without_place(error: Error) -> Error {
    Error { offset: None, ..error }
}

/// What is asked. The stage is its place in [`Stage::ALL`]; the clock's time is asked for by `i64::MIN` seconds.
pub(crate) fn question(stage: i32, seconds: i64, nanos: i32) -> Result<Question, Error> {
    let stage = usize::try_from(stage).ok().and_then(|at| Stage::ALL.get(at).copied());
    let stage = stage.ok_or_else(|| Error::new(ErrorCode::InvalidArgument, "there is no such stage"))?;
    let now = match seconds {
        i64::MIN => Timestamp::now(),
        _ => Timestamp::new(seconds, nanos).map_err(|_| {
            Error::new(ErrorCode::InvalidArgument, "the time of the question is outside of the years -9999 to 9999")
        })?,
    };
    Ok(Question { stage, now })
}

/// The byte strings of a frame, each after its length as 4 bytes, little endian.
pub(crate) fn frame(mut bytes: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let cut_off = || Error::new(ErrorCode::InvalidArgument, "a frame is cut off");
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(cut_off)?;
        let (part, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(cut_off)?;
        parts.push(part);
        bytes = rest;
    }
    Ok(parts)
}

/// Documents from a frame of origins and texts, by turns.
pub(crate) fn documents(framed: &[u8]) -> Result<Documents, Error> {
    let mut documents = Documents::new();
    for pair in frame(framed)?.chunks(2) {
        let [origin, document] = pair else {
            return Err(Error::new(ErrorCode::InvalidArgument, "a document without text"));
        };
        documents.add_bytes(document, text(origin)?);
    }
    Ok(documents)
}

/// UTF-8 that Java encoded.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Error> {
    str::from_utf8(bytes).map_err(|_| Error::new(ErrorCode::InvalidArgument, "text that is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_whole_or_not_at_all() {
        let framed = [&[2, 0, 0, 0][..], b"ab", &[0, 0, 0, 0], &[1, 0, 0, 0], b"c"].concat();
        assert_eq!(frame(&framed).unwrap(), [&b"ab"[..], b"", b"c"]);
        assert_eq!(frame(&[]).unwrap().len(), 0);
        for end in (1..framed.len()).filter(|end| ![6, 10].contains(end)) {
            assert!(frame(&framed[..end]).is_err(), "{end}");
        }
        assert!(frame(&[255, 255, 255, 255, 0]).is_err());
        assert!(documents(&framed).is_err(), "an odd number of parts");
    }

    #[test]
    fn questions_are_checked() {
        assert_eq!(question(3, 5, 7).unwrap().stage, Stage::ToolResult);
        assert_eq!(question(0, 5, 7).unwrap().now, Timestamp::new(5, 7).unwrap());
        for (stage, seconds) in [(-1, 0), (4, 0), (i32::MAX, 0), (0, i64::MAX), (0, i64::MIN + 1)] {
            assert_eq!(question(stage, seconds, 0).unwrap_err().code, ErrorCode::InvalidArgument);
        }
    }
}
