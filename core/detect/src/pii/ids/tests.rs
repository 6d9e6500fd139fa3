//! Published samples and numbers made by the published rules; one digit changed must not pass where there is a checksum.

use crate::scanner::{Scanner, Scratch};

/// The kinds found in a text, whatever their score.
fn kinds(text: &str) -> Vec<String> {
    let scanner = Scanner::builder().build().unwrap();
    scanner.scan(text, &mut Scratch::default()).iter().map(|found| scanner.kind(found.kind).name().to_owned()).collect()
}

/// A rule's own judgement.
fn passes(name: &str, compact: &str) -> bool {
    let rule = super::all().find(|rule| rule.name == name).unwrap_or_else(|| panic!("no rule {name}"));
    let masks = rule.masks.iter().any(|mask| {
        let classes: Vec<char> = mask.chars().filter(|c| *c != '-').collect();
        classes.len() == compact.len()
            && classes.iter().zip(compact.chars()).all(|(class, c)| match class {
                '#' => c.is_ascii_digit(),
                '@' => c.is_ascii_uppercase(),
                '*' => true,
                _ => *class == c,
            })
    });
    masks && (rule.check)(compact.as_bytes())
}

const SAMPLES: &[(&str, &str)] = &[
    ("us_npi", "1234567893"),
    ("us_aba_routing", "121000358"),
    ("us_mbi", "1EG4TE5MK73"),
    ("us_dea", "BB1388568"),
    ("ca_sin", "130692544"),
    ("br_cpf", "52998224725"),
    ("br_cnpj", "11222333000181"),
    ("ar_cuit", "20123456786"),
    ("cl_rut", "123456785"),
    ("de_tax_id", "86095742719"),
    ("de_id_card", "L01X00T44"),
    ("de_id_card", "L01X00T471"),
    ("de_pension_number", "15070649C103"),
    ("de_health_insurance", "A123456780"),
    ("de_lanr", "987654401"),
    ("uk_nhs", "9434765919"),
    ("uk_nino", "AA123456C"),
    ("ie_pps", "1234567T"),
    ("ie_pps", "1234567FA"),
    ("fr_nir", "255081416802538"),
    ("fr_siret", "73282932000074"),
    ("es_nif", "12345678Z"),
    ("es_nie", "X1234567L"),
    ("es_cif", "A58818501"),
    ("it_fiscal_code", "RSSMRA85T10A562S"),
    ("it_vat", "12345678903"),
    ("nl_bsn", "111222333"),
    ("be_nrn", "93051822361"),
    ("pt_nif", "501964843"),
    ("at_svnr", "1237010180"),
    ("ch_ahv", "7569217076985"),
    ("pl_pesel", "44051401359"),
    ("pl_nip", "1234563218"),
    ("pl_regon", "123456785"),
    ("pl_id_card", "ABA300000"),
    ("se_personnummer", "8112189876"),
    ("se_organisationsnummer", "2120000142"),
    ("no_fodselsnummer", "01010750160"),
    ("fi_hetu", "131052308T"),
    ("ee_isikukood", "37605030299"),
    ("lt_asmens_kodas", "33309240064"),
    ("cz_sk_rodne_cislo", "7103192745"),
    ("hu_taj", "111111110"),
    ("ro_cnp", "1800101221144"),
    ("bg_egn", "7523169263"),
    ("gr_amka", "01013099997"),
    ("gr_afm", "094014201"),
    ("hr_oib", "33392005961"),
    ("yu_jmbg", "0101006500006"),
    ("is_kennitala", "1201743399"),
    ("ru_inn", "7707083893"),
    ("ru_inn", "500100732259"),
    ("ru_snils", "11223344595"),
    ("au_tfn", "876543210"),
    ("au_abn", "51824753556"),
    ("au_acn", "004085616"),
    ("au_medicare", "2123456701"),
    ("nz_ird", "49091850"),
    ("cn_resident_id", "11010519491231002X"),
    ("hk_id", "A1234563"),
    ("tw_id", "A123456789"),
    ("jp_my_number", "123456789018"),
    ("kr_rrn", "9601211021413"),
    ("kr_brn", "1048656659"),
    ("sg_nric", "S1234567D"),
    ("sg_uen", "53125226D"),
    ("sg_uen", "201434292D"),
    ("sg_uen", "T16RF0037C"),
    ("th_id", "1101700207366"),
    ("in_aadhaar", "399876543211"),
    ("in_pan", "ABCPE1234F"),
    ("in_gstin", "27ABCDE1234F1Z5"),
    ("za_id", "8001015009087"),
    ("tr_id", "10000000146"),
    ("il_id", "123456782"),
    ("ae_id", "784198012345678"),
    ("mx_curp", "BOXW310820HNERXN09"),
    ("eu_vat", "BE0428759497"),
    ("eu_vat", "FR40303265045"),
    ("eu_vat", "LU15027442"),
    ("lu_id", "1893120105732"),
];

#[test]
fn published_samples_pass() {
    let wrong: Vec<_> = SAMPLES.iter().filter(|(name, sample)| !passes(name, sample)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// A checksum of one digit finds every change of the last one; forms without a checksum are not in the list.
#[test]
fn a_changed_check_digit_does_not_pass() {
    let loose = ["us_mbi", "uk_nino", "in_pan", "in_gstin", "eu_vat"];
    let mut wrong = Vec::new();
    for (name, sample) in SAMPLES.iter().filter(|(name, _)| !loose.contains(name)) {
        // The check digit is last but in a few.
        let place = match *name {
            "at_svnr" => 3,
            "de_lanr" => 6,
            "au_medicare" => 8,
            "is_kennitala" => 8,
            _ if sample.ends_with(|c: char| !c.is_ascii_digit()) => continue,
            _ => sample.len() - 1,
        };
        let mut bytes = sample.as_bytes().to_vec();
        bytes[place] = if bytes[place] == b'9' { b'0' } else { bytes[place] + 1 };
        let changed = String::from_utf8(bytes).unwrap();
        if passes(name, &changed) {
            wrong.push((name, changed));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn numbers_in_prose_need_a_reason() {
    for text in [
        "The build 130692544 took 12 minutes.",
        "It costs $4,111,111.11 or 123456789 units.",
        "See 2024-03-15T14:30:00.123Z and version 10.2.3.4 of 1.2.3.4-rc1.",
        "for (i = 0; i < 4294967295; i++) x[i] = 0xDEADBEEF;",
        "Timestamps 1700000000000 and 1700000000 in https://x.test/a/1234567890/b.",
        "commit 3f2a9c81d7b64e0fa1c2 of 1234567890abcdef",
        "ISBN 978-3-16-148410-0 and pi 3.14159265358979",
    ] {
        assert_eq!(kinds(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_word_that_names_it_is_a_reason() {
    for (text, kind) in [
        ("My SIN is 130692544.", "ca_sin"),
        ("passport number: 912803456", "us_passport"),
        ("MRN 8412239 admitted", "medical_record_number"),
        ("Ausweisnummer T22000129 gültig", "de_id_card"),
        ("account number 123456789012", "us_bank_account"),
        ("born on 31.12.1990 in Ulm", "birth_date"),
        ("주민등록번호는 960121-1234567입니다", "kr_rrn"),
        ("Telefon 0711 1234567", "phone"),
        ("身份证 11010519491231002X", "cn_resident_id"),
    ] {
        assert!(kinds(text).iter().any(|found| found == kind), "{text}: {:?}", kinds(text));
    }
}

#[test]
fn names_of_rules_are_unique_and_regions_are_many() {
    let names: Vec<&str> = super::all().map(|rule| rule.name).collect();
    let unique: std::collections::BTreeSet<&&str> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
    let regions: std::collections::BTreeSet<&str> = super::all().flat_map(super::Rule::regions).collect();
    assert!(regions.len() >= 60, "{regions:?}");
    for rule in super::all().filter(|rule| rule.name.as_bytes()[2] == b'_' && !rule.name.starts_with("eu_")) {
        assert!(!rule.regions().is_empty(), "{} belongs to a country that is not in the list", rule.name);
    }
}
