//! What goes along with every evaluation: counters always, audit records when they are wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;
use llm_policy_engine::Decision;
use llm_policy_engine::context::Stage;

use crate::audit::{Audit, AuditOptions, Drained};
use crate::engine::Engine;
use crate::error::Error;
use crate::metrics::{Counters, Metrics};

/// What watches over one engine, its clones and its exchanges.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) counters: Counters,
    /// Whether there is something in `audit`, which is dearer to look at.
    audited: AtomicBool,
    audit: ArcSwapOption<Audit>,
}

impl Watch {
    /// Notes what came of an evaluation. `input` is what was judged, where there are bytes of it.
    #[inline]
    pub(crate) fn note(
        &self,
        stage: Stage,
        input: Option<&[u8]>,
        made: &Result<Decision, Error>,
        bundle: impl FnOnce() -> Arc<str>,
    ) {
        match made {
            Ok(decision) => self.counters.decided(stage, decision),
            Err(error) => self.counters.refused(error),
        }
        if self.audited.load(Ordering::Relaxed) {
            self.record(stage, input, made, bundle);
        }
    }

    #[cold]
    fn record(
        &self,
        stage: Stage,
        input: Option<&[u8]>,
        made: &Result<Decision, Error>,
        bundle: impl FnOnce() -> Arc<str>,
    ) {
        if let Some(audit) = &*self.audit.load()
            && made.as_ref().map_or(true, Decision::is_audited)
        {
            audit.record(stage, input, made.as_ref(), bundle);
        }
    }
}

impl Engine {
    /// What this engine has done so far, with its clones and exchanges.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let (recorded, dropped) = self.watch().audit.load().as_ref().map_or((0, 0), |audit| audit.counts());
        self.watch().counters.snapshot(recorded, dropped)
    }

    /// From now on one record is kept for each evaluation of this engine, its clones and its exchanges, until
    /// [`Engine::audit_drain`] takes it; of plain allows only where the documents want it ([`Decision::is_audited`]). What was
    /// kept before is dropped.
    ///
    /// ```
    /// use llm_policy_embed::{AuditOptions, Documents, Effect, Options, Question};
    ///
    /// let mut documents = Documents::new();
    /// let policy = "{version: '1.0', metadata: {name: a}, rules: [{id: r, when: 'true', actions: [{type: deny}]}]}";
    /// documents.add_bytes(policy.as_bytes(), "a.yaml");
    /// let engine = documents.check(Options::default()).into_engine()?;
    /// engine.audit_start(AuditOptions::default())?;
    /// engine.evaluate(b"{}", Question::default())?;
    /// let drained = engine.audit_drain(100);
    /// assert_eq!(drained.records.len(), 1);
    /// assert_eq!((drained.records[0].effect, drained.records[0].rule.as_deref()), (Effect::Deny, Some("r")));
    /// # Ok::<(), llm_policy_embed::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the options ask for no room, or too much.
    pub fn audit_start(&self, options: AuditOptions) -> Result<(), Error> {
        self.watch().audit.store(Some(Arc::new(Audit::new(options)?)));
        self.watch().audited.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// No more records are kept. Those that wait are dropped: drain them first.
    pub fn audit_stop(&self) {
        self.watch().audited.store(false, Ordering::Relaxed);
        self.watch().audit.store(None);
    }

    /// Takes out the oldest audit records, at most so many. Empty when nothing is recorded.
    #[must_use]
    pub fn audit_drain(&self, most: usize) -> Drained {
        self.watch().audit.load().as_ref().map_or_else(Drained::default, |audit| audit.drain(most))
    }
}
