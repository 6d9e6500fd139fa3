//! The one pass over runs of digits: identifiers, cards, bank accounts, telephone numbers, IPv4 addresses, birth dates.

use super::birth;
use super::card::Cards;
use super::iban::Ibans;
use super::ids::Ids;
use super::net;
use super::phone::Phones;
use super::tokens::{Compact, MAX_COMPACT, MAX_GROUPS, Token, is_separator, next_digit, run_end, run_start};
use crate::bytes::{at, before};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::kind::Kind;

/// Longer runs of letters and digits are no number that anybody was given.
const MAX_RUN: usize = MAX_COMPACT;

/// Everything that begins with finding digits.
#[derive(Debug)]
pub(crate) struct Numbers {
    kinds: Vec<Kind>,
    ids: Ids,
    cards: Cards,
    ibans: Ibans,
    phones: Phones,
    /// The number of the first kind of addresses of machines.
    net: u16,
    births: birth::Births,
}

impl Numbers {
    pub(crate) fn new(regions: Option<&[String]>) -> Self {
        let mut kinds: Vec<Kind> = Vec::new();
        let mut place = |own: Vec<Kind>| {
            let first = u16::try_from(kinds.len()).unwrap_or(u16::MAX);
            kinds.extend(own);
            first
        };
        let cards = Cards::new(place(Cards::kinds()));
        let ibans = Ibans::new(place(Ibans::kinds()));
        let phones = Phones::new(place(Phones::kinds()), regions);
        let net = place(net::kinds());
        let births = birth::Births::new(place(birth::Births::kinds()));
        let ids = Ids::new(place(Ids::kinds().collect()), regions);
        Self { kinds, ids, cards, ibans, phones, net, births }
    }

    /// All candidates that start with the run at `start`, and what else may begin there.
    fn candidates(&self, tokens: &[(Token, u8)], cx: &mut Cx<'_>) {
        let Some(((first, _), rest)) = tokens.split_first() else { return };
        let mut compact = Compact::new(first.start);
        if !compact.push(cx.text, *first, 0) {
            return;
        }
        let mut separator = 0;
        let mut any_digit = compact.bytes().iter().any(u8::is_ascii_digit);
        let mut rest = rest.iter();
        loop {
            let next = rest.as_slice().first();
            if any_digit && compact.bytes().len() >= 5 {
                let goes_on = |joint: u8| joint == b' ' && compact.joints != 0;
                let crowded = next
                    .is_some_and(|(token, joint)| goes_on(*joint) && at(cx.text, token.start).is_ascii_digit())
                    || (separator == b' ' && is_digit_group_before(cx.text, first.start));
                self.ids.judge(&compact, crowded, cx);
                self.ibans.judge(&compact, cx);
                self.cards.judge(&compact, crowded, cx);
                net::mac_with_hyphens(&compact, self.net, cx);
            }
            // Groups of one candidate are joined by the same separator.
            let Some((token, joint)) = rest.next() else { break };
            if separator != 0 && *joint != separator {
                break;
            }
            separator = *joint;
            if !compact.push(cx.text, *token, *joint) {
                break;
            }
            any_digit |= cx.text.get(token.start..token.end).unwrap_or_default().iter().any(u8::is_ascii_digit);
        }
    }
}

/// Whether digits and a blank stand right before a place.
fn is_digit_group_before(text: &[u8], start: usize) -> bool {
    before(text, start) == b' ' && before(text, start - 1).is_ascii_digit()
}

impl Detector for Numbers {
    fn kinds(&self) -> Vec<Kind> {
        self.kinds.clone()
    }

    fn literals(&self) -> Vec<Literal> {
        vec![Literal::new(":", 0)]
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        net::colon(hit, self.net, cx);
    }

    fn reach(&self) -> Reach {
        Reach { back: super::context::BEFORE + 8, ahead: 2 * MAX_COMPACT + super::context::AFTER }
    }

    fn pass(&self, cx: &mut Cx<'_>) {
        let mut from = 0;
        while let Some(digit) = next_digit(cx.text, from) {
            let Some(mut start) = run_start(cx.text, digit, MAX_RUN) else {
                from = run_end(cx.text, digit).max(digit + 1);
                continue;
            };
            // A short word in front may be the head of a number: `AA 12 34 56 B`, `HRB 12345`.
            let joint = before(cx.text, start);
            if is_separator(joint)
                && start >= 2
                && before(cx.text, start - 1).is_ascii_alphabetic()
                && let Some(head) = run_start(cx.text, start - 1, 6)
                && head >= from
            {
                start = head;
            }
            from = self.cluster(start.max(from), cx);
        }
    }
}

impl Numbers {
    /// Runs joined by single separators, from a place on. Returns where the next cluster may begin.
    fn cluster(&self, start: usize, cx: &mut Cx<'_>) -> usize {
        let mut window: smallvec::SmallVec<[(Token, u8); MAX_GROUPS]> = smallvec::SmallVec::new();
        let mut end = start;
        let mut joint = 0;
        let mut open = true;
        loop {
            // Fill the window from the text.
            while open && window.len() < MAX_GROUPS {
                let token = Token { start: end, end: run_end(cx.text, end) };
                cx.spend(token.end - token.start + 1);
                if token.end == token.start {
                    open = false;
                    break;
                }
                window.push((token, joint));
                end = token.end;
                joint = at(cx.text, end);
                // Two words in a row end a cluster: what follows is prose.
                let is_word = |token: Token| {
                    !cx.text.get(token.start..token.end).unwrap_or_default().iter().any(u8::is_ascii_digit)
                };
                let words = window.iter().rev().take(2).filter(|(token, _)| is_word(*token)).count();
                if !is_separator(joint) || token.end - token.start > MAX_RUN || (window.len() > 1 && words == 2) {
                    open = false;
                } else {
                    end += 1;
                }
            }
            let Some((first, _)) = window.first().copied() else { break };
            if first.end - first.start <= MAX_RUN {
                self.candidates(&window, cx);
                if at(cx.text, first.start).is_ascii_digit() {
                    self.phones.judge(first.start, cx);
                    net::ipv4(first.start, self.net, cx);
                    self.births.judge(first.start, cx);
                }
            }
            window.remove(0);
        }
        end.max(start + 1)
    }
}
