//! Ingestion mappings in Kusto's JSON: which field or path becomes which column.
//!
//! Read in every spelling the vendor's pages and SDKs have used: members in any letter case,
//! `Properties` as an object or its members beside `Column`, `Name` for `Column`, numbers as texts.

use model::{Fault, Type};

use super::layout::{Binding, Layout, LayoutError, Source, Transform};
use super::path::Path;
use super::{Column, Format};
use crate::json::{Kind, Reader, Tape, Value};
use crate::scalar;

/// Longest mapping read, in bytes.
const BYTES_MAX: usize = 1 << 20;

/// Why a text is no mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    #[error("the mapping must be a JSON array of objects of at most {BYTES_MAX} bytes")]
    NotJson,
    #[error("element {number} of the mapping names no column")]
    NoColumn {
        /// From 1.
        number: usize,
    },
    #[error("the mapping names column `{name}` twice")]
    Twice { name: String },
    #[error("`{ty}` of column `{name}` is not a type")]
    Type { name: String, ty: String },
    #[error("`Ordinal` of column `{name}` must be a whole number from 0")]
    Ordinal { name: String },
    #[error(
        "path `{path}` of column `{name}` is not supported: use `$`, `.name`, `['name']` and `[n]`"
    )]
    Path { name: String, path: String },
    #[error("transform `{transform}` of column `{name}` is not supported")]
    Transform { name: String, transform: String },
    #[error("the mapping of column `{name}` needs an `Ordinal`, a `Path` or a `ConstValue`")]
    NoSource { name: String },
    #[error("the mapping is empty")]
    Empty,
}

impl MappingError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        Fault::Caller
    }
}

/// One element: a column, its type when given, its source.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Element {
    name: String,
    ty: Option<Type>,
    source: Source,
    transform: Option<Transform>,
}

/// A mapping that was read; bound to a table's columns by [`Mapping::layout`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    elements: Vec<Element>,
}

impl Mapping {
    /// Reads the JSON text of a mapping.
    ///
    /// # Errors
    /// See [`MappingError`].
    pub fn parse(text: &str) -> Result<Mapping, MappingError> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let mut tape = Tape::default();
        let end = Reader::new(text, 0).read(&mut tape, BYTES_MAX);
        if end != Ok(text.len()) || tape.root().kind() != Kind::Array {
            return Err(MappingError::NotJson);
        }
        let mut elements: Vec<Element> = Vec::new();
        for (at, value) in tape.root().elements().enumerate() {
            let element = element(value, at + 1)?;
            if elements.iter().any(|known| known.name == element.name) {
                return Err(MappingError::Twice { name: element.name });
            }
            elements.push(element);
        }
        if elements.is_empty() { Err(MappingError::Empty) } else { Ok(Mapping { elements }) }
    }

    /// The columns of a table made for this mapping; those without a type are strings.
    pub fn columns(&self) -> Vec<Column> {
        let column = |element: &Element| Column {
            name: element.name.clone(),
            ty: element.ty.unwrap_or(Type::String),
        };
        self.elements.iter().map(column).collect()
    }

    /// The sources of a table's columns; columns the mapping does not name are null.
    ///
    /// # Errors
    /// When the mapping names a column the table does not have, or does not go with the format.
    pub fn layout(&self, columns: &[Column], format: Format) -> Result<Layout, LayoutError> {
        let unknown = |e: &&Element| columns.iter().all(|column| column.name != e.name);
        if let Some(element) = self.elements.iter().find(unknown) {
            return Err(LayoutError::UnknownColumn { name: element.name.clone() });
        }
        let bind = |column: &Column| {
            let found = self.elements.iter().find(|element| element.name == column.name);
            Binding {
                column: column.clone(),
                source: found.map_or(Source::Missing, |element| element.source.clone()),
                transform: found.and_then(|element| element.transform),
            }
        };
        Layout::new(columns.iter().map(bind).collect()).check(format)
    }

    /// The file's column each of a table's columns comes from, for formats whose records have
    /// named columns (Parquet): a path of one key.
    ///
    /// # Errors
    /// When the mapping names a column the table does not have.
    pub fn fields(&self, columns: &[Column]) -> Result<Vec<Option<String>>, LayoutError> {
        let layout = self.layout(columns, Format::Json)?;
        let field = |binding: &Binding| match &binding.source {
            Source::Path { path, .. } if path.0.len() == 1 && binding.transform.is_none() => {
                path.head().map(str::to_owned)
            }
            _ => None,
        };
        Ok(layout.bindings.iter().map(field).collect())
    }
}

fn member<'t, 'a>(value: Value<'t, 'a>, names: &[&str]) -> Option<Value<'t, 'a>> {
    let is_named = |key: &str| names.iter().any(|name| name.eq_ignore_ascii_case(key));
    value.members().find(|(key, value)| is_named(key) && !value.is_null()).map(|(_, value)| value)
}

fn element(value: Value<'_, '_>, number: usize) -> Result<Element, MappingError> {
    if !value.is_object() {
        return Err(MappingError::NotJson);
    }
    let text = |names: &[&str]| {
        let properties = member(value, &["Properties"]);
        let inside = properties.and_then(|properties| member(properties, names));
        inside.or_else(|| member(value, names)).and_then(|v| scalar::text(v)).map(String::from)
    };
    let name = member(value, &["Column", "Name"]).and_then(scalar::text).map(String::from);
    let name = name.filter(|n| !n.is_empty()).ok_or(MappingError::NoColumn { number })?;
    let ty = match text(&["DataType", "CslDataType"]).filter(|ty| !ty.is_empty()) {
        None => None,
        Some(ty) => match Type::from_name(&ty.to_ascii_lowercase()) {
            Some(found) => Some(found),
            None => return Err(MappingError::Type { name, ty }),
        },
    };
    let transform = text(&["Transform"]).filter(|t| !t.is_empty() && t != "None");
    let constant = text(&["ConstValue", "ConstantValue"]);
    let ordinal = text(&["Ordinal"]);
    let path = text(&["Path"]).filter(|path| !path.is_empty());
    let field = text(&["Field"]).filter(|field| !field.is_empty());
    let (of_record, change) = transform_of(transform.as_deref(), &name)?;
    let source = if let Some(source) = of_record {
        source
    } else if let Some(constant) = constant {
        Source::Constant(constant)
    } else if let Some(path) = path {
        if path.starts_with('$') {
            let Some(path) = Path::parse(&path) else {
                return Err(MappingError::Path { name, path });
            };
            Source::Path { head: None, path }
        } else {
            // The vendor reads a path that does not start at the record as a constant.
            Source::Constant(path)
        }
    } else if let Some(field) = field {
        Source::Path { head: None, path: Path(vec![super::path::Step::Key(field)]) }
    } else if let Some(ordinal) = ordinal {
        let Ok(at) = ordinal.trim().parse() else { return Err(MappingError::Ordinal { name }) };
        Source::Ordinal(at)
    } else {
        return Err(MappingError::NoSource { name });
    };
    // A constant is what it says already.
    let transform = change.filter(|_| !matches!(source, Source::Constant(_)));
    Ok(Element { name, ty, source, transform })
}

/// A transform is either a source of its own or changes a value.
fn transform_of(
    transform: Option<&str>,
    name: &str,
) -> Result<(Option<Source>, Option<Transform>), MappingError> {
    let change = match transform {
        None => return Ok((None, None)),
        Some("SourceLineNumber") => return Ok((Some(Source::LineNumber), None)),
        Some("SourceLocation") => return Ok((Some(Source::Location), None)),
        Some("DateTimeFromUnixSeconds") => Transform::UnixTime(1_000_000_000),
        Some("DateTimeFromUnixMilliseconds") => Transform::UnixTime(1_000_000),
        Some("DateTimeFromUnixMicroseconds") => Transform::UnixTime(1_000),
        Some("DateTimeFromUnixNanoseconds") => Transform::UnixTime(1),
        Some("PropertyBagArrayToDictionary") => Transform::BagArray,
        Some(other) => {
            let transform = other.chars().take(64).collect();
            return Err(MappingError::Transform { name: name.to_owned(), transform });
        }
    };
    Ok((None, Some(change)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_vendor_is_read() {
        let text = r#"[
            {"column": "a", "path": "$.x.y", "datatype": "long"},
            {"Column": "b", "Properties": {"Ordinal": "3"}},
            {"Name": "c", "DataType": "String", "Ordinal": 4},
            {"Column": "d", "Properties": {"ConstValue": "2024-01-01"}},
            {"Column": "e", "DataType": "", "Properties": {"Path": "fixed"}},
            {"Column": "f", "Properties": {"Transform": "SourceLineNumber"}},
            {"Column": "g", "Properties": {"Path": "$.t", "Transform": "DateTimeFromUnixSeconds"}},
            {"Column": "h", "Properties": {"Field": "x"}}
        ]"#;
        let mapping = Mapping::parse(text).unwrap();
        let sources: Vec<&Source> = mapping.elements.iter().map(|e| &e.source).collect();
        let path = |text| Source::Path { head: None, path: Path::parse(text).unwrap() };
        assert_eq!(
            sources,
            [
                &path("$.x.y"),
                &Source::Ordinal(3),
                &Source::Ordinal(4),
                &Source::Constant("2024-01-01".to_owned()),
                &Source::Constant("fixed".to_owned()),
                &Source::LineNumber,
                &path("$.t"),
                &path("$.x"),
            ]
        );
        assert_eq!(mapping.elements[6].transform, Some(Transform::UnixTime(1_000_000_000)));
        let types: Vec<Type> = mapping.columns().iter().map(|c| c.ty).take(3).collect();
        assert_eq!(types, [Type::Long, Type::String, Type::String]);
    }

    #[test]
    fn what_is_wrong_with_a_mapping_is_said() {
        for (text, want) in [
            ("{}", "the mapping must be a JSON array of objects of at most 1048576 bytes"),
            ("[1]", "the mapping must be a JSON array of objects of at most 1048576 bytes"),
            ("[]", "the mapping is empty"),
            ("[{}]", "element 1 of the mapping names no column"),
            (
                r#"[{"Column":"a"}]"#,
                "the mapping of column `a` needs an `Ordinal`, a `Path` or a `ConstValue`",
            ),
            (r#"[{"Column":"a","DataType":"x","Path":"$"}]"#, "`x` of column `a` is not a type"),
            (
                r#"[{"Column":"a","Ordinal":"x"}]"#,
                "`Ordinal` of column `a` must be a whole number from 0",
            ),
            (
                r#"[{"Column":"a","Path":"$..x"}]"#,
                "path `$..x` of column `a` is not supported: use `$`, `.name`, `['name']` and \
                 `[n]`",
            ),
            (
                r#"[{"Column":"a","Path":"$","Transform":"GetPathElement"}]"#,
                "transform `GetPathElement` of column `a` is not supported",
            ),
            (
                r#"[{"Column":"a","Path":"$"},{"Column":"a","Path":"$"}]"#,
                "the mapping names column `a` twice",
            ),
        ] {
            assert_eq!(Mapping::parse(text).unwrap_err().to_string(), want, "{text}");
        }
    }

    #[test]
    fn a_mapping_is_bound_to_columns_or_refused() {
        let columns = super::super::parse_schema("a:long,b:string").unwrap();
        let layout = |text: &str, format| Mapping::parse(text).unwrap().layout(&columns, format);
        let bound = layout(r#"[{"Column":"b","Ordinal":1}]"#, Format::Csv).unwrap();
        assert_eq!(bound.bindings[0].source, Source::Missing);
        assert_eq!(bound.bindings[1].source, Source::Ordinal(1));
        for (text, format, want) in [
            (
                r#"[{"Column":"c","Ordinal":1}]"#,
                Format::Csv,
                "the mapping's column `c` is not in the table",
            ),
            (
                r#"[{"Column":"a","ConstValue":"x"}]"#,
                Format::Csv,
                "the constant `x` is not a long, which column `a` is",
            ),
            (
                r#"[{"Column":"a","Path":"$.a"}]"#,
                Format::Tsv,
                "the mapping of column `a` has a `Path`: records of `tsv` have an `Ordinal`",
            ),
            (
                r#"[{"Column":"a","Ordinal":0}]"#,
                Format::Json,
                "the mapping of column `a` has an `Ordinal`: records of `json` have a `Path`",
            ),
        ] {
            assert_eq!(layout(text, format).unwrap_err().to_string(), want, "{text}");
        }
    }
}
