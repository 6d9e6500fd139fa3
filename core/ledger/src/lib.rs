//! Limits as a ledger: a pure state machine that reserves, settles and releases, with a store in memory.
