//! Views of a text: the text as it is meant, with a way back to how it was written.
//!
//! The base view is the text itself, or its fold when it is not ASCII. From there further views are made, at most
//! [`DEPTH`] deep and within [`room`] bytes together, each only when [`look`] saw what it undoes. All work is linear.

mod confusables;
mod disguises;
mod encodings;
mod escapes;
mod fold;
mod look;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use fold::{fold_text, is_invisible};
use look::Look;
use view::View;
pub use view::ViewKind;
pub(crate) use view::Views;

/// So many encodings in one another are undone.
const DEPTH: u8 = 2;

/// The most views of one text.
const MAX_VIEWS: usize = 24;

/// Bytes that all derived views of a text may have together.
fn room(len: usize) -> usize {
    len.saturating_mul(3).saturating_add(4096)
}

#[derive(Debug, Default)]
struct Made {
    /// The number of the view that it was made from.
    parent: usize,
    depth: u8,
    kind: Option<ViewKind>,
    view: View,
}

/// The views of one text, by number; 0 is the base view. Buffers are kept from text to text.
#[derive(Debug, Default)]
pub(crate) struct Normaliser {
    made: Vec<Made>,
    used: usize,
    decoded: Vec<u8>,
    /// The base view is the text itself, and its place in `made` stays empty.
    plain: bool,
}

impl Normaliser {
    /// Starts with a text: makes the base view if it is not the text itself.
    pub(crate) fn start(&mut self, text: &str) {
        self.used = 0;
        self.plain = text.is_ascii();
        let base = self.take(ViewKind::Base, 0, 0);
        if !self.plain
            && let Some(made) = self.made.get_mut(base)
        {
            fold::fold(text, &mut made.view);
        }
    }

    /// Makes all derived views that are wanted and of any use. Returns the bytes looked at.
    pub(crate) fn derive(&mut self, text: &str, wanted: Views) -> usize {
        let mut room = room(text.len());
        let mut steps = 0;
        // Every view is a parent in its turn.
        let mut parent = 0;
        while parent < self.used {
            steps += self.derive_from(parent, text, wanted, &mut room);
            parent += 1;
        }
        steps
    }

    fn derive_from(&mut self, parent: usize, text: &str, wanted: Views, room: &mut usize) -> usize {
        let (kind, bytes) = self.get(parent, text);
        let depth = self.made.get(parent).map_or(0, |made| made.depth);
        // Words that were undone hold nothing more to undo.
        if depth >= DEPTH || matches!(kind, ViewKind::Leet | ViewKind::Spaced | ViewKind::Rot13) {
            return 0;
        }
        let (look, len) = (Look::at(bytes), bytes.len());
        let makers: [(ViewKind, bool, Maker); 6] = [
            (ViewKind::Unescaped, look.escapes, |bytes, view, _| escapes::unescape(bytes, view)),
            (ViewKind::Base64, look.longest_run >= 20, encodings::base64),
            (ViewKind::Hex, look.longest_run >= 20, encodings::hex),
            (ViewKind::Rot13, look.turned, |bytes, view, _| encodings::rot13(bytes, view)),
            (ViewKind::Leet, look.symbols_in_words, |bytes, view, _| disguises::leet(bytes, view)),
            (ViewKind::Spaced, look.single_letters, |bytes, view, _| disguises::spaced(bytes, view)),
        ];
        let mut steps = look.steps;
        for (kind, useful, maker) in makers {
            if !useful || !wanted.has(kind) || self.used >= MAX_VIEWS || *room < len {
                continue;
            }
            let number = self.take(kind, parent, depth + 1);
            // View and buffer leave their places while the parent is read.
            let mut view = self.made.get_mut(number).map(|made| std::mem::take(&mut made.view)).unwrap_or_default();
            let mut decoded = std::mem::take(&mut self.decoded);
            let is_made = maker(self.get(parent, text).1, &mut view, &mut decoded);
            steps += len;
            if is_made {
                *room = room.saturating_sub(view.len());
            } else {
                self.used = number;
            }
            self.decoded = decoded;
            if let Some(made) = self.made.get_mut(number) {
                made.view = view;
            }
        }
        steps
    }

    fn take(&mut self, kind: ViewKind, parent: usize, depth: u8) -> usize {
        let number = self.used;
        self.used += 1;
        if number == self.made.len() {
            self.made.push(Made::default());
        }
        if let Some(made) = self.made.get_mut(number) {
            (made.kind, made.parent, made.depth) = (Some(kind), parent, depth);
            made.view.clear();
        }
        number
    }

    /// How many views there are.
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// A view: its kind and its text.
    pub(crate) fn get<'a>(&'a self, number: usize, text: &'a str) -> (ViewKind, &'a [u8]) {
        if self.plain && number == 0 {
            return (ViewKind::Base, text.as_bytes());
        }
        self.made
            .get(number)
            .map_or((ViewKind::Base, &[]), |made| (made.kind.unwrap_or(ViewKind::Base), made.view.bytes()))
    }

    /// The first place of a view (of so many bytes) that stands for a place of the text or for what is behind it.
    pub(crate) fn to_view(&self, number: usize, place: usize, len: usize) -> usize {
        if self.plain && number == 0 {
            return place.min(len);
        }
        let (mut low, mut high) = (0, len);
        while low < high {
            let middle = low.midpoint(high);
            if self.to_text(number, middle, middle).0 < place {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The part of the text that a part of a view stands for.
    pub(crate) fn to_text(&self, mut number: usize, start: usize, end: usize) -> (usize, usize) {
        let mut place = (start, end);
        while let Some(made) = self.made.get(number).filter(|_| !self.plain || number > 0) {
            place = made.view.to_parent(place.0, place.1);
            if number == 0 {
                break;
            }
            number = made.parent;
        }
        place
    }
}

type Maker = fn(&[u8], &mut View, &mut Vec<u8>) -> bool;
