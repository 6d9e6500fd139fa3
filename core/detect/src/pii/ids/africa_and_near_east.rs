//! Africa, the Near East and Central Asia.

use super::Rule;
use super::Trust::{Context, Good, Strong, Weak};
use crate::pii::checks::{digit_at, is_date, is_repeated, is_yymmdd, luhn, number, weighted};

pub(super) const RULES: &[Rule] = &[
    Rule::new("za_id", "Department of Home Affairs: birth date, citizenship 0 to 2, Luhn", Strong)
        .masks(&["#############", "######-####-###", "######-####-##-#"])
        .check(|id| is_yymmdd(id, 0) && matches!(id.get(10), Some(b'0'..=b'2')) && luhn(id))
        .words(&["south african id", "rsa id", "id number", "identity number", "identiteitsnommer"]),
    Rule::new("ng_nin", "NIMC: eleven digits", Context).masks(&["###########", "####-###-####"]).words(&[
        "nin",
        "national identification",
        "nimc",
        "nigeria",
    ]),
    Rule::new("ng_bvn", "CBN: eleven digits from 22", Context)
        .masks(&["22#########"])
        .words(&["bvn", "bank verification"]),
    Rule::new("ke_id", "National Registration Bureau: seven or eight digits", Context)
        .masks(&["########", "#######"])
        .words(&["huduma", "kenyan id", "maisha", "kitambulisho"]),
    Rule::new("eg_id", "Civil Status: century, birth date, governorate", Good)
        .masks(&["##############"])
        .check(|id| {
            matches!(id.first(), Some(b'2' | b'3'))
                && is_yymmdd(id, 1)
                && matches!(number(id, 7, 9), Some(1..=4 | 11..=19 | 21..=29 | 31..=35 | 88))
        })
        .words(&["الرقم القومي", "egyptian id", "national id"]),
    Rule::new("tr_id", "NVI: two check digits over odd and even places", Strong)
        .masks(&["###########"])
        .check(|id| {
            let at = |place| digit_at(id, place).unwrap_or(0);
            let odd = at(0) + at(2) + at(4) + at(6) + at(8);
            let even = at(1) + at(3) + at(5) + at(7);
            let first = (odd * 7 + 100 - even) % 10;
            id.first() != Some(&b'0') && at(9) == first && at(10) == (odd + even + first) % 10
        })
        .words(&["tc kimlik", "t.c. kimlik", "kimlik no", "tckn", "kimlik"]),
    Rule::new("il_id", "Population Authority: nine digits, Luhn", Weak)
        .masks(&["#########", "########-#"])
        .check(|id| luhn(id) && !is_repeated(id))
        .words(&["teudat zehut", "תעודת זהות", "israeli id", "ת.ז"]),
    Rule::new("ae_id", "ICP: 784, year of birth, serial, Luhn", Strong)
        .masks(&["784-####-#######-#", "784############"])
        .check(|id| luhn(id) && matches!(number(id, 3, 7), Some(1900..=2050)))
        .words(&["emirates id", "هوية", "uae id"]),
    Rule::new("sa_id", "NIC: 1 for citizens, 2 for residents, Luhn", Weak)
        .masks(&["##########"])
        .check(|id| matches!(id.first(), Some(b'1' | b'2')) && luhn(id) && !is_repeated(id))
        .words(&["iqama", "saudi id", "national id", "الهوية", "هوية"]),
    Rule::new("kw_civil_id", "PACI: century, birth date, weights 2 1 6 3 7 9 10 5 8 4 2, mod 11", Good)
        .masks(&["############"])
        .check(|id| {
            matches!(id.first(), Some(b'2' | b'3'))
                && is_yymmdd(id, 1)
                && weighted(id, &[2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
                    .is_some_and(|sum| digit_at(id, 11) == Some(11 - sum % 11))
        })
        .words(&["civil id", "kuwait", "البطاقة المدنية"]),
    Rule::new("kz_iin", "Ministry of Justice: birth date, century and sex, mod 11 in two rounds", Good)
        .masks(&["############"])
        .check(|id| {
            let first = weighted(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]).map(|sum| sum % 11);
            let check = match first {
                Some(10) => {
                    weighted(id, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]).map(|sum| sum % 11).filter(|check| *check < 10)
                }
                other => other,
            };
            let (month, day) = (number(id, 2, 4).unwrap_or(0), number(id, 4, 6).unwrap_or(0));
            is_date(0, month, day)
                && matches!(id.get(6), Some(b'1'..=b'6'))
                && check.is_some()
                && check == digit_at(id, 11)
        })
        .words(&["иин", "iin", "жсн"]),
    Rule::new("tr_vehicle", "Karayolları: province 01 to 81, letters, digits", Context)
        .masks(&["##-@-####", "##-@@-###", "##-@@-####", "##-@@@-##", "##-@@@-###"])
        .check(|id| matches!(number(id, 0, 2), Some(1..=81)))
        .words(&["plaka", "plate", "araç"])
        .off(),
];
