//! Points in time as people write them.

use jiff::Timestamp;

use crate::input::coerce;

/// What an instant should look like.
pub const FORM: &str = "write the date, the time and the offset, such as `2027-01-01T00:00:00Z`";

/// The instant that RFC 3339 text says: `2027-01-01T00:00:00Z`, `2027-01-01T01:00:00+01:00`.
///
/// # Errors
/// What is wrong with the text, and what to write: lower case, no full stop. An instant after 9999-12-30T22:00:00Z is
/// refused, because time zones cannot be counted with beyond.
///
/// ```
/// use llm_policy_engine::instant;
///
/// assert_eq!(instant::read("2027-01-01T01:00:00+01:00"), "2027-01-01T00:00:00Z".parse().map_err(|_| String::new()));
/// assert!(instant::read("2027-01-01T01:00:00+25:00").unwrap_err().contains("`+25:00` is no offset"));
/// ```
pub fn read(text: &str) -> Result<Timestamp, String> {
    let Some(at) = coerce::timestamp(text) else { return Err(fault(text)) };
    Timestamp::new(at.seconds, at.nanos).map_err(|_| {
        let last = Timestamp::MAX.as_second();
        let last = Timestamp::from_second(last).unwrap_or(Timestamp::MAX);
        format!("it is too late: the last instant is {last}")
    })
}

/// What is wrong with text that is no instant.
fn fault(text: &str) -> String {
    // An offset has six characters. With another in its place all may be well.
    let split = text.len().checked_sub(6).and_then(|at| text.split_at_checked(at));
    if let Some((time, offset)) = split.filter(|(_, offset)| offset.starts_with(['+', '-']))
        && coerce::timestamp(&format!("{time}Z")).is_some()
    {
        return format!("`{offset}` is no offset: they go from -23:59 to +23:59");
    }
    FORM.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        let fault = |text: &str| read(text).unwrap_err();
        assert_eq!(fault("9999-12-31T23:59:59Z"), "it is too late: the last instant is 9999-12-30T22:00:00Z");
        assert_eq!(fault("2026-01-01T00:00:00+25:00"), "`+25:00` is no offset: they go from -23:59 to +23:59");
        assert_eq!(fault("2026-01-01T00:00:00-12:60"), "`-12:60` is no offset: they go from -23:59 to +23:59");
        for text in
            ["", "tomorrow", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00+01:00", "ä-01:00", "ö5:00"]
        {
            assert_eq!(fault(text), FORM, "{text}");
        }
    }

    #[test]
    fn both_ends_are_instants() {
        assert_eq!(read("9999-12-30T22:00:00Z").unwrap().as_second(), Timestamp::MAX.as_second());
        assert_eq!(read("0001-01-01T00:00:00Z").unwrap().to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(read("1969-12-31T23:59:59.5Z").unwrap().to_string(), "1969-12-31T23:59:59.5Z");
    }
}
