//! What an expression may refer to: variables, functions, macros, names of types, and the container.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::ast::{Ast, Expr, ExprId, Name};
use crate::checker::{self, Checked, Reference};
use crate::diagnostic::Diagnostic;
use crate::error::ErrorKind;
use crate::function::{Context, Function, Implementation, Overload};
use crate::library::{conversions, encoders, lists, math, network, operators, optionals, regexes, sets, strings, time};
use crate::limits::Limits;
use crate::macros::{self, Macro};
use crate::parser::{self, ParserOptions};
use crate::types::Type;
use crate::value::Val;

/// What an expression may refer to. Cheap to clone.
///
/// ```
/// use llm_policy_cel::{env::Env, types::Type};
///
/// let env = Env::builder().standard().variable("user.tier", Type::String).build();
/// let checked = env.compile("user.tier in ['gold', 'silver']").unwrap();
/// assert_eq!(*checked.result_type(), Type::Bool);
/// ```
#[derive(Clone, Debug)]
pub struct Env(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    variables: BTreeMap<Name, Type>,
    type_names: BTreeMap<Name, Type>,
    /// Shared until changed: a host extends one environment for each of its documents.
    functions: Arc<Vec<Function>>,
    function_names: Arc<FxHashMap<Arc<str>, u32>>,
    container: Arc<str>,
    parser: ParserOptions,
}

/// Makes an [`Env`]. Nothing is declared at first.
#[derive(Clone, Debug)]
pub struct EnvBuilder(Inner);

impl Default for EnvBuilder {
    fn default() -> Self {
        Self(Inner {
            variables: BTreeMap::new(),
            type_names: BTreeMap::new(),
            functions: Arc::default(),
            function_names: Arc::default(),
            container: "".into(),
            parser: ParserOptions { limits: Limits::default(), macros: Vec::new() },
        })
    }
}

impl EnvBuilder {
    /// Declares a variable. The name may have dots: `user.id` is written as such and needs no `user`.
    #[must_use]
    pub fn variable(mut self, name: impl Into<Name>, t: Type) -> Self {
        self.0.variables.insert(name.into(), t);
        self
    }

    /// Declares a name that stands for a type, as `int` stands for the type of `1`.
    #[must_use]
    pub fn type_name(mut self, name: impl Into<Name>, t: Type) -> Self {
        self.0.type_names.insert(name.into(), t);
        self
    }

    /// Adds a function. If the name is known already, the overloads join those that are there (one with the same id is
    /// replaced), and the documentation, if there is any, replaces the old one. Of two implementations the newer is asked
    /// first, and the older for what the newer has no overload for.
    #[must_use]
    pub fn function(mut self, function: Function) -> Self {
        let functions = Arc::make_mut(&mut self.0.functions);
        let known = self.0.function_names.get(&function.name).and_then(|at| functions.get_mut(*at as usize));
        if let Some(known) = known {
            for overload in function.overloads {
                match known.overloads.iter_mut().find(|old| old.id == overload.id) {
                    Some(old) => *old = overload,
                    None => known.overloads.push(overload),
                }
            }
            known.implementation = match (function.implementation, known.implementation.take()) {
                (Some(newer), Some(older)) => Some(Arc::new(move |cx, args| either(&newer, &older, cx, args))),
                (newer, older) => newer.or(older),
            };
            known.cost = known.cost.max(function.cost);
            if !function.doc.is_empty() {
                (known.doc, known.example) = (function.doc, function.example);
            }
        } else {
            let index = u32::try_from(functions.len()).unwrap_or(u32::MAX);
            Arc::make_mut(&mut self.0.function_names).insert(Arc::clone(&function.name), index);
            functions.push(function);
        }
        self
    }

    /// Adds functions, as [`EnvBuilder::function`] does.
    #[must_use]
    pub fn functions(self, functions: impl IntoIterator<Item = Function>) -> Self {
        functions.into_iter().fold(self, Self::function)
    }

    /// The namespace that names are looked up in first: in the container `a.b`, `x` is `a.b.x`, `a.x` or `x`.
    #[must_use]
    pub fn container(mut self, name: impl Into<Arc<str>>) -> Self {
        self.0.container = name.into();
        self
    }

    /// The bounds on each expression.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.0.parser.limits = limits;
        self
    }

    /// Adds macros; of two that match the same call the later one is used.
    #[must_use]
    pub fn macros(mut self, macros: impl IntoIterator<Item = Macro>) -> Self {
        self.0.parser.macros.extend(macros);
        self
    }

    /// Adds CEL's standard library, macros and names of types.
    #[must_use]
    pub fn standard(self) -> Self {
        let list = Type::list(Type::Dyn);
        let map = Type::map(Type::Dyn, Type::Dyn);
        self.macros(macros::standard())
            .functions(operators::functions())
            .functions(conversions::functions())
            .functions(strings::functions())
            .functions(regexes::functions())
            .functions(time::functions())
            .type_name("bool", Type::Bool)
            .type_name("int", Type::Int)
            .type_name("uint", Type::Uint)
            .type_name("double", Type::Double)
            .type_name("string", Type::String)
            .type_name("bytes", Type::Bytes)
            .type_name("list", list)
            .type_name("map", map)
            .type_name("null_type", Type::Null)
            .type_name("type", Type::Type(None))
            .type_name("google.protobuf.Timestamp", Type::Timestamp)
            .type_name("google.protobuf.Duration", Type::Duration)
    }

    /// Adds the functions, macros and names of types of all extension libraries.
    #[must_use]
    pub fn extensions(self) -> Self {
        self.macros(macros::two_variable())
            .macros(macros::bind())
            .macros(macros::block())
            .macros(macros::math())
            .macros(macros::lists())
            .macros(macros::optional())
            .functions(math::functions())
            .functions(lists::functions())
            .functions(sets::functions())
            .functions(encoders::functions())
            .functions(optionals::functions())
            .functions(network::functions())
            .functions(internal())
            .function(string_of_addresses())
            .type_name("optional_type", Type::opaque("optional_type"))
            .type_name("net.IP", Type::opaque("net.IP"))
            .type_name("net.CIDR", Type::opaque("net.CIDR"))
    }

    /// The finished environment.
    #[must_use]
    pub fn build(self) -> Env {
        Env(Arc::new(self.0))
    }
}

/// What macros expand to, and what optionals add to the standard `_[_]`. The evaluator knows these by their names.
fn internal() -> [Function; 3] {
    let map = || Type::map(Type::param("K"), Type::param("V"));
    let known = |name: &str, overloads, doc, example| Function {
        name: name.into(),
        overloads,
        implementation: None,
        doc,
        example,
        cost: Function::COST,
    };
    [
        known("_[_]", optionals::index_overloads(), "", ""),
        known(
            "cel.@block",
            vec![Overload::global("cel_block_list", vec![Type::list(Type::Dyn), Type::param("T")], Type::param("T"))],
            "Evaluates an expression that refers to numbered values.",
            "cel.block([1 + 1], cel.index(0) * cel.index(0)) == 4",
        ),
        known(
            "cel.@mapInsert",
            vec![
                Overload::global("@mapInsert_map_map", vec![map(), map()], map()),
                Overload::global("@mapInsert_map_key_value", vec![map(), Type::param("K"), Type::param("V")], map()),
            ],
            "Adds entries to a map that a macro builds; a key that is there already is an error.",
            "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2}",
        ),
    ]
}

/// What `newer` gives, or `older` when `newer` does not take these types.
fn either<'a>(
    newer: &Implementation,
    older: &Implementation,
    cx: &Context<'a>,
    args: &[Val<'a>],
) -> crate::error::Result<Val<'a>> {
    match newer(cx, args) {
        Err(error) if error.kind == ErrorKind::NoSuchOverload => older(cx, args),
        outcome => outcome,
    }
}

/// What addresses add to `string`, whose code knows them already.
fn string_of_addresses() -> Function {
    Function {
        name: "string".into(),
        overloads: network::string_overloads(),
        implementation: None,
        doc: "",
        example: "",
        cost: Function::COST,
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Declaration<'a> {
    /// A variable of this type.
    Variable(&'a Name, &'a Type),
    /// A name of this type.
    TypeName(&'a Name, &'a Type),
}

impl Env {
    /// A builder without any declaration.
    #[must_use]
    pub fn builder() -> EnvBuilder {
        EnvBuilder::default()
    }

    /// A builder that starts with everything that is declared here.
    #[must_use]
    pub fn extend(&self) -> EnvBuilder {
        EnvBuilder((*self.0).clone())
    }

    /// Reads an expression and expands its macros.
    ///
    /// # Errors
    /// All that is wrong with the text.
    pub fn parse(&self, source: &str) -> Result<Ast, Vec<Diagnostic>> {
        parser::parse(source, &self.0.parser)
    }

    /// Parses and checks.
    ///
    /// # Errors
    /// What [`Env::parse`] or [`Env::check`] finds.
    pub fn compile(&self, source: &str) -> Result<Checked, Vec<Diagnostic>> {
        self.check(self.parse(source)?)
    }

    /// Resolves names and gives every node a type.
    ///
    /// # Errors
    /// All that is wrong with the expression, in the order of the source.
    pub fn check(&self, ast: Ast) -> Result<Checked, Vec<Diagnostic>> {
        checker::check(self, ast)
    }

    /// The variables and their types, by name.
    pub fn variables(&self) -> impl Iterator<Item = (&Name, &Type)> {
        self.0.variables.iter()
    }

    /// The names of types, and the types.
    pub fn type_names(&self) -> impl Iterator<Item = (&Name, &Type)> {
        self.0.type_names.iter()
    }

    /// The functions in the order of their numbers.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.0.functions
    }

    /// The number of the function called `name`, taken literally: no container, no leading dot.
    #[must_use]
    pub fn function_index(&self, name: &str) -> Option<u32> {
        self.0.function_names.get(name).copied()
    }

    /// The function with the number `index`.
    #[must_use]
    pub fn function(&self, index: u32) -> Option<&Function> {
        self.0.functions.get(index as usize)
    }

    /// The type of the variable called `name`, taken literally.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Type> {
        self.0.variables.get(name)
    }

    /// The container, empty by default.
    #[must_use]
    pub fn container(&self) -> &str {
        &self.0.container
    }

    /// The names of the macros.
    pub fn macro_names(&self) -> impl Iterator<Item = &str> {
        self.0.parser.macros.iter().map(|m| &*m.name)
    }

    /// The bounds on each expression.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.parser.limits
    }

    /// The variable or type that `name` stands for when no loop variable hides it: the innermost part of the container
    /// that declares it wins. With a leading dot only the name itself is tried.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<Declaration<'_>> {
        candidates(&self.0.container, name).find_map(|candidate| {
            let candidate = candidate.as_ref();
            if let Some((name, t)) = self.0.variables.get_key_value(candidate) {
                return Some(Declaration::Variable(name, t));
            }
            self.0.type_names.get_key_value(candidate).map(|(name, t)| Declaration::TypeName(name, t))
        })
    }

    /// The number of the function that `name` stands for, looked up as [`Env::resolve`] does.
    #[must_use]
    pub fn resolve_function(&self, name: &str) -> Option<u32> {
        candidates(&self.0.container, name).find_map(|candidate| self.function_index(&candidate))
    }

    /// What the identifier or select chain `id` as a whole stands for, or `None` when it stands for nothing as a whole:
    /// then a select selects a field of its operand. `is_local` tells the variables of the surrounding loops.
    pub fn resolve_name(&self, ast: &Ast, id: ExprId, is_local: impl Fn(&str) -> bool) -> Option<Reference> {
        let name = qualified_name(ast, id)?;
        let first = name.split('.').next().unwrap_or_default();
        if !first.is_empty() && is_local(first) {
            return matches!(ast.expr(id), Expr::Ident(_)).then(|| Reference::Local(name.as_ref().into()));
        }
        Some(match self.resolve(&name)? {
            Declaration::Variable(name, _) => Reference::Variable(Arc::clone(name)),
            Declaration::TypeName(name, t) => Reference::TypeName(Arc::clone(name), t.clone()),
        })
    }

    /// The function that the call `id` calls, and whether the written receiver is part of the function's name, as in
    /// `math.abs(x)`: then it is no argument. A loop variable of that name makes it a receiver.
    pub fn resolve_call(&self, ast: &Ast, id: ExprId, is_local: impl Fn(&str) -> bool) -> Option<(u32, bool)> {
        let Expr::Call { target, function, .. } = ast.expr(id) else { return None };
        if let Some(prefix) = target.and_then(|target| qualified_name(ast, target)) {
            let first = prefix.split('.').next().unwrap_or_default();
            if (first.is_empty() || !is_local(first))
                && let Some(index) = self.resolve_function(&format!("{prefix}.{function}"))
            {
                return Some((index, true));
            }
        }
        self.resolve_function(function).map(|index| (index, false))
    }
}

/// The name that a chain of selects on an identifier spells: `a.b.c`.
#[must_use]
pub fn qualified_name(ast: &Ast, id: ExprId) -> Option<Cow<'_, str>> {
    let mut fields: Vec<&str> = Vec::new();
    let mut at = id;
    loop {
        match ast.expr(at) {
            Expr::Ident(name) if fields.is_empty() => return Some(Cow::Borrowed(name)),
            Expr::Ident(name) => {
                let mut text = String::from(&**name);
                for field in fields.iter().rev() {
                    text.push('.');
                    text.push_str(field);
                }
                return Some(Cow::Owned(text));
            }
            Expr::Select { operand, field, test: false } => {
                fields.push(field);
                at = *operand;
            }
            _ => return None,
        }
    }
}

/// The full names that `name` may mean inside of `container`, the innermost first.
fn candidates<'a>(container: &'a str, name: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
    let absolute = name.strip_prefix('.');
    let mut prefix = if absolute.is_some() { "" } else { container };
    let name = absolute.unwrap_or(name);
    let mut done = false;
    std::iter::from_fn(move || {
        if prefix.is_empty() {
            return (!std::mem::replace(&mut done, true)).then_some(Cow::Borrowed(name));
        }
        let full = format!("{prefix}.{name}");
        prefix = prefix.rsplit_once('.').map_or("", |(outer, _)| outer);
        Some(Cow::Owned(full))
    })
}
