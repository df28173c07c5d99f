//! Where an organisation or collection answers (spec azure-devops.md §1.1).

/// The bases of one organisation or collection, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// Builds, test runs, projects.
    pub core: String,
    /// Releases and deployments.
    pub release: String,
}

impl Hosts {
    /// The hosts of a base: those of the cloud's releases are derived, a server has one for all.
    /// `release` replaces what would be derived.
    ///
    /// # Errors
    /// What is wrong with an address, as a sentence's end.
    pub fn of(base: &str, release: Option<&str>) -> Result<Hosts, String> {
        let core = check(base)?;
        let release = match release {
            Some(release) => check(release)?,
            None => release_of(&core),
        };
        Ok(Hosts { core, release })
    }
}

fn check(base: &str) -> Result<String, String> {
    let base = base.trim().trim_end_matches('/');
    let rest = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split('/').next().unwrap_or_default());
    match host {
        None => Err("must begin with `https://` or `http://`".to_owned()),
        Some("") => Err("must name a host".to_owned()),
        Some(host) if host.contains('@') => {
            Err("must not hold a name or password: name them by `token_env`".to_owned())
        }
        Some(_) if base.contains(['?', '#', ' ']) => {
            Err("must not hold a query, a fragment or a blank".to_owned())
        }
        Some("dev.azure.com") if base.matches('/').count() != 3 => {
            Err("must be `https://dev.azure.com/ORGANISATION`".to_owned())
        }
        Some(_) => Ok(base.to_owned()),
    }
}

/// `dev.azure.com/org` → `vsrm.dev.azure.com/org`, `org.visualstudio.com` →
/// `org.vsrm.visualstudio.com`; anything else is its own.
fn release_of(core: &str) -> String {
    let Some((scheme, rest)) = core.split_once("://") else { return core.to_owned() };
    let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
    let host = host.to_ascii_lowercase();
    if host == "dev.azure.com" {
        return format!("{scheme}://vsrm.dev.azure.com/{path}");
    }
    match host.strip_suffix(".visualstudio.com").filter(|org| !org.contains('.')) {
        Some(org) if path.is_empty() => format!("{scheme}://{org}.vsrm.visualstudio.com"),
        Some(org) => format!("{scheme}://{org}.vsrm.visualstudio.com/{path}"),
        None => core.to_owned(),
    }
}

/// `{base}/{project}/_apis/{path}?api-version=…&{query}`; project and values are escaped, pairs
/// without a value left out.
pub fn url(
    base: &str,
    project: Option<&str>,
    path: &str,
    version: &str,
    query: &[(&str, &str)],
) -> String {
    let mut url = base.to_owned();
    if let Some(project) = project {
        url.push('/');
        escape(&mut url, project);
    }
    url.push_str("/_apis/");
    url.push_str(path);
    url.push_str("?api-version=");
    escape(&mut url, version);
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        url.push('&');
        url.push_str(name);
        url.push('=');
        escape(&mut url, value);
    }
    url
}

/// Appends a text percent-encoded, for a part of a path, a value of a query or of a form.
pub fn escape(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(HEX.get(usize::from(digit)).copied().map_or('0', char::from));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_derived_for_the_cloud_and_one_for_servers() {
        for (base, core, release) in [
            (
                "https://dev.azure.com/org/",
                "https://dev.azure.com/org",
                "https://vsrm.dev.azure.com/org",
            ),
            (
                "https://org.visualstudio.com",
                "https://org.visualstudio.com",
                "https://org.vsrm.visualstudio.com",
            ),
            (
                "https://org.visualstudio.com/DefaultCollection",
                "https://org.visualstudio.com/DefaultCollection",
                "https://org.vsrm.visualstudio.com/DefaultCollection",
            ),
            ("http://tfs:8080/tfs/Main", "http://tfs:8080/tfs/Main", "http://tfs:8080/tfs/Main"),
        ] {
            let hosts = Hosts::of(base, None).unwrap();
            assert_eq!((hosts.core.as_str(), hosts.release.as_str()), (core, release));
        }
        let hosts = Hosts::of("https://dev.azure.com/org", Some("https://proxy/rm/")).unwrap();
        assert_eq!(hosts.release, "https://proxy/rm");
    }

    #[test]
    fn wrong_addresses_say_what_is_wrong() {
        for (base, want) in [
            ("dev.azure.com/org", "must begin with"),
            ("https:///x", "must name a host"),
            ("https://:secret@host/x", "must not hold a name or password"),
            ("https://host/x?y=1", "must not hold a query"),
            ("https://dev.azure.com", "must be `https://dev.azure.com/ORGANISATION`"),
        ] {
            let error = Hosts::of(base, None).unwrap_err();
            assert!(error.contains(want), "{base}: {error}");
        }
    }

    #[test]
    fn names_and_values_are_escaped() {
        let query = [("minTime", "2026-11-20T10:00:00Z"), ("continuationToken", "")];
        assert_eq!(
            url("https://h/o", Some("A & Bé"), "build/builds", "5.0", &query),
            "https://h/o/A%20%26%20B%C3%A9/_apis/build/builds?api-version=5.0\
             &minTime=2026-11-20T10%3A00%3A00Z"
        );
    }
}
