//! What the checker says when something is wrong.

use std::fmt::Write as _;

use super::Checker;
use crate::ast::{Ast, Comprehension, Expr, ExprId, Literal, Name, Span};
use crate::diagnostic::{self, Diagnostic};
use crate::env::qualified_name;
use crate::function::{Function, Overload};
use crate::library::time::meant;
use crate::types::{ObjectType, Type};

/// The longest piece of source or type that a message quotes.
const QUOTE: usize = 60;

impl Checker<'_> {
    fn error(&mut self, code: &'static str, message: String, span: Span, help: Option<String>) {
        let error = Diagnostic::error(code, message, span);
        self.errors.push(match help {
            Some(help) => error.with_help(help),
            None => error,
        });
    }

    pub(super) fn undeclared_variable(&mut self, id: ExprId, name: &str) {
        let (env, ast) = (self.env, self.ast);
        let bare = name.trim_start_matches('.');
        // `user` alone is nothing, but `user.id` may be a variable.
        let start = format!("{bare}.");
        let inside = || env.variables().map(|(name, _)| &**name).filter(|name| name.starts_with(&start));
        if let Some((whole, full)) = self.selected(id)
            && inside().next().is_some()
        {
            let help = match did_you_mean(&full, inside()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("declared are {}", list(&inside().take(4).collect::<Vec<_>>())),
            };
            return self.error("undeclared-name", format!("`{full}` is not declared"), ast.span(whole), Some(help));
        }
        let locals = self.locals.iter().map(|(local, _)| &**local);
        let names = env.variables().map(|(name, _)| &**name).chain(env.type_names().map(|(name, _)| &**name));
        let near = did_you_mean(bare, names.chain(locals).filter(|name| !name.starts_with(['@', '#'])));
        let help = if let Some(near) = near {
            Some(format!("did you mean `{near}`?"))
        } else if let Some(word) = foreign_constant(bare) {
            Some(format!("write `{word}`"))
        } else if self.is_key(id) {
            Some(format!("a key that is text is written in quotes: `'{name}'`"))
        } else if env.resolve_function(name).is_some() {
            Some(format!("`{name}` is a function: call it as `{name}(...)`"))
        } else {
            let inside: Vec<&str> = inside().take(4).collect();
            if inside.is_empty() {
                let function = did_you_mean(bare, env.functions().iter().map(|function| &*function.name));
                function.map(|function| format!("did you mean the function `{function}`?"))
            } else {
                Some(format!("declared are {}", list(&inside)))
            }
        };
        self.error("undeclared-name", format!("`{name}` is not declared"), ast.span(id), help);
    }

    /// The name `id` with the one field that is selected from it: `request.promt`.
    fn selected(&self, id: ExprId) -> Option<(ExprId, String)> {
        let ast = self.ast;
        let parent = ast
            .ids()
            .find(|parent| matches!(ast.expr(*parent), Expr::Select { operand, test: false, .. } if *operand == id))?;
        qualified_name(ast, parent).map(|name| (parent, name.trim_start_matches('.').to_owned()))
    }

    /// Whether `id` is the key of an entry of a map.
    fn is_key(&self, id: ExprId) -> bool {
        let ast = self.ast;
        ast.ids().any(|map| matches!(ast.expr(map), Expr::Map(entries) if entries.iter().any(|entry| entry.key == id)))
    }

    /// True when a macro was meant, by the look of it.
    pub(super) fn undeclared_function(&mut self, id: ExprId, target: Option<ExprId>, function: &Name) -> bool {
        let (env, ast) = (self.env, self.ast);
        let prefix = target.filter(|target| self.names_nothing(*target)).and_then(|t| qualified_name(ast, t));
        let name = prefix.map_or_else(|| function.to_string(), |prefix| format!("{prefix}.{function}"));
        let functions = env.functions().iter().map(|function| &*function.name).filter(|name| is_word(name));
        let near = did_you_mean(&name, functions.chain(env.macro_names()));
        // The macros of a namespace are known by their own names.
        let own = name.strip_prefix("cel.").unwrap_or(&name);
        let is_macro = |name: &str| env.macro_names().any(|known| known == name);
        let foreign = foreign_function(function).filter(|known| is_macro(known) || env.function_index(known).is_some());
        let macro_meant = near.is_some_and(is_macro) || is_macro(own) || foreign.is_some_and(is_macro);
        let help = if is_macro(own) {
            match macro_form(own) {
                Some(form) => {
                    let message = format!("the macro `{name}` does not take these arguments");
                    self.error("undeclared-name", message, ast.span(id), Some(format!("write it as in `{form}`")));
                    return true;
                }
                None => Some(format!("`{name}` is a macro, and takes other arguments")),
            }
        } else if let Some(known) = foreign {
            Some(match macro_form(known) {
                Some(form) => format!("use the macro `{known}`, as in `{form}`"),
                None => format!("use `{known}`"),
            })
        } else if let Some(near) = near {
            Some(format!("did you mean `{near}`?"))
        } else if env.resolve(&name).is_some() {
            Some(format!("`{name}` is a variable and cannot be called"))
        } else {
            None
        };
        self.error("undeclared-name", format!("there is no function `{name}`"), ast.span(id), help);
        macro_meant
    }

    pub(super) fn undefined_field(&mut self, id: ExprId, operand: ExprId, object: &ObjectType, field: &str) {
        let help = match did_you_mean(field, object.fields.iter().map(|(name, _)| &**name)) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if object.fields.is_empty() => None,
            None => {
                let known: Vec<&str> = object.fields.iter().map(|(name, _)| &**name).take(8).collect();
                let more = if object.fields.len() > known.len() { ", and more" } else { "" };
                Some(format!("its fields are {}{more}", list(&known)))
            }
        };
        let message = format!("`{}` has no field `{field}`", quote(self.ast, operand));
        self.error("undefined-field", message, self.ast.span(id), help);
    }

    pub(super) fn no_fields(&mut self, id: ExprId, operand: ExprId, t: &Type, field: &str) {
        let t = self.inference.substitute(t, true);
        let help = match &t {
            Type::List(_) | Type::Map(_) | Type::String if foreign_function(field) == Some("size") => {
                Some(format!("write `size({})`", quote(self.ast, operand)))
            }
            Type::List(_) => Some(format!(
                "a list has elements: use an index, as in `{0}[0]`, or a macro, as in `{0}.exists(x, ...)`",
                quote(self.ast, operand)
            )),
            _ if self.env.function_index(field).is_some() => Some(format!("to call the function, write `.{field}()`")),
            _ => None,
        };
        let message = format!("`{}` is {} and has no fields", quote(self.ast, operand), with_article(&t));
        self.error("no-fields", message, self.ast.span(id), help);
    }

    pub(super) fn no_message_types(&mut self, id: ExprId, name: &str) {
        let help = "write a map: `{'field': value}`".to_owned();
        let message = format!("`{name}{{...}}` would make a protobuf message, and there are no message types");
        self.error("no-message-types", message, self.ast.span(id), Some(help));
    }

    pub(super) fn no_optionals(&mut self, id: ExprId) {
        let message = "optional values are not part of this environment".to_owned();
        self.error("undeclared-name", message, self.ast.span(id), None);
    }

    pub(super) fn not_optional(&mut self, id: ExprId, t: &Type) {
        let t = self.inference.substitute(t, true);
        let message = format!("`?` needs an optional, and `{}` is {}", quote(self.ast, id), with_article(&t));
        let help = format!("leave out the `?`, or write `optional.of({})`", quote(self.ast, id));
        self.error("not-an-optional", message, self.ast.span(id), Some(help));
    }

    pub(super) fn no_range(&mut self, c: &Comprehension, t: &Type) {
        let t = self.inference.substitute(t, true);
        let message =
            format!("`{}` is {}; only lists and maps have elements", quote(self.ast, c.range), with_article(&t));
        self.error("not-a-range", message, self.ast.span(c.range), None);
    }

    pub(super) fn step_differs(&mut self, c: &Comprehension, accumulator: &Type, step: &Type) {
        let (accumulator, step) = (self.inference.substitute(accumulator, true), self.inference.substitute(step, true));
        let message = format!("the loop starts with {}, but a step gives {}", show(&accumulator), show(&step));
        self.error("type-mismatch", message, self.ast.span(c.step), None);
    }

    pub(super) fn not_bool(&mut self, id: ExprId, t: &Type, what: &str) {
        let t = self.inference.substitute(t, true);
        let of_macro = self.conditions.iter().find(|(condition, _)| *condition == id);
        let what = of_macro.map_or_else(|| what.to_owned(), |(_, name)| format!("the condition of `{name}`"));
        let text = quote(self.ast, id);
        let message = format!("`{text}` is {}, but {what} must be a bool", with_article(&t));
        let help = match t {
            _ if let Some((_, comparison)) = self.negated.iter().find(|(operand, _)| *operand == id) => {
                // The comparison is `!a in b`; its source without the `!` is what was meant.
                let whole = quote(self.ast, *comparison);
                Some(format!("`!` binds tighter: write `!({})`", whole.trim_start_matches('!').trim_start()))
            }
            Type::String => Some(format!("compare it, as in `{text} != ''`")),
            Type::Int => Some(format!("compare it, as in `{text} != 0`")),
            Type::List(_) | Type::Map(_) => Some(format!("compare its size, as in `size({text}) > 0`")),
            _ => None,
        };
        self.error("not-a-bool", message, self.ast.span(id), help);
    }

    /// The error when the allowance for inference is used up.
    pub(super) fn too_complex(&self) -> Diagnostic {
        Diagnostic::error(
            "type-too-complex",
            "the types of this expression are too large",
            self.ast.span(self.ast.root()),
        )
        .with_help("make it simpler, or hide a part's type with `dyn(...)`")
    }

    pub(super) fn no_overload(
        &mut self,
        id: ExprId,
        function: &Function,
        receiver: Option<ExprId>,
        args: &[ExprId],
        given: &[Type],
    ) {
        let given: Vec<Type> = given.iter().map(|t| self.inference.substitute(t, true)).collect();
        let operands: Vec<ExprId> = receiver.iter().chain(args).copied().collect();
        match (&*function.name, &*operands, &*given) {
            ("!_", [operand], _) => return self.expect_bool(*operand, "the operand of `!`"),
            ("cel.@mapInsert", [_, entries], [_, t]) => {
                let message = format!(
                    "`{}` is {}, but `transformMapEntry` adds the entries of a map",
                    quote(self.ast, *entries),
                    with_article(t)
                );
                let help = Some("write a map, as in `{key: value}`".to_owned());
                return self.error("type-mismatch", message, self.ast.span(*entries), help);
            }
            ("_?_:_", [condition, then, otherwise], [t, a, b]) => {
                if !self.inference.assignable(t, &Type::Bool) {
                    return self.expect_bool(*condition, "the condition of `? :`");
                }
                let message = format!("one branch is {}, the other {}", with_article(a), with_article(b));
                let span = self.ast.span(*then).join(self.ast.span(*otherwise));
                let help = format!("give both the same type, or write `dyn({})`", quote(self.ast, *then));
                return self.error("no-matching-overload", message, span, Some(help));
            }
            _ => {}
        }
        let types: Vec<String> = given.iter().map(show).collect();
        let name = &function.name;
        let message = match (operator(name), receiver, &*types) {
            (Some(sign), None, [left, right]) => format!("`{sign}` does not take {left} and {right}"),
            (Some(sign), None, [only]) => format!("`{sign}` does not take {only}"),
            (_, Some(_), [of, rest @ ..]) => format!("there is no `{name}` for {of} with ({})", rest.join(", ")),
            _ => format!("there is no `{name}` for ({})", types.join(", ")),
        };
        let help = self.overload_help(function, receiver, &operands, &given);
        self.error("no-matching-overload", message, self.ast.span(id), help);
    }

    /// What to write instead of a call that fits no overload.
    fn overload_help(
        &mut self,
        function: &Function,
        receiver: Option<ExprId>,
        operands: &[ExprId],
        given: &[Type],
    ) -> Option<String> {
        let ast = self.ast;
        if let ([left, right], [a, b]) = (operands, given)
            && let Some(help) = operator_help(ast, &function.name, (*left, a), (*right, b))
        {
            return Some(help);
        }
        if let ("contains", [list, element], [Type::List(_) | Type::Map(_), _]) = (&*function.name, operands, given) {
            return Some(format!("write `{}`", holds(&quote(ast, *list), &quote(ast, *element), true)));
        }
        let member = receiver.is_some();
        if self.would_fit(&function.overloads, !member, given) {
            let texts: Vec<String> = operands.iter().map(|id| quote(ast, *id)).collect();
            return Some(if member {
                format!("it is a function: write `{}({})`", function.name, texts.join(", "))
            } else {
                let (first, rest) = texts.split_first()?;
                format!("it is a method: write `{first}.{}({})`", function.name, rest.join(", "))
            });
        }
        let usable: Vec<&Overload> = function.overloads.iter().collect();
        let shown: Vec<String> = usable.iter().take(4).map(|overload| signature(&function.name, overload)).collect();
        let more = if usable.len() > shown.len() { ", and more" } else { "" };
        match operator(&function.name) {
            Some(_) => None,
            None if usable.len() == 1 => Some(format!("it is called as {}", shown.join(", "))),
            None => Some(format!("known are {}{more}", shown.join(", "))),
        }
    }
}

/// Advice for a binary operator whose operands have types that it does not take together.
fn operator_help(ast: &Ast, name: &str, left: (ExprId, &Type), right: (ExprId, &Type)) -> Option<String> {
    let text = |id| quote(ast, id);
    if name == "_[_]" {
        return match (left.1, right.1) {
            (Type::List(_), _) => Some("elements of a list are numbered from 0".to_owned()),
            (Type::Map(map), key) => Some(format!("the map's keys are {}, not {}", show(&map.0), show(key))),
            (other, _) => Some(format!("only lists and maps have elements, not {}", show(other))),
        };
    }
    if is_ordering(name) && is_comparison(ast, left.0) {
        return Some("comparisons do not chain: write `a < b && b < c`".to_owned());
    }
    if name == "@in" {
        return match (left.1, right.1) {
            (Type::String, Type::String) if is_text(ast, right.0) && !is_text(ast, left.0) => {
                let (value, one) = (text(left.0), text(right.0));
                Some(format!("write `{value} == {one}`, or `{value} in [{one}]`"))
            }
            (Type::String, Type::String) => Some(format!(
                "`in` looks into lists and maps; for text write `{}.contains({})`",
                text(right.0),
                text(left.0)
            )),
            (Type::List(asked), Type::List(of)) if asked == of => {
                Some(format!("`in` asks for one element: write `{}.exists(x, x in {})`", text(left.0), text(right.0)))
            }
            (element, Type::List(of)) => Some(format!("the list holds {}, not {}", show(of), show(element))),
            (key, Type::Map(map)) => Some(format!("the map's keys are {}, not {}", show(&map.0), show(key))),
            (_, other) => Some(format!("`in` looks into lists and maps, not {}", show(other))),
        };
    }
    if matches!(name, "_==_" | "_!=_") && (matches!(left.1, Type::Null) || matches!(right.1, Type::Null)) {
        let other = if matches!(left.1, Type::Null) { right } else { left };
        return Some(format!("{} is never null; for a field that may be absent write `has(...)`", show(other.1)));
    }
    if !matches!(name, "_+_" | "_-_" | "_*_" | "_/_" | "_%_" | "_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_") {
        return None;
    }
    // A literal is the easiest to change; it takes the other side's type.
    for ((id, own), (_, wanted)) in [(right, left), (left, right)] {
        if let (Expr::Literal(Literal::String(text)), Type::Timestamp | Type::Duration) = (ast.expr(id), wanted) {
            return Some(if *wanted == Type::Timestamp { meant::timestamp(text) } else { meant::duration(text) });
        }
        // Text is ordered by its letters, so no number becomes text there.
        let as_text = is_ordering(name) && *wanted == Type::String;
        if let Some(literal) = rewritten(ast, id, own, wanted).filter(|_| !as_text) {
            return Some(format!("write `{literal}`"));
        }
    }
    if is_ordering(name) {
        return ordering_help(ast, left, right);
    }
    let conversion = match (left.1, right.1) {
        (Type::Int, Type::Double | Type::Uint) => Some((left.0, show(right.1))),
        (Type::Double | Type::Uint, Type::Int) => Some((right.0, show(left.1))),
        (Type::Uint, Type::Double) => Some((left.0, "double".to_owned())),
        (Type::Double, Type::Uint) => Some((right.0, "double".to_owned())),
        (Type::String, Type::Int | Type::Uint | Type::Double | Type::Bool) => Some((right.0, "string".to_owned())),
        (Type::Int | Type::Uint | Type::Double | Type::Bool, Type::String) => Some((left.0, "string".to_owned())),
        _ => None,
    };
    if let Some((id, to)) = conversion {
        return Some(format!("convert one side: `{to}({})`", text(id)));
    }
    match (left.1, right.1) {
        (Type::List(of), element) if matches!(name, "_==_" | "_!=_") && **of == *element => {
            Some(format!("write `{}`", holds(&text(left.0), &text(right.0), name == "_==_")))
        }
        (element, Type::List(of)) if matches!(name, "_==_" | "_!=_") && **of == *element => {
            Some(format!("write `{}`", holds(&text(right.0), &text(left.0), name == "_==_")))
        }
        (Type::Object(object), _) | (_, Type::Object(object)) if matches!(name, "_==_" | "_!=_") => {
            let id = if matches!(left.1, Type::Object(_)) { left.0 } else { right.0 };
            let (field, _) = object.fields.first()?;
            Some(format!("compare one of its fields, such as `{}.{field}`", text(id)))
        }
        (Type::List(_), element) | (element, Type::List(_)) if name == "_+_" && !matches!(element, Type::List(_)) => {
            let id = if matches!(left.1, Type::List(_)) { right.0 } else { left.0 };
            Some(format!("to add an element write `[{}]`", text(id)))
        }
        _ => None,
    }
}

/// Advice for `<` and the like between a number and text.
fn ordering_help(ast: &Ast, left: (ExprId, &Type), right: (ExprId, &Type)) -> Option<String> {
    let number = |t: &Type| matches!(t, Type::Int | Type::Uint | Type::Double);
    let text = |id| quote(ast, id);
    for ((id, own), (other, wanted)) in [(right, left), (left, right)] {
        match own {
            Type::String if number(wanted) && is_text(ast, id) => {
                return Some(format!("`{}` is {}: compare it with a number", text(other), with_article(wanted)));
            }
            Type::String if number(wanted) => {
                return Some(format!("make a number of the text: `{}({})`", show(wanted), text(id)));
            }
            _ => {}
        }
    }
    None
}

/// That `list` holds `element`, or does not.
fn holds(list: &str, element: &str, does: bool) -> String {
    if does { format!("{element} in {list}") } else { format!("!({element} in {list})") }
}

fn is_text(ast: &Ast, id: ExprId) -> bool {
    matches!(ast.expr(id), Expr::Literal(Literal::String(_)))
}

fn is_ordering(name: &str) -> bool {
    matches!(name, "_<_" | "_<=_" | "_>_" | "_>=_")
}

fn is_comparison(ast: &Ast, id: ExprId) -> bool {
    matches!(ast.expr(id), Expr::Call { function, .. } if is_ordering(function))
}

/// How a macro is written.
fn macro_form(name: &str) -> Option<&'static str> {
    Some(match name {
        "has" => "has(object.field)",
        "all" => "list.all(x, x > 0)",
        "exists" => "list.exists(x, x > 0)",
        "exists_one" => "list.exists_one(x, x > 0)",
        "existsOne" => "list.existsOne(x, x > 0)",
        "filter" => "list.filter(x, x > 0)",
        "map" => "list.map(x, x + 1)",
        "sortBy" => "list.sortBy(x, x.priority)",
        "transformList" => "map.transformList(key, value, value + 1)",
        "transformMap" => "map.transformMap(key, value, value + 1)",
        "transformMapEntry" => "map.transformMapEntry(key, value, {value: key})",
        "bind" => "cel.bind(x, value, x + x)",
        "optMap" => "optional.optMap(x, x + 1)",
        "optFlatMap" => "optional.optFlatMap(x, x.?field)",
        _ => return None,
    })
}

/// What functions of other languages are called here.
fn foreign_function(name: &str) -> Option<&'static str> {
    Some(match name {
        "len" | "length" | "count" | "strlen" => "size",
        "lower" | "toLower" | "toLowerCase" | "lowercase" | "downcase" => "lowerAscii",
        "upper" | "toUpper" | "toUpperCase" | "uppercase" | "upcase" => "upperAscii",
        "any" | "some" | "anyMatch" => "exists",
        "every" | "allMatch" | "forAll" => "all",
        "select" | "where" => "filter",
        "includes" | "hasSubstring" | "icontains" => "contains",
        "starts_with" | "hasPrefix" => "startsWith",
        "ends_with" | "hasSuffix" => "endsWith",
        "strip" => "trim",
        "regex" | "regexp" | "match" | "test" | "search" => "matches",
        "str" | "toString" => "string",
        "parseInt" | "toInt" | "integer" => "int",
        "parseFloat" | "toFloat" | "float" | "toDouble" => "double",
        "typeof" => "type",
        _ => return None,
    })
}

/// What constants of other languages are here.
fn foreign_constant(name: &str) -> Option<&'static str> {
    Some(match name {
        "True" | "TRUE" | "yes" => "true",
        "False" | "FALSE" | "no" => "false",
        "None" | "NULL" | "Null" | "nil" | "undefined" => "null",
        _ => return None,
    })
}

/// The literal `id` of type `own` written as a `wanted`.
fn rewritten(ast: &Ast, id: ExprId, own: &Type, wanted: &Type) -> Option<String> {
    let Expr::Literal(literal) = ast.expr(id) else { return None };
    match (literal, own, wanted) {
        (Literal::Int(n), Type::Int, Type::Double) => Some(format!("{n}.0")),
        (Literal::Int(n), Type::Int, Type::Uint) if *n >= 0 => Some(format!("{n}u")),
        (Literal::Uint(n), Type::Uint, Type::Double) => Some(format!("{n}.0")),
        (Literal::Uint(n), Type::Uint, Type::Int) => Some(format!("{n}")),
        (Literal::Int(n), Type::Int, Type::String) => Some(format!("'{n}'")),
        (Literal::String(text), Type::String, Type::Int) if text.parse::<i64>().is_ok() => Some(text.to_string()),
        (Literal::String(text), Type::String, Type::Bool) if matches!(&**text, "true" | "false") => {
            Some(text.to_string())
        }
        (Literal::String(text), Type::String, Type::Uint) if text.parse::<u64>().is_ok() => Some(format!("{text}u")),
        (Literal::String(text), Type::String, Type::Double) => {
            // `{:?}` keeps the `.0` that makes it a double.
            text.parse().ok().filter(|number: &f64| number.is_finite()).map(|number| format!("{number:?}"))
        }
        _ => None,
    }
}

/// The sign of an operator, or `None` for a function with a name.
pub(super) fn operator(name: &str) -> Option<&str> {
    match name {
        "@in" => Some("in"),
        "_[_]" => Some("[]"),
        "_[?_]" => Some("[?]"),
        "_?._" => Some(".?"),
        "_?_:_" => Some("? :"),
        _ if is_word(name) => None,
        _ => Some(name.trim_matches('_')),
    }
}

/// True for a name that can be written in an expression.
fn is_word(name: &str) -> bool {
    !name.contains('@') && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !name.starts_with("_")
        || {
            // `_name` is a word, `_+_` is none.
            let mut rest = name.chars().skip(1);
            name.starts_with('_') && rest.next().is_some_and(|c| c.is_ascii_alphanumeric())
        }
}

/// How an overload is called: `string.contains(string)`.
fn signature(name: &str, overload: &Overload) -> String {
    let params: Vec<String> = overload.params.iter().map(show).collect();
    match (overload.member, &*params) {
        (true, [of, rest @ ..]) => format!("`{of}.{name}({})`", rest.join(", ")),
        _ => format!("`{name}({})`", params.join(", ")),
    }
}

/// The candidate that `name` may be a slip for. Names of one or two letters are all near each other, and give none.
fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    (name.chars().count() > 2).then(|| diagnostic::did_you_mean(name, candidates)).flatten()
}

/// The type for a message, cut when it is long.
fn show(t: &Type) -> String {
    let mut text = Short(String::new());
    // Writing stops when the text is long enough; nothing else can fail.
    let cut = write!(text, "{t}").is_err();
    if cut { text.0 + "..." } else { text.0 }
}

fn with_article(t: &Type) -> String {
    let name = show(t);
    match t {
        Type::Null => name,
        Type::Int | Type::Object(_) | Type::Optional(_) if name.starts_with(['a', 'e', 'i', 'o']) => {
            format!("an {name}")
        }
        _ => format!("a {name}"),
    }
}

/// A string that refuses to grow beyond [`QUOTE`] bytes, so that a huge type costs nothing to show.
struct Short(String);

impl std::fmt::Write for Short {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        if self.0.len() + s.len() > QUOTE {
            return Err(std::fmt::Error);
        }
        self.0.push_str(s);
        Ok(())
    }
}

/// The source of a node on one line, cut when it is long.
pub(super) fn quote(ast: &Ast, id: ExprId) -> String {
    let text = ast.text(id).split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(QUOTE) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// `a`, `b` and `c`.
fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
