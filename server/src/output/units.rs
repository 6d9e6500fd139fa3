//! Numbers for people.

pub use llm_policy_workbench::numbers::grouped;

/// A count with its noun: `1 rule`, `3 rules`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number as u64), if number == 1 { "" } else { "s" })
}

/// A time with three digits: `312 ns`, `1.24 µs`, `18.2 ms`.
pub fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        n if n < 999.5 => (n, "ns"),
        n if n < 999_500.0 => (n / 1e3, "µs"),
        n if n < 999_500_000.0 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    format!("{} {unit}", digits(value))
}

/// A span of microseconds in its two largest units: `3 d 4 h`, `9 min 18 s`.
pub fn span(micros: u64) -> String {
    let seconds = micros / 1_000_000;
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let first = parts.iter().position(|(number, _)| *number > 0).unwrap_or(parts.len() - 1);
    let two = parts.iter().skip(first).take(2).enumerate().filter(|(at, (number, _))| *at == 0 || *number > 0);
    two.map(|(_, (number, unit))| format!("{number} {unit}")).collect::<Vec<_>>().join(" ")
}

/// Three digits.
fn digits(value: f64) -> String {
    match value {
        v if v < 9.995 => format!("{v:.2}"),
        v if v < 99.95 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

/// A rate: `3.21 million a second`.
pub fn rate(per_second: f64) -> String {
    match per_second {
        r if r >= 1e6 => format!("{} million a second", digits(r / 1e6)),
        r => format!("{} a second", grouped(r as u64)),
    }
}

/// The beginning of a digest, which is enough to tell bundles apart.
pub fn digest(bundle: &str) -> &str {
    bundle.get(..12).unwrap_or(bundle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(count(1, "rule"), "1 rule");
        assert_eq!(count(12_345, "rule"), "12,345 rules");
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        let spans = [0, 999_999, 61_000_000, 3_600_000_000, 90_061_000_000, 86_400_000_000];
        assert_eq!(spans.map(span), ["0 s", "0 s", "1 min 1 s", "1 h", "1 d 1 h", "1 d"]);
        let times = [0.5, 312.4, 999.9, 18_240.0, 2e9];
        assert_eq!(times.map(time), ["0.50 ns", "312 ns", "1.00 µs", "18.2 µs", "2.00 s"]);
        assert_eq!([812.0, 3_214_000.0].map(rate), ["812 a second", "3.21 million a second"]);
    }
}
