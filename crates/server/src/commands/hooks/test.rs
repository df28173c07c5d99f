//! `telltale hooks test`: a sample event, and what came of it.

use std::io::Write;

use super::PATH;
use crate::app::now;
use crate::cli::{Place, Trust};
use crate::commands::Failure;
use crate::commands::apps::good;
use crate::commands::client::{Client, encode};
use crate::hooks::sample;

/// Sends a sample with the key of a name, through its server, or to the whole URL of a hook.
///
/// # Errors
/// When it was not taken, or nothing came of it.
pub fn run(place: &Place, key: Option<&str>, target: &str) -> Result<(), Failure> {
    let Place::Url { url, trust } = place else {
        return Err(Failure::new("a hook is tested with its server: give `--url`"));
    };
    if target.contains("://") {
        return to_url(target, trust);
    }
    let client = Client::new(url, trust, key)?;
    let path = format!("/api/hooks/test?name={}", encode(target));
    let answer = good(&client.post(&path, "application/json", b"")?)?;
    match answer["badge"].as_str() {
        Some(badge) if answer["isProcessed"] == true => {
            told(&format!("the sample was taken and worked through; its badge is {badge}"))?;
            let visibility = answer["visibility"].as_str().unwrap_or_default();
            writeln!(std::io::stderr(), "{}", layout(badge, visibility))?;
            Ok(())
        }
        _ => {
            let why = answer["message"].as_str().unwrap_or_default();
            Err(Failure::new(format!("the sample was taken, and no badge came of it: {why}")))
        }
    }
}

/// What may be put into a README, and why it looks so.
fn layout(badge: &str, visibility: &str) -> String {
    let readme = format!("In a README: ![Sample]({badge})");
    match visibility {
        "public" => readme,
        "token" => format!(
            "{readme}\nWhoever has this address sees the badge; it tells no names. Badges at \
             readable addresses, /badges/ORGANISATION/PROJECT/DEFINITION/ENVIRONMENT.svg, are for \
             everybody with `visibility = \"public\"` under `[badges]` in the settings file, or \
             one of them with `telltale badge set ID --visibility public`"
        ),
        _ => "Only who has a key sees it (`visibility = \"signed-in\"`): a README cannot show it"
            .to_owned(),
    }
}

fn to_url(target: &str, trust: &Trust) -> Result<(), Failure> {
    let Some((base, rest)) = target.split_once(PATH) else {
        return Err(Failure::new(format!("a hook's URL has `{PATH}` in it")));
    };
    let body = sample::deployment(now()).to_string();
    let client = Client::new(base, trust, None)?;
    let reply = client.post(&format!("{PATH}{rest}"), "application/json", body.as_bytes())?;
    if reply.status != 200 {
        return Err(reply.refusal());
    }
    told(
        "the sample was taken (HTTP 200); `telltale badge list` has the badge `Sample` of \
         `telltale-sample` and its address for a README, if the key is for all projects",
    )
}

fn told(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}
