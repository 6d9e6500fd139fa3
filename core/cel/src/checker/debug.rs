//! Prints a checked expression the way cel-go's tests do, with each node's type (`~int`) and reference (`^add_int64`).

use std::fmt::Write as _;

use super::{Checked, Reference};
use crate::ast::{Comprehension, Expr, ExprId, Literal};

/// The whole expression, one operand a line.
///
/// ```
/// use llm_policy_cel::{checker::debug, env::Env, types::Type};
///
/// let env = Env::builder().standard().variable("x", Type::Int).build();
/// let text = debug::print(&env.compile("x + 1").unwrap());
/// assert_eq!(text, "_+_(\n  x~int^x,\n  1~int\n)~int^add_int64");
/// ```
#[must_use]
pub fn print(checked: &Checked) -> String {
    let mut printer = Printer { checked, out: String::new(), indent: 0, steps: vec![Step::Node(checked.ast().root())] };
    // The steps are a stack, so that depth is no concern.
    while let Some(step) = printer.steps.pop() {
        match step {
            Step::Node(id) => printer.node(id),
            Step::Text(text) => printer.out.push_str(text),
            Step::Name(text) => printer.out.push_str(text),
            Step::Adorn(id) => printer.adorn(id),
            Step::In => {
                printer.indent += 1;
                printer.line();
            }
            Step::Out => {
                printer.indent -= 1;
                printer.line();
            }
            Step::Line => printer.line(),
            Step::Dedent => printer.indent -= 1,
        }
    }
    printer.out
}

enum Step<'a> {
    Node(ExprId),
    Text(&'static str),
    Name(&'a str),
    /// The type and the reference of a node.
    Adorn(ExprId),
    /// A new line, one level deeper.
    In,
    /// A new line, one level less deep.
    Out,
    Line,
    /// One level less deep, without a new line.
    Dedent,
}

struct Printer<'a> {
    checked: &'a Checked,
    out: String,
    indent: usize,
    steps: Vec<Step<'a>>,
}

impl<'a> Printer<'a> {
    fn line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", self.indent));
    }

    fn then(&mut self, steps: Vec<Step<'a>>) {
        self.steps.extend(steps.into_iter().rev());
    }

    fn adorn(&mut self, id: ExprId) {
        self.out.push('~');
        let _ = write!(self.out, "{}", self.checked.type_of(id));
        match self.checked.reference(id) {
            Some(Reference::Function { overloads, .. }) => {
                self.out.push('^');
                self.out.push_str(&overloads.join("|"));
            }
            Some(Reference::Variable(name) | Reference::Local(name) | Reference::TypeName(name, _)) => {
                self.out.push('^');
                self.out.push_str(name);
            }
            None => {}
        }
    }

    fn node(&mut self, id: ExprId) {
        let checked = self.checked;
        if let Some(Reference::Variable(name) | Reference::Local(name) | Reference::TypeName(name, _)) =
            checked.reference(id)
        {
            return self.then(vec![Step::Name(name), Step::Adorn(id)]);
        }
        match checked.ast().expr(id) {
            Expr::Literal(literal) => {
                self.literal(literal);
                self.adorn(id);
            }
            Expr::Ident(name) => self.then(vec![Step::Name(name), Step::Adorn(id)]),
            Expr::Select { operand, field, test } => {
                let test = Step::Text(if *test { "~test-only~" } else { "" });
                self.then(vec![Step::Node(*operand), Step::Text("."), Step::Name(field), test, Step::Adorn(id)]);
            }
            Expr::Call { target, function, args } => self.call(id, *target, function, args),
            Expr::List(elements) => {
                let items = elements.iter().map(|e| vec![optional(e.optional), Step::Node(e.value)]);
                self.group("[", items.collect(), "]", id);
            }
            Expr::Map(entries) => {
                let items = entries
                    .iter()
                    .map(|e| vec![optional(e.optional), Step::Node(e.key), Step::Text(":"), Step::Node(e.value)]);
                self.group("{", items.collect(), "}", id);
            }
            Expr::Struct { name, fields } => {
                let items = fields
                    .iter()
                    .map(|f| vec![optional(f.optional), Step::Name(&f.name), Step::Text(":"), Step::Node(f.value)])
                    .collect();
                self.out.push_str(name);
                self.group("{", items, "}", id);
            }
            Expr::Comprehension(c) => self.comprehension(id, c),
        }
    }

    fn call(&mut self, id: ExprId, target: Option<ExprId>, function: &'a str, args: &[ExprId]) {
        let items = args.iter().map(|arg| vec![Step::Node(*arg)]).collect();
        let mut steps = Vec::new();
        match (self.checked.reference(id), target) {
            // The full name of a function; of a method the name as it was written.
            (Some(Reference::Function { name, qualified: true, .. }), _)
            | (Some(Reference::Function { name, .. }), None) => steps.push(Step::Name(name)),
            (_, Some(target)) => steps.extend([Step::Node(target), Step::Text("."), Step::Name(function)]),
            _ => steps.push(Step::Name(function)),
        }
        self.delimited(steps, "(", items, ")", id);
    }

    fn group(&mut self, open: &'static str, items: Vec<Vec<Step<'a>>>, close: &'static str, id: ExprId) {
        self.delimited(Vec::new(), open, items, close, id);
    }

    /// `items` between `open` and `close`, one a line.
    fn delimited(
        &mut self,
        mut steps: Vec<Step<'a>>,
        open: &'static str,
        items: Vec<Vec<Step<'a>>>,
        close: &'static str,
        id: ExprId,
    ) {
        steps.push(Step::Text(open));
        let some = !items.is_empty();
        for (at, item) in items.into_iter().enumerate() {
            if at == 0 {
                steps.push(Step::In);
            } else {
                steps.extend([Step::Text(","), Step::Line]);
            }
            steps.extend(item);
        }
        if some {
            steps.push(Step::Out);
        }
        steps.extend([Step::Text(close), Step::Adorn(id)]);
        self.then(steps);
    }

    fn comprehension(&mut self, id: ExprId, c: &'a Comprehension) {
        let mut steps = vec![
            Step::Text("__comprehension__("),
            Step::In,
            Step::Text("// Variable"),
            Step::Line,
            Step::Name(&c.var),
            Step::Text(","),
            Step::Line,
        ];
        if let Some(var2) = &c.var2 {
            steps.extend([Step::Name(var2), Step::Text(","), Step::Line]);
        }
        steps.extend([Step::Text("// Target"), Step::Line, Step::Node(c.range), Step::Text(","), Step::Line]);
        steps.extend([Step::Text("// Accumulator"), Step::Line, Step::Name(&c.accumulator), Step::Text(",")]);
        let parts = [
            ("// Init", c.init, ","),
            ("// LoopCondition", c.condition, ","),
            ("// LoopStep", c.step, ","),
            ("// Result", c.result, ")"),
        ];
        for (title, part, end) in parts {
            steps.extend([Step::Line, Step::Text(title), Step::Line, Step::Node(part), Step::Text(end)]);
        }
        steps.extend([Step::Dedent, Step::Adorn(id)]);
        self.then(steps);
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Null => self.out.push_str("null"),
            Literal::Bool(value) => {
                let _ = write!(self.out, "{value}");
            }
            Literal::Int(value) => {
                let _ = write!(self.out, "{value}");
            }
            Literal::Uint(value) => {
                let _ = write!(self.out, "{value}u");
            }
            Literal::Double(value) => self.out.push_str(&double(*value)),
            Literal::String(text) => quote(&mut self.out, text.as_bytes()),
            Literal::Bytes(bytes) => {
                self.out.push('b');
                quote(&mut self.out, bytes);
            }
        }
    }
}

const fn optional(optional: bool) -> Step<'static> {
    Step::Text(if optional { "?" } else { "" })
}

/// The shortest decimal digits that give back `value`; with an exponent from 1e+06 up and below 1e-4, as Go's `%g` does.
fn double(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        }
        .to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// `bytes` in double quotes with Go's escapes; what is not UTF-8 is written as `\xNN`.
fn quote(out: &mut String, bytes: &[u8]) {
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            quote_char(out, c);
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
}

fn quote_char(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        c if (c as u32) < 0x20 || c == '\u{7f}' => {
            let _ = write!(out, "\\x{:02x}", c as u32);
        }
        // What cannot be printed; Rust's own escapes know which characters those are.
        c if c.is_control() || c.escape_debug().len() > 1 && !matches!(c, '\'') => {
            let code = c as u32;
            let _ = if code < 0x10000 { write!(out, "\\u{code:04x}") } else { write!(out, "\\U{code:08x}") };
        }
        c => out.push(c),
    }
}
