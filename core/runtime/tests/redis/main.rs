//! The store on real servers: against the ledger that only adds up, against the store in memory, and what it says when the
//! server is not what it should be.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod faults;
mod listing;
mod same_as_memory;
#[path = "../../../ledger/tests/model/sequences/mod.rs"]
mod sequences;
#[path = "../support/mod.rs"]
mod support;

use std::cell::Cell;

use llm_policy_runtime::redis::{Place, Redis};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sequences::{Trials, amounts, cases, ops};
use support::{Cluster, Server};

/// The store with books that have begun, by the clock of its callers.
fn store(url: &str, space: &str) -> Redis {
    let store = Redis::new(Place::parse(&format!("{url}?space={space}")).unwrap()).with_clock_of_caller();
    assert!(store.begin().unwrap());
    store
}

fn model(url: &str, count: u32) {
    let number = Cell::new(0);
    let config = ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() };
    let sequences = (amounts(), ops(Trials { back: false, restart: true }));
    TestRunner::new(config)
        .run(&sequences, |(amounts, ops)| {
            number.set(number.get() + 1);
            let space = format!("model-{}", number.get());
            // A store that is lost with its process is made anew over the same server.
            let place = Place::parse(&format!("{url}?space={space}")).unwrap();
            Redis::new(place.clone()).begin().unwrap();
            let open = |_| Redis::new(place.clone()).with_clock_of_caller();
            sequences::run(open, |_| {}, amounts, &ops);
            Ok(())
        })
        .unwrap();
}

#[test]
fn random_interleavings_on_one_server() {
    let server = Server::start(&["--appendfsync", "no"]);
    model(&server.url(), cases(1000));
}

#[test]
fn random_interleavings_on_a_cluster() {
    let cluster = Cluster::start(&["--appendfsync", "no"]);
    model(&cluster.url(), cases(200) / 2);
}
