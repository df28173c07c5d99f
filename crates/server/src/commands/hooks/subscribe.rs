//! `telltale hooks subscribe`: subscriptions made through the REST API (spec azure-devops.md §8.6).

use std::io::Write;

use azdo::client::Project;
use azdo::client::hooks::Subscription;

use super::{PATH, client, failed};
use crate::cli::SubscribeCall;
use crate::commands::Failure;

/// Makes what is missing, and says of each subscription what became of it.
///
/// # Errors
/// When the organisation refuses, or there is no such project.
pub fn run(call: &SubscribeCall) -> Result<(), Failure> {
    let (source, client) = client(call.config.as_deref(), &call.source)?;
    let all = client.projects().map_err(failed)?;
    let wanted = |project: &&Project| {
        source.projects.takes(&project.name) || source.projects.takes(&project.id)
    };
    let projects: Vec<&Project> = match call.projects.as_slice() {
        [] => all.iter().filter(wanted).collect(),
        named => named.iter().map(|name| find(&all, name)).collect::<Result<_, _>>()?,
    };
    if projects.is_empty() {
        return Err(Failure::new("the source collects no project that its token may see"));
    }
    let url = format!("{}{PATH}", call.public_url.trim().trim_end_matches('/'));
    let there = client.subscriptions().map_err(failed)?;
    let mut out = std::io::stdout().lock();
    for project in projects {
        for topic in &call.topics {
            let wanted = Subscription::wanted(*topic, &project.id, &url, &call.hook_key);
            // A dead one beside a live one is not worth another.
            let alike = there.iter().filter(|known| known.is_like(&wanted));
            let known = alike.min_by_key(|known| known.is_dead());
            let (name, topic) = (&project.name, topic.name());
            match known {
                Some(known) if known.is_dead() && call.repairs && call.is_dry_run => {
                    writeln!(out, "{name}: {topic}: would be made again ({})", known.id)?;
                }
                Some(known) if known.is_dead() && call.repairs => {
                    // The new one first: with two nothing is lost, and what is there twice comes
                    // to the same.
                    let made = client.subscribe(&wanted).map_err(failed)?;
                    client.unsubscribe(known).map_err(failed)?;
                    let (old, new, status) = (&known.id, &made.id, &made.status);
                    writeln!(out, "{name}: {topic}: made again, {status} ({new} for {old})")?;
                }
                Some(known) if known.is_dead() => writeln!(
                    out,
                    "{name}: {topic}: {} ({}): nothing revives it, `--repair` deletes it and makes \
                     it again",
                    known.status, known.id
                )?,
                Some(known) => {
                    writeln!(
                        out,
                        "{name}: {topic}: there already, {} ({})",
                        known.status, known.id
                    )?;
                }
                None if call.is_dry_run => writeln!(out, "{name}: {topic}: would be made")?,
                None => {
                    let made = client.subscribe(&wanted).map_err(failed)?;
                    writeln!(out, "{name}: {topic}: made, {} ({})", made.status, made.id)?;
                }
            }
        }
    }
    Ok(out.flush()?)
}

fn find<'a>(all: &'a [Project], name: &str) -> Result<&'a Project, Failure> {
    let is = |project: &&Project| {
        project.name.eq_ignore_ascii_case(name) || project.id.eq_ignore_ascii_case(name)
    };
    all.iter()
        .find(is)
        .ok_or_else(|| Failure::new(format!("the token of the source sees no project `{name}`")))
}
