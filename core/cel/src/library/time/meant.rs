//! Which timestamp or duration a text was meant to be, for messages.

use super::{parse_duration, parse_timestamp};

/// Help with the call that makes a timestamp of `text`: a date or a time without a zone is completed, in UTC. For text that is no
/// date at all it is an example.
pub(crate) fn timestamp(text: &str) -> String {
    let text = text.trim().replacen(' ', "T", 1);
    let candidates = ["", "Z", ":00Z", "T00:00:00Z", "-01T00:00:00Z"].map(|rest| format!("{text}{rest}"));
    let found = candidates.into_iter().find(|candidate| parse_timestamp(candidate).is_ok());
    match found {
        Some(text) => format!("write `timestamp('{text}')`"),
        None => "write a time as in `timestamp('2026-01-31T09:30:00Z')`".to_owned(),
    }
}

/// Help with the call that makes a duration of `text`: days become hours, a bare number seconds. For other text it is an example.
pub(crate) fn duration(text: &str) -> String {
    let text: String = text.split_whitespace().collect();
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u16>().ok());
    let hours = days.map(|days| format!("{}h", u32::from(days) * 24));
    let found = hours.into_iter().chain([text.clone(), format!("{text}s")]);
    let found = found.into_iter().find(|candidate| parse_duration(candidate).is_ok());
    match found {
        Some(text) => format!("write `duration('{text}')`"),
        None => "write hours, minutes and seconds as in `duration('1h30m')`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_duration, parse_timestamp};

    #[test]
    fn what_is_suggested_can_be_read() {
        for (text, want) in [
            ("2026-01-01", "2026-01-01T00:00:00Z"),
            ("2026-01", "2026-01-01T00:00:00Z"),
            ("2026-01-01 09:30", "2026-01-01T09:30:00Z"),
            ("2026-01-01T09:30:15", "2026-01-01T09:30:15Z"),
            ("2026-01-01T09:30:15+02:00", "2026-01-01T09:30:15+02:00"),
            ("2026-02-30", "2026-01-31T09:30:00Z"),
            ("tomorrow", "2026-01-31T09:30:00Z"),
            ("", "2026-01-31T09:30:00Z"),
        ] {
            assert!(super::timestamp(text).ends_with(&format!("`timestamp('{want}')`")), "{text}");
            assert!(parse_timestamp(want).is_ok(), "{want}");
        }
        for (text, want) in
            [("7d", "168h"), ("5 m", "5m"), ("30", "30s"), ("1h30m", "1h30m"), ("soon", "1h30m"), ("", "1h30m")]
        {
            assert!(super::duration(text).ends_with(&format!("`duration('{want}')`")), "{text}");
            assert!(parse_duration(want).is_ok(), "{want}");
        }
    }
}
