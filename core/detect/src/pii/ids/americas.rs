//! Latin America.

use super::Rule;
use super::Trust::{Good, Strong, Weak};
use crate::pii::checks::{digit_at, is_repeated, is_yymmdd, luhn, number, weighted};

pub(super) const RULES: &[Rule] = &[
    Rule::new("br_cpf", "Receita Federal: two check digits, mod 11", Strong)
        .masks(&["###-###-###-##", "#########-##"])
        .check(cpf)
        .words(&["cpf", "cadastro de pessoas", "contribuinte"]),
    Rule::new("br_cnpj", "Receita Federal: two check digits, mod 11 (IN RFB 2229/2024 for letters)", Strong)
        .masks(&["**-***-***-****-##", "############-##"])
        .check(cnpj)
        .words(&["cnpj", "empresa"]),
    Rule::new("mx_curp", "RENAPO: 18 characters with a check digit over base 37", Strong)
        .masks(&["@@@@######@@@@@@*#"])
        .check(curp)
        .words(&["curp"]),
    Rule::new("mx_rfc", "SAT: letters, birth date and three characters", Good)
        .masks(&["@@@@######***", "@@@@-######-***"])
        .check(|id| is_yymmdd(id, 4))
        .words(&["rfc", "registro federal"]),
    Rule::new("ar_cuit", "AFIP: mod 11 with weights 5 4 3 2 7 6 5 4 3 2, prefixes of persons and companies", Good)
        .masks(&["##-########-#"])
        .check(cuit)
        .words(&["cuit", "cuil", "afip"]),
    Rule::new("cl_rut", "Registro Civil: mod 11 with K", Weak)
        .masks(&["##-###-###-*", "########-*", "#-###-###-*", "#######-*"])
        .check(rut)
        .words(&["rut", "run", "rol unico", "cedula"]),
    Rule::new("co_nit", "DIAN: mod 11 with the weights 3 7 13 17 19 23 29 37 41", Weak)
        .masks(&["###-###-###-#", "#########-#"])
        .check(nit)
        .words(&["nit", "rut", "dian"]),
    Rule::new("ec_cedula", "Registro Civil: Luhn over ten digits, province 01-24 or 30", Weak)
        .masks(&["#########-#"])
        .check(|id| {
            luhn(id) && matches!(number(id, 0, 2), Some(1..=24 | 30)) && digit_at(id, 2).is_some_and(|third| third < 6)
        })
        .words(&["cedula", "ci", "identidad"]),
    Rule::new("uy_ci", "DNIC: weights 2 9 8 7 6 3 4", Weak)
        .masks(&["#-###-###-#", "#######-#"])
        .check(|id| {
            weighted(id, &[2, 9, 8, 7, 6, 3, 4]).is_some_and(|sum| digit_at(id, 7) == Some((10 - sum % 10) % 10))
                && !is_repeated(id)
        })
        .words(&["cedula", "ci", "documento", "identidad"]),
];

fn cpf(id: &[u8]) -> bool {
    let check = |weights: &[u32]| weighted(id, weights).map(|sum| sum * 10 % 11 % 10);
    !is_repeated(id)
        && check(&[10, 9, 8, 7, 6, 5, 4, 3, 2]) == digit_at(id, 9)
        && check(&[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) == digit_at(id, 10)
}

/// Characters count as their ASCII code less 48, so that letters have values, too.
fn cnpj(id: &[u8]) -> bool {
    let check = |weights: &[u32]| {
        let sum: u32 = id.iter().zip(weights).map(|(byte, weight)| u32::from(byte.wrapping_sub(b'0')) * weight).sum();
        if sum % 11 < 2 { 0 } else { 11 - sum % 11 }
    };
    // A number with letters must have digits, too, so that words of 14 letters and digits do not count.
    let digits = id.iter().filter(|byte| byte.is_ascii_digit()).count();
    !is_repeated(id)
        && digits >= 8
        && digit_at(id, 12) == Some(check(&[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]))
        && digit_at(id, 13) == Some(check(&[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]))
}

fn curp(id: &[u8]) -> bool {
    // 0-9, A-N, Ñ, O-Z; Ñ is written as X.
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'N' => u32::from(byte - b'A') + 10,
        _ => u32::from(byte.wrapping_sub(b'A')) + 11,
    };
    let sum: u32 = id.iter().take(17).zip((2..=18).rev()).map(|(byte, weight)| value(*byte) * weight).sum();
    is_yymmdd(id, 4) && matches!(id.get(10), Some(b'H' | b'M' | b'X')) && digit_at(id, 17) == Some((10 - sum % 10) % 10)
}

fn cuit(id: &[u8]) -> bool {
    let Some(sum) = weighted(id, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) else { return false };
    let check = match 11 - sum % 11 {
        11 => 0,
        10 => 9,
        other => other,
    };
    matches!(number(id, 0, 2), Some(20 | 23 | 24 | 25 | 26 | 27 | 30 | 33 | 34)) && digit_at(id, 10) == Some(check)
}

fn rut(id: &[u8]) -> bool {
    let Some((check, body)) = id.split_last() else { return false };
    if !body.iter().all(u8::is_ascii_digit) || is_repeated(body) {
        return false;
    }
    let sum: u32 = body
        .iter()
        .rev()
        .zip([2, 3, 4, 5, 6, 7].into_iter().cycle())
        .map(|(byte, weight)| u32::from(byte - b'0') * weight)
        .sum();
    *check
        == match 11 - sum % 11 {
            11 => b'0',
            10 => b'K',
            #[expect(clippy::cast_possible_truncation, reason = "below ten")]
            other => b'0' + other as u8,
        }
}

fn nit(id: &[u8]) -> bool {
    let Some(sum) = weighted(id, &[41, 37, 29, 23, 19, 17, 13, 7, 3]) else { return false };
    let rest = sum % 11;
    digit_at(id, 9) == Some(if rest > 1 { 11 - rest } else { rest }) && !is_repeated(id)
}
