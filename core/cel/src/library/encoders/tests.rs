use super::functions;
use crate::error::ErrorKind;
use crate::library::testing::{Library, bytes, int, string};

fn encoders() -> Library {
    Library(functions())
}

#[test]
fn declarations() {
    encoders().is_declared_well();
}

#[test]
fn both_ways() {
    let encoders = encoders();
    for (raw, text) in [
        (&b""[..], ""),
        (b"f", "Zg=="),
        (b"fo", "Zm8="),
        (b"foo", "Zm9v"),
        (b"hello", "aGVsbG8="),
        (b"Hello World!", "SGVsbG8gV29ybGQh"),
        (&[0xfb, 0xff, 0xfe], "+//+"),
    ] {
        encoders.gives("base64.encode", &[bytes(raw)], &string(text));
        encoders.gives("base64.decode", &[string(text)], &bytes(raw));
        encoders.gives("base64.decode", &[string(text.trim_end_matches('='))], &bytes(raw));
    }
}

#[test]
fn line_breaks_are_skipped() {
    encoders().gives("base64.decode", &[string("aGVs\r\nbG8=\n")], &bytes(b"hello"));
    encoders().gives("base64.decode", &[string("aGVs\nbG8")], &bytes(b"hello"));
}

#[test]
fn what_is_not_base64() {
    let encoders = encoders();
    for text in ["z", "aGVsbG8==", "aGVsbG8=a", "Zg=", "====", "=", "aGVs bG8=", "-__-", "aGVsbG8é", "Zm9vZ"] {
        encoders.refuses("base64.decode", &[string(text)]);
    }
    encoders.has_no_overload("base64.decode", &[bytes(b"aGVsbG8=")]);
    encoders.has_no_overload("base64.encode", &[string("hello")]);
    encoders.has_no_overload("base64.encode", &[int(1)]);
}

#[test]
fn text_is_paid_for() {
    let encoders = encoders();
    let long = bytes(&[7; 6400]);
    assert_eq!(encoders.call_with(199, "base64.encode", std::slice::from_ref(&long)).0, Err(ErrorKind::OutOfFuel));
    let text = encoders.call("base64.encode", &[long]).unwrap();
    assert_eq!(encoders.call_with(200, "base64.decode", &[text]).0, Err(ErrorKind::OutOfFuel));
}
