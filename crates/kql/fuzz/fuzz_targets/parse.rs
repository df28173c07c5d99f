//! Any text: never a panic, places inside the text, and what is read without findings prints back.
//!
//! `sh seeds.sh` makes the seeds; `RUSTC_BOOTSTRAP=1 cargo fuzz run parse` runs it with the stable
//! compiler.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let parsed = kql::parse(text);
    for finding in &parsed.diagnostics {
        assert!(text.get(finding.span.start..finding.span.end).is_some(), "{finding:?}");
        // Rendering cuts the text at the place.
        let _ = finding.render(text);
    }
    let printed = kql::print::query(&parsed.query);
    if !parsed.diagnostics.is_empty() {
        return;
    }
    let again = kql::parse(&printed);
    assert!(again.diagnostics.is_empty(), "{printed}\n{:?}", again.diagnostics);
    assert!(
        kql::same_shape(&again.query, &parsed.query),
        "{printed}\n{:#?}\n{:#?}",
        kql::without_places(&parsed.query),
        kql::without_places(&again.query)
    );
});
