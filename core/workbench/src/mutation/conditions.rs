//! Small changes of conditions. Each is an edit of the expression's text, so that it can be shown as a difference.

use llm_policy_engine::cel::ast::{Expr, ExprId, Literal, Span};
use llm_policy_engine::document::{Source, SourceMap};

use crate::conditions::{Parsed, Syntax};

/// A changed expression.
pub(super) struct Edit {
    pub(super) operator: &'static str,
    pub(super) description: String,
    /// The smallest part that people would look at, in the expression.
    pub(super) span: Span,
    /// That part before and after.
    pub(super) before: String,
    pub(super) after: String,
    /// The whole expression.
    pub(super) source: Source,
}

/// The changed expressions that `source` becomes.
pub(super) fn edits(syntax: &Syntax, source: &Source) -> Vec<Edit> {
    let Some(parsed) = syntax.parse(&source.text) else { return Vec::new() };
    let mut editor = Editor { parsed: &parsed, source, edits: Vec::new() };
    let root = parsed.ast.root();
    if editor.is_clause(root) && !editor.is_constant(root) {
        editor.replace("drop-clause", "always true", root, "true");
    }
    editor.condition(root);
    editor.edits
}

struct Editor<'e> {
    parsed: &'e Parsed,
    source: &'e Source,
    edits: Vec<Edit>,
}

impl Editor<'_> {
    fn span(&self, id: ExprId) -> Span {
        self.parsed.ast.span(id)
    }

    fn text(&self, span: Span) -> &str {
        self.source.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    fn is_constant(&self, id: ExprId) -> bool {
        matches!(self.parsed.ast.expr(id), Expr::Literal(_))
    }

    fn is_clause(&self, id: ExprId) -> bool {
        !matches!(self.parsed.call(id), Some(("_&&_" | "_||_" | "!_" | "_?_:_", _)))
    }

    /// Adds an edit: `changes` are ranges and what stands there instead, in order; `shown` is the part that is shown.
    fn edit(&mut self, operator: &'static str, description: String, shown: Span, changes: &[(Span, &str)]) {
        let apply = |within: Span| {
            let mut out = String::new();
            let mut at = within.start;
            for (span, with) in changes {
                out.push_str(self.text(Span::new(at, span.start)));
                out.push_str(with);
                at = span.end;
            }
            out.push_str(self.text(Span::new(at, within.end)));
            out
        };
        let whole = Span::new(0, u32::try_from(self.source.text.len()).unwrap_or(u32::MAX));
        let (before, after) = (self.text(shown).to_owned(), apply(shown));
        let text = apply(whole);
        // Places in the changed text are not those of the original; the whole expression is where all of it stands.
        let source = Source { text: text.into(), span: self.source.span, map: SourceMap::new() };
        self.edits.push(Edit { operator, description, span: shown, before, after, source });
    }

    fn replace(&mut self, operator: &'static str, description: &str, id: ExprId, with: &str) {
        let span = self.span(id);
        self.edit(operator, description.to_owned(), span, &[(span, with)]);
    }

    /// A part that is true or false.
    fn condition(&mut self, id: ExprId) {
        match self.parsed.call(id) {
            Some((operator @ ("_&&_" | "_||_"), _)) => self.chain(id, operator == "_&&_"),
            Some(("!_", [one])) => {
                let (whole, one) = (self.span(id), *one);
                let sign = Span::new(whole.start, whole.start + 1);
                self.edit("negate", "without the negation".to_owned(), whole, &[(sign, "")]);
                if self.is_clause(one) { self.value(one) } else { self.condition(one) }
            }
            Some(("_?_:_", [condition, then, otherwise])) => {
                let (condition, then, otherwise) = (*condition, *then, *otherwise);
                self.replace("choose", "as if the question were always true", condition, "true");
                self.replace("choose", "as if the question were always false", condition, "false");
                for part in [condition, then, otherwise] {
                    self.condition(part);
                }
            }
            _ if self.is_constant(id) => {}
            _ => {
                self.clause(id);
                self.value(id);
            }
        }
    }

    /// `a && b && c` or `a || b || c`
    fn chain(&mut self, id: ExprId, all: bool) {
        let (name, sign, other, neutral) =
            if all { ("_&&_", "&&", "||", "true") } else { ("_||_", "||", "&&", "false") };
        let operands = self.parsed.ast.operands(id, name);
        for operand in &operands {
            if !self.is_constant(*operand) {
                let description = format!("without the clause `{}`", one_line(self.text(self.span(*operand))));
                let span = self.span(*operand);
                self.edit("drop-clause", description, span, &[(span, neutral)]);
            }
        }
        let signs: Vec<Span> = operands
            .windows(2)
            .filter_map(|pair| match pair {
                [left, right] => self.sign(self.span(*left).end, self.span(*right).start, sign),
                _ => None,
            })
            .collect();
        if let (Some(first), Some(last)) = (operands.first(), operands.last())
            && signs.len() + 1 == operands.len()
        {
            let shown = self.span(*first).join(self.span(*last));
            let changes: Vec<(Span, &str)> = signs.iter().map(|span| (*span, other)).collect();
            self.edit("swap-and-or", format!("`{other}` instead of `{sign}`"), shown, &changes);
        }
        for operand in operands {
            self.condition(operand);
        }
    }

    /// Where `sign` stands between two offsets.
    fn sign(&self, from: u32, to: u32, sign: &str) -> Option<Span> {
        let at = u32::try_from(self.text(Span::new(from, to)).find(sign)?).ok()? + from;
        Some(Span::new(at, at + u32::try_from(sign.len()).ok()?))
    }

    /// A clause as a whole: flipped or negated.
    fn clause(&mut self, id: ExprId) {
        let span = self.span(id);
        let flip = |editor: &mut Self, left: ExprId, right: ExprId, from: &str, to: &str, operator| {
            let sign = editor.sign(editor.span(left).end, editor.span(right).start, from);
            if let Some(sign) = sign {
                editor.edit(operator, format!("`{to}` instead of `{from}`"), span, &[(sign, to)]);
            }
        };
        if let Some((name, [left, right])) = self.parsed.call(id) {
            let (left, right) = (*left, *right);
            let signs = match name {
                "_==_" => Some(("==", "!=", None)),
                "_!=_" => Some(("!=", "==", None)),
                "_<_" => Some(("<", ">=", Some("<="))),
                "_<=_" => Some(("<=", ">", Some("<"))),
                "_>_" => Some((">", "<=", Some(">="))),
                "_>=_" => Some((">=", "<", Some(">"))),
                _ => None,
            };
            if let Some((sign, opposite, bound)) = signs {
                flip(self, left, right, sign, opposite, "flip-operator");
                if let Some(bound) = bound {
                    flip(self, left, right, sign, bound, "shift-bound");
                    self.bound(span, left, swapped(name));
                    self.bound(span, right, name);
                }
                return;
            }
        }
        let negated = format!("!({})", self.text(span));
        self.edit("negate", "negated".to_owned(), span, &[(span, &negated)]);
    }

    /// The number that a field is compared with, shifted to where the changed operator does not already take it.
    fn bound(&mut self, shown: Span, id: ExprId, operator: &str) {
        let span = self.span(id);
        let numbers: Vec<String> = match self.parsed.ast.expr(id) {
            Expr::Literal(Literal::Int(n)) => match operator {
                "_>_" | "_<=_" => n.checked_add(1),
                _ => n.checked_sub(1),
            }
            .map(|n| n.to_string())
            .into_iter()
            .collect(),
            Expr::Literal(Literal::Double(d)) if *d == 0.0 => vec!["0.1".to_owned(), "-0.1".to_owned()],
            Expr::Literal(Literal::Double(d)) => [1.1, 0.9].iter().map(|by| format!("{:?}", round(d * by))).collect(),
            _ => return,
        };
        for number in numbers {
            self.edit("shift-bound", format!("the bound is {number}"), shown, &[(span, &number)]);
        }
    }

    /// What stands inside of a clause, or anywhere else in an expression.
    fn value(&mut self, id: ExprId) {
        if let Some(call) = self.parsed.macro_call(id).cloned() {
            let from = call.target.map_or(self.span(id).start, |target| self.span(target).end);
            let other = match &*call.function {
                "exists" => "all",
                "all" | "exists_one" | "existsOne" => "exists",
                _ => "",
            };
            if let (false, Some(name)) = (other.is_empty(), self.sign(from, self.span(id).end, &call.function)) {
                let description = format!("`{other}` instead of `{}`", call.function);
                self.edit("flip-operator", description, self.span(id), &[(name, other)]);
            }
            if &*call.function == "has" {
                return;
            }
            if let Some(target) = call.target {
                self.value(target);
            }
            let is_loop = matches!(&*call.function, "exists" | "all" | "exists_one" | "existsOne" | "filter");
            for (at, argument) in call.args.iter().enumerate() {
                match at + 1 == call.args.len() && is_loop {
                    true => self.condition(*argument),
                    false => self.value(*argument),
                }
            }
            return;
        }
        match self.parsed.ast.expr(id).clone() {
            Expr::Call { target: None, function, args } => {
                if let ("_?_:_", [condition, then, otherwise]) = (&*function, args.as_slice()) {
                    self.replace("choose", "as if the question were always true", *condition, "true");
                    self.replace("choose", "as if the question were always false", *condition, "false");
                    self.condition(*condition);
                    self.value(*then);
                    self.value(*otherwise);
                    return;
                }
                if let ("_&&_" | "_||_" | "!_", _) = (&*function, ()) {
                    return self.condition(id);
                }
                if let [left, right] = args.as_slice() {
                    self.arithmetic(&function, *left, *right);
                }
                args.into_iter().for_each(|argument| self.value(argument));
            }
            Expr::Call { target: Some(target), function, args } => {
                if matches!(&*function, "startsWith" | "endsWith")
                    && let Some(name) = self.sign(self.span(target).end, self.span(id).end, &function)
                {
                    let description = format!("`contains` instead of `{function}`");
                    self.edit("flip-operator", description, self.span(id), &[(name, "contains")]);
                }
                self.value(target);
                args.into_iter().for_each(|argument| self.value(argument));
            }
            Expr::List(items) if items.len() > 1 => {
                let items: Vec<Span> = items.iter().map(|item| self.span(item.value)).collect();
                let whole = self.span(id);
                for (at, item) in items.iter().enumerate() {
                    // With the comma behind it, or the one before the last.
                    let gone = match (items.get(at + 1), at.checked_sub(1).and_then(|before| items.get(before))) {
                        (Some(next), _) => Span::new(item.start, next.start),
                        (None, Some(before)) => Span::new(before.end, item.end),
                        (None, None) => continue,
                    };
                    self.edit("drop-item", format!("without {}", self.text(*item)), whole, &[(gone, "")]);
                }
            }
            Expr::Select { operand, .. } => self.value(operand),
            _ => {}
        }
    }

    fn arithmetic(&mut self, function: &str, left: ExprId, right: ExprId) {
        let (sign, other) = match function {
            "_+_" => ("+", "-"),
            "_-_" => ("-", "+"),
            "_*_" => ("*", "/"),
            "_/_" => ("/", "*"),
            _ => return,
        };
        // Texts and lists are put together with `+`, too.
        let joins = self
            .parsed
            .ast
            .operands(left, "_+_")
            .into_iter()
            .chain(self.parsed.ast.operands(right, "_+_"))
            .any(|part| matches!(self.parsed.ast.expr(part), Expr::Literal(Literal::String(_)) | Expr::List(_)));
        let (from, to) = (self.span(left).end, self.span(right).start);
        if let (false, Some(at)) = (joins, self.sign(from, to, sign)) {
            let shown = self.span(left).join(self.span(right));
            self.edit("flip-operator", format!("`{other}` instead of `{sign}`"), shown, &[(at, other)]);
        }
    }
}

/// `5 < x` as a bound of `x`.
fn swapped(operator: &str) -> &str {
    match operator {
        "_<_" => "_>_",
        "_<=_" => "_>=_",
        "_>_" => "_<_",
        "_>=_" => "_<=_",
        other => other,
    }
}

/// Nine digits: `0.9 * 1.1` is 0.99.
fn round(value: f64) -> f64 {
    format!("{value:.9}").parse().unwrap_or(value)
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let span = Span::new(0, u32::try_from(text.len()).unwrap());
        let mut map = SourceMap::new();
        map.push_exact(0, span);
        let source = Source { text: text.into(), span, map };
        edits(&Syntax::default(), &source).into_iter().map(|edit| edit.source.text.to_string()).collect()
    }

    #[test]
    fn clauses_and_operators() {
        assert_eq!(
            all("a == 'x' && (b || !c)"),
            [
                "true && (b || !c)",
                "a == 'x' && (true)",
                "a == 'x' || (b || !c)",
                "a != 'x' && (b || !c)",
                "a == 'x' && (false || !c)",
                "a == 'x' && (b || false)",
                "a == 'x' && (b && !c)",
                "a == 'x' && (!(b) || !c)",
                "a == 'x' && (b || c)",
            ]
        );
    }

    #[test]
    fn bounds() {
        assert_eq!(all("x > 10"), ["true", "x <= 10", "x >= 10", "x > 11"]);
        assert_eq!(all("10 <= x"), ["true", "10 > x", "10 < x", "9 <= x"]);
        assert_eq!(all("x >= 0.5"), ["true", "x < 0.5", "x > 0.5", "x >= 0.55", "x >= 0.45"]);
    }

    #[test]
    fn lists_calls_and_loops() {
        assert_eq!(
            all("a in ['x', 'y', 'z']"),
            ["true", "!(a in ['x', 'y', 'z'])", "a in ['y', 'z']", "a in ['x', 'z']", "a in ['x', 'y']"]
        );
        assert_eq!(all("m.endsWith('-p')"), ["true", "!(m.endsWith('-p'))", "m.contains('-p')"]);
        assert_eq!(
            all("l.exists(x, x < 1)"),
            [
                "true",
                "!(l.exists(x, x < 1))",
                "l.all(x, x < 1)",
                "l.exists(x, x >= 1)",
                "l.exists(x, x <= 1)",
                "l.exists(x, x < 0)",
            ]
        );
        assert_eq!(all("f(a + '/' + b)"), ["true", "!(f(a + '/' + b))"]);
        assert_eq!(all("a + b > c"), ["true", "a + b <= c", "a + b >= c", "a - b > c"]);
        assert!(all("true").is_empty());
    }
}
