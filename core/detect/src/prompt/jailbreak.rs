//! Jailbreaks: signs weighed together, looking back only.

use std::ops::Range;

use super::evidence::{SORTS, Sort};
use super::{FIRST_SIGN, JAILBREAK};
use crate::detector::Cx;
use crate::finding::Signs;

/// Signs further apart than this have nothing to do with each other, in bytes.
pub(super) const WINDOW: usize = 2048;

/// From this weight on, signs are a jailbreak.
const ENOUGH: u16 = 66;

/// The latest places of one sort, the newest first.
const KEPT: usize = 12;

/// Weighs the signs among the candidates of a view.
pub(super) fn settle(found: Range<usize>, cx: &mut Cx<'_>) {
    let mut latest = [[usize::MAX; KEPT]; SORTS];
    // The last place at which one was reported: the next one starts afresh.
    let mut floor = 0;
    let mut index = found.start;
    while index < found.end {
        let Some(candidate) = cx.candidates().get(index).copied() else { break };
        index += 1;
        let Some(sort) =
            candidate.kind.0.checked_sub(cx.first_kind + FIRST_SIGN).map(usize::from).filter(|sort| *sort < SORTS)
        else {
            continue;
        };
        let Some(places) = latest.get_mut(sort) else { continue };
        // The same words at the same place count once.
        if places.first().is_some_and(|place| *place != usize::MAX && candidate.start < place.saturating_add(4)) {
            continue;
        }
        places.rotate_right(1);
        if let Some(first) = places.first_mut() {
            *first = candidate.start;
        }
        let back = candidate.start.saturating_sub(WINDOW).max(floor);
        let (mut weight, mut against, mut sorts) = (0, false, 0);
        for (sort, places) in Sort::ALL.iter().zip(&latest) {
            let (first, further, most) = sort.weight();
            let near = places.iter().filter(|place| **place != usize::MAX && **place >= back).take(usize::from(most));
            let mut count = 0;
            for _ in near {
                weight += if count == 0 { first } else { further };
                count += 1;
            }
            against |= count > 0 && sort.is_against_rules();
            sorts += usize::from(count > 0 && first > 0);
        }
        if weight >= ENOUGH && against && sorts >= 3 {
            let score = u8::try_from(50 + (weight - ENOUGH) / 2).unwrap_or(100).min(95);
            // The span is the sign that tips the scale: what stands before it may have left a stream long ago.
            cx.report(JAILBREAK, candidate.start..candidate.end, score, Signs::NONE);
            floor = candidate.end;
        }
    }
}
