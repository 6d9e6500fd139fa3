//! Functions: `base64.encode` and `base64.decode`, as cel-go's encoders extension defines them.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::declare::{function, globals, no_overload};
use crate::error::{ErrorKind, Result};
use crate::function::{Context, Function};
use crate::types::Type::{Bytes, String};
use crate::value::Val;

/// The standard alphabet; padding is written, and read when it is there in full.
const PADDED: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, config(DecodePaddingMode::RequireCanonical));

/// The standard alphabet without padding.
const UNPADDED: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, config(DecodePaddingMode::RequireNone));

const fn config(padding: DecodePaddingMode) -> GeneralPurposeConfig {
    GeneralPurposeConfig::new().with_decode_padding_mode(padding).with_decode_allow_trailing_bits(true)
}

/// The functions of this module.
#[must_use]
pub fn functions() -> Vec<Function> {
    vec![
        function(
            "base64.encode",
            globals([("base64_encode_bytes", &[Bytes], String)]),
            encode,
            "The bytes as base64 text with padding.",
            "base64.encode(b'hello') == 'aGVsbG8='",
        ),
        function(
            "base64.decode",
            globals([("base64_decode_string", &[String], Bytes)]),
            decode,
            "The bytes that base64 text stands for; the padding at its end may be missing, and line breaks are skipped.",
            "base64.decode('aGVsbG8') == b'hello'",
        ),
    ]
}

fn encode<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let [Val::Bytes(bytes)] = *args else { return no_overload() };
    cx.pay_bytes(bytes.len().saturating_mul(2))?;
    Ok(Val::Str(cx.arena.alloc_str(&PADDED.encode(bytes))))
}

fn decode<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let [Val::Str(text)] = *args else { return no_overload() };
    cx.pay_bytes(text.len().saturating_mul(2))?;
    let joined;
    let text = if text.contains(['\r', '\n']) {
        joined = text.replace(['\r', '\n'], "");
        joined.as_str()
    } else {
        text
    };
    let engine = if text.ends_with('=') || text.len().is_multiple_of(4) { PADDED } else { UNPADDED };
    let bytes = engine.decode(text).map_err(|_| ErrorKind::InvalidArgument("the text is not base64"))?;
    Ok(Val::Bytes(cx.arena.alloc_slice_copy(&bytes)))
}

#[cfg(test)]
mod tests;
