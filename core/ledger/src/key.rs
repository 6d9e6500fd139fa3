//! Whom a limit counts for.

use std::fmt;

use smallvec::SmallVec;

/// The longest key in bytes, with what separates its parts.
pub const MAX_KEY: usize = 1024;

/// The values of a limit's key: one, or several that count together.
///
/// Parts are kept apart whatever they contain: each is written behind its length, as in `4:acme2:u1`.
///
/// ```
/// use llm_policy_ledger::Key;
/// let key = Key::new(["acme", "u1"])?;
/// assert_ne!(key, Key::new(["acmeu", "1"])?);
/// assert_eq!(key.parts().collect::<Vec<_>>(), ["acme", "u1"]);
/// # Ok::<(), llm_policy_ledger::key::KeyTooLong>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Key(SmallVec<[u8; 64]>);

/// A key of more than [`MAX_KEY`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTooLong;

impl fmt::Display for KeyTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a limit's key has more than {MAX_KEY} bytes")
    }
}

impl std::error::Error for KeyTooLong {}

impl Key {
    /// A key of these parts.
    ///
    /// # Errors
    ///
    /// When they are longer than [`MAX_KEY`] together.
    pub fn new<'a>(parts: impl IntoIterator<Item = &'a str>) -> Result<Self, KeyTooLong> {
        let mut key = Self::default();
        for part in parts {
            key.push(part)?;
        }
        Ok(key)
    }

    /// Adds a part.
    ///
    /// # Errors
    ///
    /// When the key would be longer than [`MAX_KEY`]; it stays as it was.
    pub fn push(&mut self, part: &str) -> Result<(), KeyTooLong> {
        let mut digits = [0_u8; 20];
        let mut used = 0;
        let mut rest = part.len();
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            used += 1;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if self.0.len().saturating_add(used + 1).saturating_add(part.len()) > MAX_KEY {
            return Err(KeyTooLong);
        }
        self.0.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
        self.0.push(b':');
        self.0.extend_from_slice(part.as_bytes());
        Ok(())
    }

    /// Reads a key as it is [written](Self::as_bytes); `None` when it is not written so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut key = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let (length, behind) = rest.split_once(':')?;
            let (part, behind) = behind.split_at_checked(length.parse().ok()?)?;
            key.push(part).ok()?;
            rest = behind;
        }
        (key.as_bytes() == text.as_bytes()).then_some(key)
    }

    /// The key as it is written: UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its parts, in order.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        let mut rest = std::str::from_utf8(&self.0).unwrap_or_default();
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_once(':')?;
            let (part, behind) = behind.split_at_checked(length.parse().ok()?)?;
            rest = behind;
            Some(part)
        })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lists_of_parts_are_one_key() {
        let lists: [&[&str]; 9] =
            [&[], &[""], &["", ""], &["a"], &["a", ""], &["", "a"], &["1:a"], &["ü", "1:"], &["1:", "ü"]];
        for (i, a) in lists.iter().enumerate() {
            let key = Key::new(a.iter().copied()).unwrap();
            assert_eq!(key.parts().collect::<Vec<_>>(), *a);
            assert_eq!(Key::parse(std::str::from_utf8(key.as_bytes()).unwrap()), Some(key.clone()));
            for (j, b) in lists.iter().enumerate() {
                assert_eq!(key == Key::new(b.iter().copied()).unwrap(), i == j, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_key_is_written_in_one_way() {
        for text in ["a", "1:", "2:a", "01:a", "+1:a", "1:ab", "-1:", ":", "1:ü", "99999999999999999999:a", "1:a2:b"] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_that_is_too_long_is_refused_and_stays_as_it_was() {
        let mut key = Key::new(["x".repeat(1000).as_str()]).unwrap();
        let before = key.clone();
        assert_eq!(key.push(&"y".repeat(17)), Err(KeyTooLong));
        assert_eq!(key, before);
        key.push(&"y".repeat(16)).unwrap();
        assert_eq!(key.as_bytes().len(), MAX_KEY);
    }
}
