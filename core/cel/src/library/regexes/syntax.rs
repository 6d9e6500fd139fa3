//! Compiling regular expressions as RE2 understands them.
//!
//! The parser knows more than RE2 and reads some things in another way. Here `\d`, `\s`, `\w` and `\b` become ASCII, and
//! what RE2 does not know or understands differently is refused, so that an expression means the same in all CEL engines.

use std::fmt;
use std::ops::Range;

use regex_automata::meta::{self, Regex};
use regex_syntax::ast::{
    Assertion, AssertionKind, Ast, ClassAscii, ClassAsciiKind, ClassBracketed, ClassPerl, ClassPerlKind, ClassSet,
    ClassSetItem, ClassSetRange, ClassSetUnion, Flag, Flags, FlagsItem, FlagsItemKind, Group, GroupKind, Literal,
    LiteralKind, Span, parse::ParserBuilder,
};
use regex_syntax::hir::translate::Translator;

/// How deep groups may be nested.
const NESTING: u32 = 64;
/// What one Unicode class counts of the size limit, before it is expanded.
const UNICODE_CLASS_BYTES: usize = 4 << 10;
/// What one character beyond ASCII in a class counts of the size limit, before case folding expands it.
const WIDE_RANGE_BYTES: usize = 512;
/// What one byte of a pattern counts of the size limit.
const PATTERN_BYTE_BYTES: usize = 16;

/// Why a regular expression was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegexError {
    /// The reason, without a final period.
    pub message: String,
    /// The bytes of the pattern that it is about, where one place is to blame.
    pub at: Option<Range<usize>>,
}

impl RegexError {
    fn new(message: impl Into<String>, at: Option<&Span>) -> Self {
        Self { message: message.into(), at: at.map(|span| span.start.offset..span.end.offset) }
    }

    fn too_large() -> Self {
        Self::new("the regular expression is too large", None)
    }
}

impl fmt::Display for RegexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RegexError {}

/// Compiles a regular expression that may take about `limit` bytes.
///
/// # Errors
/// An expression that is not valid or too large.
pub fn compile(pattern: &str, limit: usize) -> Result<Regex, RegexError> {
    let mut reader = Reader { left: limit };
    reader.spend(pattern.len().saturating_mul(PATTERN_BYTE_BYTES))?;
    let mut parser = ParserBuilder::new().nest_limit(NESTING).build();
    let mut ast = parser.parse(pattern).map_err(|e| RegexError::new(e.kind().to_string(), Some(e.span())))?;
    reader.read(&mut ast)?;
    let hir = Translator::new()
        .translate(pattern, &ast)
        .map_err(|e| RegexError::new(e.kind().to_string(), Some(e.span())))?;
    // What is built ahead of a search takes 15 KB for an ordinary pattern; the lazy automaton is as fast once it is warm.
    let config = meta::Config::new().nfa_size_limit(Some(limit)).onepass(false).dfa(false).hybrid_cache_capacity(limit);
    meta::Builder::new().configure(config).build_from_hir(&hir).map_err(|e| match e.size_limit() {
        Some(_) => RegexError::too_large(),
        None => RegexError::new(e.to_string(), None),
    })
}

/// Turns the parser's meaning of a pattern into RE2's.
struct Reader {
    /// Bytes that the expression may still take.
    left: usize,
}

impl Reader {
    fn spend(&mut self, bytes: usize) -> Result<(), RegexError> {
        self.left = self.left.checked_sub(bytes).ok_or_else(RegexError::too_large)?;
        Ok(())
    }

    /// Recursion is no deeper than the parser's limit allows.
    fn read(&mut self, ast: &mut Ast) -> Result<(), RegexError> {
        let replacement = match ast {
            Ast::Empty(_) | Ast::Literal(_) | Ast::Dot(_) => return Ok(()),
            Ast::Flags(flags) => return check_flags(&flags.flags),
            Ast::ClassUnicode(_) => return self.spend(UNICODE_CLASS_BYTES),
            Ast::ClassBracketed(class) => return self.read_class(&mut class.kind),
            Ast::Repetition(repetition) => {
                if let Ast::Repetition(_) = *repetition.ast {
                    let message = "put what is repeated twice in parentheses";
                    return Err(RegexError::new(message, Some(&repetition.op.span)));
                }
                return self.read(&mut repetition.ast);
            }
            Ast::Group(group) => {
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    check_flags(flags)?;
                }
                return self.read(&mut group.ast);
            }
            Ast::Alternation(alternation) => return self.read_all(&mut alternation.asts),
            Ast::Concat(concat) => return self.read_all(&mut concat.asts),
            Ast::ClassPerl(class) => Ast::class_bracketed(ClassBracketed {
                span: class.span,
                negated: class.negated,
                kind: union_of(class.span, ascii_items(&ClassPerl { negated: false, ..(**class).clone() })),
            }),
            Ast::Assertion(assertion) => match read_assertion(assertion)? {
                Some(replacement) => replacement,
                None => return Ok(()),
            },
        };
        *ast = replacement;
        Ok(())
    }

    fn read_all(&mut self, asts: &mut [Ast]) -> Result<(), RegexError> {
        asts.iter_mut().try_for_each(|ast| self.read(ast))
    }

    fn read_class(&mut self, class: &mut ClassSet) -> Result<(), RegexError> {
        match class {
            ClassSet::Item(item) => {
                let span = *item.span();
                let mut items = Vec::new();
                self.read_item(item, &mut items)?;
                *class = union_of(span, items);
                Ok(())
            }
            ClassSet::BinaryOp(op) => Err(RegexError::new(
                "in a character class, write && as &, -- as \\-, and ~~ as ~: sets are not combined here",
                Some(&op.span),
            )),
        }
    }

    fn read_item(&mut self, item: &ClassSetItem, items: &mut Vec<ClassSetItem>) -> Result<(), RegexError> {
        match item {
            ClassSetItem::Bracketed(class) => {
                return Err(RegexError::new("in a character class, write [ as \\[", Some(&class.span)));
            }
            ClassSetItem::Perl(class) if class.negated && class.kind == ClassPerlKind::Space => {
                // A negated union cannot be an item, so that the complement of white space is spelled out.
                items.extend(not_space(class.span));
                return Ok(());
            }
            ClassSetItem::Perl(class) => {
                items.extend(ascii_items(class));
                return Ok(());
            }
            // The items of a union are never unions themselves.
            ClassSetItem::Union(union) => return union.items.iter().try_for_each(|item| self.read_item(item, items)),
            ClassSetItem::Unicode(_) => self.spend(UNICODE_CLASS_BYTES)?,
            ClassSetItem::Range(range) if !range.end.c.is_ascii() => self.spend(WIDE_RANGE_BYTES)?,
            ClassSetItem::Empty(_) | ClassSetItem::Literal(_) | ClassSetItem::Range(_) | ClassSetItem::Ascii(_) => {}
        }
        items.push(item.clone());
        Ok(())
    }
}

fn union_of(span: Span, items: Vec<ClassSetItem>) -> ClassSet {
    ClassSet::Item(ClassSetItem::Union(ClassSetUnion { span, items }))
}

/// `\d`, `\w`, `\s` or a negated `\D`, `\W` in ASCII.
fn ascii_items(class: &ClassPerl) -> Vec<ClassSetItem> {
    let ascii = |kind| ClassSetItem::Ascii(ClassAscii { span: class.span, kind, negated: class.negated });
    match class.kind {
        ClassPerlKind::Digit => vec![ascii(ClassAsciiKind::Digit)],
        ClassPerlKind::Word => vec![ascii(ClassAsciiKind::Word)],
        // Without the vertical tab, which `[[:space:]]` has.
        ClassPerlKind::Space => {
            vec![range(class.span, '\t', '\n'), range(class.span, '\u{c}', '\r'), range(class.span, ' ', ' ')]
        }
    }
}

/// All characters but those of `\s`.
fn not_space(span: Span) -> [ClassSetItem; 4] {
    [
        range(span, '\0', '\u{8}'),
        range(span, '\u{b}', '\u{b}'),
        range(span, '\u{e}', '\u{1f}'),
        range(span, '!', char::MAX),
    ]
}

fn range(span: Span, start: char, end: char) -> ClassSetItem {
    let literal = |c| Literal { span, kind: LiteralKind::Verbatim, c };
    ClassSetItem::Range(ClassSetRange { span, start: literal(start), end: literal(end) })
}

/// What stands for `\b` and `\B` in ASCII; nothing for `^`, `$`, `\A` and `\z`, which stay.
fn read_assertion(assertion: &Assertion) -> Result<Option<Ast>, RegexError> {
    let span = assertion.span;
    match assertion.kind {
        AssertionKind::StartLine | AssertionKind::EndLine | AssertionKind::StartText | AssertionKind::EndText => {
            Ok(None)
        }
        AssertionKind::WordBoundary | AssertionKind::NotWordBoundary => {
            let item = |kind| FlagsItem { span, kind };
            let items = vec![item(FlagsItemKind::Negation), item(FlagsItemKind::Flag(Flag::Unicode))];
            Ok(Some(Ast::group(Group {
                span,
                kind: GroupKind::NonCapturing(Flags { span, items }),
                ast: Box::new(Ast::assertion(assertion.clone())),
            })))
        }
        _ => Err(RegexError::new("of the word boundaries, only \\b and \\B are known", Some(&span))),
    }
}

fn check_flags(flags: &Flags) -> Result<(), RegexError> {
    for item in &flags.items {
        if let FlagsItemKind::Flag(Flag::Unicode | Flag::CRLF | Flag::IgnoreWhitespace) = item.kind {
            return Err(RegexError::new("of the flags, only i, m, s and U are known", Some(&item.span)));
        }
    }
    Ok(())
}
