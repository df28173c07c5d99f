//! Columns of a table as `name:type,…`.

use model::{Fault, Type};

/// One column rows are read into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub ty: Type,
}

/// Longest name of a column, in characters (Kusto: entity names).
pub const NAME_CHARS_MAX: usize = 1024;

/// Why a text is no schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    #[error("`{part}` is not a column: write `name:type`")]
    Form { part: String },
    #[error(
        "`{ty}` of column `{name}` is not a type: use bool, int, long, real, decimal, string, \
         datetime, timespan, guid or dynamic"
    )]
    Type { name: String, ty: String },
    #[error("the schema names column `{name}` twice")]
    Twice { name: String },
    #[error("the schema has no column")]
    Empty,
    #[error("a column's name is longer than {NAME_CHARS_MAX} characters")]
    Long,
}

impl SchemaError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        Fault::Caller
    }
}

/// Reads `name:type,…`; a name may stand in brackets and quotes (`['a b']:long`), and round
/// brackets may stand around everything.
///
/// # Errors
/// See [`SchemaError`].
pub fn parse_schema(text: &str) -> Result<Vec<Column>, SchemaError> {
    let text = text.trim();
    let mut rest = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(text).trim();
    let mut columns: Vec<Column> = Vec::new();
    while !rest.is_empty() {
        let form = || SchemaError::Form { part: rest.chars().take(64).collect() };
        let (name, after) = name(rest).ok_or_else(form)?;
        let after = after.trim_start().strip_prefix(':').ok_or_else(form)?;
        let (ty, next) = after.split_once(',').unwrap_or((after, ""));
        let ty = ty.trim();
        let Some(found) = Type::from_name(ty) else {
            return Err(SchemaError::Type { name, ty: ty.chars().take(64).collect() });
        };
        if name.chars().count() > NAME_CHARS_MAX {
            return Err(SchemaError::Long);
        }
        if columns.iter().any(|column| column.name == name) {
            return Err(SchemaError::Twice { name });
        }
        columns.push(Column { name, ty: found });
        rest = next.trim_start();
    }
    if columns.is_empty() { Err(SchemaError::Empty) } else { Ok(columns) }
}

/// The name at the start and what follows it.
fn name(text: &str) -> Option<(String, &str)> {
    let (name, rest) = match text.strip_prefix('[') {
        Some(inside) => {
            let inside = inside.trim_start();
            let quote = inside.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let (name, rest) = inside[1..].split_once(quote)?;
            (name, rest.trim_start().strip_prefix(']')?)
        }
        None => {
            let end = text.find([':', ','])?;
            (text[..end].trim(), &text[end..])
        }
    };
    (!name.is_empty()).then(|| (name.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_read() {
        let columns = parse_schema("(at:datetime, ['a, b:c'] : long,name:string)").unwrap();
        let shown: Vec<String> = columns.iter().map(|c| format!("{}={}", c.name, c.ty)).collect();
        assert_eq!(shown, ["at=datetime", "a, b:c=long", "name=string"]);
    }

    #[test]
    fn what_is_wrong_with_a_schema_is_said() {
        for (text, want) in [
            ("", "the schema has no column"),
            ("a", "`a` is not a column: write `name:type`"),
            ("a:long,:int", "`:int` is not a column: write `name:type`"),
            ("['a:long", "`['a:long` is not a column: write `name:type`"),
            ("a:long,a:int", "the schema names column `a` twice"),
            (
                "a:text",
                "`text` of column `a` is not a type: use bool, int, long, real, decimal, string, \
                 datetime, timespan, guid or dynamic",
            ),
        ] {
            assert_eq!(parse_schema(text).unwrap_err().to_string(), want, "{text}");
        }
    }
}
