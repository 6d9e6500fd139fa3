//! `language(t)`: which language the texts of a value are written in.

use std::sync::Arc;

use llm_policy_cel::ast::Span;
use llm_policy_cel::diagnostic::{Diagnostic, did_you_mean};
use llm_policy_cel::error::{ErrorKind, Result};
use llm_policy_cel::function::{Context, Function, Implementation, Overload};
use llm_policy_cel::types::Type;
use llm_policy_cel::value::Val;
use llm_policy_detect::language::{MAX_READ, Sample, UNDETERMINED, codes};

use super::Detector;
use super::memory::{self, Detection};
use super::questions::{NOT_READABLE, is_unreadable};
use super::texts::{Met, walk};

/// The function as it is written.
pub(super) const NAME: &str = "language";

/// What its calls are named when a document is compiled.
pub(super) const INTERNAL: &str = "@language";

/// Rough nanoseconds of a question.
const COST: u32 = 100_000;

/// Fuel for a question beside what its texts cost: what is counted is compared with all languages of a script.
const FUEL: u64 = 1_000;

/// The function as it is written, and as its calls are once macros were expanded.
pub(super) fn functions(detector: &Arc<Detector>) -> [Function; 2] {
    let function = |name: &str, args: Vec<Type>, doc, example| {
        let detector = detector.clone();
        let implementation: Implementation = Arc::new(move |cx, args| match args {
            [value] => answer(&detector, cx, *value, Val::Null),
            [value, opaque] => answer(&detector, cx, *value, *opaque),
            _ => Err(ErrorKind::NoSuchOverload.into()),
        });
        Function {
            name: name.into(),
            overloads: vec![Overload::global(name, args, Type::String)],
            implementation: Some(implementation),
            doc,
            example,
            cost: COST,
        }
    };
    [
        function(
            NAME,
            vec![Type::param("T")],
            "The language of a text, or of all texts of a list or an object together, as ISO 639-1 has it; `und` when that is not sure.",
            "language('Wie setze ich mein Passwort zurück?') == 'de'",
        ),
        function(INTERNAL, vec![Type::param("T"), Type::list(Type::String)], "What the question becomes.", ""),
    ]
}

fn answer<'a>(detector: &Detector, cx: &Context<'a>, value: Val<'a>, opaque: Val<'a>) -> Result<Val<'a>> {
    if !memory::has_texts(value) {
        return Err(ErrorKind::NoSuchOverload.into());
    }
    if is_unreadable(detector, opaque) {
        return Err(ErrorKind::InvalidArgument(NOT_READABLE).into());
    }
    let source = Default::default();
    let (mut texts, mut total) = (0_u64, 0_usize);
    walk(value, source, &mut |met| {
        if let Met::Text(text, ..) = met {
            (texts, total) = (texts + 1, total.saturating_add(text.len()));
        }
    });
    cx.pay(FUEL + texts + memory::units(total.min(MAX_READ)))?;
    let find = || {
        let mut sample = Sample::new(total);
        walk(value, source, &mut |met| {
            if let Met::Text(text, ..) = met {
                sample.push(text);
            }
        });
        sample.language()
    };
    Ok(Val::Str(match (value, cx.host.downcast_ref::<Detection>()) {
        (Val::Str(text), Some(detection)) => detection.language(text, find),
        _ => find(),
    }))
}

/// That `code` is none that a text can have.
pub(super) fn unknown(code: &str, at: Span) -> Option<Diagnostic> {
    let known = || codes().chain([UNDETERMINED]);
    if known().any(|known| known == code) {
        return None;
    }
    let diagnostic = Diagnostic::error("unknown-language", format!("no text has the language `{code}`"), at);
    let lower = code.to_ascii_lowercase();
    // `de-AT`, `EN`: a language is told without region and script.
    let part = lower.split(['-', '_']).next().unwrap_or_default();
    let near = known().find(|known| *known == part).or_else(|| did_you_mean(&lower, known()));
    Some(match near {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => {
            diagnostic.with_help("languages are codes of ISO 639-1, see docs/detection.md; `und` is what is not sure")
        }
    })
}
