//! Tables that users created: found by name, per application, with the time range that fits.

use std::collections::BTreeMap;

use kql::bound::BoundQuery;
use kql::catalog::{BindOptions, Catalog};
use model::{Type, ViewDef, own};

use super::{NOW, columns};

/// Own tables by application; the empty name is the one asked.
struct Own(BTreeMap<&'static str, Vec<&'static ViewDef>>);

fn catalog() -> Own {
    let table = |name: &'static str, columns: &[(&str, Type)]| {
        own::view(name, own::stored(&format!("own-kql-{name}"), columns))
    };
    let builds = table("Builds", &[("id", Type::Long), ("name", Type::String)]);
    let build_steps = table("BuildSteps", &[("timestamp", Type::DateTime), ("build", Type::Long)]);
    let odd = table("my table", &[("a b", Type::Dynamic)]);
    let secret = table("Secrets", &[("key", Type::Guid)]);
    Own([("", vec![builds, build_steps, odd]), ("other", vec![secret])].into())
}

impl Own {
    fn find(&self, app: &str, name: &str) -> Option<&'static ViewDef> {
        let own = self.0.get(app).into_iter().flatten().copied().find(|view| view.name == name);
        model::tables::view(name).or(own)
    }
    fn names(&self, app: &str) -> Vec<&'static str> {
        let own = self.0.get(app).into_iter().flatten().map(|view| view.name);
        model::tables::views().iter().map(|view| view.name).chain(own).collect()
    }
}

impl Catalog for Own {
    fn table(&self, name: &str) -> Option<&'static ViewDef> {
        self.find("", name)
    }
    fn table_names(&self) -> Vec<&'static str> {
        self.names("")
    }
    fn has_app(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
    fn table_in(&self, app: &str, name: &str) -> Option<&'static ViewDef> {
        self.find(app, name)
    }
    fn table_names_in(&self, app: &str) -> Vec<&'static str> {
        self.names(app)
    }
}

fn bind(text: &str, time_range: Option<(i64, i64)>) -> Result<BoundQuery, String> {
    let options = BindOptions { now: NOW, time_range, ..BindOptions::default() };
    kql::compile(text, &catalog(), &options).map_err(|findings| {
        let finding = &findings[0];
        let help = finding.help.as_ref().map(|help| format!("; {help}"));
        format!("{}: {}{}", finding.code, finding.message, help.unwrap_or_default())
    })
}

fn outcome(text: &str) -> String {
    bind(text, None).map_or_else(|error| error, |query| columns(&query))
}

#[test]
fn own_tables_are_tables() {
    for (text, wanted) in [
        ("Builds", "id:long, name:string"),
        ("['my table'] | project x = ['a b'].y", "x:dynamic"),
        ("table('BuildSteps')", "timestamp:datetime, build:long"),
        ("union Build* | count", "Count:long"),
        ("Builds | where id in (BuildSteps | project build)", "id:long, name:string"),
        ("app('other').Secrets", "key:guid"),
        ("database('other').Secrets", "key:guid"),
        ("workspace('other').requests | count", "Count:long"),
        ("union app('other').S*, database('other').Sec*", "key:guid"),
        ("Builds | extend t = ingestion_time()", "id:long, name:string, t:datetime"),
        ("search in (Builds) 'x' | take 1", "$table:string, id:long, name:string"),
    ] {
        assert_eq!(outcome(text), wanted, "{text}");
    }
}

#[test]
fn tables_of_other_applications_are_not_seen_and_not_guessed() {
    for (text, wanted) in [
        ("builds", "SEM0100: no table `builds`; did you mean `Builds`?"),
        ("app('other').Builds", "SEM0100: no table `Builds`; tables are "),
        ("app('other').Secret", "SEM0100: no table `Secret`; did you mean `Secrets`?"),
        ("union app('other').Build*", "SEM0100: no table fits `Build*`"),
        ("union Secret*", "SEM0100: no table fits `Secret*`"),
        ("database('x').Builds", "SEM0100: no application `x`"),
        ("database('other')", "SEM0107: `database('name')` needs a table after it"),
    ] {
        let found = outcome(text);
        assert!(found.starts_with(wanted), "{text}: {found}");
    }
    assert!(!outcome("app('other').Nothing").contains("Builds"));
}

#[test]
fn the_time_range_goes_by_the_tables_own_time_or_by_when_rows_came_in() {
    let range = Some((NOW - 5, NOW));
    let by_column = bind("BuildSteps", range).unwrap();
    assert!(!format!("{by_column:?}").contains("ingestion_time_"));
    for text in ["Builds", "Builds | extend t = ingestion_time()", "union withsource=s Builds"] {
        let bound = bind(text, range).unwrap();
        assert!(format!("{bound:?}").contains("ingestion_time_"), "{text}");
        assert!(!columns(&bound).contains("ingestion_time_"), "{text}: {}", columns(&bound));
    }
    let named = bind("union withsource=s Builds, BuildSteps", range).unwrap();
    assert!(format!("{named:?}").contains("\"Builds\""), "the table keeps its name");
}
