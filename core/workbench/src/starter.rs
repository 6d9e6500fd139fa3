//! Starter policies: the patterns of `examples/patterns`, each with its tests, ready to be changed.

/// A pattern.
#[derive(Clone, Copy, Debug)]
pub struct Starter {
    /// Its name, which its files have too.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    policy: &'static str,
    tests: &'static str,
}

macro_rules! starters {
    ($($name:literal: $about:literal,)*) => {
        &[$(Starter {
            name: $name,
            about: $about,
            policy: include_str!(concat!("../../../examples/patterns/", $name, ".yaml")),
            tests: include_str!(concat!("../../../examples/patterns/", $name, "_test.yaml")),
        }),*]
    };
}

/// All patterns.
pub const ALL: &[Starter] = starters! {
    "model-access": "Who may use which model",
    "budget": "What users may spend, with steps before the bound",
    "rate-limiting": "How often users may ask, and who waits when the system is busy",
    "pii-protection": "Personal data stays in the house or is masked",
    "content-filter": "Words, harmful content and injected instructions are refused",
    "compliance": "Classification, lawful bases, approvals and records",
    "data-residency": "Data stays in its zone of the world",
    "time-based-access": "Hours and days of access, and its end",
    "tool-permissions": "Which agent may call which tool, and how",
    "circuit-breaker": "Switches for models; load is shed when the provider fails",
    "emergency-stop": "Everything or one model is stopped by hand; what fails is left alone",
    "progressive-rollout": "A new model or rule, step by step",
    "ab-test": "Two models side by side, with a control group",
    "break-glass": "People on call may pass a bound, on the record",
};

/// The pattern called `name`.
///
/// ```
/// use llm_policy_workbench::starter;
///
/// let files = starter::find("budget").unwrap().files();
/// assert_eq!(files.map(|(path, _)| path), ["budget.yaml", "budget_test.yaml"]);
/// ```
#[must_use]
pub fn find(name: &str) -> Option<&'static Starter> {
    ALL.iter().find(|starter| starter.name == name)
}

impl Starter {
    /// Its files: names and texts.
    #[must_use]
    pub fn files(&self) -> [(String, &'static str); 2] {
        [(format!("{}.yaml", self.name), self.policy), (format!("{}_test.yaml", self.name), self.tests)]
    }
}

#[cfg(test)]
mod tests {
    use llm_policy_engine::document;

    use super::*;
    use crate::{cases, format, schema};

    /// That they pass their tests, and which patterns there are, is looked at by `server/tests/patterns.rs`.
    #[test]
    fn each_is_named_after_its_file_formatted_and_valid_by_the_schemas() {
        let valid = jsonschema::validator_for(&schema::context()).unwrap();
        for starter in ALL {
            let [(policy, text), (tests, case_text)] = starter.files();
            let document = document::read(text, &policy, &mut document::no_files).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(&*document.metadata.name.value, starter.name);
            assert_eq!(format::policy(text).unwrap(), text);
            assert_eq!(format::data(case_text).unwrap(), case_text);
            let file =
                cases::read(case_text, &tests, &mut |_| Err("no files".into())).unwrap_or_else(|e| panic!("{e}"));
            for case in &file.cases {
                assert!(valid.is_valid(&case.context), "{}: {}", starter.name, case.name);
            }
        }
    }
}
