//! The store in a file against a ledger that only adds up what happened, through crashes.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "../../ledger/tests/model/sequences/mod.rs"]
mod sequences;

use std::path::{Path, PathBuf};

use common::Folder;
use llm_policy_runtime::Sqlite;
use proptest::prelude::*;
use sequences::{Op, Trials, amounts, cases, ops};

/// What a machine finds when the process is gone: the file and its log as they were, without the shared memory beside them.
fn crashed(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for name in ["limits.db", "limits.db-wal"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

/// Where nothing waits for a disk, if the system has such a place: what is copied in a crash is what was written.
fn memory() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

fn run(amounts: Vec<u64>, steps: &[Op]) {
    let folder = Folder::below(&memory());
    let place = |number: u32| -> PathBuf { folder.path().join(number.to_string()) };
    std::fs::create_dir(place(0)).unwrap();
    let mut number = 0;
    let open = |before: Option<Sqlite>| {
        if before.is_some() {
            number += 1;
            // Every other time it is closed as it should be.
            if number % 2 == 0 {
                drop(before);
                crashed(&place(number - 1), &place(number));
            } else {
                crashed(&place(number - 1), &place(number));
                drop(before);
            }
        }
        Sqlite::open(&place(number).join("limits.db")).unwrap()
    };
    sequences::run(open, |store| assert_eq!(store.check(), Ok(())), amounts, steps);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(500), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_is_exact_through_crashes(amounts in amounts(), ops in ops(Trials { back: true, restart: true })) {
        run(amounts, &ops);
    }
}
