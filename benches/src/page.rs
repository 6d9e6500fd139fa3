//! The page of results: its sections, who took them, and how numbers are written.

use std::fmt::{self, Display};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::contender::Result;

/// Puts `text` into the page at `path`, between the marks of the section `name`. A section that is not there yet is added at
/// the end, and a page that is not there yet is made; all else stays.
///
/// # Errors
///
/// If the page cannot be read or written, or has only one of the marks.
pub fn write_section(path: &Path, name: &str, text: &str) -> Result<()> {
    let page = match fs::read_to_string(path) {
        Ok(page) => page,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(format!("{}: {error}", path.display()).into()),
    };
    let page = with_section(&page, name, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(fs::write(path, page)?)
}

fn with_section(page: &str, name: &str, text: &str) -> Result<String> {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->\n"));
    let section = format!("{open}{}\n{close}", text.trim_end());
    match (page.split_once(&open), page.split_once(&close)) {
        (Some((before, _)), Some((_, after))) => Ok(format!("{before}{section}{after}")),
        (None, None) if page.is_empty() => Ok(section),
        (None, None) => Ok(format!("{}\n\n{section}", page.trim_end())),
        _ => Err(format!("one of the marks of the section `{name}` is missing").into()),
    }
}

/// Where and when the figures were taken.
#[derive(Debug)]
pub struct Machine {
    date: String,
    processor: String,
    cores: usize,
    load: String,
}

impl Machine {
    /// This machine, now.
    pub fn here() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let processor = read("/proc/cpuinfo");
        let model = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            processor: model.map_or("unknown processor", |(_, model)| model).to_owned(),
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            load: read("/proc/loadavg").split(' ').next().unwrap_or("?").to_owned(),
        }
    }
}

impl Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { date, processor, cores, load } = self;
        write!(formatter, "{date}, {processor}, {cores} cores, load {load}")
    }
}

/// `nanoseconds` with three digits and a fitting unit.
pub fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{} ns", three_digits(nanoseconds)),
        ..1e6 => format!("{} µs", three_digits(nanoseconds / 1e3)),
        ..1e9 => format!("{} ms", three_digits(nanoseconds / 1e6)),
        _ => format!("{} s", three_digits(nanoseconds / 1e9)),
    }
}

/// How many times as long, with three digits.
pub fn ratio(ratio: f64) -> String {
    format!("{}x", three_digits(ratio))
}

/// `number`, which is not negative, with three digits.
pub fn three_digits(number: f64) -> String {
    match number {
        ..10.0 => format!("{number:.2}"),
        ..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_a_fitting_unit() {
        let written = [4.267, 42.67, 426.7, 4267.0, 4.267e7, 4.267e9].map(duration);
        assert_eq!(written, ["4.27 ns", "42.7 ns", "427 ns", "4.27 µs", "42.7 ms", "4.27 s"]);
    }

    #[test]
    fn a_section_is_added_and_replaced_and_the_others_stay() {
        let one = with_section("", "one", "1\n").expect("a page");
        let both = with_section(&one, "two", "2").expect("a page");
        assert_eq!(both, "<!-- one -->\n1\n<!-- end of one -->\n\n<!-- two -->\n2\n<!-- end of two -->\n");
        assert_eq!(with_section(&both, "one", "1").expect("a page"), both);
        assert_eq!(with_section(&both, "one", "3").expect("a page"), both.replace("\n1\n", "\n3\n"));
        assert!(with_section("<!-- one -->\n", "one", "1").is_err());
    }
}
