//! `policy-engine repl`

use std::fs;
use std::io::{BufRead, IsTerminal, stdin};
use std::path::{Path, PathBuf};

use clap::Args;
use llm_policy_embed::{ErrorCode, files};
use llm_policy_workbench::repl::{Answer, Session};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Editor, Helper};

use crate::failure::{Exit, Failure};
use crate::output::{Output, style};

const EXAMPLES: &str = "Examples:
  policy-engine repl
  policy-engine repl call.json
  echo 'user.tier == \"free\"' | policy-engine repl call.json

Exit codes: 0, or from a pipe 3 when a line has an error.";

/// Try CEL against a context, line by line
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// A context to begin with, which is JSON
    #[arg(value_name = "CONTEXT")]
    context: Option<PathBuf>,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let mut session = Session::new();
    if let Some(path) = &command.context {
        load(&mut session, path)?;
    }
    if stdin().is_terminal() { by_hand(session, out) } else { piped(session, out) }
}

fn load(session: &mut Session, path: &Path) -> Result<(), Failure> {
    let bytes = files::read(path, llm_policy_embed::MAX_INPUT_BYTES)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::invalid(ErrorCode::UnreadableFile, format!("{}: not UTF-8", path.display())))?;
    session
        .load(&text)
        .map_err(|cause| Failure::invalid(ErrorCode::InvalidInput, format!("{}: {cause}", path.display())))
}

fn piped(mut session: Session, out: &mut Output) -> Result<Exit, Failure> {
    let mut exit = Exit::Allowed;
    for (number, line) in (1..).zip(stdin().lock().lines()) {
        let line = line.map_err(|cause| Failure::invalid(ErrorCode::UnreadableFile, format!("stdin: {cause}")))?;
        match step(&mut session, &line, Some(number), out) {
            Step::Fine => {}
            Step::Wrong => exit = Exit::Invalid,
            Step::Over => break,
        }
    }
    Ok(exit)
}

fn by_hand(session: Session, out: &mut Output) -> Result<Exit, Failure> {
    let failed = |cause: ReadlineError| {
        Failure::invalid(ErrorCode::UnreadableFile, format!("the terminal cannot be used: {cause}"))
    };
    let mut editor: Editor<Words, FileHistory> =
        Editor::with_config(Config::builder().auto_add_history(true).build()).map_err(failed)?;
    editor.set_helper(Some(Words { session }));
    let history = history();
    if let Some(path) = &history {
        // There is none at first.
        let _ = editor.load_history(path);
    }
    out.note(&style::quiet("CEL against a context; `:help` shows the commands"));
    loop {
        match editor.readline("> ") {
            Ok(line) => {
                let Some(words) = editor.helper_mut() else { break };
                if matches!(step(&mut words.session, &line, None, out), Step::Over) {
                    break;
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(cause) => return Err(failed(cause)),
        }
    }
    if let Some(path) = &history {
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        if let Err(cause) = folder.map_err(ReadlineError::from).and_then(|()| editor.save_history(path)) {
            out.note(&format!("the history cannot be kept: {cause}"));
        }
    }
    Ok(Exit::Allowed)
}

/// Where the lines of earlier sessions are.
fn history() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| std::env::home_dir().map(|home| home.join(".local/state")))?;
    Some(state.join("policy-engine/repl-history"))
}

/// What came of a line.
enum Step {
    Fine,
    Wrong,
    Over,
}

/// Errors of a line from a pipe carry its `number`.
fn step(session: &mut Session, line: &str, number: Option<usize>, out: &mut Output) -> Step {
    match session.line(line) {
        Answer::Text(text) => {
            if !text.is_empty() {
                out.print(&style::safe(&text));
            }
            if out.is_over() { Step::Over } else { Step::Fine }
        }
        Answer::Wrong(text) => {
            let text = match number {
                Some(number) if text.contains("--> line:1:") => {
                    text.replace("--> line:1:", &format!("--> stdin:{number}:"))
                }
                Some(number) => format!("stdin:{number}: {text}"),
                None => text,
            };
            out.note(&style::safe(&text));
            Step::Wrong
        }
        Answer::Load(file) => match load(session, Path::new(&file)) {
            Ok(()) => Step::Fine,
            Err(failure) => {
                out.failure(&failure);
                Step::Wrong
            }
        },
        Answer::Quit => Step::Over,
    }
}

/// Completes fields, functions and commands.
struct Words {
    session: Session,
}

impl Completer for Words {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &rustyline::Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.session.complete(line, at))
    }
}

impl Hinter for Words {
    type Hint = String;
}

impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}
