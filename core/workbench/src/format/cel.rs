//! CEL with spaces and line breaks in one way. Tokens, brackets and comments stay as they are.

use llm_policy_engine::cel::lexer::{Token, TokenKind, lex};

use TokenKind as T;

/// A token with its text, and whether a space stands in front of it.
#[derive(Clone, Copy, Debug)]
struct Piece<'s> {
    kind: TokenKind,
    text: &'s str,
    spaced: bool,
    /// A `?` or `:` of `a ? b : c`.
    ternary: bool,
}

/// The expression in lines, none of which is longer than `width` where that can be helped.
///
/// One line stays one line if it fits; what was written in several lines is broken at its outermost `? :`, `||` or
/// `&&`. With comments the author's lines stay. `None`: the text is no CEL, or holds a string of several lines, and is
/// better left alone.
#[must_use]
pub fn lines(source: &str, width: usize) -> Option<Vec<String>> {
    let tokens = lex(source).ok()?;
    if tokens.iter().any(|token| text(source, token).is_some_and(|text| text.contains(['\n', '\r']))) {
        return None;
    }
    let pieces = pieces(source, &tokens)?;
    if pieces.is_empty() {
        return None;
    }
    let out = if has_comment(source, &tokens) {
        commented(source, &tokens, &pieces)?
    } else {
        let mut out = Vec::new();
        block(&pieces, Layout { width, indent: 0, broken: source.trim().contains('\n') }, "", &mut out);
        out
    };
    (essence(&out.join("\n")) == essence(source)).then_some(out)
}

/// The expression on one line; `None` when it cannot be.
#[must_use]
pub fn line(source: &str) -> Option<String> {
    let tokens = lex(source).ok()?;
    let pieces = pieces(source, &tokens)?;
    let line = joined(&pieces);
    let whole = !has_comment(source, &tokens) && !line.contains(['\n', '\r']);
    (whole && essence(&line) == essence(source)).then_some(line)
}

/// The tokens and comments of an expression, which formatting never changes.
#[must_use]
pub fn essence(source: &str) -> Option<Vec<&str>> {
    let tokens = lex(source).ok()?;
    let mut out = Vec::with_capacity(tokens.len());
    let mut at = 0;
    for token in &tokens {
        let gap = source.get(at..token.span.start as usize)?;
        out.extend(gap.lines().map(str::trim).filter(|line| !line.is_empty()));
        out.push(text(source, token)?);
        at = token.span.end as usize;
    }
    Some(out)
}

fn text<'s>(source: &'s str, token: &Token) -> Option<&'s str> {
    source.get(token.span.start as usize..token.span.end as usize)
}

/// Between tokens there is nothing but blanks and comments.
fn has_comment(source: &str, tokens: &[Token]) -> bool {
    let mut at = 0;
    tokens.iter().any(|token| {
        let gap = source.get(at..token.span.start as usize).unwrap_or_default();
        at = token.span.end as usize;
        gap.contains("//")
    })
}

/// The tokens without the end, each with its spacing.
fn pieces<'s>(source: &'s str, tokens: &[Token]) -> Option<Vec<Piece<'s>>> {
    let mut out: Vec<Piece<'s>> = Vec::with_capacity(tokens.len());
    // How many `? :` are open, for each bracket that is open.
    let mut open = vec![0_usize];
    for token in tokens.iter().filter(|token| token.kind != T::End) {
        let before = out.last().copied();
        let mut ternary = false;
        match token.kind {
            T::LeftParen | T::LeftBracket | T::LeftBrace => open.push(0),
            T::RightParen | T::RightBracket | T::RightBrace if open.len() > 1 => {
                open.pop();
            }
            T::Question if !is_optional_mark(before) => {
                ternary = true;
                *open.last_mut()? += 1;
            }
            T::Colon => {
                let pending = open.last_mut()?;
                if *pending > 0 {
                    *pending -= 1;
                    ternary = true;
                }
            }
            _ => {}
        }
        let mut piece = Piece { kind: token.kind, text: text(source, token)?, spaced: false, ternary };
        piece.spaced = before.is_some_and(|before| is_spaced(&out, before, piece));
        out.push(piece);
    }
    Some(out)
}

/// `a.?b`, `a[?b]`, `{?a: b}`, `[a, ?b]`
fn is_optional_mark(before: Option<Piece<'_>>) -> bool {
    before.is_none_or(|p| matches!(p.kind, T::Dot | T::LeftBracket | T::LeftBrace | T::Comma))
}

/// True for what stands between two operands when an operand came before it.
fn is_infix(kind: TokenKind) -> bool {
    matches!(
        kind,
        T::And
            | T::Or
            | T::Equal
            | T::NotEqual
            | T::Less
            | T::LessEqual
            | T::Greater
            | T::GreaterEqual
            | T::In
            | T::Plus
            | T::Minus
            | T::Star
            | T::Slash
            | T::Percent
    )
}

fn ends_operand(kind: TokenKind) -> bool {
    matches!(
        kind,
        T::Int
            | T::Uint
            | T::Double
            | T::String
            | T::Bytes
            | T::Ident
            | T::QuotedIdent
            | T::True
            | T::False
            | T::Null
            | T::RightParen
            | T::RightBracket
            | T::RightBrace
    )
}

/// Whether a space stands between `before`, the last of `out`, and `piece`.
fn is_spaced(out: &[Piece<'_>], before: Piece<'_>, piece: Piece<'_>) -> bool {
    let behind_prefix = || {
        let operand = out.iter().rev().nth(1).is_some_and(|p| ends_operand(p.kind));
        matches!(before.kind, T::Not) || (before.kind == T::Minus && !operand)
    };
    if piece.ternary || before.ternary {
        return true;
    }
    if is_infix(piece.kind) && ends_operand(before.kind) {
        return true;
    }
    if behind_prefix() {
        // `- -1` is not `--1`, which is no token but reads as one.
        return before.kind == T::Minus && piece.kind == T::Minus;
    }
    if is_infix(before.kind) || matches!(before.kind, T::Comma | T::Colon) {
        return true;
    }
    // Two words need something between them.
    ends_operand(before.kind) && ends_operand(piece.kind) && !is_closing(piece.kind)
}

fn is_opening(kind: TokenKind) -> bool {
    matches!(kind, T::LeftParen | T::LeftBracket | T::LeftBrace)
}

fn is_closing(kind: TokenKind) -> bool {
    matches!(kind, T::RightParen | T::RightBracket | T::RightBrace)
}

fn joined(pieces: &[Piece<'_>]) -> String {
    let mut out = String::new();
    for (number, piece) in pieces.iter().enumerate() {
        if piece.spaced && number > 0 {
            out.push(' ');
        }
        out.push_str(piece.text);
    }
    out
}

/// How an expression is laid out.
#[derive(Clone, Copy, Debug)]
struct Layout {
    width: usize,
    indent: usize,
    /// The author broke it, so it is broken even where it would fit.
    broken: bool,
}

/// Writes `pieces` with `lead` in front of the first.
fn block(pieces: &[Piece<'_>], layout: Layout, lead: &str, out: &mut Vec<String>) {
    let flat = joined(pieces);
    let pad = " ".repeat(layout.indent);
    let fits = pad.len() + lead.len() + flat.chars().count() <= layout.width;
    if fits && !layout.broken {
        out.push(format!("{pad}{lead}{flat}"));
        return;
    }
    let parts = split(pieces);
    if parts.len() > 1 {
        for (number, part) in parts.iter().enumerate() {
            if number == 0 {
                block(part, Layout { broken: false, ..layout }, lead, out);
            } else if let Some((operator, operand)) = part.split_first() {
                let indent = layout.indent + if lead.is_empty() { 0 } else { 2 };
                block(operand, Layout { indent, broken: false, ..layout }, &format!("{} ", operator.text), out);
            }
        }
        return;
    }
    if fits {
        out.push(format!("{pad}{lead}{flat}"));
        return;
    }
    let Some((head, inner, tail)) = outermost(pieces) else {
        out.push(format!("{pad}{lead}{flat}"));
        return;
    };
    out.push(format!("{pad}{lead}{}", joined(head)));
    let indent = layout.indent + 2;
    let (items, mut commas) = arguments(inner);
    for item in &items {
        block(item, Layout { indent, broken: false, ..layout }, "", out);
        // The last item may have a comma behind it or not.
        if let (Some(line), Some(comma)) = (out.last_mut(), commas.next()) {
            line.push_str(comma.text);
        }
    }
    out.push(format!("{pad}{}", joined(tail)));
}

/// The operands of the loosest operator outside of brackets; all but the first begin with the operator.
fn split<'p, 's>(pieces: &'p [Piece<'s>]) -> Vec<&'p [Piece<'s>]> {
    let is = |piece: &Piece<'_>, level: usize| match level {
        0 => piece.ternary,
        1 => piece.kind == T::Or,
        _ => piece.kind == T::And,
    };
    for level in 0..3 {
        let mut depth = 0_usize;
        let mut cuts = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            if is_opening(piece.kind) {
                depth += 1;
            } else if is_closing(piece.kind) {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && is(piece, level) {
                cuts.push(at);
            }
        }
        // An operator without a left operand is no expression, and has nothing to be broken off from.
        if cuts.first().is_some_and(|first| *first > 0) {
            let mut from = 0;
            let mut parts = Vec::with_capacity(cuts.len() + 1);
            for at in cuts.into_iter().chain([pieces.len()]) {
                parts.push(pieces.get(from..at).unwrap_or_default());
                from = at;
            }
            return parts;
        }
    }
    vec![pieces]
}

/// The last pair of brackets outside of others, with what is in it and what is around it.
fn outermost<'p, 's>(pieces: &'p [Piece<'s>]) -> Option<(&'p [Piece<'s>], &'p [Piece<'s>], &'p [Piece<'s>])> {
    let mut depth = 0_usize;
    let mut best: Option<(usize, usize)> = None;
    let mut start = 0;
    for (at, piece) in pieces.iter().enumerate() {
        if is_opening(piece.kind) {
            if depth == 0 {
                start = at;
            }
            depth += 1;
        } else if is_closing(piece.kind) {
            depth = depth.saturating_sub(1);
            // The widest pair gains most.
            if depth == 0 && at > start + 1 && best.is_none_or(|(from, to)| at - start >= to - from) {
                best = Some((start, at));
            }
        }
    }
    let (from, to) = best?;
    Some((pieces.get(..=from)?, pieces.get(from + 1..to)?, pieces.get(to..)?))
}

/// The parts between commas outside of brackets, and the commas.
fn arguments<'p, 's>(pieces: &'p [Piece<'s>]) -> (Vec<&'p [Piece<'s>]>, std::vec::IntoIter<Piece<'s>>) {
    let mut depth = 0_usize;
    let (mut out, mut commas) = (Vec::new(), Vec::new());
    let mut from = 0;
    for (at, piece) in pieces.iter().enumerate() {
        if is_opening(piece.kind) {
            depth += 1;
        } else if is_closing(piece.kind) {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && piece.kind == T::Comma {
            out.push(pieces.get(from..at).unwrap_or_default());
            commas.push(*piece);
            from = at + 1;
        }
    }
    if from < pieces.len() {
        out.push(pieces.get(from..).unwrap_or_default());
    }
    (out, commas.into_iter())
}

/// An expression with comments: lines and their indentation stay, what is between the tokens of a line is made even.
fn commented(source: &str, tokens: &[Token], pieces: &[Piece<'_>]) -> Option<Vec<String>> {
    let mut out: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut at = 0;
    let mut fresh = true;
    let ends = tokens.iter().map(Some).zip(pieces.iter().map(Some).chain([None]));
    for (token, piece) in ends {
        let token = token?;
        let gap = source.get(at..token.span.start as usize)?;
        at = token.span.end as usize;
        let mut rest = gap;
        while let Some((before, behind)) = rest.split_once('\n') {
            push_comment(&mut line, before, fresh);
            if !line.trim().is_empty() {
                out.push(std::mem::take(&mut line));
            }
            line.clear();
            rest = behind;
            fresh = true;
        }
        if rest.contains("//") {
            push_comment(&mut line, rest, fresh);
        } else if fresh && !out.is_empty() {
            line.push_str(rest);
        }
        if let Some(piece) = piece {
            if piece.spaced && !fresh {
                line.push(' ');
            }
            line.push_str(piece.text);
            fresh = false;
        }
    }
    if !line.trim().is_empty() {
        out.push(line);
    }
    Some(out.into_iter().map(|line| line.trim_end().to_owned()).collect())
}

/// Appends a comment, which begins at `//` of `text`.
fn push_comment(line: &mut String, text: &str, fresh: bool) {
    let Some(at) = text.find("//") else { return };
    if fresh {
        line.push_str(text.get(..at).unwrap_or_default());
    } else {
        line.push(' ');
    }
    line.push_str(text.get(at..).unwrap_or_default().trim_end());
}

#[cfg(test)]
mod tests;
