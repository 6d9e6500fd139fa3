//! Strings made from strings.

use bumpalo::collections::{String, Vec};

use super::byte_of;
use crate::error::{ErrorKind, Result};
use crate::function::Context;
use crate::value::{List, Val};

pub(super) fn join<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let (list, separator) = match args {
        [Val::List(list)] => (*list, ""),
        [Val::List(list), Val::Str(separator)] => (*list, *separator),
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    };
    cx.pay(list.len() as u64)?;
    let mut len = separator.len().saturating_mul(list.len().saturating_sub(1));
    for item in list.iter() {
        let Val::Str(s) = item else { return Err(ErrorKind::NoSuchOverload.into()) };
        len = len.saturating_add(s.len());
    }
    cx.pay_bytes(len)?;
    let mut joined = String::with_capacity_in(len, cx.arena);
    for (i, item) in list.iter().enumerate() {
        if let Val::Str(s) = item {
            joined.push_str(if i == 0 { "" } else { separator });
            joined.push_str(s);
        }
    }
    Ok(Val::Str(joined.into_bump_str()))
}

pub(super) fn split<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let (text, separator, most) = match args {
        [Val::Str(text), Val::Str(separator)] => (*text, *separator, -1),
        [Val::Str(text), Val::Str(separator), Val::Int(most)] => (*text, *separator, *most),
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    };
    cx.pay_bytes(text.len().saturating_add(separator.len()))?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut parts = Vec::new_in(cx.arena);
    let mut push = |part: &'a str| {
        cx.pay(1)?;
        parts.push(Val::Str(part));
        Ok::<(), crate::error::Error>(())
    };
    if separator.is_empty() {
        // An empty separator stands between all characters.
        let mut rest = text;
        for count in 1..=most {
            let len = rest.chars().next().map_or(0, char::len_utf8);
            match rest.split_at_checked(len) {
                Some((first, after)) if len > 0 && count < most => {
                    push(first)?;
                    rest = after;
                }
                _ if rest.is_empty() => break,
                _ => {
                    push(rest)?;
                    break;
                }
            }
        }
    } else {
        for part in text.splitn(most, separator) {
            push(part)?;
        }
    }
    Ok(Val::List(List::Arena(parts.into_bump_slice())))
}

pub(super) fn substring<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let (text, start, end) = match args {
        [Val::Str(text), Val::Int(start)] => (*text, *start, None),
        [Val::Str(text), Val::Int(start), Val::Int(end)] => (*text, *start, Some(*end)),
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    };
    cx.pay_bytes(text.len())?;
    if end.is_some_and(|end| end < start) {
        return Err(ErrorKind::InvalidArgument("the substring ends before it starts").into());
    }
    let start = byte_of(text, start)?;
    let end = match end {
        Some(end) => byte_of(text, end)?,
        None => text.len(),
    };
    Ok(Val::Str(text.get(start..end).unwrap_or_default()))
}

pub(super) fn trim<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let text = one_text(cx, args)?;
    Ok(Val::Str(text.trim()))
}

pub(super) fn replace<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let (text, old, new, most) = match args {
        [Val::Str(text), Val::Str(old), Val::Str(new)] => (*text, *old, *new, -1),
        [Val::Str(text), Val::Str(old), Val::Str(new), Val::Int(most)] => (*text, *old, *new, *most),
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    cx.pay_bytes(text.len().saturating_add(old.len()))?;
    let found = text.match_indices(old).take(most).count();
    if found == 0 {
        return Ok(Val::Str(text));
    }
    // Short matches cost more than the text around them.
    cx.pay(found as u64 / 4)?;
    let kept = text.len().saturating_sub(found.saturating_mul(old.len()));
    let len = kept.saturating_add(found.saturating_mul(new.len()));
    cx.pay_bytes(len)?;
    let mut replaced = String::with_capacity_in(len, cx.arena);
    let mut from = 0;
    for (at, _) in text.match_indices(old).take(most) {
        replaced.push_str(text.get(from..at).unwrap_or_default());
        replaced.push_str(new);
        from = at + old.len();
    }
    replaced.push_str(text.get(from..).unwrap_or_default());
    Ok(Val::Str(replaced.into_bump_str()))
}

pub(super) fn lower_ascii<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let text = one_text(cx, args)?;
    if !text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Ok(Val::Str(text));
    }
    let lower = cx.arena.alloc_str(text);
    lower.make_ascii_lowercase();
    Ok(Val::Str(lower))
}

pub(super) fn upper_ascii<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let text = one_text(cx, args)?;
    if !text.bytes().any(|b| b.is_ascii_lowercase()) {
        return Ok(Val::Str(text));
    }
    let upper = cx.arena.alloc_str(text);
    upper.make_ascii_uppercase();
    Ok(Val::Str(upper))
}

/// `reverse` of a string, or of a list for the extension of lists, which has the function under the same name.
pub(in crate::library) fn reverse<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    if let [Val::List(list)] = args {
        cx.pay(list.len() as u64)?;
        let mut reversed = Vec::with_capacity_in(list.len(), cx.arena);
        reversed.extend((0..list.len()).rev().filter_map(|i| list.get(i)));
        return Ok(Val::List(List::Arena(reversed.into_bump_slice())));
    }
    let text = one_text(cx, args)?;
    let mut reversed = String::with_capacity_in(text.len(), cx.arena);
    reversed.extend(text.chars().rev());
    Ok(Val::Str(reversed.into_bump_str()))
}

pub(super) fn quote<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let text = one_text(cx, args)?;
    let escape = |c: char| {
        Some(match c {
            '\u{07}' => "\\a",
            '\u{08}' => "\\b",
            '\u{0c}' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{0b}' => "\\v",
            '\\' => "\\\\",
            '"' => "\\\"",
            _ => return None,
        })
    };
    let escapes = text.chars().filter(|c| escape(*c).is_some()).count();
    let len = text.len().saturating_add(escapes).saturating_add(2);
    cx.pay_bytes(len)?;
    let mut quoted = String::with_capacity_in(len, cx.arena);
    quoted.push('"');
    for c in text.chars() {
        match escape(c) {
            Some(escaped) => quoted.push_str(escaped),
            None => quoted.push(c),
        }
    }
    quoted.push('"');
    Ok(Val::Str(quoted.into_bump_str()))
}

/// The one string argument, paid for.
fn one_text<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<&'a str> {
    let [Val::Str(text)] = args else { return Err(ErrorKind::NoSuchOverload.into()) };
    cx.pay_bytes(text.len())?;
    Ok(text)
}
