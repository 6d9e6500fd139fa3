//! CEL's extension of regular expressions.

use bumpalo::collections::{String, Vec};
use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_automata::{Input, Span};

use super::compile_now;
use crate::error::{ErrorKind, Result};
use crate::function::Context;
use crate::value::{List, Optional, Val};

const GROUPS: ErrorKind = ErrorKind::InvalidArgument("the regular expression has more than one group");
const REPLACEMENT: ErrorKind =
    ErrorKind::InvalidArgument("the replacement has a \\ that is not before a backslash or a group's number");

pub(super) fn extract<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let [Val::Str(text), Val::Str(pattern)] = args else { return Err(ErrorKind::NoSuchOverload.into()) };
    let regex = compile_now(cx, pattern)?;
    let group = wanted_group(&regex)?;
    cx.pay_bytes(text.len())?;
    let mut captures = regex.create_captures();
    regex.captures(*text, &mut captures);
    let found = captures.get_group(group).and_then(|span| text.get(span.range()));
    Ok(Val::Optional(found.map_or(Optional::None, |found| Optional::some_in(Val::Str(found), cx.arena))))
}

pub(super) fn extract_all<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let [Val::Str(text), Val::Str(pattern)] = args else { return Err(ErrorKind::NoSuchOverload.into()) };
    let regex = compile_now(cx, pattern)?;
    let group = wanted_group(&regex)?;
    let mut all = Vec::new_in(cx.arena);
    each_match(cx, &regex, text, usize::MAX, |captures| {
        let found = captures.get_group(group).and_then(|span| text.get(span.range()));
        all.extend(found.map(Val::Str));
        Ok(())
    })?;
    Ok(Val::List(List::Arena(all.into_bump_slice())))
}

pub(super) fn replace<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let (text, pattern, replacement, most) = match args {
        [Val::Str(text), Val::Str(pattern), Val::Str(replacement)] => (*text, *pattern, *replacement, -1),
        [Val::Str(text), Val::Str(pattern), Val::Str(replacement), Val::Int(most)] => {
            (*text, *pattern, *replacement, *most)
        }
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    };
    let regex = compile_now(cx, pattern)?;
    cx.pay_bytes(replacement.len())?;
    check_replacement(replacement, regex.group_info().group_len(regex_automata::PatternID::ZERO))?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut replaced = String::new_in(cx.arena);
    let mut from = 0;
    each_match(cx, &regex, text, most, |captures| {
        let Some(found) = captures.get_match() else { return Ok(()) };
        push(cx, &mut replaced, text.get(from..found.start()).unwrap_or_default())?;
        from = found.end();
        expand(cx, &mut replaced, replacement, text, captures)
    })?;
    push(cx, &mut replaced, text.get(from..).unwrap_or_default())?;
    Ok(Val::Str(replaced.into_bump_str()))
}

/// The group that is extracted: the only one, or the whole match.
fn wanted_group(regex: &Regex) -> Result<usize> {
    match regex.group_info().group_len(regex_automata::PatternID::ZERO) {
        // The whole match counts as group 0.
        0 | 1 => Ok(0),
        2 => Ok(1),
        _ => Err(GROUPS.into()),
    }
}

/// Calls `f` for up to `most` matches that do not overlap. Each search pays for what it may look at.
fn each_match(
    cx: &Context<'_>,
    regex: &Regex,
    text: &str,
    most: usize,
    mut f: impl FnMut(&Captures) -> Result<()>,
) -> Result<()> {
    let mut captures = regex.create_captures();
    let mut input = Input::new(text);
    let mut last_end = None;
    let mut count = 0;
    while count < most {
        cx.pay(1)?;
        cx.pay_bytes(text.len().saturating_sub(input.start()))?;
        regex.search_captures(&input, &mut captures);
        let Some(found) = captures.get_match() else { break };
        // An empty match right after the last match is skipped, one character on.
        let skipped = found.is_empty() && last_end == Some(found.end());
        if !skipped {
            last_end = Some(found.end());
            count += 1;
            f(&captures)?;
        }
        let next = match text.get(found.end()..).and_then(|rest| rest.chars().next()) {
            Some(c) if found.is_empty() => found.end() + c.len_utf8(),
            None if found.is_empty() => break,
            _ => found.end(),
        };
        input.set_span(Span { start: next, end: text.len() });
    }
    Ok(())
}

/// Refuses a replacement with an escape that has no meaning, whether or not the expression matches.
fn check_replacement(replacement: &str, groups: usize) -> Result<()> {
    let mut chars = replacement.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            continue;
        }
        match chars.next() {
            Some('\\') => {}
            Some(digit) if digit.to_digit(10).is_some_and(|d| (d as usize) < groups) => {}
            _ => return Err(REPLACEMENT.into()),
        }
    }
    Ok(())
}

fn expand(cx: &Context<'_>, out: &mut String<'_>, replacement: &str, text: &str, captures: &Captures) -> Result<()> {
    let mut rest = replacement;
    while let Some((before, escaped)) = rest.split_once('\\') {
        push(cx, out, before)?;
        let mut chars = escaped.chars();
        match chars.next() {
            Some(c) if c.is_ascii_digit() => {
                let group = c.to_digit(10).map_or(0, |d| d as usize);
                let found = captures.get_group(group).and_then(|span| text.get(span.range()));
                push(cx, out, found.unwrap_or_default())?;
            }
            _ => push(cx, out, "\\")?,
        }
        rest = chars.as_str();
    }
    push(cx, out, rest)
}

fn push(cx: &Context<'_>, out: &mut String<'_>, text: &str) -> Result<()> {
    cx.pay_bytes(text.len())?;
    out.push_str(text);
    Ok(())
}
