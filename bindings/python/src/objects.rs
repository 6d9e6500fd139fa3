//! What a Python object is to a context.
//!
//! Plain `dict`, `list`, `tuple`, `str`, `int`, `float`, `bool` and `None` are read without running Python code. Their subclasses may
//! see things differently than their storage does, so lists are iterated and mappings asked for their items, as the host's own code
//! would do; text and numbers are what they hold. Dataclasses and pydantic models are read field by field.

use std::collections::HashSet;

use llm_policy_embed::input::InputError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple, PyType};
use pyo3::{Borrowed, ffi, intern};

/// Why an object cannot be read.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What is wrong: lower case, no full stop.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: Option<String>,
    /// Where: the innermost step first.
    path: Vec<String>,
    /// What Python code raised.
    pub(crate) raised: Option<PyErr>,
}

pub(crate) type Result<T> = std::result::Result<T, Box<Fault>>;

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Box<Self> {
        Box::new(Self { message: message.into(), help: None, path: Vec::new(), raised: None })
    }

    fn with_help(mut self: Box<Self>, help: &str) -> Box<Self> {
        self.help = Some(help.to_owned());
        self
    }

    /// The fault of what stands in the field `name`.
    pub(crate) fn in_field(mut self: Box<Self>, name: &str) -> Box<Self> {
        let name: String = name.chars().take(60).collect();
        self.path.push(format!(".{}", name.escape_debug()));
        self
    }

    /// The fault of what stands at this place of a list.
    pub(crate) fn at(mut self: Box<Self>, index: usize) -> Box<Self> {
        self.path.push(format!("[{index}]"));
        self
    }

    /// What is wrong, and where.
    pub(crate) fn text(&self) -> String {
        if self.path.is_empty() {
            return self.message.clone();
        }
        /// So many steps are shown.
        const SHOWN: usize = 12;
        let mut path: String = self.path.iter().rev().take(SHOWN).map(String::as_str).collect();
        if self.path.len() > SHOWN {
            path.push('…');
        }
        format!("`{}`: {}", path.strip_prefix('.').unwrap_or(&path), self.message)
    }
}

impl From<InputError> for Box<Fault> {
    fn from(error: InputError) -> Self {
        Fault::new(error.message)
    }
}

impl From<PyErr> for Box<Fault> {
    /// Something that Python code raised while it was asked.
    fn from(error: PyErr) -> Self {
        let kind = Python::attach(|py| error.get_type(py).name().map(|name| name.to_string()));
        let kind = kind.unwrap_or_else(|_| "an exception".to_owned());
        let mut fault = Fault::new(format!("reading it raised {kind}"));
        fault.raised = Some(error);
        fault
    }
}

/// What an object is.
pub(crate) enum Kind<'a, 'py> {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond `i64`.
    Uint(u64),
    Double(f64),
    Text(Borrowed<'a, 'py, PyString>),
    List(Items<'a, 'py>),
    Object(Fields<'a, 'py>),
}

/// The elements of a list.
pub(crate) enum Items<'a, 'py> {
    List(Borrowed<'a, 'py, PyList>),
    Tuple(Borrowed<'a, 'py, PyTuple>),
    /// A subclass of one of these.
    Iterated(Borrowed<'a, 'py, PyAny>),
}

/// The fields of an object.
pub(crate) enum Fields<'a, 'py> {
    Dict(Borrowed<'a, 'py, PyDict>),
    /// Any other mapping.
    Mapping(Borrowed<'a, 'py, PyAny>),
    /// An object whose attributes with these names are its fields, and perhaps a `dict` of further ones.
    Attributes {
        object: Borrowed<'a, 'py, PyAny>,
        names: Bound<'py, PyAny>,
        more: Option<Bound<'py, PyAny>>,
    },
}

/// Where the value of a field is.
pub(crate) enum Place<'f, 'py> {
    Here(Bound<'py, PyAny>),
    Attribute(Borrowed<'f, 'py, PyAny>, Borrowed<'f, 'py, PyString>),
}

impl<'py> Place<'_, 'py> {
    pub(crate) fn value(self) -> Result<Bound<'py, PyAny>> {
        match self {
            Self::Here(value) => Ok(value),
            Self::Attribute(object, name) => Ok(object.getattr(name)?),
        }
    }
}

/// The kind of `object`.
pub(crate) fn kind<'a, 'py>(object: Borrowed<'a, 'py, PyAny>) -> Result<Kind<'a, 'py>> {
    // Exact types first: they are what contexts are made of.
    if let Ok(text) = object.cast_exact::<PyString>() {
        return Ok(Kind::Text(text));
    }
    if let Ok(dict) = object.cast_exact::<PyDict>() {
        return Ok(Kind::Object(Fields::Dict(dict)));
    }
    if object.is_none() {
        return Ok(Kind::Null);
    }
    if let Ok(bool) = object.cast_exact::<PyBool>() {
        return Ok(Kind::Bool(bool.is_true()));
    }
    if let Ok(list) = object.cast_exact::<PyList>() {
        return Ok(Kind::List(Items::List(list)));
    }
    if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        return Ok(Kind::List(Items::Tuple(tuple)));
    }
    if let Ok(int) = object.cast::<PyInt>() {
        return whole(&int);
    }
    if let Ok(float) = object.cast::<PyFloat>() {
        return Ok(Kind::Double(float.value()));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Kind::Text(text));
    }
    other(object)
}

/// A whole number.
fn whole<'a, 'py>(int: &Bound<'py, PyInt>) -> Result<Kind<'a, 'py>> {
    let mut overflow = 0;
    #[expect(unsafe_code, reason = "PyO3 has no call that tells overflow from an error without raising")]
    // SAFETY: `int` is an int, and the place for the overflow is ours.
    let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(int.as_ptr(), &raw mut overflow) };
    match overflow {
        0 if value == -1 && PyErr::occurred(int.py()) => Err(PyErr::fetch(int.py()).into()),
        0 => Ok(Kind::Int(value)),
        1.. => int.extract::<u64>().map(Kind::Uint).map_err(|_| too_large()),
        _ => Err(too_large()),
    }
}

#[cold]
fn too_large() -> Box<Fault> {
    Fault::new("a whole number of more than 64 bits")
        .with_help("write it as text, or as a float if it need not be exact")
}

#[cold]
fn other<'a, 'py>(object: Borrowed<'a, 'py, PyAny>) -> Result<Kind<'a, 'py>> {
    let py = object.py();
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        return Ok(Kind::List(Items::Iterated(object)));
    }
    if object.cast::<PyMapping>().is_ok() {
        return Ok(Kind::Object(Fields::Mapping(object)));
    }
    let class = object.get_type();
    if let Some(fields) = class.getattr_opt(intern!(py, "__pydantic_fields__"))? {
        let names = PyList::empty(py);
        let computed = class.getattr_opt(intern!(py, "__pydantic_computed_fields__"))?;
        for group in [Some(fields), computed].into_iter().flatten() {
            for name in group.try_iter()? {
                names.append(name?)?;
            }
        }
        let more = object.getattr_opt(intern!(py, "__pydantic_extra__"))?.filter(|more| !more.is_none());
        return Ok(Kind::Object(Fields::Attributes { object, names: names.into_any(), more }));
    }
    // The class of a dataclass has its fields, too, but no values.
    if !object.is_instance_of::<PyType>() && class.hasattr(intern!(py, "__dataclass_fields__"))? {
        static FIELDS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let names = PyList::empty(py);
        for field in FIELDS.import(py, "dataclasses", "fields")?.call1((object,))?.try_iter()? {
            names.append(field?.getattr(intern!(py, "name"))?)?;
        }
        return Ok(Kind::Object(Fields::Attributes { object, names: names.into_any(), more: None }));
    }
    let name = class.qualname().map_or_else(|_| "an unknown type".to_owned(), |name| name.to_string());
    Err(Fault::new(format!("a value of type `{name}`, which a context cannot hold")).with_help(match &*name {
        "set" | "frozenset" => "a set has no order: write `sorted(value)`",
        "datetime" | "date" => "write `value.isoformat()`",
        "Decimal" => "write `float(value)`, or `str(value)` if it must be exact",
        "bytes" | "bytearray" => "decode it to text",
        "UUID" => "write `str(value)`",
        _ => "a context holds dict, Mapping, dataclass, pydantic model, list, tuple, str, int, float, bool and None",
    }))
}

type Visit<'v, 'py> = dyn FnMut(&Bound<'py, PyString>, Place<'_, 'py>) -> Result<()> + 'v;

impl<'py> Items<'_, 'py> {
    /// Calls `visit` with each element and its place.
    pub(crate) fn each(&self, mut visit: impl FnMut(usize, Borrowed<'_, 'py, PyAny>) -> Result<()>) -> Result<()> {
        match self {
            // Asked one by one: a list may become shorter while it is read.
            Self::List(list) => {
                let mut at = 0;
                while at < list.len() {
                    visit(at, list.get_item(at)?.as_borrowed()).map_err(|fault| fault.at(at))?;
                    at += 1;
                }
            }
            Self::Tuple(tuple) => {
                for (at, item) in tuple.iter_borrowed().enumerate() {
                    visit(at, item).map_err(|fault| fault.at(at))?;
                }
            }
            Self::Iterated(list) => {
                for (at, item) in list.try_iter()?.enumerate() {
                    visit(at, item?.as_borrowed()).map_err(|fault| fault.at(at))?;
                }
            }
        }
        Ok(())
    }
}

impl<'py> Fields<'_, 'py> {
    /// Calls `visit` with each field's name and the place of its value. A name that is there twice is refused: it can be, where
    /// names are not plain text.
    pub(crate) fn each(
        &self,
        mut visit: impl FnMut(&Bound<'py, PyString>, Place<'_, 'py>) -> Result<()>,
    ) -> Result<()> {
        match self {
            Self::Dict(dict) => each_of_dict(*dict, visit),
            Self::Mapping(mapping) => {
                let mut names = HashSet::new();
                for item in mapping.call_method0(intern!(mapping.py(), "items"))?.try_iter()? {
                    let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item?
                        .extract()
                        .map_err(|_: PyErr| Fault::new("a mapping whose `items()` gives something else than pairs"))?;
                    let name = name(&key)?;
                    let text = name.to_str().map_err(|_| surrogate())?;
                    if !names.insert(text.to_owned()) {
                        return Err(InputError::repeated(text, None).into());
                    }
                    visit(name, Place::Here(value))?;
                }
                Ok(())
            }
            Self::Attributes { object, names, more } => {
                let mut seen = HashSet::new();
                for key in names.try_iter()? {
                    let key = key?;
                    let name = name(&key)?;
                    seen.insert(name.to_string());
                    visit(name, Place::Attribute(*object, name.as_borrowed()))?;
                }
                let Some(more) = more else { return Ok(()) };
                let Kind::Object(fields) = kind(more.as_borrowed())? else { return Ok(()) };
                // As a `dyn`, or the function would be made for a closure in a closure, without end.
                let visit: &mut Visit<'_, 'py> = &mut |name, place| match seen.contains(&*name.to_string_lossy()) {
                    true => Err(InputError::repeated(&name.to_string_lossy(), None).into()),
                    false => visit(name, place),
                };
                fields.each(visit)
            }
        }
    }
}

fn each_of_dict<'py>(
    dict: Borrowed<'_, 'py, PyDict>,
    mut visit: impl FnMut(&Bound<'py, PyString>, Place<'_, 'py>) -> Result<()>,
) -> Result<()> {
    with_critical_section(&dict, || {
        let py = dict.py();
        let length = dict.len();
        let mut at = 0;
        let mut checked = false;
        loop {
            let (mut key, mut value) = (std::ptr::null_mut(), std::ptr::null_mut());
            // SAFETY: `dict` is a dict, which the critical section holds where there is no GIL; the three places are ours. The two
            // objects are the dict's, so they are counted before anything else can run.
            #[expect(unsafe_code, reason = "PyO3's own iterator is slower here, and panics when a dict changes")]
            let (key, value) = unsafe {
                if ffi::PyDict_Next(dict.as_ptr(), &raw mut at, &raw mut key, &raw mut value) == 0 {
                    return Ok(());
                }
                (Bound::from_borrowed_ptr(py, key), Bound::from_borrowed_ptr(py, value))
            };
            let name = name(&key)?;
            if !checked && !name.is_exact_instance_of::<PyString>() {
                unique(dict)?;
                checked = true;
            }
            visit(name, Place::Here(value))?;
            // Only Python code that runs while a value is read can do that.
            if dict.len() != length {
                return Err(Fault::new("a dict that changes while it is read"));
            }
        }
    })
}

/// Refuses a dict in which a text is a key twice. Subclasses of `str` may compare otherwise than their texts do.
#[cold]
fn unique(dict: Borrowed<'_, '_, PyDict>) -> Result<()> {
    let mut names = HashSet::new();
    for key in dict.keys() {
        let text = name(&key)?.to_str().map_err(|_| surrogate())?.to_owned();
        if names.contains(&text) {
            return Err(InputError::repeated(&text, None).into());
        }
        names.insert(text);
    }
    Ok(())
}

fn name<'k, 'py>(key: &'k Bound<'py, PyAny>) -> Result<&'k Bound<'py, PyString>> {
    key.cast::<PyString>().map_err(|_| {
        let name = key.get_type().name().map_or_else(|_| "another type".to_owned(), |name| name.to_string());
        Fault::new(format!("a key of type `{name}`: keys are text"))
    })
}

#[cold]
pub(crate) fn surrogate() -> Box<Fault> {
    Fault::new("text with half of a surrogate pair, which no JSON can hold")
}
