//! Europe without Germany.

use super::Rule;
use super::Trust::{Context, Good, Strong, Weak};
use crate::pii::checks::{
    digit, digit_at, digits, is_date, is_ddmmyy, is_repeated, is_sequence, is_yymmdd, is_yyyymmdd, luhn, mod11_10,
    number, verhoeff, weighted,
};

pub(super) const RULES: &[Rule] = &[
    Rule::new("uk_nhs", "NHS Data Dictionary: mod 11 over ten digits", Weak)
        .masks(&["###-###-####"])
        .check(|id| weighted(id, &[10, 9, 8, 7, 6, 5, 4, 3, 2]).is_some_and(|sum| digit_at(id, 9) == Some((11 - sum % 11) % 11)) && !is_repeated(id))
        .words(&["nhs", "nhs number", "national health", "patient"]),
    Rule::new("uk_nino", "HMRC NIM39110: prefixes without D F I Q U V, no O second, no BG GB KN NK NT TN ZZ; suffix A to D", Strong)
        .masks(&["@@-##-##-##-@", "@@######-@", "@@-######-@"])
        .check(nino)
        .words(&["national insurance", "nino", "ni number", "insurance number"]),
    Rule::new("uk_utr", "HMRC: ten digits, the first one checks the others (mod 11)", Context)
        .masks(&["#####-#####", "##########"])
        .words(&["utr", "unique taxpayer", "taxpayer reference"]),
    Rule::new("uk_driving_licence", "DVLA: surname, decade, birth date, initials, check characters", Strong)
        .masks(&["@****######@****", "@****######9****"])
        .check(uk_driver)
        .words(&["driving licence", "driver licence", "dvla", "licence"]),
    Rule::new("uk_passport", "HMPO: nine digits", Context).masks(&["#########"]).words(&["passport", "passport number"]),
    Rule::new("uk_vehicle", "DVLA, current and prefix forms", Context)
        .masks(&["@@##-@@@", "@#-@@@", "@##-@@@", "@###-@@@"])
        .words(&["registration", "vehicle", "number plate", "reg", "car", "licence plate", "license plate"])
        .off(),
    Rule::new("ie_pps", "Revenue: seven digits, check letter mod 23, second letter A, B or W", Strong)
        .masks(&["#######@", "#######@@"])
        .check(pps)
        .words(&["pps", "ppsn", "personal public service"]),
    Rule::new("fr_nir", "INSEE: sex, birth, department (2A, 2B), order, key 97", Strong)
        .masks(&["#-##-##-##-###-###-##", "#############-##", "#-##-##-2@-###-###-##", "#####2@######-##", "#####2@########"])
        .check(nir)
        .words(&["nir", "securite sociale", "sécurité sociale", "numero de securite sociale", "insee", "carte vitale"]),
    Rule::new("fr_siret", "INSEE: fourteen digits, Luhn", Good)
        .masks(&["###-###-###-#####"])
        .check(|id| luhn(id) && !is_repeated(id) && number(id, 0, 9) != Some(0))
        .words(&["siret", "siren", "entreprise"]),
    Rule::new("fr_siren", "INSEE: nine digits, Luhn", Context)
        .masks(&["###-###-###"])
        .check(|id| luhn(id) && !is_repeated(id))
        .words(&["siren", "rcs", "entreprise"]),
    Rule::new("fr_id_card", "ANTS: twelve digits, or nine letters and digits since 2021", Context)
        .masks(&["############", "@********"])
        .words(&["carte d'identite", "carte nationale", "cni", "piece d'identite"]),
    Rule::new("es_nif", "RD 1065/2007: eight digits, letter mod 23", Strong)
        .masks(&["########-@", "#######-@", "##-###-###-@"])
        .check(|id| id.split_last().is_some_and(|(letter, body)| spanish_letter(body) == Some(*letter) && number(body, 0, body.len()) != Some(0)))
        .words(&["dni", "nif", "documento nacional"]),
    Rule::new("es_nie", "RD 557/2011: X, Y or Z, seven digits, letter mod 23", Strong)
        .masks(&["@-#######-@", "@#######-@"])
        .check(nie)
        .words(&["nie", "extranjero"]),
    Rule::new("es_cif", "Orden EHA/451/2008: letter, seven digits, check digit or letter", Good)
        .masks(&["@#######*", "@-#######*", "@-########"])
        .check(cif)
        .words(&["cif", "nif", "empresa"]),
    Rule::new("es_nss", "TGSS: province, number, two digits mod 97", Good)
        .masks(&["##-########-##", "############"])
        .check(|id| match (number(id, 0, 2), number(id, 2, 10), number(id, 10, 12)) {
            (Some(province), Some(serial), Some(check)) => {
                let full = if serial < 10_000_000 { serial + province * 10_000_000 } else { province * 100_000_000 + serial };
                (1..=66).contains(&province) && full % 97 == check
            }
            _ => false,
        })
        .words(&["seguridad social", "nss", "afiliacion", "naf"]),
    Rule::new("es_passport", "DGP: three letters and six digits", Context).masks(&["@@@######"]).words(&["pasaporte", "passport", "número de pasaporte"]),
    Rule::new("it_fiscal_code", "DM 23/12/1976: sixteen characters, check character", Strong)
        .masks(&["@@@@@@##@##@###@", "@@@-@@@-##@##-@###@", "@@@@@@**@**@***@"])
        .check(codice_fiscale)
        .words(&["codice fiscale", "cf"]),
    Rule::new("it_vat", "DPR 633/1972: eleven digits, Luhn", Weak)
        .masks(&["###########", "########-###", "IT###########"])
        .check(|id| {
            let digits = id.strip_prefix(b"IT").unwrap_or(id);
            luhn(digits) && !is_repeated(digits) && !is_sequence(digits) && number(digits, 0, 7) != Some(0)
        })
        .words(&["partita iva", "p.iva", "piva", "p. iva", "vat", "iva"]),
    Rule::new("it_id_card", "CIE: two letters and seven digits, or letters around five digits", Context)
        .masks(&["@@#######", "@@-#######", "@@#####@@"])
        .words(&["carta d'identita", "carta di identita", "documento", "identita"]),
    Rule::new("it_driving_licence", "MIT: two letters, seven digits, a letter; or U1, seven characters, a letter", Weak)
        .masks(&["@@#######@", "U1*******@"])
        .check(it_driver)
        .words(&["patente", "patente di guida"]),
    Rule::new("it_passport", "two letters and seven digits", Context).masks(&["@@#######"]).words(&["passaporto", "passport"]),
    Rule::new("nl_bsn", "RvIG: eleven-test over nine digits", Weak)
        .masks(&["####-##-###", "#########", "###-###-###"])
        .check(|id| {
            let last = digit_at(id, 8).unwrap_or(0);
            weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2]).is_some_and(|sum| (sum + 11 * 9 - last).is_multiple_of(11)) && !is_repeated(id) && !is_sequence(id)
        })
        .words(&["bsn", "burgerservicenummer", "sofinummer", "burger service nummer"]),
    Rule::new("be_nrn", "Rijksregister: birth date, serial, mod 97 (2 in front for births since 2000)", Strong)
        .masks(&["##-##-##-###-##", "######-###-##", "###########"])
        .check(|id| match (number(id, 0, 9), number(id, 9, 11)) {
            (Some(body), Some(check)) => is_birth(id) && (97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check),
            _ => false,
        })
        .words(&["rijksregisternummer", "nationaal nummer", "registre national", "numero national", "nrn", "niss", "insz"]),
    Rule::new("lu_id", "Loi du 19 juin 2013: birth date, serial, Luhn and Verhoeff", Strong)
        .masks(&["####-##-##-###-##", "#############"])
        .check(|id| {
            let (Some(body), Some(last)) = (id.get(..12), id.get(12)) else { return false };
            let second: smallvec::SmallVec<[u8; 12]> = body.iter().take(11).chain([last]).copied().collect();
            is_yyyymmdd(id, 0) && luhn(body) && verhoeff(&second)
        })
        .words(&["matricule", "luxembourg", "identification"]),
    Rule::new("pt_nif", "Autoridade Tributária: mod 11 over nine digits", Weak)
        .masks(&["###-###-###", "#########"])
        .check(|id| {
            weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2]).is_some_and(|sum| digit_at(id, 8) == Some(if sum % 11 < 2 { 0 } else { 11 - sum % 11 }))
                && matches!(id.first(), Some(b'1' | b'2' | b'3' | b'5' | b'6' | b'8' | b'9')) && !is_repeated(id) && !is_sequence(id)
        })
        .words(&["nif", "contribuinte", "nipc", "numero de contribuinte"]),
    Rule::new("at_svnr", "SV-Träger: serial, check digit, birth date", Good)
        .masks(&["####-######", "####-##-##-##"])
        .check(|id| {
            let order: smallvec::SmallVec<[u8; 9]> = id.iter().take(3).chain(id.get(4..10).unwrap_or_default()).copied().collect();
            id.first() != Some(&b'0') && is_ddmmyy(id, 4) && weighted(&order, &[3, 7, 9, 5, 8, 4, 2, 1, 6]).is_some_and(|sum| digit_at(id, 3) == Some(sum % 11))
        })
        .words(&["svnr", "sozialversicherungsnummer", "sv-nummer", "versicherungsnummer"]),
    Rule::new("ch_ahv", "BSV: 756 and EAN-13", Strong)
        .masks(&["756-####-####-##", "756##########"])
        .check(|id| weighted(id, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_some_and(|sum| sum % 10 == 0))
        .words(&["ahv", "avs", "navs", "sozialversicherung"]),
    Rule::new("pl_pesel", "Ustawa o ewidencji ludności: birth date, weights 1 3 7 9", Good)
        .masks(&["###########"])
        .check(|id| weighted(id, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_some_and(|sum| sum % 10 == 0) && is_century_birth(id, &[0, 20, 40, 60, 80]))
        .words(&["pesel", "numer ewidencyjny"]),
    Rule::new("pl_nip", "Ustawa o NIP: weights 6 5 7 2 3 4 5 6 7, mod 11", Weak)
        .masks(&["###-###-##-##", "###-##-##-###", "##########"])
        .check(|id| weighted(id, &[6, 5, 7, 2, 3, 4, 5, 6, 7]).is_some_and(|sum| digit_at(id, 9) == Some(sum % 11)) && !is_repeated(id) && id.first() != Some(&b'0'))
        .words(&["nip", "identyfikacji podatkowej", "vat"]),
    Rule::new("pl_regon", "GUS: weights 8 9 2 3 4 5 6 7, mod 11", Context)
        .masks(&["#########"])
        .check(|id| weighted(id, &[8, 9, 2, 3, 4, 5, 6, 7]).is_some_and(|sum| digit_at(id, 8) == Some(sum % 11 % 10)))
        .words(&["regon"]),
    Rule::new("pl_id_card", "MSWiA: three letters and six digits, weights 7 3 1", Good)
        .masks(&["@@@-######", "@@@######"])
        .check(|id| {
            let value = |byte: &u8| if byte.is_ascii_digit() { u32::from(byte - b'0') } else { u32::from(byte - b'A') + 10 };
            id.iter().zip([7, 3, 1, 9, 7, 3, 1, 7, 3]).map(|(byte, weight)| value(byte) * weight).sum::<u32>() % 10 == 0
        })
        .words(&["dowod", "dowód", "dowod osobisty", "dowodu"]),
    Rule::new("se_personnummer", "Skatteverket SKV 704: birth date (day + 60 for coordination numbers), Luhn", Good)
        .masks(&["######-####", "########-####"])
        .check(|id| {
            let short = if id.len() == 12 { id.get(2..).unwrap_or_default() } else { id };
            let century = id.len() == 10 || matches!(number(id, 0, 2), Some(18..=20));
            let day = number(short, 4, 6).unwrap_or(99);
            let dated = matches!((number(short, 0, 2), number(short, 2, 4)), (Some(_), Some(month)) if is_date(0, month, if day > 60 { day - 60 } else { day }));
            let not_future = id.len() == 10 || number(id, 0, 4).is_some_and(|year| (1850..2050).contains(&year));
            century && dated && not_future && luhn(short)
        })
        .words(&["personnummer", "personal identity", "personnr", "samordningsnummer", "pnr", "identity code"]),
    Rule::new("se_organisationsnummer", "Bolagsverket: ten digits, third at least 2, Luhn", Weak)
        .masks(&["######-####"])
        .check(|id| luhn(id) && number(id, 2, 4).is_some_and(|month| month >= 20) && id.first() != Some(&b'0') && !is_repeated(id))
        .words(&["organisationsnummer", "orgnr", "orgnummer", "company identity", "org.nr"]),
    Rule::new("no_fodselsnummer", "Skatteetaten: birth date, two check digits mod 11", Strong)
        .masks(&["######-#####", "###########"])
        .check(fodselsnummer)
        .words(&["fodselsnummer", "fødselsnummer", "personnummer", "fnr", "d-nummer"]),
    Rule::new("dk_cpr", "CPR-kontoret: birth date and four digits; no checksum since 2007", Context)
        .masks(&["######-####"])
        .check(|id| is_ddmmyy(id, 0))
        .words(&["cpr", "cpr-nummer", "personnummer", "cprnr", "cpr-nr"]),
    Rule::new("fi_hetu", "DVV, 128/2010 and 2023 signs: date, century sign, serial, check character mod 31", Strong)
        .masks(&["######@###*", "######-###*"])
        .check(hetu)
        .words(&["hetu", "henkilotunnus", "henkilötunnus", "personal identity code", "sotu"]),
    Rule::new("ee_isikukood", "EVS 585: sex and century, birth date, mod 11 in two rounds", Good)
        .masks(&["###########"])
        .check(baltic)
        .words(&["isikukood", "ik", "personal code"]),
    Rule::new("lt_asmens_kodas", "Lietuvos gyventojų registras: as Estonia's", Good)
        .masks(&["###########"])
        .check(baltic)
        .words(&["asmens kodas", "a.k.", "personal code"]),
    Rule::new("lv_personas_kods", "PMLP: birth date, century, mod 11; or 32 and nine digits since 2017", Weak)
        .masks(&["######-#####"])
        .check(|id| {
            let old = is_ddmmyy(id, 0)
                && weighted(id, &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2]).is_some_and(|sum| digit_at(id, 10) == Some((1101 - sum) % 11));
            old || number(id, 0, 2).is_some_and(|prefix| (32..=39).contains(&prefix))
        })
        .words(&["personas kods", "personas kodu", "pk"]),
    Rule::new("cz_sk_rodne_cislo", "zákon 133/2000 Sb.: birth date (+50 for women, +20), divisible by 11", Good)
        .masks(&["######-####"])
        .check(|id| {
            let month = number(id, 2, 4).unwrap_or(0);
            let month = [0, 20, 50, 70].into_iter().find_map(|shift| month.checked_sub(shift).filter(|month| (1..=12).contains(month)));
            let whole = number(id, 0, 10).unwrap_or(1);
            month.is_some_and(|month| is_date(0, month, number(id, 4, 6).unwrap_or(0))) && whole.is_multiple_of(11) && whole > 0
        })
        .words(&["rodne cislo", "rodné číslo", "rc", "r.c."]),
    Rule::new("hu_taj", "NEAK: nine digits, weights 3 and 7", Weak)
        .masks(&["###-###-###"])
        .check(|id| weighted(id, &[3, 7, 3, 7, 3, 7, 3, 7]).is_some_and(|sum| digit_at(id, 8) == Some(sum % 10)) && !is_repeated(id))
        .words(&["taj", "taj szam", "tajszam", "társadalombiztosítási"]),
    Rule::new("hu_tax_id", "NAV: ten digits from 8, weights 1 to 9, mod 11", Weak)
        .masks(&["##########"])
        .check(|id| id.first() == Some(&b'8') && weighted(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9]).is_some_and(|sum| digit_at(id, 9) == Some(sum % 11)))
        .words(&["adoazonosito", "adóazonosító", "ado"]),
    Rule::new("ro_cnp", "MAI: sex and century, birth date, county, weights 279146358279", Strong)
        .masks(&["#############"])
        .check(|id| {
            let sum = weighted(id, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]);
            let county = number(id, 7, 9).unwrap_or(99);
            is_yymmdd(id, 1) && matches!(county, 1..=48 | 51 | 52 | 70) && id.first() != Some(&b'0')
                && sum.is_some_and(|sum| digit_at(id, 12) == Some(if sum % 11 == 10 { 1 } else { sum % 11 }))
        })
        .words(&["cnp", "cod numeric personal"]),
    Rule::new("bg_egn", "GRAO: birth date (+20, +40 for centuries), weights 2 4 8 5 10 9 7 3 6", Weak)
        .masks(&["##########"])
        .check(|id| is_century_birth(id, &[0, 20, 40]) && weighted(id, &[2, 4, 8, 5, 10, 9, 7, 3, 6]).is_some_and(|sum| digit_at(id, 9) == Some(sum % 11 % 10)))
        .words(&["egn", "егн", "единен граждански номер"]),
    Rule::new("gr_amka", "IDIKA: birth date, Luhn", Good)
        .masks(&["######-#####", "###########"])
        .check(|id| is_ddmmyy(id, 0) && luhn(id))
        .words(&["amka", "αμκα"]),
    Rule::new("gr_afm", "AADE: nine digits, powers of two, mod 11", Weak)
        .masks(&["#########"])
        .check(|id| weighted(id, &[256, 128, 64, 32, 16, 8, 4, 2]).is_some_and(|sum| sum > 0 && digit_at(id, 8) == Some(sum % 11 % 10)) && !is_sequence(id) && !is_repeated(id))
        .words(&["afm", "αφμ", "vat"]),
    Rule::new("hr_oib", "Zakon o OIB: ISO 7064 MOD 11,10", Weak)
        .masks(&["###########"])
        .check(|id| mod11_10(id) && !is_repeated(id))
        .words(&["oib", "osobni identifikacijski"]),
    Rule::new("yu_jmbg", "JMBG and EMŠO of the successor states: birth date, region, mod 11", Good)
        .masks(&["#############"])
        .check(|id| {
            let day = is_date(0, number(id, 2, 4).unwrap_or(0), number(id, 0, 2).unwrap_or(0));
            let year = number(id, 4, 7).unwrap_or(500);
            let sum = weighted(id, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
            day && !(101..=849).contains(&year)
                && sum.is_some_and(|sum| digit_at(id, 12) == Some(match 11 - sum % 11 { 10 | 11 => 0, check => check }))
        })
        .words(&["jmbg", "emso", "emšo", "maticni broj", "матични број"]),
    Rule::new("is_kennitala", "Þjóðskrá: birth date, mod 11, century digit", Good)
        .masks(&["######-####"])
        .check(|id| {
            is_ddmmyy(id, 0) && matches!(id.get(9), Some(b'0' | b'9' | b'8'))
                && weighted(id, &[3, 2, 7, 6, 5, 4, 3, 2]).is_some_and(|sum| digit_at(id, 8) == Some((11 - sum % 11) % 11))
        })
        .words(&["kennitala", "kt"]),
    Rule::new("ru_inn", "FNS: check digits mod 11 (ten for firms, twelve for persons)", Weak)
        .masks(&["##########", "############"])
        .check(inn)
        .words(&["inn", "инн"]),
    Rule::new("ru_snils", "PFR: nine digits and their weighted sum mod 101", Strong)
        .masks(&["###-###-###-##", "#########-##"])
        .check(|id| {
            let Some(sum) = weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) else { return false };
            !is_repeated(id) && number(id, 9, 11) == Some(u64::from(sum % 101 % 100))
        })
        .words(&["snils", "снилс"]),
    Rule::new("ua_rnokpp", "DPS: birth date as days, weights -1 5 7 9 4 6 10 5 7", Weak)
        .masks(&["##########"])
        .check(|id| {
            // -1 is 10 modulo 11.
            weighted(id, &[10, 5, 7, 9, 4, 6, 10, 5, 7]).is_some_and(|sum| digit_at(id, 9) == Some(sum % 11 % 10))
                && matches!(number(id, 0, 5), Some(1_000..=55_000))
        })
        .words(&["rnokpp", "рнокпп", "інн", "ипн", "ідентифікаційний"]),
];

fn nino(id: &[u8]) -> bool {
    let [first, second, .., last] = id else { return false };
    let pair = [*first, *second];
    !b"DFIQUV".contains(first)
        && !b"DFIOQUV".contains(second)
        && (b'A'..=b'D').contains(last)
        && ![*b"BG", *b"GB", *b"KN", *b"NK", *b"NT", *b"TN", *b"ZZ"].contains(&pair)
}

fn uk_driver(id: &[u8]) -> bool {
    let name = id.get(..5).unwrap_or_default();
    // Letters, filled up with 9.
    let letters = name.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let filled = name.get(letters..).unwrap_or_default().iter().all(|byte| *byte == b'9');
    let month = number(id, 6, 8).unwrap_or(0);
    let day = number(id, 8, 10).unwrap_or(0);
    let ends = id.get(14..16).unwrap_or_default().iter().all(u8::is_ascii_uppercase);
    filled && (matches!(month, 1..=12 | 51..=62)) && (1..=31).contains(&day) && ends && digit_at(id, 13).is_some()
}

fn pps(id: &[u8]) -> bool {
    let Some(sum) = weighted(id, &[8, 7, 6, 5, 4, 3, 2]) else { return false };
    let second = match id.get(8) {
        None => 0,
        Some(b'W' | b'T' | b'X') => 0,
        Some(letter @ b'A'..=b'I') => (u32::from(letter - b'A') + 1) * 9,
        Some(_) => return false,
    };
    let check = (sum + second) % 23;
    let letter = if check == 0 { b'W' } else { b'@' + u8::try_from(check).unwrap_or(0) };
    id.get(7) == Some(&letter) && number(id, 0, 7) != Some(0)
}

fn nir(id: &[u8]) -> bool {
    // Corsica's departments count as 19 and 18.
    let corsica = match id.get(5..7) {
        Some(b"2A") => Some(b"19"),
        Some(b"2B") => Some(b"18"),
        _ => None,
    };
    let mut plain: smallvec::SmallVec<[u8; 15]> = id.iter().copied().collect();
    if let (Some(department), Some(place)) = (corsica, plain.get_mut(5..7)) {
        place.copy_from_slice(department);
    }
    let (Some(body), Some(key)) = (number(&plain, 0, 13), number(&plain, 13, 15)) else { return false };
    let month = number(&plain, 3, 5).unwrap_or(0);
    matches!(id.first(), Some(b'1' | b'2' | b'3' | b'4' | b'7' | b'8'))
        && matches!(month, 1..=12 | 20..=42 | 50..=99)
        && 97 - body % 97 == key
}

/// The letter of a number, modulo 23.
fn spanish_letter(body: &[u8]) -> Option<u8> {
    let value = usize::try_from(number(body, 0, body.len())?).ok()?;
    b"TRWAGMYFPDXBNJZSQVHLCKE".get(value % 23).copied()
}

fn nie(id: &[u8]) -> bool {
    let mut body: smallvec::SmallVec<[u8; 8]> = id.iter().take(8).copied().collect();
    let Some(first) = body.first_mut() else { return false };
    *first = match first {
        b'X' => b'0',
        b'Y' => b'1',
        b'Z' => b'2',
        _ => return false,
    };
    spanish_letter(&body) == id.last().copied()
}

fn cif(id: &[u8]) -> bool {
    let (Some(kind), Some(all)) = (id.first(), id.get(1..8).and_then(digits)) else { return false };
    let sum: u32 = all
        .enumerate()
        .map(|(index, digit)| if index % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit })
        .sum();
    let check = (10 - sum % 10) % 10;
    let letter = b"JABCDEFGHI".get(check as usize).copied();
    let last = id.last().copied().unwrap_or(0);
    match kind {
        b'A' | b'B' | b'E' | b'H' => digit(last) == Some(check),
        b'P' | b'Q' | b'R' | b'S' | b'N' | b'W' | b'K' | b'L' | b'M' => Some(last) == letter,
        b'C' | b'D' | b'F' | b'G' | b'J' | b'U' | b'V' => digit(last) == Some(check) || Some(last) == letter,
        _ => false,
    }
}

fn codice_fiscale(id: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let mut sum = 0;
    for (index, byte) in id.iter().take(15).enumerate() {
        let value = if byte.is_ascii_digit() { byte - b'0' } else { byte.wrapping_sub(b'A') };
        sum += if index % 2 == 0 { ODD.get(usize::from(value)).copied().unwrap_or(0) } else { u32::from(value) };
    }
    let month = id.get(8).is_some_and(|byte| b"ABCDEHLMPRST".contains(byte));
    month && id.get(15).map(|byte| u32::from(byte.wrapping_sub(b'A'))) == Some(sum % 26)
}

fn it_driver(id: &[u8]) -> bool {
    match id.strip_prefix(b"U1") {
        // The older form leaves out the letters that look like digits.
        Some(rest) => rest.iter().all(|byte| !b"AEIOQ".contains(byte)) && rest.iter().any(u8::is_ascii_digit),
        None => id.first().is_some_and(u8::is_ascii_uppercase),
    }
}

/// `YYMMDD` of a birth that may be unknown (month and day 0).
fn is_birth(id: &[u8]) -> bool {
    is_yymmdd(id, 0)
        || matches!((number(id, 2, 4), number(id, 4, 6)), (Some(month), Some(day)) if month <= 12 && day <= 31 && (month == 0 || day == 0))
}

/// `YYMMDD` whose month carries the century.
fn is_century_birth(id: &[u8], shifts: &[u64]) -> bool {
    let (Some(month), Some(day)) = (number(id, 2, 4), number(id, 4, 6)) else { return false };
    shifts.iter().any(|shift| month.checked_sub(*shift).is_some_and(|month| is_date(0, month, day)))
}

fn fodselsnummer(id: &[u8]) -> bool {
    let check = |weights: &[u32]| weighted(id, weights).map(|sum| (11 - sum % 11) % 11);
    // D numbers add 40 to the day, H numbers to the month.
    let (day, month) = (number(id, 0, 2).unwrap_or(0), number(id, 2, 4).unwrap_or(0));
    is_date(0, if month > 40 { month - 40 } else { month }, if day > 40 { day - 40 } else { day })
        && check(&[3, 7, 6, 1, 8, 9, 4, 5, 2]) == digit_at(id, 9)
        && check(&[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) == digit_at(id, 10)
}

/// `DDMMYYCZZZQ` without the sign, or with a letter as the sign; the signs `-` and `+` are read as joints.
fn hetu(id: &[u8]) -> bool {
    let tail = if id.len() == 11 { 7 } else { 6 };
    let sign = id.len() == 10 || id.get(6).is_some_and(|byte| b"ABCDEFYXWVU".contains(byte));
    let (Some(date), Some(serial)) = (number(id, 0, 6), number(id, tail, tail + 3)) else { return false };
    let check = usize::try_from((date * 1000 + serial) % 31).unwrap_or(31);
    sign && is_ddmmyy(id, 0) && serial >= 2 && b"0123456789ABCDEFHJKLMNPRSTUVWXY".get(check) == id.last()
}

fn baltic(id: &[u8]) -> bool {
    let first = weighted(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]).map(|sum| sum % 11);
    let check = match first {
        Some(10) => weighted(id, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]).map(|sum| sum % 11 % 10),
        other => other,
    };
    matches!(id.first(), Some(b'1'..=b'8')) && is_yymmdd(id, 1) && check.is_some() && check == digit_at(id, 10)
}

fn inn(id: &[u8]) -> bool {
    let check = |weights: &[u32]| weighted(id, weights).map(|sum| sum % 11 % 10);
    if is_repeated(id) || number(id, 0, 2) == Some(0) {
        return false;
    }
    match id.len() {
        10 => check(&[2, 4, 10, 3, 5, 9, 4, 6, 8]) == digit_at(id, 9),
        _ => {
            check(&[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == digit_at(id, 10)
                && check(&[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == digit_at(id, 11)
        }
    }
}
