//! How mistakes that people make in policies are reported. Each snapshot has those of one kind.

use llm_policy_cel::diagnostic::{Diagnostic, Severity};
use llm_policy_cel::env::Env;
use llm_policy_cel::limits::Limits;
use llm_policy_cel::program::{ProgramBuilder, Variables};
use llm_policy_cel::types::{ObjectType, Type};

fn env() -> Env {
    let fields: Vec<_> = ["id", "role", "email", "team"].map(|name| (name.into(), Type::String)).into();
    Env::builder()
        .standard()
        .extensions()
        .limits(Limits { source_bytes: 300, nodes: 60, depth: 12, ..Limits::default() })
        .variable("user", Type::Object(ObjectType::new("User", fields).into()))
        .variable("request.prompt", Type::String)
        .variable("request.model", Type::String)
        .variable("request.max_tokens", Type::Int)
        .variable("request.tags", Type::list(Type::String))
        .variable("cost", Type::Double)
        .variable("limits", Type::map(Type::String, Type::Int))
        .variable("blocked", Type::Bool)
        .variable("metadata", Type::map(Type::String, Type::Dyn))
        .variable("now", Type::Timestamp)
        .build()
}

/// Everything that any stage says about `source`.
fn findings(env: &Env, source: &str) -> Vec<Diagnostic> {
    match env.compile(source) {
        Err(diagnostics) => diagnostics,
        Ok(checked) => {
            let names = env.variables().map(|(name, _)| name.clone());
            let lowered = ProgramBuilder::new(1 << 14).lower(env, checked.ast(), &mut Variables::new(names));
            lowered.diagnostics
        }
    }
}

#[track_caller]
fn report(sources: &[&str]) -> String {
    let env = env();
    let mut reports = Vec::new();
    for source in sources {
        let findings = findings(&env, source);
        assert!(!findings.is_empty(), "nothing is wrong with {source}");
        for finding in findings {
            assert!(finding.severity == Severity::Error || finding.code == "dynamic-regex", "{source}: {finding}");
            reports.push(finding.render(source, "policy.yaml", false));
        }
    }
    reports.join("\n\n")
}

macro_rules! snapshots {
    ($($name:ident: [$($source:expr),* $(,)?];)*) => {$(
        #[test]
        fn $name() {
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(stringify!($name), report(&[$($source),*]));
            });
        }
    )*};
}

snapshots! {
    names: [
        "usr.role == 'admin'",
        "request.promt.contains('x')",
        "user.rol == 'admin'",
        "user.department == 'x'",
        "request.prompt.contain('x')",
        "request.prompt.length() > 3",
        "len(request.prompt) > 3",
        "request.prompt.toLowerCase() == 'x'",
        "request.prompt.size > 3",
        "contains(request.prompt, 'x')",
        "request.prompt.startswith('x')",
        "request.tags.any(t, t == 'x')",
        "foo(1)",
        "request.tags.length > 2",
        "request.maxTokens > 2",
        "True",
        "None == user.id",
    ];
    types: [
        "request.max_tokens == '5'",
        "cost == 5",
        "cost * 2",
        "request.max_tokens + 'x' == 'x'",
        "user.id + 1 == 'x'",
        "user.role in 'admin'",
        "user.role in [1, 2]",
        "blocked == 'true'",
        "!user.role",
        "user.role && blocked",
        "user.role ? 1 : 2",
        "blocked ? 1 : 'a'",
        "now > '2024-01-01T00:00:00Z'",
        "user.id == null",
        "limits[1] > 2",
        "limits.tokens > 'a'",
        "request.tags[0] == 1",
        "request.tags['a'] == 'b'",
        "-user.id == 'a'",
        "request.tags + 'x' == []",
        "user == 'ann'",
        "size(1) > 2",
        "now > '2026-01-01'",
        "now > 'tomorrow'",
        "now - now > '7d'",
        "cost > '5'",
        "request.max_tokens > user.id",
        "user.id > 3",
        "request.model in user.id",
        "request.tags == 'eng'",
        "'eng' != request.tags",
        "request.tags in ['eng']",
    ];
    arguments: [
        "size()",
        "request.prompt.contains()",
        "request.prompt.contains('a', 'b')",
        "size(user.id, 2)",
        "user.id.matches(1)",
        "duration(now) == now",
        "request.tags.contains('x')",
        "now > timestamp('2026-01-01')",
        "now - now > duration('7d')",
    ];
    macros: [
        "request.tags.all(x == 'a')",
        "request.tags.exists()",
        "request.tags.exists(x, x == 'a', true, false)",
        "request.tags.map('x', x)",
        "request.tags.filter(t.x, true)",
        "all(request.tags, x, x == 'a')",
        "has(user)",
        "has('user.id')",
        "has(user.id, user.role)",
        "user.has(id)",
        "has(metadata['team'])",
        "request.prompt.all(c, c == 'a')",
        "request.tags.exists(t, t)",
        "cel.bind('a', 1, a)",
        "cel.bind(a, 1)",
        "request.tags.map(t)",
    ];
    operators_of_other_languages: [
        "user.role = 'admin'",
        "user.role === 'admin'",
        "blocked and cost > 1.0",
        "blocked or cost > 1.0",
        "not blocked",
        "blocked & cost > 1.0",
        "blocked | cost > 1.0",
        "user.role <> 'admin'",
        "user.role not in ['a']",
        "request.tags.exists(t => t == 'a')",
        "user.role is 'admin'",
        "user?.role == 'a'",
        "user.role ?? 'none' == 'a'",
        "if blocked then 1 else 2",
        "request.max_tokens ** 2 > 4",
        "request.max_tokens++ > 4",
        "1 < request.max_tokens < 5",
        "user.role like 'adm%'",
        "request.prompt contains 'x'",
        "user['role'] == 'admin' AND blocked",
        "user.role in ('a', 'b')",
    ];
    text: [
        "user.role == 'admin",
        "user.role == \"admin'",
        "user.role == \u{201c}admin\u{201d}",
        "user.role == 'a\\d'",
        "blocked # never",
        "blocked /* never */",
        "blocked;",
        "$user.role == 'a'",
        "@blocked",
        "user.role == `admin`",
        "request.prompt == 'a\nb'",
        "cost > 1.000,5",
        "cost > 1_000.0",
        "request.max_tokens > 99999999999999999999",
        "request.max_tokens > 0x",
        "request.max_tokens > 10k",
        "cost > .5.5",
        "blocked\u{a0}&& blocked",
    ];
    structure: [
        "",
        "   ",
        "(blocked && blocked",
        "blocked && blocked)",
        "[1, 2",
        "{'a': 1",
        "{'a', 'b'}",
        "{a: 1} == {}",
        "request.tags[0",
        "size(user.id",
        "blocked &&",
        "1 +",
        "&& blocked",
        "blocked blocked",
        "user.",
        "user..id",
        "blocked ? 1",
        "blocked ? 1 : ",
        "request.prompt.contains('a' 'b')",
        "User{id: 'a'}",
        "for == 1",
        "metadata.in == 1",
        "let x = 1",
        "return blocked",
    ];
    caps: [
        "((((((((((((((blocked))))))))))))))",
        "!!!!!!!!!!!!!!!!!!!!!!!!blocked",
        "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,\
         40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61] == []",
        "user.id == '0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\
         01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\
         0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789'",
    ];
    patterns: [
        "user.id.matches('(')",
        "user.id.matches('[a-')",
        "user.id.matches('a{1000}{1000}')",
        "user.id.matches('(?=a)')",
        "user.id.matches('\\\\w{1000}')",
        "user.id.matches('(a)\\\\1')",
        "user.id.matches(user.role)",
        "matches(user.id, '*')",
    ];
}
