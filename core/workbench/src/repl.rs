//! CEL against a context, line by line: what a policy would see, without a policy.

use jiff::Timestamp;
use llm_policy_engine::cel::diagnostic::Diagnostic;
use llm_policy_engine::cel::env::Env;
use llm_policy_engine::cel::limits::Limits;
use llm_policy_engine::compile::base_env;
use llm_policy_engine::compile::fields::Fields;
use llm_policy_engine::context::{FIELDS, Stage};
use llm_policy_engine::document;
use llm_policy_engine::input::Json as Input;
use llm_policy_engine::{Engine, Options};
use serde_json::{Value as Json, json};

use crate::cases::context;

/// The commands: name, what stands behind it, what it does.
pub const COMMANDS: &[(&str, &str, &str)] = &[
    (":type", "EXPR", "the type of an expression"),
    (":fields", "[PATH]", "the fields of the context, or those below a path"),
    (":functions", "[WORD]", "the functions, or those with a word in their name"),
    (":load", "FILE", "read a context, which is JSON"),
    (":set", "PATH=VALUE", "change a field of the context; the value is JSON, or text"),
    (":unset", "PATH", "take a field away"),
    (":context", "", "show the context"),
    (":stage", "[STAGE]", "the stage that is asked about"),
    (":help", "", "show this"),
    (":quit", "", "leave; so does the end of the input"),
];

/// What a line came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Something to show.
    Text(String),
    /// What is wrong with the line.
    Wrong(String),
    /// The context is asked for from a file.
    Load(String),
    /// It is over.
    Quit,
}

/// A context and the words that expressions over it may use.
///
/// ```
/// use llm_policy_workbench::repl::{Answer, Session};
///
/// let mut session = Session::new();
/// assert_eq!(session.line(":set user.tier=gold"), Answer::Text("user.tier = \"gold\"".into()));
/// assert_eq!(session.line("user.tier in ['gold', 'silver']"), Answer::Text("true".into()));
/// assert_eq!(session.line(":type user.tier.size()"), Answer::Text("int".into()));
/// ```
#[derive(Debug)]
pub struct Session {
    context: Json,
    stage: Stage,
    env: Env,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// An empty context in the stage `request`.
    #[must_use]
    pub fn new() -> Self {
        let env = base_env(&Fields::default(), &Limits::default());
        Self { context: json!({}), stage: Stage::Request, env }
    }

    /// Takes another context.
    ///
    /// # Errors
    /// When the text is not one JSON object.
    pub fn load(&mut self, text: &str) -> Result<(), String> {
        match serde_json::from_str(text) {
            Ok(context @ Json::Object(_)) => {
                self.context = context;
                Ok(())
            }
            Ok(_) => Err("a context is a JSON object".to_owned()),
            Err(cause) => Err(format!("this is not JSON: {cause}")),
        }
    }

    /// Answers one line: a command or an expression.
    pub fn line(&mut self, line: &str) -> Answer {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "" => Answer::Text(String::new()),
            ":type" => self.compile(rest).map_or_else(Answer::Wrong, Answer::Text),
            ":fields" => fields(rest),
            ":functions" => self.functions(rest),
            ":load" if rest.is_empty() => Answer::Wrong("name a file with a context".to_owned()),
            ":load" => Answer::Load(rest.to_owned()),
            ":set" => self.set(rest),
            ":unset" => match context::remove(&mut self.context, rest) {
                true => Answer::Text(format!("{rest} is gone")),
                false => Answer::Wrong(format!("there is no `{rest}`")),
            },
            ":context" => Answer::Text(serde_json::to_string_pretty(&self.context).unwrap_or_default()),
            ":stage" if rest.is_empty() => Answer::Text(self.stage.name().to_owned()),
            ":stage" => match rest.parse() {
                Ok(stage) => {
                    self.stage = stage;
                    Answer::Text(self.stage.name().to_owned())
                }
                Err(_) => Answer::Wrong(format!("the stages are {}", Stage::ALL.map(Stage::name).join(", "))),
            },
            ":help" => Answer::Text(help()),
            ":quit" | ":q" | ":exit" => Answer::Quit,
            word if word.starts_with(':') => Answer::Wrong(format!("there is no command `{word}`; `:help` shows them")),
            _ => self.evaluate(line).map_or_else(Answer::Wrong, Answer::Text),
        }
    }

    /// The type of an expression, or what is wrong with it.
    fn compile(&self, source: &str) -> Result<String, String> {
        match self.env.compile(source) {
            Ok(checked) => Ok(checked.result_type().to_string()),
            Err(found) => {
                let of_document = ["lists", "variables", "tables", "lookup"];
                let about = |finding: &Diagnostic| {
                    let span = finding.span.start as usize..finding.span.end as usize;
                    let name = source.get(span).unwrap_or_default().split('.').next().unwrap_or_default();
                    finding.code == "undeclared-name" && of_document.contains(&name)
                };
                let found = found.into_iter().map(|finding| match about(&finding) {
                    true => finding.with_help("lists, variables and tables belong to a document; the prompt has none"),
                    false => finding,
                });
                let all: Vec<String> = found.map(|finding| finding.render(source, "line", false)).collect();
                Err(all.join("\n\n"))
            }
        }
    }

    /// The value of an expression, as a policy would see it.
    fn evaluate(&self, source: &str) -> Result<String, String> {
        self.compile(source)?;
        // A tag tells the value; a condition tells why there is none.
        let stage = self.stage.name();
        let policy = json!({
            "version": "1.0", "metadata": {"name": "line"}, "config": {"default_action": "allow"},
            "rules": [
                {"id": "value", "stages": [stage], "when": true, "actions": [{"tag": {"value": source}}]},
                {"id": "check", "stages": [stage], "when": format!("dyn({source}\n) == null"), "actions": ["audit"]},
            ],
        });
        let refused = |message: String| format!("error: {message}");
        let document = document::read(&policy.to_string(), "line.json", &mut document::no_files)
            .map_err(|found| refused(found.diagnostics.first().map_or(String::new(), |d| d.message.clone())))?;
        let (engine, _) = Engine::new(vec![document], Options::default()).map_err(|found| {
            let errors = found.iter().filter(|f| f.is_error()).map(|f| f.diagnostic.message.clone());
            refused(errors.collect::<Vec<_>>().first().cloned().unwrap_or_default())
        })?;
        let bytes = self.context.to_string();
        let decision = engine
            .evaluate(self.stage, &Input::new(bytes.as_bytes()), Timestamp::now())
            .map_err(|cause| refused(cause.to_string()))?
            .to_json();
        let text = |value: Option<&Json>| value.and_then(Json::as_str).map(str::to_owned);
        if let Some(error) = decision.pointer("/errors/0") {
            let cause = text(error.get("cause")).unwrap_or_else(|| "it has no value".to_owned());
            return Err(refused(match text(error.get("path")) {
                Some(path) => format!("`{path}`: {cause}"),
                None => cause,
            }));
        }
        let value = decision.pointer("/obligations/0/params/values/value");
        Ok(value.map_or_else(String::new, Json::to_string))
    }

    fn set(&mut self, text: &str) -> Answer {
        let Some((path, value)) = text.split_once('=').map(|(path, value)| (path.trim(), value.trim())) else {
            return Answer::Wrong("write `:set path=value`".to_owned());
        };
        if path.is_empty() || path.split('.').any(str::is_empty) {
            return Answer::Wrong(format!("`{path}` is not a path"));
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
        let shown = format!("{path} = {value}");
        match context::set(&mut self.context, path, value) {
            Ok(()) => Answer::Text(shown),
            Err(cause) => Answer::Wrong(cause),
        }
    }

    fn functions(&self, word: &str) -> Answer {
        let mut lines: Vec<String> = self
            .env
            .functions()
            .iter()
            .filter(|function| is_name(&function.name) && function.name.contains(word))
            .map(|function| format!("{}  {}", function.name, function.doc))
            .collect();
        // Some functions are expanded first; they are functions all the same.
        let own = |name: &&str| self.env.function_index(name).is_none();
        let macros = self.env.macro_names().filter(own).filter(|name| is_name(name) && name.contains(word));
        lines.extend(macros.map(|name| format!("{name}  (macro)")));
        lines.sort();
        lines.dedup();
        match lines.is_empty() {
            true => Answer::Wrong(format!("there is no function with `{word}` in its name")),
            false => Answer::Text(lines.join("\n")),
        }
    }

    /// What the word that ends at byte `at` of `line` could become, and where it begins.
    #[must_use]
    pub fn complete(&self, line: &str, at: usize) -> (usize, Vec<String>) {
        let before = line.get(..at).unwrap_or(line);
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':');
        let start = before
            .rfind(|c| !is_word(c))
            .map_or(0, |n| n + before.get(n..).and_then(|r| r.chars().next()).map_or(1, char::len_utf8));
        let word = before.get(start..).unwrap_or_default();
        let mut found: Vec<String> = if word.starts_with(':') && start == 0 {
            COMMANDS.iter().map(|(name, ..)| (*name).to_owned()).collect()
        } else {
            let fields = FIELDS.iter().map(|field| field.path.to_owned()).filter(|path| !path.contains('['));
            let functions = self.env.functions().iter().map(|function| &*function.name);
            let names: Vec<&str> = functions.chain(self.env.macro_names()).filter(|name| is_name(name)).collect();
            let (above, _) = word.rsplit_once('.').unwrap_or_default();
            let methods = names
                .iter()
                .filter(|name| !above.is_empty() && !name.contains('.'))
                .map(|name| format!("{above}.{name}("));
            let called = names.iter().map(|name| format!("{name}("));
            fields.chain(called).chain(methods).collect()
        };
        // One step at a time: `user.` has its fields, and not those below them.
        let steps = word.matches('.').count();
        found.retain(|name| name.starts_with(word) && (name.matches('.').count() <= steps || name.ends_with('(')));
        found.sort();
        found.dedup();
        (start, found)
    }
}

/// False for operators and for what only macros use.
fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) && !name.starts_with('_')
}

fn fields(path: &str) -> Answer {
    let path = path.trim_end_matches('.');
    let below = |name: &str| {
        name.strip_prefix(path).is_some_and(|rest| path.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let roots = |name: &str| !path.is_empty() || !name.contains('.');
    let lines: Vec<String> = FIELDS
        .iter()
        .filter(|field| below(field.path) && roots(field.path))
        .map(|field| format!("{}  {}", field.path, field.doc))
        .collect();
    match lines.is_empty() {
        true => Answer::Wrong(format!("there is no field `{path}`; `:fields` shows the outermost ones")),
        false => Answer::Text(lines.join("\n")),
    }
}

fn help() -> String {
    let line = |(name, argument, what): &(&str, &str, &str)| format!("{:<24}{what}", format!("{name} {argument}"));
    let mut lines = vec!["Anything that does not begin with `:` is an expression.".to_owned()];
    lines.extend(COMMANDS.iter().map(line));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(session: &mut Session, line: &str) -> String {
        match session.line(line) {
            Answer::Text(text) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn wrong(session: &mut Session, line: &str) -> String {
        match session.line(line) {
            Answer::Wrong(text) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn expressions_see_the_context() {
        let mut session = Session::new();
        session.load(r#"{"user": {"id": "ann", "roles": ["a"]}, "request": {"prompt": "héllo"}}"#).unwrap();
        assert_eq!(text(&mut session, "request.prompt.size() + 1"), "6");
        assert_eq!(text(&mut session, "'a' in user.roles // so it is"), "true");
        assert_eq!(text(&mut session, "{'k': [1, 2.5, null]}"), r#"{"k":[1,2.5,null]}"#);
        assert_eq!(text(&mut session, "now > timestamp('2020-01-01T00:00:00Z')"), "true");
        assert_eq!(text(&mut session, "'<error>'"), "\"<error>\"");
        assert_eq!(text(&mut session, ""), "");
        assert!(session.load("[]").is_err() && session.load("{").is_err());
        assert_eq!(text(&mut session, "user.id"), "\"ann\"");
    }

    #[test]
    fn mistakes_have_a_caret_or_a_cause() {
        let mut session = Session::new();
        assert!(wrong(&mut session, "user.idd == 'a'").contains("^^^"));
        assert!(wrong(&mut session, "user.id").contains("user.id"));
        assert!(wrong(&mut session, "user.id in lists.basic").contains("the prompt has none"));
        assert!(!wrong(&mut session, "uesr.id").contains("the prompt has none"));
        assert!(wrong(&mut session, "1 / 0").contains("zero"));
        assert!(wrong(&mut session, "1 +").contains('^'));
        for line in
            [":nope", ":set", ":set a..b=1", ":unset user.id", ":stage nowhere", ":fields nope", ":load", ":type 1 +"]
        {
            wrong(&mut session, line);
        }
    }

    #[test]
    fn commands() {
        let mut session = Session::new();
        assert_eq!(text(&mut session, ":set user.mfa_verified = true"), "user.mfa_verified = true");
        assert_eq!(text(&mut session, "!user.mfa_verified"), "false");
        assert_eq!(text(&mut session, ":unset user.mfa_verified"), "user.mfa_verified is gone");
        assert_eq!(text(&mut session, ":stage response"), "response");
        text(&mut session, ":set response.text=hi there");
        assert_eq!(text(&mut session, "response.text"), "\"hi there\"");
        assert!(text(&mut session, ":context").contains("hi there"));
        assert!(text(&mut session, ":fields user.budget").contains("user.budget.total"));
        assert!(!text(&mut session, ":fields").contains("user.budget.total"));
        assert!(text(&mut session, ":functions has_perm").contains("has_permission"));
        assert!(text(&mut session, ":help").contains(":quit"));
        assert_eq!(text(&mut session, ":type [1]"), "list(int)");
        assert_eq!(session.line(":load a b.json"), Answer::Load("a b.json".to_owned()));
        assert_eq!(session.line(":quit"), Answer::Quit);
    }

    #[test]
    fn completion() {
        let session = Session::new();
        let complete = |line: &str| session.complete(line, line.len());
        let (start, found) = complete("1 == user.bud");
        assert_eq!((start, found), (5, vec!["user.budget".to_owned()]));
        assert!(complete("user.").1.contains(&"user.id".to_owned()));
        assert!(!complete("user.").1.contains(&"user.budget.total".to_owned()));
        assert!(complete("glo").1.contains(&"glob(".to_owned()));
        assert!(complete("user.id.startsW").1.contains(&"user.id.startsWith(".to_owned()));
        assert_eq!(complete(":ty").1, [":type"]);
        assert_eq!(complete("'ä' + use").0, 7);
        assert!(complete("zzz").1.is_empty());
    }
}
