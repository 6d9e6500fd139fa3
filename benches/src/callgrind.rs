//! Instructions, as valgrind counts them: the same number on a busy machine.

use std::process::Command;

use crate::contender::Result;

/// Instructions that this program takes when it is run with these arguments.
///
/// # Errors
///
/// If valgrind is missing, or the program fails.
pub fn instructions(arguments: &[&str]) -> Result<f64> {
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(arguments)
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&ran.stderr);
    let count = said.lines().find_map(|line| line.split("Collected : ").nth(1)).filter(|_| ran.status.success());
    Ok(count.ok_or_else(|| format!("valgrind says:\n{said}"))?.trim().parse()?)
}
