//! Where a store is, as a URL says it.

use std::fmt;
use std::time::Duration;

/// How long a server may take to be reached, and to answer, when the URL does not say.
const TIMEOUT: Duration = Duration::from_millis(500);

/// The longest time that can be asked for.
const LONGEST: u64 = 60_000;

/// Where a store is.
///
/// `redis://[user:password@]host[:port][,host[:port]...][/database][?space=NAME&timeout_ms=N&durability=aof|any]`. Several
/// hosts are nodes of one Cluster; one of them is enough to find the others. The space names the books (`llm-policy`); hosts
/// that are to share limits have the same.
#[derive(Clone)]
pub struct Place {
    pub(super) nodes: Vec<redis::ConnectionInfo>,
    pub(super) space: String,
    pub(super) timeout: Duration,
    /// True: hard limits are kept only on a server that writes an append-only file and evicts nothing.
    pub(super) durable: bool,
}

/// A URL that is no place of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAPlace(String);

impl fmt::Display for NotAPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is no URL of a Redis server: {}", self.0)
    }
}

impl std::error::Error for NotAPlace {}

/// Without the password.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = self.nodes.iter().map(|node| node.addr().to_string()).collect::<Vec<_>>();
        f.debug_struct("Place").field("nodes", &nodes).field("space", &self.space).finish_non_exhaustive()
    }
}

impl Place {
    /// Reads a URL.
    ///
    /// ```
    /// use llm_policy_runtime::redis::Place;
    /// assert!(Place::parse("redis://localhost:6379/?space=acme").is_ok());
    /// let error = Place::parse("redis://localhost/?spaces=acme").unwrap_err();
    /// assert!(error.to_string().contains("`spaces`"));
    /// ```
    ///
    /// # Errors
    ///
    /// When it is none, or has a parameter that is not known.
    pub fn parse(url: &str) -> Result<Self, NotAPlace> {
        let wrong = |what: &str| Err(NotAPlace(what.to_owned()));
        let Some(rest) = url.strip_prefix("redis://") else {
            return wrong("it must begin with `redis://`; connections with TLS are not supported: use a tunnel");
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
        let at = if user.is_empty() { String::new() } else { format!("{user}@") };

        let mut nodes = Vec::new();
        for host in hosts.split(',') {
            let one = format!("redis://{at}{host}/{database}");
            match redis::IntoConnectionInfo::into_connection_info(one.as_str()) {
                Ok(info) => nodes.push(info),
                // What the library says has no more of the URL than this.
                Err(error) => return Err(NotAPlace(format!("`{host}`: {error}"))),
            }
        }
        let mut place = Self { nodes, space: "llm-policy".to_owned(), timeout: TIMEOUT, durable: true };
        for (name, value) in query.split('&').filter(|part| !part.is_empty()).map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (name, value)
        }) {
            match (name, value) {
                ("space", space) if is_space(space) => place.space = space.to_owned(),
                ("space", _) => return wrong("`space` has 1 to 64 of the characters a-z, A-Z, 0-9, `.`, `_` and `-`"),
                ("durability", "aof") => place.durable = true,
                ("durability", "any") => place.durable = false,
                ("durability", _) => return wrong("`durability` is `aof` or `any`"),
                ("timeout_ms", value) => match value.parse::<u64>() {
                    Ok(millis @ 1..=LONGEST) => place.timeout = Duration::from_millis(millis),
                    _ => return wrong("`timeout_ms` is a number from 1 to 60000"),
                },
                (name, _) => {
                    return Err(NotAPlace(format!(
                        "it has a parameter `{name}`; there are `space`, `timeout_ms` and `durability`"
                    )));
                }
            }
        }
        Ok(place)
    }
}

fn is_space(space: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&space.len()) && space.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_a_wrong_one_what_is_wrong() {
        let place = Place::parse("redis://u:p%40@[::1]:7000,b:7001/?space=a.b&timeout_ms=20&durability=any").unwrap();
        assert_eq!((place.nodes.len(), &*place.space, place.timeout.as_millis(), place.durable), (2, "a.b", 20, false));
        assert!(!format!("{place:?}").contains("p@"));
        for (url, what) in [
            ("rediss://a", "TLS"),
            ("sqlite:a", "redis://"),
            ("redis://a:port", "a:port"),
            ("redis://a/x", "a"),
            ("redis://a?space={x}", "space"),
            ("redis://a?space=", "space"),
            ("redis://a?durability=yes", "durability"),
            ("redis://a?timeout_ms=0", "timeout_ms"),
            ("redis://a?other", "`other`"),
        ] {
            let error = Place::parse(url).unwrap_err().to_string();
            assert!(error.contains(what), "{url}: {error}");
        }
    }
}
