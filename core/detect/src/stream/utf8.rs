//! Text from bytes that were cut anywhere.

/// Joins chunks of UTF-8; a character that is cut waits for its rest. What is no UTF-8 becomes U+FFFD, as it would in the whole text.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    /// The beginning of a character: at most three bytes.
    rest: Vec<u8>,
}

impl Decoder {
    /// Adds what can be read to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut String) {
        if self.rest.is_empty() {
            self.read(chunk, out);
        } else {
            let mut bytes = std::mem::take(&mut self.rest);
            bytes.extend_from_slice(chunk);
            self.read(&bytes, out);
        }
    }

    /// The end of the text.
    pub fn finish(&mut self, out: &mut String) {
        if !std::mem::take(&mut self.rest).is_empty() {
            out.push('\u{FFFD}');
        }
    }

    fn read(&mut self, mut bytes: &[u8], out: &mut String) {
        loop {
            match std::str::from_utf8(bytes) {
                Ok(text) => return out.push_str(text),
                Err(error) => {
                    let (valid, rest) = bytes.split_at(error.valid_up_to());
                    out.push_str(std::str::from_utf8(valid).unwrap_or_default());
                    let Some(len) = error.error_len() else { return self.rest.extend_from_slice(rest) };
                    out.push('\u{FFFD}');
                    bytes = rest.get(len..).unwrap_or_default();
                }
            }
        }
    }
}
