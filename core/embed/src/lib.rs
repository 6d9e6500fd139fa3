//! The facade that every border stands on: the command line now, other languages and the daemon later.
//!
//! It reads documents from files, holds the panic boundary (whatever happens inside, the host's process goes on and the
//! answer is a deny), gives every failure a stable code, and writes decisions as the same bytes everywhere.
//!
//! ```
//! use llm_policy_embed::{Documents, Options, Question};
//!
//! let mut documents = Documents::new();
//! documents.add_bytes(
//!     br#"
//! version: "1.0"
//! metadata: {name: models}
//! config: {default_action: allow}
//! rules:
//!   - {id: no-preview, when: request.model.endsWith('-preview'), actions: [{type: deny, reason: not for production}]}
//! "#,
//!     "models.yaml",
//! );
//! let engine = documents.check(Options::default()).into_engine()?;
//! let decision = engine.evaluate(br#"{"request": {"model": "gpt-5-preview"}}"#, Question::default())?;
//! assert_eq!(decision.reason(), "not for production");
//! # Ok::<(), llm_policy_embed::Error>(())
//! ```

pub mod audit;
pub mod breakers;
pub mod detector;
pub mod documents;
pub mod engine;
pub mod error;
pub mod exchange;
pub mod files;
pub mod guard;
pub mod limits;
pub mod metrics;
pub mod objects;
mod random;
mod redaction;
pub mod stream;
pub mod table;
mod text;
mod watch;

pub use audit::{AuditOptions, Drained, Record};
pub use detector::{Detector, Form};
pub use documents::{Checked, Documents};
pub use engine::{Engine, Question};
pub use error::{Error, ErrorCode, finding_json};
pub use exchange::Exchange;
pub use jiff::Timestamp;
pub use limits::Closed;
pub use llm_policy_engine::breakers::SwitchedOff;
pub use llm_policy_engine::cel::{slot, value};
pub use llm_policy_engine::context::{self, Stage, UnknownStage};
pub use llm_policy_engine::decision::canonical;
pub use llm_policy_engine::decision::key::Key as DecisionKey;
pub use llm_policy_engine::detect;
pub use llm_policy_engine::diagnostic::{Diagnostic, Severity};
pub use llm_policy_engine::document::{Document, MAX_BYTES as MAX_DOCUMENT_BYTES, Refused};
pub use llm_policy_engine::explain;
pub use llm_policy_engine::handles::{Handles, UnknownAction};
pub use llm_policy_engine::input::json::MAX_BYTES as MAX_INPUT_BYTES;
pub use llm_policy_engine::input::{self, ContextBuilder, Input, Packed, Prepared, packed};
pub use llm_policy_engine::instant;
pub use llm_policy_engine::limits::{Time, prices};
pub use llm_policy_engine::{Decision, Effect, Finding, Options};
pub use llm_policy_provider::{Body, Format, RedactedBody, UnknownFormat};
pub use metrics::Metrics;
pub use stream::{Class, Passed, Stream};
pub use text::utf8;

/// What README.md shows works.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
