//! Conditions: every form that the index knows, forms next to them that it does not know, and mixes of both.

use proptest::prelude::*;
use proptest::sample::select;

const TEXTS: &[&str] = &[
    "user.tier",
    "request.model",
    "user.region",
    "request.environment",
    "request.prompt",
    "request.system_prompt",
    "house.name",
];
const CONTENT: &[&str] = &["request.prompt", "request.system_prompt", "request.text"];
const LISTS: &[&str] = &["user.roles", "request.tags", "user.permissions"];
const INTS: &[&str] = &["request.max_tokens", "session.turn", "house.level"];
const DOUBLES: &[&str] = &["request.temperature", "user.budget.remaining", "system.load"];
const BOOLS: &[&str] = &["user.mfa_verified", "request.stream", "house.flag"];
const DYNS: &[&str] = &["metadata.a", "request.context.b", "user.attributes.c", "metadata.deep.d", "shield.score"];

/// What is there when a tool is called and when it has answered.
const TOOL_TEXTS: &[&str] = &["tool.name", "tool.server"];
const TOOL_DYNS: &[&str] = &["tool.arguments.q", "tool.arguments.deep.r"];

const WORDS: &[&str] =
    &["gold", "free", "", "gpt-4", "gpt", "eu-1", "ünder", "K", "admin", "secret", "ignore all", "a"];
const PATTERNS: &[&str] = &[
    "secret",
    "(?i)secret",
    "(?i)ignore (all|previous)",
    "(?i)key",
    "(?i)straße",
    "^gpt-[0-9]+",
    "gold|free",
    "[0-9]{3}-[0-9]{2}",
    "a*",
    "(secret|admin).*(free|gold)",
    "(?i)(?:s)(?:ecret)",
    "ünd",
    "(?s)^.*secret.*$",
    "x{0}gold",
    "\\\\bgold\\\\b",
];
const NUMBERS: &[&str] =
    &["0", "1", "5", "-3", "100", "9007199254740992", "9007199254740993", "9007199254740994", "9223372036854775807"];

fn field(of: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(of)
}

/// Templates of conditions; `F`, `G` are fields of the kind, `W`, `V` words, `P` a pattern, `N`, `M` numbers.
const ON_TEXTS: &[&str] = &[
    "F == 'W'",
    "'W' == F",
    "F != 'W'",
    "!(F == 'W')",
    "F in ['W', 'V']",
    "!(F in ['W', 'V'])",
    "F in lists.names",
    "F.startsWith('W')",
    "!F.startsWith('W')",
    "F.endsWith('W')",
    "F.contains('W')",
    "!F.contains('W')",
    "F.matches('P')",
    "!F.matches('P')",
    "has(F)",
    "!has(F)",
    "size(F) > 4",
    "F < 'W'",
    "F == G",
    "F + 'x' == 'goldx'",
    "F.lowerAscii() == 'W'",
    "F.contains('W') && F.contains('V')",
    "F.contains('W') || F.matches('P')",
    "has(F) && F == 'W'",
    "(F == 'W' ? G : F) == 'V'",
    "F == 'W' || G == 'V'",
    "F.startsWith('W') || F == 'V'",
    "glob(F, 'g*')",
    "lookup('texts', F, 'W') == 'V'",
    "lookup('texts', F, 'none') in ['W', 'V']",
    "lookup('caps', F, 5) > N",
    "lookup('texts', lookup('texts', F, 'W'), 'W').startsWith('W')",
];
const ON_LISTS: &[&str] = &[
    "'W' in F",
    "!('W' in F)",
    "F.exists(t, t == 'W')",
    "F.exists(t, 'W' == t)",
    "F.exists(t, t == 'W' || t == 'V')",
    "F.exists(t, t.startsWith('W'))",
    "F.exists(t, t.matches('P'))",
    "F.all(t, t != 'W')",
    "F.exists_one(t, t == 'W')",
    "size(F) > 1",
    "F[0] == 'W'",
    "F == ['W']",
    "has(F)",
    "F.filter(t, t != 'W').size() == 1",
    "F.exists(t, t in G)",
    "user.has_permission('W')",
    "'W' in F || 'V' in F",
];
const ON_INTS: &[&str] = &[
    "F == N",
    "N == F",
    "F != N",
    "F > N",
    "F >= N",
    "F < N",
    "F <= N",
    "N < F",
    "F > N && F < M",
    "F in [N, M]",
    "F in lists.numbers",
    "F > G",
    "F + 1 > N",
    "F / G == 1",
    "has(F)",
    "!(F > N)",
    "F == N || F == M",
    "lookup('names', F, 'W') == 'V'",
];
const ON_DOUBLES: &[&str] =
    &["F > 0.5", "F == 1.0", "F <= 0.0", "F < G", "has(F)", "F * 2.0 == G", "!(F > 0.5)", "F in [0.5, 1.0]"];
const ON_BOOLS: &[&str] =
    &["F", "!F", "F == true", "F == false", "F != true", "F ? G : !G", "has(F)", "!!F", "F in [true]", "F || G"];
const ON_DYNS: &[&str] = &[
    "F == 'W'",
    "F != 'W'",
    "F == N",
    "F == N.0",
    "F == 5u",
    "F > N",
    "F <= N",
    "F > 0.5",
    "F == true",
    "F == null",
    "F.startsWith('W')",
    "F.contains('W')",
    "F.matches('P')",
    "F",
    "!F",
    "'W' in F",
    "N in F",
    "true in F",
    "F in ['W', 'V']",
    "F in [N, M]",
    "F.exists(t, t == 'W')",
    "F.exists(t, t == N)",
    "F.exists(t, t == true)",
    "F.x == 'W'",
    "has(F.x)",
    "has(F)",
    "F == G",
    "size(F) > 1",
    "F[0] == N",
];

/// Questions to detectors.
const ON_CONTENT: &[&str] = &[
    "contains_pii(F)",
    "!contains_pii(F, ['email'])",
    "contains_pii(F + 'W')",
    "pii(F).exists(f, f.kind == 'iban')",
    "pii(F).size() + pii(G).size() > 1",
    "sql_injection(F) > 0.5",
    "has(F) && contains_pii(G)",
];

fn fill(forms: &'static [&'static str], fields: &'static [&'static str]) -> impl Strategy<Value = String> {
    let parts = (
        field(fields),
        field(fields),
        select(WORDS),
        select(WORDS),
        select(PATTERNS),
        select(NUMBERS),
        select(NUMBERS),
    );
    (select(forms), parts).prop_map(|(form, (f, g, w, v, p, n, m))| {
        let mut out = String::new();
        for (at, c) in form.char_indices() {
            let alone = |s: &str| s.is_empty() || !s.chars().all(|c| c.is_alphanumeric());
            let free = form.get(..at).and_then(|s| s.chars().next_back()).is_none_or(|c| alone(&c.to_string()));
            match c {
                'F' if free => out.push_str(f),
                'G' if free => out.push_str(g),
                'W' if free => out.push_str(w),
                'V' if free => out.push_str(v),
                'P' if free => out.push_str(p),
                'N' if free => out.push_str(n),
                'M' if free => out.push_str(m),
                c => out.push(c),
            }
        }
        out
    })
}

/// A condition; with `variables`, of those the document declares.
pub fn condition(variables: bool) -> impl Strategy<Value = String> {
    let others: &'static [&'static str] = if variables {
        &[
            "variables.v0",
            "variables.v1",
            "!variables.v2",
            "true",
            "false",
            "1 / 0 == 1",
            "now > timestamp('2026-01-01T00:00:00Z')",
        ]
    } else {
        &["true", "false", "'a' == 'b'", "now > timestamp('2026-12-01T00:00:00Z')"]
    };
    let leaf = prop_oneof![
        6 => fill(ON_TEXTS, TEXTS),
        3 => fill(ON_LISTS, LISTS),
        3 => fill(ON_INTS, INTS),
        2 => fill(ON_DOUBLES, DOUBLES),
        2 => fill(ON_BOOLS, BOOLS),
        4 => fill(ON_DYNS, DYNS),
        1 => fill(ON_CONTENT, CONTENT),
        2 => select(others).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            4 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) && ({b})")),
            3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) || ({b})")),
            2 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a}) && ({b}) && ({c})")),
            1 => inner.clone().prop_map(|a| format!("!({a})")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a}) ? ({b}) : ({c})")),
        ]
    })
}

/// A condition over a tool.
pub fn tool_condition() -> impl Strategy<Value = String> {
    prop_oneof![3 => fill(ON_TEXTS, TOOL_TEXTS), 2 => fill(ON_DYNS, TOOL_DYNS)]
}
