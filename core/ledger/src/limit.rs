//! What a policy limits: kinds, windows, steps.

use std::fmt;
use std::sync::Arc;

use crate::time::Time;
use crate::units::{MAX_UNITS, Share};
use crate::window::{NoSuchTime, Period, Window};

/// The most steps of one limit.
pub const MAX_STEPS: usize = 16;

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Money, in micro-units.
    Budget,
    /// Tokens.
    Quota,
    /// Requests.
    Rate,
    /// Requests that are under way. What is reserved counts; what is settled does not.
    Concurrency,
    /// Open reservations of one principal, which [`Limit::max_open`] limits.
    Open,
}

impl Kind {
    /// What it is called in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Quota => "quota",
            Self::Rate => "rate",
            Self::Concurrency => "concurrency",
            Self::Open => "open",
        }
    }

    /// What it is counted in, for people; money in millionths of this.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Budget => "USD",
            Self::Quota => "tokens",
            Self::Rate | Self::Concurrency | Self::Open => "requests",
        }
    }

    /// The number by which it is kept. It never changes.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Budget => 0,
            Self::Quota => 1,
            Self::Rate => 2,
            Self::Concurrency => 3,
            Self::Open => 4,
        }
    }

    /// The kind that is kept by this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Budget,
            1 => Self::Quota,
            2 => Self::Rate,
            3 => Self::Concurrency,
            4 => Self::Open,
            _ => return None,
        })
    }

    /// True when only what is reserved counts, and nothing is left to count once it is settled.
    #[must_use]
    pub const fn counts_open_only(self) -> bool {
        matches!(self, Self::Concurrency | Self::Open)
    }
}

/// What happens when a share of the amount is reached or passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// The request goes on; the step is reported when its share is reached.
    Warn,
    /// The request goes on, to a model that the policy names; the step is reported when its share is reached.
    Route,
    /// The request may come again later; it is not let through when it would pass the share.
    Throttle,
    /// A human decides; the request is not let through when it would pass the share, unless somebody has agreed to it.
    Ask,
    /// The request is not let through when it would pass the share.
    Deny,
}

impl Action {
    /// True when a request that would pass the step's share is not let through.
    #[must_use]
    pub const fn blocks(self) -> bool {
        matches!(self, Self::Throttle | Self::Ask | Self::Deny)
    }
}

/// A step of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The share of the capacity.
    pub at: Share,
    /// What happens there.
    pub action: Action,
}

/// What becomes of a reservation that nobody closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnExpiry {
    /// What was reserved is charged: the provider has probably billed it.
    #[default]
    Charge,
    /// What was reserved is given back.
    Release,
}

/// How processes that share a store keep a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Consistency {
    /// Each process counts for itself.
    Local,
    /// A process takes a slice, which is charged at once, and decides in itself.
    #[default]
    Leased,
    /// Every request asks the store.
    Strict,
}

/// Where a limit counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// It is enforced.
    #[default]
    Live,
    /// It is only observed, on numbers of its own: it never refuses anything, and what it would refuse it does not count.
    Shadow,
}

impl Space {
    /// The number by which it is kept. It never changes.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Live => 0,
            Self::Shadow => 1,
        }
    }

    /// The space that is kept by this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Live,
            1 => Self::Shadow,
            _ => return None,
        })
    }
}

/// A limit, as a policy defines it.
#[derive(Debug)]
pub struct Limit {
    name: Arc<str>,
    kind: Kind,
    window: Window,
    steps: Box<[Step]>,
    space: Space,
    on_expiry: OnExpiry,
    consistency: Consistency,
    max_open: Option<u64>,
}

/// Why there is no such limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotALimit {
    /// More than [`MAX_STEPS`] steps.
    TooManySteps,
    /// A concurrency limit has no window, and every other kind has one.
    WindowOfAnotherKind,
    /// A fixed or sliding window, or the period of a bucket, of less than a second or more than a hundred years.
    Length,
    /// A bucket's burst, or `max_open`, of 0 or of more than [`MAX_UNITS`].
    Capacity,
}

impl fmt::Display for NotALimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManySteps => write!(f, "a limit has at most {MAX_STEPS} steps"),
            Self::WindowOfAnotherKind => {
                f.write_str("a concurrency limit has no window, and every other limit has one")
            }
            Self::Length => f.write_str("a window is between one second and a hundred years long"),
            Self::Capacity => write!(f, "a burst and `max_open` are between 1 and {MAX_UNITS}"),
        }
    }
}

impl std::error::Error for NotALimit {}

const SECOND: u64 = 1_000_000;
const CENTURY: u64 = 100 * 366 * 86_400 * SECOND;

impl Limit {
    /// A limit. Without a step that blocks it is soft: it counts and reports, and lets everything through.
    ///
    /// `name` says which limit this is among all that share a store: of two limits with the same name, kind, window and
    /// key, each counts what the other takes.
    ///
    /// # Errors
    ///
    /// When kind and window do not fit, or a number is out of its range.
    pub fn new(
        name: impl Into<Arc<str>>,
        kind: Kind,
        window: Window,
        steps: impl Into<Box<[Step]>>,
    ) -> Result<Self, NotALimit> {
        let steps = steps.into();
        if steps.len() > MAX_STEPS {
            return Err(NotALimit::TooManySteps);
        }
        if kind.counts_open_only() != matches!(window, Window::Open) {
            return Err(NotALimit::WindowOfAnotherKind);
        }
        match window {
            Window::Fixed { length } | Window::Sliding { length } | Window::Bucket { period: length, .. }
                if !(SECOND..=CENTURY).contains(&length) =>
            {
                return Err(NotALimit::Length);
            }
            Window::Bucket { burst: Some(burst), .. } if !(1..=MAX_UNITS).contains(&burst) => {
                return Err(NotALimit::Capacity);
            }
            _ => {}
        }
        Ok(Self {
            name: name.into(),
            kind,
            window,
            steps,
            space: Space::Live,
            on_expiry: OnExpiry::default(),
            consistency: Consistency::default(),
            max_open: None,
        })
    }

    /// Observed only.
    #[must_use]
    pub fn in_shadow(mut self) -> Self {
        self.space = Space::Shadow;
        self
    }

    /// What becomes of a reservation that nobody closes; by default it is charged.
    #[must_use]
    pub fn on_expiry(mut self, on_expiry: OnExpiry) -> Self {
        self.on_expiry = on_expiry;
        self
    }

    /// How processes that share a store keep it; by default by slices. A store in one process is always exact.
    #[must_use]
    pub fn with_consistency(mut self, consistency: Consistency) -> Self {
        self.consistency = consistency;
        self
    }

    /// The most reservations that one principal may have open on this limit.
    ///
    /// # Errors
    ///
    /// When it is 0 or larger than [`MAX_UNITS`].
    pub fn with_max_open(mut self, max_open: u64) -> Result<Self, NotALimit> {
        if !(1..=MAX_UNITS).contains(&max_open) {
            return Err(NotALimit::Capacity);
        }
        self.max_open = Some(max_open);
        Ok(self)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What it counts.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// When it counts anew.
    #[must_use]
    pub const fn window(&self) -> &Window {
        &self.window
    }

    /// Its steps, as they were given.
    #[must_use]
    pub const fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it is enforced.
    #[must_use]
    pub const fn space(&self) -> Space {
        self.space
    }

    /// What becomes of a reservation that nobody closes.
    #[must_use]
    pub const fn expiry(&self) -> OnExpiry {
        self.on_expiry
    }

    /// How processes that share a store keep it.
    #[must_use]
    pub const fn consistency(&self) -> Consistency {
        self.consistency
    }

    /// The most reservations that one principal may have open.
    #[must_use]
    pub const fn max_open(&self) -> Option<u64> {
        self.max_open
    }

    /// True when one of its steps blocks.
    #[must_use]
    pub fn is_hard(&self) -> bool {
        self.steps.iter().any(|step| step.action.blocks())
    }

    /// The most that may be used, given the amount: the lowest of the steps that block. `None`: it is soft.
    ///
    /// With `agreed`, steps that ask do not block.
    #[must_use]
    pub fn ceiling(&self, amount: u64, agreed: bool) -> Option<u64> {
        let capacity = self.window.capacity(amount);
        let blocks = |step: &&Step| step.action.blocks() && !(agreed && step.action == Action::Ask);
        self.steps.iter().filter(blocks).map(|step| step.at.floor_of(capacity)).min()
    }

    /// From what use on a step is in force: reached, for a step that lets through; passed, for one that blocks.
    #[must_use]
    pub fn mark(&self, step: &Step, amount: u64) -> u64 {
        let capacity = self.window.capacity(amount);
        if step.action.blocks() { step.at.floor_of(capacity).saturating_add(1) } else { step.at.ceil_of(capacity) }
    }

    /// The window that holds `now`.
    ///
    /// # Errors
    ///
    /// When the calendar does not reach so far.
    pub fn period(&self, now: Time) -> Result<Period, NoSuchTime> {
        self.window.at(now)
    }
}
