//! Reading documents and their tables from files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use llm_policy_engine::document;

use crate::error::{Error, ErrorCode};

/// How deep directories are looked through.
const MAX_DEPTH: usize = 64;

/// What is looked for in directories.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Documents,
    Tests,
}

/// The file itself, or all files of test cases below a directory, sorted: those whose names end with `_test.yaml`,
/// `_test.yml` or `_test.json`.
///
/// # Errors
/// When a directory cannot be read.
pub fn tests(path: &Path) -> Result<Vec<PathBuf>, Error> {
    find(path, Wanted::Tests)
}

/// Reads a file of test cases, or one that belongs to it, and gives its text.
///
/// # Errors
/// When it cannot be read, is too large, or is not UTF-8.
pub fn text(path: &Path) -> Result<String, Error> {
    decoded(read(path, document::MAX_BYTES)?)
        .map_err(|cause| Error::new(ErrorCode::UnreadableFile, format!("`{}` cannot be read: {cause}", path.display())))
}

/// The text of a file that is not larger than documents may be; otherwise what is wrong with it.
fn decoded(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() > document::MAX_BYTES {
        return Err(format!("it has more than {} bytes", document::MAX_BYTES));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

/// The file itself, or all documents below a directory, sorted: files whose names end with `.yaml`, `.yml` or `.json`,
/// without those of test cases.
///
/// # Errors
/// When something cannot be read, or there is no document.
pub fn documents(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let found = find(path, Wanted::Documents)?;
    if found.is_empty() {
        let message = format!("there is no policy document in `{}`", path.display());
        return Err(Error::new(ErrorCode::NoDocuments, message)
            .with_help("documents are files whose names end with .yaml, .yml or .json"));
    }
    Ok(found)
}

/// The file itself, or all that are wanted below a directory, sorted.
fn find(path: &Path, wanted: Wanted) -> Result<Vec<PathBuf>, Error> {
    let metadata = fs::metadata(path).map_err(|cause| unreadable(path, &cause))?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    walk(path, wanted, &mut found, &mut BTreeSet::new(), 0)?;
    found.sort();
    Ok(found)
}

fn walk(
    folder: &Path,
    wanted: Wanted,
    found: &mut Vec<PathBuf>,
    seen: &mut BTreeSet<PathBuf>,
    depth: usize,
) -> Result<(), Error> {
    // Links can lead back.
    if depth > MAX_DEPTH || !seen.insert(identity(folder)) {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(|cause| unreadable(folder, &cause))? {
        let path = entry.map_err(|cause| unreadable(folder, &cause))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        let metadata = fs::metadata(&path).map_err(|cause| unreadable(&path, &cause))?;
        let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if metadata.is_dir() {
            if stem != "testdata" {
                walk(&path, wanted, found, seen, depth + 1)?;
            }
        } else if metadata.is_file()
            && stem.ends_with("_test") == (wanted == Wanted::Tests)
            && matches!(extension.as_deref(), Some("yaml" | "yml" | "json"))
        {
            found.push(path);
        }
    }
    Ok(())
}

/// All bytes of a file, but no more than one above `limit`.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|cause| unreadable(path, &cause))
}

/// A table's file and its text. The name is relative and has no `..`; a link that leads outside is refused.
pub(crate) fn table(folder: &Path, name: &str) -> Result<(PathBuf, String), String> {
    let inside = |folder: &Path| -> io::Result<Option<PathBuf>> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let (folder, file) = (folder.canonicalize()?, folder.join(name).canonicalize()?);
        Ok(file.starts_with(&folder).then_some(file))
    };
    let file = inside(folder).map_err(|cause| describe(&cause))?;
    let file = file.ok_or("it is a link that leads out of the document's directory")?;
    let text = decoded(read(&file, document::MAX_BYTES).map_err(|error| error.message)?)?;
    Ok((file, text))
}

/// What is the same for all names of one file.
#[must_use]
pub fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The path as messages show it: the same on every system.
#[must_use]
pub fn origin(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    let text = path.display().to_string();
    if cfg!(windows) { text.replace('\\', "/") } else { text }
}

fn unreadable(path: &Path, cause: &io::Error) -> Error {
    let message = format!("`{}` cannot be read: {}", path.display(), describe(cause));
    Error::new(ErrorCode::UnreadableFile, message)
}

/// The cause without the system's number.
fn describe(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => cause.to_string(),
    }
}
