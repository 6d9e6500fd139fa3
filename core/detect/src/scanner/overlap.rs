//! Which of several findings at one place stays.

use crate::finding::Finding;
use crate::kind::{Family, KindId};

/// Leaves no two overlapping findings of one family: the higher score wins, then the longer one, then the earlier kind. Decided from
/// left to right, so that what lies far to the right never changes what stands on the left.
pub(crate) fn resolve(found: &mut Vec<Finding>, family: impl Fn(KindId) -> Family) {
    found.sort_by_key(|finding| (finding.bytes.start, finding.bytes.end, finding.kind, finding.evidence.view));
    // The last finding of each family that stays so far.
    let mut last: [Option<usize>; Family::ALL.len()] = [None; Family::ALL.len()];
    let mut kept: Vec<bool> = vec![true; found.len()];
    for index in 0..found.len() {
        let Some(finding) = found.get(index) else { break };
        let Some(slot) = last.get_mut(family(finding.kind) as usize) else { continue };
        let rival = slot.and_then(|place| found.get(place));
        let loser = match rival {
            Some(rival) if rival.bytes.overlaps(finding.bytes) => {
                if rank(finding) > rank(rival) {
                    *slot
                } else {
                    Some(index)
                }
            }
            _ => None,
        };
        if let Some(kept) = loser.and_then(|loser| kept.get_mut(loser)) {
            *kept = false;
        }
        if loser != Some(index) {
            *slot = Some(index);
        }
    }
    let mut kept = kept.into_iter();
    found.retain(|_| kept.next().unwrap_or(true));
}

fn rank(finding: &Finding) -> (u8, u32, std::cmp::Reverse<KindId>) {
    (finding.score, finding.bytes.len(), std::cmp::Reverse(finding.kind))
}
