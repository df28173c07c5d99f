//! `$metadata` of the events API: its types as an OData schema in XML.
//!
//! After OData CSDL XML 4.01 (OASIS). Invariant: it is made from the same lists the answers are.

use std::fmt::Write;

use model::Type;

use crate::api::appinsights::properties::{Fields, GROUPS, KINDS};

const NAMESPACE: &str = "ApplicationInsights";

/// The document.
pub fn document() -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\
         <edmx:DataServices>",
    );
    // Writing to a String cannot fail.
    let schema = "xmlns=\"http://docs.oasis-open.org/odata/ns/edm\"";
    let _ = write!(out, "<Schema Namespace=\"{NAMESPACE}\" {schema}>");
    for bag in ["CustomDimensions", "CustomMeasurements"] {
        let _ = write!(out, "<ComplexType Name=\"{bag}Type\" OpenType=\"true\"/>");
    }
    for (name, fields) in &GROUPS {
        complex(&mut out, name, fields, "requests");
    }
    for kind in &KINDS {
        complex(&mut out, kind.item, kind.fields, kind.table);
    }
    for kind in &KINDS {
        entity(&mut out, kind.item);
    }
    out.push_str("<EntityContainer Name=\"Events\">");
    for kind in &KINDS {
        let (set, name) = (kind.table, title(kind.item));
        let _ = write!(out, "<EntitySet Name=\"{set}\" EntityType=\"{NAMESPACE}.{name}\"/>");
    }
    out.push_str("</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>\n");
    out
}

fn complex(out: &mut String, name: &str, fields: Fields, table: &str) {
    let _ = write!(out, "<ComplexType Name=\"{}Type\">", title(name));
    for (property, column) in fields {
        let _ = write!(out, "<Property Name=\"{property}\" Type=\"{}\"/>", edm(table, column));
    }
    out.push_str("</ComplexType>");
}

fn entity(out: &mut String, item: &str) {
    let _ =
        write!(out, "<EntityType Name=\"{}\"><Key><PropertyRef Name=\"id\"/></Key>", title(item));
    out.push_str(
        "<Property Name=\"id\" Type=\"Edm.String\" Nullable=\"false\"/>\
         <Property Name=\"type\" Type=\"Edm.String\"/>\
         <Property Name=\"count\" Type=\"Edm.Int32\"/>\
         <Property Name=\"timestamp\" Type=\"Edm.DateTimeOffset\"/>",
    );
    let groups = GROUPS.iter().map(|(group, _)| *group);
    for name in ["customDimensions", "customMeasurements"].into_iter().chain(groups).chain([item]) {
        let ty = title(name);
        let _ = write!(out, "<Property Name=\"{name}\" Type=\"{NAMESPACE}.{ty}Type\"/>");
    }
    out.push_str("</EntityType>");
}

/// The name with a capital.
fn title(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

fn edm(table: &str, column: &str) -> &'static str {
    let view = model::tables::view(table);
    let found = view.and_then(|view| view.columns.iter().find(|c| c.name == column));
    match found.map(|column| column.ty) {
        Some(Type::Int) => "Edm.Int32",
        Some(Type::Long) => "Edm.Int64",
        Some(Type::Real | Type::Decimal) => "Edm.Double",
        Some(Type::Bool) => "Edm.Boolean",
        Some(Type::DateTime) => "Edm.DateTimeOffset",
        Some(Type::TimeSpan) => "Edm.Duration",
        _ => "Edm.String",
    }
}
