//! Connection strings of Application Insights (spec ingestion.md §2.2).
//!
//! Invariant: what a string says besides key and endpoint is kept, so that it can be passed on.

use std::fmt;

use azdo::origin::Origin;

use super::variable;
use crate::commands::Failure;

/// Where a connection string is looked for, in this order.
pub const VARIABLES: [&str; 2] = ["TELLTALE_CONNECTION", "APPLICATIONINSIGHTS_CONNECTION_STRING"];
/// Longest connection string, as in the .NET SDK.
const CHARS_MAX: usize = 4096;
/// The part of a path that begins a place in a trace.
const TRACE: &str = "trace";

/// Ends of the host names of the vendor's own service, which knows no places in paths.
const VENDOR_HOSTS: [&str; 5] = [
    ".applicationinsights.azure.com",
    ".applicationinsights.azure.us",
    ".applicationinsights.azure.cn",
    ".applicationinsights.us",
    "dc.services.visualstudio.com",
];

/// A connection string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub instrumentation_key: String,
    /// Address of the ingestion endpoint without a trailing `/`.
    pub endpoint: String,
    /// What else it says, in order and as written.
    others: Vec<(String, String)>,
}

impl Connection {
    /// The connection string given, else that of the environment.
    ///
    /// # Errors
    /// When there is none, or as [`Connection::parse`].
    pub fn find(given: Option<&str>) -> Result<Connection, Failure> {
        let is_some = |text: &String| !text.trim().is_empty();
        if let Some(text) = given.map(str::to_owned).filter(is_some) {
            return Connection::parse(&text);
        }
        let of_variable = |name: &'static str| Some((name, variable(name).filter(is_some)?));
        let Some((name, text)) = VARIABLES.into_iter().find_map(of_variable) else {
            return Err(Failure::new(format!(
                "no connection string: give `--connection` or set `{}` or `{}`",
                VARIABLES[0], VARIABLES[1]
            )));
        };
        Connection::parse(&text).map_err(|failure| Failure::new(format!("`{name}`: {failure}")))
    }

    /// Reads `Key=Value` pairs joined by `;`; letter case of the keys does not count.
    ///
    /// # Errors
    /// When key or endpoint is missing or of no use. No text shows a value: one may be secret.
    pub fn parse(text: &str) -> Result<Connection, Failure> {
        if text.chars().count() > CHARS_MAX {
            let message = format!("the connection string has more than {CHARS_MAX} characters");
            return Err(Failure::new(message));
        }
        let mut pairs = Vec::new();
        for pair in text.split(';').map(str::trim).filter(|pair| !pair.is_empty()) {
            let Some((key, value)) = pair.split_once('=') else {
                let message = "the connection string has a part without `=`: it is \
                               `InstrumentationKey=…;IngestionEndpoint=…`";
                return Err(Failure::new(message));
            };
            pairs.push((key.trim().to_owned(), value.trim().to_owned()));
        }
        let instrumentation_key = take(&mut pairs, "InstrumentationKey").ok_or_else(|| {
            Failure::new(
                "the connection string has no `InstrumentationKey`; `telltale apps list` \
                          shows those there are",
            )
        })?;
        let endpoint = take(&mut pairs, "IngestionEndpoint").or_else(|| of_suffix(&pairs));
        let endpoint = endpoint.ok_or_else(|| {
            Failure::new(
                "the connection string has no `IngestionEndpoint`: add the address of \
                          the server, such as `IngestionEndpoint=http://host:8321/`",
            )
        })?;
        let scheme = endpoint.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("http" | "https")) {
            let message = "the `IngestionEndpoint` of the connection string is no address: begin \
                           it with `http://` or `https://`";
            return Err(Failure::new(message));
        }
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Ok(Connection { instrumentation_key, endpoint, others: pairs })
    }

    /// The same with an endpoint whose items join the trace at `origin`; the same as it is when it
    /// is the vendor's, who would not find such a path.
    pub fn in_trace(&self, origin: &Origin) -> Connection {
        if self.is_vendors() {
            return self.clone();
        }
        let base = self.split_trace().map_or(self.endpoint.as_str(), |(base, _)| base);
        let endpoint = format!("{base}/{TRACE}/{}/{}", origin.operation_id, origin.span_id);
        Connection { endpoint, ..self.clone() }
    }

    fn is_vendors(&self) -> bool {
        let host = self.endpoint.split_once("://").map_or("", |(_, rest)| rest);
        let host = host.split(['/', ':']).next().unwrap_or_default().to_ascii_lowercase();
        VENDOR_HOSTS.iter().any(|end| host.ends_with(end))
    }

    /// The place in a trace the endpoint names.
    pub fn origin(&self) -> Option<Origin> {
        Some(self.split_trace()?.1)
    }

    /// The endpoint in front of the place in a trace, and that place.
    fn split_trace(&self) -> Option<(&str, Origin)> {
        let (rest, span_id) = self.endpoint.rsplit_once('/')?;
        let (rest, operation_id) = rest.rsplit_once('/')?;
        let (base, name) = rest.rsplit_once('/')?;
        let origin = Origin::new(operation_id, span_id)?;
        name.eq_ignore_ascii_case(TRACE).then_some((base, origin))
    }
}

/// The connection string: endpoints end with `/`, without which some clients lose the last part
/// of a path, and there is no `;` at the end, which some refuse.
impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, endpoint) = (&self.instrumentation_key, &self.endpoint);
        write!(f, "InstrumentationKey={key};IngestionEndpoint={endpoint}/")?;
        self.others.iter().try_for_each(|(key, value)| write!(f, ";{key}={value}"))
    }
}

/// Takes a value out of the pairs; the last one of a key counts, as in the SDKs.
fn take(pairs: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let mut found = None;
    pairs.retain(|(key, value)| {
        let is_it = key.eq_ignore_ascii_case(name);
        if is_it && !value.is_empty() {
            found = Some(value.clone());
        }
        !is_it
    });
    found
}

/// `https://[location.]dc.suffix`.
fn of_suffix(pairs: &[(String, String)]) -> Option<String> {
    let get = |name: &str| {
        let found = pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    };
    let suffix = get("EndpointSuffix")?;
    let location = get("Location").map(|location| format!("{location}."));
    Some(format!("https://{}dc.{suffix}", location.unwrap_or_default()))
}
