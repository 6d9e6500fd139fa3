//! The tables, as Markdown.

use std::fmt::Write as _;

use crate::contender::Entrant;
use crate::page::{Machine, duration, ratio};
use crate::race::{Figures, Heat};

/// The name of our own contender, against which ratios are taken.
pub const OURS: &str = "ours";

/// The whole report.
pub fn markdown(machine: &Machine, entrants: &[Entrant], heats: &[Heat]) -> String {
    let mut page = format!(
        "# The engine and its peers\n\nMeasured on {machine}, with `make bench-peers`; all contenders in one process, in \
         interleaved rounds.\nEach cell is the median (and the minimum) of the thread's CPU time. In brackets: how many \
         times as long as ours.\n"
    );
    let all = |_: &Heat| true;
    let first_match = |heat: &Heat| heat.matches == 1;
    section(&mut page, entrants, heats, "Prepared request", &all, &|_, figures| figures.prepared.time.into());
    section(&mut page, entrants, heats, "Request as 738 bytes of JSON", &all, &|_, figures| figures.json.time.into());
    parsing(&mut page, heats);
    section(&mut page, entrants, heats, "Allocations, prepared request", &all, &|_, figures| {
        Cell::count(figures.prepared.allocations)
    });
    section(&mut page, entrants, heats, "Allocations, request as JSON", &all, &|_, figures| {
        Cell::count(figures.json.allocations)
    });
    section(&mut page, entrants, heats, "Load and compile", &first_match, &|_, figures| figures.load.into());
    section(&mut page, entrants, heats, "Bytes held per rule after loading", &first_match, &|heat, figures| {
        Cell::count(figures.memory as f64 / heat.rules as f64)
    });
    let left_out = |heat: &Heat| heat.figures.iter().any(|figures| figures.left_out > 0);
    if heats.iter().any(left_out) {
        section(
            &mut page,
            entrants,
            heats,
            "Rules left out, which the language cannot say",
            &left_out,
            &|_, figures| Cell::count(figures.left_out as f64),
        );
    }
    page.push_str("\n## How each is set up\n\n");
    for entrant in entrants {
        let _ = writeln!(page, "* **{}**: {}.", entrant.name, entrant.notes);
    }
    page
}

/// Below this a figure is nothing, and a ratio to it would say nothing.
const NOTHING: f64 = 0.5;

/// One figure of a table.
struct Cell {
    value: f64,
    text: String,
}

impl Cell {
    fn count(value: f64) -> Self {
        Self { value, text: format!("{value:.0}") }
    }
}

impl From<crate::measure::Nanoseconds> for Cell {
    fn from(time: crate::measure::Nanoseconds) -> Self {
        Self { value: time.median, text: format!("{} ({})", duration(time.median), duration(time.minimum)) }
    }
}

fn section(
    page: &mut String,
    entrants: &[Entrant],
    heats: &[Heat],
    title: &str,
    wanted: &dyn Fn(&Heat) -> bool,
    cell: &dyn Fn(&Heat, &Figures) -> Cell,
) {
    let _ = write!(page, "\n## {title}\n\n| workload | rules | match |");
    for entrant in entrants {
        let _ = write!(page, " {} |", entrant.name);
    }
    let _ = writeln!(page, "\n|---|--:|--:|{}", "--:|".repeat(entrants.len()));
    for heat in heats.iter().filter(|heat| wanted(heat)) {
        let _ = write!(page, "| {} | {} | {} |", heat.shape.name(), heat.rules, heat.matches);
        let cells: Vec<(&str, Cell)> = heat.figures.iter().map(|figures| (figures.name, cell(heat, figures))).collect();
        let ours = cells.iter().find(|(name, _)| *name == OURS).map(|(_, cell)| cell.value);
        for (name, cell) in &cells {
            let _ = match ours {
                Some(ours) if ours >= NOTHING && *name != OURS => {
                    write!(page, " {} [{}] |", cell.text, ratio(cell.value / ours))
                }
                _ => write!(page, " {} |", cell.text),
            };
        }
        page.push('\n');
    }
}

fn parsing(page: &mut String, heats: &[Heat]) {
    let medians: Vec<f64> = heats.iter().map(|heat| heat.parsing.time.median).collect();
    let Some(first) = heats.first().filter(|_| !medians.is_empty()) else { return };
    let time = crate::measure::Nanoseconds::of(medians);
    let _ = writeln!(
        page,
        "\n`serde_json::from_slice::<Value>` of the same bytes, in the same rounds: {} ({}), {:.0} allocations.",
        duration(time.median),
        duration(time.minimum),
        first.parsing.allocations
    );
}
