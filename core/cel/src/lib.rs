//! The Common Expression Language (CEL): syntax, checker, compiled programs and values.
//!
//! An expression goes through these stages, each in a module of its own:
//!
//! 1. [`parser`] turns source text into an [`ast::Ast`]: an arena of nodes with spans; macros are expanded on the way.
//! 2. [`checker`] resolves names against an [`env::Env`] and gives each node a type.
//! 3. [`program`] lowers any number of checked expressions into one [`program::Program`], in which equal
//!    sub-expressions are one node, constants are folded and regexes are compiled.
//! 4. [`eval`] evaluates a node of a program over *slots*, the numbered inputs that the program reads.
//!
//! Values are JSON's, plus int, uint, double, bytes, timestamp, duration, optional, type and network addresses. Protobuf
//! messages, enums and wrappers are out of scope.
//!
//! This crate knows nothing of policies, does no input or output, and never panics on input.

pub mod ast;
pub mod checker;
pub mod diagnostic;
pub mod env;
pub mod error;
pub mod eval;
pub mod function;
pub mod lexer;
pub mod library;
pub mod limits;
pub mod macros;
pub mod parser;
pub mod program;
pub mod slot;
pub mod types;
pub mod unparse;
pub mod value;
