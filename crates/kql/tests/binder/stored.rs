//! Stored functions: how they are found, what they see, and what is said about them.

use std::path::Path;
use std::sync::LazyLock;

use kql::catalog::{BindOptions, Catalog};
use kql::diagnostic::line_column;
use kql::stored::{StoredFunction, TEXTS, built_in};
use model::{Type, ViewDef, own};

use super::{NOW, columns};

static FUNCTIONS: LazyLock<Vec<StoredFunction>> = LazyLock::new(|| {
    let texts = [
        "let Slow = (least: real = 100.0) { requests | where duration > least | project name };",
        "let Named = (wanted: string) { Slow() | where name == wanted };",
        "let Share = (part: long, of: long) { 1.0 * part / of };",
        "let Rows = (T: (*), most: long = 3) { T | take most };",
        "let Round = () { Back() | take 1 };",
        "let Back = () { Round() | take 1 };",
        "let Broken = () { requests | where nme == 1 };",
        "let Outer = () { Broken() | take 1 };",
        "let Secret = () { requests | where name == caller };",
        "let Twin = () { print x = 1 };",
        "let Later = () { let a = b; let b = 1; requests | take a };",
        "let Numbers = () { search in (requests) 55 | project name };",
        "let Divided = (x: long) { requests | project y = substring(name, x, 'a') };",
    ];
    texts.iter().map(|text| StoredFunction::read(text).unwrap()).collect()
});

/// The tables of the product, the functions above, and an own table `Twin`.
struct World;

impl World {
    fn own(name: &str) -> Option<&'static ViewDef> {
        static TWIN: LazyLock<&'static ViewDef> =
            LazyLock::new(|| own::view("Twin", own::stored("own-kql-Twin", &[("id", Type::Long)])));
        (name == "Twin").then(|| *TWIN)
    }
}

impl Catalog for World {
    fn table(&self, name: &str) -> Option<&'static ViewDef> {
        model::tables::view(name).or_else(|| World::own(name))
    }
    fn table_names(&self) -> Vec<&'static str> {
        let built_in = model::tables::views().iter().map(|view| view.name);
        built_in.chain(["Twin"]).collect()
    }
    fn functions(&self) -> Vec<&'static StoredFunction> {
        FUNCTIONS.iter().collect()
    }
    fn has_app(&self, _: &str) -> bool {
        false
    }
}

fn outcome(text: &str) -> String {
    let options = BindOptions { now: NOW, ..BindOptions::default() };
    match kql::compile(text, &World, &options) {
        Ok(query) => columns(&query),
        Err(findings) => {
            let finding = &findings[0];
            assert_eq!(findings.len(), 1, "{text}: {findings:?}");
            let place = &text[finding.span.start..finding.span.end];
            let help = finding.help.as_ref().map(|help| format!("; {help}"));
            format!("{place}: {}{}", finding.message, help.unwrap_or_default())
        }
    }
}

fn check(cases: &[(&str, &str)]) {
    let found: Vec<String> = cases.iter().map(|(text, _)| outcome(text)).collect();
    let wanted: Vec<&str> = cases.iter().map(|(_, wanted)| *wanted).collect();
    assert_eq!(found, wanted);
}

#[test]
fn stored_functions_are_called_by_name_and_named_like_tables() {
    check(&[
        ("Slow()", "name:string"),
        ("Slow(5.0) | count", "Count:long"),
        ("Slow(least = 5.0)", "name:string"),
        ("Slow", "name:string"),
        ("Slow | where name has 'a'", "name:string"),
        ("Named('a')", "name:string"),
        ("print x = Share(1, 2)", "x:real"),
        ("requests | project s = Share(itemCount, 10)", "s:real"),
        ("Share(1, 2)", "print_0:real"),
        ("requests | project name | invoke Rows(5)", "name:string"),
        ("union Slow, (Named('x'))", "name:string"),
        ("requests | where name in (Slow) | project id", "id:string"),
        ("requests | join kind=inner Slow() on name | project name", "name:string"),
        ("let n = toscalar(Slow() | count); print n", "print_0:long"),
        ("let F = () { Slow() }; F()", "name:string"),
        ("table('Slow')", "name:string"),
        ("Numbers", "name:string"),
    ]);
}

#[test]
fn names_of_the_query_and_own_tables_come_first() {
    check(&[
        ("let Slow = requests | project id; Slow", "id:string"),
        ("let Slow = () { print y = 2 }; Slow()", "y:long"),
        ("let Slow = Slow | extend z = 1; Slow", "name:string, z:long"),
        ("let Slow = requests | project id; Named('x')", "name:string"),
        ("Twin", "id:long"),
        ("union Twin, Twin", "id:long"),
        ("Twin()", "x:long"),
    ]);
}

#[test]
fn wildcards_and_search_never_mean_functions() {
    check(&[
        ("union Sl*", "Sl*: no table fits `Sl*`"),
        ("search in (Sl*) 'a'", "Sl*: no table fits `Sl*`"),
        ("union Tw*", "id:long"),
    ]);
}

#[test]
fn findings_stand_at_the_call() {
    check(&[
        ("Broken | take 1", "Broken: in `Broken`: no column `nme` here; did you mean `name`?"),
        (
            "requests | join kind=inner (Outer()) on name",
            "Outer(): in `Outer`: in `Broken`: no column `nme` here; did you mean `name`?",
        ),
        ("Round()", "Round(): in `Round`: in `Back`: `Round()` calls itself"),
        (
            "let caller = 'x'; Secret",
            "Secret: in `Secret`: no column `caller` here; a text stands in \
             quotes: `\"caller\"`",
        ),
        (
            "Named(Later())",
            "Later(): `Later()` yields a table, a value is expected; \
          `toscalar(…)` gives the first value of a table",
        ),
        (
            "Divided(1)",
            "Divided(1): in `Divided`: `substring()` cannot take (string, long, string); expected \
             `substring(any, long[, long])`",
        ),
        ("Named()", "Named(): `Named()` cannot take 0 arguments; expected `Named(wanted)`"),
        ("Named(5)", "5: `wanted` is of type string, not long"),
        ("Slow(lest = 1.0)", "lest: `Slow()` has no parameter `lest`; did you mean `least`?"),
        (
            "requests | extend x = Slow()",
            "Slow(): `Slow()` yields a table, a value is expected; `toscalar(…)` gives the first \
             value of a table",
        ),
        ("Slwo", "Slwo: no table `Slwo`; did you mean `Slow`?"),
        ("Slwo()", "Slwo: no function `Slwo`; did you mean `Slow`?"),
        (
            "requests | invoke Rwos()",
            "Rwos: no function `Rwos` that takes a table; did you mean `Rows`?",
        ),
    ]);
}

/// Every file of the folder is embedded under its name, which nothing else has.
#[test]
fn the_reports_are_all_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut embedded: Vec<String> = TEXTS.iter().map(|(name, _)| format!("{name}.kql")).collect();
    embedded.sort();
    assert_eq!(files, embedded);
    for (name, text) in TEXTS {
        let function = StoredFunction::read(text).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(function.name, name);
        assert!(model::tables::view(name).is_none(), "{name} is a table");
        let is_built_in = kql::signatures::all().any(|s| s.name == name);
        assert!(!is_built_in, "{name} is a function of the language");
        assert!(function.summary().ends_with('.'), "{name}: {}", function.summary());
    }
    assert_eq!(built_in().len(), TEXTS.len());
}

/// The manual names every function with its first sentences.
#[test]
fn the_page_of_reports_names_them_all() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reports.md");
    let page = std::fs::read_to_string(page).unwrap();
    let row = |f: &StoredFunction| format!("| `{}` | {} |", f.name, f.summary());
    let mut wanted: Vec<String> = built_in().iter().map(row).collect();
    let mut found: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);
}

/// As part of a query each text is bound at its own places; what is wrong with it is seen here.
#[test]
fn the_reports_are_queries() {
    for function in built_in().iter().filter(|function| function.needs_nothing()) {
        let text = format!("{}\n{}()", function.text, function.name);
        let Err(findings) = super::compile(&text) else { continue };
        let finding = &findings[0];
        let (line, column) = line_column(&text, finding.span.start);
        let (name, message) = (&function.name, &finding.message);
        panic!("reports/{name}.kql:{line}:{column}: {message} ({:?})", finding.help);
    }
}
