//! The table of what expressions are made of.
//!
//! A production is a type, a precedence and a template. In a template, `{n:type}` is an operand that is put in parentheses
//! when it binds less tightly than `n`; `@E` introduces a new name for a loop variable of type `E`, which may be used in the
//! operands that follow; `#` is the name of a field.

use super::tree::Marks;
use super::types::{self, Ty};

/// One way to make an expression of a type.
pub struct Production {
    /// The type that it makes.
    pub result: Ty,
    /// How tightly it binds.
    pub precedence: u8,
    /// The template's parts.
    pub parts: Vec<Piece>,
    /// Which implementation does not have it.
    pub marks: Marks,
    /// How often it is taken, relative to others.
    pub weight: usize,
}

/// A part of a template.
pub enum Piece {
    Text(String),
    Operand(Ty, u8),
    /// A new loop variable.
    Binder(Ty),
    /// The name of a field.
    Field,
}

/// `(weight, result, precedence, template)`
const EVERYWHERE: &[(usize, &str, u8, &str)] = &[
    // Operators.
    (6, "bool", 6, "!{7:bool}"),
    (12, "bool", 2, "{2:bool} && {3:bool}"),
    (12, "bool", 1, "{1:bool} || {2:bool}"),
    (4, "T", 0, "{1:bool} ? {1:T} : {0:T}"),
    (10, "bool", 3, "{3:T} == {4:T}"),
    (6, "bool", 3, "{3:T} != {4:T}"),
    (4, "bool", 3, "{3:O} < {4:O}"),
    (4, "bool", 3, "{3:O} <= {4:O}"),
    (4, "bool", 3, "{3:O} > {4:O}"),
    (4, "bool", 3, "{3:O} >= {4:O}"),
    (2, "bool", 3, "{3:N} < {4:M}"),
    (2, "bool", 3, "{3:N} >= {4:M}"),
    (3, "bool", 3, "dyn({0:N}) == {4:M}"),
    (2, "bool", 3, "{3:A} != dyn({0:B})"),
    (2, "bool", 3, "dyn({0:N}) <= dyn({0:M})"),
    (1, "bool", 3, "dyn({0:A}) < dyn({0:B})"),
    (5, "bool", 3, "{3:E} in {4:list(E)}"),
    (3, "bool", 3, "dyn({0:N}) in {4:list(M)}"),
    (5, "bool", 3, "{3:K} in {4:map(K, V)}"),
    (2, "bool", 3, "dyn({0:N}) in {4:map(K, V)}"),
    (8, "int", 4, "{4:int} + {5:int}"),
    (6, "int", 4, "{4:int} - {5:int}"),
    (6, "int", 5, "{5:int} * {6:int}"),
    (5, "int", 5, "{5:int} / {6:int}"),
    (5, "int", 5, "{5:int} % {6:int}"),
    (3, "int", 6, "-{7:int}"),
    (6, "uint", 4, "{4:uint} + {5:uint}"),
    (4, "uint", 4, "{4:uint} - {5:uint}"),
    (4, "uint", 5, "{5:uint} * {6:uint}"),
    (3, "uint", 5, "{5:uint} / {6:uint}"),
    (3, "uint", 5, "{5:uint} % {6:uint}"),
    (6, "double", 4, "{4:double} + {5:double}"),
    (4, "double", 4, "{4:double} - {5:double}"),
    (4, "double", 5, "{5:double} * {6:double}"),
    (4, "double", 5, "{5:double} / {6:double}"),
    (3, "double", 6, "-{7:double}"),
    (8, "string", 4, "{4:string} + {5:string}"),
    (5, "bytes", 4, "{4:bytes} + {5:bytes}"),
    (5, "list(E)", 4, "{4:list(E)} + {5:list(E)}"),
    (4, "timestamp", 4, "{4:timestamp} + {5:duration}"),
    (2, "timestamp", 4, "{4:duration} + {5:timestamp}"),
    (4, "timestamp", 4, "{4:timestamp} - {5:duration}"),
    (4, "duration", 4, "{4:timestamp} - {5:timestamp}"),
    (4, "duration", 4, "{4:duration} + {5:duration}"),
    (4, "duration", 4, "{4:duration} - {5:duration}"),
    // Elements and fields.
    (2, "E", 7, "{7:list(E)}[{0:int}]"),
    (2, "E", 7, "({4:list(E)} + [{0:E}])[0]"),
    (1, "E", 7, "[{0:E}, {0:E}, {0:E}][{5:int} % 3]"),
    (1, "E", 7, "{7:list(E)}[dyn({0:N})]"),
    (1, "V", 7, "{7:map(K, V)}[{0:K}]"),
    (1, "V", 7, "{{0:K}: {0:V}}[{0:K}]"),
    (2, "V", 7, "{'a': {0:V}, 'key': {0:V}}['key']"),
    (2, "V", 7, "{'a': {0:V}, 'b': {0:V}}.a"),
    (1, "V", 7, "{7:map(int, V)}[dyn({0:N})]"),
    (3, "V", 7, "{7:map(string, V)}.#"),
    (5, "bool", 7, "has({7:map(string, V)}.#)"),
    (2, "bool", 7, "has({7:map(string, map(string, V))}.#.#)"),
    // Loops.
    (6, "bool", 7, "{7:list(E)}.all(@E, {0:bool})"),
    (6, "bool", 7, "{7:list(E)}.exists(@E, {0:bool})"),
    (4, "bool", 7, "{7:list(E)}.exists_one(@E, {0:bool})"),
    (3, "bool", 7, "{7:map(K, V)}.all(@K, {0:bool})"),
    (3, "bool", 7, "{7:map(K, V)}.exists(@K, {0:bool})"),
    (2, "bool", 7, "{7:map(K, V)}.exists_one(@K, {0:bool})"),
    (5, "list(F)", 7, "{7:list(E)}.map(@E, {0:F})"),
    (3, "list(F)", 7, "{7:list(E)}.map(@E, {0:bool}, {0:F})"),
    (5, "list(E)", 7, "{7:list(E)}.filter(@E, {0:bool})"),
    (1, "int", 7, "{7:map(K, V)}.filter(@K, {0:bool}).size()"),
    (1, "int", 7, "size({7:map(K, V)}.map(@K, {0:F}))"),
    // Functions.
    (3, "int", 7, "size({0:string})"),
    (2, "int", 7, "{7:string}.size()"),
    (2, "int", 7, "size({0:bytes})"),
    (1, "int", 7, "{7:bytes}.size()"),
    (3, "int", 7, "size({0:list(E)})"),
    (2, "int", 7, "{7:list(E)}.size()"),
    (2, "int", 7, "size({0:map(K, V)})"),
    (1, "int", 7, "{7:map(K, V)}.size()"),
    (4, "bool", 7, "{7:string}.contains({0:string})"),
    (4, "bool", 7, "{7:string}.startsWith({0:string})"),
    (4, "bool", 7, "{7:string}.endsWith({0:string})"),
    (1, "bool", 7, "{7:string}.matches('^[a-c]+$')"),
    (1, "bool", 7, "{7:string}.matches('l+o')"),
    (1, "bool", 7, "matches({0:string}, '(?i)HELLO')"),
    (1, "bool", 7, "{7:string}.matches(r'^\\d{1,3}$')"),
    (1, "bool", 7, "{7:string}.matches('.')"),
    (1, "bool", 7, "{7:string}.matches('[')"),
    (1, "bool", 7, "{7:string}.matches({0:string})"),
    (1, "bool", 3, "type({0:T}) == type({0:T})"),
    (1, "bool", 3, "type({0:A}) == type({0:B})"),
    (1, "bool", 3, "type({0:A}) == int"),
    (1, "bool", 3, "type({0:A}) == list"),
    (1, "bool", 3, "type({0:A}) in [int, uint, double, string, bytes, bool, list, map, null_type, type]"),
    (1, "bool", 3, "type(type({0:A})) == type"),
    // Conversions.
    (1, "T", 7, "dyn({0:T})"),
    (1, "int", 7, "int({0:int})"),
    (3, "int", 7, "int({0:uint})"),
    (3, "int", 7, "int({0:double})"),
    (3, "int", 7, "int({0:string})"),
    (2, "int", 7, "int({0:timestamp})"),
    (1, "uint", 7, "uint({0:uint})"),
    (3, "uint", 7, "uint({0:int})"),
    (3, "uint", 7, "uint({0:double})"),
    (3, "uint", 7, "uint({0:string})"),
    (1, "double", 7, "double({0:double})"),
    (3, "double", 7, "double({0:int})"),
    (3, "double", 7, "double({0:uint})"),
    (3, "double", 7, "double({0:string})"),
    (1, "string", 7, "string({0:string})"),
    (2, "string", 7, "string({0:int})"),
    (2, "string", 7, "string({0:uint})"),
    (2, "string", 7, "string({0:double})"),
    (2, "string", 7, "string({0:bool})"),
    (2, "string", 7, "string({0:bytes})"),
    (2, "string", 7, "string({0:timestamp})"),
    (2, "string", 7, "string({0:duration})"),
    (2, "bytes", 7, "bytes({0:string})"),
    (1, "bytes", 7, "bytes({0:bytes})"),
    (1, "bool", 7, "bool({0:bool})"),
    (2, "bool", 7, "bool({0:string})"),
    (3, "timestamp", 7, "timestamp({0:int})"),
    (1, "timestamp", 7, "timestamp({0:timestamp})"),
    (1, "timestamp", 7, "timestamp(string({0:timestamp}))"),
    (1, "duration", 7, "duration({0:duration})"),
    (1, "duration", 7, "duration(string({0:duration}))"),
    // Parts of times.
    (2, "int", 7, "{7:timestamp}.getFullYear()"),
    (1, "int", 7, "{7:timestamp}.getMonth()"),
    (1, "int", 7, "{7:timestamp}.getDate()"),
    (1, "int", 7, "{7:timestamp}.getDayOfMonth()"),
    (1, "int", 7, "{7:timestamp}.getDayOfWeek()"),
    (1, "int", 7, "{7:timestamp}.getDayOfYear()"),
    (1, "int", 7, "{7:timestamp}.getHours()"),
    (1, "int", 7, "{7:timestamp}.getMinutes()"),
    (1, "int", 7, "{7:timestamp}.getSeconds()"),
    (1, "int", 7, "{7:timestamp}.getMilliseconds()"),
    (1, "int", 7, "{7:timestamp}.getHours('America/Los_Angeles')"),
    (1, "int", 7, "{7:timestamp}.getDate('Australia/Sydney')"),
    (1, "int", 7, "{7:timestamp}.getDayOfWeek('+05:30')"),
    (1, "int", 7, "{7:timestamp}.getMinutes('-02:30')"),
    (1, "int", 7, "{7:timestamp}.getFullYear('UTC')"),
    (1, "int", 7, "{7:timestamp}.getMonth('No/Where')"),
    (1, "int", 7, "{7:duration}.getHours()"),
    (1, "int", 7, "{7:duration}.getMinutes()"),
    (1, "int", 7, "{7:duration}.getSeconds()"),
    (1, "int", 7, "{7:duration}.getMilliseconds()"),
    // Extensions.
    (1, "string", 7, "{7:string}.charAt({0:int})"),
    (1, "int", 7, "{7:string}.indexOf({0:string})"),
    (1, "int", 7, "{7:string}.indexOf({0:string}, {0:int})"),
    (1, "int", 7, "{7:string}.lastIndexOf({0:string})"),
    (1, "int", 7, "{7:string}.lastIndexOf({0:string}, {0:int})"),
    (1, "string", 7, "{7:list(string)}.join()"),
    (1, "string", 7, "{7:list(string)}.join({0:string})"),
    (1, "string", 7, "{7:string}.lowerAscii()"),
    (1, "string", 7, "{7:string}.upperAscii()"),
    (1, "string", 7, "{7:string}.trim()"),
    (1, "string", 7, "{7:string}.replace({0:string}, {0:string})"),
    (1, "string", 7, "{7:string}.replace({0:string}, {0:string}, {0:int})"),
    (1, "list(string)", 7, "{7:string}.split({0:string})"),
    (1, "list(string)", 7, "{7:string}.split({0:string}, {0:int})"),
    (1, "string", 7, "{7:string}.substring({0:int})"),
    (1, "string", 7, "{7:string}.substring({0:int}, {0:int})"),
    (1, "string", 7, "{7:string}.reverse()"),
    (1, "double", 7, "math.ceil({0:double})"),
    (1, "double", 7, "math.floor({0:double})"),
    (1, "double", 7, "math.round({0:double})"),
    (1, "double", 7, "math.trunc({0:double})"),
    (1, "N", 7, "math.abs({0:N})"),
    (1, "N", 7, "math.sign({0:N})"),
    (1, "bool", 7, "math.isNaN({0:double})"),
    (1, "bool", 7, "math.isInf({0:double})"),
    (1, "bool", 7, "math.isFinite({0:double})"),
    (1, "int", 7, "math.bitAnd({0:int}, {0:int})"),
    (1, "uint", 7, "math.bitOr({0:uint}, {0:uint})"),
    (1, "int", 7, "math.bitXor({0:int}, {0:int})"),
    (1, "int", 7, "math.bitNot({0:int})"),
    (1, "uint", 7, "math.bitNot({0:uint})"),
    (1, "int", 7, "math.bitShiftLeft({0:int}, {0:int})"),
    (1, "uint", 7, "math.bitShiftLeft({0:uint}, {0:int})"),
    (1, "int", 7, "math.bitShiftRight({0:int}, {0:int})"),
    (1, "uint", 7, "math.bitShiftRight({0:uint}, {0:int})"),
    (1, "string", 7, "base64.encode({0:bytes})"),
    (1, "bytes", 7, "base64.decode({0:string})"),
    (1, "bytes", 7, "base64.decode(base64.encode({0:bytes}))"),
];

/// What `cel-core` does not have.
const NOT_IN_CEL_CORE: &[(usize, &str, u8, &str)] = &[
    (1, "bool", 3, "type({0:A}) != google.protobuf.Timestamp"),
    (1, "double", 7, "math.sqrt({0:N})"),
    (2, "list(E)", 7, "{7:list(E)}.slice({0:int}, {0:int})"),
    (1, "list(E)", 7, "{7:list(list(E))}.flatten()"),
    (2, "list(E)", 7, "{7:list(E)}.distinct()"),
    (2, "list(E)", 7, "{7:list(E)}.reverse()"),
    (2, "list(O)", 7, "{7:list(O)}.sort()"),
    (1, "list(int)", 7, "lists.range({5:int} % 5)"),
];

/// All productions.
pub fn all() -> Vec<Production> {
    let everywhere = EVERYWHERE.iter().map(|row| production(row, Marks::default()));
    everywhere.chain(NOT_IN_CEL_CORE.iter().map(|row| production(row, Marks::NOT_IN_CEL_CORE))).collect()
}

fn production((weight, result, precedence, template): &(usize, &str, u8, &str), marks: Marks) -> Production {
    let mut parts = Vec::new();
    let mut rest = *template;
    while let Some(at) = rest.find(['{', '@', '#']) {
        let (text, after) = rest.split_at(at);
        let (sign, after) = after.split_at(1);
        parts.push(Piece::Text(text.to_string()));
        rest = match sign {
            "{" => match after.split_once('}') {
                Some((operand, after)) if operand.as_bytes().get(1) == Some(&b':') => {
                    let (least, ty) = operand.split_once(':').unwrap();
                    parts.push(Piece::Operand(types::parse(ty), least.parse().unwrap()));
                    after
                }
                // A brace of the expression itself.
                _ => {
                    parts.push(Piece::Text(sign.to_string()));
                    after
                }
            },
            "@" => {
                let (letter, after) = after.split_at(1);
                parts.push(Piece::Binder(types::parse(letter)));
                after
            }
            _ => {
                parts.push(Piece::Field);
                after
            }
        };
    }
    parts.push(Piece::Text(rest.to_string()));
    Production { result: types::parse(result), precedence: *precedence, parts, marks, weight: *weight }
}
