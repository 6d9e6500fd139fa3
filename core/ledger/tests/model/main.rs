//! The store in memory against a ledger that only adds up what happened.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

mod sequences;

use llm_policy_ledger::Memory;
use proptest::prelude::*;
use sequences::{Op, Trials, amounts, cases, ops};

fn run(shards: usize, amounts: Vec<u64>, steps: &[Op]) {
    sequences::run(|_| Memory::new(shards, 1000), |store| store.check().unwrap(), amounts, steps);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(5000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_shard_and_a_clock_that_steps_back(amounts in amounts(), ops in ops(Trials { back: true, restart: false })) {
        run(1, amounts, &ops);
    }

    #[test]
    fn several_shards(amounts in amounts(), ops in ops(Trials { back: false, restart: false })) {
        run(4, amounts, &ops);
    }
}
