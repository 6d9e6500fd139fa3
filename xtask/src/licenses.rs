//! The licences of what we ship: which ones may be in it, and their texts, which every package carries.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use spdx::{Expression, Licensee, ParseMode};

use crate::artefact::{self, Part};

/// What may be in a package, the first that a part offers is taken: nothing that binds the program of whoever links it.
const ACCEPTED: [&str; 11] = [
    "Apache-2.0",
    "MIT",
    "MIT-0",
    "0BSD",
    "BSL-1.0",
    "Zlib",
    "ISC",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "Unicode-3.0",
    "Apache-2.0 WITH LLVM-exception",
];

/// A licence that binds the files of a part and nothing around them, and the parts, which we leave as they are, from which we take it.
const OF_FILES: (&str, [&str; 3]) = ("MPL-2.0", ["uniffi", "uniffi_core", "uniffi_pipeline"]);

/// Licences that ask for nothing in a binary, so that their text may be left out when a part has none.
const WITHOUT_TEXT: [&str; 3] = ["MIT-0", "0BSD", "BSL-1.0"];

const MIT: &str = r#"Copyright (c) AUTHORS

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH
THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."#;

/// Fails when something that is shipped has a licence that is not accepted, on any platform.
pub fn check(root: &Path) -> Result<(), String> {
    let mut wrong = Vec::new();
    let workspace = artefact::Workspace::read(root)?;
    for package in workspace.shipped() {
        for part in workspace.parts(package, &["all"])? {
            if let Err(why) = chosen(&part) {
                wrong.push(format!("{package} contains {why}"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// The licence of a part in the form of the standard.
pub fn expression(part: &Part) -> Result<String, String> {
    let Some(stated) = &part.license else {
        return Err(format!("{} {}, which states no licence", part.name, part.version));
    };
    let not_read = |e| format!("{} {}, whose licence cannot be read: {e}", part.name, part.version);
    Ok(Expression::canonicalize(stated).map_err(not_read)?.unwrap_or_else(|| stated.clone()))
}

/// The licences under which we take a part: of those it offers, the first that are accepted.
fn chosen(part: &Part) -> Result<Vec<String>, String> {
    let stated = expression(part)?;
    let failed = |e: &dyn std::fmt::Display| format!("{} {} ({stated}): {e}", part.name, part.version);
    let parsed = Expression::parse_mode(&stated, ParseMode::STRICT).map_err(|e| failed(&e))?;
    let (of_files, from) = OF_FILES;
    let also = from.contains(&part.name.as_str()).then_some(of_files);
    let accepted =
        ACCEPTED.into_iter().chain(also).map(Licensee::parse).collect::<Result<Vec<_>, _>>().map_err(|e| failed(&e))?;
    let minimal = parsed.minimized_requirements(&accepted).map_err(|_| failed(&"this licence is not accepted"))?;
    Ok(minimal.iter().map(ToString::to_string).collect())
}

/// The texts that have to go with a library that is made of these parts.
pub fn texts(root: &Path, parts: &[Part]) -> Result<String, String> {
    let mut by_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut apache = vec![format!("{} (the Rust standard library)", rust()?)];
    for part in parts.iter().filter(|part| !part.is_ours()) {
        let mut name = format!("{} {}", part.name, part.version);
        if let Some(repository) = &part.repository {
            _ = write!(name, " ({repository})");
        }
        for license in chosen(part)? {
            if license == "Apache-2.0" {
                apache.push(name.clone());
                if let Some(notice) = file_of(part, |file| file.starts_with("NOTICE"))? {
                    by_text.entry(notice).or_default().push(format!("{name}, notice"));
                }
                continue;
            }
            let text = match own_text(part, &license)? {
                Some(text) => text,
                None if license == "MIT" => mit(part),
                None if license == "MPL-2.0" => mpl(part),
                None if WITHOUT_TEXT.contains(&license.as_str()) => license.clone(),
                None => {
                    return Err(format!("{name}: there is no file with the text of {license} in {:?}", part.directory));
                }
            };
            by_text.entry(text).or_default().push(format!("{name}, {license}"));
        }
    }
    let mut out = "This software contains the packages named below, each under the licence that follows its name. Where a package \
                   offers several, it is used under this one.\n"
        .to_owned();
    let mut sections: Vec<(Vec<String>, String)> = by_text.into_iter().map(|(text, names)| (names, text)).collect();
    sections.sort();
    let license = fs::read_to_string(root.join("LICENSE")).map_err(|e| format!("LICENSE: {e}"))?;
    for (names, text) in [(apache, license)].into_iter().chain(sections) {
        _ = write!(out, "\n{}\n\n{}\n\n{}\n", "=".repeat(80), names.join("\n"), text.trim());
    }
    Ok(out)
}

/// The text of the MIT licence for a part that brings none along, with whom it names as its authors.
fn mit(part: &Part) -> String {
    let authors =
        if part.authors.is_empty() { format!("the authors of {}", part.name) } else { part.authors.join(", ") };
    MIT.replace("AUTHORS", &authors)
}

/// What the Mozilla Public License asks a binary to say: where the source is.
fn mpl(part: &Part) -> String {
    let at = part.repository.as_deref().unwrap_or("crates.io");
    format!(
        "The source of {} {}, which is not changed, is at {at}, under https://mozilla.org/MPL/2.0/.",
        part.name, part.version
    )
}

/// The text of a licence that a part brings along.
fn own_text(part: &Part, license: &str) -> Result<Option<String>, String> {
    let first = license.split(['-', ' ']).next().unwrap_or(license).to_uppercase();
    let is_license = |file: &str| ["LICENSE", "LICENCE", "COPYING"].iter().any(|name| file.starts_with(name));
    let others = ["APACHE", "MIT", "UNICODE", "ZLIB", "BSD", "UNLICENSE", "BOOST"];
    if let Some(text) = file_of(part, |file| is_license(file) && file.contains(&first))? {
        return Ok(Some(text));
    }
    file_of(part, |file| is_license(file) && !others.iter().any(|other| file.contains(other)))
}

/// The first file of a part whose name, in capitals, is looked for; or none.
fn file_of(part: &Part, wanted: impl Fn(&str) -> bool) -> Result<Option<String>, String> {
    let failed = |e| format!("{:?}: {e}", part.directory);
    let mut names = fs::read_dir(&part.directory)
        .map_err(failed)?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<Result<Vec<_>, std::io::Error>>()
        .map_err(failed)?;
    names.sort();
    let found = names.into_iter().find(|name| name.to_str().is_some_and(|name| wanted(&name.to_uppercase())));
    found.map(|name| fs::read_to_string(part.directory.join(name)).map_err(failed)).transpose()
}

/// The compiler's version, which is that of the standard library.
fn rust() -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().map_err(|e| format!("rustc: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.split(" (").next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(license: &str) -> Part {
        Part {
            name: "part".to_owned(),
            version: "1.0.0".to_owned(),
            license: (!license.is_empty()).then(|| license.to_owned()),
            directory: Path::new("/").to_owned(),
            repository: None,
            authors: Vec::new(),
            checksum: Some(String::new()),
            needs: Vec::new(),
        }
    }

    #[test]
    fn what_is_offered_first_is_taken() {
        assert_eq!(chosen(&part("MIT OR Apache-2.0")).unwrap(), ["Apache-2.0"]);
        assert_eq!(chosen(&part("MIT/Apache-2.0")).unwrap(), ["Apache-2.0"]);
        assert_eq!(chosen(&part("Unlicense OR MIT")).unwrap(), ["MIT"]);
        assert_eq!(chosen(&part("(MIT OR Apache-2.0) AND Unicode-3.0")).unwrap(), ["Apache-2.0", "Unicode-3.0"]);
    }

    #[test]
    fn a_licence_of_files_is_taken_from_some_only() {
        let uniffi = Part { name: "uniffi".to_owned(), ..part("MPL-2.0") };
        assert_eq!(chosen(&uniffi).unwrap(), ["MPL-2.0"]);
        assert!(chosen(&part("MPL-2.0")).unwrap_err().contains("not accepted"));
    }

    #[test]
    fn what_is_not_accepted_is_named() {
        for (license, why) in [
            ("GPL-3.0-only", "part 1.0.0 (GPL-3.0-only): this licence is not accepted"),
            ("MIT AND MPL-2.0", "part 1.0.0 (MIT AND MPL-2.0): this licence is not accepted"),
            ("", "part 1.0.0, which states no licence"),
        ] {
            assert_eq!(chosen(&part(license)).unwrap_err(), why);
        }
        assert!(chosen(&part("of my own")).unwrap_err().contains("cannot be read"));
    }
}
