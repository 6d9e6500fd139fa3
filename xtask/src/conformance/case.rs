//! One case, as it stands in its file: `conformance/schema.json`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value as Json;

/// A text, line by line.
pub type Lines = Vec<String>;

/// Calls, and what has to come out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What holds, in one sentence.
    #[cfg_attr(not(test), expect(dead_code, reason = "it is for people, and a test sees that it is there"))]
    pub about: String,
    /// Policy documents by name.
    #[serde(default)]
    pub policies: BTreeMap<String, Lines>,
    /// Other files. When there is this key, the policies and these stand in a directory, which is opened.
    pub files: Option<BTreeMap<String, Lines>>,
    /// What is opened of the directory, if not all of it.
    pub path: Option<String>,
    /// The actions that the host carries out.
    #[serde(default)]
    pub handles: Vec<String>,
    /// What no policy decides about is allowed.
    #[serde(default)]
    pub allow_without_policy: bool,
    /// The calls, in order.
    pub steps: Vec<Step>,
    /// What comes out: one text for each step, or one for all when the policies are refused.
    pub expect: Vec<String>,
}

/// A call.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Decides about a context.
    Evaluate {
        /// The stage's name.
        stage: String,
        /// The time, RFC 3339.
        now: String,
        /// The context.
        context: Data,
    },
    /// Decides about a provider's body.
    Body {
        /// The stage's name.
        stage: String,
        /// The time, RFC 3339.
        now: String,
        /// The format's name.
        format: String,
        /// The body.
        body: Data,
        /// What the host says beside it.
        host: Data,
    },
    /// Prepares a context, in place of the one that was prepared before.
    Prepare {
        /// The context.
        context: Data,
    },
    /// Decides about the context that was prepared.
    Prepared {
        /// The stage's name.
        stage: String,
        /// The time, RFC 3339.
        now: String,
    },
    /// Begins an exchange, in place of the one before.
    Begin {
        /// What the host says.
        host: Data,
    },
    /// Decides about the exchange's next stage.
    Next {
        /// The stage's name.
        stage: String,
        /// The time, RFC 3339.
        now: String,
        /// The format's name, when the body is a provider's.
        format: Option<String>,
        /// What is new.
        body: Data,
    },
    /// Finds in a text, with detectors of their own.
    Scan {
        /// How they read.
        options: Data,
        /// The text.
        text: Data,
    },
    /// Takes out of a text what such detectors find in it.
    Redact {
        /// How they read.
        options: Data,
        /// What the text is.
        form: String,
        /// What takes the place of what was found.
        style: String,
        /// The text.
        text: Data,
    },
    /// Takes out of a body what the exchange's last decision says.
    RedactBody {
        /// The format's name, when the body is a provider's.
        format: Option<String>,
        /// The body.
        body: Data,
        /// What comes out is random, and not shown.
        #[serde(default)]
        hide: bool,
    },
    /// Puts values back.
    Restore {
        /// The text; without, what came out of the last `redact_body`.
        text: Option<Data>,
    },
    /// An answer of the exchange that streams.
    Stream {
        /// The time, RFC 3339.
        now: String,
        /// The format's name, when events go in.
        format: Option<String>,
        /// All of the bytes.
        chunks: Data,
        /// So many go in at once.
        size: usize,
        /// Nobody reads on behind them.
        #[serde(default)]
        abort: bool,
    },
    /// Writes the exchange as text and goes on with what is read from that.
    Resume {},
    /// Decides once, and keeps what is held.
    Take {
        /// The stage's name.
        stage: String,
        /// The time, RFC 3339.
        now: String,
        /// The context.
        context: Data,
    },
    /// Decides, and takes nothing.
    DryRun {
        /// The stage's name.
        stage: String,
        /// The time, RFC 3339.
        now: String,
        /// The context.
        context: Data,
    },
    /// How the limits stood that applied to what was taken.
    Limits {},
    /// Closes what is held with what was used.
    Settle {
        /// In the exchange.
        #[serde(default)]
        exchange: bool,
        /// What was used.
        used: Option<Data>,
    },
    /// Gives back what is held.
    Release {
        /// In the exchange.
        #[serde(default)]
        exchange: bool,
    },
    /// Lets what is held live on.
    Extend {},
    /// Reports what became of the call.
    Observe {
        /// In the exchange.
        #[serde(default)]
        exchange: bool,
        /// What became of it.
        outcome: Data,
    },
    /// Sets a switch.
    SwitchOff {
        /// The breaker's name.
        breaker: String,
        /// The key.
        key: Vec<String>,
        /// Why.
        reason: String,
    },
    /// Takes a switch back.
    SwitchOn {
        /// The breaker's name.
        breaker: String,
        /// The key.
        key: Vec<String>,
    },
    /// Lists the switches.
    Switches {},
    /// Replaces the policies.
    Reload {
        /// Policy documents by name.
        policies: BTreeMap<String, Lines>,
    },
    /// Closes the engine.
    Close {},
    /// The self-test that panics.
    Panic {},
}

/// What is handed in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Data {
    /// A value, in whatever form the language has for it.
    Value(Json),
    /// JSON text, or what should be some, exactly so.
    Text(String),
    /// Texts, each so many times, one behind the other.
    Repeat(Vec<(String, usize)>),
    /// Bytes.
    Base64(String),
}

impl Data {
    /// The bytes.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        Ok(match self {
            Self::Value(value) => value.to_string().into_bytes(),
            Self::Text(text) => text.clone().into_bytes(),
            Self::Repeat(pieces) => {
                pieces.iter().map(|(text, times)| text.repeat(*times)).collect::<String>().into_bytes()
            }
            Self::Base64(text) => STANDARD.decode(text).map_err(|e| e.to_string())?,
        })
    }

    /// The bytes, as text.
    pub fn text(&self) -> Result<String, String> {
        String::from_utf8(self.bytes()?).map_err(|e| e.to_string())
    }
}
