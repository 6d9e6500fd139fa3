//! Races the engine against its peers and prints the tables.

use std::process::ExitCode;

use llm_policy_benches::allocations::Counting;
use llm_policy_benches::arguments::{Arguments, USAGE};
use llm_policy_benches::contender::{Entrant, Result};
use llm_policy_benches::page::{Machine, write_section};
use llm_policy_benches::peers::ALL;
use llm_policy_benches::race::{Effort, race};
use llm_policy_benches::report::markdown;
use llm_policy_benches::workload::{Shape, Workload};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let Some(arguments) = Arguments::parse(std::env::args().skip(1)).map_err(|error| format!("{error}\n\n{USAGE}"))?
    else {
        println!("{USAGE}");
        return Ok(());
    };
    let entrants: Vec<Entrant> = ALL.iter().filter(|entrant| arguments.wants_peer(entrant.name)).copied().collect();
    let effort = if arguments.quick { Effort::QUICK } else { Effort::FULL };
    let mut heats = Vec::new();
    for (shape, rules, matches) in heats_of(&arguments) {
        eprintln!("{}: {rules} rules, {matches} matching", shape.name());
        let workload = match shape {
            Shape::Single => Workload::single(),
            shape => Workload::new(shape, rules, matches),
        };
        heats.push(race(&workload, &entrants, effort)?);
    }
    let page = markdown(&Machine::here(), &entrants, &heats);
    if let Some(path) = &arguments.write {
        write_section(path, "peers", &page)?;
    }
    print!("{page}");
    Ok(())
}

fn heats_of(arguments: &Arguments) -> Vec<(Shape, usize, usize)> {
    let mut heats = Vec::new();
    if arguments.wants_workload(Shape::Single.name()) && (arguments.rules.is_empty() || arguments.wants_rules(1)) {
        heats.push((Shape::Single, 1, 1));
    }
    for shape in Shape::SETS.into_iter().filter(|shape| arguments.wants_workload(shape.name())) {
        for rules in [10, 100, 1000, 10_000].into_iter().filter(|count| arguments.wants_rules(*count)) {
            heats.extend([1, 10].map(|matches| (shape, rules, matches)));
        }
    }
    heats
}
