//! Functions: lists as sets (`sets.contains`, `sets.equivalent`, `sets.intersects`), as cel-go's extension defines them.
//!
//! Elements are the same when CEL's `==` says so: numbers compare by value across their types.

use super::declare::{Code, function, globals, no_overload};
use super::equality::Members;
use crate::error::Result;
use crate::function::{Context, Function};
use crate::types::Type::{self, Bool};
use crate::value::{List, Val};

/// The functions of this module.
#[must_use]
pub fn functions() -> Vec<Function> {
    let declare = |name: &str, code: Code, doc, example| {
        let list = Type::list(Type::param("T"));
        let id = format!("list_sets_{name}_list");
        function(&format!("sets.{name}"), globals([(&id, &[list.clone(), list], Bool)]), code, doc, example)
    };
    vec![
        declare(
            "contains",
            contains,
            "True when each element of the second list equals one of the first.",
            "sets.contains([1, 2, 3], [3, 2]) == true",
        ),
        declare(
            "equivalent",
            equivalent,
            "True when each element of either list equals one of the other; order and repetition do not count.",
            "sets.equivalent([1, 2], [2, 1, 1]) == true",
        ),
        declare(
            "intersects",
            intersects,
            "True when some element of the first list equals one of the second.",
            "sets.intersects([1, 2], [2, 3]) == true",
        ),
    ]
}

fn lists<'a>(args: &[Val<'a>]) -> Result<(List<'a>, List<'a>)> {
    match *args {
        [Val::List(a), Val::List(b)] => Ok((a, b)),
        _ => no_overload(),
    }
}

fn contains<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let (all, wanted) = lists(args)?;
    has_all(cx, all, wanted).map(Val::Bool)
}

fn equivalent<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let (a, b) = lists(args)?;
    Ok(Val::Bool(has_all(cx, a, b)? && has_all(cx, b, a)?))
}

fn intersects<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let (a, b) = lists(args)?;
    let members = Members::of(cx, b, a.len())?;
    for item in a.iter() {
        if members.contain(cx, item)? {
            return Ok(Val::Bool(true));
        }
    }
    Ok(Val::Bool(false))
}

fn has_all<'a>(cx: &Context<'a>, all: List<'a>, wanted: List<'a>) -> Result<bool> {
    let members = Members::of(cx, all, wanted.len())?;
    for item in wanted.iter() {
        if !members.contain(cx, item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
