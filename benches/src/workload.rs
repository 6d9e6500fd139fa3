//! The generator of rule sets: what is raced.
//!
//! Nothing here knows any contender. Each rule is drawn from the templates of its [`Shape`] with a fixed seed, and is
//! drawn again until [`Rule::holds`] agrees with the wanted number of matches, so matching rules are ordinary rules and
//! the others fail wherever chance has it: at their first clause or at their last one.

use serde_json::Value;

use crate::contender::Verdict;
use crate::random::Random;
use crate::request::{
    APP, APPROVAL, COST_LIMIT, ENVIRONMENT, JSON, MAX_TOKENS, MFA, MODEL, PERMISSIONS, PROMPT, PROVIDER, QUOTA, REGION,
    ROLE, ROLES, TAGS, TEAM, TEAM_BUDGET, TICKET, TIER, TOKENS_USED, USER_BUDGET, USER_ID,
};
use crate::rule::{Effect, Field, Number, Order, Rule, Term};

/// What the rules of a workload look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One rule with the three clauses of a typical condition.
    Single,
    /// Every rule is told apart by one equality and has one or two clauses more. About eight rules share the request's
    /// value of some field, however many rules there are.
    Separable,
    /// What a platform team has: company-wide rules (their number grows with the square root of all) and rules of one
    /// team or application, over model access, roles, budgets, tags, ranges, words and, in one of twenty, a regex.
    Realistic,
    /// Nothing that a lookup could find: fields compared with fields, arithmetic, negations and sizes.
    Opaque,
}

impl Shape {
    /// The three workloads of many rules.
    pub const SETS: [Self; 3] = [Self::Separable, Self::Realistic, Self::Opaque];

    /// Its name in tables and filters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Separable => "separable",
            Self::Realistic => "realistic",
            Self::Opaque => "opaque",
        }
    }
}

/// A set of rules, and what they must say of [`JSON`].
#[derive(Debug)]
pub struct Workload {
    /// What the rules look like.
    pub shape: Shape,
    /// How many rules match the request.
    pub matches: usize,
    /// The rules.
    pub rules: Vec<Rule>,
}

impl Workload {
    /// The one condition that `research/policy-peers.md` measured everywhere, for the request at hand.
    pub fn single() -> Self {
        let terms = vec![
            Term::Equals(MODEL, "gpt-4o-mini".to_owned()),
            Term::Differs(TIER, "enterprise".to_owned()),
            Term::Compare(Number::Field(MAX_TOKENS), Order::Greater, Number::Integer(1000)),
        ];
        Self { shape: Shape::Single, matches: 1, rules: vec![Rule { id: id(0), effect: Effect::Deny, terms }] }
    }

    /// `count` rules, of which `matches`, spread evenly, match the request.
    pub fn new(shape: Shape, count: usize, matches: usize) -> Self {
        let request = serde_json::from_str(JSON).expect("the request is valid JSON");
        let mut generator = Generator { random: Random::new(42), count };
        let mut rules = Vec::with_capacity(count);
        for index in 0..count {
            // The last rule of each of `matches` even stretches.
            let wanted = (index + 1) * matches / count != index * matches / count;
            rules.push(generator.rule(shape, index, wanted, &request));
        }
        Self { shape, matches, rules }
    }

    /// What a contender must say that was given all rules but those in `left_out`.
    ///
    /// # Panics
    ///
    /// If the request is not what [`JSON`] is.
    pub fn verdict_without(&self, left_out: &[usize]) -> Verdict {
        let request = serde_json::from_str(JSON).expect("the request is valid JSON");
        let matching = |effect: Effect| {
            let rules = self.rules.iter().enumerate().filter(|(index, _)| !left_out.contains(index));
            let matching = rules.filter(|(_, rule)| rule.effect == effect && rule.holds(&request));
            matching.map(|(_, rule)| rule.id.clone()).collect::<Vec<_>>()
        };
        Verdict::new(matching(Effect::Deny), matching(Effect::Allow))
    }
}

fn id(index: usize) -> String {
    format!("r-{index:05}")
}

const MODELS: [&str; 16] = [
    "gpt-4o-mini",
    "gpt-4o",
    "gpt-4.1",
    "gpt-5",
    "gpt-5-mini",
    "o3",
    "o4-mini",
    "claude-opus-4",
    "claude-sonnet-4",
    "claude-haiku-4",
    "gemini-2.5-pro",
    "gemini-2.5-flash",
    "llama-4-70b",
    "mistral-large",
    "command-r",
    "qwen-3-72b",
];
const FAMILIES: [&str; 8] = ["gpt-4", "gpt-5", "o3", "claude-", "gemini-", "llama-", "mistral-", "command-"];
const TIERS: [&str; 4] = ["free", "pro", "business", "enterprise"];
const ROLE_NAMES: [&str; 10] = [
    "engineer",
    "analyst",
    "support",
    "contractor",
    "intern",
    "data-scientist",
    "ml-platform",
    "on-call",
    "finance",
    "auditor",
];
const ENVIRONMENTS: [&str; 3] = ["production", "staging", "development"];
const REGIONS: [&str; 6] = ["eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-south-1", "sa-east-1"];
const PROVIDERS: [&str; 5] = ["openai", "anthropic", "google", "bedrock", "azure"];
const TAG_NAMES: [&str; 10] =
    ["batch", "summary", "translation", "code", "legal", "medical", "hr", "external", "experiment", "training"];
const PERMISSION_NAMES: [&str; 6] =
    ["chat.use", "models.read", "models.premium", "data.export", "tools.execute", "admin.policies"];
const WORDS: [&str; 12] = [
    "incident",
    "customers",
    "password",
    "salary",
    "merger",
    "layoff",
    "source code",
    "customer list",
    "private key",
    "patient",
    "newsletter",
    "acquisition",
];
const SYLLABLES: [&str; 20] = [
    "au", "bel", "cor", "dra", "el", "fen", "gal", "hel", "io", "jun", "kar", "lum", "mor", "neb", "or", "pol", "qui",
    "ras", "sol", "tyr",
];

struct Generator {
    random: Random,
    count: usize,
}

impl Generator {
    fn rule(&mut self, shape: Shape, index: usize, matching: bool, request: &Value) -> Rule {
        loop {
            let terms = match shape {
                Shape::Single | Shape::Separable => self.separable(),
                Shape::Realistic => self.realistic(index),
                Shape::Opaque => self.opaque(),
            };
            // One rule of five in the realistic mix allows; the others, and all that match, deny.
            let allows = shape == Shape::Realistic && !matching && self.random.chance(20);
            let rule = Rule { id: id(index), effect: if allows { Effect::Allow } else { Effect::Deny }, terms };
            if rule.holds(request) == matching {
                return rule;
            }
        }
    }

    /// A name such as `team-7`, out of an eighth as many as there are rules. The request has number 7.
    fn numbered(&mut self, prefix: &str) -> String {
        let names = (self.count / 8).max(4);
        format!("{prefix}-{}", 7 + self.random.below(names))
    }

    fn one(&mut self, from: &[&str]) -> String {
        (*self.random.pick(from)).to_owned()
    }

    fn separable(&mut self) -> Vec<Term> {
        let key = match self.random.below(4) {
            0 => Term::Equals(TEAM, self.numbered("team")),
            1 => Term::Equals(APP, self.numbered("app")),
            2 => {
                let names = (self.count / 8).max(4);
                let number = 10482 + self.random.below(names);
                Term::Equals(USER_ID, format!("u-{number}"))
            }
            _ => {
                // Catalogue models first, then numbered fine-tunes of them.
                let names = (self.count / 8).max(4);
                let number = self.random.below(names);
                let base = MODELS[number % MODELS.len()];
                let tuning = number / MODELS.len();
                Term::Equals(MODEL, if tuning == 0 { base.to_owned() } else { format!("ft-{tuning}:{base}") })
            }
        };
        let mut terms = vec![key];
        for _ in 0..1 + self.random.below(2) {
            terms.push(match self.random.below(5) {
                0 => Term::Differs(TIER, self.one(&TIERS)),
                1 => Term::Equals(ENVIRONMENT, self.one(&ENVIRONMENTS)),
                2 => self.at_least(MAX_TOKENS, 16, 4096),
                3 => self.at_least(TOKENS_USED, 256, 8192),
                _ => Term::Differs(REGION, self.one(&REGIONS)),
            });
        }
        terms
    }

    fn realistic(&mut self, index: usize) -> Vec<Term> {
        // Company-wide are 10 of 10 rules, 30 of 100, 93 of 1,000 and 300 of 10,000, scattered by a step that is prime.
        let wide = (3 * self.count.isqrt()).max(10).min(self.count);
        let company_wide = index * 7919 % self.count < wide;
        let mut terms = Vec::new();
        if !company_wide {
            terms.push(match self.random.below(10) {
                0..5 => Term::Equals(TEAM, self.numbered("team")),
                5..8 => Term::Equals(APP, self.numbered("app")),
                _ => {
                    let teams = (0..3).map(|_| self.numbered("team")).collect();
                    Term::OneOf(TEAM, teams)
                }
            });
        }
        terms.extend(self.everyday());
        terms
    }

    /// One of the rules that platform teams write.
    fn everyday(&mut self) -> Vec<Term> {
        match self.random.below(100) {
            // Models by tier and by role.
            0..12 => vec![
                Term::OneOf(MODEL, self.random.sample(&MODELS, 4)),
                Term::Not(Box::new(Term::OneOf(TIER, self.random.sample(&TIERS, 2)))),
            ],
            12..20 => vec![Term::StartsWith(MODEL, self.one(&FAMILIES)), Term::Holds(ROLES, self.one(&ROLE_NAMES))],
            20..28 => vec![
                Term::Equals(ENVIRONMENT, self.one(&ENVIRONMENTS)),
                Term::OneOf(ROLE, self.random.sample(&ROLE_NAMES, 3)),
                Term::Not(Box::new(Term::Holds(PERMISSIONS, self.one(&PERMISSION_NAMES)))),
            ],
            // Money and tokens.
            28..36 => {
                let budget = *self.random.pick(&[USER_BUDGET, TEAM_BUDGET]);
                vec![
                    Term::Equals(ENVIRONMENT, self.one(&ENVIRONMENTS)),
                    Term::Compare(Number::Field(COST_LIMIT), Order::Greater, Number::Field(budget)),
                ]
            }
            36..42 => vec![
                Term::Equals(TIER, self.one(&TIERS)),
                Term::Compare(
                    Number::Sum(Box::new(Number::Field(TOKENS_USED)), Box::new(Number::Field(MAX_TOKENS))),
                    Order::Greater,
                    Number::Field(QUOTA),
                ),
            ],
            42..50 => {
                let first = self.random.between(16, 4000);
                let width = self.random.between(200, 4000);
                vec![
                    Term::Compare(Number::Field(MAX_TOKENS), Order::AtLeast, Number::Integer(first)),
                    Term::Compare(Number::Field(MAX_TOKENS), Order::Less, Number::Integer(first + width)),
                    Term::Equals(PROVIDER, self.one(&PROVIDERS)),
                ]
            }
            50..55 => vec![
                Term::Compare(Number::Field(COST_LIMIT), Order::Greater, Number::Decimal(self.cents())),
                Term::Differs(TIER, self.one(&TIERS)),
            ],
            // Where from, and how sure of whom.
            55..62 => {
                let prefix = (*self.random.pick(&["eu-", "us-", "ap-", "sa-"])).to_owned();
                vec![
                    Term::Not(Box::new(Term::StartsWith(REGION, prefix))),
                    Term::Equals(PROVIDER, self.one(&PROVIDERS)),
                ]
            }
            62..67 => {
                vec![Term::Not(Box::new(Term::Flag(MFA))), Term::Equals(ENVIRONMENT, self.one(&ENVIRONMENTS))]
            }
            67..73 => {
                vec![Term::Holds(TAGS, self.one(&TAG_NAMES)), Term::OneOf(REGION, self.random.sample(&REGIONS, 2))]
            }
            73..78 => {
                let field = *self.random.pick(&[TICKET, APPROVAL]);
                vec![Term::Equals(ENVIRONMENT, self.one(&ENVIRONMENTS)), Term::Not(Box::new(Term::Has(field)))]
            }
            78..83 => {
                let prefix = (*self.random.pick(&["admin.", "models.", "tools.", "data."])).to_owned();
                vec![Term::AnyStartsWith(PERMISSIONS, prefix), Term::Differs(ROLE, self.one(&ROLE_NAMES))]
            }
            83..88 => vec![
                Term::Either(vec![
                    Term::Equals(PROVIDER, self.one(&PROVIDERS)),
                    Term::Equals(REGION, self.one(&REGIONS)),
                ]),
                self.at_least(MAX_TOKENS, 256, 8192),
            ],
            // What is asked.
            88..95 => vec![Term::Differs(TIER, self.one(&TIERS)), Term::Contains(PROMPT, self.one(&WORDS))],
            _ => vec![Term::Differs(ROLE, self.one(&ROLE_NAMES)), self.pattern()],
        }
    }

    /// A search of the prompt with a pattern that few other rules have. Classes are ASCII's: `\d` and `\w`, which are
    /// Unicode's, exceed regorus' limit for the size of a compiled pattern.
    fn pattern(&mut self) -> Term {
        let code =
            format!("{}{}{}", self.random.pick(&SYLLABLES), self.random.pick(&SYLLABLES), self.random.pick(&SYLLABLES));
        let (pattern, wildcard) = match self.random.below(4) {
            0 => (format!("(?i)project[- ]{code}"), Some(format!("*project*{code}*"))),
            1 => (format!(r"\b{}-[0-9]{{4,6}}\b", code.to_uppercase()), Some(format!("*{}-*", code.to_uppercase()))),
            2 => (
                format!("(?i)(ignore|forget) (all |the )?{code} (rules|instructions)"),
                Some(format!("*{code} *instructions*")),
            ),
            _ => (format!(r"\b(on|by) last (Monday|Tuesday|{code}day)\b|last Tuesday for the [a-z]+ [a-z]+"), None),
        };
        Term::Matches { field: PROMPT, pattern, wildcard }
    }

    fn opaque(&mut self) -> Vec<Term> {
        let mut terms: Vec<Term> = (0..2 + self.random.below(2)).map(|_| self.opaque_term()).collect();
        self.random.shuffle(&mut terms);
        terms
    }

    fn opaque_term(&mut self) -> Term {
        let order = *self.random.pick(&[Order::Less, Order::AtMost, Order::Greater, Order::AtLeast]);
        let number = |field| Box::new(Number::Field(field));
        match self.random.below(10) {
            // A field against a field.
            0 => Term::Compare(
                Number::Field(COST_LIMIT),
                order,
                Number::Field(*self.random.pick(&[USER_BUDGET, TEAM_BUDGET])),
            ),
            1 => Term::Compare(
                Number::Times(number(TOKENS_USED), self.random.between(2, 100)),
                order,
                Number::Field(QUOTA),
            ),
            // Arithmetic.
            2 | 3 => {
                let sum = Number::Sum(
                    Box::new(Number::Times(number(TOKENS_USED), self.random.between(2, 40))),
                    Box::new(Number::Times(number(MAX_TOKENS), self.random.between(2, 40))),
                );
                Term::Compare(sum, order, Number::Integer(self.random.between(10_000, 200_000)))
            }
            4 => Term::Compare(
                Number::Sum(number(QUOTA), Box::new(Number::Times(number(MAX_TOKENS), self.random.between(2, 500)))),
                order,
                Number::Integer(self.random.between(200_000, 700_000)),
            ),
            // Sizes.
            5 | 6 => {
                let size = Number::Times(Box::new(Number::Size(PROMPT)), self.random.between(2, 40));
                Term::Compare(size, order, Number::Field(*self.random.pick(&[MAX_TOKENS, TOKENS_USED])))
            }
            7 => Term::Compare(
                Number::Sum(Box::new(Number::Size(ROLES)), Box::new(Number::Size(TAGS))),
                order,
                Number::Integer(self.random.between(1, 8)),
            ),
            // Negations.
            8 => {
                let field = *self.random.pick(&[TEAM, APP]);
                let prefix = field.path.trim_end_matches(".id");
                Term::Differs(field, self.numbered(prefix))
            }
            _ => Term::Not(Box::new(Term::OneOf(MODEL, self.random.sample(&MODELS, 2)))),
        }
    }

    fn at_least(&mut self, field: Field, first: i64, last: i64) -> Term {
        let bound = self.random.between(first, last);
        Term::Compare(Number::Field(field), Order::AtLeast, Number::Integer(bound))
    }

    /// A sum of money that is not a whole number.
    fn cents(&mut self) -> f64 {
        (2 * self.random.below(75) + 1) as f64 / 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_wanted_number_of_rules_match() {
        let request = serde_json::from_str(JSON).expect("valid JSON");
        for shape in Shape::SETS {
            for (count, matches) in [(10, 1), (10, 10), (100, 1), (100, 10), (1000, 10)] {
                let workload = Workload::new(shape, count, matches);
                assert_eq!(workload.rules.len(), count);
                let matching = workload.rules.iter().filter(|rule| rule.holds(&request)).count();
                assert_eq!(matching, matches, "{} {count}", shape.name());
            }
        }
    }

    #[test]
    fn one_realistic_rule_of_twenty_has_a_regex() {
        let workload = Workload::new(Shape::Realistic, 10_000, 1);
        let with_regex = |rule: &&Rule| rule.terms.iter().any(|term| matches!(term, Term::Matches { .. }));
        let count = workload.rules.iter().filter(with_regex).count();
        assert!((400..600).contains(&count), "{count}");
    }

    #[test]
    fn about_eight_separable_rules_share_a_value_with_the_request_at_any_size() {
        let request = serde_json::from_str(JSON).expect("valid JSON");
        for count in [100, 1000, 10_000] {
            let workload = Workload::new(Shape::Separable, count, 1);
            let candidates = workload.rules.iter().filter(|rule| rule.terms[0].holds(&request)).count();
            assert!((2..24).contains(&candidates), "{count}: {candidates}");
        }
    }
}
