//! `policy-engine completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Arguments;
use crate::failure::Exit;
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  policy-engine completions bash > ~/.local/share/bash-completion/completions/policy-engine
  policy-engine completions zsh > ~/.zfunc/_policy-engine
  policy-engine completions fish > ~/.config/fish/completions/policy-engine.fish
  policy-engine completions powershell >> $PROFILE";

/// Write the completions of a shell
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// The shell
    shell: Shell,
}

pub fn run(command: &Command, out: &mut Output) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Arguments::command(), "policy-engine", &mut script);
    out.print(String::from_utf8_lossy(&script).trim_end());
    Exit::Allowed
}
