//! Events as the API names them: their kinds, and which column a property path means
//! (`request/resultCode`, `client/city`, `customDimensions/key`).
//!
//! Source of the names: the vendor's description of the events API (azure-rest-api-specs,
//! `Insights/preview/v1`). Invariant: a path that is not listed here means nothing.

use model::Type;
use serde_json::Value;

use super::odata::{Kind, Typed};
use crate::kql_text;

/// Pairs of a property and the column it shows.
pub type Fields = &'static [(&'static str, &'static str)];

/// One kind of event.
#[derive(Debug, PartialEq, Eq)]
pub struct EventKind {
    /// The last part of its URL, which is its table too.
    pub table: &'static str,
    /// Its `itemType`, and the member that holds its own properties.
    pub item: &'static str,
    pub fields: Fields,
}

/// The kinds in the order of tables.
pub static KINDS: [EventKind; 10] = [
    EventKind {
        table: "requests",
        item: "request",
        fields: &[
            ("id", "id"),
            ("source", "source"),
            ("name", "name"),
            ("url", "url"),
            ("success", "success"),
            ("resultCode", "resultCode"),
            ("duration", "duration"),
            ("performanceBucket", "performanceBucket"),
        ],
    },
    EventKind {
        table: "dependencies",
        item: "dependency",
        fields: &[
            ("id", "id"),
            ("target", "target"),
            ("type", "type"),
            ("name", "name"),
            ("data", "data"),
            ("success", "success"),
            ("resultCode", "resultCode"),
            ("duration", "duration"),
            ("performanceBucket", "performanceBucket"),
        ],
    },
    EventKind {
        table: "exceptions",
        item: "exception",
        fields: &[
            ("problemId", "problemId"),
            ("handledAt", "handledAt"),
            ("type", "type"),
            ("message", "message"),
            ("assembly", "assembly"),
            ("method", "method"),
            ("outerType", "outerType"),
            ("outerMessage", "outerMessage"),
            ("outerAssembly", "outerAssembly"),
            ("outerMethod", "outerMethod"),
            ("innermostType", "innermostType"),
            ("innermostMessage", "innermostMessage"),
            ("innermostAssembly", "innermostAssembly"),
            ("innermostMethod", "innermostMethod"),
            ("severityLevel", "severityLevel"),
            ("details", "details"),
        ],
    },
    EventKind {
        table: "traces",
        item: "trace",
        fields: &[("message", "message"), ("severityLevel", "severityLevel")],
    },
    EventKind { table: "customEvents", item: "customEvent", fields: &[("name", "name")] },
    EventKind {
        table: "pageViews",
        item: "pageView",
        fields: &[
            ("id", "id"),
            ("name", "name"),
            ("url", "url"),
            ("duration", "duration"),
            ("performanceBucket", "performanceBucket"),
        ],
    },
    EventKind {
        table: "availabilityResults",
        item: "availabilityResult",
        fields: &[
            ("id", "id"),
            ("name", "name"),
            ("location", "location"),
            ("success", "success"),
            ("message", "message"),
            ("size", "size"),
            ("duration", "duration"),
            ("performanceBucket", "performanceBucket"),
        ],
    },
    EventKind {
        table: "browserTimings",
        item: "browserTiming",
        fields: &[
            ("name", "name"),
            ("url", "url"),
            ("networkDuration", "networkDuration"),
            ("sendDuration", "sendDuration"),
            ("receiveDuration", "receiveDuration"),
            ("processingDuration", "processingDuration"),
            ("totalDuration", "totalDuration"),
            ("performanceBucket", "performanceBucket"),
        ],
    },
    EventKind {
        table: "customMetrics",
        item: "customMetric",
        fields: &[
            ("name", "name"),
            ("value", "value"),
            ("valueSum", "valueSum"),
            ("valueCount", "valueCount"),
            ("valueMin", "valueMin"),
            ("valueMax", "valueMax"),
            ("valueStdDev", "valueStdDev"),
        ],
    },
    EventKind {
        table: "performanceCounters",
        item: "performanceCounter",
        fields: &[
            ("name", "name"),
            ("category", "category"),
            ("counter", "counter"),
            ("instance", "instance"),
            ("instanceName", "instance"),
            ("value", "value"),
        ],
    },
];

/// What every event has, in groups.
pub const GROUPS: [(&str, Fields); 7] = [
    (
        "operation",
        &[
            ("name", "operation_Name"),
            ("id", "operation_Id"),
            ("parentId", "operation_ParentId"),
            ("syntheticSource", "operation_SyntheticSource"),
        ],
    ),
    ("session", &[("id", "session_Id")]),
    (
        "user",
        &[
            ("id", "user_Id"),
            ("accountId", "user_AccountId"),
            ("authenticatedId", "user_AuthenticatedId"),
        ],
    ),
    ("application", &[("version", "application_Version")]),
    (
        "client",
        &[
            ("type", "client_Type"),
            ("model", "client_Model"),
            ("os", "client_OS"),
            ("ip", "client_IP"),
            ("city", "client_City"),
            ("stateOrProvince", "client_StateOrProvince"),
            ("countryOrRegion", "client_CountryOrRegion"),
            ("browser", "client_Browser"),
        ],
    ),
    ("cloud", &[("roleName", "cloud_RoleName"), ("roleInstance", "cloud_RoleInstance")]),
    (
        "ai",
        &[
            ("appId", "appId"),
            ("appName", "appName"),
            ("iKey", "iKey"),
            ("sdkVersion", "sdkVersion"),
        ],
    ),
];

/// What every event has by itself.
const TOP: Fields =
    &[("id", "itemId"), ("type", "itemType"), ("timestamp", "timestamp"), ("count", "itemCount")];

/// The bags of keys a sender chose.
pub const BAGS: [&str; 2] = ["customDimensions", "customMeasurements"];

/// The events one call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Events {
    One(&'static EventKind),
    /// `$all`.
    All,
}

impl Events {
    /// The events a URL names.
    pub fn named(name: &str) -> Option<Events> {
        match name {
            "$all" => Some(Events::All),
            _ => KINDS.iter().find(|kind| kind.table == name).map(Events::One),
        }
    }

    /// What a URL calls them.
    pub fn name(self) -> &'static str {
        match self {
            Events::One(kind) => kind.table,
            Events::All => "$all",
        }
    }

    pub fn kinds(self) -> &'static [EventKind] {
        match self {
            Events::One(kind) => std::slice::from_ref(kind),
            Events::All => &KINDS,
        }
    }

    /// The rows as KQL.
    pub fn source(self) -> String {
        match self {
            Events::One(kind) => kind.table.to_owned(),
            Events::All => {
                let tables: Vec<&str> = KINDS.iter().map(|kind| kind.table).collect();
                format!("union {}", tables.join(", "))
            }
        }
    }

    /// Whether `name` is a member of an event that has properties of its own.
    pub fn is_group(self, name: &str) -> bool {
        BAGS.contains(&name)
            || GROUPS.iter().any(|(group, _)| *group == name)
            || self.kinds().iter().any(|kind| kind.item == name)
    }

    /// The expression a property path means.
    pub fn property(self, path: &[String]) -> Option<Typed> {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        match names.as_slice() {
            [bag] if BAGS.contains(bag) => {
                self.column_type(bag)?;
                Some(Typed::new(format!("tostring({bag})"), Kind::Text))
            }
            ["customDimensions", key] => {
                let key = kql_text::literal(key);
                let text = format!("tostring(customDimensions[{key}])");
                self.column_type("customDimensions").map(|_| Typed::new(text, Kind::Key))
            }
            ["customMeasurements", key] => {
                let key = kql_text::literal(key);
                let text = format!("todouble(customMeasurements[{key}])");
                self.column_type("customMeasurements").map(|_| Typed::new(text, Kind::Number))
            }
            ["count"] if self.column_type("itemCount").is_none() => {
                Some(Typed::new("int(1)", Kind::Number))
            }
            ["count"] if self == Events::All => {
                Some(Typed::new("coalesce(itemCount, int(1))", Kind::Number))
            }
            [name] => self.column(find(TOP, name)?),
            ["operation", "synthetic"] => Some(is_filled("operation_SyntheticSource")),
            ["user", "authenticated"] => Some(is_filled("user_AuthenticatedId")),
            [group, name] => match GROUPS.iter().find(|(known, _)| known == group) {
                Some((_, fields)) => self.column(find(fields, name)?),
                None => self.own(group, name),
            },
            _ => None,
        }
    }

    /// A property of one kind; of other kinds it is empty.
    fn own(self, item: &str, name: &str) -> Option<Typed> {
        let kind = self.kinds().iter().find(|kind| kind.item == item)?;
        let part = match name {
            "urlHost" => Some("Host"),
            "urlPath" => Some("Path"),
            _ => None,
        };
        let of_kind = Events::One(kind);
        let found = match (part, find(kind.fields, "url")) {
            (Some(part), Some(column)) => {
                Typed::new(format!("tostring(parse_url({column}).{part})"), Kind::Text)
            }
            _ => of_kind.column(find(kind.fields, name)?)?,
        };
        Some(match (self, found.kind) {
            (Events::One(_), _) => found,
            (Events::All, kind_of) => {
                let missing = if kind_of == Kind::Text { "\"\"" } else { "real(null)" };
                let item = kind.item;
                let text = format!("iff(itemType == \"{item}\", {}, {missing})", found.kql);
                Typed::new(text, kind_of)
            }
        })
    }

    fn column(self, name: &str) -> Option<Typed> {
        let (text, kind) = match self.column_type(name)? {
            Type::DateTime => (name.to_owned(), Kind::Time),
            Type::TimeSpan => (name.to_owned(), Kind::Span),
            Type::Bool => (name.to_owned(), Kind::Bool),
            Type::Int | Type::Long | Type::Real | Type::Decimal => (name.to_owned(), Kind::Number),
            Type::String | Type::Guid => (name.to_owned(), Kind::Text),
            Type::Dynamic => (format!("tostring({name})"), Kind::Text),
        };
        Some(Typed::new(text, kind))
    }

    fn column_type(self, name: &str) -> Option<Type> {
        self.kinds().iter().find_map(|kind| {
            let view = model::tables::view(kind.table)?;
            view.columns.iter().find(|column| column.name == name).map(|column| column.ty)
        })
    }

    /// The paths a caller may use; keys of bags stand for themselves.
    pub fn paths(self) -> Vec<String> {
        let mut paths: Vec<String> = TOP.iter().map(|(name, _)| (*name).to_owned()).collect();
        for kind in self.kinds() {
            paths.extend(kind.fields.iter().map(|(name, _)| format!("{}/{name}", kind.item)));
            if find(kind.fields, "url").is_some() {
                paths.extend(["urlHost", "urlPath"].map(|name| format!("{}/{name}", kind.item)));
            }
        }
        for (group, fields) in &GROUPS {
            paths.extend(fields.iter().map(|(name, _)| format!("{group}/{name}")));
            match *group {
                "operation" => paths.push("operation/synthetic".to_owned()),
                "user" => paths.push("user/authenticated".to_owned()),
                _ => {}
            }
        }
        let bags = BAGS.iter().filter(|bag| self.column_type(bag).is_some());
        paths.extend(bags.map(|bag| format!("{bag}/<key>")));
        paths
    }

    /// Why `path` means nothing, with what could be meant.
    pub fn unknown(self, path: &[String]) -> String {
        let all = self.paths();
        let first = path.first().map(String::as_str).unwrap_or_default();
        let group = format!("{first}/");
        let mut near: Vec<&str> =
            all.iter().filter(|known| known.starts_with(&group)).map(String::as_str).collect();
        if near.is_empty() {
            for known in &all {
                let first = known.split('/').next().unwrap_or(known);
                if !near.contains(&first) {
                    near.push(first);
                }
            }
        }
        let shown: String = path.join("/").chars().take(100).collect();
        let name = self.name();
        format!("`{name}` has no property `{shown}`: use one of `{}`", near.join("`, `"))
    }
}

/// `True` or `False` by whether a text column is filled.
fn is_filled(column: &str) -> Typed {
    let text = format!("iff(isempty({column}), \"False\", \"True\")");
    Typed::new(text, Kind::Text)
}

fn find(fields: &[(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    fields.iter().find(|(property, _)| *property == name).map(|(_, column)| *column)
}

/// Sets `value` at a path inside nested objects.
pub fn set(object: &mut serde_json::Map<String, Value>, path: &[String], value: Value) {
    let [first, rest @ ..] = path else { return };
    if rest.is_empty() {
        object.insert(first.clone(), value);
        return;
    }
    let inner = object.entry(first.clone()).or_insert_with(|| Value::Object(Default::default()));
    if let Value::Object(inner) = inner {
        set(inner, rest, value);
    }
}
