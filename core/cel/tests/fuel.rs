//! Whatever an expression does with large input, its time and its memory are bounded by its fuel.

#[expect(dead_code, reason = "shared with other tests, which use the rest")]
mod support;

use std::time::Duration;

use bumpalo::Bump;
use llm_policy_cel::error::ErrorKind;
use llm_policy_cel::limits::Limits;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{List, Map, Val};
use support::{Mode, Outcome, env, run, variables};

/// A quarter of what a large budget is, to keep this test short.
const FUEL: u64 = 250_000;
/// In the development profile, on a slow machine.
const LONGEST: Duration = Duration::from_millis(750);
/// Bytes of the arena that one unit of fuel may make, with what growing leaves behind.
const BYTES_PER_UNIT: u64 = 512;

/// The processor time of this thread; other work on the machine must not fail a test.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// A million bytes of text, 10,000 ints, 1,000 texts, 10,000 entries.
fn large_inputs(arena: &Bump) -> Vec<Slot<'_>> {
    let mut slots = support::inputs(&[], arena);
    let text: &str = arena.alloc_str(&"a".repeat(1_000_000));
    let ints: &[Val<'_>] = arena.alloc_slice_fill_with(10_000, |i| Val::Int((i as i64 * 7919) % 10_007));
    let texts: &[Val<'_>] = arena.alloc_slice_fill_with(1_000, |i| {
        Val::Str(arena.alloc_str(&format!("{}{:04}", "a".repeat(96), (i * 7919) % 1_000)))
    });
    let entries = arena.alloc_slice_fill_with(10_000, |i| (Val::Str(arena.alloc_str(&format!("key{i}"))), Val::Int(1)));
    let map = Map::new_in(entries, arena);
    for ((name, _), slot) in variables().iter().zip(&mut slots) {
        *slot = Slot::Present(match *name {
            "s" | "user.name" => Val::Str(text),
            "y" => Val::Bytes(text.as_bytes()),
            "l" => Val::List(List::Arena(ints)),
            "texts" => Val::List(List::Arena(texts)),
            "m" => Val::Map(map),
            "x" => Val::List(List::Arena(arena.alloc_slice_fill_with(1_000, |_| Val::List(List::Arena(ints))))),
            "b" => Val::Bool(true),
            _ => continue,
        });
    }
    slots
}

/// `v` doubled twenty-five times: a list or text that would be 33 million times as large.
fn doubled(start: &str, step: &str, body: &str) -> String {
    format!("cel.bind(v, {start}, {}{body}{}", format!("cel.bind(v, {step}, ").repeat(25), ")".repeat(26))
}

/// What runs out of fuel: name it if it takes too long.
fn endless() -> Vec<String> {
    let mut all: Vec<String> = [
        "l.all(i, l.all(j, l.all(k, i + j + k >= 0)))",
        "l.exists(i, l.exists(j, i + j < 0))",
        "l.exists_one(i, l.exists_one(j, i == j))",
        "l.map(i, l.map(j, l.map(k, i)))",
        "l.map(i, l.filter(j, j >= i))",
        "l.all(i, v, l.all(j, w, v + w >= 0))",
        "l.transformList(i, v, l.transformList(j, w, v + w))",
        "l.map(i, l.transformMap(j, w, w + i))",
        "l.map(i, m.transformMap(k, v, v + 1))",
        "l.map(i, m.transformMapEntry(k, v, {k: v}))",
        "l.map(i, m.transformMapEntry(k, v, m))",
        "l.all(i, l.map(j, [i, j, i, j]) != [])",
        "l.map(i, l.map(j, {'a': i, 'b': j, 'c': i, 'd': j}))",
        "l.map(i, l.map(j, {s: i, s + 'b': j}))",
        "l.map(i, {s + '1': 1, s + '2': 1, s + '3': 1, s + '4': 1, s + '5': 1, s + '6': 1, s + '7': 1, s + '8': 1, \
         s + '9': 1, s + 'a': 1, s + 'b': 1, s + 'c': 1, s + 'd': 1, s + 'e': 1})",
        "l.map(i, s + s)",
        "l.map(i, y + y)",
        "l.map(i, l + l)",
        "texts.map(t, texts.map(u, t + u))",
        "l.map(i, s.replace('a', 'bbbbbbbb'))",
        "l.map(i, s.replace('', 'bbbbbbbb'))",
        "l.map(i, texts.join(s))",
        "l.map(i, texts.join(','))",
        "l.map(i, '%s%s'.format([s, s]))",
        "l.map(i, '%s'.format([l]))",
        "l.map(i, l.map(j, '%.1000f'.format([d + 1.5])))",
        "l.map(i, '%x'.format([s]))",
        "l.map(i, s.split(''))",
        "l.map(i, s.split('a'))",
        "l.map(i, s.reverse())",
        "l.map(i, s.upperAscii())",
        "l.map(i, s.lowerAscii())",
        "l.all(i, s.trim() != '')",
        "l.all(i, s.substring(999999) != '')",
        "l.all(i, s.charAt(999999) != '')",
        "l.all(i, s.indexOf('b') < 0)",
        "l.all(i, s.indexOf(s + 'b') < 0)",
        "l.all(i, s.indexOf(s.substring(500000) + 'b') < 0)",
        "l.all(i, s.lastIndexOf('b' + s.substring(500000)) < 0)",
        "l.all(i, !s.contains('b'))",
        "l.all(i, !s.contains(s.substring(500000) + 'b'))",
        "l.all(i, size(s) > 0)",
        "l.map(i, strings.quote(s))",
        "lists.range(10000000)",
        "lists.range(9223372036854775807)",
        "l.map(i, lists.range(i))",
        "l.map(i, x.flatten())",
        "l.map(i, x.flatten(100))",
        "l.all(i, !s.matches('a(a|b)*c'))",
        "l.all(i, !s.matches('(a+)+$b'))",
        "l.all(i, !s.matches('x' + string(i)))",
        "l.all(i, l.all(j, !'a'.matches('\\\\w{20}' + string(i))))",
        "l.exists(i, l.exists(j, 'a'.matches('\\\\w{1000}' + string(i))))",
        "l.exists(i, l.exists(j, 'a'.matches('(((' + string(i))))",
        "l.all(i, !s.matches(s))",
        "l.map(i, regex.replace(s, 'a', 'bbbbbbbb'))",
        "l.map(i, regex.extractAll(s, 'a'))",
        "l.map(i, regex.extract(s, 'a*'))",
        "l.all(i, x == x)",
        "l.all(i, l == l)",
        "l.all(i, m == m)",
        "l.all(i, s + 'a' == s + 'a')",
        "l.all(i, s == user.name)",
        "l.all(i, s <= user.name)",
        "l.all(i, y == y + b'')",
        "l.all(i, !(s in texts))",
        "l.all(i, !(s + 'a' in [s, s, s, s]))",
        "l.all(i, !([i] in x))",
        "l.all(i, !(d + 0.5 in l))",
        "l.all(i, s.startsWith(user.name))",
        "l.all(i, s.endsWith(user.name))",
        "l.all(i, m.all(k, k in m))",
        "l.map(i, l.sort())",
        "l.map(i, texts.sort())",
        "l.map(i, [s, s, s, s].sort())",
        "l.map(i, l.sortBy(j, j % 10))",
        "l.map(i, l.distinct())",
        "l.map(i, x.distinct())",
        "l.map(i, l.reverse())",
        "l.all(i, sets.contains(l, l))",
        "l.all(i, sets.equivalent(l, l))",
        "l.all(i, !sets.intersects(x, [[1]]))",
        "l.all(i, !sets.intersects(l, [-1, -2]))",
        "l.all(i, math.greatest(l) > 0)",
        "l.map(i, base64.encode(y))",
        "l.map(i, base64.decode(s))",
        "l.map(i, l.map(j, bytes(s)))",
        "l.map(i, string(y))",
        "l.map(i, l.map(j, string(j)))",
        "l.map(i, l.map(j, timestamp(j)))",
        "l.map(i, l.map(j, string(timestamp(j))))",
        "l.map(i, l.map(j, timestamp(j).getHours('Europe/Berlin')))",
        "l.map(i, l.map(j, ip('10.0.0.1')))",
        "l.map(i, l.map(j, optional.of(j)))",
        "l.map(i, l.map(j, optional.of(j)).unwrapOpt())",
        "l.map(i, l.map(j, duration('1h')))",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    // Constants in a set: many, and large ones.
    let many: Vec<String> = (0..400).map(|i| format!("[0,{i}]")).collect();
    all.push(format!("l.all(i, l.all(j, !([0, i + 400] in [{}])))", many.join(",")));
    let many: Vec<String> = (0..800).map(|i| format!("{i}.5")).collect();
    all.push(format!("l.all(i, l.all(j, !(d in [{}])))", many.join(",")));
    let same = format!("s.startsWith('{}')", "a".repeat(4_000));
    all.push(format!("l.all(i, l.all(j, {same}))"));
    all.push(doubled("s", "v + v", "v == v"));
    all.push(doubled("l", "v + v", "v == v"));
    all.push(doubled("[1]", "[v, v]", "v == v"));
    all.push(doubled("[n]", "[v, v]", "v == v"));
    all.push(doubled("[n]", "[v, v]", "v in [v]"));
    all.push(doubled("[n]", "[v, v]", "[v, v, v, v, v, v, v, v, v].distinct()"));
    all.push(doubled("[n]", "[v, v]", "v.flatten(100)"));
    all.push(doubled("[n]", "[v, v]", "'%s'.format([v])"));
    all.push(doubled("{'a': n}", "{'a': v, 'b': v}", "'%s'.format([v])"));
    all.push(doubled("optional.of([n])", "optional.of([v, v])", "v == v"));
    all.push(doubled("s", "v.replace('a', 'aa')", "v"));
    all.push(doubled("'a'", "'%s%s'.format([v, v])", "v"));
    all.push(doubled("'a'", "[v, v].join()", "v"));
    all
}

/// What is wrong with how `source` runs.
fn problems(source: &str) -> Vec<String> {
    let arena = Bump::new();
    let slots = large_inputs(&arena);
    let env = env(Limits::default());
    let before = cpu_time();
    // Once as a value and once as a test.
    let (outcome, used) = run(&env, source, Mode::Unchecked, &slots, FUEL);
    let took = cpu_time().zip(before).map_or(Duration::ZERO, |(after, before)| after - before);
    let mut problems = Vec::new();
    if took > LONGEST {
        problems.push(format!("took {took:?}"));
    }
    if used.bytes as u64 > used.fuel * BYTES_PER_UNIT + (1 << 20) {
        problems.push(format!("{} bytes for {} units", used.bytes, used.fuel));
    }
    match outcome {
        Outcome::Failed(ErrorKind::OutOfFuel) => {}
        other => problems.push(format!("{other:?}")),
    }
    problems
}

#[test]
fn nothing_runs_beyond_its_fuel() {
    let mut all = Vec::new();
    for source in endless() {
        let shown: String = source.chars().take(120).collect();
        let (done, result) = std::sync::mpsc::channel();
        // One that does not end must not keep the test from ending.
        std::thread::spawn(move || done.send(problems(&source)));
        match result.recv_timeout(Duration::from_secs(60)) {
            Ok(problems) => all.extend(problems.into_iter().map(|problem| format!("{shown}: {problem}"))),
            Err(problem) => all.push(format!("{shown}: {problem}")),
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
