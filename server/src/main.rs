//! `policy-engine`: decides about LLM traffic, from the command line.

mod args;
mod bodies;
mod commands;
mod contexts;
mod failure;
mod output;
mod replace;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use failure::Exit;
use output::Output;

fn main() -> ExitCode {
    // A panic is caught where the engine is called and told as an error. Its text may hold values of an input; its place
    // is all that is needed to find the bug.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "internal error at {place}");
    }));
    let arguments = Arguments::parse();
    let mut out = Output::new(arguments.color, arguments.command.format());
    let result = match &arguments.command {
        Command::Evaluate(command) => commands::evaluate::run(command, &mut out),
        Command::Settle(command) => commands::settle::run(command, &mut out),
        Command::Release(command) => commands::settle::release(command, &mut out),
        Command::Limits(command) => commands::limits::run(command, &mut out),
        Command::Prices(command) => commands::prices::run(command, &mut out),
        Command::Validate(command) => commands::validate::run(command, &mut out),
        Command::Test(command) => commands::test::run(command, &mut out),
        Command::Explain(command) => commands::explain::run(command, &mut out),
        Command::Benchmark(command) => commands::benchmark::run(command, &mut out),
        Command::Scan(command) => commands::scan::run(command, &mut out),
        Command::Redact(command) => commands::redact::run(command, &mut out),
        Command::Restore(command) => commands::redact::restore(command, &mut out),
        Command::EvalDetectors(command) => commands::eval_detectors::run(command, &mut out),
        Command::Inspect(command) => commands::inspect::run(command, &mut out),
        Command::Diff(command) => commands::diff::run(command, &mut out),
        Command::Fmt(command) => commands::fmt::run(command, &mut out),
        Command::New(command) => commands::new::run(command, &mut out),
        Command::Schema(command) => commands::schema::run(command, &mut out),
        Command::Repl(command) => commands::repl::run(command, &mut out),
        Command::Import(command) => commands::import::run(command, &mut out),
        Command::Completions(command) => Ok(commands::completions::run(command, &mut out)),
    };
    let exit = result.unwrap_or_else(|failure| {
        out.failure(&failure);
        failure.exit
    });
    // Nothing was shown to whoever waits for it.
    if out.failed() { Exit::Invalid.code() } else { exit.code() }
}
