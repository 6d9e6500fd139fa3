//! The commands of README.md print what it says they print.

use std::fs;
use std::path::Path;
use std::process::Command;

const PREFIX: &str = "$ cargo run --release -- ";

#[test]
fn commands_of_the_readme_print_what_it_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let mut seen = 0;
    for block in readme.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for command in block.split("\n$ ").map(|part| part.strip_prefix("$ ").unwrap_or(part)) {
            let Some(rest) = command.strip_prefix(PREFIX.trim_start_matches("$ ")) else { continue };
            let (arguments, shown) = rest.split_once('\n').unwrap_or((rest, ""));
            let output = Command::new(env!("CARGO_BIN_EXE_policy-engine"))
                .args(arguments.split_whitespace())
                .current_dir(&root)
                .env_remove("COLUMNS")
                .output()
                .expect("the command runs");
            let printed = String::from_utf8(output.stdout).unwrap();
            assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
            if !shown.trim().is_empty() {
                assert_eq!(printed.trim_end(), shown.trim_end(), "what `{arguments}` prints has changed");
            }
            assert!(!printed.is_empty());
            seen += 1;
        }
    }
    assert_eq!(seen, 2, "README.md shows the first command, and one with what it prints");
}
