//! A store of limits that fails on demand: what each limit says happens, it is told, and afterwards the books are right.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use llm_policy_engine::context::Stage;
use llm_policy_engine::decision::Effect;
use llm_policy_engine::limits::{Books, Changed, Memory, Store, StoreError, Time, Used};
use llm_policy_engine::{Decision, Engine};
use llm_policy_ledger::store::{Answer, Change, Reserve};
use serde_json::json;

use crate::common::{engine, now, policy};

#[derive(Default)]
struct Failing {
    inner: Memory,
    fails: AtomicBool,
}

impl Failing {
    fn check(&self) -> Result<(), StoreError> {
        match self.fails.load(Ordering::Relaxed) {
            true => Err(StoreError::Unavailable("connection refused".into())),
            false => Ok(()),
        }
    }
}

impl Store for Failing {
    fn reserve(&self, reserve: &Reserve<'_>, now: Time) -> Result<Answer, StoreError> {
        self.check()?;
        self.inner.reserve(reserve, now)
    }

    fn change(&self, change: &Change<'_>, now: Time) -> Result<(Time, Changed), StoreError> {
        self.check()?;
        self.inner.change(change, now)
    }
}

fn over(on_loss: &str) -> (Engine, Arc<Failing>) {
    let store = Arc::new(Failing::default());
    let text = format!(
        "config: {{default_action: allow}}\nlimits:\n  day: {{kind: rate, key: user.id, amount: 3, window: {{fixed: 1d}}, {on_loss}}}\n"
    );
    (engine(&[policy("money", &text)]).with_books(Books::new(store.clone())), store)
}

fn ask(engine: &Engine) -> Decision {
    engine.evaluate(Stage::Request, &json!({"user": {"id": "ann"}}), now()).unwrap()
}

#[test]
fn what_the_policy_says_happens_and_is_told() {
    let soft = "steps: [{at: 1.0, do: warn}]";
    for (on_loss, effect) in [
        ("on_store_loss: deny", Effect::Deny),
        ("on_store_loss: local_share", Effect::Deny),
        ("on_store_loss: allow", Effect::Allow),
        ("mode: enforce", Effect::Deny),
        ("mode: shadow", Effect::Allow),
        (soft, Effect::Allow),
    ] {
        let (engine, store) = over(on_loss);
        store.fails.store(true, Ordering::Relaxed);
        let lost = ask(&engine);
        assert_eq!((lost.effect(), lost.limits_lost()), (effect, true), "{on_loss}");
        assert!(lost.hold().is_none());
        let error = &lost.errors()[0];
        assert_eq!(error.limit.as_deref(), Some("day"));
        assert!(error.cause.contains("connection refused"), "{}", error.cause);
        let code = (effect == Effect::Deny).then_some("limit_unavailable").or(Some("default"));
        assert_eq!(lost.code(), code, "{on_loss}");
    }
}

#[test]
fn when_it_is_back_the_books_are_as_they_were_left() {
    for on_loss in ["on_store_loss: allow", "on_store_loss: deny"] {
        let (engine, store) = over(on_loss);
        let first = ask(&engine);
        let hold = first.hold().unwrap();
        store.fails.store(true, Ordering::Relaxed);
        for _ in 0..10 {
            ask(&engine);
        }
        assert!(engine.settle(hold, &Used::default(), now()).is_err(), "it is still held");
        store.fails.store(false, Ordering::Relaxed);
        // What was held can be closed, once.
        assert_eq!(engine.settle(hold, &Used::default(), now()).unwrap(), Some(Changed::Done));
        assert!(matches!(engine.settle(hold, &Used::default(), now()).unwrap(), Some(Changed::Already(_))));
        let second = ask(&engine);
        assert_eq!(
            (second.limits_lost(), second.limits()[0].used),
            (false, 2),
            "what was let through meanwhile is not counted"
        );
        assert!(ask(&engine).allowed());
        assert_eq!(ask(&engine).code(), Some("limit_reached"));
    }
}
