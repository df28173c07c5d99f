//! Which part of a record becomes which column.

use model::{Fault, Type};

use super::cell;
use super::path::{Path, Step};
use super::{Column, Format};

/// Where a column's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nowhere: null.
    Missing,
    /// The field of this number, from 0.
    Ordinal(usize),
    /// A value inside a JSON record; `head` is the number of its first key among the layout's.
    Path { head: Option<usize>, path: Path },
    /// The same text for every record.
    Constant(String),
    /// The line the record starts in, from 1.
    LineNumber,
    /// What the caller calls the file.
    Location,
}

/// What happens to a value before it is read as its column's type (Kusto: mapping
/// transformations).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transform {
    /// A number counting so many nanoseconds each since 1970 becomes a datetime.
    UnixTime(i64),
    /// An array of bags becomes one bag.
    BagArray,
}

/// One column and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub column: Column,
    pub source: Source,
    pub transform: Option<Transform>,
}

/// The sources of all columns, in the order of the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub(super) bindings: Vec<Binding>,
    /// The first keys of all paths, each once.
    pub(super) heads: Vec<String>,
    /// Whether no mapping says what is wanted of a record: then all of it is.
    pub(super) is_identity: bool,
}

/// Why columns and sources do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    #[error("the mapping's column `{name}` is not in the table")]
    UnknownColumn { name: String },
    #[error("the constant `{text}` is not a {ty}, which column `{name}` is")]
    Constant { name: String, ty: Type, text: String },
    #[error("the mapping of column `{name}` has an `Ordinal`: records of `{format}` have a `Path`")]
    NeedsPath { name: String, format: &'static str },
    #[error("the mapping of column `{name}` has a `Path`: records of `{format}` have an `Ordinal`")]
    NeedsOrdinal { name: String, format: &'static str },
}

impl LayoutError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        Fault::Caller
    }
}

impl Layout {
    /// Fields in the order of the columns, JSON members by their names (Kusto: identity mapping).
    pub fn identity(columns: &[Column], format: Format) -> Layout {
        let source = |(at, column): (usize, &Column)| match format.is_json() {
            false => Source::Ordinal(at),
            true => Source::Path { head: None, path: Path(vec![Step::Key(column.name.clone())]) },
        };
        let sources = columns.iter().enumerate().map(source).collect();
        Layout { is_identity: true, ..Layout::of(columns, sources) }
    }

    /// Fields by the names of a header; columns it does not name are null.
    pub fn by_header(columns: &[Column], names: &[String]) -> Layout {
        let source = |column: &Column| {
            let at = names.iter().position(|name| *name == column.name);
            at.map_or(Source::Missing, Source::Ordinal)
        };
        Layout::of(columns, columns.iter().map(source).collect())
    }

    fn of(columns: &[Column], sources: Vec<Source>) -> Layout {
        let bindings = columns.iter().zip(sources).map(|(column, source)| Binding {
            column: column.clone(),
            source,
            transform: None,
        });
        Layout::new(bindings.collect())
    }

    /// Joins paths that start with the same key.
    pub(super) fn new(mut bindings: Vec<Binding>) -> Layout {
        let mut heads: Vec<String> = Vec::new();
        for binding in &mut bindings {
            let Source::Path { head, path } = &mut binding.source else { continue };
            let Some(key) = path.head() else { continue };
            let known = heads.iter().position(|known| known == key);
            *head = Some(known.unwrap_or_else(|| {
                heads.push(key.to_owned());
                heads.len() - 1
            }));
        }
        Layout { bindings, heads, is_identity: false }
    }

    /// Checks that constants fit and that sources are of the kind `format` has.
    pub(super) fn check(self, format: Format) -> Result<Layout, LayoutError> {
        for binding in &self.bindings {
            let (name, ty) = (binding.column.name.clone(), binding.column.ty);
            match &binding.source {
                Source::Constant(text)
                    if cell::from_text(ty, text, &mut String::new()).is_none() =>
                {
                    let text = text.chars().take(64).collect();
                    return Err(LayoutError::Constant { name, ty, text });
                }
                Source::Ordinal(_) if format.is_json() => {
                    return Err(LayoutError::NeedsPath { name, format: format.name() });
                }
                Source::Path { .. } if !format.is_json() => {
                    return Err(LayoutError::NeedsOrdinal { name, format: format.name() });
                }
                _ => {}
            }
        }
        Ok(self)
    }

    /// The columns rows have.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.bindings.iter().map(|binding| &binding.column)
    }

    /// How many fields of a delimited record the columns take at most.
    pub(super) fn fields_used(&self) -> usize {
        let used = self.bindings.iter().map(|binding| match binding.source {
            Source::Ordinal(at) => at + 1,
            _ => 0,
        });
        used.max().unwrap_or(0)
    }
}
