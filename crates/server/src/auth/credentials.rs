//! Where a request carries a key.
//!
//! Invariant: what is read here is compared and forgotten; it is never logged.

use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The keys a request carries, at most one per place: `x-api-key`, a bearer token, the password of
/// Basic authentication, the parameter `key`.
pub fn read(parts: &Parts) -> Vec<String> {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let mut found = Vec::new();
    found.extend(text("x-api-key").map(|key| key.trim().to_owned()));
    if let Some((scheme, value)) = text(AUTHORIZATION.as_str()).and_then(|v| v.split_once(' ')) {
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => found.push(value.trim().to_owned()),
            // One that cannot be read is a wrong one.
            "basic" => found.push(password(value.trim()).unwrap_or_else(|| "unreadable".into())),
            _ => {}
        }
    }
    found.extend(
        crate::ask::parameters(&parts.uri)
            .into_iter()
            .find_map(|(name, value)| (name == "key").then_some(value)),
    );
    found.retain(|key| !key.is_empty());
    found
}

/// The keys a delivery of a service hook carries (spec azure-devops.md §8.5), at most one per
/// place: what follows `/hooks/azdo/` in the path, `X-Hook-Key`, the parameter `code`, and where
/// all requests carry theirs.
pub fn read_hook(parts: &Parts) -> Vec<String> {
    let of_path = parts.uri.path().rsplit_once("/hooks/azdo/").map(|(_, key)| key.to_owned());
    let header = parts.headers.get("x-hook-key").and_then(|value| value.to_str().ok());
    let parameters = crate::ask::parameters(&parts.uri);
    let code = parameters.into_iter().find_map(|(name, value)| (name == "code").then_some(value));
    let mut found: Vec<String> = of_path.into_iter().collect();
    found.extend(header.map(|key| key.trim().to_owned()));
    found.extend(code);
    found.extend(read(parts));
    found.retain(|key| !key.is_empty());
    found
}

/// The password of `user:password` in Base64; the user's name does not matter.
fn password(value: &str) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}
