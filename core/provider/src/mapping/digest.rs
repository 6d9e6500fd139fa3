//! The digest of a tool's declaration.

use std::fmt::Write as _;

use bumpalo::Bump;
use bumpalo::collections::String as ArenaString;
use llm_policy_cel::value::Val;
use llm_policy_engine::decision::canonical;
use llm_policy_engine::input::json::value_of;
use sha2::{Digest, Sha256};

/// `sha256:` and the SHA-256 of a declaration's canonical form (RFC 8785).
pub(super) fn digest<'a>(declaration: Val<'_>, arena: &'a Bump) -> &'a str {
    let hash = Sha256::digest(canonical::to_string(&value_of(declaration)));
    let mut text = ArenaString::with_capacity_in(71, arena);
    text.push_str("sha256:");
    for byte in hash {
        let _ = write!(text, "{byte:02x}");
    }
    text.into_bump_str()
}
