//! `cost(model, usage)`: what a call of a model costs, by the table of prices.

use std::sync::Arc;

use llm_policy_cel::error::{ErrorKind, Result};
use llm_policy_cel::function::{Function, Implementation, Overload};
use llm_policy_cel::macros::Macro;
use llm_policy_cel::types::Type;
use llm_policy_cel::value::{Map, Timestamp, Val};
use llm_policy_ledger::Time;
use llm_policy_ledger::prices::{Catalogue, Usage};

/// What models cost.
///
/// ```
/// use llm_policy_engine::compile::pricing::Prices;
///
/// assert!(Prices::default().table().find("gpt-4o-mini").is_some());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Prices(Option<Arc<Catalogue>>);

impl Prices {
    /// A table of the host's; see [`Catalogue::read`].
    #[must_use]
    pub fn of(table: Catalogue) -> Self {
        Self(Some(Arc::new(table)))
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &Catalogue {
        self.0.as_deref().unwrap_or_else(|| Catalogue::built_in())
    }

    /// What a call cost, in microdollars; `None`: the table has no price of the model for that time.
    #[must_use]
    pub fn cost(&self, model: &str, usage: &Usage, now: Time) -> Option<u64> {
        Some(self.table().find(model)?.price(now)?.cost(usage))
    }
}

/// Microdollars as dollars.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "amounts are below 2^53")]
pub fn dollars(micros: u64) -> f64 {
    micros as f64 / 1e6
}

/// `cost(model, usage)` is `@cost(now, model, usage)`.
pub(super) fn call() -> Macro {
    Macro::global("cost", 2, |expander, _, args| {
        let [model, usage] = args else { return Ok(None) };
        let now = expander.ident("now");
        Ok(Some(expander.call("@cost", vec![now, *model, *usage])))
    })
}

/// What `cost` becomes.
pub(super) fn function(prices: &Prices) -> Function {
    let prices = prices.clone();
    let code: Implementation = Arc::new(move |_, args| match args {
        [Val::Timestamp(now), Val::Str(model), Val::Map(usage)] => {
            let unknown = ErrorKind::InvalidArgument("the table of prices does not have this model");
            let micros = prices.cost(model, &read(*usage)?, instant(*now)).ok_or(unknown)?;
            Ok(Val::Double(dollars(micros)))
        }
        _ => Err(ErrorKind::NoSuchOverload.into()),
    });
    let params = vec![Type::Timestamp, Type::String, Type::Dyn];
    Function {
        name: "@cost".into(),
        overloads: vec![Overload::global("cost_timestamp_string_dyn", params, Type::Double)],
        implementation: Some(code),
        doc: "What `cost` becomes.",
        example: "",
        // A name is looked up in a table, and a price by its date.
        cost: 200,
    }
}

fn instant(now: Timestamp) -> Time {
    Time::from_micros(now.seconds.saturating_mul(1_000_000).saturating_add(i64::from(now.nanos) / 1000))
}

/// Tokens as the context has them: those that were cached are among those read, and those of reasoning among those written.
fn read(usage: Map<'_>) -> Result<Usage> {
    let mut any = false;
    let mut tokens = |name: &str| match usage.get_str(name) {
        None | Some(Val::Null) => Ok(0),
        Some(value) => {
            any = true;
            let count = match value {
                Val::Int(i) => u64::try_from(i).ok(),
                Val::Uint(u) => Some(u),
                _ => None,
            };
            count.ok_or(ErrorKind::InvalidArgument("tokens are a whole number and not negative"))
        }
    };
    let (input, output) = (tokens("input_tokens")?, tokens("output_tokens")?);
    let (cached, reasoning) = (tokens("cached_tokens")?, tokens("reasoning_tokens")?);
    if !any {
        return Err(ErrorKind::InvalidArgument("usage has neither `input_tokens` nor `output_tokens`").into());
    }
    Ok(Usage {
        input: input.saturating_sub(cached),
        cached_read: cached,
        output: output.saturating_sub(reasoning),
        reasoning,
        ..Usage::default()
    })
}
