//! `cel` 0.15: one program a rule, one environment for all, values built in the evaluator's own types.

use std::collections::HashMap;
use std::sync::Arc;

use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelString};
use cel::common::value::Val;
use cel::{Context, Env, Program, Value};

use super::matches::{Matches, labels};
use crate::contender::{Contender, Entrant, Outcome, Plan, Result, Verdict};
use crate::dialect::cel::condition;
use crate::json::{FromJson, members};

/// The entry.
pub const ENTRANT: Entrant = Entrant {
    name: "cel 0.15",
    notes: "programs compiled once by the default parser; evaluated by `Value::resolve_val`, which copies no result; \
            the context keeps `Box<dyn Val>` values, not `Value`s; `matches` compiles its regex at each call, as the \
            crate has it",
    plan: |workload| {
        let labels = labels(&workload.rules);
        let conditions: Vec<String> = workload.rules.iter().map(condition).collect();
        let load = move || {
            let env = Arc::new(Env::stdlib());
            let compile = |source: &String| env.compile(source).map_err(|error| error.to_string().into());
            let programs = conditions.iter().map(compile).collect::<Result<_>>()?;
            let context = Context::with_env(Arc::clone(&env));
            Ok(Box::new(Cel { env, programs, context, matches: Matches::new(&labels) }) as Box<dyn Contender>)
        };
        Plan { left_out: Vec::new(), load: Box::new(load) }
    },
};

struct Cel {
    env: Arc<Env>,
    programs: Vec<Program>,
    context: Context<'static, 'static>,
    matches: Matches,
}

impl Cel {
    fn context(&self, json: &[u8]) -> Result<Context<'static, 'static>> {
        let mut context = Context::with_env(Arc::clone(&self.env));
        for (name, value) in members::<Box<dyn Val>>(json)? {
            context.add_variable_as_val(name, value);
        }
        Ok(context)
    }
}

fn collect(programs: &[Program], context: &Context<'_, '_>, matches: &mut Matches) -> Outcome {
    matches.collect(|index| {
        let value = Value::resolve_val(programs[index].expression(), context);
        value.is_ok_and(|value| value.downcast_ref::<CelBool>().is_some_and(|flag| *flag.inner()))
    })
}

impl Contender for Cel {
    fn prepare(&mut self, json: &[u8]) -> Result<()> {
        self.context = self.context(json)?;
        Ok(())
    }

    fn evaluate_prepared(&mut self) -> Outcome {
        collect(&self.programs, &self.context, &mut self.matches)
    }

    fn evaluate_json(&mut self, json: &[u8]) -> Outcome {
        let context = self.context(json).expect("the request is valid");
        collect(&self.programs, &context, &mut self.matches)
    }

    fn verdict(&self) -> Verdict {
        self.matches.verdict()
    }
}

impl FromJson for Box<dyn Val> {
    type Object = HashMap<CelMapKey<'static>, Box<dyn Val>>;

    fn flag(flag: bool) -> Self {
        Box::new(CelBool::from(flag))
    }

    fn integer(number: i64) -> Self {
        Box::new(CelInt::from(number))
    }

    fn decimal(number: f64) -> Self {
        Box::new(CelDouble::from(number))
    }

    fn text(text: &str) -> Self {
        Box::new(CelString::from(text.to_owned()))
    }

    fn list(items: Vec<Self>) -> Self {
        Box::new(CelList::from(items))
    }

    fn insert(object: &mut Self::Object, name: &str, value: Self) {
        object.insert(CelMapKey::from(name.to_owned()), value);
    }

    fn object(object: Self::Object) -> Self {
        Box::new(CelMap::from(object))
    }
}
