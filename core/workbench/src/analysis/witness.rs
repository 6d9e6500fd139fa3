//! Contexts that show what a claim says: guessed from what the solver left possible, and tried before they are believed.

use llm_policy_engine::cel::program::{Node, NodeId};
use llm_policy_engine::cel::slot::Slot;
use llm_policy_engine::cel::value::{Val, Value};
use llm_policy_engine::compile::Compiled;
use llm_policy_engine::input::coerce::coerce;
use llm_policy_engine::input::paths::SlotType;
use serde_json::{Value as Json, json};

use super::cells::{Cell, Kind};
use super::outcomes::Outcomes;
use super::sample::matching;
use super::solver::{Goal, State};
use super::tests_of::{Subject, Test};
use super::theory::Theory;

/// So many guesses are made.
const GUESSES: u32 = 200;
/// So many of those for which the goals hold are tried on the whole engine.
const TRIED: u32 = 12;

/// What one slot holds in a guess.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Held {
    Absent,
    Mistyped,
    Value(Value),
}

/// What the slots hold that matter.
pub(crate) type Guess = Vec<(u32, Held)>;

/// Random numbers, the same ones each time: an analysis says the same whenever it runs.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % (bound.max(1) as u64)).unwrap_or(0)
    }

    fn pick<'t, T>(&mut self, of: &'t [T]) -> Option<&'t T> {
        of.get(self.below(of.len()))
    }
}

/// A guess for which `goals` hold and which `fits`, among those that `state` allows.
pub(crate) fn find<T>(
    theory: &mut Theory<'_>,
    state: &State,
    goals: &[Goal],
    mut fits: impl FnMut(&Theory<'_>, &Guess) -> Option<T>,
) -> Option<T> {
    let mut slots: Vec<u32> = Vec::new();
    for goal in goals {
        slots_of(theory, goal, &mut slots);
    }
    slots.sort_unstable();
    slots.dedup();
    let loose = loose_slots(theory, state);
    let (mut dice, mut tried) = (Dice::new(), 0);
    for number in 0..GUESSES {
        let guess: Guess =
            slots.iter().map(|slot| (*slot, hold(theory, state, *slot, &loose, number, &mut dice))).collect();
        if goals.iter().all(|goal| holds(theory, goal, &guess)) {
            if let Some(found) = fits(theory, &guess) {
                return Some(found);
            }
            tried += 1;
        }
        if tried == TRIED {
            return None;
        }
        // Where nothing is left to chance, another guess would be the same.
        if number > 3 && slots.is_empty() {
            return None;
        }
    }
    None
}

fn slots_of(theory: &mut Theory<'_>, goal: &Goal, out: &mut Vec<u32>) {
    match goal {
        Goal::Is(node, _) => out.extend(theory.reads.slots(*node)),
        Goal::In(subject, _) => {
            if let Some(Subject::Slot(slot)) = theory.known(*subject).map(|known| known.subject) {
                out.push(slot);
            }
        }
        Goal::Any(alternatives) => alternatives.iter().flatten().for_each(|goal| slots_of(theory, goal, out)),
    }
}

/// Slots whose exact value matters to a term or to a test that is not understood.
fn loose_slots(theory: &mut Theory<'_>, state: &State) -> Vec<u32> {
    let mut out = Vec::new();
    for subject in state.cells.keys() {
        if let Some(Subject::Term(id)) = theory.known(*subject).map(|known| known.subject) {
            out.extend(theory.reads.slots(id));
        }
    }
    for atom in state.outcomes.keys() {
        if let Some(info) = theory.atom(*atom).filter(|info| info.test.is_none()) {
            out.extend(info.slots.iter().copied());
        }
    }
    out
}

/// Whether a goal holds for a guess.
pub(crate) fn holds(theory: &Theory<'_>, goal: &Goal, guess: &Guess) -> bool {
    match goal {
        Goal::Is(node, wanted) => outcome(theory, *node, guess).is_some_and(|outcome| wanted.meets(outcome)),
        Goal::In(subject, cells) => {
            let Some(known) = theory.known(*subject) else { return false };
            let Subject::Slot(slot) = known.subject else { return true };
            let held = guess.iter().find(|(s, _)| *s == slot).map(|(_, held)| held);
            let is_value = matches!(held, Some(Held::Value(_)));
            cells.iter().any(|cell| {
                known.cells.get(cell).is_some_and(|cell| match cell.kind {
                    Kind::Absent => matches!(held, Some(Held::Absent) | None),
                    Kind::Failed => matches!(held, Some(Held::Mistyped)),
                    _ => is_value,
                })
            })
        }
        Goal::Any(alternatives) => {
            alternatives.iter().any(|alternative| alternative.iter().all(|goal| holds(theory, goal, guess)))
        }
    }
}

/// What the engine answers for a condition over a guess.
pub(crate) fn outcome(theory: &Theory<'_>, node: NodeId, guess: &Guess) -> Option<Outcomes> {
    let slot = |(slot, held): &'_ (u32, Held)| -> (u32, Slot<'_>) {
        let held = match held {
            Held::Absent => Slot::Absent,
            Held::Mistyped => Slot::Mistyped,
            Held::Value(_) => Slot::Absent,
        };
        (*slot, held)
    };
    let values: Vec<(u32, Slot<'_>)> = guess
        .iter()
        .map(|entry| match &entry.1 {
            Held::Value(value) => (entry.0, coerce(value.as_val(), theory.reads.slot_type(entry.0))),
            _ => slot(entry),
        })
        .collect();
    theory.answer(node, &values)
}

/// What `slot` holds in guess `number`.
fn hold(theory: &Theory<'_>, state: &State, slot: u32, loose: &[u32], number: u32, dice: &mut Dice) -> Held {
    let Some(subject) = theory.slot(slot) else { return Held::Absent };
    let Some(known) = theory.known(subject) else { return Held::Absent };
    let allowed = state.cells.get(&subject);
    let free = allowed.is_none();
    let mut cells: Vec<&Cell> = match allowed {
        Some(allowed) => allowed.iter().filter_map(|cell| known.cells.get(cell)).collect(),
        None => known.cells.iter().collect(),
    };
    // Values tell more than holes, and readable ones more than others.
    if cells.iter().any(|cell| cell.kind.is_value()) && (number < GUESSES / 2 || !free) {
        cells.retain(|cell| cell.kind.is_value());
    }
    let readable = |cell: &&&Cell| cell.alone && !matches!(&cell.sample, Value::String(text) if text.is_empty());
    let first = cells.iter().find(readable).or(cells.first()).copied();
    let cell = if number == 0 { first } else { dice.pick(&cells).copied() };
    let Some(cell) = cell else { return Held::Absent };
    // What is short reads better, so it is tried first.
    let padded = number % 8 > 3 && loose.contains(&slot);
    match cell.kind {
        Kind::Absent => Held::Absent,
        Kind::Failed => Held::Mistyped,
        Kind::Text if !cell.alone => Held::Value(text(theory, state, subject, cell, padded, dice)),
        Kind::List => Held::Value(list(theory, state, slot, subject, padded, dice)),
        Kind::Number if !cell.alone && loose.contains(&slot) && number > 0 => {
            Held::Value(number_near(theory, slot, &cell.sample, dice))
        }
        _ => Held::Value(cell.sample.clone()),
    }
}

/// The decided tests of `subject`, with what they come to.
fn decided<'t>(theory: &'t Theory<'_>, state: &State, subject: u32) -> Vec<(&'t Test, Outcomes)> {
    let mut atoms: Vec<(u32, Outcomes)> = state.outcomes.iter().map(|(atom, left)| (*atom, *left)).collect();
    atoms.sort_unstable_by_key(|(atom, _)| *atom);
    atoms
        .into_iter()
        .filter_map(|(atom, left)| {
            let info = theory.atom(atom)?;
            let about = info.table.as_ref()?.0;
            (about == subject).then_some((info.test.as_ref()?, left))
        })
        .collect()
}

fn text(theory: &Theory<'_>, state: &State, subject: u32, cell: &Cell, loose: bool, dice: &mut Dice) -> Value {
    let start = match &cell.sample {
        Value::String(text) => text.to_string(),
        _ => String::new(),
    };
    let (mut middle, mut end) = (String::new(), String::new());
    for (test, left) in decided(theory, state, subject) {
        if left != Outcomes::TRUE {
            continue;
        }
        match test {
            Test::Contains(needle) => middle.push_str(&format!(" {needle}")),
            Test::EndsWith(suffix) => end = suffix.to_string(),
            Test::Matches(pattern) => {
                let part = matching(pattern).unwrap_or_default();
                // An anchored pattern wants all of the text.
                if pattern.starts_with('^') || pattern.ends_with('$') {
                    return Value::String(part.into());
                }
                middle.push_str(&format!(" {part}"));
            }
            _ => {}
        }
    }
    let length = if loose { [0, 0, 9, 10, 11, 100, 101, 999, 1001, 5000, 10_001].get(dice.below(11)) } else { None };
    let padding = "x".repeat(length.copied().unwrap_or(0));
    Value::String(format!("{start}{padding}{middle}{end}").into())
}

fn list(theory: &Theory<'_>, state: &State, slot: u32, subject: u32, loose: bool, dice: &mut Dice) -> Value {
    let mut items: Vec<Value> = Vec::new();
    for (test, left) in decided(theory, state, subject) {
        if let (Test::Holds(constant), true) = (test, left == Outcomes::TRUE) {
            items.push(constant.clone());
        }
    }
    if loose && theory.reads.slot_type(slot) == SlotType::StringList {
        let count = [0, 0, 1, 2, 5, 11, 101].get(dice.below(7)).copied().unwrap_or(0);
        items.extend((0..count).map(|n| Value::String(format!("item-{n}").into())));
    }
    Value::List(items.into())
}

/// A number for a slot that a term is worked out from.
fn number_near(theory: &Theory<'_>, slot: u32, sample: &Value, dice: &mut Dice) -> Value {
    const USUAL: [f64; 24] = [
        0.0,
        1.0,
        2.0,
        3.0,
        5.0,
        10.0,
        20.0,
        25.0,
        50.0,
        75.0,
        76.0,
        80.0,
        85.0,
        90.0,
        91.0,
        95.0,
        99.0,
        100.0,
        101.0,
        500.0,
        1000.0,
        1001.0,
        10_000.0,
        1_000_000.0,
    ];
    if dice.below(4) == 0 {
        return sample.clone();
    }
    let value = dice.pick(&USUAL).copied().unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, reason = "one of the whole numbers above")]
    match theory.reads.slot_type(slot) {
        SlotType::Double => Value::Double(value),
        _ => Value::Int(value as i64),
    }
}

/// The context that makes the slots hold what the guess says. `None`: no context does.
pub(crate) fn context(compiled: &Compiled, theory: &Theory<'_>, guess: &Guess) -> Option<Json> {
    let mut out = json!({});
    let path = |slot: u32| compiled.slots.path(slot);
    for (slot, held) in guess {
        if compiled.now == Some(*slot) {
            continue;
        }
        let value = match held {
            Held::Absent => continue,
            Held::Mistyped => match theory.reads.slot_type(*slot) {
                SlotType::Dyn => return None,
                SlotType::Bool => json!("no bool"),
                _ => json!(true),
            },
            Held::Value(value) => to_json(value.as_val())?,
        };
        // A record that is read as a whole comes with the fields that are set below it.
        let is_parent = guess.iter().any(|(other, held)| {
            *held != Held::Absent && path(*other).strip_prefix(path(*slot)).is_some_and(|rest| rest.starts_with('.'))
        });
        if is_parent {
            continue;
        }
        let mut at = &mut out;
        let mut names = path(*slot).split('.').peekable();
        while let Some(name) = names.next() {
            let object = at.as_object_mut()?;
            if names.peek().is_none() {
                object.insert(name.to_owned(), value);
                break;
            }
            at = object.entry(name.to_owned()).or_insert_with(|| json!({}));
        }
    }
    Some(out)
}

/// The instant that `now` is in a guess.
pub(crate) fn instant(compiled: &Compiled, guess: &Guess) -> Option<jiff::Timestamp> {
    let held = guess.iter().find(|(slot, _)| compiled.now == Some(*slot))?;
    match &held.1 {
        Held::Value(Value::Timestamp(at)) => jiff::Timestamp::new(at.seconds, at.nanos).ok(),
        _ => None,
    }
}

fn to_json(value: Val<'_>) -> Option<Json> {
    Some(match value {
        Val::Null => Json::Null,
        Val::Bool(b) => json!(b),
        Val::Int(i) => json!(i),
        Val::Uint(u) => json!(u),
        Val::Double(d) => Json::Number(serde_json::Number::from_f64(d)?),
        Val::Str(text) => json!(text),
        Val::Timestamp(at) => json!(jiff::Timestamp::new(at.seconds, at.nanos).ok()?.to_string()),
        Val::List(items) => Json::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        Val::Map(map) => {
            let entry = |(key, value): (Val<'_>, Val<'_>)| match key {
                Val::Str(key) => Some((key.to_owned(), to_json(value)?)),
                _ => None,
            };
            Json::Object(map.iter().map(entry).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// Whether a condition is nothing but a constant.
pub(crate) fn is_constant(compiled: &Compiled, node: NodeId) -> bool {
    matches!(compiled.program.plain_node(node), Node::Constant(_) | Node::Fail(_))
}
