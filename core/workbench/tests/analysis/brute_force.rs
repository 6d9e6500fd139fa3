//! Random policies over small domains: every claim is tried on every context there is, and what every context shows is
//! counted against what was claimed.
//!
//! `ANALYSIS_CASES` says how many sets of policies are tried; with `ANALYSIS_SHOW`, what was missed is printed.

use std::collections::{BTreeMap, BTreeSet};

use llm_policy_engine::context::Stage;
use llm_policy_engine::explain::{Explanation, Outcome};
use llm_policy_engine::handles::Handles;
use llm_policy_engine::input::Json as Input;
use llm_policy_engine::{Decision, Effect, Engine};
use llm_policy_workbench::analysis::Claim;
use serde_json::{Value as Json, json};

use super::{analysis, now, read};

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % bound as u64).unwrap()
    }

    fn pick<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// A field, the tests that rules make of it, and every kind of value that these can tell apart.
struct Field {
    path: &'static str,
    tests: &'static [&'static str],
    values: fn() -> Vec<Json>,
}

const FIELDS: &[Field] = &[
    Field {
        path: "user.tier",
        tests: &[
            "F == 'a'",
            "F == 'b'",
            "F != 'a'",
            "F in ['a', 'b']",
            "!(F in ['b', 'c'])",
            "has(F)",
            "!has(F)",
            "has(F) && F == 'c'",
            "F == 'a' || F == 'c'",
            "F == ''",
            "F.startsWith('a')",
            "F.endsWith('x')",
        ],
        values: || {
            vec![
                json!("a"),
                json!("b"),
                json!("c"),
                json!(""),
                json!("ax"),
                json!("ay"),
                json!("x"),
                json!("y"),
                json!(7),
            ]
        },
    },
    Field {
        path: "request.model",
        tests: &[
            "F.startsWith('gpt-')",
            "!F.startsWith('gpt-')",
            "F.startsWith('gpt-4')",
            "F == 'gpt-4'",
            "F == 'gpt-5'",
            "F in ['gpt-4', 'claude']",
            "F != 'claude'",
            "has(F)",
            "F.contains('4')",
            "F.matches('^gpt-[45]$')",
            "F in lists.models",
        ],
        values: || {
            vec![
                json!("gpt-"),
                json!("gpt-4"),
                json!("gpt-5"),
                json!("gpt-4o"),
                json!("gpt-x"),
                json!("claude"),
                json!("4"),
                json!("z"),
                json!([]),
            ]
        },
    },
    Field {
        path: "request.max_tokens",
        tests: &[
            "F > 5",
            "F >= 5",
            "F < 5",
            "F <= 10",
            "F > 10",
            "F == 5",
            "F != 10",
            "F in [5, 10]",
            "F >= 5 && F <= 10",
            "F < 5 || F > 10",
            "!(F > 5)",
            "has(F)",
            "F > 4 && F < 6",
            "5 < F",
            "has(F) && F < 10",
        ],
        values: || [0, 4, 5, 6, 7, 10, 11].map(Json::from).into_iter().chain([json!("5")]).collect(),
    },
    Field {
        path: "request.stream",
        tests: &["F", "!F", "F == true", "has(F)", "has(F) && F", "F != false"],
        values: || vec![json!(true), json!(false), json!(0)],
    },
    Field {
        path: "user.roles",
        tests: &[
            "'a' in F",
            "!('a' in F)",
            "'b' in F",
            "F.exists(r, r == 'a')",
            "'a' in F || 'b' in F",
            "has(F)",
            "size(F) > 1",
        ],
        values: || {
            vec![
                json!([]),
                json!(["a"]),
                json!(["b"]),
                json!(["a", "b"]),
                json!(["c"]),
                json!(["c", "d"]),
                json!(["a", "c"]),
                json!(["b", "c"]),
                json!([1]),
            ]
        },
    },
    Field {
        path: "metadata.k",
        tests: &[
            "F == 1",
            "F == 'a'",
            "F != 1",
            "F > 1",
            "F <= 3",
            "F in [1, 'a']",
            "has(F)",
            "F",
            "!F",
            "F.startsWith('a')",
        ],
        values: || {
            vec![
                json!(1),
                json!(0),
                json!(2),
                json!(3),
                json!(4),
                json!(2.5),
                json!("a"),
                json!("ab"),
                json!("b"),
                json!(true),
                json!(false),
                json!([]),
                json!({}),
            ]
        },
    },
    Field {
        path: "user.budget.remaining",
        tests: &["F > 0.5", "F < 0.5", "F == 0.5", "F * 2.0 > 1.0", "F * 2.0 > 3.0", "F >= 1.5", "F <= 1.5"],
        values: || vec![json!(0.25), json!(0.5), json!(1), json!(1.5), json!(2), json!(0), json!("x")],
    },
];

const ACTIONS: &[&str] =
    &["allow", "deny", "deny", "require_approval", "{throttle: {delay_ms: 5}}", "audit", "allow, audit"];

/// A rule, as its clauses and the rest.
#[derive(Clone)]
struct Rule {
    clauses: Vec<String>,
    rest: String,
    actions: &'static str,
    exception: Option<String>,
}

/// A document.
#[derive(Clone)]
struct Policy {
    head: String,
    rules: Vec<Rule>,
}

impl Policy {
    fn text(&self) -> String {
        let mut rules = String::new();
        let mut exceptions = String::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let when = rule.clauses.join(" && ");
            rules.push_str(&format!("  - {{id: r{at}, when: \"{when}\", actions: [{}]{}}}\n", rule.actions, rule.rest));
            if let Some(when) = &rule.exception {
                exceptions.push_str(&format!("  - {{id: e{at}, rules: [r{at}], when: \"{when}\"}}\n"));
            }
        }
        let exceptions = if exceptions.is_empty() { exceptions } else { format!("exceptions:\n{exceptions}") };
        format!("{}\nrules:\n{rules}{exceptions}", self.head)
    }
}

/// Tests of these kinds are not understood: nothing false may be claimed about them, and much is missed.
const OPAQUE: [&str; 5] = ["endsWith", "contains", "matches", "size", "*"];

fn test(dice: &mut Dice, fields: &[&Field], opaque: bool) -> String {
    let one = |dice: &mut Dice| loop {
        let field = dice.pick(fields);
        let test = dice.pick(field.tests);
        if opaque || !OPAQUE.iter().any(|kind| test.contains(kind)) {
            return test.replace('F', field.path);
        }
    };
    match dice.below(10) {
        0 => format!("({} || {})", one(dice), one(dice)),
        1 => format!("!({})", one(dice)),
        2 => format!("({} ? {} : {})", one(dice), one(dice), one(dice)),
        3 => format!("({} || {} && {})", one(dice), one(dice), one(dice)),
        _ => {
            let text = one(dice);
            if text.contains("||") || text.contains("&&") { format!("({text})") } else { text }
        }
    }
}

/// Documents over a few fields.
fn policies(dice: &mut Dice, fields: &[&Field], opaque: bool) -> Vec<Policy> {
    let documents = 1 + usize::from(dice.one_in(4));
    (0..documents)
        .map(|number| {
            let mut config = Vec::new();
            if dice.one_in(3) {
                config.push("combine: first_match".to_owned());
            }
            if dice.one_in(3) {
                config.push(format!("default_action: {}", dice.pick(&["allow", "deny"])));
            }
            if dice.one_in(6) {
                config.push("on_missing: default".to_owned());
            }
            let head = format!(
                "version: '1.0'\nmetadata: {{name: d{number}}}\nconfig: {{{}}}\nlists: {{models: [gpt-4, gpt-5]}}",
                config.join(", ")
            );
            let rules = (0..2 + dice.below(5))
                .map(|_| {
                    let clauses = (0..1 + dice.below(3)).map(|_| test(dice, fields, opaque)).collect();
                    let mut rest = String::new();
                    if dice.one_in(3) {
                        rest.push_str(&format!(", priority: {}", dice.below(3)));
                    }
                    if dice.one_in(12) {
                        rest.push_str(", mode: shadow");
                    }
                    if dice.one_in(12) {
                        rest.push_str(", stages: [request, response]");
                    }
                    let exception = dice.one_in(10).then(|| test(dice, fields, opaque));
                    Rule { clauses, rest, actions: dice.pick(ACTIONS), exception }
                })
                .collect();
            Policy { head, rules }
        })
        .collect()
}

/// Every context over these fields.
fn contexts(fields: &[&Field]) -> Vec<Json> {
    let mut all = vec![json!({})];
    for field in fields {
        let mut longer = all.clone();
        for value in (field.values)() {
            for context in &all {
                let mut context = context.clone();
                let mut at = &mut context;
                for name in field.path.split('.') {
                    if at.is_null() {
                        *at = json!({});
                    }
                    at = &mut at[name];
                }
                *at = value.clone();
                longer.push(context);
            }
        }
        all = longer;
    }
    all
}

fn engine(texts: &[String]) -> Engine {
    let documents = texts.iter().enumerate().map(|(n, text)| read(text, &format!("d{n}.yaml"))).collect();
    Engine::new(documents, llm_policy_engine::Options::default()).unwrap().0.handles(Handles::ALL)
}

fn explain(engine: &Engine, context: &Json) -> Explanation {
    engine.explain(Stage::Request, &Input::new(context.to_string().as_bytes()), now()).unwrap()
}

/// What came of a rule in a context: true, false, or an error.
fn letter(outcome: &Outcome) -> char {
    match outcome {
        Outcome::True => 'T',
        Outcome::False => 'F',
        Outcome::Error(_) => 'E',
    }
}

/// What all contexts say about one rule.
#[derive(Clone, Debug, Default)]
struct Seen {
    outcomes: BTreeSet<char>,
    /// Contexts in which it is true, and does the deciding.
    decides_when_true: bool,
    decides_when_failing: bool,
    /// Whenever it is true, another rule decides.
    always_another: Option<bool>,
}

type Name = (String, String);

fn observe(engine: &Engine, contexts: &[Json]) -> BTreeMap<Name, Seen> {
    let mut seen: BTreeMap<Name, Seen> = BTreeMap::new();
    for context in contexts {
        let explanation = explain(engine, context);
        let decision = &explanation.decision;
        for trace in &explanation.rules {
            let name = (trace.policy.to_string(), trace.rule.to_string());
            let entry = seen.entry(name).or_default();
            let outcome = letter(&trace.outcome);
            entry.outcomes.insert(outcome);
            let decides = decision.rule() == Some(&trace.rule) && decision.policy() == Some(&trace.policy);
            entry.decides_when_true |= decides && outcome == 'T';
            entry.decides_when_failing |= decides && outcome == 'E';
            if outcome == 'T' {
                let another = decision.rule().is_some() && !decides;
                entry.always_another = Some(entry.always_another.unwrap_or(true) && another);
            }
        }
    }
    seen
}

/// Whether `claim` is so in every context; otherwise what speaks against it.
fn refuted(
    claim: &Claim,
    engine: &Engine,
    seen: &BTreeMap<Name, Seen>,
    policies: &[Policy],
    contexts: &[Json],
) -> Option<String> {
    let rule = claim.rule.as_ref()?;
    let name = (claim.policy.to_string(), rule.to_string());
    let known = &seen[&name];
    let message = &claim.finding.diagnostic.message;
    let shown = claim.witness.as_ref().map(|witness| explain(engine, &witness.context));
    let came_out = |policy: &str, rule: &str| {
        let trace = shown.as_ref()?.rules.iter().find(|t| *t.policy == *policy && *t.rule == *rule)?;
        Some(letter(&trace.outcome))
    };
    let fine = match claim.code() {
        "never-matches" => !known.outcomes.contains(&'T'),
        "always-true" if message.contains("always true") => known.outcomes == BTreeSet::from(['T']),
        "always-true" => !known.outcomes.contains(&'F'),
        "always-overridden" if message.contains("never decides") => {
            !known.decides_when_true && !known.decides_when_failing
        }
        "always-overridden" => !known.decides_when_true && known.outcomes.contains(&'E'),
        "conflicting-rules" => {
            let (policy, other) = claim.others[0].rsplit_once('/').unwrap();
            came_out(&name.0, &name.1) == Some('T') && came_out(policy, other) == Some('T')
        }
        "unguarded-read" => came_out(&name.0, &name.1) == Some('E'),
        "avoided-by-absence" => came_out(&name.0, &name.1) == Some('F'),
        "needless-clause" => {
            let number = policies.iter().position(|p| p.head.contains(&format!("name: {}}}", &name.0[8..]))).unwrap();
            let at: usize = rule[1..].parse().unwrap();
            let mut without = policies[number].clone();
            let clauses = &mut without.rules[at].clauses;
            let whole = clauses.join(" && ");
            let span = claim.finding.diagnostic.span;
            let text = &claim.finding.text[span.start as usize..span.end as usize];
            // The clause's place in the condition, by the place in the document.
            let start = claim
                .finding
                .text
                .match_indices(&whole)
                .map(|(from, _)| from)
                .find(|from| (*from..from + whole.len()).contains(&(span.start as usize)))?;
            let mut from = start;
            let which = clauses.iter().position(|clause| {
                let here = (from..from + clause.len()).contains(&(span.start as usize));
                from += clause.len() + 4;
                here
            })?;
            // Only whole clauses can be left out here.
            if clauses[which] != text || clauses.len() < 2 {
                return None;
            }
            clauses.remove(which);
            let other = self::engine(&[without.text()]);
            contexts.iter().all(|context| {
                let find = |engine: &Engine| {
                    explain(engine, context)
                        .rules
                        .iter()
                        .find(|t| *t.rule == **rule && *t.policy == *name.0)
                        .map(|t| letter(&t.outcome))
                };
                find(engine) == find(&other)
            })
        }
        "contradicting-actions" | "exception-without-effect" => true,
        other => panic!("a claim of another kind: {other}"),
    };
    (!fine).then(|| format!("{}: {message}\n{known:?}\nwitness {:?}", claim.code(), claim.witness))
}

/// The effect of a rule that decides, and whether it is in shadow.
fn effect(decision: &Rule) -> Option<Effect> {
    match decision.actions {
        "deny" => Some(Effect::Deny),
        "allow" | "allow, audit" => Some(Effect::Allow),
        "require_approval" => Some(Effect::RequireApproval),
        "audit" => None,
        _ => Some(Effect::Throttle),
    }
}

#[test]
fn claims_hold_and_little_is_missed() {
    let cases: usize = std::env::var("ANALYSIS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    let show = std::env::var_os("ANALYSIS_SHOW").is_some();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut claims = 0;
    // For policies that are understood, and for those with tests that are not.
    let (mut dead, mut dead_found, mut shadowed, mut shadowed_found) = ([0; 2], [0; 2], [0; 2], [0; 2]);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for case in 0..cases {
        let mut fields: Vec<&Field> = Vec::new();
        while fields.len() < 3 {
            let field = &FIELDS[dice.below(FIELDS.len())];
            if fields.iter().all(|f| f.path != field.path) {
                fields.push(field);
            }
        }
        let opaque = case % 4 == 0;
        let policies = policies(&mut dice, &fields, opaque);
        let texts: Vec<String> = policies.iter().map(Policy::text).collect();
        let contexts = contexts(&fields);
        let engine = engine(&texts);
        let seen = observe(&engine, &contexts);
        let analysis = analysis(&texts);
        assert_eq!(analysis.unanswered, 0, "case {case}");
        for claim in &analysis.claims {
            claims += 1;
            *kinds.entry(claim.code()).or_default() += 1;
            if let Some(why) = refuted(claim, &engine, &seen, &policies, &contexts) {
                panic!("case {case}: {why}\n{}", texts.join("\n---\n"));
            }
        }
        let claimed = |code: &str, name: &Name| {
            analysis
                .claims
                .iter()
                .any(|c| c.code() == code && *c.policy == *name.0 && c.rule.as_deref() == Some(&name.1))
        };
        for (name, known) in &seen {
            let number: usize = name.0.trim_start_matches("default/d").parse().unwrap();
            let rule = &policies[number].rules[name.1[1..].parse::<usize>().unwrap()];
            if !known.outcomes.contains(&'T') {
                dead[usize::from(opaque)] += 1;
                dead_found[usize::from(opaque)] += usize::from(claimed("never-matches", name));
                if show && !opaque && !claimed("never-matches", name) {
                    println!("missed: {name:?} never matches\n{}", texts.join("\n---\n"));
                }
                continue;
            }
            // A tie of rules that throttle or ask overrides nothing: all of them have a say. What has an exception or is in
            // shadow is counted by the claims alone.
            let plain = rule.exception.is_none() && !rule.rest.contains("shadow") && !rule.rest.contains("stages");
            let ties = matches!(effect(rule), Some(Effect::Deny | Effect::Allow));
            if plain && ties && known.always_another == Some(true) {
                shadowed[usize::from(opaque)] += 1;
                shadowed_found[usize::from(opaque)] += usize::from(claimed("always-overridden", name));
                if show && !opaque && !claimed("always-overridden", name) {
                    println!("missed: {name:?} is overridden\n{}", texts.join("\n---\n"));
                }
            }
        }
    }
    println!("{cases} sets of policies, {claims} claims, none false: {kinds:?}");
    for (at, what) in ["understood", "with opaque tests"].into_iter().enumerate() {
        let (dead, found) = (dead[at], dead_found[at]);
        let (shadowed, overridden) = (shadowed[at], shadowed_found[at]);
        println!("{what}: {found} of {dead} dead rules found, {overridden} of {shadowed} overridden ones");
    }
    assert!(claims > cases, "too few claims to say anything");
    assert!(dead_found[0] * 10 >= dead[0] * 9 && dead[0] > 0);
    assert!(shadowed_found[0] * 10 >= shadowed[0] * 9 && shadowed[0] > 0);
}

/// Decisions are the same whoever asks; this keeps the helper honest.
#[test]
fn the_contexts_are_complete() {
    let fields: Vec<&Field> = FIELDS[..2].iter().collect();
    let all = contexts(&fields);
    assert_eq!(all.len(), 10 * 10);
    let decision: Decision = explain(
        &engine(
            &["{version: '1.0', metadata: {name: a}, rules: [{id: r, when: 'true', actions: [allow]}]}".to_owned()],
        ),
        &all[0],
    )
    .decision;
    assert!(decision.allowed());
}
