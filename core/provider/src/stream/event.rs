//! Server-sent events (WHATWG HTML, 9.2), kept as they came.

/// The longest event that is taken in.
pub(super) const MAX_EVENT: usize = 4 << 20;

/// Cuts bytes into events: lines up to and with an empty line.
#[derive(Debug, Default)]
pub(super) struct Events {
    bytes: Vec<u8>,
    /// Where the next event starts.
    start: usize,
    /// How far the bytes were looked at.
    seen: usize,
}

impl Events {
    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.bytes.drain(..self.start);
        self.seen -= self.start;
        self.start = 0;
        self.bytes.extend_from_slice(chunk);
    }

    /// The next whole event.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        // An event ends in two ends of lines. `\r\n` is one; whether a `\r` is one by itself shows with the byte behind it.
        while let Some(byte) = self.bytes.get(self.seen) {
            let after = match (byte, self.bytes.get(self.seen + 1), self.bytes.get(self.seen + 2)) {
                (b'\n', Some(b'\n'), _) => 2,
                (b'\n', Some(b'\r'), Some(b'\n')) => 3,
                (b'\n', Some(b'\r'), Some(_)) | (b'\r', Some(b'\r'), _) => 2,
                (b'\n' | b'\r', None, _) | (b'\n', Some(b'\r'), None) => return None,
                _ => {
                    self.seen += 1;
                    continue;
                }
            };
            self.seen += after;
            let event = self.bytes.get(self.start..self.seen).map(<[u8]>::to_vec);
            self.start = self.seen;
            return event;
        }
        None
    }

    /// Bytes that wait for the rest of their event.
    pub(super) fn held(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// What is left when the stream ends: an event without its end.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        let rest = self.bytes.split_off(self.start);
        *self = Self::default();
        rest
    }
}

/// The lines of an event, each with its end.
fn lines(event: &str) -> impl Iterator<Item = &str> {
    event.split_inclusive('\n').flat_map(|line| {
        let whole = line.ends_with("\r\n");
        line.split_inclusive(move |c| c == '\r' && !whole)
    })
}

fn data_of(line: &str) -> Option<&str> {
    let line = line.trim_end_matches(['\r', '\n']);
    let value = line.strip_prefix("data:")?;
    Some(value.strip_prefix(' ').unwrap_or(value))
}

/// The data of an event; `None` when it has none.
pub(super) fn data(event: &str) -> Option<String> {
    let event = event.strip_prefix('\u{FEFF}').unwrap_or(event);
    let parts: Vec<&str> = lines(event).filter_map(data_of).collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

/// The event with other data in the place of its own.
pub(super) fn with_data(event: &str, data: &str) -> String {
    let mut out = String::with_capacity(event.len() + data.len());
    let mut is_there = false;
    for line in lines(event) {
        if data_of(line).is_none() {
            out.push_str(line);
        } else if !is_there {
            is_there = true;
            let end = line.trim_end_matches(['\r', '\n']).len();
            data.lines().for_each(|part| {
                out.push_str("data: ");
                out.push_str(part);
                out.push_str(line.get(end..).unwrap_or("\n"));
            });
        }
    }
    out
}

/// An event of our own.
pub(super) fn event(name: &str, data: &str) -> String {
    if name.is_empty() { format!("data: {data}\n\n") } else { format!("event: {name}\ndata: {data}\n\n") }
}
