//! Queries under little memory: each gives its answer or fails by the name of the limit, soon, and
//! the engine answers the next one.

use query::Error;

use crate::Report;
use crate::world::{self, Place, World};

/// Sizes per query: far too little for most, enough for some.
const SIZES: [u64; 2] = [1 << 20, 16 << 20];
/// What needs longer hangs, also in a debug build on a busy machine.
const SECONDS_MAX: u64 = 300;

/// What is asked, and the answer when there is one.
const QUERIES: &[(&str, &str)] = &[
    ("range x from 1 to 300000 step 1 | summarize count() by x | count", "300000"),
    (
        "range x from 1 to 200000 step 1 | extend k = strcat('key-', x) \
         | summarize count(), max(x), dcount(x) by k | count",
        "200000",
    ),
    (
        "range x from 1 to 200000 step 1 | summarize l = make_list(x) | project array_length(l)",
        "200000",
    ),
    (
        "range x from 1 to 200000 step 1 | summarize l = make_set(strcat('value ', x)) by x % 7 \
         | summarize sum(array_length(l))",
        "200000",
    ),
    (
        "range x from 1 to 200000 step 1 \
         | join kind=inner (range x from 1 to 200000 step 1) on x | count",
        "200000",
    ),
    (
        "range x from 1 to 100000 step 1 | extend k = strcat('key-', x) \
         | join kind=fullouter (range y from 1 to 100000 step 1 | extend k = strcat('key-', y)) \
         on k | count",
        "100000",
    ),
    (
        "range x from 1 to 100000 step 1 | join kind=innerunique \
         (range x from 1 to 100000 step 1) on x | count",
        "100000",
    ),
    (
        "range x from 1 to 300000 step 1 | extend t = strcat('text ', x) | order by t desc \
         | summarize count()",
        "300000",
    ),
    (
        "range x from 1 to 300000 step 1 | extend t = strcat('text ', x) | order by t desc \
         | extend n = row_number() | summarize max(n)",
        "300000",
    ),
    (
        "let t = materialize(range x from 1 to 300000 step 1 | extend t = strcat('text ', x)); \
         union t, t | count",
        "600000",
    ),
    ("range x from 1 to 10 step 1 | where x in ((range y from 1 to 300000 step 1)) | count", "10"),
    (
        "range x from 1 to 300000 step 1 | summarize percentile(x, 50), dcount(x) by x % 1000 \
         | count",
        "1000",
    ),
    (
        "range x from 1 to 200000 step 1 | extend k = strcat('key-', x) | distinct k | count",
        "200000",
    ),
    (
        "range x from 1 to 200000 step 1 | summarize arg_max(x, *) by k = x % 100000 | count",
        "100000",
    ),
];

/// So much more than its memory that merging what was spilled would take minutes.
const HUGE: &str = "range x from 1 to 500000 step 1 | extend k = strcat('some longer key ', x) \
                    | summarize count(), percentile(x, 50) by k | count";

/// Runs all of them at all sizes.
pub async fn run(report: &mut Report) {
    let world = world::world(&[], Place::Head).await;
    match tight(&world, HUGE, "500000", 1 << 20).await {
        None => report.passed += 1,
        Some(why) => report.failures.push(format!("memory: {HUGE}\n    {why}")),
    }
    for (text, expected) in QUERIES {
        for size_bytes in SIZES {
            match tight(&world, text, expected, size_bytes).await {
                None => report.passed += 1,
                Some(why) => {
                    let size = size_bytes >> 20;
                    report.failures.push(format!("memory: {size} MiB: {text}\n    {why}"));
                }
            }
        }
    }
}

async fn tight(world: &World, text: &str, expected: &str, size_bytes: u64) -> Option<String> {
    let mut request = world::request(text);
    request.limits.memory_bytes = size_bytes;
    request.limits.time_ms = SECONDS_MAX * 1000;
    let answer = world.engine.answer(request).await;
    match answer {
        Err(Error::Limit { limit: "memory", .. }) => None,
        Err(error) => Some(error.to_string()),
        Ok(answer) => {
            let lines = crate::answers::answer(&answer);
            let cell = lines.get(1).and_then(|row| row.first());
            (cell.map(String::as_str) != Some(expected)).then(|| format!("{lines:?}"))
        }
    }
}
