//! Which fields of a tree are meant.

use std::fmt;
use std::str::FromStr;

use super::json::Step;

/// Fields of a tree, by paths: `messages[].content` is the field `content` of every element of `messages` and all that is below it,
/// `messages[0]` the first element, `attributes.*` every field of `attributes`. A set without paths means the whole tree.
///
/// ```
/// use llm_policy_detect::redact::{Fields, Step};
///
/// let fields: Fields = "messages[].content, note".parse()?;
/// let path = |name: &str| [Step::Key("messages".into()), Step::Index(3), Step::Key(name.into())];
/// assert!(fields.covers(&path("content")));
/// assert!(!fields.covers(&path("role")));
/// # Ok::<(), llm_policy_detect::redact::BadPath>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    paths: Vec<Vec<Part>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Key(String),
    AnyKey,
    Index(usize),
    AnyIndex,
}

/// A path that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPath(String);

impl fmt::Display for BadPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is no path; paths are like `messages[].content`", self.0.escape_debug())
    }
}

impl std::error::Error for BadPath {}

impl Fields {
    /// The whole tree.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Adds a path.
    ///
    /// # Errors
    /// When it cannot be read as one.
    pub fn add(&mut self, path: &str) -> Result<(), BadPath> {
        self.paths.push(read(path).ok_or_else(|| BadPath(path.to_owned()))?);
        Ok(())
    }

    /// Whether the whole tree is meant.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether what stands at a path is meant: a path of the set is it, or lies above it.
    #[must_use]
    pub fn covers(&self, path: &[Step]) -> bool {
        self.is_all() || self.paths.iter().any(|parts| parts.len() <= path.len() && agree(parts, path))
    }

    /// Whether anything at, above or below a path is meant: for a place of which only the upper part is known.
    #[must_use]
    pub fn touches(&self, path: &[Step]) -> bool {
        self.is_all() || self.paths.iter().any(|parts| agree(parts, path))
    }
}

impl FromStr for Fields {
    type Err = BadPath;

    /// Reads paths with commas between them.
    fn from_str(paths: &str) -> Result<Self, BadPath> {
        let mut fields = Self::default();
        for path in paths.split(',') {
            fields.add(path.trim())?;
        }
        Ok(fields)
    }
}

/// Whether the steps that both have are the same.
fn agree(parts: &[Part], path: &[Step]) -> bool {
    parts.iter().zip(path).all(|(part, step)| match (part, step) {
        (Part::AnyKey, Step::Key(_)) | (Part::AnyIndex, Step::Index(_)) => true,
        (Part::Key(wanted), Step::Key(name)) => wanted == name,
        (Part::Index(wanted), Step::Index(index)) => wanted == index,
        _ => false,
    })
}

fn read(path: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for segment in path.split('.') {
        let (name, indexes) = segment.split_at(segment.find('[').unwrap_or(segment.len()));
        match name {
            _ if name.contains(']') => return None,
            "" if indexes.is_empty() || !parts.is_empty() => return None,
            "" => {}
            "*" => parts.push(Part::AnyKey),
            name => parts.push(Part::Key(name.to_owned())),
        }
        let mut rest = indexes;
        while !rest.is_empty() {
            let (index, behind) = rest.strip_prefix('[')?.split_once(']')?;
            parts.push(match index {
                "" | "*" => Part::AnyIndex,
                index => Part::Index(index.parse().ok()?),
            });
            rest = behind;
        }
    }
    Some(parts)
}

/// The steps of a path without wildcards, such as `request.messages[2].text`.
#[must_use]
pub fn steps(path: &str) -> Vec<Step> {
    let parts = read(path).unwrap_or_default().into_iter();
    parts
        .filter_map(|part| match part {
            Part::Key(name) => Some(Step::Key(name)),
            Part::Index(index) => Some(Step::Index(index)),
            Part::AnyKey | Part::AnyIndex => None,
        })
        .collect()
}
