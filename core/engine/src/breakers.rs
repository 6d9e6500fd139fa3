//! Circuit breakers from outside: what became of a call, and switches.
//!
//! A breaker opens when calls fail, so somebody has to say what became of them: a decision that asked a breaker has a
//! [`Hold`], and [`Engine::observe`] takes the outcome with it. A switch stops a breaker by hand.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use llm_policy_ledger::breaker::{self, Pass, Rule};
pub use llm_policy_ledger::breaker::{CallOutcome, Position, Switch};
use llm_policy_ledger::key::KeyTooLong;
use llm_policy_ledger::{Key, Space, Time};
use serde_json::{Value as Json, json};
use smallvec::SmallVec;

use crate::compile::breakers::Breakers;
use crate::engine::Engine;
use crate::limits::{Books, Hold, NotAHold};

/// A breaker that let a call through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) name: Arc<str>,
    pub(crate) space: Space,
    pub(crate) key: Key,
    pub(crate) pass: Pass,
}

/// All breakers that let a call through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Passes {
    /// Whose they are: a report in another process counts there, and is no probe's.
    pub(crate) instance: u64,
    pub(crate) all: SmallVec<[Passed; 1]>,
}

impl Passes {
    /// The most breakers that are read.
    const MOST: usize = 1024;

    pub(crate) fn to_text(&self) -> String {
        let one = |passed: &Passed| {
            let key: Vec<&str> = passed.key.parts().collect();
            json!([&*passed.name, passed.space == Space::Shadow, key, passed.pass.epoch, passed.pass.probe])
        };
        let all: Vec<Json> = self.all.iter().map(one).collect();
        URL_SAFE_NO_PAD.encode(json!([self.instance, all]).to_string())
    }

    pub(crate) fn parse(text: &str) -> Result<Self, NotAHold> {
        type Written = (String, bool, Vec<String>, u64, Option<u64>);
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAHold)?;
        let (instance, all): (u64, Vec<Written>) = serde_json::from_slice(&bytes).map_err(|_| NotAHold)?;
        let one = |(name, shadow, key, epoch, probe): Written| {
            let space = if shadow { Space::Shadow } else { Space::Live };
            let key = Key::new(key.iter().map(String::as_str)).map_err(|_| NotAHold)?;
            Ok(Passed { name: name.into(), space, key, pass: Pass { epoch, probe } })
        };
        if all.len() > Self::MOST {
            return Err(NotAHold);
        }
        Ok(Self { instance, all: all.into_iter().map(one).collect::<Result<_, _>>()? })
    }
}

impl Books {
    /// What was let through and is not called makes room for another probe.
    pub(crate) fn give_back(&self, breakers: &Breakers, passed: &[Passed], now: Time) {
        for (rule, passed) in rules(breakers, passed) {
            self.breakers().observe(rule, &passed.key, passed.pass, CallOutcome::Ignored, now);
        }
    }

    /// Reports what became of a call.
    pub(crate) fn observe(&self, hold: &Hold, breakers: &Breakers, outcome: CallOutcome, now: Time) {
        let Some(passes) = &hold.passes else { return };
        let is_ours = passes.instance == self.breakers().instance();
        for (rule, passed) in rules(breakers, &passes.all) {
            let pass = if is_ours { passed.pass } else { Pass::ELSEWHERE };
            self.breakers().observe(rule, &passed.key, pass, outcome, now);
        }
    }
}

/// The rules of breakers that are still there.
fn rules<'b>(breakers: &'b Breakers, passed: &'b [Passed]) -> impl Iterator<Item = (&'b Rule, &'b Passed)> {
    passed.iter().filter_map(|passed| {
        let is_its = |rule: &Rule| rule.name == passed.name && rule.space == passed.space;
        let breaker = breakers.all.iter().find(|breaker| is_its(&breaker.definition))?;
        Some((&*breaker.definition, passed))
    })
}

/// How a breaker stands before a case of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Calls go through.
    Closed,
    /// Its calls have just failed.
    Open,
    /// Somebody has switched it off.
    SwitchedOff,
}

impl Stands {
    /// All, with their names in files of cases.
    pub const NAMES: [(&'static str, Self); 3] =
        [("closed", Self::Closed), ("open", Self::Open), ("switched_off", Self::SwitchedOff)];
}

/// A switch cannot be set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoSwitch {
    /// No breaker is called so.
    Unknown {
        /// What was given.
        name: Box<str>,
        /// A breaker with a name like it.
        near: Option<Box<str>>,
    },
    /// Breakers of several documents are called so.
    Ambiguous(Box<str>),
    /// The key has another number of parts than the breaker's.
    Parts {
        /// So many are there.
        found: usize,
        /// So many does the breaker's `key` have.
        wanted: usize,
    },
    /// The key is too long.
    TooLong(KeyTooLong),
    /// There are as many switches as there may be.
    TooMany(breaker::TooManySwitches),
}

impl fmt::Display for NoSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, near } => {
                write!(f, "no policy has a breaker `{name}`")?;
                near.as_ref().map_or(Ok(()), |near| write!(f, "; did you mean `{near}`?"))
            }
            Self::Ambiguous(name) => {
                write!(f, "several policies have a breaker `{name}`: write `namespace/document/{name}`")
            }
            Self::Parts { found, wanted: 0 } => {
                write!(f, "this breaker stands for everything and has no key, and {found} parts of one are given")
            }
            Self::Parts { found, wanted } => {
                write!(f, "the key of this breaker has {wanted} parts, not {found}; give none to switch all of it")
            }
            Self::TooLong(error) => error.fmt(f),
            Self::TooMany(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NoSwitch {}

/// A switch that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchedOff {
    /// The breaker: `namespace/document/breaker`.
    pub breaker: Arc<str>,
    /// The key; empty: all of the breaker.
    pub key: Vec<String>,
    /// Why.
    pub reason: Arc<str>,
    /// Until when; `None`: until it is taken back.
    pub until: Option<jiff::Timestamp>,
}

impl Engine {
    /// Reports what became of a call that was allowed, to the breakers that let it through. Report each call once; a call that
    /// was not sent is released instead.
    ///
    /// A report in another process than the one that decided counts there.
    ///
    /// ```
    /// use llm_policy_engine::breakers::CallOutcome;
    /// use llm_policy_engine::context::Stage;
    /// use llm_policy_engine::{Engine, Options, document};
    /// use serde_json::json;
    ///
    /// let policy = "{version: '1.0', metadata: {name: a}, config: {default_action: allow}, \
    ///     breakers: {model: {key: request.model, consecutive_failures: 2}}}";
    /// let document = document::read(policy, "a.yaml", &mut document::no_files).unwrap();
    /// let (engine, _) = Engine::new(vec![document], Options::default()).unwrap();
    /// let (context, now) = (json!({"request": {"model": "gpt-4o"}}), jiff::Timestamp::now());
    /// for _ in 0..2 {
    ///     let decision = engine.evaluate(Stage::Request, &context, now)?;
    ///     engine.observe(decision.hold().unwrap(), CallOutcome::Failure, now);
    /// }
    /// let decision = engine.evaluate(Stage::Request, &context, now)?;
    /// assert_eq!(decision.code(), Some("circuit_open"));
    /// assert_eq!(decision.retry_after_ms(), Some(30_000));
    /// # Ok::<(), llm_policy_engine::input::InputError>(())
    /// ```
    pub fn observe(&self, hold: &Hold, outcome: CallOutcome, now: jiff::Timestamp) {
        let books = self.books();
        books.observe(hold, &self.compiled().breakers, outcome, books.time(now));
    }

    /// Sets a switch: nothing goes through this breaker, for this key, until it is taken back or its time is over. `breaker` is
    /// its name, or `namespace/document/breaker`; `key` has the values of its `key`, or is empty for all of them. `None` takes
    /// back what was set for this breaker and key.
    ///
    /// A switch is known by the breaker's name, so it stays when policies are reloaded. It is one of this engine and its clones.
    ///
    /// # Errors
    /// When there is no such breaker, or there are as many switches as there may be: 4,096.
    pub fn switch(
        &self,
        breaker: &str,
        key: &[&str],
        switch: Option<Switch>,
        now: jiff::Timestamp,
    ) -> Result<(), NoSwitch> {
        let compiled = self.compiled();
        let mut named = compiled.breakers.named(breaker);
        let Some(found) = named.next() else {
            let known = compiled.breakers.all.iter().map(|breaker| &*breaker.name);
            let near = llm_policy_cel::diagnostic::did_you_mean(breaker, known).map(Into::into);
            return Err(NoSwitch::Unknown { name: breaker.into(), near });
        };
        if named.any(|other| other.definition.name != found.definition.name) {
            return Err(NoSwitch::Ambiguous(breaker.into()));
        }
        if !key.is_empty() && key.len() != found.key.len() {
            return Err(NoSwitch::Parts { found: key.len(), wanted: found.key.len() });
        }
        let key = match key {
            [] => None,
            parts => Some(Key::new(parts.iter().copied()).map_err(NoSwitch::TooLong)?),
        };
        let books = self.books();
        let now = books.time(now);
        books.breakers().switch(&found.definition.name, key.as_ref(), switch, now).map_err(NoSwitch::TooMany)
    }

    /// All switches that are set.
    #[must_use]
    pub fn switches(&self, now: jiff::Timestamp) -> Vec<SwitchedOff> {
        let books = self.books();
        let set = books.breakers().switches(books.time(now));
        set.into_iter()
            .map(|set| SwitchedOff {
                breaker: set.rule,
                key: set.key.iter().flat_map(Key::parts).map(str::to_owned).collect(),
                reason: set.switch.reason,
                until: set.switch.until.and_then(|at| jiff::Timestamp::from_microsecond(at.micros()).ok()),
            })
            .collect()
    }
}
