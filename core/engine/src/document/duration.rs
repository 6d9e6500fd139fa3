//! Durations as people write them: `30m`, `1h30m`, `7d`.

use std::time::Duration;

/// The units, longest first, in milliseconds.
const UNITS: &[(&str, u64)] =
    &[("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Reads a duration: numbers with units `w`, `d`, `h`, `m`, `s`, `ms`, the longest first, none twice.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total = 0_u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at_checked(digits)?;
        let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, behind) = behind.split_at_checked(letters)?;
        let (_, millis) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*millis)?)?;
        rest = behind;
    }
    Some(Duration::from_millis(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        let seconds = |text| parse(text).map(|d| d.as_secs_f64());
        assert_eq!(seconds("30m"), Some(1800.0));
        assert_eq!(seconds("1h30m"), Some(5400.0));
        assert_eq!(seconds("7d"), Some(604_800.0));
        assert_eq!(seconds("2w"), Some(1_209_600.0));
        assert_eq!(seconds("250ms"), Some(0.25));
        assert_eq!(seconds("1s5ms"), Some(1.005));
        assert_eq!(seconds("0s"), Some(0.0));
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "30",
            "m",
            "-1m",
            "1.5h",
            "1 h",
            "30min",
            "1m1h",
            "1h1h",
            "1y",
            "99999999999999999999s",
            "9999999999999999w",
            "1hé",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
