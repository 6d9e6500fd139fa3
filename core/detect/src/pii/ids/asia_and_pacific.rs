//! Asia and the Pacific.

use super::Rule;
use super::Trust::{Context, Good, Grouped, Strong, Weak};
use crate::pii::checks::{
    digit_at, is_date, is_repeated, is_sequence, is_yymmdd, is_yyyymmdd, number, verhoeff, weighted,
};

pub(super) const RULES: &[Rule] = &[
    Rule::new("au_tfn", "ATO: weights 1 4 3 7 5 8 6 9 10, mod 11", Weak)
        .masks(&["###-###-###"])
        .check(|id| {
            weighted(id, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_some_and(|sum| sum > 0 && sum % 11 == 0) && !is_repeated(id)
        })
        .words(&["tfn", "tax file", "tax file number"]),
    Rule::new("au_abn", "ABR: first digit less one, weights 10 1 3 5 7 9 11 13 15 17 19, mod 89", Good)
        .masks(&["##-###-###-###"])
        .check(|id| {
            weighted(id, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]).is_some_and(|sum| sum >= 10 && (sum - 10) % 89 == 0)
                && id.first() != Some(&b'0')
        })
        .words(&["abn", "australian business"]),
    Rule::new("au_acn", "ASIC: weights 8 to 1, mod 10", Weak)
        .masks(&["###-###-###"])
        .check(|id| {
            weighted(id, &[8, 7, 6, 5, 4, 3, 2, 1])
                .is_some_and(|sum| sum > 0 && digit_at(id, 8) == Some((10 - sum % 10) % 10))
                && !is_repeated(id)
        })
        .words(&["acn", "company number", "australian company"]),
    Rule::new("au_medicare", "Services Australia: first digit 2 to 6, weights 1 3 7 9, check digit ninth", Weak)
        .masks(&["####-#####-#"])
        .check(|id| {
            matches!(id.first(), Some(b'2'..=b'6'))
                && weighted(id, &[1, 3, 7, 9, 1, 3, 7, 9]).is_some_and(|sum| digit_at(id, 8) == Some(sum % 10))
        })
        .words(&["medicare", "medicare number", "medicare card"]),
    Rule::new("nz_ird", "Inland Revenue: weights 3 2 7 6 5 4 3 2, then 7 4 3 2 5 2 7 6", Weak)
        .masks(&["###-###-###", "##-###-###"])
        .check(ird)
        .words(&["ird", "inland revenue", "ird number"]),
    Rule::new("cn_resident_id", "GB 11643: region, birth date, serial, ISO 7064 MOD 11-2", Strong)
        .masks(&["#################*"])
        .check(resident)
        .words(&["身份证", "身份證", "公民身份", "resident id", "id number"]),
    Rule::new("hk_id", "Immigration Department: one or two letters, six digits, check character mod 11", Good)
        .masks(&["@######*", "@@######*"])
        .check(hkid)
        .words(&["hkid", "hong kong id", "身份證", "identity card"]),
    Rule::new("tw_id", "MOI: letter, sex, eight digits, mod 10", Good).masks(&["@#########"]).check(taiwan).words(&[
        "身分證",
        "national id",
        "taiwan",
        "統一編號",
    ]),
    Rule::new("jp_my_number", "MIC ordinance 85/2014: weights 6 5 4 3 2 7 6 5 4 3 2, mod 11", Weak)
        .masks(&["####-####-####"])
        .check(|id| {
            weighted(id, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
                .is_some_and(|sum| digit_at(id, 11) == Some(if sum % 11 <= 1 { 0 } else { 11 - sum % 11 }))
                && !is_repeated(id)
        })
        .words(&["マイナンバー", "個人番号", "my number", "individual number"]),
    Rule::new("jp_passport", "two letters and seven digits", Context).masks(&["@@#######"]).words(&[
        "パスポート",
        "旅券",
        "passport",
    ]),
    Rule::new(
        "kr_rrn",
        "MOIS: birth date, sex and century 1-4 (9, 0), mod 11 for numbers issued before October 2020",
        Good,
    )
    .masks(&["######-#######"])
    .check(|id| is_yymmdd(id, 0) && matches!(id.get(6), Some(b'0'..=b'4' | b'9')) && korean(id))
    .named_check(|id| is_yymmdd(id, 0) && matches!(id.get(6), Some(b'0'..=b'4' | b'9')))
    .words(&["주민등록번호", "주민번호", "rrn", "resident registration"]),
    Rule::new(
        "kr_frn",
        "MOJ: birth date, 5 to 8 in the seventh place; numbers issued since October 2020 have no checksum",
        Weak,
    )
    .masks(&["######-#######"])
    .check(|id| is_yymmdd(id, 0) && matches!(id.get(6), Some(b'5'..=b'8')))
    .words(&["외국인등록번호", "frn", "foreigner registration", "alien registration"]),
    Rule::new("kr_brn", "NTS: weights 1 3 7 1 3 7 1 3 5", Weak)
        .masks(&["###-##-#####"])
        .check(|id| {
            let Some(sum) = weighted(id, &[1, 3, 7, 1, 3, 7, 1, 3, 5]) else { return false };
            let carry = digit_at(id, 8).unwrap_or(0) * 5 / 10;
            digit_at(id, 9) == Some((10 - (sum + carry) % 10) % 10) && !is_repeated(id)
        })
        .words(&["사업자등록번호", "사업자", "brn", "business registration"]),
    Rule::new("kr_passport", "MOFA: M, S, R, O or D, three digits, letter, four digits; or eight digits", Context)
        .masks(&["@###@####", "@########"])
        .check(|id| id.first().is_some_and(|byte| b"MSRODG".contains(byte)))
        .words(&["여권", "여권번호", "passport"]),
    Rule::new("kr_driver_license", "KNPA: region 11 to 28, year, number, check", Grouped)
        .masks(&["##-##-######-##"])
        .check(|id| matches!(number(id, 0, 2), Some(11..=26 | 28)))
        .words(&["운전면허", "운전면허번호", "driver license", "driver's license"]),
    Rule::new("sg_nric", "ICA: S, T, F, G, M; weights 2 7 6 5 4 3 2, mod 11", Strong)
        .masks(&["@#######@"])
        .check(nric)
        .words(&["nric", "fin", "singapore"]),
    Rule::new("sg_uen", "ACRA: nine or ten characters of three forms, check letter mod 11", Good)
        .masks(&["#########@", "########@", "@##@@####@"])
        .check(uen)
        .words(&["uen", "unique entity", "acra"]),
    Rule::new("th_id", "DOPA: weights 13 to 2, mod 11", Good)
        .masks(&["#############", "#-####-#####-##-#"])
        .check(|id| {
            matches!(id.first(), Some(b'1'..=b'8'))
                && weighted(id, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
                    .is_some_and(|sum| digit_at(id, 12) == Some((11 - sum % 11) % 10))
        })
        .words(&["เลขประจำตัวประชาชน", "บัตรประชาชน", "thai id", "thai national id", "national id", "tnin"]),
    Rule::new("my_nric", "JPN: birth date, place of birth, serial", Grouped)
        .masks(&["######-##-####"])
        .check(|id| {
            is_yymmdd(id, 0)
                && matches!(number(id, 6, 8), Some(1..=16 | 21..=68 | 71 | 72 | 74..=79 | 82..=93 | 98 | 99))
        })
        .words(&["mykad", "ic", "nric", "kad pengenalan", "no. kp"]),
    Rule::new("id_nik", "Dukcapil: region, birth date (+40 for women), serial", Weak)
        .masks(&["################"])
        .check(|id| {
            let day = number(id, 6, 8).unwrap_or(0);
            let day = if day > 40 { day - 40 } else { day };
            matches!(number(id, 0, 2), Some(11..=21 | 31..=36 | 51..=53 | 61..=65 | 71..=76 | 81 | 82 | 91..=96))
                && is_date(0, number(id, 8, 10).unwrap_or(0), day)
                && number(id, 12, 16) != Some(0)
        })
        .words(&["nik", "ktp", "kartu tanda penduduk", "nomor induk"]),
    Rule::new("vn_cccd", "Circular 07/2016/TT-BCA: province, century and sex, year, six digits", Context)
        .masks(&["############", "#########"])
        .words(&["cccd", "cmnd", "can cuoc", "căn cước", "chung minh"]),
    Rule::new("ph_tin", "BIR: nine digits and a branch code", Context)
        .masks(&["###-###-###-###", "###-###-###", "###-###-###-#####", "#########", "############"])
        .words(&["tin", "taxpayer", "bir", "id"]),
    Rule::new("pk_cnic", "NADRA: region, family, sex", Grouped)
        .masks(&["#####-#######-#"])
        .check(|id| {
            matches!(id.first(), Some(b'1'..=b'8'))
                && !is_repeated(id)
                && id.len() == 13
                && number(id, 5, 12) != Some(0)
                && id.last() != Some(&b'0')
        })
        .words(&["cnic", "nadra", "شناختی کارڈ", "identity card"]),
    Rule::new("in_aadhaar", "UIDAI: twelve digits, first 2 to 9, Verhoeff", Weak)
        .masks(&["####-####-####"])
        .check(|id| matches!(id.first(), Some(b'2'..=b'9')) && verhoeff(id) && !is_repeated(id))
        .words(&["aadhaar", "aadhar", "uidai", "uid", "आधार"]),
    Rule::new("in_pan", "ITD: five letters (fourth by status), four digits, a letter", Strong)
        .masks(&["@@@@@####@"])
        .check(|id| id.get(3).is_some_and(|byte| b"ABCFGHJLPT".contains(byte)))
        .words(&["pan", "permanent account", "income tax"]),
    Rule::new("in_gstin", "GSTN: state, PAN, entity, Z, check character", Strong)
        .masks(&["##@@@@@####@*Z*"])
        .check(|id| matches!(number(id, 0, 2), Some(1..=37 | 97 | 99)) && id.get(12) != Some(&b'0'))
        .words(&["gstin", "gst"]),
    Rule::new("in_voter_id", "ECI: three letters and seven digits", Weak)
        .masks(&["@@@#######"])
        .check(|id| id.get(3..).is_some_and(|digits| !is_repeated(digits) && !is_sequence(digits)))
        .words(&["voter", "epic", "election", "vote", "elector"]),
    Rule::new("in_passport", "MEA: a letter and seven digits", Context)
        .masks(&["@#######", "@##-#####"])
        .words(&["passport", "indian passport"]),
    Rule::new("in_vehicle", "MoRTH: state, district, series, number", Weak)
        .masks(&["@@##@@####", "@@-##-@@-####", "@@#@@@####", "@@##@####", "@@-##-@-####"])
        .check(|id| id.get(..2).is_some_and(|state| INDIAN_STATES.chunks_exact(2).any(|known| known == state)))
        .words(&["vehicle", "registration", "number plate", "car"]),
];

const INDIAN_STATES: &[u8] = b"ANAPARASBRCHCGDDDLGAGJHRHPJKJHKAKLLALDMPMHMNMLMZNLODORPYPBRJSKTNTSTRUPUKWB";

fn ird(id: &[u8]) -> bool {
    let padded: smallvec::SmallVec<[u8; 9]> =
        std::iter::repeat_n(b'0', 9 - id.len().min(9)).chain(id.iter().copied()).collect();
    let check = |weights: &[u32]| weighted(&padded, weights).map(|sum| (11 - sum % 11) % 11);
    let check = match check(&[3, 2, 7, 6, 5, 4, 3, 2]) {
        Some(10) => check(&[7, 4, 3, 2, 5, 2, 7, 6]),
        other => other,
    };
    matches!(number(&padded, 0, 9), Some(10_000_000..=150_000_000)) && check == digit_at(&padded, 8)
}

fn resident(id: &[u8]) -> bool {
    let Some(sum) = weighted(id, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) else { return false };
    let region = number(id, 0, 2).unwrap_or(0);
    is_yyyymmdd(id, 6)
        && matches!(region, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
        && b"10X98765432".get(sum as usize % 11) == id.last()
}

fn hkid(id: &[u8]) -> bool {
    let letters = if id.len() == 9 { 2 } else { 1 };
    let Some((check, body)) = id.split_last() else { return false };
    let value =
        |byte: u8| if byte.is_ascii_digit() { u32::from(byte - b'0') } else { u32::from(byte.wrapping_sub(b'A')) + 10 };
    // One letter has a blank in front, which counts as 36.
    let lead = if letters == 1 { 36 * 9 } else { 0 };
    let sum: u32 = lead + body.iter().rev().zip(2..).map(|(byte, weight)| value(*byte) * weight).sum::<u32>();
    *check
        == match 11 - sum % 11 {
            11 => b'0',
            10 => b'A',
            other => b'0' + u8::try_from(other).unwrap_or(0),
        }
}

fn taiwan(id: &[u8]) -> bool {
    let Some(letter) = id.first() else { return false };
    // Areas in the order in which their numbers 10 to 35 were given.
    let Some(area) = b"ABCDEFGHJKLMNPQRSTUVXYWZIO".iter().position(|known| known == letter) else { return false };
    let area = u32::try_from(area).unwrap_or(0) + 10;
    let sum = weighted(id.get(1..).unwrap_or_default(), &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    matches!(id.get(1), Some(b'1' | b'2' | b'8' | b'9'))
        && sum.is_some_and(|sum| (area / 10 + area % 10 * 9 + sum) % 10 == 0)
}

/// Numbers issued since October 2020 are random behind the seventh digit: these count beside a word that names them.
fn korean(id: &[u8]) -> bool {
    let Some(sum) = weighted(id, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) else { return false };
    digit_at(id, 12) == Some((11 - sum % 11) % 10)
}

fn nric(id: &[u8]) -> bool {
    let Some(sum) = weighted(id.get(1..).unwrap_or_default(), &[2, 7, 6, 5, 4, 3, 2]) else { return false };
    let (offset, letters): (u32, &[u8]) = match id.first() {
        Some(b'S') => (0, b"JZIHGFEDCBA"),
        Some(b'T') => (4, b"JZIHGFEDCBA"),
        Some(b'F') => (0, b"XWUTRQPNMLK"),
        Some(b'G') => (4, b"XWUTRQPNMLK"),
        Some(b'M') => return id.last().is_some_and(|last| b"KLJNPQRTUWX".get((sum as usize + 3) % 11) == Some(last)),
        _ => return false,
    };
    letters.get((sum + offset) as usize % 11) == id.last()
}

fn uen(id: &[u8]) -> bool {
    const OTHERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWX0123456789";
    let (sum, letters): (Option<u32>, &[u8]) = match id.len() {
        9 => (weighted(id, &[10, 4, 9, 3, 8, 2, 7, 1]), b"XMKECAWLJDB"),
        _ if id.first().is_some_and(u8::is_ascii_digit) => {
            if !matches!(number(id, 0, 4), Some(1850..=2050)) {
                return false;
            }
            (weighted(id, &[10, 8, 6, 4, 9, 7, 5, 3, 1]), b"ZKCMDNERGWH")
        }
        _ => {
            let place =
                |byte: &u8| OTHERS.iter().position(|known| known == byte).and_then(|place| u32::try_from(place).ok());
            let products =
                id.iter().zip([4, 3, 5, 3, 10, 2, 2, 5, 7]).map(|(byte, weight)| Some(place(byte)? * weight));
            let sum = products.sum::<Option<u32>>().map(|sum| sum + 11 - 5);
            if !matches!(id.first(), Some(b'R' | b'S' | b'T')) {
                return false;
            }
            (sum, OTHERS)
        }
    };
    sum.is_some_and(|sum| letters.get(sum as usize % 11) == id.last())
}
