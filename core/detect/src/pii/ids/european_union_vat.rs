//! VAT identification numbers of the European Union.

use super::Rule;
use super::Trust::Strong;
use crate::pii::checks::{digit_at, is_repeated, luhn, mod11_10, number, weighted};

pub(super) const RULES: &[Rule] = &[Rule::new(
    "eu_vat",
    "Council Directive 2006/112/EC, art. 215; forms of VIES; checksums of BE, DE, FR, IT, NL, PL, PT where they are known",
    Strong,
)
.masks(&[
    "ATU########", "ATU-########", "BE0###-###-###", "BE##########", "BE-0###-###-###", "BG#########", "BG##########", "CY########@", "CZ########",
    "CZ#########", "CZ##########", "DE#########", "DE-#########", "DE-###-###-###", "DK########", "EE#########", "EL#########", "ES@########", "ES@#######@",
    "ES########@", "FI########", "FR###########", "FR-##-###-###-###", "FR##-#########", "HR###########", "HU########", "IE#######@",
    "IE#######@@", "IT###########", "LT#########", "LT############", "LU########", "LV###########", "MT########", "NL#########B##",
    "PL##########", "PT#########", "RO##########", "SE##########01", "SI########", "SK##########", "XI#########",
])
.check(vat)
.words(&["vat", "ust-id", "ust-idnr", "ustid", "umsatzsteuer", "tva", "iva", "btw", "moms", "vat id", "vat number", "intracommunautaire", "mwst"])];

fn vat(id: &[u8]) -> bool {
    let Some((country, body)) = id.split_at_checked(2) else { return false };
    if is_repeated(body) {
        return false;
    }
    match country {
        // Old sample numbers of the tax office fail the check: DE999999999 and its kin are all repeated.
        b"DE" => {
            body.first() != Some(&b'0')
                && (mod11_10(body) || number(body, 0, 9).is_some_and(|value| value > 100_000_000))
        }
        b"BE" => match (number(body, 0, 8), number(body, 8, 10)) {
            (Some(head), Some(check)) => 97 - head % 97 == check,
            _ => false,
        },
        b"FR" => match (number(body, 0, 2), number(body, 2, 11)) {
            (Some(key), Some(siren)) => (12 + 3 * (siren % 97)) % 97 == key,
            _ => false,
        },
        b"IT" => luhn(body),
        b"HR" => mod11_10(body),
        b"PL" => weighted(body, &[6, 5, 7, 2, 3, 4, 5, 6, 7]).is_some_and(|sum| digit_at(body, 9) == Some(sum % 11)),
        b"PT" => weighted(body, &[9, 8, 7, 6, 5, 4, 3, 2])
            .is_some_and(|sum| digit_at(body, 8) == Some(if sum % 11 < 2 { 0 } else { 11 - sum % 11 })),
        b"DK" => weighted(body, &[2, 7, 6, 5, 4, 3, 2, 1]).is_some_and(|sum| sum % 11 == 0),
        b"LU" => match (number(body, 0, 6), number(body, 6, 8)) {
            (Some(head), Some(check)) => head % 89 == check,
            _ => false,
        },
        b"SE" => body.get(..10).is_some_and(luhn),
        _ => true,
    }
}
