//! KQL scalar types and the only mapping from them to Arrow types (spec kql.md §3, §13).

use arrow_schema::{DataType, TimeUnit};

/// A KQL scalar type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    Bool,
    Int,
    Long,
    Real,
    Decimal,
    String,
    DateTime,
    TimeSpan,
    Guid,
    Dynamic,
}

impl Type {
    pub const ALL: [Type; 10] = [
        Type::Bool,
        Type::Int,
        Type::Long,
        Type::Real,
        Type::Decimal,
        Type::String,
        Type::DateTime,
        Type::TimeSpan,
        Type::Guid,
        Type::Dynamic,
    ];

    /// The name KQL writes, lower case.
    pub fn name(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Long => "long",
            Type::Real => "real",
            Type::Decimal => "decimal",
            Type::String => "string",
            Type::DateTime => "datetime",
            Type::TimeSpan => "timespan",
            Type::Guid => "guid",
            Type::Dynamic => "dynamic",
        }
    }

    /// The type for a name as KQL accepts it in schemas and `typeof()`: also the old and .NET-like
    /// spellings (`double`, `boolean`, `date`, `time`, `int64`, `uuid`, …).
    pub fn from_name(name: &str) -> Option<Type> {
        Some(match name {
            "bool" | "boolean" => Type::Bool,
            "int" | "int32" | "uint" | "int8" | "uint8" | "int16" | "uint16" | "uint32" => {
                Type::Int
            }
            "long" | "int64" | "uint64" | "ulong" => Type::Long,
            "real" | "double" | "float" => Type::Real,
            "decimal" => Type::Decimal,
            "string" => Type::String,
            "datetime" | "date" => Type::DateTime,
            "timespan" | "time" => Type::TimeSpan,
            "guid" | "uuid" | "uniqueid" => Type::Guid,
            "dynamic" | "object" => Type::Dynamic,
            _ => return None,
        })
    }

    /// How values of this type lie in memory and in files.
    ///
    /// `dynamic` is JSON text (a string inside it is quoted JSON), `guid` is 36 lower-case
    /// characters, `decimal` is computed as a double (spec kql.md §3), times count nanoseconds.
    pub fn arrow(self) -> DataType {
        match self {
            Type::Bool => DataType::Boolean,
            Type::Int => DataType::Int32,
            Type::Long => DataType::Int64,
            Type::Real | Type::Decimal => DataType::Float64,
            Type::String | Type::Guid | Type::Dynamic => DataType::Utf8View,
            Type::DateTime => DataType::Timestamp(TimeUnit::Nanosecond, None),
            Type::TimeSpan => DataType::Duration(TimeUnit::Nanosecond),
        }
    }

    /// `int`, `long`, `real` and `decimal`.
    pub fn is_numeric(self) -> bool {
        matches!(self, Type::Int | Type::Long | Type::Real | Type::Decimal)
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
