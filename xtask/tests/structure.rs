//! Who may know whom: the arrows between the crates of this workspace, and what the pure ones may never see.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

/// What each crate may depend on, of the crates of this workspace. Arrows point downwards only.
const ARROWS: [(&str, &[&str]); 12] = [
    ("llm-policy-cel", &[]),
    ("llm-policy-detect", &[]),
    ("llm-policy-ledger", &[]),
    ("llm-policy-engine", &["llm-policy-cel", "llm-policy-detect", "llm-policy-ledger"]),
    // Its mapping gives values of CEL, which inputs are made of.
    ("llm-policy-provider", &["llm-policy-cel", "llm-policy-detect", "llm-policy-engine"]),
    ("llm-policy-workbench", &["llm-policy-engine"]),
    ("llm-policy-wasm", &["llm-policy-engine"]),
    ("llm-policy-runtime", &["llm-policy-engine", "llm-policy-ledger"]),
    ("llm-policy-embed", &["llm-policy-engine", "llm-policy-provider", "llm-policy-runtime", "llm-policy-wasm"]),
    ("llm-policy-ffi", &["llm-policy-embed"]),
    ("llm-policy-server", &["llm-policy-embed", "llm-policy-workbench", "llm-policy-runtime"]),
    // It writes the references of functions and of provider bodies from their declarations, and runs the cases of `conformance/`.
    ("xtask", &["llm-policy-cel", "llm-policy-embed", "llm-policy-engine", "llm-policy-provider"]),
];

/// What stands in `bindings/` may depend on.
const BINDINGS: &[&str] = &["llm-policy-embed"];

/// The crates that get bytes from their caller: no runtime, no network, no files.
const PURE: [&str; 5] =
    ["llm-policy-cel", "llm-policy-detect", "llm-policy-ledger", "llm-policy-engine", "llm-policy-provider"];

/// What a pure crate may not have anywhere in its tree.
const IMPURE: [&str; 26] = [
    "async-io",
    "async-std",
    "axum",
    "curl",
    "h2",
    "hickory-resolver",
    "hyper",
    "isahc",
    "mio",
    "native-tls",
    "nix",
    "openssl",
    "polling",
    "quinn",
    "redis",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
    "tonic",
    "tower",
    "ureq",
    "wasmtime",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {}: {error}", arguments.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

/// A crate of this workspace.
struct Member {
    name: String,
    directory: PathBuf,
    /// The crates of this workspace that it depends on, tests aside.
    arrows: Vec<String>,
}

fn members() -> Vec<Member> {
    let metadata: Json = serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps"])).unwrap();
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| Member {
            name: text(&package["name"]),
            directory: Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned(),
            arrows: package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dependency| dependency["kind"] != "dev" && dependency["path"].is_string())
                .map(|dependency| text(&dependency["name"]))
                .collect(),
        })
        .collect()
}

fn is_binding(member: &Member) -> bool {
    member.directory.starts_with(root().join("bindings"))
}

#[test]
fn arrows_point_downwards() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut wrong = Vec::new();
    for member in members() {
        let Some(below) = allowed.get(member.name.as_str()).copied().or(is_binding(&member).then_some(BINDINGS)) else {
            wrong.push(format!("{} has no place in the table of arrows", member.name));
            continue;
        };
        for arrow in member.arrows.iter().filter(|arrow| !below.contains(&arrow.as_str())) {
            wrong.push(format!("{} may not know {arrow}", member.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_crates_see_no_runtime_network_or_file() {
    let mut wrong = Vec::new();
    for member in members().iter().filter(|member| PURE.contains(&member.name.as_str())) {
        // On all platforms, with all features, without what only tests need.
        let shape =
            ["--edges", "normal,build", "--target", "all", "--all-features", "--prefix", "none", "--format", "{p}"];
        let tree = cargo(&[&["tree", "--package", member.name.as_str()], shape.as_slice()].concat());
        let mut names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(names.first(), Some(&member.name.as_str()), "the tree is not read right");
        names.sort_unstable();
        names.dedup();
        wrong.extend(names.iter().filter(|name| IMPURE.contains(name)).map(|name| format!("{}: {name}", member.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A host that keeps its limits in memory builds no database.
#[test]
fn embed_without_its_features_sees_no_store() {
    let shape = ["--edges", "normal,build", "--target", "all", "--prefix", "none", "--format", "{p}"];
    let tree = |more: &[&str]| cargo(&[&["tree", "--package", "llm-policy-embed"], shape.as_slice(), more].concat());
    let impure = |tree: &str| tree.lines().any(|line| IMPURE.contains(&line.split(' ').next().unwrap_or_default()));
    assert!(!impure(&tree(&[])));
    assert!(impure(&tree(&["--features", "stores"])));
}

/// Every crate takes the workspace's lints and the versions of its one dependency table.
#[test]
fn manifests_defer_to_the_workspace() {
    let mut wrong = Vec::new();
    for member in members() {
        let text = fs::read_to_string(member.directory.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        let from_workspace = |value: Option<&toml::Value>| {
            value.and_then(|value| value.get("workspace")).and_then(toml::Value::as_bool) == Some(true)
        };
        // Only the border may have unsafe code, and so lints of its own.
        let border = is_binding(&member) || member.name == "llm-policy-ffi";
        if !border && !from_workspace(manifest.get("lints")) {
            wrong.push(format!("{}: `lints.workspace = true` is missing", member.name));
        }
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            if !from_workspace(manifest.get("package").and_then(|package| package.get(key))) {
                wrong.push(format!("{}: `{key}.workspace = true` is missing", member.name));
            }
        }
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, value) in manifest.get(table).and_then(toml::Value::as_table).into_iter().flatten() {
                if !from_workspace(Some(value)) {
                    wrong.push(format!("{}: the version of {name} is not the workspace's", member.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
