//! Which paths are pages of the portal, which its own script shows by their address.
//!
//! Invariant: every API is found under any prefix (`routes.rs`), so only what has the form of a
//! page is one. [`PAGES`] is the list of `portal/src/routes.ts`; a test compares them.

/// The pages. A part in braces stands for any text.
const PAGES: [&str; 24] = [
    // Leads to the first page.
    "/",
    "/a/{app}/overview",
    "/a/{app}/metrics",
    "/a/{app}/search",
    "/a/{app}/item/{itemId}",
    "/a/{app}/op/{operationId}",
    "/a/{app}/logs",
    "/ci",
    "/ci/pipelines/{source}/{project}/{definition}",
    "/ci/builds",
    "/ci/builds/{source}/{project}/{buildId}",
    "/ci/failures",
    "/ci/failures/{fingerprint}",
    "/ci/known",
    "/ci/known/{id}",
    "/ci/tests",
    "/ci/tests/{testId}",
    "/ci/badges",
    "/ci/hooks",
    "/setup",
    "/setup/keys",
    "/setup/data",
    "/setup/saved",
    "/sign-in",
];

/// Parts by which what is asked for is known as an API's or a picture, and no page mistyped.
const APIS: [&str; 14] = [
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
    "healthz",
    "metrics",
    "s",
];

/// The parts of a path between its slashes.
pub fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

/// Whether a path of these parts is a page.
pub fn is_page(path: &[&str]) -> bool {
    let is_same = |page: &str| {
        let page = parts(page);
        let mut pairs = page.iter().zip(path);
        page.len() == path.len()
            && pairs.all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
    };
    !is_picture(path) && PAGES.iter().any(|page| is_same(page))
}

/// Whether a path of these parts may be that of a page mistyped: it begins like one, and nothing in
/// it is an API's.
pub fn is_like_page(path: &[&str]) -> bool {
    let is_of_api = |part: &&str| APIS.iter().any(|api| api.eq_ignore_ascii_case(part));
    path.first().is_some_and(|first| begins_pages(first)) && !path.iter().any(is_of_api)
}

/// Whether the path of a page begins with this part.
pub fn begins_pages(part: &str) -> bool {
    PAGES.iter().any(|page| parts(page).first() == Some(&part))
}

/// Whether it is the picture of a badge below whatever prefix.
fn is_picture(path: &[&str]) -> bool {
    let Some((last, before)) = path.split_last() else { return false };
    let is_file = [".svg", ".png", ".json"].iter().any(|ending| last.ends_with(ending));
    is_file && before.contains(&"badges")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_that_of_the_script() {
        let text = include_str!("../../../../portal/src/routes.ts");
        let theirs = text.split("page('").skip(1).filter_map(|rest| rest.split('\'').next());
        let theirs: Vec<&str> = theirs.collect();
        assert_eq!(PAGES[1..], theirs);
    }

    #[test]
    fn a_badge_is_a_picture_below_any_prefix() {
        for path in ["/ci/builds/badges/p/17.svg", "/ci/builds/badges/p/17.json"] {
            assert!(!is_page(&parts(path)), "{path}");
        }
        for path in ["/ci/builds/s/p/17", "/ci/badges", "/ci/builds/badges/p/17"] {
            assert!(is_page(&parts(path)), "{path}");
        }
    }
}
