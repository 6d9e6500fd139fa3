//! The cases in Rust.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use llm_policy_embed::table::Table;
use llm_policy_embed::{
    Closed, Decision, Detector, Documents, Engine, Error, ErrorCode, Exchange, Format, Handles, Options, Prepared,
    Question, Stage, Stream, canonical, guard, instant,
};

use super::case::{Case, Data, Lines, Step};

/// What comes out of a case.
///
/// # Errors
/// When the case itself makes no sense.
pub fn run(case: &Case) -> Result<Vec<String>, String> {
    let engine = match open(case)? {
        Ok(engine) => engine,
        Err(error) => return Ok(vec![error.code.name().to_owned()]),
    };
    let engines = Table::new(0);
    let number = engines.insert(engine).ok_or("there is room for one")?.get();
    let mut host = Host {
        engines,
        number,
        prepared: None,
        exchange: None,
        hold: String::new(),
        limits: "[]".to_owned(),
        redacted: String::new(),
    };
    case.steps.iter().map(|step| host.step(step)).collect()
}

fn open(case: &Case) -> Result<Result<Engine, Error>, String> {
    let handles = match case.handles.join(",").parse::<Handles>() {
        Ok(handles) => handles,
        Err(error) => return Ok(Err(error.into())),
    };
    let options = Options { allow_without_policy: case.allow_without_policy, ..Options::default() };
    let documents = match &case.files {
        None => Ok(documents(&case.policies)),
        Some(files) => from_directory(case, files)?,
    };
    Ok(documents.and_then(|documents| Ok(documents.check(options).into_engine()?.handles(handles))))
}

fn documents(policies: &BTreeMap<String, Lines>) -> Documents {
    let mut documents = Documents::new();
    for (name, lines) in policies {
        documents.add_bytes(lines.join("\n").as_bytes(), name);
    }
    documents
}

fn from_directory(case: &Case, files: &BTreeMap<String, Lines>) -> Result<Result<Documents, Error>, String> {
    let directory = std::env::temp_dir().join(format!("conformance-{}", std::process::id()));
    let write = || {
        for (name, lines) in case.policies.iter().chain(files) {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap_or(&directory))?;
            fs::write(path, lines.join("\n"))?;
        }
        fs::create_dir_all(&directory)
    };
    write().map_err(|e| format!("{}: {e}", directory.display()))?;
    let mut documents = Documents::new();
    let added = documents.add_path(&directory.join(case.path.as_deref().map_or(Path::new(""), Path::new)));
    fs::remove_dir_all(&directory).map_err(|e| format!("{}: {e}", directory.display()))?;
    Ok(added.map(|()| documents))
}

/// What a host holds in the course of a case.
struct Host {
    engines: Table<Engine>,
    number: u64,
    prepared: Option<Prepared>,
    exchange: Option<Exchange>,
    /// The text of what was taken last, and how its limits stood.
    hold: String,
    limits: String,
    /// What came out of the last `redact_body`.
    redacted: String,
}

impl Host {
    fn step(&mut self, step: &Step) -> Result<String, String> {
        Ok(match step {
            Step::Evaluate { stage, now, context } => self.evaluate(&question(stage, now)?, context)?,
            Step::Body { stage, now, format, body, host } => {
                let (question, body, host) = (question(stage, now)?, body.bytes()?, host.bytes()?);
                self.decided(&question, |engine, question| {
                    engine.evaluate_body(format.parse::<Format>()?, &body, &host, question)
                })
            }
            Step::Prepare { context } => {
                let context = context.bytes()?;
                let prepared = self.with(|engine| engine.prepare(&context));
                done(prepared, &mut self.prepared)
            }
            Step::Prepared { stage, now } => {
                let question = question(stage, now)?;
                let prepared = self.prepared.as_ref().ok_or("nothing is prepared")?;
                self.decided(&question, |engine, question| engine.evaluate_prepared(prepared, question))
            }
            Step::Begin { host } => {
                let host = host.bytes()?;
                let exchange = self.with(|engine| engine.exchange(&host));
                done(exchange, &mut self.exchange)
            }
            Step::Next { stage, now, format, body } => {
                let (question, body) = (question(stage, now)?, body.bytes()?);
                let exchange = self.in_exchange()?;
                let ask = |question| match format {
                    Some(format) => exchange.evaluate_body(format.parse::<Format>()?, &body, question),
                    None => exchange.evaluate(&body, question),
                };
                text(question.clone().and_then(ask), &question, Some(&exchange.bundle()))
            }
            Step::Scan { options, text } => {
                let (options, text) = (options.bytes()?, text.text()?);
                plain(Detector::new(&options).and_then(|detector| detector.scan(&text)))
            }
            Step::Redact { options, form, style, text } => {
                let (options, text) = (options.bytes()?, text.text()?);
                let redacted = || Detector::new(&options)?.redact(form.parse()?, style, &text);
                plain(redacted())
            }
            Step::RedactBody { format, body, hide } => {
                let body = body.bytes()?;
                let exchange = self.in_exchange()?;
                let redacted = named(format.as_deref()).and_then(|format| exchange.redact(format, &body));
                if let Ok(redacted) = &redacted {
                    self.redacted.clone_from(redacted);
                }
                plain(if *hide { redacted.map(|_| "ok".to_owned()) } else { redacted })
            }
            Step::Restore { text } => {
                let text = text.as_ref().map_or_else(|| Ok(self.redacted.clone()), Data::text)?;
                plain(self.in_exchange()?.restore(&text))
            }
            Step::Stream { now, format, chunks, size, abort } => {
                let (now, bytes, exchange) = (instant::read(now)?, chunks.bytes()?, self.in_exchange()?);
                match named(format.as_deref()).and_then(|format| exchange.stream(format, now)) {
                    Ok(stream) => streamed(&stream, bytes.chunks(*size), *abort, &exchange.bundle())?,
                    Err(error) => error.code.name().to_owned(),
                }
            }
            Step::Resume {} => {
                let state = self.in_exchange()?.to_json().map_err(|e| e.to_string())?;
                let exchange = self.with(|engine| engine.resume(state.as_bytes()));
                done(exchange, &mut self.exchange)
            }
            Step::Take { stage, now, context } => {
                let (question, context) = (question(stage, now)?, context.bytes()?);
                let mut kept = None;
                let text = self.decided(&question, |engine, question| {
                    let decision = engine.evaluate(&context, question)?;
                    let hold = decision.hold().map(|hold| hold.to_text()).unwrap_or_default();
                    kept = Some((hold, canonical::to_string(&decision.limits_json())));
                    Ok(decision)
                });
                (self.hold, self.limits) = kept.unwrap_or_else(|| (String::new(), "[]".to_owned()));
                text
            }
            Step::DryRun { stage, now, context } => {
                let (question, context) = (question(stage, now)?, context.bytes()?);
                self.decided(&question, |engine, question| engine.dry_run(&context, question))
            }
            Step::Limits {} => self.limits.clone(),
            Step::Settle { exchange: true, used } => {
                let used = used.as_ref().map(Data::bytes).transpose()?;
                closed(self.in_exchange()?.settle(used.as_deref()))
            }
            Step::Settle { exchange: false, used } => {
                let used = used.as_ref().ok_or("it says nothing of what was used")?.bytes()?;
                closed(self.with(|engine| engine.settle(&self.hold, &used)))
            }
            Step::Release { exchange: true } => closed(self.in_exchange()?.release()),
            Step::Release { exchange: false } => closed(self.with(|engine| engine.release(&self.hold))),
            Step::Extend {} => closed(self.with(|engine| engine.extend(&self.hold))),
            Step::Observe { exchange: true, outcome } => {
                done(self.in_exchange()?.observe(&outcome.bytes()?), &mut None)
            }
            Step::Observe { exchange: false, outcome } => {
                let outcome = outcome.bytes()?;
                done(self.with(|engine| engine.observe(&self.hold, &outcome)), &mut None)
            }
            Step::SwitchOff { breaker, key, reason } => {
                let key: Vec<&str> = key.iter().map(String::as_str).collect();
                done(self.with(|engine| engine.switch_off(breaker, &key, reason, None)), &mut None)
            }
            Step::SwitchOn { breaker, key } => {
                let key: Vec<&str> = key.iter().map(String::as_str).collect();
                done(self.with(|engine| engine.switch_on(breaker, &key)), &mut None)
            }
            Step::Switches {} => plain(self.with(Engine::switches_json).map(|list| canonical::to_string(&list))),
            Step::Reload { policies } => {
                done(self.with(|engine| engine.reload(documents(policies)).map(drop)), &mut None)
            }
            Step::Close {} => {
                self.engines.remove(self.number);
                "ok".to_owned()
            }
            Step::Panic {} => done(guard::self_test_panic(), &mut None),
        })
    }

    fn in_exchange(&self) -> Result<&Exchange, String> {
        self.exchange.as_ref().ok_or_else(|| "no exchange has begun".to_owned())
    }

    /// By all ways that lead to the same: JSON written in two ways, an input in memory, and prepared.
    fn evaluate(&self, question: &Result<Question, Error>, context: &Data) -> Result<String, String> {
        let bytes = context.bytes()?;
        let first = self.decided(question, |engine, question| engine.evaluate(&bytes, question));
        let prepared = self.decided(question, |engine, question| {
            engine.prepare(&bytes).and_then(|prepared| engine.evaluate_prepared(&prepared, question))
        });
        let mut others = vec![prepared];
        if let Data::Value(value) = context {
            let spaced = format!("{value:#}\n");
            others.push(self.decided(question, |engine, question| engine.evaluate(spaced.as_bytes(), question)));
            others.push(self.decided(question, |engine, question| engine.evaluate_input(value, question)));
        }
        match others.into_iter().find(|other| *other != first) {
            Some(other) => Err(format!("two ways, two answers:\n  {first}\n  {other}")),
            None => Ok(first),
        }
    }

    fn with<T>(&self, call: impl FnOnce(&Engine) -> Result<T, Error>) -> Result<T, Error> {
        let closed = || Err(Error::new(ErrorCode::InvalidHandle, "the engine was closed"));
        self.engines.with(self.number, call).unwrap_or_else(closed)
    }

    fn decided(
        &self,
        question: &Result<Question, Error>,
        ask: impl FnOnce(&Engine, Question) -> Result<Decision, Error>,
    ) -> String {
        let bundle = self.engines.with(self.number, Engine::bundle);
        text(question.clone().and_then(|q| self.with(|engine| ask(engine, q))), question, bundle.as_deref())
    }
}

/// What is asked. A stage that does not exist is an error of the call.
fn question(stage: &str, now: &str) -> Result<Result<Question, Error>, String> {
    let now = instant::read(now)?;
    Ok(stage.parse::<Stage>().map(|stage| Question { stage, now }).map_err(Error::from))
}

/// The decision's bytes; of an error, its code and, where there is one, the decision that stands for it.
fn text(made: Result<Decision, Error>, question: &Result<Question, Error>, bundle: Option<&str>) -> String {
    match (made, question, bundle) {
        (Ok(decision), ..) => decision.to_canonical_json(),
        (Err(error), Ok(question), Some(bundle)) => {
            format!("{} {}", error.code, error.decision(question.stage, bundle))
        }
        (Err(error), ..) => error.code.name().to_owned(),
    }
}

/// The format of this name, where there is one.
fn named(format: Option<&str>) -> Result<Option<Format>, Error> {
    Ok(format.map(str::parse).transpose()?)
}

/// What became of a reservation.
fn closed(closed: Result<Closed, Error>) -> String {
    closed.map_or_else(|error| error.code.name(), Closed::name).to_owned()
}

/// What came through of a stream, a line end, and its decision, or that it was aborted.
fn streamed<'c>(
    stream: &Stream,
    chunks: impl Iterator<Item = &'c [u8]>,
    abort: bool,
    bundle: &str,
) -> Result<String, String> {
    let mut came = Vec::new();
    for chunk in chunks {
        let Ok(passed) = stream.push(chunk) else { break };
        came.extend(passed.bytes);
        if passed.is_stopped {
            break;
        }
    }
    let end = if abort {
        done(stream.abort(), &mut None)
    } else {
        let question = Ok(Question { stage: Stage::Response, ..Question::default() });
        let finished = stream.finish().map(|(rest, decision)| {
            came.extend(rest);
            decision
        });
        text(finished, &question, Some(bundle))
    };
    let came = String::from_utf8(came).map_err(|e| e.to_string())?;
    Ok(format!("{came}\n{end}"))
}

/// What came out, or the error's code.
fn plain(made: Result<String, Error>) -> String {
    made.unwrap_or_else(|error| error.code.name().to_owned())
}

/// How it went, and what was made in its place.
fn done<T>(made: Result<T, Error>, place: &mut Option<T>) -> String {
    match made {
        Ok(made) => {
            *place = Some(made);
            "ok".to_owned()
        }
        Err(error) => error.code.name().to_owned(),
    }
}
