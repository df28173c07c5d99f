//! `telltale hooks create`: a key, and what to enter in Azure DevOps.

use std::io::Write;

use serde_json::Value;

use super::PATH;
use crate::cli::Place;
use crate::commands::Failure;
use crate::commands::keys::{make, warn_of_no_admin};
use crate::hooks::scope;
use crate::keys::Wish;
use crate::settings::{is_loopback_url, parse_base_url};

/// Makes a key and prints the URL of its hook; the steps go to standard error.
///
/// # Errors
/// When the wish cannot be met, or server or folder cannot be asked.
pub fn run(
    place: &Place,
    key: Option<&str>,
    wish: &Wish,
    public_url: Option<&str>,
    is_json: bool,
) -> Result<(), Failure> {
    let given = public_url.map(check).transpose()?;
    let asked = match (&given, place) {
        (_, Place::Url { url, .. }) => url.clone(),
        (Some(given), Place::Data(_)) => given.clone(),
        (None, Place::Data(_)) => {
            return Err(Failure::new(
                "`--public-url` is needed with `--data`: a folder does not know its server's \
                 address",
            ));
        }
    };
    let mut made = make(place, key, wish)?;
    // The server may know where others reach it; else it is where we did.
    let told = made["publicUrl"].as_str().map(str::to_owned);
    let base = given.or(told).unwrap_or(asked);
    let url = format!("{base}{PATH}/{}", text(&made, "key"));
    made["url"] = url.as_str().into();
    let mut out = std::io::stdout().lock();
    // The key comes first: nothing can give it again.
    match is_json {
        true => writeln!(out, "{made}")?,
        false => writeln!(out, "{url}")?,
    }
    out.flush()?;
    if !is_json {
        steps(&mut std::io::stderr().lock(), &made, &base)?;
    }
    if made["anyAdmin"] == false {
        warn_of_no_admin(place)?;
    }
    Ok(())
}

/// The address without a slash at its end.
fn check(url: &str) -> Result<String, Failure> {
    parse_base_url(url).ok_or_else(|| {
        Failure::new(format!(
            "`{url}` is no address of a server: give one such as `https://telltale.example.com`"
        ))
    })
}

fn text(made: &Value, name: &str) -> String {
    made[name].as_str().unwrap_or_default().to_owned()
}

fn steps(out: &mut impl Write, made: &Value, base: &str) -> std::io::Result<()> {
    let name = text(made, "name");
    writeln!(
        out,
        "The URL above is shown this once, and whoever has it can send events.\n\
         In Azure DevOps, as an administrator of the project:\n\
         \x20 1. Project settings → Service hooks → + → Web Hooks → Next\n\
         \x20 2. Trigger: \"Release deployment completed\"; leave the filters at [Any] → Next\n\
         \x20 3. URL: the one above\n\
         \x20 4. Resource details to send: All (badges need them)\n\
         \x20    Messages to send and detailed messages to send: None\n\
         \x20 5. Test → Finish\n\
         For YAML pipelines choose \"Run stage state changed\" in step 2; for builds to be \
         collected at once, \"Build completed\".\n\
         Try it with: telltale hooks test '{name}'; see it with: telltale hooks list\n\
         Once something was deployed, telltale badge list has the address for a README: by an \
         unguessable token, or by readable names where the badge is public"
    )?;
    if let Some(names) = names(made) {
        writeln!(
            out,
            "note: {names}: names are compared with those in an event, which whoever has the URL \
             can write as they like; give ids where other projects must be safe from this key"
        )?;
    }
    if let Some(why) = unreachable(base) {
        writeln!(out, "warning: {why}")?;
    }
    Ok(())
}

/// What a key is for by name.
fn names(made: &Value) -> Option<String> {
    let given = |member: &str, is_id: fn(&str) -> bool| {
        let all = made[member].as_array().into_iter().flatten().filter_map(Value::as_str);
        all.filter(|text| !is_id(text)).map(|text| format!("`{text}`")).collect::<Vec<_>>()
    };
    let mut all = given("projects", scope::is_project_id);
    all.extend(given("definitions", scope::is_definition_id));
    (!all.is_empty()).then(|| all.join(", "))
}

/// Why Azure DevOps in the cloud would not reach an address.
fn unreachable(base: &str) -> Option<&'static str> {
    let (scheme, _) = base.split_once("://")?;
    match (is_loopback_url(base), scheme) {
        (true, _) => Some(
            "only this machine reaches that address: give the one that Azure DevOps is to call \
             with `--public-url`",
        ),
        (false, "http") => {
            Some("Azure DevOps expects HTTPS; over HTTP anybody between reads the key")
        }
        _ => None,
    }
}
