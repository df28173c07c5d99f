//! What an issue explains, asked of the engine.
//!
//! Invariant: all of it or a refusal, never a part.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;
use query::{Answer, Engine, ResultTable};
use serde::{Deserialize, Serialize};

use super::issue::Wish;
use super::kql::{self, Builds};
use crate::api::appinsights::rows::{Row, Rows};
use crate::apps::Application;
use crate::ask::Question;
use crate::auth::Caller;
use crate::error::Refusal;
use crate::settings;

/// Most errors that an issue may explain.
pub const MATCHES_MAX: u64 = 50_000;
/// What is said of an issue that explains more.
pub const TOO_MANY: &str =
    "more than 50,000 errors, which is the limit: say more of their text, or narrow its scope";
/// Rows of one write of matches.
const WRITE_ROWS: usize = 5000;

/// An error that an issue explains.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Match {
    pub organization: String,
    pub project: String,
    pub build_id: i64,
    pub record_id: String,
    pub source: String,
    pub line_number: Option<i64>,
    pub text: String,
    pub fingerprint: String,
}

/// Who is asked, about which application.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    pub engine: &'a Engine,
    pub application: &'a Arc<Application>,
    pub limits: &'a settings::Query,
}

impl Asker<'_> {
    /// The answer of a text, whole.
    ///
    /// # Errors
    /// What the engine refuses.
    pub async fn ask(&self, text: String) -> Result<Answer, Refusal> {
        let application = Arc::clone(self.application);
        let mut question = Question::new(text, application, &Caller::local(), self.limits);
        question.limits.rows_max = MATCHES_MAX;
        Ok(Box::pin(self.engine.answer(question.request())).await?)
    }

    /// All errors that an issue explains, of all builds or some.
    ///
    /// # Errors
    /// When they are too many, or the engine refuses.
    pub async fn matches(
        &self,
        what: &Wish,
        builds: Option<&Builds>,
    ) -> Result<Vec<Match>, Refusal> {
        let answer = self.ask(kql::matches(what, builds)).await?;
        if answer.truncated.is_some() {
            let message = format!("the issue explains {TOO_MANY}");
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "limit", message));
        }
        Ok(answer.tables.first().map(of_table).unwrap_or_default())
    }
}

fn of_table(table: &ResultTable) -> Vec<Match> {
    Rows::new(table).iter().map(|row| of_row(&row)).collect()
}

fn of_row(row: &Row<'_, '_>) -> Match {
    Match {
        organization: row.text("Organization").to_owned(),
        project: row.text("Project").to_owned(),
        build_id: long(row, "BuildId").unwrap_or_default(),
        record_id: row.text("RecordId").to_owned(),
        source: row.text("Source").to_owned(),
        line_number: long(row, "LineNumber"),
        text: row.text("Text").to_owned(),
        fingerprint: row.text("Fingerprint").to_owned(),
    }
}

/// A whole number of a row.
pub fn long(row: &Row<'_, '_>, column: &str) -> Option<i64> {
    match row.cell(column) {
        query::Value::Long(value) | query::Value::DateTime(value) => Some(value),
        _ => None,
    }
}

/// In parts that a write takes, those of one build together as far as they fit.
pub fn parts(found: &[Match]) -> impl Iterator<Item = &[Match]> {
    found.chunks(WRITE_ROWS)
}

/// How many builds they are of.
pub fn builds(found: &[Match]) -> usize {
    found.iter().map(|one| (&one.organization, one.build_id)).collect::<BTreeSet<_>>().len()
}
