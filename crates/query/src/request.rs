//! What a caller asks: the text, whose rows it may see, and how much it may cost.

use model::{AppId, ViewDef};

/// One query to answer.
#[derive(Debug, Clone)]
pub struct Request {
    /// The query text: one or more KQL statements.
    pub text: String,
    /// The application asked.
    pub app: AppId,
    /// Further applications whose rows every table shows too.
    pub apps: Vec<AppId>,
    /// The applications the text may name (`app('…')`); `None`: all. Others do not exist for it.
    pub nameable: Option<Vec<AppId>>,
    /// Whether the table `Audit` exists for this query.
    pub audit: bool,
    /// The instant `now()` means, nanoseconds since 1970.
    pub now: i64,
    /// Half-open `[start, end)` in nanoseconds, applied to the time column of every table.
    pub time_range: Option<(i64, i64)>,
    /// Values of `declare query_parameters`, as KQL literals or plain text.
    pub parameters: Vec<(String, String)>,
    pub limits: Limits,
    /// Whether to tell of an empty answer which `where` left no rows: that takes a few counts.
    pub explains_empty: bool,
    /// Whether other queries ask about the same rows: what a costly condition (`* has "word"`)
    /// finds is then kept for them, at the price that it is looked for in all rows of the range.
    pub shares_conditions: bool,
}

impl Request {
    /// The applications whose rows a table shows: named twice, one still counts once.
    pub fn asked(&self) -> Vec<AppId> {
        let mut asked = vec![self.app];
        for app in &self.apps {
            if !asked.contains(app) {
                asked.push(*app);
            }
        }
        asked
    }
}

/// How much one query may return and cost (defaults: spec kql.md §12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Rows of one result table; more are cut off and announced.
    pub rows_max: u64,
    /// Rows of one result table that the caller wants: the others are left out, as `take` does.
    pub rows_wanted: Option<u64>,
    /// Bytes of one result table in memory; more are cut off and announced.
    pub bytes_max: u64,
    /// Time from the call to the last row; the query fails when it is over.
    pub time_ms: u64,
    /// Memory the operators of one query may hold before they spill or fail.
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            rows_max: 500_000,
            rows_wanted: None,
            bytes_max: 64 << 20,
            time_ms: 180_000,
            memory_bytes: 1 << 30,
        }
    }
}

/// What the engine must know about applications: who is meant by a name, and what the columns
/// `appId`, `appName` and `iKey` show.
pub trait Apps: Send + Sync {
    /// The application of this number.
    fn by_id(&self, id: AppId) -> Option<AppInfo>;
    /// The application called or identified by this text (`app('…')`).
    fn by_name(&self, name_or_guid: &str) -> Option<AppInfo>;
    /// The own table of this application with this name, exact letter case.
    fn own_table(&self, app: AppId, name: &str) -> Option<&'static ViewDef> {
        self.own_tables(app).into_iter().find(|view| view.name == name)
    }
    /// The own tables of this application.
    fn own_tables(&self, app: AppId) -> Vec<&'static ViewDef> {
        let _ = app;
        Vec::new()
    }
}

/// An application as queries show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppInfo {
    pub id: AppId,
    /// 36 lower-case characters.
    pub guid: String,
    pub name: String,
    /// 36 lower-case characters.
    pub instrumentation_key: String,
}
