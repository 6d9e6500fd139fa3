//! Media inside of a body.

/// The media type and the base64 of a data URL.
pub(super) fn data_url(url: &str) -> Option<(&str, &str)> {
    let scheme = url.get(..5)?;
    if !scheme.eq_ignore_ascii_case("data:") {
        return None;
    }
    let (head, payload) = url.get(5..)?.split_once(',')?;
    let head = head.strip_suffix(";base64")?;
    is_base64(payload).then(|| (head.split(';').next().unwrap_or_default(), payload))
}

/// Whether all of a text is base64, in either alphabet; without a text in it that a person could read across words.
pub(super) fn is_base64(text: &str) -> bool {
    const ALPHABET: [bool; 256] = {
        let mut table = [false; 256];
        let mut at = 0;
        while at < 256 {
            #[expect(clippy::cast_possible_truncation, reason = "below 256")]
            let byte = at as u8;
            #[expect(clippy::indexing_slicing, reason = "below 256")]
            {
                table[at] = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
            }
            at += 1;
        }
        table
    };
    let text = text.trim_end_matches('=');
    !text.is_empty() && text.bytes().all(|b| ALPHABET.get(usize::from(b)).copied().unwrap_or(false))
}

/// How many bytes a base64 text stands for.
pub(super) fn decoded_bytes(base64: &str) -> i64 {
    let digits = base64.trim_end_matches('=').len();
    i64::try_from(digits / 4 * 3 + (digits % 4).saturating_sub(1)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_base64() {
        for yes in ["aGk=", "aGk", "AAAA", "a-_9", "iVBORw0KGgo="] {
            assert!(is_base64(yes), "{yes}");
        }
        for no in ["", "=", "two words", "é", "a.b", "aG=k", "aGk=\n"] {
            assert!(!is_base64(no), "{no}");
        }
        assert_eq!(decoded_bytes("aGk="), 2);
        assert_eq!(decoded_bytes("aGk"), 2);
        assert_eq!(decoded_bytes("AAAA"), 3);
    }

    #[test]
    fn data_urls() {
        assert_eq!(data_url("data:image/png;base64,AAAA"), Some(("image/png", "AAAA")));
        assert_eq!(data_url("DATA:image/png;x=y;base64,AAAA"), Some(("image/png", "AAAA")));
        for no in
            ["https://e.com/a.png", "data:text/plain,hello", "data:text/plain;base64,not base64", "data:", "dat", "é"]
        {
            assert_eq!(data_url(no), None, "{no}");
        }
    }
}
