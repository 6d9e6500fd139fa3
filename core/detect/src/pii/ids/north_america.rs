//! The United States and Canada.

use super::Rule;
use super::Trust::{Context, Good, Grouped, Strong, Weak};
use crate::pii::checks::{digit_at, is_repeated, is_sequence, luhn, number, weighted};

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "us_ssn",
        "SSA, 20 CFR 422.103; areas 000, 666 and 9xx, group 00 and serial 0000 are not issued",
        Grouped,
    )
    .masks(&["###-##-####"])
    .check(ssn)
    .words(&["ssn", "ssns", "social security", "social security number", "ss#", "ssid", "soc sec", "social"]),
    Rule::new("us_itin", "IRS Publication 1915: 9xx, groups 50-65, 70-88, 90-92, 94-99", Weak)
        .masks(&["###-##-####"])
        .check(itin)
        .words(&["itin", "individual taxpayer", "taxpayer", "tax id", "tin"]),
    Rule::new("us_ein", "IRS: two digits of a campus prefix and seven more", Context)
        .masks(&["##-#######"])
        .check(|id| !is_repeated(id))
        .words(&["ein", "fein", "employer identification", "federal tax id", "employer id"]),
    Rule::new("us_aba_routing", "ABA: weights 3, 7, 1 and the prefixes of the Federal Reserve districts", Weak)
        .masks(&["####-####-#"])
        .check(aba)
        .words(&["aba", "routing", "routing number", "rtn", "transit", "bank"]),
    Rule::new("us_npi", "CMS, 45 CFR 162.406: Luhn with the prefix 80840, first digit 1 or 2", Weak)
        .masks(&["##########", "####-###-###"])
        .check(npi)
        .words(&["npi", "provider", "national provider", "prescriber", "physician", "nppes"]),
    Rule::new("us_dea", "DEA, 21 CFR 1301: two letters, six digits and their check digit", Good)
        .masks(&["@@#######", "@9#######"])
        .check(dea)
        .words(&["dea", "certificate", "registration", "medical", "license", "prescriber"]),
    Rule::new("us_mbi", "CMS: Medicare Beneficiary Identifier format, no S, L, O, I, B, Z", Strong)
        .masks(&["#@*#-@*#-@@##"])
        .check(mbi)
        .words(&["mbi", "medicare", "beneficiary"]),
    Rule::new("us_passport", "Department of State: nine digits, or a letter and eight digits", Context)
        .masks(&["#########", "@########"])
        .words(&["passport", "passports", "passport number", "passport#", "travel document", "us passport"]),
    Rule::new("us_driver_license", "AAMVA: forms of the states, many of them plain digits", Context)
        .masks(&[
            "@#######",
            "@########",
            "@###-####-####",
            "@############",
            "#######",
            "########",
            "#########",
            "@@######",
            "@###-##-####",
            "@##-##-####",
            "@####-#####-#####",
        ])
        .words(&[
            "driver license",
            "driver's license",
            "drivers license",
            "driver licence",
            "driver's licence",
            "driving license",
            "dl number",
            "dl#",
            "dln",
            "dl",
        ]),
    Rule::new("us_bank_account", "no standard: 6 to 17 digits beside words that name an account", Context)
        .masks(&[
            "##################",
            "####################",
            "#######################",
            "@@@@##############",
            "########",
            "#########",
            "##########",
            "###########",
            "############",
            "#############",
            "##############",
            "###############",
            "################",
            "#################",
        ])
        .words(&[
            "bank account",
            "account number",
            "account no",
            "acct",
            "checking account",
            "savings account",
            "debit",
            "account#",
            "acct#",
            "direct deposit",
        ]),
    Rule::new("medical_record_number", "no standard: 5 to 10 digits beside words that name a record", Context)
        .masks(&[
            "#####",
            "######",
            "#######",
            "########",
            "#########",
            "##########",
            "@######",
            "@@######",
            "@#######",
        ])
        .words(&[
            "mrn",
            "medical record",
            "medical record number",
            "patient id",
            "patient number",
            "record number",
            "chart number",
            "patientennummer",
            "health record",
        ]),
    Rule::new("ca_sin", "Service Canada: Luhn; 0 and 8 are not issued as first digits", Weak)
        .masks(&["###-###-###"])
        .check(|id| luhn(id) && !matches!(id.first(), Some(b'0' | b'8')) && !is_repeated(id))
        .words(&[
            "sin",
            "social insurance",
            "social insurance number",
            "numero d'assurance sociale",
            "nas",
            "assurance sociale",
        ]),
    Rule::new("ca_passport", "IRCC: two letters and six digits, or a letter, six digits and two letters", Context)
        .masks(&["@@######", "@######@@"])
        .words(&["passport", "passeport", "canadian passport"]),
    Rule::new("ca_health_card", "Ontario: Luhn over ten digits, with a version code", Context)
        .masks(&["####-###-###", "####-###-###-@@", "##########@@"])
        .check(|id| id.get(..10).is_some_and(luhn))
        .words(&["ohip", "health card", "health insurance", "carte sante"]),
];

fn ssn(id: &[u8]) -> bool {
    let (Some(area), Some(group), Some(serial)) = (number(id, 0, 3), number(id, 3, 5), number(id, 5, 9)) else {
        return false;
    };
    // Printed on sample cards and in a leaflet, and void since.
    let void = matches!(id, b"078051120" | b"219099999" | b"123456789" | b"987654321");
    area != 0 && area != 666 && area < 900 && group != 0 && serial != 0 && !void && !is_repeated(id)
}

fn itin(id: &[u8]) -> bool {
    let group = number(id, 3, 5).unwrap_or(0);
    id.first() == Some(&b'9') && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99) && !is_repeated(id)
}

fn aba(id: &[u8]) -> bool {
    let prefix = number(id, 0, 2).unwrap_or(99);
    matches!(prefix, 0..=12 | 21..=32 | 61..=72 | 80)
        && weighted(id, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_some_and(|sum| sum != 0 && sum % 10 == 0)
        && !is_sequence(id)
}

fn npi(id: &[u8]) -> bool {
    let mut full = *b"80840..........";
    let Some(tail) = full.get_mut(5..) else { return false };
    for (to, from) in tail.iter_mut().zip(id) {
        *to = *from;
    }
    matches!(id.first(), Some(b'1' | b'2')) && luhn(&full) && !is_repeated(id)
}

fn dea(id: &[u8]) -> bool {
    let Some(digits) = id.get(2..) else { return false };
    let sum = |places: [usize; 3]| places.into_iter().map(|place| digit_at(digits, place)).sum::<Option<u32>>();
    let (Some(odd), Some(even)) = (sum([0, 2, 4]), sum([1, 3, 5])) else { return false };
    id.first().is_some_and(|byte| b"ABCDEFGHJKLMPRSTUX".contains(byte))
        && digit_at(digits, 6) == Some((odd + 2 * even) % 10)
        && number(id, 2, 8) != Some(0)
}

fn mbi(id: &[u8]) -> bool {
    let letter = |byte: u8| byte.is_ascii_uppercase() && !b"SLOIBZ".contains(&byte);
    let either = |byte: u8| byte.is_ascii_digit() || letter(byte);
    match id {
        [a, b, c, d, e, f, g, h, i, _, _] => {
            (b'1'..=b'9').contains(a)
                && letter(*b)
                && either(*c)
                && d.is_ascii_digit()
                && letter(*e)
                && either(*f)
                && g.is_ascii_digit()
                && letter(*h)
                && letter(*i)
        }
        _ => false,
    }
}
