//! Places in bytes as places in UTF-16 units and in code points.

use crate::finding::Finding;

/// Fills in the spans that hosts of other languages slice with. One pass over the text up to the last finding.
pub(crate) fn fill(text: &str, found: &mut [Finding]) {
    if text.is_ascii() {
        for finding in found {
            (finding.utf16, finding.chars) = (finding.bytes, finding.bytes);
        }
        return;
    }
    // Ends of several findings may be out of order, starts never are: so places are asked for in order.
    let mut places: Vec<u32> = found.iter().flat_map(|finding| [finding.bytes.start, finding.bytes.end]).collect();
    places.sort_unstable();
    places.dedup();
    let mut counted: Vec<(u32, u32, u32)> = Vec::with_capacity(places.len());
    let (mut done, mut utf16, mut chars) = (0, 0u32, 0u32);
    for place in places {
        for c in text.get(done..place as usize).unwrap_or_default().chars() {
            utf16 += if u32::from(c) >= 0x10000 { 2 } else { 1 };
            chars += 1;
        }
        done = place as usize;
        counted.push((place, utf16, chars));
    }
    let of = |place: u32| {
        let index = counted.partition_point(|(known, _, _)| *known < place);
        counted.get(index).map_or((0, 0), |(_, utf16, chars)| (*utf16, *chars))
    };
    for finding in found {
        let (start, end) = (of(finding.bytes.start), of(finding.bytes.end));
        (finding.utf16.start, finding.utf16.end) = (start.0, end.0);
        (finding.chars.start, finding.chars.end) = (start.1, end.1);
    }
}
