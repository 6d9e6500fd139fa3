//! Prints a checked expression the way cel-go's tests do, with each node's type (`~int`) and reference (`^add_int64`).

use std::fmt::Write as _;

use super::{Checked, Reference};
use crate::ast::{Comprehension, Expr, ExprId};
use crate::unparse::constant;

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
                self.out.push_str(&constant(literal).0);
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
}

const fn optional(optional: bool) -> Step<'static> {
    Step::Text(if optional { "?" } else { "" })
}
