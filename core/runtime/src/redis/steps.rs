//! Steps as calls of scripts, and what they answer.

use std::fmt::Write;
use std::sync::LazyLock;

use llm_policy_ledger::store::{Account, Answer, Balance, Change, ChangeAction, Outcome, Reserve};
use llm_policy_ledger::units::MAX_UNITS;
use llm_policy_ledger::{Changed, OnExpiry, ReservationId, Space, State, StoreError, Time};
use redis::Value;

use super::keys::{Keys, window};

/// A script, with the digest under which servers keep it.
pub struct Script {
    source: String,
    digest: String,
}

impl Script {
    fn new(parts: [&str; 2]) -> Self {
        let source = parts.concat();
        Self { digest: redis::Script::new(&source).get_hash().to_owned(), source }
    }
}

static RESERVE: LazyLock<Script> =
    LazyLock::new(|| Script::new([include_str!("book.lua"), include_str!("reserve.lua")]));
static CHANGE: LazyLock<Script> = LazyLock::new(|| Script::new([include_str!("book.lua"), include_str!("change.lua")]));
static LIST: LazyLock<Script> = LazyLock::new(|| Script::new([include_str!("book.lua"), include_str!("list.lua")]));
static NAMES: LazyLock<Script> = LazyLock::new(|| Script::new(["", include_str!("names.lua")]));

/// A call of a script: keys and arguments.
pub struct Call {
    script: &'static Script,
    keys: Vec<Vec<u8>>,
    arguments: Vec<String>,
}

impl Call {
    /// By digest: the script itself is sent only to a server that does not have it.
    pub fn by_digest(&self) -> redis::Cmd {
        self.command("EVALSHA", &self.script.digest)
    }

    /// With the script.
    pub fn in_full(&self) -> redis::Cmd {
        self.command("EVAL", &self.script.source)
    }

    fn command(&self, name: &str, script: &str) -> redis::Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(self.keys.len()).arg(&self.keys).arg(&self.arguments);
        command
    }
}

/// Microseconds, so that a time and a lease together stay exact.
fn lease(micros: u64) -> String {
    micros.min(MAX_UNITS).to_string()
}

/// The time that a script is told.
fn clock(now: Option<Time>) -> String {
    now.map_or_else(String::new, |now| now.micros().to_string())
}

fn start(keys: &Keys, id: ReservationId, now: Option<Time>) -> (Vec<Vec<u8>>, Vec<String>) {
    (vec![keys.books().as_bytes().to_vec(), keys.hold(id).into_bytes()], vec![clock(now)])
}

pub fn reserve(keys: &Keys, reserve: &Reserve<'_>, now: Option<Time>) -> Call {
    let (mut names, mut arguments) = start(keys, reserve.id, now);
    arguments.extend([
        format!("{:032x}", reserve.digest.0),
        lease(reserve.lease),
        u8::from(reserve.dry_run).to_string(),
        format!("{:032x}", reserve.id.0),
    ]);
    for take in reserve.takes {
        names.extend(keys.account(&take.account));
        let (tag, a, b) = window(take.account.period);
        let mut marks = String::new();
        for mark in &take.marks {
            // Writing to a text cannot fail. No use reaches a mark beyond 2^53.
            let _ = write!(marks, "{},", (*mark).min(2 * MAX_UNITS + 1));
        }
        arguments.extend([
            match take.account.space {
                Space::Live => "l".to_owned(),
                Space::Shadow => "s".to_owned(),
            },
            tag.to_owned(),
            a.to_string(),
            b.to_string(),
            take.cost.to_string(),
            take.ceiling.map_or_else(|| "-1".to_owned(), |ceiling| ceiling.min(2 * MAX_UNITS).to_string()),
            take.refill.to_string(),
            match take.on_expiry {
                OnExpiry::Charge => "c".to_owned(),
                OnExpiry::Release => "r".to_owned(),
            },
            marks,
            take.capacity.min(2 * MAX_UNITS).to_string(),
        ]);
    }
    Call { script: &RESERVE, keys: names, arguments }
}

pub fn change(keys: &Keys, change: &Change<'_>, now: Option<Time>) -> Call {
    let (mut names, mut arguments) = start(keys, change.id, now);
    let (action, micros) = match change.action {
        ChangeAction::Settle => ("settle", 0),
        ChangeAction::Release => ("release", 0),
        ChangeAction::Extend(micros) => ("extend", micros),
    };
    arguments.extend([format!("{:032x}", change.id.0), action.to_owned(), lease(micros)]);
    for (account, actual) in change.entries {
        names.extend(keys.account(account));
        let (tag, a, b) = window(account.period);
        arguments.extend([tag.to_owned(), a.to_string(), b.to_string(), (*actual).min(MAX_UNITS).to_string()]);
    }
    Call { script: &CHANGE, keys: names, arguments }
}

pub fn list<'a>(keys: &Keys, accounts: impl Iterator<Item = Account<'a>>, now: Option<Time>) -> Call {
    let mut names = vec![keys.books().as_bytes().to_vec()];
    let mut arguments = vec![clock(now)];
    for account in accounts {
        names.extend(keys.account(&account));
        let (tag, a, b) = window(account.period);
        arguments.extend([tag.to_owned(), a.to_string(), b.to_string()]);
    }
    Call { script: &LIST, keys: names, arguments }
}

pub fn names(keys: &Keys, cursor: &str) -> Call {
    let arguments = vec![cursor.to_owned(), keys.pattern()];
    Call { script: &NAMES, keys: vec![keys.books().as_bytes().to_vec()], arguments }
}

/// An answer that no script of ours gives.
pub fn unexpected(value: &Value) -> StoreError {
    StoreError::Unavailable(format!("the server answered {value:?}").into())
}

fn lost() -> StoreError {
    let what = "its books are missing: they were never begun, or are lost";
    StoreError::Unavailable(what.into())
}

/// The parts of an answer, one after the other.
struct Parts<'a> {
    whole: &'a Value,
    rest: std::slice::Iter<'a, Value>,
}

impl<'a> Parts<'a> {
    fn new(whole: &'a Value) -> Result<Self, StoreError> {
        let Value::Array(parts) = whole else { return Err(unexpected(whole)) };
        Ok(Self { whole, rest: parts.iter() })
    }

    fn text(&mut self) -> Result<&'a str, StoreError> {
        match self.rest.next() {
            Some(Value::BulkString(bytes)) => std::str::from_utf8(bytes).map_err(|_| unexpected(self.whole)),
            _ => Err(unexpected(self.whole)),
        }
    }

    fn int(&mut self) -> Result<i64, StoreError> {
        match self.rest.next() {
            Some(Value::Int(number)) => Ok(*number),
            _ => Err(unexpected(self.whole)),
        }
    }

    fn time(&mut self) -> Result<Time, StoreError> {
        self.int().map(Time::from_micros)
    }

    fn units(&mut self) -> Result<u64, StoreError> {
        u64::try_from(self.int()?).map_err(|_| unexpected(self.whole))
    }

    fn id(&mut self) -> Result<ReservationId, StoreError> {
        let id = u128::from_str_radix(self.text()?, 16);
        id.map(ReservationId).map_err(|_| unexpected(self.whole))
    }

    fn balance(&mut self) -> Result<Balance, StoreError> {
        Ok(Balance {
            before: self.units()?,
            after: self.units()?,
            reserved: self.units()?,
            settled: self.units()?,
            fits: self.int()? != 0,
            wait: u64::try_from(self.int()?).ok(),
            first: u16::try_from(self.int()?).map_err(|_| unexpected(self.whole))?,
        })
    }
}

pub fn read_reserve(value: &Value, takes: usize) -> Result<Answer, StoreError> {
    let mut parts = Parts::new(value)?;
    let outcome = match parts.text()? {
        "taken" => Outcome::Taken,
        "refused" => Outcome::Refused,
        "replayed" => Outcome::Replayed,
        "moved" => Outcome::Moved,
        "conflict" => Outcome::Conflict,
        "lost" => return Err(lost()),
        _ => return Err(unexpected(value)),
    };
    let at = parts.time()?;
    let mut answer = Answer { at, outcome, taken: 0, expires: at, balances: Default::default() };
    if matches!(outcome, Outcome::Moved | Outcome::Conflict) {
        return Ok(answer);
    }
    answer.expires = parts.time()?;
    let bits = parts.text()?.bytes().enumerate();
    answer.taken = bits.fold(0, |taken, (i, bit)| taken | u64::from(bit == b'1') << i.min(63));
    if outcome != Outcome::Replayed {
        for _ in 0..takes {
            answer.balances.push(parts.balance()?);
        }
    }
    Ok(answer)
}

pub fn read_change(value: &Value) -> Result<(Time, Changed), StoreError> {
    let mut parts = Parts::new(value)?;
    let changed = match parts.text()? {
        "done" => Changed::Done,
        "late" => Changed::Late,
        "settled" => Changed::Already(State::Settled),
        "released" => Changed::Already(State::Released),
        "expired" => Changed::Already(State::Expired),
        "unknown" => Changed::Unknown,
        "other" => return Err(StoreError::OtherAccounts),
        "lost" => return Err(lost()),
        _ => return Err(unexpected(value)),
    };
    Ok((parts.time()?, changed))
}

/// How an account stands.
pub struct Stand {
    pub capacity: u64,
    pub used: u64,
    pub reserved: u64,
    pub settled: u64,
    /// What is reserved there: units, and until when.
    pub open: Vec<(ReservationId, u64, Time)>,
}

pub fn read_list(value: &Value) -> Result<(Time, Vec<Stand>), StoreError> {
    let mut parts = Parts::new(value)?;
    match parts.text()? {
        "listed" => {}
        "lost" => return Err(lost()),
        _ => return Err(unexpected(value)),
    }
    let at = parts.time()?;
    let stand = |value: &Value| {
        let mut parts = Parts::new(value)?;
        let [capacity, used, reserved, settled] = [parts.units()?, parts.units()?, parts.units()?, parts.units()?];
        let mut entries = Parts::new(parts.rest.next().unwrap_or(&Value::Nil))?;
        let mut open = Vec::new();
        while entries.rest.len() > 0 {
            open.push((entries.id()?, entries.units()?, entries.time()?));
        }
        Ok(Stand { capacity, used, reserved, settled, open })
    };
    Ok((at, parts.rest.map(stand).collect::<Result<_, _>>()?))
}

/// Where to go on from, "0" at the end, and some names.
pub fn read_names(value: &Value) -> Result<(String, Vec<Vec<u8>>), StoreError> {
    let mut parts = Parts::new(value)?;
    let next = parts.text()?.to_owned();
    let Some(Value::Array(some)) = parts.rest.next() else { return Err(unexpected(value)) };
    let name = |value: &Value| match value {
        Value::BulkString(bytes) => Ok(bytes.clone()),
        other => Err(unexpected(other)),
    };
    Ok((next, some.iter().map(name).collect::<Result<_, _>>()?))
}

/// A time that is written in a hash; `None`: it is not there.
pub fn read_time(value: &Value) -> Option<Time> {
    let Value::BulkString(bytes) = value else { return None };
    std::str::from_utf8(bytes).ok()?.parse().ok().map(Time::from_micros)
}
