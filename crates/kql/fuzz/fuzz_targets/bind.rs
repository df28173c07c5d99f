//! Any text over the built-in tables: binding never panics, and refuses or yields a query.
//!
//! Trees with findings are bound as well: editors bind what is still being typed.

#![no_main]

use kql::catalog::{BindOptions, Catalog};
use kql::stored::StoredFunction;
use libfuzzer_sys::fuzz_target;
use model::ViewDef;

struct Tables;

impl Catalog for Tables {
    fn table(&self, name: &str) -> Option<&'static ViewDef> {
        model::tables::view(name)
    }
    fn table_names(&self) -> Vec<&'static str> {
        model::tables::views().iter().map(|view| view.name).collect()
    }
    fn functions(&self) -> Vec<&'static StoredFunction> {
        kql::stored::built_in().iter().collect()
    }
    fn has_app(&self, name: &str) -> bool {
        name == "x"
    }
}

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let options = BindOptions { now: 1_795_233_600_000_000_000, ..BindOptions::default() };
    let parsed = kql::parse(text);
    let (bound, diagnostics) = kql::bind(&parsed.query, text, &Tables, &options);
    // Without rows the columns of some plugins stay unknown: then there is neither.
    assert!(bound.is_none() || diagnostics.is_empty());
    for finding in &diagnostics {
        assert!(text.get(finding.span.start..finding.span.end).is_some(), "{finding:?}");
        let _ = finding.render(text);
    }
});
