//! JSON shapes of the metadata of an application or workspace, after the vendor's description of
//! its query APIs (azure-rest-api-specs, `Insights` and `OperationalInsights`, `metadata-get`).
//!
//! Invariant: every table that can be queried is listed, under both its names, and every stored
//! function.

use std::sync::Arc;

use kql::stored::StoredFunction;
use model::{ViewDef, Vocabulary};
use serde_json::{Value, json};

use crate::apps::Application;
use crate::tables::OwnTable;

/// Columns that tools offer for splitting and filtering, in both vocabularies.
const FACETS: [&str; 24] = [
    "name",
    "url",
    "success",
    "resultCode",
    "performanceBucket",
    "customDimensions",
    "operation_Name",
    "application_Version",
    "client_Browser",
    "cloud_RoleName",
    "cloud_RoleInstance",
    "itemType",
    "Name",
    "Url",
    "Success",
    "ResultCode",
    "PerformanceBucket",
    "Properties",
    "OperationName",
    "AppVersion",
    "ClientBrowser",
    "AppRoleName",
    "AppRoleInstance",
    "Type",
];

/// The groups of tables: id, name, vocabulary.
const GROUPS: [(&str, &str, Vocabulary); 4] = [
    ("ai/StandardSchema", "StandardSchema", Vocabulary::Classic),
    ("la/LogManagement", "LogManagement", Vocabulary::Workspace),
    ("ci/Pipelines", "Pipelines", Vocabulary::Pipelines),
    ("own/CustomLogs", "Custom Logs", Vocabulary::Own),
];

/// The metadata of an application.
pub fn app(found: &Application, own: &[Arc<OwnTable>]) -> Value {
    json!({
        "tables": tables(Vocabulary::Classic, own),
        "tableGroups": groups("ai", own),
        "functions": functions(),
        "applications": [{
            "id": found.id,
            "name": found.name,
            "resourceId": resource_id(found, "microsoft.insights/components"),
            "region": "",
            "tables": [],
            "tableGroups": GROUPS.map(|(id, _, _)| id),
        }],
    })
}

/// The metadata of a workspace.
pub fn workspace(found: &Application, own: &[Arc<OwnTable>]) -> Value {
    let names: Vec<&str> = views(own).map(|view| view.name).collect();
    let called: Vec<&str> = kql::stored::built_in().iter().map(|f| f.name.as_str()).collect();
    json!({
        "tables": tables(Vocabulary::Workspace, own),
        "tableGroups": groups("la", own),
        "solutions": [],
        "functions": functions(),
        "queries": [],
        "categories": [],
        "resourceTypes": [],
        "resources": [],
        "permissions": [],
        "applications": [],
        "workspaces": [{
            "id": found.id,
            "name": found.name,
            "resourceId": resource_id(found, "microsoft.operationalinsights/workspaces"),
            "region": "",
            "related": { "tables": names, "functions": called, "solutions": [], "resourceTypes": [] },
        }],
    })
}

/// The stored functions.
fn functions() -> Vec<Value> {
    let function = |stored: &StoredFunction| {
        json!({
            "id": stored.name,
            "name": stored.name,
            "parameters": stored.parameters(),
            "displayName": stored.name,
            "description": stored.summary(),
            "body": stored.body(),
        })
    };
    kql::stored::built_in().iter().map(function).collect()
}

/// An id whose last part the resource routes understand.
fn resource_id(found: &Application, kind: &str) -> String {
    let subscription = "00000000-0000-0000-0000-000000000000";
    let name = &found.name;
    format!("/subscriptions/{subscription}/resourceGroups/telltale/providers/{kind}/{name}")
}

/// The built-in tables and those of the application.
fn views(own: &[Arc<OwnTable>]) -> impl Iterator<Item = &'static ViewDef> {
    model::tables::views().iter().chain(own.iter().map(|table| table.view))
}

/// All tables, those of `first` in front.
fn tables(first: Vocabulary, own: &[Arc<OwnTable>]) -> Vec<Value> {
    let mut views: Vec<&ViewDef> = views(own).collect();
    views.sort_by_key(|view| view.vocabulary != first);
    views.into_iter().map(|view| table(view, first)).collect()
}

fn table(view: &ViewDef, vocabulary: Vocabulary) -> Value {
    let columns: Vec<Value> = view
        .columns
        .iter()
        .map(|column| {
            json!({
                "name": column.name,
                "type": column.ty.name(),
                "description": "",
                "isPreferredFacet": FACETS.contains(&column.name),
            })
        })
        .collect();
    // That of an own table may be the time its rows came in, which is no column.
    let time_column = view.columns.iter().map(|c| c.name).find(|name| *name == view.time_column);
    json!({
        "id": table_id(view, vocabulary),
        "name": view.name,
        "description": view.doc,
        "timespanColumn": time_column,
        "columns": columns,
    })
}

/// An application's tables have ids of their own, a workspace's their names.
fn table_id(view: &ViewDef, vocabulary: Vocabulary) -> String {
    match vocabulary {
        Vocabulary::Classic => format!("t/{}", view.name),
        _ => view.name.to_owned(),
    }
}

fn groups(source: &str, own: &[Arc<OwnTable>]) -> Vec<Value> {
    let vocabulary = if source == "ai" { Vocabulary::Classic } else { Vocabulary::Workspace };
    let group = |(id, name, of): (&str, &str, Vocabulary)| {
        let views = views(own).filter(|view| view.vocabulary == of);
        let tables: Vec<String> = views.map(|view| table_id(view, vocabulary)).collect();
        json!({ "id": id, "name": name, "source": source, "tables": tables })
    };
    GROUPS.map(group).to_vec()
}
