//! Random policies, written as nobody should write them.

use std::fmt::Write as _;

/// Text, an expression, or a collection.
enum Value {
    Text(String),
    Cel(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) ^ (self.0 >> 11)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn of<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[usize::try_from(self.below(items.len() as u64)).unwrap()]
    }
}

/// A document that the reader accepts.
pub fn document(seed: u64) -> String {
    let mut random = Random(seed);
    for _ in 0..4 {
        random.next();
    }
    let value = policy(&mut random);
    let mut out = String::new();
    if random.one_in(3) {
        out.push_str("---\n");
    }
    comment(&mut random, 0, &mut out);
    block(&mut random, &value, 0, &mut out);
    comment(&mut random, 0, &mut out);
    out
}

fn map(entries: Vec<(&str, Value)>) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

fn policy(random: &mut Random) -> Value {
    let rules = (0..=random.below(3)).map(|number| rule(random, number)).collect();
    let mut entries = vec![("version", text("'1.0'")), ("metadata", map(vec![("name", text("a"))]))];
    if random.one_in(2) {
        let mut config = vec![("default_action", text("deny"))];
        if random.one_in(2) {
            config.push(("target", Value::Cel(cel(random, 2))));
        }
        entries.push(("config", map(config)));
    }
    if random.one_in(2) {
        entries.push(("variables", map(vec![("x", Value::Cel(cel(random, 3))), ("y", Value::Cel(cel(random, 1)))])));
    }
    if random.one_in(2) {
        let items = ["eu", "'é # x'", "\"a: b\"", "us-east-1"].map(text).into_iter().collect();
        entries.push(("lists", map(vec![("regions", Value::List(items))])));
    }
    entries.push(("rules", Value::List(rules)));
    if random.one_in(3) {
        let exception =
            vec![("id", text("e")), ("rules", Value::List(vec![text("r0")])), ("when", Value::Cel(cel(random, 2)))];
        entries.push(("exceptions", Value::List(vec![map(exception)])));
    }
    map(entries)
}

fn rule(random: &mut Random, number: u64) -> Value {
    let mut entries = vec![("id", text(format!("r{number}")))];
    if random.one_in(2) {
        entries.push((
            "description",
            text(random.of(&["plain words", "'it''s: quoted # so'", "\"with \\\"escapes\\\"\\u00e9\"", "ünïcode"])),
        ));
    }
    if random.one_in(2) {
        entries.push(("when", Value::Cel(cel(random, 4))));
    } else {
        let items = (0..=random.below(3)).map(|_| condition(random)).collect();
        entries.push(("conditions", map(vec![(random.of(&["all", "any", "none"]), Value::List(items))])));
    }
    let actions = (0..=random.below(2))
        .map(|_| match random.below(4) {
            0 => text("deny"),
            1 => map(vec![("deny", map(vec![("reason", text("\"{{ user.id }}, no\"")), ("code", text("c"))]))]),
            2 => map(vec![("set", map(vec![("request.max_tokens", Value::Cel(cel(random, 1)))]))]),
            _ => map(vec![("type", text("tag")), ("values", map(vec![("t", Value::Cel(cel(random, 2)))]))]),
        })
        .collect();
    entries.push(("actions", Value::List(actions)));
    map(entries)
}

fn condition(random: &mut Random) -> Value {
    match random.below(4) {
        0 => map(vec![
            ("field", text("user.tier")),
            ("operator", text("in")),
            ("value", Value::List(vec![text("a"), text("'b, c'")])),
        ]),
        1 => map(vec![
            ("function", text("glob")),
            ("args", Value::List(vec![Value::Cel(cel(random, 1)), Value::Cel("'a*'".to_owned())])),
        ]),
        2 => map(vec![("any", Value::List(vec![Value::Cel(cel(random, 2)), Value::Cel(cel(random, 1))]))]),
        _ => Value::Cel(cel(random, 3)),
    }
}

/// An expression with random blanks between its tokens.
fn cel(random: &mut Random, depth: u64) -> String {
    let blank = |random: &mut Random| random.of(&["", " ", "  "]);
    if depth == 0 || random.one_in(4) {
        let atom = random.of(&[
            "user.tier",
            "request.max_tokens",
            "'text: with # all, {of} [it]'",
            "\"it's\"",
            "1",
            "-2",
            "true",
            "1.5",
            "has(user.id)",
            "[1,2]",
            "{'a':1}",
            "user.?team",
            "'é'",
            "r'\\d+'",
            "lists.regions",
        ]);
        return atom.to_owned();
    }
    let (a, b) = (cel(random, depth - 1), cel(random, depth - 1));
    let (l, r) = (blank(random), blank(random));
    match random.below(8) {
        0 | 1 => format!("{a}{l}&&{r}{b}"),
        2 => format!("{a}{l}||{r}{b}"),
        3 => format!("({l}{a}{r}=={l}{b})"),
        4 => format!("!({a}{l})"),
        5 => format!("{a}{l}?{r}{b}{r}:{l}{a}"),
        6 => format!("[{a}{l},{r}{b}].exists(i,{l}i=={a})"),
        _ => format!("{a} in {b}"),
    }
}

fn comment(random: &mut Random, indent: usize, out: &mut String) {
    for _ in 0..random.below(3) {
        match random.below(3) {
            0 => out.push('\n'),
            1 => {
                let pad = " ".repeat(indent);
                let _ = writeln!(out, "{pad}# a comment: with 'things' - [in] it");
            }
            _ => out.push_str("   \n"),
        }
    }
}

/// The end of a line, perhaps with a comment.
fn end(random: &mut Random, out: &mut String) {
    match random.below(6) {
        0 => out.push_str("   # behind\n"),
        1 => out.push_str("  \n"),
        _ => out.push('\n'),
    }
}

/// The value on lines of its own.
fn block(random: &mut Random, value: &Value, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Value::Map(entries) => {
            for (key, value) in entries {
                comment(random, indent, out);
                let gap = random.of(&["", " "]);
                let _ = write!(out, "{pad}{key}{gap}:");
                behind(random, value, indent, true, out);
            }
        }
        Value::List(items) => {
            for item in items {
                comment(random, indent, out);
                let _ = write!(out, "{pad}-");
                match item {
                    Value::Map(_) if random.one_in(2) => {
                        let spaces = 1 + usize::try_from(random.below(3)).unwrap();
                        let mut inner = String::new();
                        block(random, item, indent + 1 + spaces, &mut inner);
                        // The first key stands behind the dash.
                        let first = inner.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                        let head = &inner[..first];
                        if head.contains('#') || head.contains('\n') {
                            end(random, out);
                            out.push_str(&inner);
                        } else {
                            out.push_str(&" ".repeat(spaces));
                            out.push_str(&inner[first..]);
                        }
                    }
                    _ => behind(random, item, indent, false, out),
                }
            }
        }
        Value::Text(_) | Value::Cel(_) => {}
    }
}

/// The value behind a key or a dash.
fn behind(random: &mut Random, value: &Value, indent: usize, key: bool, out: &mut String) {
    let step = 1 + usize::try_from(random.below(4)).unwrap();
    let spaces = " ".repeat(1 + usize::try_from(random.below(3)).unwrap());
    match value {
        Value::Cel(cel) if random.one_in(3) => {
            let header = random.of(&["|", ">-", "|-", ">"]);
            let _ = write!(out, "{spaces}{header}");
            end(random, out);
            // Never inside of a string.
            let broken = cel.replace("&&", &format!("\n{}&&", " ".repeat(indent + step)));
            let _ = writeln!(out, "{}{}", " ".repeat(indent + step), broken.trim_start());
        }
        Value::Text(_) | Value::Cel(_) => {
            let _ = write!(out, "{spaces}{}", flow(random, value));
            end(random, out);
        }
        Value::List(_) | Value::Map(_) if random.one_in(3) => {
            let _ = write!(out, "{spaces}{}", flow(random, value));
            end(random, out);
        }
        Value::List(_) | Value::Map(_) => {
            end(random, out);
            // A list may stand in the column of its key.
            let own = matches!(value, Value::List(_)) && key && random.one_in(4);
            block(random, value, if own { indent } else { indent + step }, out);
        }
    }
}

/// The value inside of brackets, or without any.
fn flow(random: &mut Random, value: &Value) -> String {
    let gap = random.of(&["", " ", "  "]);
    match value {
        Value::Text(text) => text.clone(),
        Value::Cel(cel) => match random.below(2) {
            0 => format!("'{}'", cel.replace('\'', "''")),
            _ => format!("\"{}\"", cel.replace('\\', "\\\\").replace('"', "\\\"")),
        },
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| flow(random, item)).collect();
            format!("[{gap}{}{gap}]", items.join(&format!("{gap}, ")))
        }
        Value::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key}: {gap}{}", flow(random, value))).collect();
            format!("{{{gap}{}{gap}}}", entries.join(","))
        }
    }
}
