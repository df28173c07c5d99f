//! `GET /api/portal/data?app=`: how much there is, for how long it is kept, what was not taken.
//!
//! Invariant: a caller that sees some applications only is told about its own: neither the whole
//! disk nor items that nobody can tell the application of.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use model::time::{DAY, Fraction, format_datetime};
use serde_json::{Value, json};
use store::{DayUsage, TableUsage};

use super::call::Call;
use super::{expect, finish, schema};
use crate::api::appinsights::json_headers;
use crate::app::{App, now};
use crate::arrivals::Counts;
use crate::ask;
use crate::auth::Scope;
use crate::error::Refusal;
use crate::headers::Ids;

/// Days of which the daily growth is the mean.
const GROWTH_DAYS: i64 = 7;

/// `GET /api/portal/data`.
pub async fn data(State(app): State<Arc<App>>, request: Request) -> Response {
    let ids = Ids::of(&request);
    // Its body says nothing.
    let (parts, _) = request.into_parts();
    // Rows in memory are gone through.
    let answer = tokio::task::block_in_place(|| run(&app, &parts, &ids));
    finish(&app, answer, &ids, "")
}

fn run(app: &Arc<App>, parts: &Parts, ids: &Ids) -> Result<Response, Refusal> {
    expect(&parts.method, &Method::GET)?;
    let caller = Call::caller(app, parts, ids)?;
    let named = ask::parameters(&parts.uri).into_iter().find(|(name, _)| name == "app");
    let name = named.map(|(_, value)| value).unwrap_or_default();
    let application = ask::find_app(app, &caller, Scope::Query, &name)?;
    let sees_all = caller.nameable().is_none();
    let audit = model::tables::AUDIT.name;
    let mut usage = app.store.usage(application.app_id());
    usage.retain(|table| table.table != audit || caller.sees_audit());
    let retention = &app.store.options().retention;
    let days = |table: &TableUsage| json!({ "table": table.table, "days": retention.days_of(&table.table) });
    let own: u64 = usage.iter().flat_map(|table| &table.days).map(|day| day.size_bytes).sum();
    let arrivals = &app.metrics.arrivals;
    let mut counts = vec![(arrivals.of(Some(application.app_id())), true)];
    counts.extend(sees_all.then(|| (arrivals.of(None), false)));
    let mut ingestion = ingestion(&counts);
    ingestion["since"] = json!(moment(arrivals.since));
    let body = json!({
        "tables": usage.iter().map(table).collect::<Vec<_>>(),
        "disk": if sees_all { disk(app) } else { own_disk(own) },
        "retention": usage.iter().map(days).collect::<Vec<_>>(),
        "ingestion": ingestion,
        "now": moment(now()),
    });
    Ok((json_headers(), body.to_string()).into_response())
}

fn moment(nanos: i64) -> String {
    format_datetime(nanos, Fraction::Seven)
}

fn table(usage: &TableUsage) -> Value {
    let sum = |of: fn(&DayUsage) -> u64| usage.days.iter().map(of).sum::<u64>();
    let day = |day: &DayUsage| {
        let date = moment(day.day.saturating_mul(DAY));
        json!({ "day": date.get(..10), "rows": day.rows, "bytes": day.size_bytes })
    };
    let newest = usage.days.iter().map(|day| day.newest).max();
    json!({
        "name": usage.table,
        "group": group(&usage.table),
        "rows": sum(|day| day.rows),
        "bytes": sum(|day| day.size_bytes),
        "extents": sum(|day| day.extents),
        "newest": newest.map(moment),
        "days": usage.days.iter().map(day).collect::<Vec<_>>(),
    })
}

/// Where the portal lists a stored table: a built-in one has a view of the same name.
fn group(table: &str) -> &'static str {
    let audit = model::tables::audit::view();
    match model::tables::view(table) {
        Some(view) => schema::group(view),
        None if audit.name == table => schema::group(audit),
        None => "own",
    }
}

/// The folder and its disk, in bytes; `daysLeft` at the mean growth of the last whole days.
fn disk(app: &App) -> Value {
    let stats = app.store.stats();
    let used = stats.extent_bytes + stats.log_bytes;
    let free = app.store.free_bytes().ok();
    let options = app.store.options();
    let limit = options.retention.total_bytes;
    let today = now().div_euclid(DAY);
    let whole = app.store.bytes_by_day();
    let whole: Vec<(i64, u64)> =
        whole.into_iter().filter(|(day, _)| (today - GROWTH_DAYS..today).contains(day)).collect();
    let first = whole.iter().map(|(day, _)| *day).min();
    let growth = first.map(|first| {
        let bytes: u64 = whole.iter().map(|(_, bytes)| bytes).sum();
        bytes as f64 / (today - first) as f64
    });
    let on_disk = free.map(|free| free.saturating_sub(options.free_bytes_min));
    let in_limit = limit.map(|limit| limit.saturating_sub(used));
    let room = on_disk.into_iter().chain(in_limit).min();
    let left = room.zip(growth.filter(|growth| *growth > 0.0));
    json!({
        "used": used,
        "free": free,
        "limit": limit,
        "minFree": options.free_bytes_min,
        "bytesPerDay": growth.map(f64::round),
        "daysLeft": left.map(|(room, growth)| (room as f64 / growth).floor()),
    })
}

/// What a caller may know who does not see all applications.
fn own_disk(used: u64) -> Value {
    json!({
        "used": used,
        "free": null,
        "limit": null,
        "minFree": null,
        "bytesPerDay": null,
        "daysLeft": null,
    })
}

/// Items since the start; `isOwn` tells those of the application from those that are nobody's.
fn ingestion(counts: &[(Counts, bool)]) -> Value {
    let (mut rejected, mut cut) = (Vec::new(), Vec::new());
    let (mut accepted, mut refused) = (0, 0);
    for (counts, is_own) in counts {
        accepted += counts.accepted;
        for (reason, found) in &counts.rejected {
            refused += found.count;
            rejected.push(json!({
                "reason": reason,
                "count": found.count,
                "isOwn": is_own,
                "example": { "message": found.message, "at": moment(found.at) },
            }));
        }
        for ((ty, field), count) in &counts.cut {
            let reason = format!("{ty}.{field}");
            cut.push(json!({ "reason": reason, "count": count, "isOwn": is_own }));
        }
    }
    json!({
        "received": accepted + refused,
        "accepted": accepted,
        "rejected": rejected,
        "cut": cut,
    })
}
