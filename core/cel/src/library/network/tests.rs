use super::{format_cidr, format_ip, functions, parse_cidr, parse_ip, string_overloads};
use crate::error::ErrorKind;
use crate::library::testing::{Library, int, string};
use crate::value::Value;

fn network() -> Library {
    Library(functions())
}

fn ip(text: &str) -> Value {
    Value::Ip(parse_ip(text).unwrap_or_else(|e| panic!("{text}: {e}")))
}

fn cidr(text: &str) -> Value {
    Value::Cidr(parse_cidr(text).unwrap_or_else(|e| panic!("{text}: {e}")))
}

#[test]
fn declarations() {
    network().is_declared_well();
    assert_eq!(string_overloads().len(), 2);
}

#[test]
fn addresses_are_read_and_written() {
    let network = network();
    for (text, canonical) in [
        ("192.168.0.1", "192.168.0.1"),
        ("0.0.0.0", "0.0.0.0"),
        ("2001:db8::68", "2001:db8::68"),
        ("2001:DB8::68", "2001:db8::68"),
        ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
        ("2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::1.2.3.4", "::102:304"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("::", "::"),
    ] {
        assert_eq!(parse_ip(text).map(format_ip).as_deref(), Ok(canonical));
        network.gives("ip", &[string(text)], &ip(canonical));
        network.gives("isIP", &[string(text)], &Value::Bool(true));
        network.gives("ip.isCanonical", &[string(text)], &Value::Bool(text == canonical));
    }
}

#[test]
fn what_is_not_an_address() {
    let network = network();
    for text in [
        "",
        "localhost",
        "192.168.0.1.0",
        "192.168.0",
        "192.168.0.256",
        "192.168.0.01",
        "010.0.0.1",
        "0x7f.0.0.1",
        "2130706433",
        "127.1",
        " 127.0.0.1",
        "127.0.0.1 ",
        "10.0.0.0/8",
        "10.0.0.1:80",
        "[::1]",
        "2001:db8:::68",
        "1::2::3",
        "12345::",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7",
        "1:2:3:4::5:6:7:8",
        "fe80::1%en0",
        "1.2.3.4%en0",
        "::ffff:192.168.0.1",
        "::ffff:c0a8:1",
        "0:0:0:0:0:ffff:1.2.3.4",
        "::01.2.3.4",
        "1.2.3.4::",
        "\u{661}.0.0.0",
    ] {
        network.refuses("ip", &[string(text)]);
        network.refuses("ip.isCanonical", &[string(text)]);
        network.gives("isIP", &[string(text)], &Value::Bool(false));
        network.refuses("containsIP", &[cidr("::/0"), string(text)]);
    }
    for name in ["ip", "isIP", "ip.isCanonical", "cidr", "isCIDR"] {
        network.has_no_overload(name, &[int(1)]);
        network.has_no_overload(name, &[]);
        network.has_no_overload(name, &[ip("::")]);
    }
}

#[test]
fn blocks_are_read_and_written() {
    let network = network();
    for (text, canonical) in [
        ("192.168.0.0/24", "192.168.0.0/24"),
        ("192.168.0.1/24", "192.168.0.1/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
        ("::/128", "::/128"),
    ] {
        assert_eq!(parse_cidr(text).map(format_cidr).as_deref(), Ok(canonical));
        network.gives("cidr", &[string(text)], &cidr(canonical));
        network.gives("isCIDR", &[string(text)], &Value::Bool(true));
    }
    for text in [
        "",
        "/",
        "/8",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "2001:db8::/129",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/08",
        "10.0.0.0/00",
        "10.0.0.0/ 8",
        "10.0.0.0/8 ",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/8/8",
        "10.0.0.0/264",
        "10.0/16",
        "fe80::1%en0/24",
        "::ffff:10.0.0.0/104",
        "10.0.0.0/\u{661}",
        "10.0.0.0/1e1",
    ] {
        network.refuses("cidr", &[string(text)]);
        network.gives("isCIDR", &[string(text)], &Value::Bool(false));
        network.refuses("containsCIDR", &[cidr("::/0"), string(text)]);
    }
}

#[test]
fn what_an_address_is_for() {
    let network = network();
    let questions = ["isUnspecified", "isLoopback", "isGlobalUnicast", "isLinkLocalMulticast", "isLinkLocalUnicast"];
    let kinds = ["unspecified", "loopback", "global", "link multicast", "link", "none"];
    for (text, kind) in [
        ("0.0.0.0", 0),
        ("::", 0),
        ("127.0.0.1", 1),
        ("127.255.255.254", 1),
        ("::1", 1),
        ("192.168.0.1", 2),
        ("8.8.8.8", 2),
        ("240.0.0.1", 2),
        ("128.0.0.1", 2),
        ("169.253.0.1", 2),
        ("2001:db8::abcd", 2),
        ("fd00::1", 2),
        ("fec0::1", 2),
        ("::2", 2),
        ("224.0.0.1", 3),
        ("224.0.0.255", 3),
        ("ff02::1", 3),
        ("ff12::1", 3),
        ("169.254.169.254", 4),
        ("fe80::1", 4),
        ("febf::1", 4),
        ("224.0.1.1", 5),
        ("239.1.1.1", 5),
        ("255.255.255.255", 5),
        ("ff00::1", 5),
        ("ff05::1", 5),
    ] {
        for (at, name) in questions.iter().enumerate() {
            let answer = network.call(name, &[ip(text)]);
            assert_eq!(answer, Ok(Value::Bool(at == kind)), "{name} of {text}, which is {}", kinds[kind]);
        }
        let family = if text.contains(':') { 6 } else { 4 };
        network.gives("family", &[ip(text)], &int(family));
    }
    for name in questions {
        network.has_no_overload(name, &[string("::")]);
        network.has_no_overload(name, &[cidr("::/0")]);
    }
}

#[test]
fn parts_of_blocks() {
    let network = network();
    for (text, address, masked, bits) in [
        ("192.168.0.7/24", "192.168.0.7", "192.168.0.0/24", 24),
        ("192.168.255.7/18", "192.168.255.7", "192.168.192.0/18", 18),
        ("1.2.3.4/0", "1.2.3.4", "0.0.0.0/0", 0),
        ("1.2.3.4/32", "1.2.3.4", "1.2.3.4/32", 32),
        ("2001:db8:ffff:ffff::1/33", "2001:db8:ffff:ffff::1", "2001:db8:8000::/33", 33),
        ("2001:db8::1/128", "2001:db8::1", "2001:db8::1/128", 128),
        ("2001:db8::1/0", "2001:db8::1", "::/0", 0),
    ] {
        network.gives("ip", &[cidr(text)], &ip(address));
        network.gives("masked", &[cidr(text)], &cidr(masked));
        network.gives("prefixLength", &[cidr(text)], &int(bits));
    }
    for name in ["masked", "prefixLength"] {
        network.has_no_overload(name, &[ip("::")]);
    }
}

#[test]
fn addresses_in_blocks() {
    let network = network();
    for (block, address, expected) in [
        ("192.168.0.0/24", "192.168.0.1", true),
        ("192.168.0.77/24", "192.168.0.255", true),
        ("192.168.0.0/24", "192.168.1.0", false),
        ("0.0.0.0/0", "255.1.2.3", true),
        ("0.0.0.0/0", "::1", false),
        ("::/0", "1.2.3.4", false),
        ("1.2.3.4/32", "1.2.3.4", true),
        ("1.2.3.4/32", "1.2.3.5", false),
        ("2001:db8::/32", "2001:db8::1", true),
        ("2001:db8::/32", "2001:db9::1", false),
        ("2001:db8::/32", "32.1.13.184", false),
    ] {
        network.gives("containsIP", &[cidr(block), ip(address)], &Value::Bool(expected));
        network.gives("containsIP", &[cidr(block), string(address)], &Value::Bool(expected));
    }
    network.has_no_overload("containsIP", &[cidr("::/0"), cidr("::/0")]);
    network.has_no_overload("containsIP", &[string("::/0"), ip("::")]);
}

#[test]
fn blocks_in_blocks() {
    let network = network();
    for (outer, inner, expected) in [
        ("192.168.0.0/24", "192.168.0.0/25", true),
        ("192.168.0.0/24", "192.168.0.1/32", true),
        ("192.168.0.0/24", "192.168.0.0/23", false),
        ("192.168.0.0/24", "192.168.1.0/25", false),
        ("10.0.0.0/8", "10.0.0.0/8", true),
        ("10.9.9.9/8", "10.0.0.0/8", true),
        ("0.0.0.0/0", "0.0.0.0/0", true),
        ("0.0.0.0/0", "::/0", false),
        ("::/0", "10.0.0.0/8", false),
        ("2001:db8::/32", "2001:db8::/33", true),
        ("2001:db8::/33", "2001:db8::/32", false),
    ] {
        network.gives("containsCIDR", &[cidr(outer), cidr(inner)], &Value::Bool(expected));
        network.gives("containsCIDR", &[cidr(outer), string(inner)], &Value::Bool(expected));
    }
    network.has_no_overload("containsCIDR", &[cidr("::/0"), ip("::")]);
}

#[test]
fn equality() {
    assert_eq!(ip("2001:db8::1"), ip("2001:DB8:0::1"));
    assert_ne!(ip("0.0.0.0"), ip("::"));
    assert_ne!(cidr("127.0.0.1/24"), cidr("127.0.0.0/24"));
    assert_ne!(ip("127.0.0.1"), string("127.0.0.1"));
}

#[test]
fn text_is_paid_for() {
    let network = network();
    let long = string(&"1".repeat(640));
    for name in ["ip", "isIP", "ip.isCanonical", "cidr", "isCIDR"] {
        assert_eq!(network.call_with(9, name, std::slice::from_ref(&long)).0, Err(ErrorKind::OutOfFuel), "{name}");
    }
    for name in ["containsIP", "containsCIDR"] {
        assert_eq!(network.call_with(9, name, &[cidr("::/0"), long.clone()]).0, Err(ErrorKind::OutOfFuel), "{name}");
    }
}
