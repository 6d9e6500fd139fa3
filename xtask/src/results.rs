//! README's figures, taken from `benches/RESULTS.md`.

use std::fs;
use std::path::Path;

const README: &str = "README.md";
const RESULTS: &str = "benches/RESULTS.md";
const OPEN: &str = "<!-- from benches/RESULTS.md, by `cargo xtask gen` -->\n";
const CLOSE: &str = "<!-- end -->\n";

/// What is shown: the title of a table, and the beginnings of its rows.
const SHOWN: [(&str, &[&str]); 2] = [
    (
        "Prepared request",
        &["| separable | 100 | 1 |", "| realistic | 100 | 1 |", "| opaque | 100 | 1 |", "| realistic | 10000 | 1 |"],
    ),
    ("Request as 738 bytes of JSON", &["| realistic | 100 | 1 |"]),
];

/// README.md with the figures of today.
pub fn render(root: &Path) -> Result<String, String> {
    let read = |path: &str| fs::read_to_string(root.join(path)).map_err(|e| format!("{path}: {e}"));
    let (readme, results) = (read(README)?, read(RESULTS)?);
    let lacks = |what: &str| format!("{RESULTS} has no `{what}`");
    let (before, rest) = readme.split_once(OPEN).ok_or_else(|| format!("{README} has no `{}`", OPEN.trim()))?;
    let (_, after) = rest.split_once(CLOSE).ok_or_else(|| format!("{README} has no `{}`", CLOSE.trim()))?;
    let measured = results.lines().find(|line| line.starts_with("Measured on")).ok_or_else(|| lacks("Measured on"))?;
    let mut out = format!("{before}{OPEN}\n{measured}\n");
    for (title, rows) in SHOWN {
        let (_, table) = results.split_once(&format!("\n## {title}\n")).ok_or_else(|| lacks(title))?;
        let lines: Vec<&str> = table.lines().skip_while(|line| !line.starts_with('|')).collect();
        out.push_str(&format!("\n{title}:\n\n"));
        for line in lines.iter().take(2) {
            out.push_str(&format!("{line}\n"));
        }
        for row in rows {
            let own = lines.iter().take_while(|line| line.starts_with('|'));
            let line = own.into_iter().find(|line| line.starts_with(row)).ok_or_else(|| lacks(row))?;
            out.push_str(&format!("{line}\n"));
        }
    }
    Ok(format!("{out}\n{CLOSE}{after}"))
}
