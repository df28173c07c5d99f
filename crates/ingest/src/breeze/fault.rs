//! Why an item was refused: the reasons, and the texts clients are shown (spec ingestion.md §4.2).

use model::{AppId, Fault};

/// Why one item was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The text of the item is no JSON.
    NotJson,
    /// JSON, but not an object.
    NotObject,
    /// Nested deeper than 64 levels.
    TooDeep,
    /// More bytes of JSON than an item may have.
    ItemTooLong,
    /// Beyond the number of items a request may have.
    TooManyItems,
    /// No application has the item's instrumentation key.
    InvalidKey,
    /// A text longer than its field allows; strict mode only.
    FieldTooLong,
    /// A value that cannot be read as what its field holds.
    WrongType,
    /// A member the item cannot do without.
    Required,
    /// Before the time window.
    TooOld,
    /// After the time window.
    TooNew,
    /// A `baseType` that names no telemetry.
    UnknownType,
    /// A mistake of this server.
    Internal,
}

impl Reason {
    /// Every reason, for metrics that start at zero.
    pub const ALL: [Reason; 13] = [
        Reason::NotJson,
        Reason::NotObject,
        Reason::TooDeep,
        Reason::ItemTooLong,
        Reason::TooManyItems,
        Reason::InvalidKey,
        Reason::FieldTooLong,
        Reason::WrongType,
        Reason::Required,
        Reason::TooOld,
        Reason::TooNew,
        Reason::UnknownType,
        Reason::Internal,
    ];

    /// The stable name metrics use.
    pub fn name(self) -> &'static str {
        match self {
            Reason::NotJson => "not_json",
            Reason::NotObject => "not_object",
            Reason::TooDeep => "too_deep",
            Reason::ItemTooLong => "item_too_long",
            Reason::TooManyItems => "too_many_items",
            Reason::InvalidKey => "invalid_key",
            Reason::FieldTooLong => "field_too_long",
            Reason::WrongType => "wrong_type",
            Reason::Required => "required",
            Reason::TooOld => "too_old",
            Reason::TooNew => "too_new",
            Reason::UnknownType => "unknown_type",
            Reason::Internal => "internal",
        }
    }

    /// Whose fault it is.
    pub fn fault(self) -> Fault {
        match self {
            Reason::TooDeep | Reason::ItemTooLong | Reason::TooManyItems => Fault::Limit,
            Reason::Internal => Fault::Internal,
            _ => Fault::Caller,
        }
    }
}

/// One refused item of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFault {
    /// Position among the items received, from 0.
    pub index: usize,
    /// What the answer's entry states as `statusCode`.
    pub status: u16,
    /// The same reason for metrics and logs, which never show the message.
    pub reason: Reason,
    /// The text for the answer.
    pub message: String,
    /// Whose item it would have been; `None` when that could not be told.
    pub app: Option<AppId>,
}

/// A refusal before it has an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub reason: Reason,
    pub message: String,
}

impl Refusal {
    fn new(reason: Reason, message: impl Into<String>) -> Refusal {
        Refusal { reason, message: message.into() }
    }

    pub fn at(self, index: usize) -> ItemFault {
        let status = if self.reason == Reason::Internal { 500 } else { 400 };
        ItemFault { index, status, reason: self.reason, message: self.message, app: None }
    }

    pub fn not_json() -> Refusal {
        Refusal::new(Reason::NotJson, "Telemetry item is not valid JSON")
    }

    pub fn not_object() -> Refusal {
        Refusal::new(Reason::NotObject, "Telemetry item must be a JSON object")
    }

    pub fn too_deep() -> Refusal {
        let depth_max = crate::json::DEPTH_MAX;
        Refusal::new(
            Reason::TooDeep,
            format!("Telemetry item must not be nested deeper than {depth_max} levels"),
        )
    }

    pub fn item_too_long(bytes_max: usize) -> Refusal {
        Refusal::new(
            Reason::ItemTooLong,
            format!("Telemetry item length must not exceed {bytes_max}"),
        )
    }

    pub fn too_many_items(items_max: usize) -> Refusal {
        Refusal::new(
            Reason::TooManyItems,
            format!("A request must not have more than {items_max} telemetry items"),
        )
    }

    pub fn invalid_key() -> Refusal {
        Refusal::new(Reason::InvalidKey, "Invalid instrumentation key")
    }

    pub fn internal() -> Refusal {
        Refusal::new(Reason::Internal, "Internal error")
    }

    pub fn too_long(ty: &str, field: &str, units_max: usize, units: usize) -> Refusal {
        Refusal::new(
            Reason::FieldTooLong,
            format!(
                "100: Field '{field}' on type '{ty}' is too long. \
                 Expected: {units_max} characters, Actual: {units}"
            ),
        )
    }

    pub fn wrong_type(ty: &str, field: &str, expected: &str, actual: &str) -> Refusal {
        Refusal::new(
            Reason::WrongType,
            format!(
                "106: Field '{field}' on type '{ty}' is of incorrect type. \
                 Expected: {expected}, Actual: {actual}"
            ),
        )
    }

    pub fn unknown_type(name: &str) -> Refusal {
        let name = crate::limits::cut(name, 64);
        let shaped = Refusal::wrong_type("Data", "baseType", "a telemetry type", name);
        Refusal { reason: Reason::UnknownType, ..shaped }
    }

    pub fn required(ty: &str, field: &str, expected: &str) -> Refusal {
        Refusal::new(
            Reason::Required,
            format!(
                "109: Field '{field}' on type '{ty}' is required but missing or empty. \
                 Expected: {expected}, Actual: "
            ),
        )
    }

    pub fn too_old(past_ms: i128, actual_ms: i128) -> Refusal {
        Refusal::new(
            Reason::TooOld,
            format!(
                "103: Field 'time' on type 'Envelope' is older than the allowed min date. \
                 Expected: now - {past_ms}ms, Actual: now - {actual_ms}ms"
            ),
        )
    }

    pub fn too_new(future_ms: i128, actual_ms: i128) -> Refusal {
        Refusal::new(
            Reason::TooNew,
            format!(
                "104: Field 'time' on type 'Envelope' is newer than the allowed max date. \
                 Expected: now + {future_ms}ms, Actual: now + {actual_ms}ms"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_distinct_names() {
        let mut names: Vec<_> = Reason::ALL.iter().map(|r| r.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Reason::ALL.len());
    }

    #[test]
    fn texts_have_the_shape_people_search_for() {
        for (refusal, want) in [
            (
                Refusal::required("EventData", "name", "string"),
                "109: Field 'name' on type 'EventData' is required but missing or empty. \
                 Expected: string, Actual: ",
            ),
            (
                Refusal::too_long("RequestData", "name", 1024, 1025),
                "100: Field 'name' on type 'RequestData' is too long. \
                 Expected: 1024 characters, Actual: 1025",
            ),
            (
                Refusal::too_old(172_800_000, 176_400_000),
                "103: Field 'time' on type 'Envelope' is older than the allowed min date. \
                 Expected: now - 172800000ms, Actual: now - 176400000ms",
            ),
            (
                Refusal::wrong_type("DataPoint", "value", "double", "string"),
                "106: Field 'value' on type 'DataPoint' is of incorrect type. \
                 Expected: double, Actual: string",
            ),
            (Refusal::item_too_long(65_536), "Telemetry item length must not exceed 65536"),
        ] {
            assert_eq!(refusal.message, want);
        }
    }
}
