//! What is asked about an input.

use std::time::SystemTime;

use llm_policy_embed::{self as embed, Error, ErrorCode, Timestamp};

use crate::error::PolicyError;

/// A stage of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Stage {
    /// Before the request goes to the model.
    Request,
    /// Before the answer goes to the user.
    Response,
    /// Before a tool is called.
    ToolCall,
    /// Before the tool's result goes to the model.
    ToolResult,
}

impl From<Stage> for embed::Stage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Request => Self::Request,
            Stage::Response => Self::Response,
            Stage::ToolCall => Self::ToolCall,
            Stage::ToolResult => Self::ToolResult,
        }
    }
}

impl From<embed::Stage> for Stage {
    fn from(stage: embed::Stage) -> Self {
        match stage {
            embed::Stage::Request => Self::Request,
            embed::Stage::Response => Self::Response,
            embed::Stage::ToolCall => Self::ToolCall,
            embed::Stage::ToolResult => Self::ToolResult,
        }
    }
}

/// The stage of this name: `tool_call`.
///
/// # Errors
/// When there is none.
#[uniffi::export]
pub fn stage_named(name: String) -> Result<Stage, PolicyError> {
    let stage: embed::Stage = name.parse().map_err(Error::from)?;
    Ok(stage.into())
}

/// `now` is the time that conditions see; `None` for the machine's clock.
pub(crate) fn question(stage: Stage, now: Option<SystemTime>) -> Result<embed::Question, Error> {
    let now = match now {
        None => Timestamp::now(),
        Some(now) => instant("now", now)?,
    };
    Ok(embed::Question { stage: stage.into(), now })
}

/// A time of a language; `name` is what the argument is called.
pub(crate) fn instant(name: &str, time: SystemTime) -> Result<Timestamp, Error> {
    let outside = || Error::new(ErrorCode::InvalidArgument, format!("`{name}` is outside of the years -9999 to 9999"));
    Timestamp::try_from(time).map_err(|_| outside())
}
