//! When what queries see changed last, counted instead of timed.
//!
//! Invariant: every change of the rows of a table or of the definitions of own tables takes the
//! next number, before anybody can see it; seals and merges change nothing that is seen.

use std::collections::HashMap;

use model::AppId;

use crate::store::Store;

/// The numbers of the last changes.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    last: u64,
    /// Of the definitions of own tables.
    definitions: u64,
    tables: HashMap<AppId, HashMap<String, u64>>,
}

impl Changes {
    pub fn definitions_changed(&mut self) {
        self.last += 1;
        self.definitions = self.last;
    }

    pub fn rows_changed(&mut self, app: AppId, table: &str) {
        self.last += 1;
        let tables = self.tables.entry(app).or_default();
        match tables.get_mut(table) {
            Some(number) => *number = self.last,
            None => drop(tables.insert(table.to_owned(), self.last)),
        }
    }

    fn of(&self, app: AppId, is_meant: impl Fn(&str) -> bool) -> u64 {
        let tables = self.tables.get(&app).into_iter().flatten();
        let meant = tables.filter(|(table, _)| is_meant(table)).map(|(_, number)| *number);
        meant.fold(self.definitions, u64::max)
    }
}

impl Store {
    /// A number that another one follows whenever the rows of an application's tables change, of
    /// those whose stored name `is_meant`, or the definition of any own table. It says nothing
    /// across restarts.
    pub fn version(&self, app: AppId, is_meant: impl Fn(&str) -> bool) -> u64 {
        self.inner.state.read().changes.of(app, is_meant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_concerns_its_application_and_table() {
        let mut changes = Changes::default();
        let all = |_: &str| true;
        assert_eq!(changes.of(AppId(1), all), 0);
        changes.rows_changed(AppId(1), "requests");
        changes.rows_changed(AppId(2), "traces");
        changes.rows_changed(AppId(1), "Audit");
        assert_eq!(changes.of(AppId(1), all), 3);
        assert_eq!(changes.of(AppId(1), |table| table != "Audit"), 1);
        assert_eq!(changes.of(AppId(2), all), 2);
        changes.definitions_changed();
        assert_eq!(changes.of(AppId(2), all), 4);
    }
}
