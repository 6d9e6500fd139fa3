//! Looking for text in strings.

use super::{byte_of, int};
use crate::error::{ErrorKind, Result};
use crate::function::Context;
use crate::value::Val;

/// Pays for a search, which takes time linear in both texts.
fn pay(cx: &Context<'_>, text: &str, wanted: &str) -> Result<()> {
    cx.pay_bytes(text.len().saturating_add(wanted.len()))
}

pub(super) fn contains<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match args {
        [Val::Str(text), Val::Str(wanted)] => {
            pay(cx, text, wanted)?;
            Ok(Val::Bool(text.contains(wanted)))
        }
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

pub(super) fn starts_with<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match args {
        [Val::Str(text), Val::Str(wanted)] => {
            cx.pay_bytes(wanted.len())?;
            Ok(Val::Bool(text.starts_with(wanted)))
        }
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

pub(super) fn ends_with<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match args {
        [Val::Str(text), Val::Str(wanted)] => {
            cx.pay_bytes(wanted.len())?;
            Ok(Val::Bool(text.ends_with(wanted)))
        }
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

pub(super) fn char_at<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let [Val::Str(text), Val::Int(position)] = args else { return Err(ErrorKind::NoSuchOverload.into()) };
    cx.pay_bytes(text.len())?;
    let rest = text.get(byte_of(text, *position)?..).unwrap_or_default();
    let len = rest.chars().next().map_or(0, char::len_utf8);
    Ok(Val::Str(rest.get(..len).unwrap_or_default()))
}

pub(super) fn index_of<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let (text, wanted, from) = match args {
        [Val::Str(text), Val::Str(wanted)] => (*text, *wanted, 0),
        [Val::Str(text), Val::Str(wanted), Val::Int(from)] => (*text, *wanted, *from),
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    };
    pay(cx, text, wanted)?;
    let from = byte_of(text, from)?;
    let found = text.get(from..).and_then(|rest| rest.find(wanted)).map(|at| from + at);
    Ok(position(text, found))
}

pub(super) fn last_index_of<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let (text, wanted, last) = match args {
        [Val::Str(text), Val::Str(wanted)] => (*text, *wanted, None),
        [Val::Str(text), Val::Str(wanted), Val::Int(last)] => (*text, *wanted, Some(*last)),
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    };
    pay(cx, text, wanted)?;
    let end = match last {
        // A match that starts no later than `last` ends no later than this; a match ends where a character does.
        Some(last) => text.floor_char_boundary(byte_of(text, last)?.saturating_add(wanted.len())),
        None => text.len(),
    };
    Ok(position(text, text.get(..end).and_then(|start| start.rfind(wanted))))
}

/// The position in code points of a byte that was found, or -1.
fn position<'a>(text: &str, byte: Option<usize>) -> Val<'a> {
    match byte {
        Some(byte) => int(text.get(..byte).map_or(0, |before| before.chars().count())),
        None => Val::Int(-1),
    }
}
