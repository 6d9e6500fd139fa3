//! Text detectors: personal data, secrets and injection in what people and models write. Knows nothing of policies.
//!
//! A [`Scanner`] is compiled once from all detectors that are asked for, and read by many threads. Its findings are
//! kinds, spans, scores and evidence, never text.
//!
//! ```
//! use llm_policy_detect::{Scanner, Scratch};
//!
//! let scanner = Scanner::builder().build()?;
//! let mut scratch = Scratch::default();
//! let text = "Write to ada@example.org, please.";
//! let findings = scanner.scan(text, &mut scratch);
//! let found = findings.iter().next().unwrap();
//! assert_eq!(scanner.kind(found.kind).name(), "email");
//! assert_eq!(&text[found.bytes.range()], "ada@example.org");
//! # Ok::<(), llm_policy_detect::BuildError>(())
//! ```

mod bytes;
mod custom;
mod detector;
pub mod evaluation;
mod finding;
mod grammar;
mod held;
mod hex;
mod injection;
mod kind;
pub mod language;
mod normalise;
mod pii;
mod profile;
mod prompt;
pub mod redact;
mod scanner;
mod secrets;
pub mod stream;
mod tables;
pub mod tokens;
mod toxicity;

pub use detector::Reach;
pub use finding::{Evidence, Finding, Findings, Sign, Signs, Span};
pub use held::Held;
pub use kind::{Family, Kind, KindId};
pub use normalise::ViewKind;
pub use pii::regions;
pub use profile::{Profile, Source};
pub use scanner::{BuildError, Builder, DEFAULT_BUDGET, Scanner, Scratch, kinds};
pub use tables::{Table, tables};
