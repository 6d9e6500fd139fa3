//! `policy-engine`: decides about LLM traffic, from the command line.

mod args;
mod commands;
mod contexts;
mod failure;
mod output;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use failure::Exit;
use output::Output;

fn main() -> ExitCode {
    // A panic is caught where the engine is called and told as an error; its own message would only confuse.
    std::panic::set_hook(Box::new(|_| {}));
    let arguments = Arguments::parse();
    let mut out = Output::new(arguments.color);
    let result = match &arguments.command {
        Command::Evaluate(command) => commands::evaluate::run(command, &mut out),
        Command::Validate(command) => commands::validate::run(command, &mut out),
        Command::Explain(command) => commands::explain::run(command, &mut out),
        Command::Benchmark(command) => commands::benchmark::run(command, &mut out),
    };
    let exit = result.unwrap_or_else(|failure| {
        out.failure(&failure);
        failure.exit
    });
    // Nothing was shown to whoever waits for it.
    if out.failed() { Exit::Invalid.code() } else { exit.code() }
}
