//! What the engine does at its limits and with what it cannot do: asserted in code.

use query::{Error, Part};

use crate::Report;
use crate::world::{self, Place};

/// Runs all of them.
pub async fn run(report: &mut Report) {
    let tables: Vec<String> = ["requests".to_owned(), "traces".to_owned()].to_vec();
    let world = world::world(&tables, Place::Extents).await;
    let checks: [(&str, Option<String>); 19] = [
        ("more rows than allowed are cut and said", rows_are_cut(&world).await),
        ("more bytes than allowed are cut and said", bytes_are_cut(&world).await),
        ("notruncation lifts the cut", cut_is_lifted(&world).await),
        ("a query that takes too long fails in time", slow_query_fails(&world).await),
        ("a join over its memory goes to disk", join_spills(&world).await),
        ("a join over its memory fails with advice", memory_fails(&world, JOIN).await),
        ("a distant `next` is accounted for", memory_fails(&world, NEXT).await),
        ("a `scan` that remembers more and more is too", memory_fails(&world, SCAN).await),
        ("who takes all memory leaves others a little", greedy_query_is_alone().await),
        ("the time filter leaves extents unread", time_prunes(&world).await),
        ("an unknown operation id leaves extents unread", id_prunes(&world).await),
        ("the request's time range applies to every table", time_range_applies(&world).await),
        ("a dropped query leaves its place to others", dropped_query_stops(&world).await),
        ("further applications' rows are seen too", apps_are_seen_together().await),
        ("statistics tell what was read", statistics_tell(&world).await),
        ("thousands of `or`s are answered", long_text(&world, &many_ors()).await),
        ("hundreds of pipes are answered or refused", long_text(&world, &many_pipes()).await),
        ("a thousand columns are answered", long_text(&world, &many_columns()).await),
        ("thousands of values in a list are answered", long_text(&world, &many_values()).await),
    ];
    for (name, failure) in checks {
        match failure {
            None => report.passed += 1,
            Some(why) => report.failures.push(format!("limits: {name}: {why}")),
        }
    }
}

async fn rows_are_cut(world: &world::World) -> Option<String> {
    let mut request = world::request("range x from 1 to 100000 step 1");
    request.limits.rows_max = 10_000;
    let answer = match world.engine.answer(request).await {
        Ok(answer) => answer,
        Err(error) => return Some(error.to_string()),
    };
    let said = answer.truncated.map(|t| (t.limit, t.allowed));
    let rows = answer.tables.first().map_or(0, |table| table.rows());
    (said != Some(("rows", 10_000)) || rows != 10_000).then(|| format!("{said:?}, {rows} rows"))
}

async fn bytes_are_cut(world: &world::World) -> Option<String> {
    let mut request = world::request("range x from 1 to 100000 step 1");
    request.limits.bytes_max = 80_000;
    let answer = match world.engine.answer(request).await {
        Ok(answer) => answer,
        Err(error) => return Some(error.to_string()),
    };
    let said = answer.truncated.map(|t| (t.limit, t.allowed));
    let rows = answer.tables.first().map_or(0, |table| table.rows());
    (said != Some(("bytes", 80_000)) || rows != 10_000).then(|| format!("{said:?}, {rows} rows"))
}

async fn cut_is_lifted(world: &world::World) -> Option<String> {
    let mut request = world::request("set notruncation; range x from 1 to 100000 step 1");
    request.limits.rows_max = 10;
    match world.engine.answer(request).await {
        Ok(answer) if answer.truncated.is_none() => {
            let rows = answer.tables.first().map_or(0, |table| table.rows());
            (rows != 100_000).then(|| format!("{rows} rows"))
        }
        Ok(answer) => Some(format!("{:?}", answer.truncated)),
        Err(error) => Some(error.to_string()),
    }
}

/// Rows enough to keep a debug build busy for seconds.
const HEAVY: &str = "range x from 1 to 5000000 step 1 | extend k = tostring(x * 7 % 1000003) \
                     | summarize n = count() by k | summarize max(n)";

async fn slow_query_fails(world: &world::World) -> Option<String> {
    let mut request = world::request(HEAVY);
    request.limits.time_ms = 50;
    let started = std::time::Instant::now();
    match world.engine.answer(request).await {
        Err(Error::Limit { limit: "time", .. }) => {
            let took = started.elapsed();
            (took.as_secs() > 10).then(|| format!("took {took:?}"))
        }
        other => Some(format!("{:?}", other.map(|a| a.tables.len()))),
    }
}

const JOIN: &str = "range x from 1 to 300000 step 1 \
                    | join kind=inner (range x from 1 to 300000 step 1) on x | count";
const NEXT: &str =
    "range x from 1 to 300000 step 1 | extend n = next(x, 200000) | summarize max(n)";
const SCAN: &str = "range x from 1 to 3000 step 1 | scan declare (all: string) \
                    with (step s: true => all = strcat(s.all, '0123456789');) \
                    | summarize max(strlen(all))";

/// Fails with the limit's name when a query has one megabyte.
async fn memory_fails(world: &world::World, text: &str) -> Option<String> {
    let mut request = world::request(text);
    request.limits.memory_bytes = 1 << 20;
    match world.engine.answer(request).await {
        Err(Error::Limit { limit: "memory", .. }) => None,
        other => Some(format!("{:?}", other.map(|a| a.tables.len()))),
    }
}

/// Far more rows than the memory allowed holds, and enough of it to sort some at a time.
async fn join_spills(world: &world::World) -> Option<String> {
    let text = "range x from 1 to 1000000 step 1 \
                | join kind=inner (range x from 1 to 1000000 step 1 \
                | extend t = strcat('a text that takes its place in memory: ', x)) on x \
                | summarize rows = count(), last = max(t)";
    let mut request = world::request(text);
    request.limits.memory_bytes = 64 << 20;
    match world.engine.answer(request).await {
        Ok(answer) if answer.statistics.memory_peak_bytes <= 64 << 20 => {
            let lines = crate::answers::aligned(&crate::answers::answer(&answer));
            let counted = lines.iter().any(|line| line.starts_with("1000000"));
            (!counted).then(|| lines.join("; "))
        }
        Ok(answer) => Some(format!("{} bytes held", answer.statistics.memory_peak_bytes)),
        Err(error) => Some(error.to_string()),
    }
}

async fn extents(world: &world::World, text: &str) -> Result<(u64, u64), String> {
    let answer = world.engine.answer(world::request(text)).await.map_err(|e| e.to_string())?;
    Ok((answer.statistics.extents_scanned, answer.statistics.extents_total))
}

async fn time_prunes(world: &world::World) -> Option<String> {
    let text = "requests | where timestamp >= datetime(2024-05-02) | count";
    let found = extents(world, text).await;
    (found != Ok((1, 2))).then(|| format!("{found:?}"))
}

async fn id_prunes(world: &world::World) -> Option<String> {
    let none = extents(world, "requests | where operation_Id == 'nobody' | count").await;
    let one = extents(world, "requests | where operation_Id == 'op-1' | count").await;
    (none != Ok((0, 2)) || one != Ok((1, 2))).then(|| format!("{none:?} {one:?}"))
}

async fn time_range_applies(world: &world::World) -> Option<String> {
    let mut request = world::request("requests | union traces | count");
    // The second of May 2024, UTC.
    request.time_range = Some((1_714_608_000_000_000_000, 1_714_694_400_000_000_000));
    let answer = match world.engine.answer(request).await {
        Ok(answer) => answer,
        Err(error) => return Some(error.to_string()),
    };
    let lines = crate::answers::answer(&answer);
    let extents = answer.statistics.extents_scanned;
    let right = lines.get(1).is_some_and(|row| row.as_slice() == ["7"]) && extents == 2;
    (!right).then(|| format!("{lines:?}, {extents} extents"))
}

/// Four queries are dropped and the four places they held are free at once.
async fn dropped_query_stops(world: &world::World) -> Option<String> {
    for _ in 0..4 {
        let query = world.engine.answer(world::request(HEAVY));
        let dropped = tokio::time::timeout(std::time::Duration::from_millis(20), query).await;
        if dropped.is_ok() {
            return Some("the heavy query is not heavy".to_owned());
        }
    }
    let started = std::time::Instant::now();
    let mut request = world::request("print x = 1");
    request.limits.time_ms = 20_000;
    match world.engine.answer(request).await {
        Ok(_) => {
            let took = started.elapsed();
            (took.as_secs() > 5).then(|| format!("took {took:?}"))
        }
        Err(error) => Some(error.to_string()),
    }
}

async fn greedy_query_is_alone() -> Option<String> {
    let world = world::world_of(&[], Place::Head, 32 << 20).await;
    // What is held stays so while nobody reads the rows.
    let text = |rows| {
        format!(
            "let t = materialize(range x from 1 to {rows} step 1 | extend s = strcat('text ', x)); \
             union t, t"
        )
    };
    // Each takes the most that fits into what the ones before it left, until next to nothing is.
    let mut greedy = Vec::new();
    for thousands in (4..110).rev().step_by(3) {
        let mut stream = match world.engine.stream(world::request(&text(thousands * 1000))).await {
            Ok(stream) => stream,
            Err(error) => return Some(error.to_string()),
        };
        match stream.next().await {
            Ok(Part::Rows(_)) => greedy.push(stream),
            Err(Error::Limit { limit: "memory", .. }) => {}
            other => return Some(format!("{other:?}")),
        }
        if greedy.len() == 3 {
            break;
        }
    }
    if greedy.len() != 3 {
        return Some(format!("{} such queries fit", greedy.len()));
    }
    match world
        .engine
        .answer(world::request(&format!("{} | summarize sum(strlen(s))", text(10_000))))
        .await
    {
        Ok(answer) => {
            let lines = crate::answers::answer(&answer);
            (lines.get(1) != Some(&vec!["177788".to_owned()])).then(|| format!("{lines:?}"))
        }
        Err(error) => Some(error.to_string()),
    }
}

async fn apps_are_seen_together() -> Option<String> {
    let tables = ["requests".to_owned(), "nightly".to_owned()];
    let world = world::world(&tables, Place::Both).await;
    let mut request =
        world::request("requests | summarize n = count() by appName | order by n asc");
    request.apps = vec![world::OTHER, world::APP, world::OTHER];
    let answer = match world.engine.answer(request).await {
        Ok(answer) => crate::answers::answer(&answer),
        Err(error) => return Some(error.to_string()),
    };
    let right = answer[1..] == [["nightly", "3"], ["ci", "10"]];
    (!right).then(|| format!("{answer:?}"))
}

async fn statistics_tell(world: &world::World) -> Option<String> {
    let text = "requests | where duration > 1000 | project id, duration";
    let statistics = match world.engine.answer(world::request(text)).await {
        Ok(answer) => answer.statistics,
        Err(error) => return Some(error.to_string()),
    };
    let right = statistics.rows_scanned == 10
        && statistics.rows_returned == 3
        && statistics.bytes_scanned > 0
        && statistics.plan_ms > 0.0
        && statistics.total_ms >= statistics.plan_ms
        && (statistics.extents_scanned, statistics.extents_total) == (2, 2);
    (!right).then(|| format!("{statistics:?}"))
}

/// The answer, or a refusal in words: anything but an end of the process.
async fn long_text(world: &world::World, text: &str) -> Option<String> {
    let started = std::time::Instant::now();
    match world.engine.answer(world::request(text)).await {
        Ok(_) | Err(Error::Query(_)) => {
            let took = started.elapsed();
            (took.as_secs() > 20).then(|| format!("took {took:?}"))
        }
        Err(error) => Some(error.to_string().chars().take(300).collect()),
    }
}

fn many_ors() -> String {
    let terms: Vec<String> = (0..3000).map(|i| format!("name == 'n{i}'")).collect();
    format!("requests | where {} | count", terms.join(" or "))
}

fn many_pipes() -> String {
    format!("range x from 1 to 10 step 1 {} | count", "| extend x = x + 1 ".repeat(600))
}

fn many_columns() -> String {
    let columns: Vec<String> = (0..1000).map(|i| format!("c{i} = x + {i}")).collect();
    format!("range x from 1 to 10 step 1 | project {}", columns.join(", "))
}

fn many_values() -> String {
    let values: Vec<String> = (0..20_000).map(|i| format!("'v{i}'")).collect();
    format!("requests | where operation_Id in ({}) | count", values.join(","))
}
