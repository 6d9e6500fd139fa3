//! Starter policies: each pattern with its tests and a context, ready to be changed.

/// A pattern.
#[derive(Clone, Copy, Debug)]
pub struct Starter {
    /// Its name, which its files have too.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    policy: &'static str,
    tests: &'static str,
    context: &'static str,
}

macro_rules! starters {
    ($($name:literal: $about:literal,)*) => {
        &[$(Starter {
            name: $name,
            about: $about,
            policy: include_str!(concat!("../starters/", $name, "/policy.yaml")),
            tests: include_str!(concat!("../starters/", $name, "/policy_test.yaml")),
            context: include_str!(concat!("../starters/", $name, "/context.json")),
        }),*]
    };
}

/// All patterns.
pub const ALL: &[Starter] = starters! {
    "model-access": "Who may use which model",
    "budget": "What requests may cost",
    "pii-protection": "Text that looks like personal data stays inside",
    "content-filter": "Words that are refused in prompts and answers",
    "time-based-access": "Access by the time of day",
    "compliance": "Data residency, and records of classified data",
    "circuit-breaker": "An emergency switch; load is shed when the provider fails",
    "ab-test": "A share of the users has another model",
    "progressive-rollout": "A new rule, in shadow first, then for more and more users",
};

/// The pattern called `name`.
///
/// ```
/// use llm_policy_workbench::starter;
///
/// let files = starter::find("budget").unwrap().files();
/// assert_eq!(files.map(|(path, _)| path), ["budget.yaml", "budget_test.yaml", "contexts/budget.json"]);
/// ```
#[must_use]
pub fn find(name: &str) -> Option<&'static Starter> {
    ALL.iter().find(|starter| starter.name == name)
}

impl Starter {
    /// Its files: relative paths with `/`, and texts.
    #[must_use]
    pub fn files(&self) -> [(String, &'static str); 3] {
        let name = self.name;
        [
            (format!("{name}.yaml"), self.policy),
            (format!("{name}_test.yaml"), self.tests),
            (format!("contexts/{name}.json"), self.context),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use llm_policy_engine::document;

    use super::*;
    use crate::run::{CaseOutcome, PolicySet, Suite, run};
    use crate::{cases, format, schema};

    #[test]
    fn each_is_valid_formatted_and_passes_its_tests() {
        for starter in ALL {
            let [(policy, text), (tests, case_text), (context, context_text)] = starter.files();
            let document = document::read(text, &policy, &mut document::no_files).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(&*document.metadata.name.value, starter.name);
            for text in [text, case_text] {
                let pretty = format::data(text).unwrap();
                assert_eq!(
                    format::diff(text, &pretty, starter.name),
                    None,
                    "{}",
                    format::diff(text, &pretty, starter.name).unwrap_or_default()
                );
            }
            assert_eq!(format::policy(text).unwrap(), text);
            let (set, warnings) =
                PolicySet::new(vec![document]).unwrap_or_else(|found| panic!("{}", found[0].render(false)));
            assert!(warnings.is_empty(), "{}: {}", starter.name, warnings[0].render(false));
            let mut load =
                |name: &str| if name == context { Ok(context_text.to_owned()) } else { Err("none".to_owned()) };
            let file = cases::read(case_text, &tests, &mut load).unwrap_or_else(|e| panic!("{e}"));
            let valid = jsonschema::validator_for(&schema::context()).unwrap();
            for case in &file.cases {
                assert!(valid.is_valid(&case.context), "{}: {}", starter.name, case.name);
            }
            let mut suite = Suite::default();
            let number = suite.add_set(set);
            suite.add_file(file, number).unwrap_or_else(|found| panic!("{}", found[0].render(false)));
            let results = run(&suite, &|_, _| true, NonZeroUsize::MIN);
            assert!(results.len() >= 3);
            for result in results {
                let name = &suite.case(result.file, result.case).unwrap().name;
                match result.outcome {
                    CaseOutcome::Passed => {}
                    CaseOutcome::Failed(failure) => panic!("{}: {name}: {:#?}", starter.name, failure.mismatches),
                    CaseOutcome::Refused(why) => panic!("{}: {name}: {why}", starter.name),
                }
            }
        }
    }
}
