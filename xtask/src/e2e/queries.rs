//! Stories of clients that ask: unmodified, with nothing but a changed address.
//!
//! Each runs over HTTP where its client allows that, with authentication off, and over HTTPS with
//! the generated certificate and a key.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::server::Server;
use super::stories::{Outcome, Story};
use super::{clients, setup};
use crate::process::root;

/// The folder of the clients written in python.
const PYTHON: &str = "query-python";

pub fn all() -> Vec<Story> {
    vec![
        Story {
            name: "query: python azure-kusto-data 6.0.4",
            run: |telltale| python(telltale, "kusto.check.py", &[Way::Http, Way::Https]),
        },
        Story {
            name: "query: node azure-kusto-data 7.0.4",
            run: |telltale| node(telltale, "query-node-kusto", &[Way::Http, Way::Https]),
        },
        Story {
            name: "query: python azure-kusto-ingest 6.0.4, streaming",
            run: |telltale| python(telltale, "ingest.check.py", &[Way::Http, Way::Https]),
        },
        Story {
            name: "query: python azure-monitor-query 2.0.0",
            run: |telltale| python(telltale, "loganalytics.check.py", &[Way::Http, Way::Https]),
        },
        Story {
            name: "query: python azure-applicationinsights 0.1.1",
            run: |telltale| python(telltale, "appinsights.check.py", &[Way::Http, Way::Https]),
        },
        Story {
            name: "query: node @azure/monitor-query 1.3.3, @azure/monitor-query-logs 1.0.0",
            run: |telltale| node(telltale, "query-node-monitor", &[Way::Http, Way::Https]),
        },
    ]
}

/// How a client reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Http,
    Https,
}

fn python(telltale: &Path, script: &str, ways: &[Way]) -> Result<Outcome> {
    let Some(python) = setup::python(PYTHON)? else {
        return Ok(Outcome::Skipped("there is no python3 on this machine".into()));
    };
    let script = root().join("tests/e2e").join(PYTHON).join(script);
    ask(telltale, &python.to_string_lossy(), &script, ways)
}

fn node(telltale: &Path, folder: &str, ways: &[Way]) -> Result<Outcome> {
    let script = setup::npm(folder)?.join("check.js");
    ask(telltale, "node", &script, ways)
}

/// Runs a client that ends its output with `ok` when all it asked was answered rightly.
fn ask(telltale: &Path, program: &str, script: &Path, ways: &[Way]) -> Result<Outcome> {
    for way in ways {
        let server = Server::start_with_tls(telltale)?;
        let mut more = vec![("APP", "default".to_owned())];
        if *way == Way::Https {
            let authority = server.authority()?.to_string_lossy().into_owned();
            let url = server.tls_url.clone().context("no HTTPS address")?;
            more.push(("URL", url));
            for variable in ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"] {
                more.push((variable, authority.clone()));
            }
            more.push(("API_KEY", server.create_key("check", "admin")?));
        }
        let more: Vec<(&str, &str)> = more.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let output = clients::run(&server, program, script, "check", &more)
            .with_context(|| format!("over {way:?}"))?;
        if output.lines().last() != Some("ok") {
            bail!("over {way:?} the client said {output:?}");
        }
    }
    Ok(Outcome::Passed)
}
