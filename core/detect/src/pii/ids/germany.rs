//! Germany.

use super::Rule;
use super::Trust::{Context, Good, Strong, Weak};
use crate::pii::checks::{digit, digit_at, icao, is_ddmmyy, is_repeated, mod11_10, number, weighted};

pub(super) const RULES: &[Rule] = &[
    Rule::new("de_tax_id", "§ 139b AO: ISO 7064 MOD 11,10; one digit occurs twice or three times", Good)
        .masks(&["##-###-###-###", "###########"])
        .check(tax_id)
        .words(&[
            "steuer-id",
            "steuerid",
            "steueridentifikationsnummer",
            "idnr",
            "identifikationsnummer",
            "tax id",
            "tin",
            "steuernummer",
            "steuer-idnr",
            "steuer id",
        ]),
    Rule::new("de_tax_number", "AO, forms of the states: no common checksum", Context)
        .masks(&[
            "##-###-#####",
            "###-###-#####",
            "###-####-####",
            "#####-#####",
            "##-###-####",
            "#############",
            "##-###-###-###",
        ])
        .words(&["steuernummer", "st.-nr", "st-nr", "steuernr", "stnr", "finanzamt", "tax number"]),
    Rule::new(
        "de_id_card",
        "PAuswV; ICAO 9303 check digit after nine characters of CFGHJKLMNPRTVWXYZ and digits",
        Good,
    )
    .masks(&["@********", "@********#"])
    .check(document)
    .named_check(|id| {
        id.first().is_some_and(|byte| b"LMNPRTVWXYCFGHJK".contains(byte))
            && id.iter().filter(|byte| byte.is_ascii_digit()).count() >= 4
    })
    .words(&[
        "personalausweis",
        "ausweis",
        "ausweisnummer",
        "ausweisnr",
        "id card",
        "perso",
        "identity card",
        "reisepass",
        "passport",
        "pass",
    ]),
    Rule::new("de_pension_number", "§ 147 SGB VI: area, birth date, letter, serial, check digit", Strong)
        .masks(&["########@###", "##-######-@-###", "##-######-@-##-#"])
        .check(pension)
        .words(&[
            "rentenversicherung",
            "sozialversicherungsnummer",
            "sv-nummer",
            "rvnr",
            "versicherungsnummer",
            "social security",
        ]),
    Rule::new(
        "de_health_insurance",
        "§ 290 SGB V: a letter, eight digits and Luhn's check digit with the letter's number in front",
        Good,
    )
    .masks(&["@#########", "@###-###-###"])
    .check(health)
    .words(&[
        "krankenversicherung",
        "krankenversichertennummer",
        "kvnr",
        "versichertennummer",
        "krankenkasse",
        "gesundheitskarte",
        "versicherten",
    ]),
    Rule::new("de_lanr", "KBV: lifelong physician number, weights 4 and 9 over six digits", Weak)
        .masks(&["#########"])
        .check(lanr)
        .words(&["lanr", "arztnummer", "arzt", "arztnr"]),
    Rule::new("de_bsnr", "KBV: practice number of nine digits", Context)
        .masks(&["#########"])
        .check(|id| !is_repeated(id) && !matches!(number(id, 0, 2), Some(0)))
        .words(&["bsnr", "betriebsstattennummer", "betriebsstätte", "betriebsstatte", "praxis"]),
    Rule::new(
        "de_driving_licence",
        "FeV, annex 8: authority (a letter and three characters), number, check character, issue",
        Weak,
    )
    .masks(&["@@########@", "@**######**", "@@########*"])
    .check(|id| {
        id.iter().filter(|byte| byte.is_ascii_digit()).count() >= 7
            && id.get(1).is_some_and(|byte| byte.is_ascii_alphanumeric())
            && id.last().is_some_and(u8::is_ascii_uppercase)
    })
    .words(&["führerschein", "führerscheinnummer", "fahrerlaubnis", "driving licence", "driver license"]),
    Rule::new("de_commercial_register", "HRV: HRA, HRB, GnR, PR, VR and up to six digits", Strong)
        .masks(&["HRA-######", "HRB-######", "HRA-#####", "HRB-#####", "HRA-####", "HRB-####"])
        .words(&["handelsregister", "amtsgericht", "registergericht"]),
];

fn tax_id(id: &[u8]) -> bool {
    let mut counts = [0u8; 10];
    for byte in id.iter().take(10) {
        let Some(count) = digit(*byte).and_then(|digit| counts.get_mut(digit as usize)) else { return false };
        *count += 1;
    }
    // The rule of repetition: exactly one digit occurs twice or three times. Old sample numbers have ten different digits or nine.
    let most = counts.into_iter().max().unwrap_or(0);
    id.first() != Some(&b'0') && most <= 3 && mod11_10(id)
}

fn document(id: &[u8]) -> bool {
    let letters = |byte: &u8| byte.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(byte);
    let serial = id.get(..9).unwrap_or_default();
    let starts = serial.first().is_some_and(|byte| b"LMNPRTVWXYCFGHJK".contains(byte));
    let digits = serial.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_checked = match id.len() {
        10 => icao(serial) == digit_at(id, 9),
        // Nine characters as printed: the last one may be the check digit of the eight before.
        _ => digit_at(id, 8).is_some() && icao(id.get(..8).unwrap_or_default()) == digit_at(id, 8),
    };
    starts && digits >= 3 && serial.iter().all(letters) && is_checked
}

fn pension(id: &[u8]) -> bool {
    let Some(letter) = id.get(8).filter(|byte| byte.is_ascii_uppercase()) else { return false };
    let letter = u32::from(letter - b'A') + 1;
    // The letter becomes its place in the alphabet, two digits; digit sums of the products are added up.
    let mut sum = 0;
    let body = id.iter().take(8).chain(id.get(9..11).unwrap_or_default()).map(|byte| digit(*byte));
    let Some(values) = body.collect::<Option<smallvec::SmallVec<[u32; 10]>>>() else { return false };
    let (head, tail) = values.split_at(8.min(values.len()));
    let all = head.iter().copied().chain([letter / 10, letter % 10]).chain(tail.iter().copied());
    for (value, weight) in all.zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]) {
        sum += value * weight / 10 + value * weight % 10;
    }
    // Persons whose date was not known have a day above 31.
    let dated = is_ddmmyy(id, 2) || number(id, 2, 4).is_some_and(|day| day > 31);
    dated && digit_at(id, 11) == Some(sum % 10)
}

fn health(id: &[u8]) -> bool {
    let Some(letter) = id.first().filter(|byte| byte.is_ascii_uppercase()) else { return false };
    let value = u32::from(letter - b'A') + 1;
    let Some(digits) = id.get(1..9).and_then(crate::pii::checks::digits) else { return false };
    let sum: u32 = [value / 10, value % 10]
        .into_iter()
        .chain(digits)
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| digit * weight / 10 + digit * weight % 10)
        .sum();
    digit_at(id, 9) == Some(sum % 10)
}

fn lanr(id: &[u8]) -> bool {
    let Some(sum) = weighted(id, &[4, 9, 4, 9, 4, 9]) else { return false };
    digit_at(id, 6) == Some((10 - sum % 10) % 10) && !is_repeated(id)
}
