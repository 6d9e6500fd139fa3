//! The command line of `peers`.

use std::path::PathBuf;

use crate::contender::Result;

/// How the binary is called.
pub const USAGE: &str = "\
Races policy engines over the same rules and requests.

usage: peers [--quick] [--write FILE] [--workload NAME,..] [--rules COUNT,..] [--peer NAME,..]

  --quick      one short round of everything up to 100 rules: a smoke test, not figures
  --write      write the tables as Markdown to this file, too
  --workload   single, separable, realistic or opaque
  --rules      10, 100, 1000 or 10000
  --peer       contenders whose name starts so";

/// What was asked for; an empty filter lets everything through.
#[derive(Debug, Default)]
pub struct Arguments {
    /// A smoke test.
    pub quick: bool,
    /// Where to write the tables.
    pub write: Option<PathBuf>,
    /// Names of workloads.
    pub workloads: Vec<String>,
    /// Numbers of rules.
    pub rules: Vec<usize>,
    /// Beginnings of contenders' names.
    pub peers: Vec<String>,
}

impl Arguments {
    /// Reads the arguments, without the program's name. `None` asks for help.
    ///
    /// # Errors
    ///
    /// If an argument is unknown or has no value.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let mut parsed = Self::default();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--help" | "-h" => return Ok(None),
                "--quick" => parsed.quick = true,
                "--write" => parsed.write = Some(value()?.into()),
                "--workload" => parsed.workloads.extend(value()?.split(',').map(str::to_owned)),
                "--peer" => parsed.peers.extend(value()?.split(',').map(str::to_owned)),
                "--rules" => {
                    for count in value()?.split(',') {
                        parsed.rules.push(count.parse().map_err(|_| format!("`{count}` is no number of rules"))?);
                    }
                }
                _ => return Err(format!("unknown argument `{argument}`").into()),
            }
        }
        Ok(Some(parsed))
    }

    /// Whether workloads of this name are asked for.
    pub fn wants_workload(&self, name: &str) -> bool {
        self.workloads.is_empty() || self.workloads.iter().any(|wanted| wanted == name)
    }

    /// Whether workloads of this size are asked for.
    pub fn wants_rules(&self, count: usize) -> bool {
        if self.rules.is_empty() { !self.quick || count <= 100 } else { self.rules.contains(&count) }
    }

    /// Whether this contender is asked for.
    pub fn wants_peer(&self, name: &str) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|wanted| name.starts_with(wanted))
    }
}
