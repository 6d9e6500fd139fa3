//! Checksums and dates that identifiers share. All take ASCII; what is not a digit counts as no match.

/// The value of a digit.
pub(crate) fn digit(byte: u8) -> Option<u32> {
    byte.is_ascii_digit().then(|| u32::from(byte - b'0'))
}

/// The digits of a text that has nothing else.
pub(crate) fn digits(text: &[u8]) -> Option<impl DoubleEndedIterator<Item = u32> + ExactSizeIterator + Clone + '_> {
    text.iter().all(u8::is_ascii_digit).then(|| text.iter().map(|byte| u32::from(byte & 0xF)))
}

/// A part of the text as a number.
pub(crate) fn number(text: &[u8], from: usize, to: usize) -> Option<u64> {
    let part = text.get(from..to)?;
    digits(part).map(|digits| digits.fold(0, |value, digit| value * 10 + u64::from(digit)))
}

/// The sum of digits times weights, position by position, as far as the weights go.
pub(crate) fn weighted(text: &[u8], weights: &[u32]) -> Option<u32> {
    let part = text.get(..weights.len())?;
    Some(digits(part)?.zip(weights).map(|(digit, weight)| digit * weight).sum())
}

/// The digit at a place.
pub(crate) fn digit_at(text: &[u8], index: usize) -> Option<u32> {
    text.get(index).copied().and_then(digit)
}

/// Luhn's check (ISO/IEC 7812-1, annex B).
pub(crate) fn luhn(text: &[u8]) -> bool {
    let Some(digits) = digits(text) else { return false };
    let sum: u32 = digits
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, digit * 2) {
            (0, _) => digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The remainder of division by 97 of a text read as ISO 7064 has it: letters are 10 to 35.
pub(crate) fn mod97(text: impl Iterator<Item = u8>) -> Option<u32> {
    let mut rest = 0;
    for byte in text {
        rest = match byte {
            b'0'..=b'9' => rest * 10 + u32::from(byte - b'0'),
            b'A'..=b'Z' => rest * 100 + u32::from(byte - b'A') + 10,
            _ => return None,
        } % 97;
    }
    Some(rest)
}

/// ISO 7064, MOD 11,10: the last digit checks the others.
pub(crate) fn mod11_10(text: &[u8]) -> bool {
    let Some(mut all) = digits(text) else { return false };
    let Some(check) = all.next_back() else { return false };
    let product = all.fold(10, |product, digit| match (digit + product) % 10 {
        0 => 20 % 11,
        sum => sum * 2 % 11,
    });
    (11 - product) % 10 == check
}

/// Verhoeff's check over the dihedral group of order ten.
pub(crate) fn verhoeff(text: &[u8]) -> bool {
    const PERMUTE: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    // Rotations are 0 to 4, reflections 5 to 9.
    let multiply = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a - 5 + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let Some(digits) = digits(text) else { return false };
    let mut check = 0;
    for (index, digit) in digits.rev().enumerate() {
        let Some(permuted) = PERMUTE.get(index % 8).and_then(|row| row.get(digit as usize)) else { return false };
        check = multiply(check, *permuted);
    }
    check == 0
}

/// Whether a day exists. Years are full; a year of 0 stands for one that is not known (29 February passes).
pub(crate) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let leap = year == 0 || (year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// `YYMMDD` at a place, century unknown.
pub(crate) fn is_yymmdd(text: &[u8], from: usize) -> bool {
    let part = |at: usize| number(text, from + at, from + at + 2);
    matches!((part(0), part(2), part(4)), (Some(year), Some(month), Some(day)) if is_date(if year == 0 { 0 } else { 1900 + year }, month, day) || is_date(2000 + year, month, day))
}

/// `DDMMYY` at a place, century unknown.
pub(crate) fn is_ddmmyy(text: &[u8], from: usize) -> bool {
    let part = |at: usize| number(text, from + at, from + at + 2);
    matches!((part(4), part(2), part(0)), (Some(year), Some(month), Some(day)) if is_date(1900 + year, month, day) || is_date(2000 + year, month, day))
}

/// `YYYYMMDD` at a place, between 1850 and 2099.
pub(crate) fn is_yyyymmdd(text: &[u8], from: usize) -> bool {
    match (number(text, from, from + 4), number(text, from + 4, from + 6), number(text, from + 6, from + 8)) {
        (Some(year), Some(month), Some(day)) => (1850..2100).contains(&year) && is_date(year, month, day),
        _ => false,
    }
}

/// All characters are the same.
pub(crate) fn is_repeated(text: &[u8]) -> bool {
    text.windows(2).all(|pair| pair.first() == pair.last())
}

/// Digits that count up or down by one, wrapping: `123456789`, `9876543210`.
pub(crate) fn is_sequence(text: &[u8]) -> bool {
    let steps = |step: u8| {
        text.windows(2).all(|pair| match pair {
            [a, b] => a.is_ascii_digit() && b.is_ascii_digit() && (a - b'0' + step) % 10 == b - b'0',
            _ => true,
        })
    };
    steps(1) || steps(9)
}

/// The check character of ICAO 9303 (weights 7, 3, 1; letters are 10 to 35).
pub(crate) fn icao(text: &[u8]) -> Option<u32> {
    let mut sum = 0;
    for (index, byte) in text.iter().enumerate() {
        let value = match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            b'A'..=b'Z' => u32::from(byte - b'A') + 10,
            b'<' => 0,
            _ => return None,
        };
        sum += value
            * if index % 3 == 0 {
                7
            } else if index % 3 == 1 {
                3
            } else {
                1
            };
    }
    Some(sum % 10)
}
