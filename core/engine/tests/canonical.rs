//! The canonical form of JSON: RFC 8785, with integers of 64 bits written exactly.

#![cfg(test)]

use llm_policy_engine::decision::canonical::to_string;
use serde_json::{Value, json};

fn canonical(text: &str) -> String {
    to_string(&serde_json::from_str::<Value>(text).unwrap())
}

#[test]
fn the_example_of_the_rfc() {
    // RFC 8785, section 3.2.2 and 3.2.3.
    let text = "{
      \"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",
      \"literals\": [null, true, false]
    }";
    let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
    assert_eq!(canonical(text), expected);
}

#[test]
fn keys_are_sorted_by_utf_16() {
    // RFC 8785, section 3.2.3.
    let text = r#"{
      "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
    }"#;
    let sorted = canonical(text);
    let order = ["Carriage Return", "One", "Control", "Latin Small", "Euro Sign", "Emoji", "Hebrew"];
    let places: Vec<usize> = order.iter().map(|name| sorted.find(name).unwrap()).collect();
    assert!(places.is_sorted(), "{sorted}");
    assert_eq!(
        canonical(r#"{"b":{"z":1,"a":2},"a":[{"y":1,"x":2}],"":0}"#),
        r#"{"":0,"a":[{"x":2,"y":1}],"b":{"a":2,"z":1}}"#
    );
    assert_eq!(canonical(r#"{"aa":1,"a":2,"B":3}"#), r#"{"B":3,"a":2,"aa":1}"#);
}

#[test]
fn doubles_are_written_as_ecmascript_does() {
    // RFC 8785, appendix B: the bits of a double and its text.
    for (bits, text) in [
        (0x0000_0000_0000_0000_u64, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] {
        let double = f64::from_bits(bits);
        assert_eq!(to_string(&json!(double)), text, "{bits:x}");
    }
}

#[test]
fn whole_numbers_are_exact() {
    for text in [
        "9007199254740993",
        "-9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "0",
        "-1",
    ] {
        assert_eq!(canonical(text), text);
    }
    assert_eq!(canonical("1.0"), "1");
    assert_eq!(canonical("-0.0"), "0");
    assert_eq!(canonical("1e2"), "100");
}

#[test]
fn texts_are_escaped_no_more_than_they_must_be() {
    for (value, text) in [
        ("\u{0}\u{1f}", r#""\u0000\u001f""#),
        ("\u{8}\t\n\u{c}\r", r#""\b\t\n\f\r""#),
        ("\"\\/", r#""\"\\/""#),
        ("\u{7f}\u{80}\u{2028}\u{2029}\u{feff}", "\"\u{7f}\u{80}\u{2028}\u{2029}\u{feff}\""),
        ("é€😀", "\"é€😀\""),
        ("<script>&'", "\"<script>&'\""),
    ] {
        assert_eq!(to_string(&json!(value)), text);
    }
    // Nothing is normalised.
    assert_ne!(to_string(&json!("\u{e9}")), to_string(&json!("e\u{301}")));
}

#[test]
fn what_is_written_can_be_read_again() {
    let value = json!({"a": [1, 2.5, "x\u{1}", null, true, {"b": {}}], "c": [], "d": 1.0e-7, "e": u64::MAX});
    let text = to_string(&value);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    assert_eq!(canonical(&text), text);
}
