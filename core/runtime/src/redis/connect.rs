//! Connections: a few, kept for the next step, and none asked for while the server is away.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use llm_policy_ledger::StoreError;
use redis::cluster::{ClusterClient, ClusterConnection};
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{Client, Cmd, Connection, ConnectionLike, ErrorKind, RedisError, ServerErrorKind, Value};

use super::place::Place;
use super::steps::Call;

/// Connections that are kept. A step that finds none free makes its own.
const KEPT: usize = 16;

/// For how long nobody tries again after a failure, at first and at most. Doubled with each failure.
const BACK_OFF: [u64; 2] = [50, 1_600];

/// A connection.
enum Wire {
    Single(Box<Connection>),
    Cluster(Box<ClusterConnection>),
}

impl Wire {
    fn send(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        let value = match self {
            Self::Single(connection) => connection.req_command(command),
            Self::Cluster(connection) => connection.req_command(command),
        }?;
        value.extract_error()
    }
}

struct Open {
    wire: Wire,
    /// Who made it: a child of a fork must not use its parent's.
    process: u32,
    /// Why the server keeps no hard limits, if it does not.
    fault: Option<&'static str>,
}

/// Connections to one server or Cluster.
///
/// Each is held by one step at a time, and by no lock while it is used; a lock that is taken is passed by, so that one that a
/// fork has left locked is only one place less.
pub struct Connections {
    place: Place,
    kept: [Mutex<Option<Open>>; KEPT],
    started: Instant,
    /// Milliseconds since the start before which nobody tries to connect.
    closed_until: AtomicU64,
    failures: AtomicU64,
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Connections").field(&self.place).finish()
    }
}

impl Connections {
    pub fn new(place: Place) -> Self {
        Self {
            place,
            kept: Default::default(),
            started: Instant::now(),
            closed_until: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    /// Runs a script. `books` is a key of its slot; with `durable`, only where what it writes is kept.
    pub fn call(&self, call: &Call, books: &str, durable: bool) -> Result<Value, StoreError> {
        self.with(books, durable, |wire| match wire.send(&call.by_digest()) {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => wire.send(&call.in_full()),
            other => other,
        })
    }

    /// Sends one command.
    pub fn command(&self, command: &Cmd, books: &str) -> Result<Value, StoreError> {
        self.with(books, false, |wire| wire.send(command))
    }

    fn with(
        &self,
        books: &str,
        durable: bool,
        mut run: impl FnMut(&mut Wire) -> Result<Value, RedisError>,
    ) -> Result<Value, StoreError> {
        let process = std::process::id();
        while let Some(mut open) = self.take() {
            if open.process != process {
                continue;
            }
            check(&open, durable)?;
            match run(&mut open.wire) {
                // The server went away since, and may be back: a step can be sent twice, because its id is known there.
                Err(error) if error.is_connection_dropped() => {}
                done => return self.done(open, done),
            }
        }
        self.may_try()?;
        let mut open = match self.open(books, process) {
            Ok(open) => open,
            Err(error) => return Err(self.failed(&error)),
        };
        if let Err(error) = check(&open, durable) {
            self.keep(open);
            return Err(error);
        }
        let done = run(&mut open.wire);
        self.done(open, done)
    }

    fn done(&self, open: Open, done: Result<Value, RedisError>) -> Result<Value, StoreError> {
        match done {
            Ok(value) => {
                self.failures.store(0, Ordering::Relaxed);
                self.keep(open);
                Ok(value)
            }
            Err(error) if error.is_io_error() || error.is_unrecoverable_error() => Err(self.failed(&error)),
            Err(error) => {
                // Another server may be the right one by now; the next step looks for it.
                let stays = !matches!(
                    error.kind(),
                    ErrorKind::Server(
                        ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::ClusterDown
                    )
                );
                if stays {
                    self.keep(open);
                }
                Err(if error.code() == Some("OOM") { StoreError::Full } else { unavailable(&error) })
            }
        }
    }

    fn take(&self) -> Option<Open> {
        self.kept.iter().find_map(|place| place.try_lock().ok()?.take())
    }

    fn keep(&self, open: Open) {
        let mut open = Some(open);
        for place in &self.kept {
            if let Ok(mut place) = place.try_lock()
                && place.is_none()
            {
                *place = open.take();
                return;
            }
        }
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// One at a time tries, while the server is away; all others hear at once that it is.
    fn may_try(&self) -> Result<(), StoreError> {
        if self.failures.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        let (now, until) = (self.millis(), self.closed_until.load(Ordering::Relaxed));
        let hold = u64::try_from(self.place.timeout.as_millis()).unwrap_or(0);
        let mine = now >= until
            && self
                .closed_until
                .compare_exchange(until, now.saturating_add(hold), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if mine { Ok(()) } else { Err(StoreError::Unavailable("the server did not answer a moment ago".into())) }
    }

    fn failed(&self, error: &RedisError) -> StoreError {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).min(16);
        let [first, most] = BACK_OFF;
        self.closed_until.store(self.millis().saturating_add((first << failures).min(most)), Ordering::Relaxed);
        unavailable(error)
    }

    fn open(&self, books: &str, process: u32) -> Result<Open, RedisError> {
        let mut last = None;
        for node in &self.place.nodes {
            match self.open_at(node, books) {
                Ok((wire, fault)) => return Ok(Open { wire, process, fault }),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| RedisError::from((ErrorKind::InvalidClientConfig, "no server is named"))))
    }

    fn open_at(&self, node: &redis::ConnectionInfo, books: &str) -> Result<(Wire, Option<&'static str>), RedisError> {
        let timeout = self.place.timeout;
        let mut connection = Client::open(node.clone())?.get_connection_with_timeout(timeout)?;
        connection.set_read_timeout(Some(timeout))?;
        connection.set_write_timeout(Some(timeout))?;
        let info = text(connection.req_command(&redis::cmd("INFO"))?.extract_error()?)?;
        if line(&info, "cluster_enabled") != Some("1") {
            return Ok((Wire::Single(Box::new(connection)), self.fault(&info)));
        }
        let client = ClusterClient::builder(self.place.nodes.iter().cloned())
            .connection_timeout(timeout)
            .response_timeout(timeout)
            .retries(2)
            .min_retry_wait(5)
            .max_retry_wait(20)
            .build()?;
        let mut cluster = client.get_connection()?;
        // What counts is how the node is set up that has this space.
        let slot = redis::cmd("CLUSTER").arg("KEYSLOT").arg(books).query(&mut connection)?;
        let route = SingleNodeRoutingInfo::SpecificNode(Route::new(slot, SlotAddr::Master));
        let info = cluster.route_command(&redis::cmd("INFO"), RoutingInfo::SingleNode(route))?;
        let info = text(info.extract_error()?)?;
        Ok((Wire::Cluster(Box::new(cluster)), self.fault(&info)))
    }

    /// Why a server that is set up like this keeps no hard limits.
    fn fault(&self, info: &str) -> Option<&'static str> {
        if !self.place.durable {
            return None;
        }
        if line(info, "aof_enabled") != Some("1") {
            return Some(
                "the server forgets what it counted when it stops, because `appendonly` is off, so it keeps no hard \
                 limits; switch it on, or say `durability=any` in the URL",
            );
        }
        let evicts = line(info, "maxmemory").is_none_or(|most| most != "0")
            && line(info, "maxmemory_policy") != Some("noeviction");
        evicts.then_some(
            "the server drops what it counted when its memory is full, because `maxmemory-policy` is not `noeviction`, \
             so it keeps no hard limits; change it, or say `durability=any` in the URL",
        )
    }
}

fn check(open: &Open, durable: bool) -> Result<(), StoreError> {
    match open.fault {
        Some(fault) if durable => Err(StoreError::Unavailable(fault.into())),
        _ => Ok(()),
    }
}

fn unavailable(error: &RedisError) -> StoreError {
    StoreError::Unavailable(error.to_string().into())
}

fn text(value: Value) -> Result<String, RedisError> {
    redis::from_redis_value(value).map_err(RedisError::from)
}

/// The value of a line of `INFO`.
fn line<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}
