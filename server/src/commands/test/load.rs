//! Files of cases with the policies that they test.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use llm_policy_embed::{Diagnostic, Documents, Error, ErrorCode, Finding, Options, Refused, files};
use llm_policy_workbench::cases;
use llm_policy_workbench::run::{PolicySet, Suite};

use crate::failure::Failure;

/// Reads the cases at `paths`. The files that were read are added to `read`, also when something is wrong with them.
pub fn load(paths: &[PathBuf], policies: &[PathBuf], read: &mut Vec<PathBuf>) -> Result<Suite, Failure> {
    let mut suite = Suite::default();
    let mut sets: BTreeMap<Vec<PathBuf>, usize> = BTreeMap::new();
    let mut findings = Vec::new();
    let mut tests: Vec<PathBuf> = Vec::new();
    for path in paths {
        tests.extend(files::tests(path)?);
    }
    tests.sort();
    tests.dedup();
    read.extend(tests.iter().cloned());
    if tests.is_empty() {
        let shown: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
        let help = "cases stand in files whose names end with `_test.yaml`";
        return Err(Failure::usage(format!("there is no file of test cases in {}", shown.join(", ")), help));
    }
    for test in &tests {
        let text = files::text(test)?;
        let folder = test.parent().unwrap_or(Path::new(""));
        let mut load = |name: &str| {
            let path = beside(folder, name);
            read.push(path.clone());
            files::text(&path).map_err(|error| error.message)
        };
        let cases = match cases::read(&text, &files::origin(test), &mut load) {
            Ok(cases) => cases,
            Err(refused) => {
                findings.extend(located(refused));
                continue;
            }
        };
        let wanted = match &cases.policies {
            Some(names) => names.iter().map(|name| beside(folder, &name.value)).collect(),
            None if !policies.is_empty() => policies.to_vec(),
            None => beside_tests(paths),
        };
        let absent = cases.policies.iter().flatten().filter(|name| !beside(folder, &name.value).exists());
        let absent: Vec<Finding> = absent
            .map(|name| {
                let message = format!("`{}` cannot be read: there is no such file", name.value);
                let help = format!("it is looked for at `{}`", beside(folder, &name.value).display());
                let diagnostic = Diagnostic::error("wrong-file", message, name.span).with_help(help);
                Finding { origin: cases.origin.clone(), text: cases.text.clone(), diagnostic }
            })
            .collect();
        if !absent.is_empty() {
            findings.extend(absent);
            continue;
        }
        let set = match sets.get(&wanted) {
            Some(set) => *set,
            None => {
                let set = suite.add_set(policy_set(&wanted, read)?);
                sets.insert(wanted, set);
                set
            }
        };
        if let Err(unknown) = suite.add_file(cases, set) {
            findings.extend(unknown);
        }
    }
    if findings.is_empty() { Ok(suite) } else { Err(refused(findings)) }
}

/// `name` as seen from `folder`, without the `..` that would only lead back: it is shown in messages.
fn beside(folder: &Path, name: &str) -> PathBuf {
    let mut path = folder.to_owned();
    for part in Path::new(name).components() {
        match part {
            Component::ParentDir if matches!(path.components().next_back(), Some(Component::Normal(_))) => {
                path.pop();
            }
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

/// The directories that are named, and those of the files that are named.
fn beside_tests(paths: &[PathBuf]) -> Vec<PathBuf> {
    let folder = |path: &PathBuf| match path.is_dir() {
        true => path.clone(),
        false => match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        },
    };
    let mut out: Vec<PathBuf> = paths.iter().map(folder).collect();
    out.sort();
    out.dedup();
    out
}

fn policy_set(paths: &[PathBuf], read: &mut Vec<PathBuf>) -> Result<PolicySet, Failure> {
    read.extend(paths.iter().cloned());
    let mut documents = Documents::new();
    for path in paths {
        match documents.add_path(path) {
            // One of several directories may hold cases only.
            Err(error) if error.code == ErrorCode::NoDocuments && paths.len() > 1 => {}
            added => added?,
        }
    }
    documents.select(None, &[])?;
    let all = documents.read().to_vec();
    read.extend(all.iter().map(|document| PathBuf::from(&*document.origin)));
    // What is wrong with them is told as `validate` tells it.
    let checked = documents.check(Options::default());
    if let Err(error) = checked.engine() {
        let findings = checked.findings.iter().filter(|finding| finding.is_error()).cloned().collect();
        return Err(Failure::from(Error { findings, ..error.clone() }));
    }
    match PolicySet::new(all) {
        Ok((set, _)) => Ok(set),
        Err(findings) => Err(refused(findings)),
    }
}

fn refused(findings: Vec<Finding>) -> Failure {
    Failure { findings, ..Failure::invalid(ErrorCode::InvalidInput, "") }
}

fn located(refused: Refused) -> impl Iterator<Item = Finding> {
    let Refused { origin, text, diagnostics, .. } = refused;
    diagnostics.into_iter().map(move |diagnostic| Finding { origin: origin.clone(), text: text.clone(), diagnostic })
}
