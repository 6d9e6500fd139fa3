//! Every contender must say what the rules' definition says, and the tables must come out.

use llm_policy_benches::page::Machine;
use llm_policy_benches::peers::ALL;
use llm_policy_benches::race::{Effort, race};
use llm_policy_benches::report::markdown;
use llm_policy_benches::workload::{Shape, Workload};

#[test]
fn all_contenders_agree_on_small_workloads() {
    let mut heats = vec![race(&Workload::single(), ALL, Effort::QUICK).expect("all agree")];
    for shape in Shape::SETS {
        for (rules, matches) in [(10, 1), (10, 10), (100, 1), (100, 10)] {
            let workload = Workload::new(shape, rules, matches);
            heats.push(race(&workload, ALL, Effort::QUICK).expect("all agree"));
        }
    }
    let page = markdown(&Machine::here(), ALL, &heats);
    assert!(page.contains("| realistic | 100 | 10 |"), "{page}");
}
