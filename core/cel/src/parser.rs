//! Tokens to a syntax tree: a Pratt parser that expands macros as it goes.

mod advice;
mod operator;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod tree;

use crate::ast::{Ast, Expr, ExprId, ListElement, Literal, MacroCall, MapEntry, Name, Span, StructField};
use crate::diagnostic::Diagnostic;
use crate::lexer::{self, Token, TokenKind};
use crate::limits::Limits;
use crate::macros::{self, Expander, Macro};

use operator::{Binary, balance};
use tree::Tree;

/// The greatest nesting that any stage is built for, on threads with 512 KiB of stack.
pub const MAX_DEPTH: usize = 128;

/// What an expression may be and how it is read.
#[derive(Clone, Debug)]
pub struct ParserOptions {
    /// Caps on size and nesting. A cap on nesting above [`MAX_DEPTH`] counts as that.
    ///
    /// Macros included, no tree is higher than six times the cap on nesting, or 64 levels if that is more, where long
    /// chains of `+` count as one level.
    pub limits: Limits,
    /// The macros. Of those that match a call the last one that expands it is used.
    pub macros: Vec<Macro>,
}

impl Default for ParserOptions {
    /// The default limits and the standard macros.
    fn default() -> Self {
        Self { limits: Limits::default(), macros: macros::standard() }
    }
}

/// Parses one expression.
///
/// # Errors
/// Everything that is wrong within well-formed text, then the first place where the text is not well-formed.
pub fn parse(source: &str, options: &ParserOptions) -> Result<Ast, Vec<Diagnostic>> {
    // Spans hold offsets of 32 bits.
    let cap = options.limits.source_bytes.min(u32::MAX as usize - 1);
    if source.len() > cap {
        let message = format!("the expression has {} bytes, more than the {cap} that are allowed", source.len());
        return Err(vec![Diagnostic::error("source-too-long", message, Span::default())]);
    }
    let tokens = lexer::lex(source).map_err(|error| vec![error])?;
    let limits = Limits { depth: options.limits.depth.min(MAX_DEPTH), ..options.limits.clone() };
    let tree = Tree::new(source, limits);
    let mut parser = Parser { source, tokens, at: 0, options, tree, nesting: 0, findings: Vec::new() };
    match parser.whole() {
        Ok(root) if parser.findings.is_empty() => Ok(parser.tree.finish(root)),
        Ok(_) => Err(parser.findings),
        Err(error) => {
            parser.findings.push(*error);
            Err(parser.findings)
        }
    }
}

/// The result of reading a part; an error ends the parse. Boxed, to keep the frames of the recursion small.
type Parsed<T = ExprId> = Result<T, Box<Diagnostic>>;

/// Names that other languages give a meaning to; they may stand only for fields and methods.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    at: usize,
    options: &'a ParserOptions,
    tree: Tree,
    /// Expressions that are being read within each other: the depth of the recursion.
    nesting: usize,
    /// Errors behind which reading can go on.
    findings: Vec<Diagnostic>,
}

impl Parser<'_> {
    fn whole(&mut self) -> Parsed {
        if self.peek() == TokenKind::End {
            let error = Diagnostic::error("empty-expression", "there is no expression", self.token().span);
            return Err(Box::new(error.with_help("to match always, write `true`")));
        }
        let root = self.expr()?;
        if self.peek() == TokenKind::End { Ok(root) } else { Err(self.unexpected("an operator or the end")) }
    }

    // Tokens.

    fn token(&self) -> Token {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> Token {
        let end = Token { kind: TokenKind::End, span: Span::default() };
        self.tokens.get(self.at + count).or(self.tokens.last()).copied().unwrap_or(end)
    }

    fn peek(&self) -> TokenKind {
        self.token().kind
    }

    fn advance(&mut self) -> Token {
        let token = self.token();
        self.at += 1;
        token
    }

    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.peek() == kind;
        self.at += usize::from(found);
        found
    }

    /// Takes the closing partner of `open`.
    fn close(&mut self, open: Token, kind: TokenKind, expected: &str) -> Parsed<()> {
        if self.eat(kind) {
            return Ok(());
        }
        if self.peek() == TokenKind::End {
            let message = format!("`{}` is never closed", self.text(open.span));
            return Err(Box::new(Diagnostic::error("unclosed-bracket", message, open.span)));
        }
        Err(self.unexpected(expected))
    }

    fn text(&self, span: Span) -> &str {
        self.source.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The source from `start` up to the last token that was taken.
    fn span_from(&self, start: u32) -> Span {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        Span::new(start, last.map_or(start, |token| token.span.end))
    }

    fn unexpected(&self, expected: &str) -> Box<Diagnostic> {
        let token = self.token();
        let found = match token.kind {
            TokenKind::End => "the end".to_owned(),
            _ => advice::quote(self.text(token.span)),
        };
        let before = self.at.checked_sub(1).map_or("", |at| self.tokens.get(at).map_or("", |t| self.text(t.span)));
        let error = Diagnostic::error("unexpected-token", format!("expected {expected}, found {found}"), token.span);
        Box::new(match advice::unexpected(before, self.text(token.span), self.text(self.ahead(1).span)) {
            Some(help) => error.with_help(help),
            None => error,
        })
    }

    // Nodes.

    /// `id`, unless it has passed a cap.
    fn checked(&mut self, id: ExprId) -> Parsed {
        self.tree.take_fault().map_or(Ok(id), Err)
    }

    fn add(&mut self, expr: Expr, start: u32) -> Parsed {
        let id = self.tree.add(expr, self.span_from(start));
        self.checked(id)
    }

    fn operator_call(&mut self, function: &str, args: Vec<ExprId>, start: u32) -> Parsed {
        self.add(Expr::Call { target: None, function: function.into(), args }, start)
    }

    /// A call, or what the macro of that name makes of it.
    fn call(&mut self, target: Option<ExprId>, function: Name, args: Vec<ExprId>, start: u32) -> Parsed {
        let span = self.span_from(start);
        let options = self.options;
        for candidate in options.macros.iter().rev() {
            if !candidate.matches(&function, target.is_some(), args.len()) {
                continue;
            }
            match (candidate.expander)(&mut Expander::new(&mut self.tree, span), target, &args) {
                Ok(Some(expansion)) => {
                    self.tree.add_macro_call(MacroCall { expansion, target, function, args }, span);
                    return self.checked(expansion);
                }
                Ok(None) => {}
                Err(error) => {
                    self.findings.push(error);
                    return self.add(Expr::Literal(Literal::Null), start);
                }
            }
        }
        self.add(Expr::Call { target, function, args }, start)
    }

    // The grammar, from the loosest binding to the tightest.

    /// `condition ? then : otherwise`
    fn expr(&mut self) -> Parsed {
        self.nesting += 1;
        self.tree.check_nesting(self.nesting, self.token().span)?;
        let start = self.token().span.start;
        let mut id = self.binary(0)?;
        if self.eat(TokenKind::Question) {
            let safe_navigation = self.peek() == TokenKind::Dot;
            let then = self.binary(0)?;
            if !self.eat(TokenKind::Colon) {
                let error = self.unexpected("`:` and the other value of the conditional");
                return Err(match self.peek() {
                    _ if safe_navigation => Box::new(error.with_help("a field that may be absent is read with `.?`")),
                    TokenKind::Question => Box::new(error.with_help("put the inner conditional into parentheses")),
                    _ => error,
                });
            }
            let otherwise = self.expr()?;
            id = self.operator_call("_?_:_", vec![id, then, otherwise], start)?;
        }
        self.nesting -= 1;
        Ok(id)
    }

    /// Operators that bind at least as tightly as `power`.
    fn binary(&mut self, power: u8) -> Parsed {
        let start = self.token().span.start;
        let mut left = self.unary()?;
        while let Some(operator) = Binary::of(self.peek()).filter(|operator| operator.power >= power) {
            left = if operator.is_logical() {
                self.chain(operator, left, start)?
            } else {
                self.at += 1;
                let right = self.binary(operator.power + 1)?;
                self.operator_call(operator.function, vec![left, right], start)?
            };
        }
        Ok(left)
    }

    /// A chain of one logical operator, balanced so that its length adds little nesting.
    fn chain(&mut self, operator: Binary, first: ExprId, start: u32) -> Parsed {
        let mut terms = vec![(first, self.span_from(start))];
        while self.eat(operator.token) {
            let start = self.token().span.start;
            let term = self.binary(operator.power + 1)?;
            terms.push((term, self.span_from(start)));
        }
        let Some((root, span)) = balance(&mut self.tree, operator.function, &terms) else { return Ok(first) };
        self.tree.set_level_above(root, terms.iter().map(|(term, _)| *term), span);
        self.checked(root)
    }

    /// `!x`, `-x`; an even number of them is dropped, as of a double negation.
    fn unary(&mut self) -> Parsed {
        let sign = self.token();
        let function = match sign.kind {
            TokenKind::Not => "!_",
            TokenKind::Minus => "-_",
            _ => return self.member(),
        };
        if self.is_negative_literal() {
            return self.member();
        }
        let start = sign.span.start;
        let mut count = 0;
        while self.eat(sign.kind) {
            count += 1;
        }
        let mut id = self.member()?;
        if count % 2 == 1 {
            id = self.operator_call(function, vec![id], start)?;
        }
        let span = self.span_from(start);
        self.tree.deepen(id, count - count % 2, span);
        self.checked(id)
    }

    /// True at a minus sign that belongs to the number behind it.
    fn is_negative_literal(&self) -> bool {
        self.peek() == TokenKind::Minus && matches!(self.ahead(1).kind, TokenKind::Int | TokenKind::Double)
    }

    /// A primary expression and the selections, calls and indexes behind it.
    fn member(&mut self) -> Parsed {
        let start = self.token().span.start;
        // A message's name is a path of plain names.
        let mut path = matches!(self.peek(), TokenKind::Ident | TokenKind::Dot);
        let mut id = self.primary()?;
        loop {
            path = match self.peek() {
                TokenKind::Dot if self.ahead(1).kind == TokenKind::Question => {
                    id = self.optional_select(id, start)?;
                    false
                }
                TokenKind::Dot => {
                    id = self.select_or_call(id, start)?;
                    path
                }
                TokenKind::LeftBracket => {
                    id = self.index(id, start)?;
                    false
                }
                TokenKind::LeftBrace if path => match self.message_name(id) {
                    Some(name) => {
                        id = self.message(name, start)?;
                        false
                    }
                    None => return Ok(id),
                },
                _ => return Ok(id),
            };
        }
    }

    fn select_or_call(&mut self, operand: ExprId, start: u32) -> Parsed {
        self.at += 1;
        let (field, quoted) = self.field_name()?;
        if quoted || self.peek() != TokenKind::LeftParen {
            return self.add(Expr::Select { operand, field, test: false }, start);
        }
        let args = self.args()?;
        self.call(Some(operand), field, args, start)
    }

    fn optional_select(&mut self, operand: ExprId, start: u32) -> Parsed {
        self.at += 2;
        let name = self.token().span.start;
        let (field, _) = self.field_name()?;
        let field = self.add(Expr::Literal(Literal::String(field)), name)?;
        self.operator_call("_?._", vec![operand, field], start)
    }

    fn index(&mut self, operand: ExprId, start: u32) -> Parsed {
        let open = self.advance();
        let function = if self.eat(TokenKind::Question) { "_[?_]" } else { "_[_]" };
        let index = self.expr()?;
        self.close(open, TokenKind::RightBracket, "an operator or `]`")?;
        self.operator_call(function, vec![operand, index], start)
    }

    /// The name of a field, and whether it was quoted.
    fn field_name(&mut self) -> Parsed<(Name, bool)> {
        let token = self.token();
        let text = self.text(token.span);
        let name = match token.kind {
            TokenKind::Ident => (text.into(), false),
            TokenKind::QuotedIdent => (text.trim_matches('`').into(), true),
            TokenKind::In | TokenKind::True | TokenKind::False | TokenKind::Null => {
                let error = self.unexpected("the name of a field");
                return Err(Box::new(error.with_help(format!("quote the field's name: `` `{text}` ``"))));
            }
            _ => return Err(self.unexpected("the name of a field")),
        };
        self.at += 1;
        Ok(name)
    }

    /// `(a, b)`
    fn args(&mut self) -> Parsed<Vec<ExprId>> {
        let open = self.advance();
        let mut args = Vec::new();
        if self.eat(TokenKind::RightParen) {
            return Ok(args);
        }
        loop {
            args.push(self.expr()?);
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.close(open, TokenKind::RightParen, "`,` or `)`")?;
        Ok(args)
    }

    fn primary(&mut self) -> Parsed {
        let token = self.token();
        let start = token.span.start;
        match token.kind {
            TokenKind::Minus if self.is_negative_literal() => {
                self.at += 1;
                self.literal(true, start)
            }
            TokenKind::Int
            | TokenKind::Uint
            | TokenKind::Double
            | TokenKind::String
            | TokenKind::Bytes
            | TokenKind::True
            | TokenKind::False
            | TokenKind::Null => self.literal(false, start),
            TokenKind::Ident | TokenKind::Dot => self.ident_or_call(start),
            TokenKind::LeftParen => {
                self.at += 1;
                let inner = self.expr()?;
                if self.peek() == TokenKind::Comma {
                    let error = self.unexpected("an operator or `)`");
                    return Err(Box::new(error.with_help("a list is written in brackets: `[a, b]`")));
                }
                self.close(token, TokenKind::RightParen, "an operator or `)`")?;
                Ok(inner)
            }
            TokenKind::LeftBracket => self.list(),
            TokenKind::LeftBrace => self.map(),
            TokenKind::QuotedIdent => {
                let error = self.unexpected("an expression");
                Err(Box::new(error.with_help("text is written in `'` or `\"`; back-ticks are for names of fields")))
            }
            _ => Err(self.unexpected("an expression")),
        }
    }

    fn literal(&mut self, negative: bool, start: u32) -> Parsed {
        let token = self.advance();
        let literal = lexer::literal::value(token, self.text(token.span), negative).unwrap_or_else(|error| {
            self.findings.push(error);
            Literal::Null
        });
        self.add(Expr::Literal(literal), start)
    }

    /// `name`, `.name`, `name(args)`
    fn ident_or_call(&mut self, start: u32) -> Parsed {
        let leading_dot = self.eat(TokenKind::Dot);
        let token = self.token();
        if token.kind != TokenKind::Ident {
            return Err(self.unexpected("a name"));
        }
        self.at += 1;
        let mut name: Name = self.text(token.span).into();
        if RESERVED.contains(&&*name) {
            let message = format!("`{name}` is a reserved word, not a name");
            let help = match &*name {
                "if" | "else" => "write conditions as `condition ? value : other`",
                _ => "choose another name; as a field (`object.name`) it is allowed",
            };
            self.findings.push(Diagnostic::error("reserved-word", message, token.span).with_help(help));
        }
        if leading_dot {
            name = format!(".{name}").into();
        }
        if self.peek() == TokenKind::LeftParen {
            let args = self.args()?;
            return self.call(None, name, args, start);
        }
        self.add(Expr::Ident(name), start)
    }

    /// `[a, ?b]`
    fn list(&mut self) -> Parsed {
        let open = self.advance();
        let mut elements = Vec::new();
        self.items(open, TokenKind::RightBracket, "`,` or `]`", |this, optional| {
            let value = this.expr()?;
            elements.push(ListElement { value, optional });
            Ok(())
        })?;
        self.add(Expr::List(elements), open.span.start)
    }

    /// `{key: value, ?key: value}`
    fn map(&mut self) -> Parsed {
        let open = self.advance();
        let mut entries = Vec::new();
        self.items(open, TokenKind::RightBrace, "`,` or `}`", |this, optional| {
            let key = this.expr()?;
            let value = this.entry_value()?;
            entries.push(MapEntry { key, value, optional });
            Ok(())
        })?;
        self.add(Expr::Map(entries), open.span.start)
    }

    /// `Message{field: value, ?field: value}`
    fn message(&mut self, name: Name, start: u32) -> Parsed {
        let open = self.advance();
        let mut fields = Vec::new();
        self.items(open, TokenKind::RightBrace, "`,` or `}`", |this, optional| {
            let (name, _) = this.field_name()?;
            let value = this.entry_value()?;
            fields.push(StructField { name, value, optional });
            Ok(())
        })?;
        self.add(Expr::Struct { name, fields }, start)
    }

    fn entry_value(&mut self) -> Parsed {
        if !self.eat(TokenKind::Colon) {
            return Err(self.unexpected("`:` and a value"));
        }
        self.expr()
    }

    /// Items up to the closing bracket, with commas between them and perhaps one behind them.
    fn items(
        &mut self,
        open: Token,
        close: TokenKind,
        expected: &str,
        mut item: impl FnMut(&mut Self, bool) -> Parsed<()>,
    ) -> Parsed<()> {
        while !matches!(self.peek(), TokenKind::Comma | TokenKind::End) && self.peek() != close {
            let optional = self.eat(TokenKind::Question);
            item(self, optional)?;
            if self.peek() != TokenKind::Comma || self.ahead(1).kind == close {
                break;
            }
            self.at += 1;
        }
        self.eat(TokenKind::Comma);
        self.close(open, close, expected)
    }

    /// The name that a path of selections spells: `a.b.c`.
    fn message_name(&self, mut id: ExprId) -> Option<Name> {
        let mut parts = Vec::new();
        loop {
            match self.tree.ast().expr(id) {
                Expr::Select { operand, field, test: false } => {
                    parts.push(&**field);
                    id = *operand;
                }
                Expr::Ident(name) => {
                    parts.push(name);
                    break;
                }
                _ => return None,
            }
        }
        parts.reverse();
        Some(parts.join(".").into())
    }
}
