//! Amounts and costs: integers, with a bound that every store can add up exactly.

use std::fmt;

/// The largest amount, cost or capacity: 2^52.
///
/// In micro-dollars that is 4.5 billion dollars. The sum of two is still exact in a double, which is the only number that a
/// script inside Redis has.
pub const MAX_UNITS: u64 = 1 << 52;

/// Micro-units of money in one unit: a dollar is a million.
pub const MICROS: u64 = 1_000_000;

/// Why a number is no amount and no cost. Whoever gets this for a cost must refuse the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotUnits {
    /// NaN.
    NotANumber,
    /// Less than nothing.
    Negative,
    /// More than [`MAX_UNITS`], or infinite.
    TooLarge,
}

impl fmt::Display for NotUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber => f.write_str("it is not a number"),
            Self::Negative => f.write_str("it is negative"),
            Self::TooLarge => write!(f, "it is larger than {MAX_UNITS} units"),
        }
    }
}

impl std::error::Error for NotUnits {}

/// The units of a cost that a host or a condition gives as an integer.
///
/// # Errors
///
/// When it is negative or larger than [`MAX_UNITS`].
pub const fn units_of_int(value: i64) -> Result<u64, NotUnits> {
    if value < 0 {
        Err(NotUnits::Negative)
    } else if value.unsigned_abs() > MAX_UNITS {
        Err(NotUnits::TooLarge)
    } else {
        Ok(value.unsigned_abs())
    }
}

/// The units of a cost that is given as a double, times `scale` (1, or [`MICROS`] for money): rounded up, because a cost
/// may be too high but not too low.
///
/// ```
/// use llm_policy_ledger::units::{MICROS, NotUnits, cost_of_double};
/// assert_eq!(cost_of_double(1.1, MICROS), Ok(1_100_000));
/// assert_eq!(cost_of_double(0.000_000_1, MICROS), Ok(1));
/// assert_eq!(cost_of_double(-1.0, 1), Err(NotUnits::Negative));
/// assert_eq!(cost_of_double(f64::NAN, 1), Err(NotUnits::NotANumber));
/// ```
///
/// # Errors
///
/// When it is NaN, negative, or too large.
pub fn cost_of_double(value: f64, scale: u64) -> Result<u64, NotUnits> {
    scaled(value, scale, f64::ceil)
}

/// The units of a limit's amount that is given as a double: like [`cost_of_double`], but rounded down.
///
/// # Errors
///
/// When it is NaN, negative, or too large.
pub fn amount_of_double(value: f64, scale: u64) -> Result<u64, NotUnits> {
    scaled(value, scale, f64::floor)
}

fn scaled(value: f64, scale: u64, round: fn(f64) -> f64) -> Result<u64, NotUnits> {
    /// What decimal fractions lose as doubles, and multiplying them, is below this share.
    const NOISE: f64 = 8.0 * f64::EPSILON;

    if value.is_nan() {
        return Err(NotUnits::NotANumber);
    }
    if value < 0.0 {
        return Err(NotUnits::Negative);
    }
    #[expect(clippy::cast_precision_loss, reason = "scales are far below 2^53")]
    let exact = value * scale as f64;
    let nearest = exact.round();
    let units = if (exact - nearest).abs() <= exact * NOISE { nearest } else { round(exact) };
    #[expect(clippy::cast_precision_loss, reason = "a power of two")]
    if units > MAX_UNITS as f64 {
        return Err(NotUnits::TooLarge);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2^52, and whole")]
    let units = units as u64;
    Ok(units)
}

/// Reads a decimal number such as `12`, `0.075` or `1000.50` exactly, in units of `10^-decimals`.
///
/// `None` when it is not of that form, has more decimals that are not zero, or does not fit.
///
/// ```
/// use llm_policy_ledger::units::parse_decimal;
/// assert_eq!(parse_decimal("2.50", 6), Some(2_500_000));
/// assert_eq!(parse_decimal("0.0000001", 6), None);
/// assert_eq!(parse_decimal("-1", 6), None);
/// ```
#[must_use]
pub fn parse_decimal(text: &str, decimals: u32) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let mut units = whole.parse::<u64>().ok()?.checked_mul(10_u64.checked_pow(decimals)?)?;
    let mut weight = 10_u64.checked_pow(decimals)?;
    for byte in fraction.bytes() {
        weight /= 10;
        let digit = u64::from(byte - b'0');
        if weight == 0 && digit != 0 {
            return None;
        }
        units = units.checked_add(digit * weight)?;
    }
    Some(units)
}

/// A share of an amount in millionths: `0.75` is 750,000. At most ten times the amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

impl Share {
    /// All of it.
    pub const WHOLE: Self = Self(1_000_000);

    /// A share of so many millionths, more than 0 and at most 10,000,000.
    #[must_use]
    pub const fn from_millionths(millionths: u32) -> Option<Self> {
        if millionths == 0 || millionths > 10_000_000 { None } else { Some(Self(millionths)) }
    }

    /// In millionths.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// The share of an amount, rounded down: no more than this may be used.
    #[must_use]
    pub fn floor_of(self, amount: u64) -> u64 {
        saturate(u128::from(amount) * u128::from(self.0) / 1_000_000)
    }

    /// The share of an amount, rounded up: when this is used, the share is reached.
    #[must_use]
    pub fn ceil_of(self, amount: u64) -> u64 {
        saturate((u128::from(amount) * u128::from(self.0)).div_ceil(1_000_000))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 10_000.0)
    }
}

/// A wide number as a narrow one; what does not fit is the largest there is.
pub(crate) fn saturate(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_round_against_the_payer_and_never_pass_through_as_nonsense() {
        assert_eq!(cost_of_double(0.1 + 0.2, MICROS), Ok(300_000));
        assert_eq!(cost_of_double(2.000_000_4, MICROS), Ok(2_000_001));
        assert_eq!(amount_of_double(2.000_000_4, MICROS), Ok(2_000_000));
        assert_eq!(amount_of_double(1.1, MICROS), Ok(1_100_000));
        assert_eq!(cost_of_double(f64::INFINITY, 1), Err(NotUnits::TooLarge));
        assert_eq!(cost_of_double(f64::NEG_INFINITY, 1), Err(NotUnits::Negative));
        assert_eq!(cost_of_double(-f64::MIN_POSITIVE, 1), Err(NotUnits::Negative));
        assert_eq!(cost_of_double(-0.0, 1), Ok(0));
        assert_eq!(cost_of_double(f64::MIN_POSITIVE, 1), Ok(1));
        assert_eq!(cost_of_double(4_503_599_627_370_496.0, 1), Ok(MAX_UNITS));
        assert_eq!(cost_of_double(4_503_599_627_370_497.0, 1), Err(NotUnits::TooLarge));
        assert_eq!(units_of_int(i64::MIN), Err(NotUnits::Negative));
        assert_eq!(units_of_int(i64::MAX), Err(NotUnits::TooLarge));
        assert_eq!(units_of_int(7), Ok(7));
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        assert_eq!(parse_decimal("0.0375", 6), Some(37_500));
        assert_eq!(parse_decimal("15", 6), Some(15_000_000));
        assert_eq!(parse_decimal("1.1000000000", 6), Some(1_100_000));
        assert_eq!(parse_decimal("18446744073709.551615", 6), Some(u64::MAX));
        for wrong in ["", ".", "1.", ".5", "+1", "1e3", "1,5", "1.2.3", "18446744073709.551616", "٣", "1.0000001"] {
            assert_eq!(parse_decimal(wrong, 6), None, "{wrong}");
        }
    }

    #[test]
    fn shares_round_to_the_strict_side() {
        let share = Share::from_millionths(750_000).unwrap();
        assert_eq!((share.floor_of(10), share.ceil_of(10)), (7, 8));
        assert_eq!(Share::WHOLE.floor_of(u64::MAX), u64::MAX);
        assert_eq!(Share::from_millionths(10_000_000).unwrap().ceil_of(u64::MAX), u64::MAX);
        assert_eq!(Share::from_millionths(0), None);
        assert_eq!(share.to_string(), "75%");
    }
}
