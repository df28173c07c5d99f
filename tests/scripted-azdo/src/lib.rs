//! An Azure DevOps service that follows a script: for tests, and for trying the product without an
//! organisation.
//!
//! Invariants: no product crate is used, so that what it says is an opinion of its own; the same
//! script and the same requests give the same answers, and no clock is read.
//!
//! ```text
//! let service = Service::scenario("tests/azdo/synthetic/collector".as_ref(), "poll1")?;
//! // base = "{service.url()}/exorg"; collect; then
//! service.play(Scenario::load(dir)?.pass("poll2")?);
//! // collect again; then
//! assert!(service.unknown().is_empty());
//! ```

mod fault;
mod history;
mod http;
mod scenario;
mod service;
mod subscriptions;
pub mod time;

pub use fault::{Fault, Rule};
pub use history::{Event, History, Shape, truth};
pub use http::{Answer, Request};
pub use scenario::{Pass, Scenario};
pub use service::{Script, Seen, Service, Stop};
pub use subscriptions::Subscriptions;
