//! The walk over a parsed body that a shape's rows carry out.
//!
//! What a row takes leaves the body; what remains is handed up, to the record around it. A part of the body that no row takes
//! anything from is handed up as it is, without a look at what is in it.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use llm_policy_cel::value::{List, Map, Val};
use llm_policy_engine::input::{InputError, Json};

use super::digest::digest;
use super::media::{data_url, decoded_bytes, is_base64};
use super::record::{Joined, Path, Record};
use super::shape::{Root, Shape, To};
use super::table::{Found, Node, Table};
use super::trace::{Fate, Step, Trace};

/// The text of system messages, and of instructions that are no message.
const SYSTEM: &str = "system_prompt";

/// The kind of media whose media type says what it is.
const ANY_MEDIA: &str = "media";

/// Maps a body; with `digests`, the tools have theirs.
///
/// # Errors
/// When it is not JSON, no object, names a field twice or in another case, or is not what the shape is for.
pub(crate) fn map<'a>(
    shape: &'a Shape,
    bytes: &'a [u8],
    digests: bool,
    arena: &'a Bump,
) -> Result<Val<'a>, InputError> {
    Ok(whole(|otherwise| Mapper::new(shape, bytes, digests, arena, None).run(otherwise))?.0)
}

/// An answer that says nothing where the format has its words may say it in fields that nobody knows: then all of its texts are
/// what it says, so that no rule about the text of answers is avoided by an answer of another form.
fn whole<'a>(
    walk: impl Fn(Otherwise) -> Result<(Val<'a>, Option<Trace>, bool), InputError>,
) -> Result<(Val<'a>, Option<Trace>), InputError> {
    let (mut value, mut trace, is_mute) = walk(Otherwise::Keep)?;
    if is_mute {
        (value, trace, _) = walk(Otherwise::Text("text"))?;
    }
    Ok((value, trace))
}

/// Maps a body, and tells of each text and number what became of it.
///
/// # Errors
/// As [`map`].
pub(crate) fn map_traced<'a>(
    shape: &'a Shape,
    bytes: &'a [u8],
    arena: &'a Bump,
) -> Result<(Val<'a>, Trace), InputError> {
    let (value, trace) =
        whole(|otherwise| Mapper::new(shape, bytes, true, arena, Some(Trace::default())).run(otherwise))?;
    Ok((value, trace.unwrap_or_default()))
}

struct Mapper<'a> {
    shape: &'a Shape,
    table: &'a Table,
    bytes: &'a [u8],
    arena: &'a Bump,
    messages: ArenaVec<'a, Val<'a>>,
    tools: ArenaVec<'a, Val<'a>>,
    tool_calls: ArenaVec<'a, Val<'a>>,
    opaque: ArenaVec<'a, Val<'a>>,
    system: Joined<'a>,
    metadata: Option<Val<'a>>,
    digests: bool,
    trace: Option<Trace>,
}

/// What holds at one place of the body.
#[derive(Clone, Copy)]
struct Place<'t, 'p> {
    /// The rows for this place and below.
    node: Option<&'t Node>,
    /// The rows for objects of this `type`, which stand before the others.
    variant: Option<&'t Node>,
    /// Whether a row says what becomes of text right here.
    declared: bool,
    /// What becomes of values that no row names.
    otherwise: Otherwise,
    /// The rows for fields anywhere below, innermost first.
    deep: Option<&'p Deep<'t, 'p>>,
}

struct Deep<'t, 'p> {
    rows: &'t [(Box<str>, u32)],
    up: Option<&'p Deep<'t, 'p>>,
}

/// What becomes of values that no row names.
#[derive(Clone, Copy, PartialEq)]
enum Otherwise {
    /// They go up, to the record's rest.
    Keep,
    /// Their texts are part of this field.
    Text(&'static str),
    /// As `Text`; a row says so of all that is below.
    Data(&'static str),
}

type Rest<'a> = Result<Option<Val<'a>>, InputError>;

impl<'a> Mapper<'a> {
    fn new(shape: &'a Shape, bytes: &'a [u8], digests: bool, arena: &'a Bump, trace: Option<Trace>) -> Self {
        Self {
            shape,
            table: shape.table(),
            bytes,
            arena,
            messages: ArenaVec::new_in(arena),
            tools: ArenaVec::new_in(arena),
            tool_calls: ArenaVec::new_in(arena),
            opaque: ArenaVec::new_in(arena),
            system: Joined::new_in(arena),
            metadata: None,
            digests,
            trace,
        }
    }

    /// The context, the trace, and whether the body is an answer without a word and without a call.
    fn run(mut self, otherwise: Otherwise) -> Result<(Val<'a>, Option<Trace>, bool), InputError> {
        let value = Json::new(self.bytes).read(self.arena)?;
        let Val::Map(body) = value else {
            return Err(refuse("a body is an object, and this is none".to_owned(), Some(0)));
        };
        for (name, values) in self.shape.must {
            let found = body.get_str(name);
            if !matches!(found, Some(Val::Str(text)) if values.contains(&text)) {
                return Err(refuse(format!("`{name}` is not `{}`", values.join("` or `")), None));
            }
        }
        let root = self.shape.root;
        let mut record = Record::new_in(Path::Root(root.name()), root.rest(), self.arena);
        for (name, value) in self.shape.constants {
            record.set(name, Val::Str(value));
        }
        let place = Place { otherwise, ..self.place(self.table.node(0)) };
        let rest = self.value(place, &mut record, None, value)?;
        let is_mute = root == Root::Response && !record.has_text() && self.tool_calls.is_empty();
        Ok((self.finish(record, rest), self.trace, is_mute))
    }

    fn finish(&mut self, mut record: Record<'a>, rest: Option<Val<'a>>) -> Val<'a> {
        let arena = self.arena;
        let mut list = |name, items: &mut ArenaVec<'a, Val<'a>>| {
            let items = std::mem::replace(items, ArenaVec::new_in(arena));
            if !items.is_empty() {
                record.set(name, Val::List(List::Arena(items.into_bump_slice())));
            }
        };
        list("messages", &mut self.messages);
        list("tools", &mut self.tools);
        list("tool_calls", &mut self.tool_calls);
        list("opaque", &mut self.opaque);
        if !self.system.is_empty() {
            record.set(SYSTEM, Val::Str(self.system.text(arena)));
        }
        let root = self.shape.root;
        if root == Root::Response && !record.has_text() {
            record.set("text", Val::Str(""));
        }
        let fields = Val::Map(record.finish(rest, arena));
        let mut entries = ArenaVec::new_in(arena);
        entries.push((Val::Str(root.name()), fields));
        if let Some(metadata) = self.metadata {
            entries.push((Val::Str("metadata"), metadata));
        }
        Val::Map(Map::new_in(entries.into_bump_slice(), arena))
    }

    /// Carries out the rows for `value`, which stands in the object `parent`; gives what remains for the record's rest.
    fn value(
        &mut self,
        place: Place<'a, '_>,
        record: &mut Record<'a>,
        parent: Option<Map<'a>>,
        value: Val<'a>,
    ) -> Rest<'a> {
        if let Val::Null = value {
            return Ok(None);
        }
        let variant = place.node.filter(|node| node.has_variants()).and_then(|node| match value {
            Val::Map(map) => match map.get_str("type") {
                Some(Val::Str(name)) => self.table.variant(node, name),
                _ => None,
            },
            _ => None,
        });
        let place = Place { variant, ..place };
        let to = variant.and_then(|node| node.to).or_else(|| place.node.and_then(|node| node.to));
        let Some(to) = to else { return self.below(place, record, value) };
        let text = |name| Place { otherwise: Otherwise::Text(name), declared: true, ..place };
        match to {
            To::Field(name) => {
                if !record.set(name, value) {
                    return Ok(self.keep(record, value, true));
                }
                self.record_kept(record, name, value);
            }
            To::Most(name) => {
                if !record.set_most(name, value) {
                    return Ok(self.keep(record, value, true));
                }
                self.record_kept(record, name, value);
            }
            To::Text(name) => return self.below(text(name), record, value),
            To::Data(name) => {
                let place = Place { otherwise: Otherwise::Data(name), ..self.place(None) };
                return self.below(place, record, value);
            }
            To::Prompt(name) => return self.prompt(text(name), record, value),
            To::Json(name) => return Ok(self.json(name, record, value)),
            To::Keep => return Ok(self.keep(record, value, true)),
            To::Metadata => {
                self.metadata = Some(value);
                return Ok(self.keep(record, value, true));
            }
            To::Opaque(kind) => return Ok(self.opaque(kind, record, value)),
            To::Media(kind) => match value {
                Val::Str(text) if is_base64(text) => self.media(kind, mime(parent), text, record),
                _ => {
                    self.note_opaque(kind, None, None, record);
                    return self.text_or_keep(place, record, value);
                }
            },
            To::Url(kind) => match value {
                Val::Str(url) => match data_url(url) {
                    Some((mime, payload)) => self.media(kind, Some(mime), payload, record),
                    None => return Ok(self.opaque(kind, record, value)),
                },
                // The address may stand deeper, and has a row of its own there.
                Val::Map(_) if place.node.is_some_and(|node| !node.is_leaf()) => {
                    return self.below(place, record, value);
                }
                _ => return Ok(self.opaque(kind, record, value)),
            },
            To::Known(names) => match value {
                Val::Str(name) if names.contains(&name) => {
                    if let Some(trace) = &mut self.trace {
                        trace.leaf(Fate::Known, true);
                    }
                }
                _ => {
                    self.note_opaque("unknown", None, None, record);
                    return self.text_or_keep(place, record, value);
                }
            },
            To::Role(words) => {
                let word = match value {
                    Val::Str(word) => words.iter().find(|(from, _)| *from == word).map(|(_, to)| Val::Str(to)),
                    _ => None,
                };
                if !record.set("role", word.unwrap_or(value)) {
                    return Ok(self.keep(record, value, true));
                }
                match (word, &mut self.trace) {
                    (Some(_), Some(trace)) => trace.leaf(Fate::Known, true),
                    _ => self.record_kept(record, "role", value),
                }
            }
            To::Message(role) => self.message(role, place, value)?,
            To::ToolSpec => self.tool(place, value)?,
            To::ToolCall => self.tool_call(place, value)?,
        }
        Ok(None)
    }

    /// Carries out the rows below `value`, and what holds where there are none.
    fn below(&mut self, place: Place<'a, '_>, record: &mut Record<'a>, value: Val<'a>) -> Rest<'a> {
        if place.otherwise == Otherwise::Keep && place.deep.is_none() && place.node.is_none_or(Node::is_leaf) {
            return Ok(self.keep(record, value, false));
        }
        match value {
            Val::Null => Ok(None),
            Val::Str(text) => self.text(place, record, text),
            Val::List(items) => self.list(place, record, items),
            Val::Map(map) => self.object(place, record, map),
            // A list that is none goes where its elements would, so that its reader sees that it is mistyped.
            _ => Ok(self.keep(record, value, false)),
        }
    }

    fn text(&mut self, place: Place<'a, '_>, record: &mut Record<'a>, text: &'a str) -> Rest<'a> {
        match place.otherwise {
            Otherwise::Keep => return self.no_list(place, record, Val::Str(text)),
            Otherwise::Text(name) => self.push_text(name, place.declared, record, text),
            Otherwise::Data(name) => self.push_text(name, true, record, text),
        }
        Ok(None)
    }

    fn push_text(&mut self, name: &'static str, declared: bool, record: &mut Record<'a>, text: &'a str) {
        let start = match name {
            SYSTEM => self.system.push(text),
            _ => record.push_text(name, text, self.arena),
        };
        if let Some(trace) = &mut self.trace {
            let field = format!("{}.{name}", record.path);
            trace.leaf(Fate::Joined { field, range: start..start + text.len() }, declared);
        }
    }

    /// A value where a list of messages or tools should be: its field has it, so that readers see that it is mistyped.
    fn no_list(&mut self, place: Place<'a, '_>, record: &mut Record<'a>, value: Val<'a>) -> Rest<'a> {
        let element = place.node.and_then(|node| self.table.element(node)).and_then(|node| node.to);
        let name = match element {
            Some(To::Message(_)) => "messages",
            Some(To::ToolSpec) => "tools",
            Some(To::ToolCall) => "tool_calls",
            _ => return Ok(self.keep(record, value, false)),
        };
        if !record.set(name, value) {
            return Ok(self.keep(record, value, false));
        }
        self.record_kept(record, name, value);
        Ok(None)
    }

    fn list(&mut self, place: Place<'a, '_>, record: &mut Record<'a>, items: List<'a>) -> Rest<'a> {
        let element = place.node.and_then(|node| self.table.element(node));
        let place = Place { node: element, ..place };
        let mut rest = ArenaVec::new_in(self.arena);
        for (index, item) in items.iter().enumerate() {
            self.enter(|| Step::Index(index));
            rest.extend(self.value(place, record, None, item)?);
            self.leave();
        }
        Ok((!rest.is_empty()).then(|| Val::List(List::Arena(rest.into_bump_slice()))))
    }

    fn object(&mut self, place: Place<'a, '_>, record: &mut Record<'a>, map: Map<'a>) -> Rest<'a> {
        let of_place = Deep { rows: place.node.map_or(&[], Node::deep), up: place.deep };
        let of_variant = Deep { rows: place.variant.map_or(&[], Node::deep), up: Some(&of_place) };
        let any = !of_place.rows.is_empty() || !of_variant.rows.is_empty() || place.deep.is_some();
        let deep = any.then_some(&of_variant);
        let mut rest = ArenaVec::new_in(self.arena);
        for (key, item) in map.iter() {
            let Val::Str(name) = key else { continue };
            let child = self.find(place, deep, map, name)?;
            // A model may read the name of a field that nobody knows.
            if let (None, Otherwise::Text(field) | Otherwise::Data(field)) = (child, place.otherwise)
                && matches!(item, Val::Str(_) | Val::List(_) | Val::Map(_))
            {
                self.push_key(field, record, name);
            }
            self.enter(|| Step::Key(name.to_owned()));
            if let (None, Otherwise::Text(field) | Otherwise::Data(field), Some(trace)) =
                (child, place.otherwise, &mut self.trace)
            {
                trace.other(true, &format!("{}.{field}", record.path), false);
            }
            let below = Place { node: child, variant: None, declared: false, otherwise: place.otherwise, deep };
            let remains = self.value(below, record, Some(map), item)?;
            self.leave();
            rest.extend(remains.map(|remains| (key, remains)));
        }
        Ok((!rest.is_empty()).then(|| Val::Map(Map::new_in(rest.into_bump_slice(), self.arena))))
    }

    fn push_key(&mut self, field: &'static str, record: &mut Record<'a>, name: &'a str) {
        match field {
            SYSTEM => self.system.push(name),
            _ => record.push_text(field, name, self.arena),
        };
    }

    /// The row for the field `name` of `map`.
    fn find(
        &self,
        place: Place<'a, '_>,
        deep: Option<&Deep<'a, '_>>,
        map: Map<'a>,
        name: &'a str,
    ) -> Result<Option<&'a Node>, InputError> {
        for node in [place.variant, place.node].into_iter().flatten() {
            match self.table.find(node, name) {
                Found::Row(child) => return Ok(Some(child)),
                Found::Alias(child, first) => {
                    if map.get_str(first).is_some() {
                        let message = format!("field `{name}` is `{first}`, which is there too");
                        return Err(refuse(message, self.offset(name)));
                    }
                    return Ok(Some(child));
                }
                Found::Variant(wanted) => return Err(InputError::variant(name, wanted, self.offset(name))),
                Found::Unknown => {}
            }
        }
        let mut at = deep;
        while let Some(deep) = at {
            for (wanted, id) in deep.rows {
                if **wanted == *name {
                    return Ok(self.table.node(*id));
                }
                if wanted.eq_ignore_ascii_case(name) {
                    return Err(InputError::variant(name, wanted, self.offset(name)));
                }
            }
            at = deep.up;
        }
        Ok(None)
    }

    /// Where `name` stands in the body, if it stands there without escapes.
    fn offset(&self, name: &str) -> Option<usize> {
        let at = (name.as_ptr() as usize).checked_sub(self.bytes.as_ptr() as usize)?;
        (at < self.bytes.len()).then_some(at)
    }

    fn prompt(&mut self, place: Place<'a, '_>, record: &mut Record<'a>, value: Val<'a>) -> Rest<'a> {
        match value {
            Val::Int(_) | Val::Uint(_) | Val::Double(_) => {
                self.note_opaque("tokens", None, None, record);
                Ok(None)
            }
            Val::List(items) => {
                let mut rest = ArenaVec::new_in(self.arena);
                for (index, item) in items.iter().enumerate() {
                    self.enter(|| Step::Index(index));
                    rest.extend(self.prompt(place, record, item)?);
                    self.leave();
                }
                Ok((!rest.is_empty()).then(|| Val::List(List::Arena(rest.into_bump_slice()))))
            }
            _ => self.below(place, record, value),
        }
    }

    /// An object as JSON text. What is no object is given as it is, which its readers find mistyped.
    fn json(&mut self, name: &'static str, record: &mut Record<'a>, value: Val<'a>) -> Option<Val<'a>> {
        let parsed = match value {
            Val::Str(text) => Json::from(text).read(self.arena).ok().filter(|value| matches!(value, Val::Map(_))),
            _ => None,
        };
        if !record.set(name, parsed.unwrap_or(value)) {
            return self.keep(record, value, true);
        }
        self.record_kept(record, name, value);
        None
    }

    fn keep(&mut self, record: &Record<'a>, value: Val<'a>, declared: bool) -> Option<Val<'a>> {
        if let Some(trace) = &mut self.trace {
            let field = format!("{}.{}", record.path, record.rest);
            trace.all(value, &Fate::Kept { field }, declared);
        }
        Some(value)
    }

    fn record_kept(&mut self, record: &Record<'a>, name: &str, value: Val<'a>) {
        if let Some(trace) = &mut self.trace {
            trace.field(value, format!("{}.{name}", record.path));
        }
    }

    /// A value in the place of a record.
    fn record_whole(&mut self, record: &Record<'a>, value: Val<'a>) {
        if let Some(trace) = &mut self.trace {
            trace.field(value, record.path.to_string());
        }
    }

    fn text_or_keep(&mut self, place: Place<'a, '_>, record: &mut Record<'a>, value: Val<'a>) -> Rest<'a> {
        match (place.otherwise, value) {
            (Otherwise::Text(name) | Otherwise::Data(name), Val::Str(text)) => {
                self.push_text(name, true, record, text);
                Ok(None)
            }
            _ => Ok(self.keep(record, value, true)),
        }
    }

    fn opaque(&mut self, kind: &'static str, record: &mut Record<'a>, value: Val<'a>) -> Option<Val<'a>> {
        self.note_opaque(kind, None, None, record);
        if let Some(trace) = &mut self.trace {
            let field = format!("{}.{}", record.path, record.rest);
            trace.all(value, &Fate::Opaque { field, kind }, true);
        }
        Some(value)
    }

    fn media(&mut self, kind: &'static str, mime: Option<&'a str>, payload: &str, record: &mut Record<'a>) {
        let kind = match (kind, mime.and_then(|mime| mime.split_once('/'))) {
            (ANY_MEDIA, Some(("image", _))) => "image",
            (ANY_MEDIA, Some(("audio", _))) => "audio",
            (ANY_MEDIA, Some(("video", _))) => "video",
            (ANY_MEDIA, Some(_)) => "file",
            _ => kind,
        };
        self.note_opaque(kind, mime, Some(decoded_bytes(payload)), record);
        if let Some(trace) = &mut self.trace {
            trace.leaf(Fate::Media(kind), true);
        }
    }

    fn note_opaque(&mut self, kind: &'static str, mime: Option<&'a str>, bytes: Option<i64>, record: &mut Record<'a>) {
        if !self.opaque.iter().any(|known| matches!(known, Val::Str(known) if *known == kind)) {
            self.opaque.push(Val::Str(kind));
        }
        if let Path::Element("request.messages", _) = record.path {
            let mut part = ArenaVec::new_in(self.arena);
            part.push((Val::Str("type"), Val::Str(kind)));
            part.extend(mime.map(|mime| (Val::Str("mime"), Val::Str(mime))));
            part.extend(bytes.map(|bytes| (Val::Str("bytes"), Val::Int(bytes))));
            record.push_part(Val::Map(Map::new_in(part.into_bump_slice(), self.arena)));
        }
    }

    /// A message, which is an object or text. Anything else is given as it is, which its readers find mistyped.
    fn message(&mut self, role: &'static str, place: Place<'a, '_>, value: Val<'a>) -> Result<(), InputError> {
        if let (Val::List(items), Some(_)) = (value, place.node.and_then(|node| self.table.element(node))) {
            // Each element is a message by a row of its own, so that nothing remains.
            let mut none = Record::new_in(Path::Root("request"), "context", self.arena);
            return self.list(place, &mut none, items).map(drop);
        }
        let index = self.messages.len();
        self.messages.push(value);
        let mut message = Record::new_in(Path::Element("request.messages", index), "attributes", self.arena);
        let place = Place { otherwise: Otherwise::Text("text"), declared: true, ..place };
        let rest = match value {
            Val::Map(map) => self.object(place, &mut message, map)?,
            Val::Str(_) => self.text_or_keep(place, &mut message, value)?,
            _ => {
                self.record_whole(&message, value);
                return Ok(());
            }
        };
        if !role.is_empty() {
            message.set("role", Val::Str(role));
        }
        if !message.has_text() {
            message.set("text", Val::Str(""));
        }
        let finished = message.finish(rest, self.arena);
        if let (Some(Val::Str("system" | "developer")), Some(Val::Str(text))) =
            (finished.get_str("role"), finished.get_str("text"))
            && !text.is_empty()
        {
            self.system.push(text);
        }
        if let Some(place) = self.messages.get_mut(index) {
            *place = Val::Map(finished);
        }
        Ok(())
    }

    fn tool(&mut self, place: Place<'a, '_>, value: Val<'a>) -> Result<(), InputError> {
        let index = self.tools.len();
        self.tools.push(value);
        let mut tool = Record::new_in(Path::Element("request.tools", index), "attributes", self.arena);
        let Val::Map(map) = value else {
            self.record_whole(&tool, value);
            return Ok(());
        };
        let rest = self.object(Place { otherwise: Otherwise::Keep, ..place }, &mut tool, map)?;
        if self.digests {
            tool.set("schema_digest", Val::Str(digest(value, self.arena)));
        }
        if let Some(place) = self.tools.get_mut(index) {
            *place = Val::Map(tool.finish(rest, self.arena));
        }
        Ok(())
    }

    fn tool_call(&mut self, place: Place<'a, '_>, value: Val<'a>) -> Result<(), InputError> {
        let index = self.tool_calls.len();
        self.tool_calls.push(value);
        let mut call = Record::new_in(Path::Element("response.tool_calls", index), "attributes", self.arena);
        let Val::Map(map) = value else {
            self.record_whole(&call, value);
            return Ok(());
        };
        let rest = self.object(Place { otherwise: Otherwise::Keep, ..place }, &mut call, map)?;
        if let Some(place) = self.tool_calls.get_mut(index) {
            *place = Val::Map(call.finish(rest, self.arena));
        }
        Ok(())
    }

    fn place<'p>(&self, node: Option<&'a Node>) -> Place<'a, 'p> {
        Place { node, variant: None, declared: false, otherwise: Otherwise::Keep, deep: None }
    }

    #[cold]
    fn enter_traced(&mut self, step: Step) {
        if let Some(trace) = &mut self.trace {
            trace.at.push(step);
        }
    }

    fn enter(&mut self, step: impl FnOnce() -> Step) {
        if self.trace.is_some() {
            self.enter_traced(step());
        }
    }

    fn leave(&mut self) {
        if let Some(trace) = &mut self.trace {
            trace.at.pop();
        }
    }
}

fn refuse(message: String, offset: Option<usize>) -> InputError {
    InputError { message, offset }
}

/// The media type that stands beside media.
fn mime(parent: Option<Map<'_>>) -> Option<&str> {
    let names = ["media_type", "mime_type", "mimeType", "mediaType"];
    names.iter().find_map(|name| match parent?.get_str(name) {
        Some(Val::Str(mime)) => Some(mime),
        _ => None,
    })
}
