//! Every text of a provider's own types is seen: mapped, scanned as text, reported as opaque, or exempt with a reason.
//!
//! The types are those of the npm packages that `package-lock.json` names: the providers' own. `extract.mjs` writes down each of
//! their text leaves with a body that has a marker there, and the bodies are mapped. A leaf fails the test when
//!
//! * its text is lost: it is in no text of the context, and is not media in base64 that is reported as opaque;
//! * it is in a field of the body that no row names: somebody has to decide what the field is;
//! * its name says that it stands for something else (an id, an address, bytes), and no row says whether it does;
//! * it is one of a fixed list of names (the kinds of blocks) and not in the row's list.
//!
//! `exempt.txt` lists leaves that are right as they are, each with a reason; an entry that no failing leaf uses fails too.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../cel/tests/support/npm.rs"]
mod npm;
mod packages;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use llm_policy_engine::context::Stage;
use llm_policy_provider::{Body, Fate, Format, Leaf};
use serde_json::Value as Json;

const MARKER: &str = "the marker";
/// The marker in base64.
const BYTES: &str = "dGhlIG1hcmtlcg==";

#[test]
fn every_text_of_the_providers_types_is_seen() {
    let types = packages::leaves();
    let types = types.as_object().unwrap();
    let mut exempt = Exempt::read();
    let mut failures = String::new();
    let mut sum = [0; 4];
    line(format_args!("{:28}{:>7}{:>8}{:>8}{:>8}", "format and stage", "leaves", "text", "opaque", "known"));
    for format in Format::ALL {
        for stage in Stage::ALL {
            let name = format!("{format} {}", stage.name());
            if format.shape(stage).is_none() {
                assert!(!types.contains_key(&name), "{name} has types, but no shape");
                continue;
            }
            let leaves = types.get(&name).unwrap_or_else(|| panic!("{name} has no type in roots.ts"));
            let mut counts = [0; 4];
            for leaf in leaves.as_array().unwrap() {
                let path = leaf["path"].as_str().unwrap();
                counts[0] += 1;
                match fate(format, stage, leaf) {
                    Ok(kind) => counts[kind] += 1,
                    Err(why) if exempt.excuses(&name, path) => drop(why),
                    Err(why) => drop(writeln!(failures, "{name}: {path}: {why}")),
                }
            }
            line(format_args!("{name:28}{:>7}{:>8}{:>8}{:>8}", counts[0], counts[1], counts[2], counts[3]));
            sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }
    line(format_args!("{:28}{:>7}{:>8}{:>8}{:>8}", "all", sum[0], sum[1], sum[2], sum[3]));
    assert!(failures.is_empty(), "{failures}{} leaves failed", failures.lines().count());
    let stale = exempt.stale();
    assert!(stale.is_empty(), "exempt.txt has entries that no leaf needs:\n{}", stale.join("\n"));
}

/// What becomes of a leaf: 1 text, 2 opaque, 3 a known name.
fn fate(format: Format, stage: Stage, leaf: &Json) -> Result<usize, String> {
    let path = leaf["path"].as_str().unwrap();
    if leaf["kind"] == "name" {
        for name in leaf["values"].as_array().unwrap() {
            named(format, stage, leaf, name.as_str().unwrap())?;
        }
        return Ok(3);
    }
    let context = context(format, stage, &leaf["sample"])?;
    let found = marked(format, stage, &leaf["sample"])?;
    let fate = found.fate.clone();
    if leaf["kind"] == "bytes" {
        return match fate {
            Fate::Media(_) | Fate::Opaque { .. } => Ok(2),
            _ => Err("it is bytes, and not reported as opaque".to_owned()),
        };
    }
    let seen = texts(&context).iter().any(|text| text.contains(MARKER));
    if !seen {
        return Err("its text is lost".to_owned());
    }
    let opaque = !opaque(&context).is_empty();
    if !found.declared {
        let top = path.split(['.', '[', '<']).next().unwrap();
        let shape = format.shape(stage).unwrap();
        let is_named = |row: &&str| row.split(['.', '[', '<']).next() == Some(top) || row.starts_with("**");
        if !shape.rows.iter().any(|(row, _)| is_named(row)) {
            return Err("no row names this field of the body".to_owned());
        }
        if stands_for_something(path) && !opaque {
            return Err("its name says that it stands for something, and no row says whether it does".to_owned());
        }
    }
    Ok(if matches!(fate, Fate::Opaque { .. }) { 2 } else { 1 })
}

/// One of a fixed list of names must be text, or known to the row that leaves such names out.
fn named(format: Format, stage: Stage, leaf: &Json, name: &str) -> Result<(), String> {
    let first = leaf["values"][0].as_str().unwrap();
    let mut sample = leaf["sample"].clone();
    let steps = steps(leaf["path"].as_str().unwrap());
    let place = place(&mut sample, &steps).ok_or("the sample has no such place")?;
    assert_eq!(place, first);
    *place = name.into();
    let context = context(format, stage, &sample)?;
    let unknown = opaque(&context).contains(&"unknown");
    let pointer = format!("/{}", steps.join("/"));
    let leaf = body(format, stage, &sample, |body| body.leaves())?.into_iter().find(|leaf| leaf.pointer() == pointer);
    match leaf.map(|leaf| leaf.fate) {
        Some(Fate::Known) => Ok(()),
        _ if unknown => Err(format!("`{name}` is not in the row's list")),
        _ if texts(&context).iter().any(|text| text.contains(name)) => Ok(()),
        other => Err(format!("`{name}` is lost: {other:?}")),
    }
}

fn body<T>(
    format: Format,
    stage: Stage,
    sample: &Json,
    with: impl FnOnce(Body<'_>) -> Result<T, llm_policy_engine::input::InputError>,
) -> Result<T, String> {
    let bytes = sample.to_string();
    Body::new(format, stage, bytes.as_bytes()).and_then(with).map_err(|error| format!("refused: {error}"))
}

fn context(format: Format, stage: Stage, sample: &Json) -> Result<Json, String> {
    body(format, stage, sample, |body| body.context())
}

/// The leaf with the marker.
fn marked(format: Format, stage: Stage, sample: &Json) -> Result<Leaf, String> {
    let leaves = body(format, stage, sample, |body| body.leaves())?;
    let is_marked = |leaf: &Leaf| {
        let text = sample.pointer(&leaf.pointer()).and_then(Json::as_str);
        text == Some(MARKER) || text == Some(BYTES)
    };
    leaves.into_iter().find(is_marked).ok_or_else(|| "no leaf of the body has it".to_owned())
}

/// All texts of the context: what `request.text` joins.
fn texts(value: &Json) -> Vec<&str> {
    match value {
        Json::String(text) => vec![text],
        Json::Array(items) => items.iter().flat_map(texts).collect(),
        Json::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn opaque(context: &Json) -> Vec<&str> {
    let lists = ["/request/opaque", "/response/opaque", "/tool/opaque"];
    lists.iter().filter_map(|list| context.pointer(list)).flat_map(texts).collect()
}

/// Whether a field of this name stands for something that is not in the body, or is no text.
fn stands_for_something(path: &str) -> bool {
    const ENDS: [&str; 17] = [
        "id",
        "ids",
        "url",
        "urls",
        "uri",
        "uris",
        "data",
        "bytes",
        "blob",
        "file",
        "files",
        "signature",
        "base64",
        "encrypted",
        "content_id",
        "ref",
        "key",
    ];
    let name = path.trim_end_matches("[]").rsplit(['.', '>']).next().unwrap_or_default();
    let words: Vec<String> = words(name);
    words.last().is_some_and(|last| ENDS.contains(&last.as_str())) || words.iter().any(|word| word == "encrypted")
}

/// `fileUri` and `file_uri` as `file`, `uri`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_ascii_uppercase() {
            words.push(String::new());
        }
        if c != '_' {
            words.last_mut().unwrap().push(c.to_ascii_lowercase());
        }
    }
    words
}

/// The steps to a leaf in its sample.
fn steps(path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    for segment in path.split('.') {
        let name = segment.split(['[', '<']).next().unwrap();
        if !name.is_empty() {
            steps.push(if name == "*" { "any_field".to_owned() } else { name.to_owned() });
        }
        steps.extend((0..segment.matches("[]").count()).map(|_| "0".to_owned()));
    }
    steps
}

fn place<'j>(sample: &'j mut Json, steps: &[String]) -> Option<&'j mut Json> {
    sample.pointer_mut(&format!("/{}", steps.join("/")))
}

/// Prints a line also when the test passes, which `println` in a test does not.
fn line(text: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Leaves that are right as they are.
struct Exempt {
    /// `format stage: path`, where `*` stands for anything, and whether a leaf needed it.
    entries: BTreeMap<String, bool>,
}

impl Exempt {
    fn read() -> Self {
        let mut entries = BTreeMap::new();
        for text in include_str!("exempt.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (entry, reason) = text.split_once("  # ").unwrap_or_else(|| panic!("no reason: {text}"));
            assert!(reason.len() > 10, "no reason: {text}");
            assert!(entries.insert(entry.trim().to_owned(), false).is_none(), "twice: {text}");
        }
        Self { entries }
    }

    fn excuses(&mut self, name: &str, path: &str) -> bool {
        let whole = format!("{name}: {path}");
        let found = self.entries.iter_mut().find(|(entry, _)| matches(entry, &whole));
        found.is_some_and(|(_, used)| {
            *used = true;
            true
        })
    }

    fn stale(&self) -> Vec<&str> {
        self.entries.iter().filter(|(_, used)| !**used).map(|(entry, _)| entry.as_str()).collect()
    }
}

/// Whether `text` is `pattern`, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text
            .strip_prefix(head)
            .is_some_and(|rest| (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| matches(tail, rest)))),
    }
}
