//! Searches in bags answer as searches in the text of the whole bag, and conditions that queries
//! share as those that each tests itself: over bags with odd keys and values.

use crate::Report;
use crate::answers::{self, Row};
use crate::world::{self, Place, World};

const SEARCHES: [&str; 8] = [
    "has",
    "has_cs",
    "hasprefix",
    "hasprefix_cs",
    "hassuffix",
    "hassuffix_cs",
    "contains",
    "contains_cs",
];

const NEEDLES: [&str; 28] = [
    "alpha",
    "ALPHA",
    "beta",
    "gamma delta",
    "foo",
    "nfoo",
    "quoted",
    "temp",
    "u0001",
    "0001",
    "name",
    "other",
    "rare",
    "n",
    "a",
    "b",
    "1",
    "5",
    "1.5",
    "-7",
    "7",
    "nan",
    "alpha_",
    "_beta",
    "x",
    "e",
    "1,2",
    ":",
];

pub async fn run(report: &mut Report) {
    for place in [Place::Extents, Place::Both] {
        let world = world::world(&["bags".to_owned(), "requests".to_owned()], place).await;
        for needle in NEEDLES {
            for search in SEARCHES {
                note(report, differs_from_whole(&world, search, needle).await);
            }
            note(report, differs_when_shared(&world, needle).await);
        }
    }
}

fn note(report: &mut Report, failure: Option<String>) {
    match failure {
        None => report.passed += 1,
        Some(why) => report.failures.push(format!("bags: {why}")),
    }
}

async fn ask(world: &World, text: &str, shares_conditions: bool) -> Result<Vec<Row>, String> {
    let request = query::Request { shares_conditions, ..world::request(text) };
    let answer = world.engine.answer(request).await.map_err(|error| format!("{error}: {text}"))?;
    Ok(answers::answer(&answer))
}

/// Rows for which a search in a bag is not that in its text.
async fn differs_from_whole(world: &World, search: &str, needle: &str) -> Option<String> {
    let test = |bag: &str| {
        format!("({bag} {search} '{needle}') != (strcat('', tostring({bag})) {search} '{needle}')")
    };
    let (texts, numbers) = (test("customDimensions"), test("customMeasurements"));
    let text = format!("customEvents | where {texts} or {numbers} | summarize rows = count()");
    match ask(world, &text, false).await {
        Ok(rows) if rows.last().is_some_and(|row| *row == ["0"]) => None,
        Ok(rows) => Some(format!("{text}: {rows:?}")),
        Err(why) => Some(why),
    }
}

/// Whether a word is found elsewhere when what is found is kept, at once or later.
async fn differs_when_shared(world: &World, needle: &str) -> Option<String> {
    let text = format!(
        "union customEvents, requests | where * has \"{needle}\" \
         | project timestamp, itemType, name | order by timestamp asc, name asc"
    );
    let own = ask(world, &text, false).await;
    for _ in 0..2 {
        let shared = ask(world, &text, true).await;
        if own.is_err() || shared != own {
            return Some(format!("{text}: {own:?}, shared {shared:?}"));
        }
    }
    None
}
