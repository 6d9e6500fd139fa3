//! The engine's own functions in CEL.

use std::sync::Arc;

use jiff::civil::Weekday;
use llm_policy_cel::ast::{Expr, Literal};
use llm_policy_cel::error::{ErrorKind, Result};
use llm_policy_cel::function::{Context, Function, Implementation, Overload};
use llm_policy_cel::library::time::resolve_zone;
use llm_policy_cel::macros::Macro;
use llm_policy_cel::types::Type;
use llm_policy_cel::value::{Timestamp, Val, Value};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::expressions::constant;
use crate::document::Document;
use crate::document::model::Rollout;
use crate::document::schedule::Schedule;

fn function<F>(name: &str, overloads: Vec<Overload>, code: F, doc: &'static str, example: &'static str) -> Function
where
    F: for<'a> Fn(&Context<'a>, &[Val<'a>]) -> Result<Val<'a>> + Send + Sync + 'static,
{
    let implementation: Implementation = Arc::new(code);
    Function { name: name.into(), overloads, implementation: Some(implementation), doc, example, cost: Function::COST }
}

/// The functions that all documents share.
#[must_use]
pub fn functions() -> Vec<Function> {
    vec![
        function(
            "glob",
            vec![Overload::global("glob_string_string", vec![Type::String, Type::String], Type::Bool)],
            |cx, args| match args {
                [Val::Str(text), Val::Str(pattern)] => {
                    cx.pay_bytes(text.len().saturating_mul(pattern.len().max(1)))?;
                    Ok(Val::Bool(glob(text, pattern)))
                }
                _ => Err(ErrorKind::NoSuchOverload.into()),
            },
            "True when the whole text fits the pattern, in which `*` stands for any characters and `?` for one.",
            "glob('gpt-4o-mini', 'gpt-4*') == true",
        ),
        function(
            "hash_bucket",
            vec![Overload::global(
                "hash_bucket_string_string_int",
                vec![Type::String, Type::String, Type::Int],
                Type::Int,
            )],
            |cx, args| match args {
                [Val::Str(text), Val::Str(salt), Val::Int(buckets)] => {
                    let buckets = u64::try_from(*buckets).ok().filter(|n| *n > 0);
                    let buckets = buckets.ok_or(ErrorKind::InvalidArgument("the number of buckets must be above 0"))?;
                    cx.pay_bytes(text.len() + salt.len())?;
                    Ok(Val::Int(i64::try_from(bucket(text, salt, buckets)).unwrap_or(0)))
                }
                _ => Err(ErrorKind::NoSuchOverload.into()),
            },
            "The bucket, from 0, that a text falls into: the same on every machine, for ever.",
            "hash_bucket('u-1', 'salt', 1) == 0",
        ),
        function(
            "@business_hours",
            vec![Overload::global("business_hours_timestamp_string", vec![Type::Timestamp, Type::String], Type::Bool)],
            |_, args| match args {
                [Val::Timestamp(now), Val::Str(zone)] => {
                    let local = resolve_zone(zone)?.to_datetime(instant(*now)?);
                    let weekday = !matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
                    Ok(Val::Bool(weekday && (9..17).contains(&local.hour())))
                }
                _ => Err(ErrorKind::NoSuchOverload.into()),
            },
            "What `is_business_hours` becomes.",
            "",
        ),
    ]
}

/// The macros that all documents share.
///
/// `user.has_permission(p)` is `p in user.permissions`; `is_business_hours([tz])` asks for Monday to Friday, 09:00 to 17:00, in
/// UTC or the time zone named, `Europe/Berlin` or `+02:00`.
#[must_use]
pub fn macros() -> Vec<Macro> {
    let business_hours = |arity: usize| {
        Macro::global("is_business_hours", arity, |expander, _, args| {
            let now = expander.ident("now");
            let zone = match args {
                [zone] => *zone,
                _ => expander.literal(Literal::String("UTC".into())),
            };
            Ok(Some(expander.call("@business_hours", vec![now, zone])))
        })
    };
    vec![
        Macro::member("has_permission", 1, |expander, target, args| {
            let (Some(target), [permission]) = (target, args) else { return Ok(None) };
            if !matches!(expander.ast().expr(target), Expr::Ident(name) if **name == *"user") {
                return Ok(None);
            }
            let permissions = expander.select(target, "permissions");
            Ok(Some(expander.call("@in", vec![*permission, permissions])))
        }),
        business_hours(0),
        business_hours(1),
        super::pricing::call(),
    ]
}

fn instant(now: Timestamp) -> Result<jiff::Timestamp> {
    jiff::Timestamp::new(now.seconds, now.nanos).map_err(|_| ErrorKind::Overflow.into())
}

/// `lookup(table, key, default)` over the tables of `document`.
#[must_use]
pub fn lookup(document: &Document) -> Function {
    let mut tables: FxHashMap<Arc<str>, FxHashMap<Key, Value>> = FxHashMap::default();
    for table in &document.tables {
        let mut entries = FxHashMap::default();
        for (key, value) in &table.entries {
            if let Some(key) = Key::of(constant(key).as_val()) {
                entries.entry(key).or_insert_with(|| constant(value));
            }
        }
        tables.insert(table.name.value.clone(), entries);
    }
    let param = |name| Type::param(name);
    function(
        "lookup",
        vec![Overload::global("lookup_string_key_value", vec![Type::String, param("K"), param("V")], param("V"))],
        move |cx, args| match args {
            [Val::Str(table), key, default] => {
                let entries = tables.get(*table).ok_or(ErrorKind::InvalidArgument("there is no such table"))?;
                let found = Key::of(*key).and_then(|key| entries.get(&key));
                Ok(match found {
                    None => *default,
                    // The code cannot promise that the table outlives the evaluation, so text is copied to the arena.
                    Some(Value::String(text)) => {
                        cx.pay_bytes(text.len())?;
                        Val::Str(cx.arena.alloc_str(text))
                    }
                    Some(Value::Bool(b)) => Val::Bool(*b),
                    Some(Value::Int(i)) => Val::Int(*i),
                    Some(Value::Double(d)) => Val::Double(*d),
                    Some(_) => return Err(ErrorKind::NoSuchOverload.into()),
                })
            }
            _ => Err(ErrorKind::NoSuchOverload.into()),
        },
        "The value under a key of a table of this document, or the default.",
        "",
    )
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Text(String),
    Int(i64),
    Bool(bool),
}

impl Key {
    fn of(value: Val<'_>) -> Option<Self> {
        match value {
            Val::Str(text) => Some(Self::Text(text.to_owned())),
            Val::Int(i) => Some(Self::Int(i)),
            Val::Uint(u) => i64::try_from(u).ok().map(Self::Int),
            Val::Bool(b) => Some(Self::Bool(b)),
            _ => None,
        }
    }
}

/// Whether a schedule holds: one argument, now.
#[must_use]
pub fn schedule(schedule: &Schedule) -> Function {
    let schedule = schedule.clone();
    function(
        "@schedule",
        Vec::new(),
        move |_, args| match args {
            [Val::Timestamp(now)] => Ok(Val::Bool(schedule.applies_at(instant(*now)?))),
            _ => Err(ErrorKind::NoSuchOverload.into()),
        },
        "Whether a rule's schedule holds.",
        "",
    )
}

/// Whether an identity is in a share: one argument, the identity's text or integer, or null, which is in no share. What is
/// neither is an error.
#[must_use]
pub fn rollout(share: &Arc<Rollout>) -> Function {
    let share = share.clone();
    function(
        "@rollout",
        Vec::new(),
        move |_, args| match args {
            [Val::Null] => Ok(Val::Bool(false)),
            [identity] => match share_of(&share, *identity) {
                Some(at) => Ok(Val::Bool(at < share.millipercent)),
                None => Err(ErrorKind::InvalidArgument("what a rollout goes by must be text or an integer").into()),
            },
            _ => Err(ErrorKind::NoSuchOverload.into()),
        },
        "Whether an identity is in a rule's rollout.",
        "",
    )
}

/// Where an identity stands in `0..100_000` for a rollout; `None` for what is no identity.
#[must_use]
pub fn share_of(share: &Rollout, identity: Val<'_>) -> Option<u32> {
    let at = match identity {
        Val::Str(text) => bucket(text, &share.salt, 100_000),
        Val::Int(i) => bucket(&i.to_string(), &share.salt, 100_000),
        Val::Uint(u) => bucket(&u.to_string(), &share.salt, 100_000),
        _ => return None,
    };
    u32::try_from(at).ok()
}

/// The name of the variant that `identity` falls into.
#[must_use]
pub fn variant_of<'s>(share: &'s Rollout, identity: Val<'_>) -> Option<&'s str> {
    let mut left = share_of(share, identity)?;
    for variant in &share.variants {
        match left.checked_sub(variant.millipercent) {
            None => return Some(&variant.name.value),
            Some(rest) => left = rest,
        }
    }
    None
}

/// The first eight bytes of SHA-256 over the salt, a zero byte and the text, as a big-endian number, modulo `buckets`.
fn bucket(text: &str, salt: &str, buckets: u64) -> u64 {
    let mut hash = Sha256::new();
    hash.update(salt.as_bytes());
    hash.update([0]);
    hash.update(text.as_bytes());
    let digest = hash.finalize();
    let number = digest.iter().take(8).fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
    number.checked_rem(buckets).unwrap_or(0)
}

/// Whether `text` as a whole fits `pattern`. Only the last `*` is ever tried again, so this takes at most
/// `text.len() * pattern.len()` steps.
fn glob(text: &str, pattern: &str) -> bool {
    let (mut text, mut pattern) = (text.chars(), pattern.chars());
    // Where to go on when a character does not fit: behind the last `*`, one character of the text further.
    let mut again: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let (mut next_text, mut next_pattern) = (text.clone(), pattern.clone());
        match (next_pattern.next(), next_text.next()) {
            (Some('*'), _) => {
                again = Some((text.clone(), next_pattern.clone()));
                pattern = next_pattern;
                continue;
            }
            (Some(p), Some(t)) if p == '?' || p == t => {
                (text, pattern) = (next_text, next_pattern);
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((from, behind)) = &mut again else { return false };
        if from.next().is_none() {
            return false;
        }
        (text, pattern) = (from.clone(), behind.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (text, pattern, fits) in [
            ("", "", true),
            ("", "*", true),
            ("a", "", false),
            ("gpt-4o", "gpt-*", true),
            ("gpt-4o", "*4*", true),
            ("gpt-4o", "gpt-?o", true),
            ("gpt-4o", "gpt-?", false),
            ("aaab", "a*ab", true),
            ("äöü", "?ö*", true),
            ("abcabd", "*abd", true),
        ] {
            assert_eq!(glob(text, pattern), fits, "{text} {pattern}");
        }
    }

    #[test]
    fn buckets_never_move() {
        // printf 's1\0u-1' | sha256sum | cut -c 1-16
        const BUCKET: u64 = 0x66d8_f94a_9e7a_83a0;
        assert_eq!(bucket("u-1", "s1", u64::MAX), BUCKET);
        assert_eq!(bucket("u-1", "s1", 100_000), BUCKET % 100_000);
        assert_eq!(bucket("u-1", "s1", 0), 0);
    }
}
