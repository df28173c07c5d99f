//! A table: the rows of head and extents of every application asked, as the view's columns.
//!
//! Per application up to three kinds of legs, all with the same columns: the head, whose bags are
//! JSON; extents that have a column for every key read; extents that may have some in the rest.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DFSchema, ScalarValue, TableReference};
use datafusion::functions::expr_fn::coalesce;
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan, LogicalPlanBuilder, cast, lit};
use kql::bound::Relation;
use kql::codes;
use kql::diagnostic::Diagnostic;
use model::{ColumnDef, ColumnRole, Source, TableDef, Type, ViewColumn, ViewDef};
use store::extent::key_column;
use store::{Extent, Snapshot};

use super::union;
use crate::error::Error;
use crate::functions::{self, json};
use crate::plan::expression::null;
use crate::plan::needs::{Item, Need};
use crate::plan::{Planned, Planner, internal};
use crate::provider::extents::ExtentsTable;
use crate::provider::{Counters, memory};
use crate::request::AppInfo;

/// The column behind those a query can name: when the row came in.
static RECEIVED: ViewColumn =
    ViewColumn { name: "ingestion_time", ty: Type::DateTime, source: Source::Column("_received") };

/// One needed item and the view column it is, or is a property of.
struct Output<'a> {
    item: Item,
    column: &'a ViewColumn,
    /// Of a stored bag: its definition.
    bag: Option<&'static ColumnDef>,
}

/// The rows of one kind of leg.
struct Leg<'a> {
    stored: &'static TableDef,
    table: TableReference,
    app: &'a AppInfo,
    /// Empty for the head.
    extents: &'a [Arc<Extent>],
}

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    relation: &Relation,
    view: &'static ViewDef,
    app: Option<&str>,
) -> Result<Planned, Error> {
    let outputs = outputs(planner, relation, view);
    let mut legs = Vec::new();
    let wrong =
        |code, message: String| Error::Query(vec![Diagnostic::new(code, relation.span, message)]);
    let apps = planner.sources.apps(app)?;
    for app in &apps {
        let stored = planner.sources.stored(app.id, view, apps.len() == 1);
        let stored = stored.map_err(|message| wrong(codes::WRONG_TYPE, message))?;
        let Some(table) = stored else { continue };
        let snapshot = planner.sources.snapshot(app.id, table).map_err(|error| match error {
            store::Error::NoTable => {
                wrong(codes::UNKNOWN_NAME, format!("the table `{}` was dropped", view.name))
            }
            error => Error::Internal(error.to_string()),
        })?;
        app_legs(planner, &outputs, app, &snapshot, &mut legs)?;
    }
    if legs.is_empty() {
        legs.push(empty(&outputs)?);
    }
    Ok(Planned { plan: union::join(legs)?, order: Vec::new() })
}

fn outputs<'a>(planner: &Planner<'_>, relation: &Relation, view: &'a ViewDef) -> Vec<Output<'a>> {
    let find = |item: Item| {
        let (Need::Column(id) | Need::Property(id, _)) = &item.need;
        let position = relation.columns.iter().position(|c| c.id == *id)?;
        let behind = || view.on_demand(&relation.columns[position].name).unwrap_or(&RECEIVED);
        let column = view.columns.get(position).unwrap_or_else(behind);
        Some(Output { item, column, bag: bag(view, column) })
    };
    planner.needs.items(relation).into_iter().filter_map(find).collect()
}

fn bag(view: &ViewDef, column: &ViewColumn) -> Option<&'static ColumnDef> {
    let Source::Column(name) = column.source else { return None };
    let table = view.table?;
    let stored = table.columns.get(table.index_of(name)?)?;
    matches!(stored.role, ColumnRole::Bag(_)).then_some(stored)
}

fn app_legs(
    planner: &Planner<'_>,
    outputs: &[Output<'_>],
    app: &AppInfo,
    snapshot: &Snapshot,
    legs: &mut Vec<LogicalPlan>,
) -> Result<(), Error> {
    let table = snapshot.table;
    let name = TableReference::bare(table.name);
    if snapshot.head.iter().any(|batch| batch.num_rows() > 0) {
        let sources = planner.sources;
        let size_bytes = snapshot.head.iter().map(|b| b.get_array_memory_size()).sum();
        Counters::add(&sources.counters.head_bytes, size_bytes);
        let schema = model::batch::schema(table);
        let provider = memory::table(schema, &snapshot.head, sources.threads)?;
        let leg = Leg { stored: table, table: name.clone(), app, extents: &[] };
        legs.push(leg_plan(memory::scan(&name, provider)?, outputs, &leg)?);
    }
    let is_complete = |extent: &&Arc<Extent>| outputs.iter().all(|o| has_column(table, extent, o));
    let (complete, partial): (Vec<_>, Vec<_>) = snapshot.extents.iter().partition(is_complete);
    for extents in [complete, partial] {
        if extents.is_empty() {
            continue;
        }
        let extents: Vec<Arc<Extent>> = extents.into_iter().cloned().collect();
        let provider = Arc::new(ExtentsTable {
            table,
            schema: extents_schema(table, outputs, &extents),
            extents: extents.clone(),
            superseded: Arc::clone(&snapshot.superseded),
            objects: planner.sources.objects.clone(),
            counters: Arc::clone(&planner.sources.counters),
            found: planner.sources.found.clone(),
        });
        let leg = Leg { stored: table, table: name.clone(), app, extents: &extents };
        legs.push(leg_plan(memory::scan(&name, provider)?, outputs, &leg)?);
    }
    Ok(())
}

fn leg_plan(
    scan: LogicalPlanBuilder,
    outputs: &[Output<'_>],
    leg: &Leg<'_>,
) -> Result<LogicalPlan, Error> {
    let columns = outputs.iter().map(|o| Ok(expression(o, leg)?.alias(&o.item.name)));
    let columns = columns.collect::<Result<Vec<_>, Error>>()?;
    scan.project(columns).and_then(LogicalPlanBuilder::build).map_err(internal)
}

fn expression(output: &Output<'_>, leg: &Leg<'_>) -> Result<Expr, Error> {
    let column = |name: &str| memory::qualified(&leg.table, name);
    match (&output.item.need, output.bag) {
        (Need::Property(_, key), Some(bag)) => Ok(property(output, leg, bag, key)),
        (Need::Column(_), Some(bag)) if !leg.extents.is_empty() => {
            let keys = all_keys(leg.extents, bag.name);
            let ty = value_type(bag);
            let parts =
                keys.iter().map(|key| (key.clone(), column(&key_column(bag.name, key)), ty));
            Ok(json::assemble(parts.collect(), column(bag.name)))
        }
        _ => source(output.column, leg),
    }
}

/// The raw value of a property: from its column, from the bag, or from whichever has it.
fn property(output: &Output<'_>, leg: &Leg<'_>, bag: &ColumnDef, key: &str) -> Expr {
    let own = memory::qualified(&leg.table, &key_column(bag.name, key));
    let rest = memory::qualified(&leg.table, bag.name);
    let in_rest = match value_type(bag) {
        Type::String => json::property_text(rest, key),
        _ => json::property_real(rest, key),
    };
    if leg.extents.is_empty() {
        return in_rest;
    }
    let is_complete = leg.extents.iter().all(|extent| has_column(leg.stored, extent, output));
    match (is_complete, leg.extents.iter().any(|e| is_shredded(e, bag.name, key))) {
        (true, _) => own,
        (false, true) => coalesce(vec![own, in_rest]),
        (false, false) => in_rest,
    }
}

/// A view column that is not a bag's property.
fn source(column: &ViewColumn, leg: &Leg<'_>) -> Result<Expr, Error> {
    let text = |text: &str| lit(ScalarValue::Utf8View(Some(text.to_owned())));
    let stored = |name: &str| memory::qualified(&leg.table, name);
    Ok(match column.source {
        Source::Column(name) => match leg.stored.index_of(name) {
            // Another application's table of this name lacks the column.
            None => lit(null(column.ty)),
            Some(at) if leg.stored.columns[at].ty.arrow() != column.ty.arrow() => {
                cast(stored(name), column.ty.arrow())
            }
            Some(at)
                if column.ty == Type::String && leg.extents.iter().any(|e| !e.has_column(at)) =>
            {
                coalesce(vec![stored(name), lit(null(column.ty))])
            }
            Some(_) => stored(name),
        },
        Source::BoolOf(name) => {
            functions::scalar("tobool", vec![stored(name)], &[Type::String], Type::Bool)?
        }
        Source::Text(value) => text(value),
        Source::Number(value) => cast(lit(value), column.ty.arrow()),
        Source::Missing => lit(null(column.ty)),
        Source::AppId => text(&leg.app.guid),
        Source::AppName => text(&leg.app.name),
        Source::InstrumentationKey => text(&leg.app.instrumentation_key),
    })
}

/// Whether the extent has the output in a column of its own, or has no other place for it. A text
/// that the extent is too old for is not what the file yields, which is null.
fn has_column(table: &TableDef, extent: &Extent, output: &Output<'_>) -> bool {
    let (Need::Property(_, key), Some(bag)) = (&output.item.need, output.bag) else {
        let Source::Column(name) = output.column.source else { return true };
        return output.column.ty != Type::String
            || table.index_of(name).is_none_or(|at| extent.has_column(at));
    };
    let has_rest = extent.keys.iter().any(|keys| keys.column == bag.name && keys.rest);
    !has_rest || is_shredded(extent, bag.name, key)
}

fn is_shredded(extent: &Extent, bag: &str, key: &str) -> bool {
    let keys = extent.keys.iter().filter(|keys| keys.column == bag);
    keys.flat_map(|keys| &keys.keys).any(|shredded| shredded == key)
}

/// Every key that is a column in some of the extents, in the order they are met.
fn all_keys(extents: &[Arc<Extent>], bag: &str) -> Vec<String> {
    let keys = extents.iter().flat_map(|e| &e.keys).filter(|keys| keys.column == bag);
    let mut met = BTreeSet::new();
    let keys = keys.flat_map(|keys| &keys.keys).filter(|key| met.insert(key.as_str()));
    keys.cloned().collect()
}

fn value_type(bag: &ColumnDef) -> Type {
    match bag.role {
        ColumnRole::Bag(ty) => ty,
        _ => Type::String,
    }
}

/// The stored columns and those of the keys read: a column an extent lacks reads as null.
fn extents_schema(table: &TableDef, outputs: &[Output<'_>], extents: &[Arc<Extent>]) -> SchemaRef {
    let mut fields: Vec<Field> =
        table.columns.iter().map(|c| Field::new(c.name, c.ty.arrow(), true)).collect();
    let mut keys: BTreeSet<(&str, DataType, String)> = BTreeSet::new();
    for output in outputs {
        let Some(bag) = output.bag else { continue };
        let ty = value_type(bag).arrow();
        match &output.item.need {
            Need::Property(_, key) => {
                keys.insert((bag.name, ty, key.clone()));
            }
            Need::Column(_) => {
                let all = all_keys(extents, bag.name).into_iter();
                keys.extend(all.map(|key| (bag.name, ty.clone(), key)));
            }
        }
    }
    let keys = keys.into_iter().map(|(bag, ty, key)| Field::new(key_column(bag, &key), ty, true));
    fields.extend(keys);
    Arc::new(Schema::new(fields))
}

/// No rows, with the needed columns.
fn empty(outputs: &[Output<'_>]) -> Result<LogicalPlan, Error> {
    let fields = outputs.iter().map(|o| Field::new(&o.item.name, o.item.ty.arrow(), true));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let schema = DFSchema::try_from(schema).map_err(internal)?;
    Ok(LogicalPlan::EmptyRelation(EmptyRelation {
        produce_one_row: false,
        schema: Arc::new(schema),
    }))
}
