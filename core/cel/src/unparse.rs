//! Trees as text for tests, in the notation of cel-go's golden files.

use std::fmt::Write;

use crate::ast::{Ast, Expr, ExprId, Literal, Name};

/// The tree under the root, each node followed by its kind (`a^#*expr.Expr_IdentExpr#`).
///
/// Works without recursion, so any tree can be printed.
#[must_use]
pub fn to_debug_string(ast: &Ast) -> String {
    let mut printer = Printer { ast, out: String::new(), indent: 0, work: vec![Work::Node(ast.root())] };
    while let Some(work) = printer.work.pop() {
        printer.step(work);
    }
    printer.out
}

/// What is left to print, innermost first.
enum Work {
    Node(ExprId),
    Name(Name),
    Text(&'static str),
    /// A line break with the indentation changed.
    Line(isize),
    /// The end of indentation without a line break.
    Dedent,
}

struct Printer<'a> {
    ast: &'a Ast,
    out: String,
    indent: usize,
    work: Vec<Work>,
}

impl Printer<'_> {
    fn step(&mut self, work: Work) {
        match work {
            Work::Node(id) => {
                let parts = self.parts(self.ast.expr(id));
                self.work.extend(parts.into_iter().rev());
            }
            Work::Name(name) => self.out.push_str(&name),
            Work::Text(text) => self.out.push_str(text),
            Work::Line(change) => {
                self.indent = self.indent.saturating_add_signed(change);
                self.out.push('\n');
                self.out.extend(std::iter::repeat_n("  ", self.indent));
            }
            Work::Dedent => self.indent = self.indent.saturating_sub(1),
        }
    }

    fn parts(&self, expr: &Expr) -> Vec<Work> {
        let (mut parts, kind) = match expr {
            Expr::Literal(literal) => {
                let (text, kind) = constant(literal);
                (vec![Work::Name(text.into())], kind)
            }
            Expr::Ident(name) => (vec![Work::Name(name.clone())], "^#*expr.Expr_IdentExpr#"),
            Expr::Select { operand, field, test } => {
                let mut parts = vec![Work::Node(*operand), Work::Text("."), Work::Name(field.clone())];
                parts.extend(test.then_some(Work::Text("~test-only~")));
                (parts, "^#*expr.Expr_SelectExpr#")
            }
            Expr::Call { target, function, args } => {
                let mut parts = Vec::new();
                parts.extend(target.iter().flat_map(|target| [Work::Node(*target), Work::Text(".")]));
                parts.push(Work::Name(function.clone()));
                bracketed(&mut parts, "(", ")", args.iter().map(|arg| vec![Work::Node(*arg)]));
                (parts, "^#*expr.Expr_CallExpr#")
            }
            Expr::List(elements) => {
                let mut parts = Vec::new();
                let items = elements.iter().map(|e| vec![question(e.optional), Work::Node(e.value)]);
                bracketed(&mut parts, "[", "]", items);
                (parts, "^#*expr.Expr_ListExpr#")
            }
            Expr::Map(entries) => {
                let mut parts = Vec::new();
                let items = entries.iter().map(|e| entry(e.optional, Work::Node(e.key), e.value));
                bracketed(&mut parts, "{", "}", items);
                (parts, "^#*expr.Expr_StructExpr#")
            }
            Expr::Struct { name, fields } => {
                let mut parts = vec![Work::Name(name.clone())];
                let items = fields.iter().map(|f| entry(f.optional, Work::Name(f.name.clone()), f.value));
                bracketed(&mut parts, "{", "}", items);
                (parts, "^#*expr.Expr_StructExpr#")
            }
            Expr::Comprehension(c) => {
                let mut parts = vec![Work::Text("__comprehension__("), Work::Line(1)];
                let mut section = |title, items: Vec<Work>| {
                    parts.extend([Work::Text(title), Work::Line(0)]);
                    for item in items {
                        parts.extend([item, Work::Text(","), Work::Line(0)]);
                    }
                };
                let variables = [Some(&c.var), c.var2.as_ref()].into_iter().flatten();
                section("// Variable", variables.map(|name| Work::Name(name.clone())).collect());
                section("// Target", vec![Work::Node(c.range)]);
                section("// Accumulator", vec![Work::Name(c.accumulator.clone())]);
                section("// Init", vec![Work::Node(c.init)]);
                section("// LoopCondition", vec![Work::Node(c.condition)]);
                section("// LoopStep", vec![Work::Node(c.step)]);
                section("// Result", Vec::new());
                parts.extend([Work::Node(c.result), Work::Text(")"), Work::Dedent]);
                (parts, "^#*expr.Expr_ComprehensionExpr#")
            }
        };
        parts.push(Work::Text(kind));
        parts
    }
}

/// Items on lines of their own between brackets.
fn bracketed(
    parts: &mut Vec<Work>,
    open: &'static str,
    close: &'static str,
    items: impl ExactSizeIterator<Item = Vec<Work>>,
) {
    let count = items.len();
    parts.push(Work::Text(open));
    for (i, item) in items.enumerate() {
        parts.push(Work::Line(isize::from(i == 0)));
        parts.extend(item);
        parts.extend((i + 1 < count).then_some(Work::Text(",")));
    }
    parts.extend((count > 0).then_some(Work::Line(-1)));
    parts.push(Work::Text(close));
}

fn question(optional: bool) -> Work {
    Work::Text(if optional { "?" } else { "" })
}

fn entry(optional: bool, key: Work, value: ExprId) -> Vec<Work> {
    let kind = Work::Text("^#*expr.Expr_CreateStruct_Entry#");
    vec![question(optional), key, Work::Text(":"), Work::Node(value), kind]
}

/// A literal in Go's notation, and the kind of its node.
pub(crate) fn constant(literal: &Literal) -> (String, &'static str) {
    match literal {
        Literal::Null => ("null".to_owned(), "^#*expr.Constant_NullValue#"),
        Literal::Bool(value) => (value.to_string(), "^#*expr.Constant_BoolValue#"),
        Literal::Int(value) => (value.to_string(), "^#*expr.Constant_Int64Value#"),
        Literal::Uint(value) => (format!("{value}u"), "^#*expr.Constant_Uint64Value#"),
        Literal::Double(value) => (double(*value), "^#*expr.Constant_DoubleValue#"),
        Literal::String(text) => (quoted(text.as_bytes()), "^#*expr.Constant_StringValue#"),
        Literal::Bytes(bytes) => (format!("b{}", quoted(bytes)), "^#*expr.Constant_BytesValue#"),
    }
}

/// The shortest exact digits; an exponent of at least two digits where it is below -4 or above 5.
fn double(value: f64) -> String {
    let scientific = format!("{value:e}");
    match scientific.split_once('e').and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?))) {
        Some((digits, exponent)) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => value.to_string(),
    }
}

/// Text in double quotes as Go writes it: escapes for what cannot be printed and for bytes that are not UTF-8.
fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_quoted(&mut out, c);
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

fn push_quoted(out: &mut String, c: char) {
    let simple = match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\x07' => "\\a",
        '\x08' => "\\b",
        '\x0C' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\x0B' => "\\v",
        _ => "",
    };
    let code = u32::from(c);
    let _ = match code {
        _ if !simple.is_empty() => out.write_str(simple),
        _ if printable(c) => out.write_char(c),
        0..0x80 => write!(out, "\\x{code:02x}"),
        0x80..0x1_0000 => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// Rust's own idea of what can be printed. Behind a letter, because alone a combining character is escaped.
fn printable(c: char) -> bool {
    let pair = String::from_iter(['a', c]);
    matches!(c, '\'') || pair.escape_debug().eq(pair.chars())
}
