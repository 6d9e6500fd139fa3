//! Functions: network addresses and blocks (`ip`, `cidr`, `containsIP`, ...), as Kubernetes and cel-go's network extension
//! define them.
//!
//! Text is read strictly: zones, IPv4-mapped IPv6 addresses and leading zeros in IPv4 are refused, so that one address has
//! one meaning wherever it is read.

use std::net::IpAddr;

use super::declare::{Code, function, globals, invalid, members, no_overload};
use crate::error::Result;
use crate::function::{Context, Function, Overload};
use crate::types::Type::{self, Bool, Int, String};
use crate::value::{Cidr, Val};

/// The functions of this module. [`string_overloads`] has what it adds to `string`.
#[must_use]
pub fn functions() -> Vec<Function> {
    let mut all = address_functions();
    all.extend(block_functions());
    all
}

/// The type of an address.
fn ip_type() -> Type {
    Type::opaque("net.IP")
}

/// The type of a block.
fn cidr_type() -> Type {
    Type::opaque("net.CIDR")
}

/// What addresses and blocks add to the overloads of `string`; [`format_ip`] and [`format_cidr`] implement them.
#[must_use]
pub fn string_overloads() -> Vec<Overload> {
    globals([("ip_to_string", &[ip_type()], String), ("cidr_to_string", &[cidr_type()], String)])
}

fn address_functions() -> Vec<Function> {
    let test = |name: &str, id: &str, code: Code, doc, example| {
        function(name, members([(id, &[ip_type()], Bool)]), code, doc, example)
    };
    vec![
        function(
            "ip",
            [globals([("string_to_ip", &[String], ip_type())]), members([("cidr_ip", &[cidr_type()], ip_type())])]
                .concat(),
            ip,
            "The address that a text is, or the address of a block as it was written.",
            "ip('10.0.0.1') == cidr('10.0.0.1/8').ip()",
        ),
        function(
            "isIP",
            globals([("is_ip", &[String], Bool)]),
            is_ip,
            "True when ip() accepts the text.",
            "isIP('::ffff:10.0.0.1') == false",
        ),
        function(
            "ip.isCanonical",
            globals([("ip_is_canonical", &[String], Bool)]),
            is_canonical,
            "True when the text is an address in its canonical form; an error when it is no address.",
            "ip.isCanonical('2001:DB8::1') == false",
        ),
        function(
            "family",
            members([("ip_family", &[ip_type()], Int)]),
            family,
            "4 or 6, the version of the address.",
            "ip('::1').family() == 6",
        ),
        test(
            "isUnspecified",
            "ip_is_unspecified",
            is_unspecified,
            "True for 0.0.0.0 and ::.",
            "ip('0.0.0.0').isUnspecified() == true",
        ),
        test(
            "isLoopback",
            "ip_is_loopback",
            is_loopback,
            "True in 127.0.0.0/8 and for ::1.",
            "ip('127.0.0.1').isLoopback() == true",
        ),
        test(
            "isGlobalUnicast",
            "ip_is_global_unicast",
            is_global_unicast,
            "True unless the address is unspecified, loopback, multicast, link-local unicast or the IPv4 broadcast.",
            "ip('192.168.0.1').isGlobalUnicast() == true",
        ),
        test(
            "isLinkLocalMulticast",
            "ip_is_link_local_multicast",
            is_link_local_multicast,
            "True in 224.0.0.0/24 and for IPv6 multicast of link-local scope.",
            "ip('ff02::1').isLinkLocalMulticast() == true",
        ),
        test(
            "isLinkLocalUnicast",
            "ip_is_link_local_unicast",
            is_link_local_unicast,
            "True in 169.254.0.0/16 and fe80::/10.",
            "ip('169.254.169.254').isLinkLocalUnicast() == true",
        ),
    ]
}

fn block_functions() -> Vec<Function> {
    vec![
        function(
            "cidr",
            globals([("string_to_cidr", &[String], cidr_type())]),
            cidr,
            "The block of addresses that a text is.",
            "string(cidr('10.0.0.0/8')) == '10.0.0.0/8'",
        ),
        function(
            "isCIDR",
            globals([("is_cidr", &[String], Bool)]),
            is_cidr,
            "True when cidr() accepts the text.",
            "isCIDR('10.0.0.0/33') == false",
        ),
        function(
            "containsIP",
            members([
                ("cidr_contains_ip", &[cidr_type(), ip_type()], Bool),
                ("cidr_contains_ip_string", &[cidr_type(), String], Bool),
            ]),
            contains_ip,
            "True when the block has this address.",
            "cidr('10.0.0.0/8').containsIP('10.1.2.3') == true",
        ),
        function(
            "containsCIDR",
            members([
                ("cidr_contains_cidr", &[cidr_type(), cidr_type()], Bool),
                ("cidr_contains_cidr_string", &[cidr_type(), String], Bool),
            ]),
            contains_cidr,
            "True when the block has every address of this block.",
            "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') == true",
        ),
        function(
            "masked",
            members([("cidr_masked", &[cidr_type()], cidr_type())]),
            masked,
            "The block with the host bits of its address cleared.",
            "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
        ),
        function(
            "prefixLength",
            members([("cidr_prefix_length", &[cidr_type()], Int)]),
            prefix_length,
            "The number of leading bits that all addresses of the block share.",
            "cidr('10.0.0.0/8').prefixLength() == 8",
        ),
    ]
}

/// Reads an address; a zone, an IPv4-mapped IPv6 address or a leading zero in IPv4 is an error.
///
/// # Errors
/// An invalid argument, with the reason.
pub fn parse_ip(text: &str) -> Result<IpAddr> {
    if text.contains('%') {
        return Err(invalid("an IP address with a zone is not allowed"));
    }
    match text.parse().map_err(|_| invalid("the text is not an IP address"))? {
        IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some() => Err(invalid("an IPv4-mapped IPv6 address is not allowed")),
        ip => Ok(ip),
    }
}

/// Reads a block, `address/bits`; what [`parse_ip`] refuses is an error, and so are bits with a sign or a leading zero.
///
/// # Errors
/// An invalid argument, with the reason.
pub fn parse_cidr(text: &str) -> Result<Cidr> {
    let wrong = invalid("the text is not a CIDR block");
    let (address, bits) = text.rsplit_once('/').ok_or(wrong)?;
    let address = parse_ip(address)?;
    let canonical = bits == "0" || bits.starts_with(|c: char| ('1'..='9').contains(&c));
    let prefix = bits.parse().ok().filter(|_| canonical).ok_or(wrong)?;
    if prefix > width(address) {
        return Err(invalid("the CIDR block has more bits than its address"));
    }
    Ok(Cidr { address, prefix })
}

/// The address in its canonical form (RFC 5952 for IPv6).
#[must_use]
pub fn format_ip(ip: IpAddr) -> std::string::String {
    ip.to_string()
}

/// The block as `address/bits`, host bits included.
#[must_use]
pub fn format_cidr(cidr: Cidr) -> std::string::String {
    format!("{}/{}", cidr.address, cidr.prefix)
}

/// The number of bits of the address.
fn width(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The address with all bits beyond the first `prefix` cleared.
fn mask(ip: IpAddr, prefix: u8) -> IpAddr {
    let cleared = u32::from(width(ip).saturating_sub(prefix));
    match ip {
        IpAddr::V4(ip) => IpAddr::V4((ip.to_bits() & u32::MAX.checked_shl(cleared).unwrap_or(0)).into()),
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() & u128::MAX.checked_shl(cleared).unwrap_or(0)).into()),
    }
}

/// True when the block has the address.
fn has(block: Cidr, ip: IpAddr) -> bool {
    mask(block.address, block.prefix) == mask(ip, block.prefix)
}

/// An address given as such or as text.
fn address_of<'a>(cx: &Context<'a>, value: Val<'a>) -> Result<IpAddr> {
    match value {
        Val::Ip(ip) => Ok(*ip),
        Val::Str(text) => {
            cx.pay_bytes(text.len())?;
            parse_ip(text)
        }
        _ => no_overload(),
    }
}

/// A block given as such or as text.
fn block_of<'a>(cx: &Context<'a>, value: Val<'a>) -> Result<Cidr> {
    match value {
        Val::Cidr(cidr) => Ok(*cidr),
        Val::Str(text) => {
            cx.pay_bytes(text.len())?;
            parse_cidr(text)
        }
        _ => no_overload(),
    }
}

/// The one argument, which must be text; it is paid for.
fn text<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<&'a str> {
    let [Val::Str(text)] = *args else { return no_overload() };
    cx.pay_bytes(text.len())?;
    Ok(text)
}

fn ip<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    if let [Val::Cidr(cidr)] = *args {
        return Ok(Val::Ip(&cidr.address));
    }
    Ok(Val::Ip(cx.arena.alloc(parse_ip(text(cx, args)?)?)))
}

fn is_ip<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    Ok(Val::Bool(parse_ip(text(cx, args)?).is_ok()))
}

fn is_canonical<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let text = text(cx, args)?;
    Ok(Val::Bool(format_ip(parse_ip(text)?) == text))
}

fn cidr<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    Ok(Val::Cidr(cx.arena.alloc(parse_cidr(text(cx, args)?)?)))
}

fn is_cidr<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    Ok(Val::Bool(parse_cidr(text(cx, args)?).is_ok()))
}

fn family<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::Ip(IpAddr::V4(_))] => Ok(Val::Int(4)),
        [Val::Ip(IpAddr::V6(_))] => Ok(Val::Int(6)),
        _ => no_overload(),
    }
}

/// A question about one address.
macro_rules! of_address {
    ($($name:ident: |$ip:ident| $result:expr;)*) => {$(
        fn $name<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
            match *args {
                [Val::Ip($ip)] => Ok(Val::Bool($result)),
                _ => no_overload(),
            }
        }
    )*};
}

of_address! {
    is_unspecified: |ip| ip.is_unspecified();
    is_loopback: |ip| ip.is_loopback();
    is_global_unicast: |ip| global_unicast(ip);
    is_link_local_multicast: |ip| link_local_multicast(ip);
    is_link_local_unicast: |ip| link_local_unicast(ip);
}

fn global_unicast(ip: &IpAddr) -> bool {
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !(broadcast || ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || link_local_unicast(ip))
}

fn link_local_multicast(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => matches!(ip.octets(), [224, 0, 0, _]),
        // The second byte has the flags, which do not count, and the scope, of which 2 is link-local.
        IpAddr::V6(ip) => matches!(ip.octets(), [0xff, scope, ..] if scope & 0x0f == 2),
    }
}

fn link_local_unicast(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

fn contains_ip<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let [Val::Cidr(block), inner] = *args else { return no_overload() };
    Ok(Val::Bool(has(*block, address_of(cx, inner)?)))
}

fn contains_cidr<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let [Val::Cidr(block), inner] = *args else { return no_overload() };
    let inner = block_of(cx, inner)?;
    Ok(Val::Bool(block.prefix <= inner.prefix && has(*block, inner.address)))
}

fn masked<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let [Val::Cidr(&Cidr { address, prefix })] = *args else { return no_overload() };
    Ok(Val::Cidr(cx.arena.alloc(Cidr { address: mask(address, prefix), prefix })))
}

fn prefix_length<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::Cidr(cidr)] => Ok(Val::Int(i64::from(cidr.prefix))),
        _ => no_overload(),
    }
}

#[cfg(test)]
mod tests;
