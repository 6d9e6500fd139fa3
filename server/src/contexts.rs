//! Contexts from files and stdin, one at a time.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, stdin};
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use llm_policy_embed::{Error, ErrorCode, MAX_INPUT_BYTES};
use serde::de::IgnoredAny;

use crate::failure::Failure;

/// A byte order mark, which some editors write at the beginning of a file.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// A context and where it comes from.
pub struct Context {
    /// The file.
    pub file: String,
    /// The line in the file, when the file has a context on each line.
    pub line: Option<usize>,
    /// JSON.
    pub bytes: Vec<u8>,
}

impl Context {
    /// `file` or `file:line`.
    pub fn origin(&self) -> String {
        self.line.map_or_else(|| self.file.clone(), |line| format!("{}:{line}", self.file))
    }

    /// This context is refused.
    pub fn refused(&self, error: Error) -> Failure {
        // Places count from the beginning of the file.
        let before = self.line.map_or(0, |line| line - 1);
        let text = [vec![b'\n'; before], self.bytes.clone()].concat();
        let error = Error { offset: error.offset.map(|at| at + before), ..error };
        match error.locate(&text, &self.file) {
            Some(mut finding) => {
                if is_yaml(&self.file) && finding.diagnostic.help.is_none() {
                    finding.diagnostic = finding.diagnostic.with_help("contexts are JSON");
                }
                Failure { findings: vec![finding], ..Failure::invalid(error.code, "") }
            }
            None => {
                let message = format!("{}: {}", self.origin(), error.message);
                Failure { help: error.help, ..Failure::invalid(error.code, message) }
            }
        }
    }
}

/// Whether a file's name says that it is YAML.
fn is_yaml(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["yaml", "yml"].iter().any(|yaml| extension.eq_ignore_ascii_case(yaml)))
}

/// Contexts, read as they are asked for.
///
/// A file whose first line is a whole JSON value has a context on each line; any other file is one context.
pub struct Contexts {
    files: IntoIter<PathBuf>,
    several: bool,
    open: Option<Lines>,
}

type Reader = BufReader<Box<dyn Read>>;

/// A file with a context on each line.
struct Lines {
    name: String,
    reader: Reader,
    /// The first line, which was looked at.
    ahead: Option<Vec<u8>>,
    /// How many lines were taken.
    line: usize,
    /// Whether the first line seems to be all there is: then it is a file of one context.
    single: bool,
}

/// The file itself, or the JSON files in a directory, sorted.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let name = path.display().to_string();
    let wanted = |path: &PathBuf| matches!(path.extension().and_then(|e| e.to_str()), Some("json" | "jsonl"));
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|cause| unreadable(&name, &cause))?;
    let mut found: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(wanted).collect();
    found.sort();
    if found.is_empty() {
        let message = format!("there is no context in `{name}`: no file that ends with .json or .jsonl");
        return Err(Failure::invalid(ErrorCode::UnreadableFile, message));
    }
    Ok(found)
}

/// All of a file, within the bound for inputs.
pub fn whole(path: &Path) -> Result<Vec<u8>, Failure> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_INPUT_BYTES as u64 + 1).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|cause| unreadable(&name, &cause))
}

impl Contexts {
    pub fn new(files: Vec<PathBuf>) -> Self {
        Self { several: files.len() > 1, files: files.into_iter(), open: None }
    }

    /// Whether there is more than one file.
    pub fn several(&self) -> bool {
        self.several
    }

    /// Opens a file: a whole context, or lines.
    fn open(&mut self, file: PathBuf) -> Result<Option<Context>, Failure> {
        let stdin_wanted = file.as_os_str() == "-";
        let name = if stdin_wanted { "stdin".to_owned() } else { file.display().to_string() };
        let unreadable = |cause: &io::Error| unreadable(&name, cause);
        let mut reader: Reader = if stdin_wanted {
            BufReader::new(Box::new(stdin()))
        } else {
            BufReader::new(Box::new(File::open(&file).map_err(|e| unreadable(&e))?))
        };
        let mut first = Vec::new();
        while first.trim_ascii().is_empty() {
            first.clear();
            let count = read_line(&mut reader, &mut first).map_err(|e| unreadable(&e))?;
            // The engine would ignore it, but whether the line is JSON is asked of another.
            if first.starts_with(MARK) {
                first.drain(..MARK.len());
            }
            if count == 0 {
                return Err(Failure {
                    help: Some("a context is a JSON object, such as {\"request\": {\"model\": \"gpt-5\"}}".to_owned()),
                    ..Failure::invalid(ErrorCode::InvalidInput, format!("{name} is empty"))
                });
            }
        }
        if serde_json::from_slice::<IgnoredAny>(&first).is_ok() {
            // Only what has come is looked at: the next line of stdin may be long in coming.
            let ahead = if stdin_wanted { Ok(reader.buffer()) } else { reader.fill_buf() };
            let single = ahead.map_err(|e| unreadable(&e))?.is_empty();
            self.open = Some(Lines { name, reader, ahead: Some(first), line: 0, single });
            return Ok(None);
        }
        let limit = (MAX_INPUT_BYTES + 1).saturating_sub(first.len()) as u64;
        reader.take(limit).read_to_end(&mut first).map_err(|e| unreadable(&e))?;
        Ok(Some(Context { file: name, line: None, bytes: first }))
    }
}

impl Iterator for Contexts {
    type Item = Result<Context, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(lines) = &mut self.open {
                match lines.next() {
                    Some(context) => return Some(context),
                    None => self.open = None,
                }
            }
            let file = self.files.next()?;
            match self.open(file) {
                Ok(Some(context)) => return Some(Ok(context)),
                Ok(None) => {}
                Err(failure) => return Some(Err(failure)),
            }
        }
    }
}

impl Lines {
    fn next(&mut self) -> Option<Result<Context, Failure>> {
        loop {
            self.line += 1;
            let bytes = match self.ahead.take() {
                Some(first) => first,
                None => {
                    let mut bytes = Vec::new();
                    match read_line(&mut self.reader, &mut bytes) {
                        Ok(0) => return None,
                        Ok(_) => bytes,
                        Err(cause) => return Some(Err(unreadable(&self.name, &cause))),
                    }
                }
            };
            let text = bytes.trim_ascii_end();
            if text.trim_ascii().is_empty() {
                continue;
            }
            let line = (!self.single || self.line > 1).then_some(self.line);
            return Some(Ok(Context { file: self.name.clone(), line, bytes: text.to_vec() }));
        }
    }
}

fn read_line(reader: &mut Reader, line: &mut Vec<u8>) -> io::Result<usize> {
    reader.take(MAX_INPUT_BYTES as u64 + 1).read_until(b'\n', line)
}

fn unreadable(name: &str, cause: &io::Error) -> Failure {
    let cause = match cause.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory; name the files in it".to_owned(),
        _ => cause.to_string(),
    };
    Failure::invalid(ErrorCode::UnreadableFile, format!("`{name}` cannot be read: {cause}"))
}
