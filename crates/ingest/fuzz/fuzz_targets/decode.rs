//! Any bytes, as a body in any encoding: never a panic, always a consistent outcome.
//!
//! The first byte chooses encoding and mode, the rest is the body. `sh seeds.sh` makes the seeds;
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run decode` runs it with the stable compiler.

#![no_main]

use ingest::body;
use ingest::breeze::{self, App, Context, Mode, Window};
use libfuzzer_sys::fuzz_target;
use model::AppId;

fuzz_target!(|input: &[u8]| {
    let Some((choice, sent)) = input.split_first() else { return };
    let encoding = [None, None, None, Some("gzip"), Some("deflate")][usize::from(choice % 5)];
    let Ok(body) = body::decode(encoding, sent, 1 << 20) else { return };
    let mode = if choice & 0x40 == 0 { Mode::Default } else { Mode::Strict };
    let app = |key: &str| (!key.starts_with('9')).then_some(App { id: AppId(1), mode });
    let context = Context {
        now: 1_795_233_600_000_000_000,
        window: (choice & 0x20 == 0).then(Window::default),
        item_bytes_max: 65_536,
        items_max: 100,
        sender_address: Some("192.0.2.1"),
        user_agent: std::str::from_utf8(&sent[..sent.len().min(80)]).ok(),
        app: &app,
        item_id: 0,
        place: None,
    };
    let outcome = breeze::decode(&body, &context);
    let rows: usize = outcome.batches.iter().map(|(_, batch)| batch.rows.num_rows()).sum();
    assert_eq!(rows, outcome.accepted);
    // Every refusal has a fault, up to twice the items of a request.
    let refused = outcome.received - outcome.accepted;
    assert!(outcome.faults.len() == refused || outcome.received > 200);
});
