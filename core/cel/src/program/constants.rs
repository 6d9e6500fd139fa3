//! Values as constants of a program: which may be, and what tells them apart.

use crate::value::Val;

/// Folded text and lists beyond this many bytes or elements are left for run time, to keep programs small.
const FOLD_SIZE: usize = 4_096;
/// Folded values that are nested deeper are left for run time: constants are compared, copied and dropped recursively.
const FOLD_DEPTH: usize = 64;

/// Whether a value is small and flat enough to be a constant of the program. It is not looked at beyond that: one that
/// holds the same part many times can be larger than all memory when it is written out.
pub(super) fn is_small(value: Val<'_>) -> bool {
    let mut left = FOLD_SIZE;
    small_part(value, FOLD_DEPTH, &mut left)
}

fn small_part(value: Val<'_>, depth: usize, left: &mut usize) -> bool {
    let own = match value {
        Val::Str(s) => s.len(),
        Val::Bytes(b) => b.len(),
        _ => 1,
    };
    let (Some(rest), Some(depth)) = (left.checked_sub(own), depth.checked_sub(1)) else { return false };
    *left = rest;
    match value {
        Val::List(list) => list.iter().all(|item| small_part(item, depth, left)),
        Val::Map(map) => map.iter().all(|(k, v)| small_part(k, depth, left) && small_part(v, depth, left)),
        Val::Optional(optional) => optional.get().is_none_or(|inner| small_part(inner, depth, left)),
        _ => true,
    }
}

/// Writes bytes that are equal for two values just when both are the same value of the same type.
pub(super) fn write_key(value: Val<'_>, out: &mut Vec<u8>) {
    let text = |tag: u8, bytes: &[u8], out: &mut Vec<u8>| {
        out.push(tag);
        out.extend((bytes.len() as u64).to_le_bytes());
        out.extend(bytes);
    };
    match value {
        Val::Null => out.push(0),
        Val::Bool(b) => out.extend([1, u8::from(b)]),
        Val::Int(i) => text(2, &i.to_le_bytes(), out),
        Val::Uint(u) => text(3, &u.to_le_bytes(), out),
        Val::Double(d) => text(4, &d.to_bits().to_le_bytes(), out),
        Val::Str(s) => text(5, s.as_bytes(), out),
        Val::Bytes(b) => text(6, b, out),
        Val::Timestamp(t) => {
            text(7, &t.seconds.to_le_bytes(), out);
            out.extend(t.nanos.to_le_bytes());
        }
        Val::Duration(d) => text(8, &d.nanos.to_le_bytes(), out),
        Val::Type(t) => text(9, t.0.as_bytes(), out),
        Val::List(l) => {
            text(10, &(l.len() as u64).to_le_bytes(), out);
            l.iter().for_each(|v| write_key(v, out));
        }
        Val::Map(m) => {
            text(11, &(m.len() as u64).to_le_bytes(), out);
            m.iter().for_each(|(k, v)| {
                write_key(k, out);
                write_key(v, out);
            });
        }
        Val::Optional(o) => {
            out.push(12);
            if let Some(v) = o.get() {
                write_key(v, out);
            } else {
                out.push(255);
            }
        }
        Val::Ip(ip) => text(13, ip.to_string().as_bytes(), out),
        Val::Cidr(c) => text(14, format!("{}/{}", c.address, c.prefix).as_bytes(), out),
    }
}
