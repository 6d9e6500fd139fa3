//! Tests of the checker.

mod errors;
mod limits;
mod lints;
mod references;

use crate::checker::Checked;
use crate::env::{Env, EnvBuilder};
use crate::types::{ObjectType, Type};

/// A request as a host might declare it.
fn builder() -> EnvBuilder {
    let user = ObjectType::new(
        "user",
        vec![("id".into(), Type::String), ("roles".into(), Type::list(Type::String)), ("tier".into(), Type::Int)],
    );
    let request = ObjectType::new(
        "request",
        vec![
            ("user".into(), Type::Object(user.into())),
            ("prompt".into(), Type::String),
            ("cost".into(), Type::Double),
        ],
    );
    Env::builder()
        .standard()
        .extensions()
        .variable("request", Type::Object(request.into()))
        .variable("n", Type::Int)
        .variable("text", Type::String)
        .variable("names", Type::list(Type::String))
        .variable("any", Type::Dyn)
        .variable("flag", Type::Bool)
}

fn env() -> Env {
    builder().build()
}

fn compile(source: &str) -> Checked {
    env().compile(source).unwrap_or_else(|errors| panic!("{source}: {errors:#?}"))
}
