//! Which paths are pages of the portal, which its own script shows by their address.
//!
//! Invariant: every API is found under any prefix (`routes.rs`), so a page is what begins like one
//! and does not go on like an API.

/// First parts of the paths of APIs.
const APIS: [&str; 11] = [
    "api",
    "v1",
    "v2",
    "v2.1",
    "trace",
    "workspaces",
    "subscriptions",
    "$batch",
    "badges",
    "hooks",
    "QuickPulseService.svc",
];

/// The parts of a path between its slashes.
pub fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

/// Whether a path of these parts is a page.
pub fn is_page(parts: &[&str]) -> bool {
    match parts {
        [] | ["a" | "sign-in"] => true,
        ["a", _, rest @ ..] => !is_api(rest),
        ["ci", "badges" | "hooks", ..] => true,
        // What is asked of a server behind such a prefix, and no page of ours.
        ["ci" | "setup", "metrics" | "healthz"] => false,
        ["ci" | "setup" | "dash" | "alerts", rest @ ..] => !is_api(rest),
        _ => false,
    }
}

/// Whether more follows what only APIs begin with.
fn is_api(rest: &[&str]) -> bool {
    let begins = |first: &str| APIS.iter().any(|api| api.eq_ignore_ascii_case(first));
    matches!(rest, [first, _, ..] if begins(first))
}
