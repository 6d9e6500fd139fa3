//! `cel-core` 0.5: one program a rule, one function registry for all.

use std::sync::Arc;

use cel_core::{Env, MapActivation, MapKey, Program, Value, ValueMap};

use super::matches::{Matches, labels};
use crate::contender::{Contender, Entrant, Outcome, Plan, Result, Verdict};
use crate::dialect::cel::condition;
use crate::json::{FromJson, members};

/// The entry.
pub const ENTRANT: Entrant = Entrant {
    name: "cel-core 0.5",
    notes: "programs parsed once and not checked: the checker refuses `a + b > c` over untyped fields, and checked \
            programs evaluate more slowly; `Env::program` builds a function registry for each program, so all share \
            the first one's; `matches` compiles its regex at each call, as the crate has it",
    plan: |workload| {
        let labels = labels(&workload.rules);
        let conditions: Vec<String> = workload.rules.iter().map(condition).collect();
        let load = move || {
            let env = Env::with_standard_library();
            let registry = Arc::new(env.program(&env.parse_only("true")?)?.functions().clone());
            let compile = |source: &String| {
                let ast = env.parse_only(source).map_err(|error| format!("{source}: {error}"))?;
                Ok(Program::new(Arc::new(ast), Arc::clone(&registry)))
            };
            let programs = conditions.iter().map(compile).collect::<Result<_>>()?;
            let contender = CelCore { programs, activation: MapActivation::new(), matches: Matches::new(&labels) };
            Ok(Box::new(contender) as Box<dyn Contender>)
        };
        Plan { left_out: Vec::new(), load: Box::new(load) }
    },
};

struct CelCore {
    programs: Vec<Program>,
    activation: MapActivation,
    matches: Matches,
}

fn activation(json: &[u8]) -> Result<MapActivation> {
    let mut activation = MapActivation::new();
    for (name, value) in members::<Value>(json)? {
        activation.insert(name, value);
    }
    Ok(activation)
}

fn collect(programs: &[Program], activation: &MapActivation, matches: &mut Matches) -> Outcome {
    matches.collect(|index| matches!(programs[index].eval(activation), Value::Bool(true)))
}

impl Contender for CelCore {
    fn prepare(&mut self, json: &[u8]) -> Result<()> {
        self.activation = activation(json)?;
        Ok(())
    }

    fn evaluate_prepared(&mut self) -> Outcome {
        collect(&self.programs, &self.activation, &mut self.matches)
    }

    fn evaluate_json(&mut self, json: &[u8]) -> Outcome {
        let activation = activation(json).expect("the request is valid");
        collect(&self.programs, &activation, &mut self.matches)
    }

    fn verdict(&self) -> Verdict {
        self.matches.verdict()
    }
}

impl FromJson for Value {
    type Object = ValueMap;

    fn flag(flag: bool) -> Self {
        Self::Bool(flag)
    }

    fn integer(number: i64) -> Self {
        Self::Int(number)
    }

    fn decimal(number: f64) -> Self {
        Self::Double(number)
    }

    fn text(text: &str) -> Self {
        Self::String(text.into())
    }

    fn list(items: Vec<Self>) -> Self {
        Self::List(items.into())
    }

    fn insert(object: &mut Self::Object, name: &str, value: Self) {
        object.insert(MapKey::from(name), value);
    }

    fn object(object: Self::Object) -> Self {
        Self::Map(Arc::new(object))
    }
}
