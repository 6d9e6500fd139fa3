//! Tests of the functions of strings.

use crate::error::ErrorKind;
use crate::library::testing::{args, call, call_with, error, list, map, value};
use crate::value::{Duration, Timestamp, Value};

/// Checks one call after another.
macro_rules! gives {
    ($($name:ident ($($arg:expr),+) => $want:expr;)+) => {
        $(assert_eq!(
            call(stringify!($name), &args![$($arg),+]),
            Ok(value($want)),
            "{}({})", stringify!($name), stringify!($($arg),+)
        );)+
    };
}

/// Checks one call after another that fails for the value of an argument.
macro_rules! invalid {
    ($($name:ident ($($arg:expr),+);)+) => {
        $(assert!(
            matches!(error(stringify!($name), &args![$($arg),+]), ErrorKind::InvalidArgument(_)),
            "{}({})", stringify!($name), stringify!($($arg),+)
        );)+
    };
}

/// Checks one call after another that fails for the types of its arguments.
macro_rules! no_overload {
    ($($name:ident ($($arg:expr),+);)+) => {
        $(assert_eq!(
            error(stringify!($name), &args![$($arg),+]),
            ErrorKind::NoSuchOverload,
            "{}({})", stringify!($name), stringify!($($arg),+)
        );)+
    };
}

#[test]
fn standard() {
    gives! {
        size("") => 0;
        size("ÿ") => 1;
        size("πέντε") => 5;
        size(b"abc") => 3;
        size(list![1, 2, 3]) => 3;
        size(map![1 => "one"]) => 1;
        startsWith("foobar", "foo") => true;
        startsWith("foobar", "bar") => false;
        startsWith("", "foo") => false;
        startsWith("foobar", "") => true;
        startsWith("завтра", "за") => true;
        startsWith("🐱😀😛", "🐱") => true;
        endsWith("foobar", "bar") => true;
        endsWith("forté", "té") => true;
        endsWith("", "") => true;
        contains("hello", "he") => true;
        contains("hello", "ol") => false;
        contains("abababc", "ababc") => true;
        contains("Straße", "aß") => true;
        contains("", "something") => false;
        contains("", "") => true;
    }
    no_overload! { size(1); contains("a", 1); startsWith(1, "a"); endsWith("a"); }
}

#[test]
fn positions() {
    gives! {
        charAt("tacocat", 3) => "o";
        charAt("tacocat", 7) => "";
        charAt("©αT", 1) => "α";
        charAt("©αT", 3) => "";
        indexOf("tacocat", "") => 0;
        indexOf("tacocat", "ac") => 1;
        indexOf("tacocat", "none") => -1;
        indexOf("tacocat", "", 3) => 3;
        indexOf("tacocat", "", 7) => 7;
        indexOf("tacocat", "a", 3) => 5;
        indexOf("tacocat", "t", 7) => -1;
        indexOf("ta©o©αT", "©", 3) => 4;
        indexOf("ta©o©αT", "©αT", 3) => 4;
        indexOf("ta©o©αT", "©α", 5) => -1;
        indexOf("hello wello", "ello", 6) => 7;
        indexOf("", "a") => -1;
        lastIndexOf("", "@@") => -1;
        lastIndexOf("tacocat", "") => 7;
        lastIndexOf("tacocat", "at") => 5;
        lastIndexOf("tacocat", "none") => -1;
        lastIndexOf("tacocat", "", 3) => 3;
        lastIndexOf("tacocat", "a", 3) => 1;
        lastIndexOf("ta©o©αT", "©") => 4;
        lastIndexOf("ta©o©αT", "©", 3) => 2;
        lastIndexOf("ta©o©αT", "©α", 4) => 4;
        lastIndexOf("hello wello", "ello", 6) => 1;
        lastIndexOf("bananananana", "nana", 7) => 6;
        lastIndexOf("hello wello", "hello wello") => 0;
        lastIndexOf("aé", "xx", 0) => -1;
    }
    invalid! {
        charAt("tacocat", 30);
        charAt("tacocat", -1);
        indexOf("tacocat", "a", 30);
        indexOf("tacocat", "a", -1);
        lastIndexOf("tacocat", "a", -1);
        lastIndexOf("tacocat", "a", 30);
    }
    no_overload! {
        charAt(42, 2);
        charAt("hello", true);
        indexOf(24, "2");
        indexOf("hello", true);
        indexOf("42", "4", "0");
        indexOf("42", "4", 0, 1);
        lastIndexOf("42", 4);
    }
}

#[test]
fn cases() {
    gives! {
        lowerAscii("TacoCÆt Xii") => "tacocÆt xii";
        lowerAscii("taco") => "taco";
        upperAscii("tacoCαt") => "TACOCαT";
        upperAscii("TACO") => "TACO";
        reverse("gums") => "smug";
        reverse("aé😀") => "😀éa";
        reverse("") => "";
        reverse(list![1, 2, 3]) => list![3, 2, 1];
    }
}

#[test]
fn replacing() {
    gives! {
        replace("12 days 12 hours", "{0}", "2") => "12 days 12 hours";
        replace("{0} days {0} hours", "{0}", "2") => "2 days 2 hours";
        replace("{0} days {0} hours", "{0}", "2", 1) => "2 days {0} hours";
        replace("1 ©αT taco", "αT", "o©α") => "1 ©o©α taco";
        replace("hello hello", "he", "we", 0) => "hello hello";
        replace("hello hello", "he", "we", -1) => "wello wello";
        replace("abc", "", "-") => "-a-b-c-";
        replace("abc", "", "-", 2) => "-a-bc";
        replace("aaa", "aa", "b") => "ba";
    }
    no_overload! { replace("42", 2, 1); replace("42", "2", 1); replace("42", "2", "1", "1"); replace("42", "2", "1", 1, false); }
}

#[test]
fn results_are_no_larger_than_the_fuel() {
    let text = "x".repeat(1_000);
    let (result, _) = call_with(1_000, "replace", &args![text.as_str(), "x", text.as_str()]);
    assert_eq!(result.unwrap_err().kind, ErrorKind::OutOfFuel);
    let items = Value::List(vec![value(text.as_str()); 100].into());
    let (result, left) = call_with(10_000, "join", &args![items.clone()]);
    assert!(result.is_ok());
    assert_eq!(left, 10_000 - 100 - 100_000 / 64);
    let (result, _) = call_with(1_000, "join", &args![items]);
    assert_eq!(result.unwrap_err().kind, ErrorKind::OutOfFuel);
    let (result, _) = call_with(100, "split", &args![text.as_str(), ""]);
    assert_eq!(result.unwrap_err().kind, ErrorKind::OutOfFuel);
    let template = "%s".repeat(100);
    let items = Value::List(vec![value(text.as_str()); 100].into());
    let (result, _) = call_with(1_000, "format", &args![template.as_str(), items]);
    assert_eq!(result.unwrap_err().kind, ErrorKind::OutOfFuel);
}

#[test]
fn splitting_and_joining() {
    gives! {
        split("hello world", " ") => list!["hello", "world"];
        split("hello world events!", " ", 0) => list![];
        split("hello world events!", " ", 1) => list!["hello world events!"];
        split("hello world events!", " ", 2) => list!["hello", "world events!"];
        split("o©o©o©o", "©", -1) => list!["o", "o", "o", "o"];
        split("", ",") => list![""];
        split("aé😀", "") => list!["a", "é", "😀"];
        split("aé😀", "", 2) => list!["a", "é😀"];
        split("aé😀", "", 9) => list!["a", "é", "😀"];
        split("", "") => list![];
        split("a,b,", ",") => list!["a", "b", ""];
        join(list!["x", "y"]) => "xy";
        join(list!["x", "y"], "-") => "x-y";
        join(list![]) => "";
        join(list![], "-") => "";
        join(list!["", ""], "-") => "-";
    }
    no_overload! { split(42, "2"); split("42", 2); split("42", "2", "1"); split("42", "2", 1, 1); join(list![1], "-"); }
}

#[test]
fn parts() {
    gives! {
        substring("tacocat", 4) => "cat";
        substring("tacocat", 7) => "";
        substring("tacocat", 0, 4) => "taco";
        substring("tacocat", 4, 4) => "";
        substring("ta©o©αT", 2, 6) => "©o©α";
        substring("ta©o©αT", 7, 7) => "";
        trim(" \u{c}\n\r\t\u{b}text  ") => "text";
        trim("\u{85}\u{a0}\u{1680}text") => "text";
        trim("text\u{2000}\u{2001}\u{2009}\u{200a}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}") => "text";
        trim("\u{180e}text\u{200b}\u{feff}") => "\u{180e}text\u{200b}\u{feff}";
    }
    invalid! {
        substring("tacocat", 40);
        substring("tacocat", -1);
        substring("tacocat", 1, 50);
        substring("tacocat", 49, 50);
        substring("tacocat", 4, 3);
    }
    no_overload! { substring("hello", 1, 2, 3); substring(30, true, 3); substring("tacocat", 0, false); }
}

#[test]
fn quoting() {
    for (text, want) in [
        ("", r#""""#),
        ("first\nsecond", r#""first\nsecond""#),
        ("\u{7}\u{8}\u{c}\r\t\u{b}", r#""\a\b\f\r\t\v""#),
        ("two \\a\\n", r#""two \\a\\n""#),
        ("mid \" quote", r#""mid \" quote""#),
        ("size('ÿ')", r#""size('ÿ')""#),
        ("printable unicode😀", "\"printable unicode😀\""),
    ] {
        assert_eq!(call("strings.quote", &args![text]), Ok(value(want)));
    }
}

#[test]
fn formatting() {
    let time = Timestamp { seconds: 1_675_467_080, nanos: 0 };
    let nested = list!["abc", 3.25, Value::Null, list![9, 8, 7, 6], time];
    let entries = map![
        "key1" => b"xyz", "key5" => Value::Null, "key2" => Duration { nanos: 7_200_000_000_000 }, "key4" => true,
        "key3" => 2.625
    ];
    gives! {
        format("no substitution", list![]) => "no substitution";
        format("str is %s and some more", list!["filler"]) => "str is filler and some more";
        format("%% and also %%", list![]) => "% and also %";
        format("%%%s%%", list!["text"]) => "%text%";
        format("%d %d, %s %s", list![1, 2, "A", "B"]) => "1 2, A B";
        format("%d %d", list![64u64, 1.5]) => "64 1.5";
        format("%b %b %b %b", list![5, 64u64, true, -5]) => "101 1000000 1 -101";
        format("%o %o", list![11, 65_535u64]) => "13 177777";
        format("%x %X %X", list![30, 30, 6000u64]) => "1e 1E 1770";
        format("%x %x", list![-255, i64::MIN]) => "-ff -8000000000000000";
        format("%x %X", list!["Hello world!", "Hello world!"]) => "48656c6c6f20776f726c6421 48656C6C6F20776F726C6421";
        format("%x %X", list![b"byte string", b"\xff"]) => "6279746520737472696e67 FF";
        format("%s %s", list![Value::Null, 999_999_999_999i64]) => "null 999999999999";
        format("%s %s", list![b"xyz", Value::Type("string".into())]) => "xyz string";
        format("%s %s", list![time, Duration { nanos: 6_347_000_000_000 }]) => "2023-02-03T23:31:20Z 6347s";
        format("%s", list![nested]) => "[abc, 3.25, null, [9, 8, 7, 6], 2023-02-03T23:31:20Z]";
        format("%s", list![entries]) => "{key1: xyz, key2: 7200s, key3: 2.625, key4: true, key5: null}";
        format("%s", list![map![1 => "value1", 2u64 => "value2", true => f64::NAN]]) => "{1: value1, 2: value2, true: NaN}";
        format("%s", list![map!["strKey" => "x", 6 => Duration { nanos: 422_000_000_000 }, true => 42]])
            => "{6: 422s, strKey: x, true: 42}";
        format("%s, %s", list![true, false]) => "true, false";
        format("%s", list![list![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]]) => "[NaN, Infinity, -Infinity]";
        format("%s %s", list![32, 56.8]) => "32 56.8";
        format("%s", list![1e21]) => "1000000000000000000000";
        format("unused", list![1]) => "unused";
    }
}

#[test]
fn formatting_doubles() {
    gives! {
        format("%.3f", list![1.2345]) => "1.234";
        format("%f", list![2.625]) => "2.625000";
        format("%.0f %.0f %.0f %.0f", list![123.0, 3.5001, 3.4999, 1.5]) => "123 4 3 2";
        format("%.0f", list![2.5]) => "2";
        format("%.3f %.3f", list![123.4999, 123.4994]) => "123.500 123.499";
        format("%.3f %.3f", list![-123.4999, -123.4994]) => "-123.500 -123.499";
        format("%.5f", list![-1.2]) => "-1.20000";
        format("%.2f %.1e", list![3, 30u64]) => "3.00 3.0e+01";
        format("%.6e", list![1052.032911275]) => "1.052033e+03";
        format("%e", list![2.625]) => "2.625000e+00";
        format("%.2e %e %.0e", list![1e-7, 1e100, 1.5]) => "1.00e-07 1.000000e+100 2e+00";
        format("%e %e %e", list![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]) => "NaN Infinity -Infinity";
        format("%d %f %f", list![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]) => "NaN Infinity -Infinity";
    }
}

#[test]
fn formats_that_fail() {
    invalid! {
        format("%a", list![1]);
        format("%d %d %d", list![0, 1]);
        format("%b", list!["abc"]);
        format("%d", list![Duration { nanos: 1 }]);
        format("%o", list!["a string"]);
        format("%x", list![0.5]);
        format("%E", list![0.5]);
        format("%d", list![Value::Null]);
        format("%e", list![Value::Null]);
        format("%f", list![Value::Null]);
        format("%x", list![Value::Null]);
        format("%b", list![Value::Null]);
        format("%o", list![Value::Null]);
        format("%s", list![Value::Optional(None)]);
        format("%s", list![list![1, Value::Optional(None)]]);
        format("%s", list![map![1 => Value::Optional(None)]]);
        format("%", list![1]);
        format("%.f", list![1.0]);
        format("%.3", list![1.0]);
        format("%.1001f", list![1.0]);
        format("%.99999999999999999999f", list![1.0]);
        format("%.-1f", list![1.0]);
        format("%é", list![1.0]);
    }
    assert!(matches!(error("format", &args!["%s", list![b"\xff"]]), ErrorKind::Conversion(_)));
    no_overload! { format("%s", "x"); format(1, list![]); }
}
