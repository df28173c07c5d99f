//! The demonstration's known issues, looked for in its builds as those of a server are.

use std::sync::Arc;

use query::EngineOptions;
use store::Store;

use super::calendar::DAY;
use super::dice::Dice;
use super::{Failure, Span};
use crate::app::engine;
use crate::apps::{Application, Apps};
use crate::commands::serve;
use crate::known::find::Asker;
use crate::known::{Issue, Wish, save};
use crate::settings::Settings;

/// Makes two known issues; in how many builds they are.
///
/// # Errors
/// When they cannot be looked for, or the store refuses.
pub fn fill(
    dice: Dice,
    span: Span,
    (store, apps): (&Arc<Store>, &Arc<Apps>),
    application: &Arc<Application>,
    settings: &Settings,
) -> Result<usize, Failure> {
    let engine = engine(store, apps, EngineOptions::default())?;
    let asker = Asker { engine: &engine, application, limits: &settings.query };
    let runtime = serve::runtime()?;
    let mut explained = 0;
    for (what, number) in wishes().into_iter().zip(0..) {
        let what = what.check().map_err(Failure::new)?;
        let id = dice.of("known issue", number).hex(12);
        let created = span.begin.max(span.end - 10 * DAY);
        let issue = Issue { id, what, created, by: "demo".to_owned(), revision: 1 };
        let saved = save::save(store, asker, &issue, true, span.end, Vec::new());
        let saved = runtime.block_on(saved).map_err(|refusal| Failure::new(refusal.message))?;
        explained += saved.found.map_or(0, |(_, builds)| builds);
    }
    Ok(explained)
}

fn wishes() -> [Wish; 2] {
    let of = |title: &str| Wish {
        title: title.to_owned(),
        domain: "infrastructure".to_owned(),
        ..Wish::default()
    };
    [
        Wish {
            contains: vec!["error NU1301: Unable to load the service index".to_owned()],
            retry: true,
            ..of("The feed of packages does not answer")
        },
        Wish {
            pattern: r"No space left on device\b".to_owned(),
            url: "https://issues.example.invalid/42".to_owned(),
            ..of("Machines run out of disk")
        },
    ]
}
