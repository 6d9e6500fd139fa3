//! Addresses of cryptocurrencies.

use sha2::{Digest, Sha256};
use sha3::Keccak256;

use crate::bytes::{at, before, cut};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

const BECH32: u32 = 0;
const HEX: u32 = 1;

/// Bitcoin (base58check; bech32 and bech32m of BIP 173 and BIP 350), Litecoin and Dogecoin by the same, Ethereum (EIP-55 when its
/// letters are mixed).
#[derive(Debug)]
pub(crate) struct Crypto;

impl Detector for Crypto {
    fn kinds(&self) -> Vec<Kind> {
        vec![
            Kind::new("bitcoin_address", Family::Pii, "base58check, BIP 173, BIP 350"),
            Kind::new("ethereum_address", Family::Pii, "EIP-55"),
        ]
    }

    fn literals(&self) -> Vec<Literal> {
        vec![
            Literal::new("bc1", BECH32),
            Literal::new("ltc1", BECH32),
            Literal::new("tb1", BECH32),
            Literal::new("0x", HEX),
        ]
    }

    fn reach(&self) -> Reach {
        Reach { back: 1, ahead: 92 }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        let text = cx.text;
        if before(text, hit.start).is_ascii_alphanumeric() {
            return;
        }
        let len = cut(text, hit.start..hit.start + 92).iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        cx.spend(len);
        let word = cut(text, hit.start..hit.start + len);
        let range = hit.start..hit.start + len;
        match hit.tag {
            BECH32 if is_bech32(word) => cx.report(0, range, 97, Signs::NONE.with(Sign::Checksum).with(Sign::Prefix)),
            HEX if len == 42 && is_ethereum(word) => {
                cx.report(1, range, 90, Signs::NONE.with(Sign::Checksum).with(Sign::Prefix))
            }
            _ => {}
        }
    }

    /// Base58 addresses: words of 25 to 35 characters that start with a digit or letter of their version.
    fn pass(&self, cx: &mut Cx<'_>) {
        if !cx.wants(0) {
            return;
        }
        let text = cx.text;
        let mut from = 0;
        while let Some(place) = next_long_word(text, from) {
            let start = place;
            let len =
                text.get(start..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            from = start + len;
            let word = cut(text, start..start + len);
            let is_version = matches!(at(text, start), b'1' | b'3' | b'L' | b'M' | b'D');
            if is_version && (26..=35).contains(&len) && is_base58check(word) {
                cx.report(0, start..start + len, 97, Signs::NONE.with(Sign::Checksum));
            }
        }
    }
}

/// The start of the next word of at least 26 letters and digits: looks at every 26th byte first.
fn next_long_word(text: &[u8], from: usize) -> Option<usize> {
    const STEP: usize = 26;
    let mut place = from + STEP - 1;
    loop {
        let byte = text.get(place)?;
        if !byte.is_ascii_alphanumeric() {
            place += STEP;
            continue;
        }
        let mut start = place;
        while start > from && before(text, start).is_ascii_alphanumeric() {
            start -= 1;
        }
        let end = place + text.get(place..)?.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if end - start >= STEP {
            return Some(start);
        }
        place = end + STEP;
    }
}

fn is_base58check(word: &[u8]) -> bool {
    const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut number = [0u8; 25];
    for byte in word {
        let Some(digit) = ALPHABET.iter().position(|known| known == byte) else { return false };
        let mut carry = u32::try_from(digit).unwrap_or(0);
        for place in number.iter_mut().rev() {
            carry += u32::from(*place) * 58;
            *place = (carry & 0xFF).try_into().unwrap_or(0);
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let (body, check) = number.split_at(21);
    Sha256::digest(Sha256::digest(body)).starts_with(check)
}

fn is_bech32(word: &[u8]) -> bool {
    const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let lower = word.iter().all(|byte| !byte.is_ascii_uppercase());
    let upper = word.iter().all(|byte| !byte.is_ascii_lowercase());
    let Some(split) = word.iter().rposition(|byte| *byte == b'1') else { return false };
    if !(lower || upper) || split == 0 || word.len() < split + 7 || word.len() > 90 {
        return false;
    }
    let step = |sum: u32, value: u32| {
        let top = sum >> 25;
        [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3].into_iter().enumerate().fold(
            (sum & 0x1FF_FFFF) << 5 ^ value,
            |sum, (bit, constant)| if top >> bit & 1 == 1 { sum ^ constant } else { sum },
        )
    };
    let (human, data) = (cut(word, 0..split), cut(word, split + 1..word.len()));
    let mut sum = human.iter().fold(1, |sum, byte| step(sum, u32::from(byte.to_ascii_lowercase() >> 5)));
    sum = step(sum, 0);
    sum = human.iter().fold(sum, |sum, byte| step(sum, u32::from(byte.to_ascii_lowercase() & 31)));
    for byte in data {
        let Some(value) = ALPHABET.iter().position(|known| *known == byte.to_ascii_lowercase()) else { return false };
        sum = step(sum, u32::try_from(value).unwrap_or(0));
    }
    matches!(sum, 1 | 0x2BC8_30A3)
}

/// `0x` and forty hexadecimal digits. Mixed letters carry a checksum; all of one case carry none, and count.
fn is_ethereum(word: &[u8]) -> bool {
    let digits = cut(word, 2..42);
    if digits.len() != 40 || !digits.iter().all(u8::is_ascii_hexdigit) || digits.iter().all(|byte| *byte == b'0') {
        return false;
    }
    let mixed = digits.iter().any(u8::is_ascii_lowercase) && digits.iter().any(u8::is_ascii_uppercase);
    if !mixed {
        return true;
    }
    let hash = Keccak256::digest(digits.to_ascii_lowercase());
    digits.iter().enumerate().all(|(index, byte)| {
        let nibble = hash.get(index / 2).map_or(0, |pair| if index % 2 == 0 { pair >> 4 } else { pair & 15 });
        !byte.is_ascii_alphabetic() || byte.is_ascii_uppercase() == (nibble >= 8)
    })
}
