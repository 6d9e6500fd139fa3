//! Equality that pays fuel, and looking for equal elements in lists without comparing each with each.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::operators;
use crate::error::{Error, ErrorKind, Result};
use crate::function::Context;
use crate::value::{List, MAX_DEPTH, Val};

/// Up to so many comparisons are made one by one; beyond, elements are found by their hashes.
const PLAIN: usize = 64;

/// CEL's `==`, paid for also when there is little to look at.
pub(super) fn equals(cx: &Context<'_>, a: Val<'_>, b: Val<'_>) -> Result<bool> {
    cx.pay(1)?;
    operators::equals(cx, a, b)
}

fn pay_text(cx: &Context<'_>, value: Val<'_>) -> Result<()> {
    match value {
        Val::Str(s) => cx.pay_bytes(s.len()),
        Val::Bytes(b) => cx.pay_bytes(b.len()),
        _ => Ok(()),
    }
}

/// A hash that is the same for values that are equal, paid for by the size of the value.
fn hash(cx: &Context<'_>, value: Val<'_>) -> Result<u64> {
    hash_within(cx, value, MAX_DEPTH)
}

/// [`hash`] of a part that may have so many levels.
fn hash_within(cx: &Context<'_>, value: Val<'_>, depth: usize) -> Result<u64> {
    let depth = depth.checked_sub(1).ok_or(Error::new(ErrorKind::TooDeep))?;
    cx.pay(1)?;
    pay_text(cx, value)?;
    let mut hasher = FxHasher::default();
    match value {
        Val::Null => 1.hash(&mut hasher),
        Val::Bool(b) => b.hash(&mut hasher),
        // An int or uint equals the double that it rounds to.
        Val::Int(i) => (i as f64).to_bits().hash(&mut hasher),
        Val::Uint(u) => (u as f64).to_bits().hash(&mut hasher),
        // Zero has two forms, which are equal; the sum is the positive one.
        Val::Double(d) => (d + 0.0).to_bits().hash(&mut hasher),
        Val::Str(s) => s.hash(&mut hasher),
        Val::Bytes(b) => b.hash(&mut hasher),
        Val::Timestamp(t) => t.hash(&mut hasher),
        Val::Duration(d) => d.hash(&mut hasher),
        Val::Type(t) => t.hash(&mut hasher),
        Val::List(list) => {
            list.len().hash(&mut hasher);
            for item in list.iter() {
                hash_within(cx, item, depth)?.hash(&mut hasher);
            }
        }
        Val::Map(map) => {
            map.len().hash(&mut hasher);
            // Entries have no order, so their hashes are summed.
            let mut sum = 0_u64;
            for (key, value) in map.iter() {
                let mut entry = FxHasher::default();
                (hash_within(cx, key, depth)?, hash_within(cx, value, depth)?).hash(&mut entry);
                sum = sum.wrapping_add(entry.finish());
            }
            sum.hash(&mut hasher);
        }
        Val::Optional(optional) => match optional.get() {
            None => 2.hash(&mut hasher),
            Some(value) => hash_within(cx, value, depth)?.hash(&mut hasher),
        },
        Val::Ip(ip) => ip.hash(&mut hasher),
        Val::Cidr(cidr) => cidr.hash(&mut hasher),
    }
    Ok(hasher.finish())
}

/// An element of a list with its hash and position.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    hash: u64,
    position: usize,
    value: Val<'a>,
}

/// The elements of `list`, sorted by hash and then position.
fn by_hash<'a>(cx: &Context<'a>, list: List<'a>) -> Result<&'a mut [Entry<'a>]> {
    let rounds = u64::from(list.len().max(1).ilog2());
    cx.pay((list.len() as u64).saturating_mul(rounds))?;
    let entries = cx.arena.alloc_slice_try_fill_with(list.len(), |position| {
        let value = list.get(position).unwrap_or(Val::Null);
        hash(cx, value).map(|hash| Entry { hash, position, value })
    })?;
    entries.sort_unstable_by_key(|entry| (entry.hash, entry.position));
    Ok(entries)
}

/// The elements of a list, ready to be asked for.
pub(super) enum Members<'a> {
    /// Searched from front to back.
    Plain(List<'a>),
    /// Found by hash.
    Hashed(&'a [Entry<'a>]),
}

impl<'a> Members<'a> {
    /// The elements of `list`, which will be asked for `questions` times.
    pub(super) fn of(cx: &Context<'a>, list: List<'a>, questions: usize) -> Result<Self> {
        if list.len().saturating_mul(questions) <= PLAIN || questions < 2 {
            Ok(Self::Plain(list))
        } else {
            Ok(Self::Hashed(by_hash(cx, list)?))
        }
    }

    /// True when an element equals `value`.
    pub(super) fn contain(&self, cx: &Context<'a>, value: Val<'a>) -> Result<bool> {
        match self {
            Self::Plain(list) => {
                for item in list.iter() {
                    if equals(cx, item, value)? {
                        return Ok(true);
                    }
                }
            }
            Self::Hashed(entries) => {
                let hash = hash(cx, value)?;
                let start = entries.partition_point(|entry| entry.hash < hash);
                for entry in entries.iter().skip(start).take_while(|entry| entry.hash == hash) {
                    if equals(cx, entry.value, value)? {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }
}

/// The elements of `list` without those that equal an earlier one.
pub(super) fn distinct<'a>(cx: &Context<'a>, list: List<'a>) -> Result<&'a [Val<'a>]> {
    let mut kept = bumpalo::collections::Vec::new_in(cx.arena);
    if list.len().saturating_mul(list.len()) <= PLAIN {
        for item in list.iter() {
            if !any_equals(cx, kept.iter().copied(), item)? {
                kept.push(item);
            }
        }
        return Ok(kept.into_bump_slice());
    }
    let entries = by_hash(cx, list)?;
    let mut positions = bumpalo::collections::Vec::new_in(cx.arena);
    for group in entries.chunk_by(|a, b| a.hash == b.hash) {
        let first = positions.len();
        for entry in group {
            let earlier = positions.iter().skip(first).map(|e: &Entry<'a>| e.value);
            if !any_equals(cx, earlier, entry.value)? {
                positions.push(*entry);
            }
        }
    }
    positions.sort_unstable_by_key(|entry| entry.position);
    kept.extend(positions.iter().map(|entry| entry.value));
    Ok(kept.into_bump_slice())
}

fn any_equals<'a>(cx: &Context<'a>, items: impl Iterator<Item = Val<'a>>, value: Val<'a>) -> Result<bool> {
    for item in items {
        if equals(cx, item, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
