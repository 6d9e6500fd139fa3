//! Templates and code where data belongs: template engines, PHP, Java and its lookups, Python, JavaScript, Ruby, serialised objects.

use super::value::{MAX_VALUE, bare, find, has_any, starts};
use crate::bytes::{at, before, cut};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};
use crate::profile::Profile;

const TEMPLATE: u16 = 0;
const CODE: u16 = 1;

/// How far behind a literal is looked.
const AHEAD: usize = 256;

/// An opening of a template's expression.
const OPEN: u32 = 0;
/// An attack wherever it stands.
const SURE: u32 = 1;
/// Code: an attack in a value.
const VALUE: u32 = 2;
/// `${` lookups of Log4j.
const LOOKUP: u32 = 3;

const OPENINGS: [&str; 9] = ["{{", "${", "#{", "*{", "<%=", "{%", "%{", "@(", "[[${"];

const SURE_WORDS: [&str; 17] = [
    "__subclasses__",
    "__mro__",
    "__globals__[",
    "t(java.lang.runtime)",
    "#_memberaccess",
    "@java.lang.runtime@",
    "@ognl.ognlcontext",
    "freemarker.template.utility.execute",
    "eval(base64_decode(",
    "assert(base64_decode(",
    "system($_get",
    "system($_post",
    "system($_request",
    "eval($_",
    "passthru($_",
    "shell_exec($_",
    "${jndi:",
];

const VALUE_WORDS: [&str; 52] = [
    "<?php",
    "<?=",
    "phpinfo(",
    "$_get[",
    "$_post[",
    "$_request[",
    "$_server[",
    "$globals[",
    "base64_decode(",
    "shell_exec(",
    "passthru(",
    "proc_open(",
    "popen(",
    "system(",
    "exec(",
    "call_user_func(",
    "create_function(",
    "preg_replace(",
    "file_get_contents(",
    "auto_prepend_file",
    "java.lang.runtime",
    "getruntime(",
    "processbuilder",
    "java.io.",
    "javax.script",
    "java.lang.",
    "java.net.url",
    "class.module.classloader",
    "getclass(",
    "org.apache.commons",
    "com.sun.org",
    "rO0AB",
    "aced0005",
    "__import__(",
    "os.system(",
    "os.popen(",
    "subprocess.",
    "importlib",
    "builtins",
    "cos\nsystem",
    "csubprocess\n",
    "!!python/object",
    "!!javax.script",
    "require('child_process",
    "require(\"child_process",
    "child_process",
    "process.mainmodule",
    "constructor.constructor",
    "__proto__",
    "_$$nd_func$$_",
    "kernel.exec",
    "kernel.system",
];

/// What expressions of templates hold when somebody tries them, or leaves them.
const EXPRESSIONS: [&str; 25] = [
    "__class__",
    "__init__",
    "constructor",
    "config.",
    "self.",
    "request.application",
    "request.attr",
    "cycler.",
    "joiner.",
    "lipsum",
    "getruntime",
    "java.",
    "t(java",
    "processbuilder",
    "popen",
    "system(",
    "exec(",
    "process.",
    "require(",
    "freemarker",
    "@print",
    "file.open",
    "_self.env",
    "|attr(",
    "import ",
];

/// The detector.
#[derive(Debug)]
pub(crate) struct Code;

/// Whether an expression is arithmetic on constants: `7*7`, `7*'7'`, `999-1`. Nobody writes that into a template but to see it run.
fn is_probe(expression: &[u8]) -> bool {
    let digits = expression.iter().filter(|byte| byte.is_ascii_digit()).count();
    let operator = expression.iter().any(|byte| matches!(byte, b'*' | b'+' | b'-' | b'/'));
    let only = expression.iter().all(|byte| {
        byte.is_ascii_digit() || matches!(byte, b'*' | b'+' | b'-' | b'/' | b' ' | b'\'' | b'"' | b'(' | b')')
    });
    digits >= 2 && operator && only && expression.len() <= 24
}

/// Whether a lookup of Log4j is nested or reaches out: `${${lower:j}ndi:`, `${env:X}`, `${::-j}`.
fn is_lookup(rest: &[u8]) -> bool {
    let names = [
        "jndi:", "lower:", "upper:", "env:", "sys:", "ctx:", "date:", "main:", "::-", "java:", "bundle:", "${",
        "base64:", "url:", "script:", "dns:",
    ];
    let name = names.iter().find(|name| starts(rest, name.as_bytes()));
    let nested = find(rest, b"${").is_some();
    match name {
        Some(&"jndi:" | &"::-" | &"script:" | &"dns:") => true,
        Some(&"${") => has_any(rest, &["lower:", "upper:", "::-", "env:", "ndi:"]),
        Some(_) => {
            nested && has_any(rest, &["ndi", "j}", "dns", "ldap", "rmi"]) || has_any(rest, &["aws_secret", ":-j"])
        }
        None => false,
    }
}

impl Detector for Code {
    fn kinds(&self) -> Vec<Kind> {
        vec![
            Kind::new("template_injection", Family::Code, "CWE-1336: expressions that a template engine would run"),
            Kind::new(
                "code_injection",
                Family::Code,
                "CWE-94, CWE-502, CWE-917: PHP, Java, OGNL, Python, JavaScript, Ruby, serialised objects",
            ),
        ]
    }

    fn literals(&self) -> Vec<Literal> {
        let openings = OPENINGS.map(|text| Literal::new(text, OPEN));
        let sure = SURE_WORDS.map(|text| Literal::new(text, SURE));
        let values = VALUE_WORDS.map(|text| Literal::new(text, VALUE));
        openings.into_iter().chain(sure).chain(values).chain([Literal::new("${", LOOKUP)]).collect()
    }

    fn reach(&self) -> Reach {
        Reach { back: 64, ahead: MAX_VALUE + 1 }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        let strict = cx.profile == Profile::Argument;
        match hit.tag {
            SURE => cx.report(CODE, hit.start..hit.end, 70, Signs::NONE.with(Sign::Format)),
            LOOKUP => {
                let rest = cut(cx.text, hit.end..hit.end + 96);
                cx.spend(rest.len());
                if before(cx.text, hit.start) != b'$' && is_lookup(rest) {
                    let end = rest.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(rest.len());
                    cx.report(CODE, hit.start..hit.end + end, 80, Signs::NONE.with(Sign::Structure));
                }
            }
            // Of braces in a row the last ones open: those before would only look at the same expression again.
            OPEN if at(cx.text, hit.end.saturating_sub(1)) == b'{' && at(cx.text, hit.end) == b'{' => {}
            OPEN => {
                let rest = cut(cx.text, hit.end..hit.end + AHEAD);
                let end =
                    rest.iter().position(|byte| matches!(byte, b'}' | b'\n') || *byte == b'%').unwrap_or(rest.len());
                let expression = cut(rest, 0..end.max(1));
                cx.spend(expression.len());
                let closes = matches!(at(rest, end), b'}' | b'%' | b')');
                let dollar = at(cx.text, hit.start) == b'$' || at(cx.text, hit.start) == b'#';
                let score = if closes && is_probe(expression) {
                    // Shells and JavaScript compute in `${}`, too, but with names.
                    70
                } else if bare(cx.text).is_some() || strict {
                    if has_any(expression, &EXPRESSIONS) { 65 } else { 0 }
                } else if !dollar
                    && has_any(
                        expression,
                        &[
                            "__class__",
                            "__init__",
                            "getruntime",
                            "constructor.constructor",
                            "popen(",
                            "request.application",
                        ],
                    )
                {
                    65
                } else {
                    0
                };
                if score > 0 {
                    cx.report(TEMPLATE, hit.start..hit.end + end + 1, score, Signs::NONE.with(Sign::Structure));
                }
            }
            _ => {
                cx.spend(64);
                let is_call = at(cx.text, hit.end.saturating_sub(1)) == b'(';
                let rest = cut(cx.text, hit.end..hit.end + 64);
                // A call closes or goes on with a value.
                let argued = !is_call || rest.iter().any(|byte| matches!(byte, b')' | b'\'' | b'"' | b'$'));
                let free = !before(cx.text, hit.start).is_ascii_alphanumeric()
                    || !at(cx.text, hit.start).is_ascii_alphanumeric();
                if free && argued && (strict || bare(cx.text).is_some()) {
                    cx.report(CODE, hit.start..hit.end, 60, Signs::NONE.with(Sign::Alone));
                }
            }
        }
    }
}
