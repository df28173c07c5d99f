//! What a query may name: the narrow view of the world the binder has.

use model::ViewDef;

use crate::question::Answer;
use crate::stored::StoredFunction;

/// Tables by name: the built-in ones and those users created. Tests bring their own.
pub trait Catalog: Sync {
    /// The table called `name`, exact letter case.
    fn table(&self, name: &str) -> Option<&'static ViewDef>;
    /// All table names, for wildcards and "did you mean".
    fn table_names(&self) -> Vec<&'static str>;
    /// Whether the application named or identified by `name` may be asked by this request
    /// (`app('…')`).
    fn has_app(&self, name: &str) -> bool;
    /// The stored functions, whatever application is asked. A table of the same name comes first
    /// where a name stands alone.
    fn functions(&self) -> Vec<&'static StoredFunction> {
        Vec::new()
    }
    /// As [`Catalog::table`], of the application `app` alone.
    fn table_in(&self, app: &str, name: &str) -> Option<&'static ViewDef> {
        let _ = app;
        self.table(name)
    }
    /// As [`Catalog::table_names`], of the application `app` alone.
    fn table_names_in(&self, app: &str) -> Vec<&'static str> {
        let _ = app;
        self.table_names()
    }
}

/// What the binder is told besides the text.
#[derive(Debug, Clone, Default)]
pub struct BindOptions {
    /// The instant `now()` means, nanoseconds since 1970.
    pub now: i64,
    /// The request's time range: half-open `[start, end)`, applied to the time column of every
    /// table.
    pub time_range: Option<(i64, i64)>,
    /// Values of `declare query_parameters`, as KQL literal text or plain text.
    pub parameters: Vec<(String, String)>,
    /// Answers to the questions asked so far, in their order.
    pub answers: Vec<Answer>,
    /// Longest query text in bytes and deepest nesting; 0 means the default.
    pub text_bytes_max: usize,
    pub depth_max: usize,
}
