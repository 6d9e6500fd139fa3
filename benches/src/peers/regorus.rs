//! `regorus` 0.14: Rego compiled for its register machine, which is about three times as fast as its interpreter.

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Value};

use crate::contender::{Contender, Entrant, Outcome, Plan, Result, Verdict};
use crate::dialect::rego::{ENTRY_POINT, module};

/// How many rules one program takes. Its literals are numbered with 16 bits (and searched one by one while compiling),
/// so a large set of rules becomes several programs.
const RULES_A_PROGRAM: usize = 1000;

/// The entry.
pub const ENTRANT: Entrant = Entrant {
    name: "regorus 0.14",
    notes: "compiled for the register machine, not interpreted; one program per 1,000 rules (a program's literals are \
            numbered with 16 bits); the cache of compiled regexes is raised to its maximum; `or` is several bodies",
    plan: |workload| {
        let modules: Vec<String> = workload.rules.chunks(RULES_A_PROGRAM).map(module).collect();
        let load = move || {
            regorus::cache::configure(regorus::cache::Config { regex: 1 << 16, glob: 0 });
            let machines = modules.iter().map(|module| machine(module)).collect::<Result<_>>()?;
            Ok(Box::new(Regorus { machines, input: Value::Null, results: Vec::new() }) as Box<dyn Contender>)
        };
        Plan { left_out: Vec::new(), load: Box::new(load) }
    },
};

fn machine(module: &str) -> Result<RegoVM> {
    let mut engine = Engine::new();
    engine.add_policy("bench.rego".to_owned(), module.to_owned())?;
    let policy = engine.compile_with_entrypoint(&ENTRY_POINT.into())?;
    let program = Compiler::compile_from_policy(&policy, &[ENTRY_POINT]).map_err(|error| error.to_string())?;
    let mut machine = RegoVM::new();
    machine.set_max_instructions(usize::MAX);
    machine.load_program(program);
    Ok(machine)
}

struct Regorus {
    machines: Vec<RegoVM>,
    input: Value,
    results: Vec<Value>,
}

impl Regorus {
    fn evaluate(&mut self, input: &Value) -> Outcome {
        self.results.clear();
        let (mut denies, mut allows) = (0, 0);
        for machine in &mut self.machines {
            machine.set_input(input.clone());
            let result = machine.execute().expect("the rules do not fail");
            denies += size(&result["deny"]);
            allows += size(&result["allow"]);
            self.results.push(result);
        }
        Outcome { denied: denies > 0, deciding: if denies > 0 { denies } else { allows } }
    }

    fn ids(&self, set: &str) -> Vec<String> {
        let sets = self.results.iter().filter_map(|result| result[set].as_set().ok());
        sets.flat_map(|set| set.iter()).filter_map(|id| id.as_string().ok()).map(|id| id.to_string()).collect()
    }
}

fn size(set: &Value) -> usize {
    set.as_set().map_or(0, |set| set.len())
}

impl Contender for Regorus {
    fn prepare(&mut self, json: &[u8]) -> Result<()> {
        self.input = Value::from_json_str(std::str::from_utf8(json)?)?;
        Ok(())
    }

    fn evaluate_prepared(&mut self) -> Outcome {
        let input = self.input.clone();
        self.evaluate(&input)
    }

    fn evaluate_json(&mut self, json: &[u8]) -> Outcome {
        let json = std::str::from_utf8(json).expect("JSON is UTF-8");
        let input = Value::from_json_str(json).expect("the request is valid");
        self.evaluate(&input)
    }

    fn verdict(&self) -> Verdict {
        Verdict::new(self.ids("deny"), self.ids("allow"))
    }
}
