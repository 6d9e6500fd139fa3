//! Runs the built binary in `tests/data`.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

pub fn command(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_policy-engine"));
    command.args(arguments.split_whitespace()).current_dir(data()).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// Runs with nothing on stdin.
pub fn run(arguments: &str) -> Ran {
    run_with(arguments, b"")
}

pub fn run_with(arguments: &str, input: &[u8]) -> Ran {
    let mut command = command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who does not read it closes it.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// Compares all that was written with a snapshot.
macro_rules! snapshot {
    ($name:literal, $ran:expr) => {{
        let ran = $ran;
        let text = format!("{}--- stderr\n{}--- exit {}\n", ran.out, ran.err, ran.code);
        let digest = [("[0-9a-f]{64}", "<bundle>"), ("digest [0-9a-f]{12}", "digest <digest>")];
        insta::with_settings!({filters => digest.to_vec(), prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!($name, text);
        });
    }};
}
pub(crate) use snapshot;
