//! Redaction of trees: parsed requests, tool arguments, contexts.

use super::json::{Item, NotJson, Step, edit};
use super::{Fields, Redactor, Style};
use crate::finding::{Finding, Findings, Span};
use crate::kind::KindId;
use crate::scanner::{Scanner, Scratch};

/// Texts that are JSON in themselves (the arguments of tools) are opened to this depth; deeper ones are text.
const MAX_OPENED: usize = 4;
/// Values up to this length are also read with the name of their field before them.
const MAX_NAMED: usize = 256;
/// The kind of a field that is replaced as a whole.
const WHOLE: &str = "redacted";

/// What of a tree is replaced, and by what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// In which fields.
    pub fields: Fields,
    /// What of them.
    pub what: What,
    /// What takes its place.
    pub style: Style,
}

/// What of a field is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Every text and number in it. Names of fields, `true`, `false` and `null` stay.
    Whole,
    /// Findings whose kind or family has one of these names; an empty list: all that the scanner finds.
    Findings(Vec<String>),
}

impl Default for What {
    fn default() -> Self {
        Self::Findings(Vec::new())
    }
}

impl Rule {
    /// Whether the rule is about a finding.
    fn wants(&self, finding: &Finding, scanner: &Scanner) -> bool {
        let kind = scanner.kind(finding.kind);
        match &self.what {
            What::Whole => true,
            What::Findings(names) => {
                names.is_empty() || names.iter().any(|name| name == kind.name() || name == kind.family().name())
            }
        }
    }
}

/// Something that was replaced in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Where it stands: the field, or the key that the path ends in.
    pub path: Vec<Step>,
    /// Whether it is the name of a field.
    pub is_key: bool,
    /// What it was; `None`: the whole field, a typed placeholder, or text beyond the scanner's budget.
    pub kind: Option<KindId>,
    /// The bytes of the text or number that were replaced.
    pub bytes: Span,
}

/// Where an item stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    path: &'p [Step],
    /// In so many texts that were opened.
    depth: usize,
    /// The steps of the path that lead to the outermost of these.
    opened: usize,
    keeps_json: bool,
    applies: &'p dyn Fn(&Rule, &[Step]) -> bool,
}

/// Redacts trees by rules. Of several rules for one finding the first counts; a field that one rule replaces as a whole is replaced
/// as a whole.
///
/// Each text, number and key is read by itself, and short ones also with the name of their field before them, which may say what
/// they are. A text that is a JSON object or list in itself is opened, and stays one. A number stays a number: see
/// [`Style`]: 0, its last four digits (`partial`), or 52 bits of a keyed digest (`hash`).
///
/// ```
/// use llm_policy_detect::redact::{Redactor, Rule, Style, TreeRedaction};
/// use llm_policy_detect::{Scanner, Scratch};
///
/// let scanner = Scanner::builder().build()?;
/// let (mut redactor, mut scratch) = (Redactor::new([7; 32]), Scratch::default());
/// let rules = [Rule { fields: "input".parse()?, style: Style::Partial, ..Rule::default() }];
/// let mut redaction = TreeRedaction::new(&rules, &scanner, &mut redactor, &mut scratch);
/// let text = r#"{"input": {"card": 4111111111111111, "to": "ada@example.org"}, "from": "bob@example.org"}"#;
/// let redacted = redaction.json(text)?.unwrap();
/// assert_eq!(redacted, r#"{"input": {"card": 1111, "to": "***@******e.org"}, "from": "bob@example.org"}"#);
/// assert_eq!(redaction.replaced().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TreeRedaction<'a> {
    rules: &'a [Rule],
    scanner: &'a Scanner,
    redactor: &'a mut Redactor,
    scratch: &'a mut Scratch,
    replaced: Vec<Replaced>,
}

impl<'a> TreeRedaction<'a> {
    /// A redaction that has replaced nothing yet.
    #[must_use]
    pub fn new(rules: &'a [Rule], scanner: &'a Scanner, redactor: &'a mut Redactor, scratch: &'a mut Scratch) -> Self {
        Self { rules, scanner, redactor, scratch, replaced: Vec::new() }
    }

    /// What was replaced so far.
    #[must_use]
    pub fn replaced(&self) -> &[Replaced] {
        &self.replaced
    }

    /// Redacts JSON text in place: bytes that are not replaced stay as they are. `None`: nothing was replaced.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn json(&mut self, text: &str) -> Result<Option<String>, NotJson> {
        edit(text, &mut |path, item| self.item(path, item))
    }

    /// Redacts a parsed tree. True if something was replaced.
    ///
    /// # Errors
    /// When it is nested deeper than 127 levels.
    pub fn value(&mut self, tree: &mut serde_json::Value) -> Result<bool, NotJson> {
        let Some(redacted) = self.json(&tree.to_string())? else { return Ok(false) };
        *tree = redacted.parse().map_err(NotJson::from)?;
        Ok(true)
    }

    /// Redacts one text, number or key that stands at a path; `None`: it stays.
    pub fn item(&mut self, path: &[Step], item: Item<'_>) -> Option<String> {
        let applies = |rule: &Rule, below: &[Step]| match below {
            [] => rule.fields.covers(path),
            below => rule.fields.covers(&[path, below].concat()),
        };
        self.item_if(path, item, false, &applies)
    }

    /// The same for something that rules know by other paths: `applies` says whether a rule is about it or, when it is a text
    /// that was opened, about what stands below it. With `keeps_json` a text that is JSON in itself is not replaced as a whole but
    /// in all of its texts and numbers.
    pub fn item_if(
        &mut self,
        path: &[Step],
        item: Item<'_>,
        keeps_json: bool,
        applies: &dyn Fn(&Rule, &[Step]) -> bool,
    ) -> Option<String> {
        self.item_at(Place { path, depth: 0, opened: path.len(), keeps_json, applies }, item)
    }

    fn item_at(&mut self, place: Place<'_>, item: Item<'_>) -> Option<String> {
        let Place { path, .. } = place;
        let below = path.get(place.opened..).unwrap_or_default();
        let rules: Vec<&'a Rule> = self.rules.iter().filter(|rule| (place.applies)(rule, below)).collect();
        let name = path.iter().rev().find_map(|step| match step {
            Step::Key(name) => Some(name.as_str()),
            Step::Index(_) => None,
        });
        match item {
            Item::Text(text) => {
                let style = whole(&rules);
                if (style.is_none() || place.keeps_json)
                    && let Some(opened) = self.opened(place, text)
                {
                    return opened;
                }
                match style {
                    Some(style) => Some(self.whole(path, text, style)),
                    None => self.text(&rules, path, name, text, false),
                }
            }
            Item::Key(key) => self.text(&rules, path, None, key, true),
            Item::Number(number) => self.number(&rules, path, name, number),
        }
    }

    /// A text that is JSON in itself. `None`: it is not; else whether something in it was replaced.
    fn opened(&mut self, place: Place<'_>, text: &str) -> Option<Option<String>> {
        let is_open = matches!(text.trim_ascii_start().as_bytes().first(), Some(b'{' | b'['));
        if place.depth >= MAX_OPENED || !is_open {
            return None;
        }
        let mut inner = |below: &[Step], item: Item<'_>| {
            let path = [place.path, below].concat();
            self.item_at(Place { path: &path, depth: place.depth + 1, ..place }, item)
        };
        edit(text, &mut inner).ok()
    }

    fn whole(&mut self, path: &[Step], text: &str, style: Style) -> String {
        self.replaced.push(Replaced {
            path: path.to_vec(),
            is_key: false,
            kind: None,
            bytes: Span::new(0, text.len()),
        });
        let mut out = String::new();
        self.redactor.replace(text, WHOLE, style, &mut out);
        out
    }

    fn text(&mut self, rules: &[&Rule], path: &[Step], name: Option<&str>, text: &str, is_key: bool) -> Option<String> {
        if rules.is_empty() || text.is_empty() {
            return None;
        }
        let findings = self.scanner.scan(text, self.scratch);
        let mut found = findings.as_slice().to_vec();
        if let Some(name) = name.filter(|_| text.len() <= MAX_NAMED) {
            found.extend(self.named(name, text));
        }
        let style =
            |finding: &Finding| rules.iter().find(|rule| rule.wants(finding, self.scanner)).map(|rule| rule.style);
        let chosen: Vec<(Finding, Style)> =
            found.into_iter().filter_map(|finding| style(&finding).map(|style| (finding, style))).collect();
        let typed = self.redactor.typed(text);
        let redacted = self.redactor.redact_chosen(text, chosen, typed, findings.scanned(), self.scanner);
        if redacted.replacements.is_empty() {
            return None;
        }
        let replaced = redacted.replacements.iter();
        self.replaced.extend(replaced.map(|replacement| Replaced {
            path: path.to_vec(),
            is_key,
            kind: replacement.kind,
            bytes: replacement.from,
        }));
        Some(redacted.text)
    }

    fn number(&mut self, rules: &[&Rule], path: &[Step], name: Option<&str>, number: &str) -> Option<String> {
        let (kind, style) = match whole(rules) {
            Some(style) => (None, style),
            None => {
                let found = match name {
                    Some(name) => self.named(name, number),
                    None => self.scanner.scan(number, self.scratch).as_slice().to_vec(),
                };
                found.iter().find_map(|finding| {
                    let rule = rules.iter().find(|rule| rule.wants(finding, self.scanner))?;
                    Some((Some(finding.kind), rule.style))
                })?
            }
        };
        self.replaced.push(Replaced { path: path.to_vec(), is_key: false, kind, bytes: Span::new(0, number.len()) });
        let kind = kind.map_or(WHOLE, |kind| self.scanner.kind(kind).name());
        Some(self.redactor.replace_number(number, kind, style))
    }

    /// What is found in a value when the name of its field stands before it.
    fn named(&mut self, name: &str, value: &str) -> Vec<Finding> {
        let text = format!("{name}: {value}");
        let before = text.len() - value.len();
        let findings: Findings = self.scanner.scan(&text, self.scratch);
        let mut found = findings.as_slice().to_vec();
        found.retain(|finding| finding.bytes.start as usize >= before);
        for finding in &mut found {
            finding.bytes = Span::new(finding.bytes.start as usize - before, finding.bytes.end as usize - before);
        }
        found
    }
}

/// The style in which a field is replaced as a whole.
fn whole(rules: &[&Rule]) -> Option<Style> {
    rules.iter().find(|rule| rule.what == What::Whole).map(|rule| rule.style)
}
