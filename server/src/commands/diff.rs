//! `policy-engine diff`

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use llm_policy_embed::{Document, Engine, ErrorCode, Options, Question, canonical};
use llm_policy_workbench::diff::{RuleChange, Summary, compare, compare_rules, report};
use serde_json::Value as Json;

use crate::args::{Format, Subject, read};
use crate::contexts::{self, Context, Contexts};
use crate::failure::{Exit, Failure};
use crate::output::{Output, changes};

const EXAMPLES: &str = "Examples:
  policy-engine diff old-policies/ policies/ -c calls.jsonl
  policy-engine diff old-policies/ policies/ -c contexts/ --report change.html
  policy-engine diff --recorded policies/ -c decisions.jsonl --output json

A record is one JSON object on a line: {\"context\": {...}, \"decision\": {...}}, and \"stage\" and \"now\" if they differ from
the options. The decision is what `policy-engine evaluate --output json` writes.

Exit codes: 0 nothing changes, 1 a decision changes, 2 usage, 3 invalid policy or input.";

/// Show which decisions a change of policies changes
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// The old policies and the new: files or directories; with `--recorded`, the new alone
    #[arg(required = true, num_args = 1..=2, value_names = ["OLD", "NEW"])]
    policies: Vec<PathBuf>,
    #[command(flatten)]
    subject: Subject,
    /// The contexts are records: contexts with the decisions that were made about them
    #[arg(long)]
    recorded: bool,
    /// Write a page to look at, which needs nothing else
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How many contexts are shown of each change
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    examples: usize,
    /// `text` for people; `json`: one object
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
}

/// So many contexts a thread takes at a time.
const BATCH: usize = 512;

/// What is compared.
struct Sides {
    before: Option<Engine>,
    after: Engine,
    question: Question,
    /// Whether the time was given, so that all contexts see the same one.
    examples: usize,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let (old, new) = match (command.policies.as_slice(), command.recorded) {
        ([new], true) => (None, new),
        ([old, new], false) => (Some(old), new),
        (_, true) => {
            return Err(Failure::usage("records are compared with one set of policies", "name the new one only"));
        }
        _ => return Err(Failure::usage("there is one set of policies only", "name the old and the new one")),
    };
    let handles = command.subject.handles;
    let load = |path: &PathBuf| -> Result<(Engine, Vec<Document>), Failure> {
        let documents = read(std::slice::from_ref(path), None, &[])?;
        let parsed = documents.documents().to_vec();
        Ok((documents.check(Options::default()).into_engine()?.handles(handles), parsed))
    };
    let (after, new_documents) = load(new)?;
    let (before, rules) = match old {
        Some(old) => {
            let (engine, old_documents) = load(old)?;
            (Some(engine), compare_rules(&old_documents, &new_documents, &Options::default()))
        }
        None => (None, Vec::new()),
    };
    let sides = Sides { before, after, question: command.subject.question(), examples: command.examples };
    let (contexts, bytes) = contexts_of(command)?;
    let summary = compare_all(&sides, contexts, &progress(bytes, out))?;
    let names =
        (old.map_or("the recorded decisions".to_owned(), |old| old.display().to_string()), new.display().to_string());
    if let Some(file) = &command.report {
        let page = report(&summary, &rules, &names.0, &names.1);
        fs::write(file, page).map_err(|e| {
            Failure::invalid(ErrorCode::UnreadableFile, format!("`{}` cannot be written: {e}", file.display()))
        })?;
    }
    show(command, out, &summary, &rules);
    Ok(match (summary.refused, summary.changed()) {
        (refused, _) if refused > 0 => Exit::Invalid,
        (_, 0) => Exit::Allowed,
        _ => Exit::Failed,
    })
}

fn show(command: &Command, out: &mut Output, summary: &Summary, rules: &[RuleChange]) {
    match command.output {
        Format::Text => out.print(&changes::render(summary, rules)),
        Format::Json => out.print(&canonical::to_string(&summary.to_json(rules))),
    }
}

/// The contexts, and how many bytes they have together, if that is known.
fn contexts_of(command: &Command) -> Result<(Contexts, Option<u64>), Failure> {
    let mut files = Vec::new();
    for file in &command.subject.files {
        files.extend(contexts::files(file)?);
    }
    if files.is_empty() {
        if std::io::stdin().is_terminal() {
            return Err(Failure::usage("there is no context to decide about", "give `--context FILE`, or pipe one in"));
        }
        files.push(PathBuf::from("-"));
    }
    let size = |file: &PathBuf| fs::metadata(file).ok().filter(|_| file.as_path() != Path::new("-")).map(|m| m.len());
    let bytes = files.iter().map(size).sum();
    Ok((Contexts::new(files), bytes))
}

fn progress(bytes: Option<u64>, out: &Output) -> ProgressBar {
    if !out.shows_progress() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match bytes {
        Some(bytes) => (ProgressBar::new(bytes), "{bar:40} {bytes}/{total_bytes}, {eta} left, {msg}"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes}, {msg}"),
    };
    // A template that is not valid leaves the usual look.
    ProgressStyle::with_template(template).map(|style| bar.with_style(style)).unwrap_or_else(|_| ProgressBar::hidden())
}

/// Compares the decisions about all contexts, on all cores. Only a few batches are in memory at a time.
fn compare_all(sides: &Sides, contexts: Contexts, bar: &ProgressBar) -> Result<Summary, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (sender, receiver) = sync_channel::<(u64, Vec<Context>)>(threads);
    let receiver = Mutex::new(receiver);
    let (changed, failed) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut broken: Option<Failure> = None;
    let mut summary = Summary::new(sides.examples);
    let parts: Vec<Result<Summary, Failure>> = std::thread::scope(|scope| {
        let work = || compare_batches(sides, &receiver, bar, &changed, &failed);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut number = 0;
        let mut batch = Vec::with_capacity(BATCH);
        for context in contexts {
            match context {
                Ok(context) => batch.push(context),
                Err(failure) => {
                    broken = Some(failure);
                    break;
                }
            }
            if failed.load(Ordering::Relaxed) {
                break;
            }
            if batch.len() == BATCH {
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                let count = full.len() as u64;
                if sender.send((number, full)).is_err() {
                    break;
                }
                number += count;
            }
        }
        // That all workers have ended already is told by what they give back.
        let _ = sender.send((number, batch));
        drop(sender);
        let gone = || Failure::invalid(ErrorCode::InternalError, "a thread of the comparison ended before its time");
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Err(gone()))).collect()
    });
    bar.finish_and_clear();
    if let Some(failure) = broken {
        return Err(failure);
    }
    for part in parts {
        summary.merge(part?);
    }
    Ok(summary)
}

fn compare_batches(
    sides: &Sides,
    receiver: &Mutex<Receiver<(u64, Vec<Context>)>>,
    bar: &ProgressBar,
    changed: &AtomicU64,
    failed: &AtomicBool,
) -> Result<Summary, Failure> {
    let mut summary = Summary::new(sides.examples);
    loop {
        let next = receiver.lock().map(|receiver| receiver.recv());
        let Ok(Ok((first, batch))) = next else { return Ok(summary) };
        let bytes: usize = batch.iter().map(|context| context.bytes.len() + 1).sum();
        let before = summary.changed();
        for (number, context) in (first..).zip(&batch) {
            if let Err(failure) = compare_one(sides, number, context, &mut summary) {
                failed.store(true, Ordering::Relaxed);
                return Err(failure);
            }
        }
        let so_far = changed.fetch_add(summary.changed() - before, Ordering::Relaxed) + summary.changed() - before;
        bar.inc(bytes as u64);
        bar.set_message(format!("{so_far} changed"));
    }
}

fn compare_one(sides: &Sides, number: u64, context: &Context, summary: &mut Summary) -> Result<(), Failure> {
    let decide = |engine: &Engine, bytes: &[u8], question: Question| {
        engine.evaluate(bytes, question).map(|decision| (decision.to_json(), decision.unhandled())).ok().unzip()
    };
    let ((before, old_action), (after, new_action), bytes) = match &sides.before {
        Some(engine) => {
            let before = decide(engine, &context.bytes, sides.question);
            (before, decide(&sides.after, &context.bytes, sides.question), context.bytes.clone())
        }
        None => {
            let record = Record::read(context, sides.question)?;
            ((Some(record.decision), None), decide(&sides.after, &record.context, record.question), record.context)
        }
    };
    let (old_action, new_action) = (old_action.flatten(), new_action.flatten());
    let actions = [old_action, new_action.filter(|action| Some(*action) != old_action)];
    actions.into_iter().flatten().for_each(|action| summary.count_unhandled(action));
    match (before, after) {
        (Some(before), Some(after)) => {
            let effect = |decision: &Json| decision.get("effect").and_then(Json::as_str).unwrap_or("deny").to_owned();
            summary.count_effects(&effect(&before), &effect(&after));
            summary.add(number, &context.origin(), &bytes, compare(&before, &after).as_ref());
        }
        // Both refuse a context that is no object, or is not valid JSON: there is nothing to compare.
        _ => summary.refused += 1,
    }
    Ok(())
}

/// A decision that was recorded with its context.
struct Record {
    context: Vec<u8>,
    question: Question,
    decision: Json,
}

impl Record {
    fn read(line: &Context, question: Question) -> Result<Self, Failure> {
        let wrong = |what: &str| Failure {
            help: Some("a record is {\"context\": {...}, \"decision\": {...}}".to_owned()),
            ..Failure::invalid(ErrorCode::InvalidInput, format!("{}: {what}", line.origin()))
        };
        let record: Json = serde_json::from_slice(&line.bytes).map_err(|_| wrong("this is not valid JSON"))?;
        let part = |name: &str| record.get(name).ok_or_else(|| wrong(&format!("the record has no `{name}`")));
        let decision = part("decision")?.clone();
        let text = |name: &str| record.get(name).or_else(|| decision.get(name)).and_then(Json::as_str);
        let stage = match text("stage") {
            Some(name) => name.parse().map_err(|_| wrong("there is no such stage"))?,
            None => question.stage,
        };
        let now = match text("now") {
            Some(now) => now.parse().map_err(|_| wrong("`now` is no instant"))?,
            None => question.now,
        };
        let context = part("context")?.to_string().into_bytes();
        Ok(Self { context, question: Question { stage, now }, decision })
    }
}
