//! What a library that we ship is made of: the packages that end up in it, as Cargo resolves them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

/// A package that is part of what we ship.
pub struct Part {
    pub name: String,
    pub version: String,
    /// The licence as the package states it, an SPDX expression.
    pub license: Option<String>,
    /// The package's folder.
    pub directory: PathBuf,
    pub repository: Option<String>,
    pub authors: Vec<String>,
    /// SHA-256 of the package's archive; packages of this workspace have none.
    pub checksum: Option<String>,
    /// The parts that this one needs, by their places in the list.
    pub needs: Vec<usize>,
}

impl Part {
    /// Whether it belongs to this workspace.
    pub const fn is_ours(&self) -> bool {
        self.checksum.is_none()
    }
}

/// The workspace with all that it needs, as Cargo resolves it.
pub struct Workspace<'r> {
    root: &'r Path,
    metadata: Json,
    checksums: BTreeMap<(String, String), String>,
}

impl<'r> Workspace<'r> {
    /// Asks Cargo, and reads the lock file.
    pub fn read(root: &'r Path) -> Result<Self, String> {
        let metadata = cargo(root, &["metadata", "--locked", "--format-version", "1"])?;
        let metadata = serde_json::from_str(&metadata).map_err(|e| format!("cargo metadata: {e}"))?;
        Ok(Self { root, metadata, checksums: checksums(root)? })
    }

    /// The packages whose code is in the library of `package` for one of the `targets` (`all`: any): itself first, then by name.
    ///
    /// Macros and build scripts run on the machine that builds, so they are no part of it.
    pub fn parts(&self, package: &str, targets: &[&str]) -> Result<Vec<Part>, String> {
        let Self { root, metadata, checksums } = self;
        let mut tree =
            vec!["tree", "--locked", "--package", package, "--edges", "normal,no-proc-macro", "--prefix", "none"];
        tree.extend(["--format", "{p}"]);
        tree.extend(targets.iter().flat_map(|target| ["--target", target]));
        let text = cargo(root, &tree)?;
        // `name v1.2.3`, and then perhaps where it lies, or that it stood above.
        let inside: BTreeSet<(&str, &str)> = text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(name, rest)| Some((name, rest.split(' ').next()?.strip_prefix('v')?)))
            .collect();

        let mut parts = Vec::new();
        let mut ids = BTreeMap::new();
        let all = list(metadata, "packages");
        let (itself, others): (Vec<&Json>, Vec<&Json>) = all.partition(|found| text_of(found, "name") == package);
        for found in itself.into_iter().chain(others) {
            let (name, version) = (text_of(found, "name"), text_of(found, "version"));
            if !inside.contains(&(name, version)) {
                continue;
            }
            let directory = Path::new(text_of(found, "manifest_path")).parent().unwrap_or(root).to_owned();
            ids.insert(text_of(found, "id"), parts.len());
            let field = |key: &str| found.get(key).and_then(Json::as_str).map(str::to_owned);
            parts.push(Part {
                name: name.to_owned(),
                version: version.to_owned(),
                license: field("license"),
                directory,
                repository: field("repository"),
                authors: list(found, "authors").filter_map(Json::as_str).map(str::to_owned).collect(),
                checksum: checksums.get(&(name.to_owned(), version.to_owned())).cloned(),
                needs: Vec::new(),
            });
        }
        if parts.len() != inside.len() {
            return Err(format!(
                "{package}: cargo tree knows {} packages, cargo metadata {}",
                inside.len(),
                parts.len()
            ));
        }
        for node in metadata.get("resolve").into_iter().flat_map(|resolve| list(resolve, "nodes")) {
            let needs: BTreeSet<usize> = list(node, "deps")
                .filter(|dep| list(dep, "dep_kinds").any(|kind| kind.get("kind").is_some_and(Json::is_null)))
                .filter_map(|dep| ids.get(text_of(dep, "pkg")).copied())
                .collect();
            if let Some(part) = ids.get(text_of(node, "id")).and_then(|index| parts.get_mut(*index)) {
                part.needs = needs.into_iter().collect();
            }
        }
        Ok(parts)
    }

    /// The packages of the workspace that are shipped: libraries for other languages, and programs. Chores are not.
    pub fn shipped(&self) -> Vec<&str> {
        let members: BTreeSet<&str> = list(&self.metadata, "workspace_members").filter_map(Json::as_str).collect();
        let leaves = |package: &&Json| {
            list(package, "targets").any(|target| list(target, "kind").any(|kind| kind == "cdylib" || kind == "bin"))
        };
        list(&self.metadata, "packages")
            .filter(|package| members.contains(text_of(package, "id")))
            .filter(leaves)
            .map(|package| text_of(package, "name"))
            .filter(|name| *name != env!("CARGO_PKG_NAME"))
            .collect()
    }
}

/// The checksums of the lock file, by name and version.
fn checksums(root: &Path) -> Result<BTreeMap<(String, String), String>, String> {
    let text = fs::read_to_string(root.join("Cargo.lock")).map_err(|e| format!("Cargo.lock: {e}"))?;
    let lock: toml::Table = toml::from_str(&text).map_err(|e| format!("Cargo.lock: {e}"))?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let field = |package: &toml::Value, key| package.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    Ok(packages
        .filter_map(|package| {
            Some(((field(package, "name")?, field(package, "version")?), field(package, "checksum")?))
        })
        .collect())
}

fn list<'a>(json: &'a Json, key: &str) -> impl Iterator<Item = &'a Json> + use<'a> {
    json.get(key).and_then(Json::as_array).into_iter().flatten()
}

fn text_of<'a>(json: &'a Json, key: &str) -> &'a str {
    json.get(key).and_then(Json::as_str).unwrap_or_default()
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(root).output().map_err(|e| format!("cargo: {e}"))?;
    if !output.status.success() {
        return Err(format!("cargo {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|e| format!("cargo {}: {e}", arguments.join(" ")))
}
