//! Source text to tokens.
//!
//! Literals stay text here; the parser asks for their values.

mod advice;
pub(crate) mod literal;
#[cfg(test)]
mod tests;

use crate::ast::Span;
use crate::diagnostic::Diagnostic;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `1`, `0x1F`
    Int,
    /// `1u`, `0x1Fu`
    Uint,
    /// `1.5`, `.5`, `1e3`
    Double,
    /// A string literal of any form.
    String,
    /// A bytes literal of any form.
    Bytes,
    /// A name that is no keyword; reserved words are names here.
    Ident,
    /// `` `a name with-dashes` ``
    QuotedIdent,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
    /// `in`
    In,
    /// `(`
    LeftParen,
    /// `)`
    RightParen,
    /// `[`
    LeftBracket,
    /// `]`
    RightBracket,
    /// `{`
    LeftBrace,
    /// `}`
    RightBrace,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `?`
    Question,
    /// `.`
    Dot,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// `!`
    Not,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// The end of the source.
    End,
}

/// One token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its text, quotes and prefixes included.
    pub span: Span,
}

/// The operators, longest first, so that the first match is the right one.
const OPERATORS: [(&str, TokenKind); 24] = [
    ("&&", TokenKind::And),
    ("||", TokenKind::Or),
    ("==", TokenKind::Equal),
    ("!=", TokenKind::NotEqual),
    ("<=", TokenKind::LessEqual),
    (">=", TokenKind::GreaterEqual),
    ("<", TokenKind::Less),
    (">", TokenKind::Greater),
    ("!", TokenKind::Not),
    ("(", TokenKind::LeftParen),
    (")", TokenKind::RightParen),
    ("[", TokenKind::LeftBracket),
    ("]", TokenKind::RightBracket),
    ("{", TokenKind::LeftBrace),
    ("}", TokenKind::RightBrace),
    (",", TokenKind::Comma),
    (":", TokenKind::Colon),
    ("?", TokenKind::Question),
    (".", TokenKind::Dot),
    ("+", TokenKind::Plus),
    ("-", TokenKind::Minus),
    ("*", TokenKind::Star),
    ("/", TokenKind::Slash),
    ("%", TokenKind::Percent),
];

/// Splits `source` into tokens; the last one is [`TokenKind::End`].
///
/// # Errors
/// The first piece of text that is no token.
pub fn lex(source: &str) -> Result<Vec<Token>, Diagnostic> {
    let mut lexer = Lexer { source, at: 0 };
    let mut tokens = Vec::with_capacity(source.len() / 4 + 1);
    loop {
        let token = lexer.token()?;
        tokens.push(token);
        if token.kind == TokenKind::End {
            return Ok(tokens);
        }
    }
}

/// An offset as spans hold it; [`crate::parser::parse`] refuses longer sources.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.source.as_bytes().get(self.at + ahead).copied()
    }

    fn byte_is(&self, ahead: usize, test: impl Fn(&u8) -> bool) -> bool {
        self.byte(ahead).is_some_and(|b| test(&b))
    }

    fn skip_while(&mut self, test: impl Fn(&u8) -> bool) {
        while self.byte_is(0, &test) {
            self.at += 1;
        }
    }

    fn span_from(&self, start: usize) -> Span {
        Span::new(offset(start), offset(self.at))
    }

    /// The span of the next `len` bytes.
    fn span_ahead(&self, len: usize) -> Span {
        Span::new(offset(self.at), offset(self.at + len))
    }

    fn token(&mut self) -> Result<Token, Diagnostic> {
        self.skip_blank();
        let start = self.at;
        let kind = match self.byte(0) {
            None => TokenKind::End,
            Some(b'0'..=b'9') => self.number()?,
            Some(b'.') if self.byte_is(1, u8::is_ascii_digit) => self.number()?,
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'"' | b'\'') => match self.literal_prefix() {
                Some((kind, prefix)) => self.string(kind, prefix)?,
                None => self.word(),
            },
            Some(b'`') => self.quoted_ident()?,
            Some(_) => self.operator()?,
        };
        Ok(Token { kind, span: self.span_from(start) })
    }

    fn skip_blank(&mut self) {
        loop {
            self.skip_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b'\x0C'));
            if !self.rest().starts_with("//") {
                return;
            }
            self.skip_while(|b| *b != b'\n');
        }
    }

    fn word(&mut self) -> TokenKind {
        let start = self.at;
        self.skip_while(is_word);
        match self.source.get(start..self.at) {
            Some("true") => TokenKind::True,
            Some("false") => TokenKind::False,
            Some("null") => TokenKind::Null,
            Some("in") => TokenKind::In,
            _ => TokenKind::Ident,
        }
    }

    fn number(&mut self) -> Result<TokenKind, Diagnostic> {
        let start = self.at;
        let kind = if self.rest().starts_with("0x") {
            self.at += 2;
            let digits = self.at;
            self.skip_while(u8::is_ascii_hexdigit);
            if self.at == digits { None } else { Some(self.int_or_uint()) }
        } else {
            self.skip_while(u8::is_ascii_digit);
            let fraction = self.byte(0) == Some(b'.') && self.byte_is(1, u8::is_ascii_digit);
            if fraction {
                self.at += 1;
                self.skip_while(u8::is_ascii_digit);
            }
            let exponent = self.exponent();
            Some(if fraction || exponent { TokenKind::Double } else { self.int_or_uint() })
        };
        match kind {
            Some(kind) if !self.byte_is(0, is_word) => Ok(kind),
            _ => {
                self.skip_while(is_word);
                let text = self.source.get(start..self.at).unwrap_or_default();
                let error = Diagnostic::error("bad-number", format!("`{text}` is not a number"), self.span_from(start));
                Err(if text.contains('_') { error.with_help("write the digits without `_`") } else { error })
            }
        }
    }

    fn int_or_uint(&mut self) -> TokenKind {
        if self.byte_is(0, |b| matches!(b, b'u' | b'U')) {
            self.at += 1;
            TokenKind::Uint
        } else {
            TokenKind::Int
        }
    }

    /// Skips `e10`, `E-10`; false when there is none.
    fn exponent(&mut self) -> bool {
        let sign = usize::from(self.byte_is(1, |b| matches!(b, b'+' | b'-')));
        let found = self.byte_is(0, |b| matches!(b, b'e' | b'E')) && self.byte_is(1 + sign, u8::is_ascii_digit);
        if found {
            self.at += 1 + sign;
            self.skip_while(u8::is_ascii_digit);
        }
        found
    }

    /// The kind of the string or bytes literal that starts here, with its prefix.
    fn literal_prefix(&self) -> Option<(TokenKind, literal::Prefix)> {
        let prefix = literal::Prefix::of(self.rest())?;
        Some((if prefix.bytes { TokenKind::Bytes } else { TokenKind::String }, prefix))
    }

    fn string(&mut self, kind: TokenKind, prefix: literal::Prefix) -> Result<TokenKind, Diagnostic> {
        let opening = self.span_ahead(prefix.len());
        self.at += prefix.len();
        loop {
            if self.rest().starts_with(prefix.quote) {
                self.at += prefix.quote.len();
                return Ok(kind);
            }
            match self.byte(0) {
                Some(b'\\') if !prefix.raw => self.at += 1 + self.next_char_len(1),
                Some(b'\n' | b'\r') if prefix.quote.len() == 1 => break,
                Some(_) => self.at += self.next_char_len(0),
                None => break,
            }
        }
        let quote = prefix.quote;
        let error = Diagnostic::error("unterminated-string", format!("the string has no closing `{quote}`"), opening);
        Err(if self.byte(0).is_some() {
            error.with_help("text of several lines goes between `'''` and `'''`; a line break is written `\\n`")
        } else {
            error
        })
    }

    fn next_char_len(&self, ahead: usize) -> usize {
        let rest = self.source.get(self.at + ahead..).unwrap_or_default();
        rest.chars().next().map_or(0, char::len_utf8)
    }

    fn quoted_ident(&mut self) -> Result<TokenKind, Diagnostic> {
        let start = self.at;
        self.at += 1;
        self.skip_while(|b| is_word(b) || matches!(b, b'.' | b'-' | b'/' | b' '));
        if self.byte(0) == Some(b'`') && self.at > start + 1 {
            self.at += 1;
            return Ok(TokenKind::QuotedIdent);
        }
        let error = Diagnostic::error("bad-quoted-name", "the quoted name is not valid", self.span_from(start));
        Err(error.with_help("between back-ticks only letters, digits, spaces, `_`, `.`, `-` and `/` may stand"))
    }

    fn operator(&mut self) -> Result<TokenKind, Diagnostic> {
        let rest = self.rest();
        if let Some((text, help)) = advice::sequence(rest) {
            let error = Diagnostic::error(
                "unknown-operator",
                format!("`{text}` is not an operator"),
                self.span_ahead(text.len()),
            );
            return Err(error.with_help(help));
        }
        if let Some((text, kind)) = OPERATORS.iter().find(|(text, _)| rest.starts_with(text)) {
            self.at += text.len();
            return Ok(*kind);
        }
        let c = rest.chars().next().unwrap_or_default();
        let shown = if c.is_whitespace() || c.is_control() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{FEFF}') {
            format!("U+{:04X}", u32::from(c))
        } else {
            format!("`{c}`")
        };
        let error = Diagnostic::error(
            "unexpected-character",
            format!("unexpected character {shown}"),
            self.span_ahead(c.len_utf8()),
        );
        Err(match advice::character(c) {
            Some(help) => error.with_help(help),
            None => error,
        })
    }
}

fn is_word(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || *b == b'_'
}
