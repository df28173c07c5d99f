//! Deliveries to badges: every fixture, and news in any order.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::*;
use crate::hook;
use crate::identity::Identities;

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/azdo")
}

fn deliveries() -> Vec<(String, Delivery)> {
    let mut all = Vec::new();
    for part in ["synthetic/hooks", "recorded"] {
        for entry in std::fs::read_dir(folder().join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.ends_with(".json") && (part != "recorded" || name.starts_with("hook-")) {
                let body = std::fs::read(path).unwrap();
                all.push((name, hook::read(&body, &Identities::Drop).unwrap()));
            }
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn all_statuses() -> Policy {
    Policy { shows: Shows::All, shows_started: true, shows_status: true, ..Policy::default() }
}

/// Of each delivery alone: its badge's path and what it shows, under the default and when all is
/// shown; or why there is none.
#[test]
fn every_delivery_is_a_badge_or_says_why_not() {
    let mut found = String::new();
    for (name, delivery) in deliveries() {
        writeln!(found, "{name}").unwrap();
        match of_delivery(&delivery) {
            Err(why) => writeln!(found, "    no badge: {why}").unwrap(),
            Ok((key, news)) => {
                let path = readable_path(&key.organization, &key, &news);
                let seed = seed_path(&key, &news, DefinitionName::Id);
                let mut state = BadgeState::default();
                assert!(state.hear(news.clone()) && !state.hear(news));
                writeln!(found, "    {path} = {seed}").unwrap();
                for policy in [Policy::default(), all_statuses()] {
                    let Shown { label, message, color, link } = shown(&state, &policy, "?");
                    writeln!(found, "    {label} | {message} | {color} | {link}").unwrap();
                }
            }
        }
    }
    let path = folder().join("hooks-badges-expected.txt");
    if std::env::var_os("ACCEPT").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap();
    assert_eq!(found, wanted, "ACCEPT=1 rewrites {}", path.display());
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// A thousand deliveries made from those of the fixtures: other deployments, attempts, times and
/// results of three environments.
fn many(random: &mut Random) -> Vec<(BadgeKey, News)> {
    let known: Vec<(BadgeKey, News)> =
        deliveries().iter().filter_map(|(_, delivery)| of_delivery(delivery).ok()).collect();
    let statuses = [
        Status::Succeeded,
        Status::PartiallySucceeded,
        Status::Failed,
        Status::Canceled,
        Status::Deploying,
        Status::Unknown,
    ];
    (0..1000)
        .map(|_| {
            let (mut key, mut news) = known[random.below(known.len() as u64) as usize].clone();
            key.environment_id = random.below(3).to_string();
            news.status = statuses[random.below(6) as usize];
            let deployment_id = match news.status {
                Status::Deploying => 0,
                _ => 1 + random.below(40) as i64,
            };
            news.attempt = 1 + random.below(3) as i64;
            news.modified = Some(random.below(500) as i64);
            news.order = [deployment_id, news.attempt, news.modified.unwrap()];
            news.release = format!("Release-{deployment_id}");
            (key, news)
        })
        .collect()
}

fn heard(all: &[(BadgeKey, News)]) -> BTreeMap<BadgeKey, BadgeState> {
    let mut states = BTreeMap::<BadgeKey, BadgeState>::new();
    for (key, news) in all {
        states.entry(key.clone()).or_default().hear(news.clone());
    }
    states
}

#[test]
fn the_order_of_deliveries_and_their_repetition_do_not_matter() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut all = many(&mut random);
    all.sort_by(|a, b| (a.1.modified, &a.1).cmp(&(b.1.modified, &b.1)));
    let wanted = heard(&all);
    assert!(wanted.len() > 3);
    for _ in 0..50 {
        let repeated: Vec<_> = (0..200).map(|_| all[random.below(1000) as usize].clone()).collect();
        let mut shuffled: Vec<_> = all.iter().cloned().chain(repeated).collect();
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, random.below(at as u64 + 1) as usize);
        }
        assert_eq!(heard(&shuffled), wanted);
    }
    for (key, state) in &wanted {
        let of_key = || all.iter().filter(|(k, _)| k == key).map(|(_, news)| news);
        let ended = of_key().filter(|news| news.status != Status::Deploying).max();
        assert_eq!(state.ended.as_ref(), ended);
        assert_eq!(state.good.as_ref(), of_key().filter(|news| news.status.is_good()).max());
    }
}

fn news(deployment_id: i64, status: Status, modified: i64) -> News {
    News {
        order: [deployment_id, 1, modified],
        attempt: 1,
        modified: Some(modified),
        status,
        release: format!("R-{deployment_id}"),
        definition: "Web".into(),
        ..News::default()
    }
}

fn state(all: &[News]) -> BadgeState {
    let mut state = BadgeState::default();
    for news in all {
        state.hear(news.clone());
    }
    state
}

#[test]
fn policies_choose_what_is_shown() {
    let failed = [news(1, Status::Succeeded, 10), news(2, Status::Failed, 20)];
    let started = [news(1, Status::Succeeded, 10), news(0, Status::Deploying, 15)];
    let overtaken = [news(0, Status::Deploying, 5), news(1, Status::Succeeded, 10)];
    let canceled = [news(1, Status::Canceled, 10)];
    let running = || Policy { shows: Shows::Running, ..Policy::default() };
    for (heard, policy, want) in [
        (&failed[..], Policy::default(), "R-1 brightgreen"),
        (&failed, Policy { shows: Shows::All, ..Policy::default() }, "R-2 red"),
        (&failed, all_statuses(), "R-2 failed red"),
        (&failed, running(), "R-1 orange"),
        (&failed[..1], running(), "R-1 brightgreen"),
        (&started, Policy::default(), "R-1 brightgreen"),
        (&started, all_statuses(), "R-0 deploying blue"),
        (&overtaken, all_statuses(), "R-1 brightgreen"),
        (&canceled, Policy::default(), "never deployed lightgrey"),
        (&canceled, all_statuses(), "R-1 canceled lightgrey"),
        (&canceled, Policy { has_seed_colors: true, ..all_statuses() }, "R-1 canceled red"),
        (&[news(1, Status::Unknown, 1)], all_statuses(), "R-1 lightgrey"),
        (&[], all_statuses(), "never deployed lightgrey"),
    ] {
        let shown = shown(&state(heard), &policy, "Web");
        assert_eq!(format!("{} {}", shown.message, shown.color), want, "{policy:?}");
        assert_eq!(shown.label, "Web");
    }
    let template = |text| Some(Template::parse(text).unwrap());
    let policy = Policy {
        label: template("on {environment}"),
        message: template("{status}"),
        ..all_statuses()
    };
    let shown = shown(&state(&failed), &policy, "Web");
    assert_eq!((shown.label.as_str(), shown.message.as_str()), ("on ", "failed failed"));
}

#[test]
fn a_state_survives_as_json() {
    let state = state(&[news(1, Status::Succeeded, 10), news(0, Status::Deploying, 15)]);
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<BadgeState>(&text).unwrap(), state);
    // Fields that a later version adds or drops do not lose a badge.
    let other: BadgeState =
        serde_json::from_str("{\"good\":{\"release\":\"R\",\"new\":1},\"more\":2}").unwrap();
    assert_eq!(other.good.unwrap().release, "R");
}

/// The list of deployments has what the hook has in `resource.deployment`.
#[test]
fn hooks_and_the_list_of_deployments_tell_the_same() {
    let mut same = 0;
    for (name, delivery) in deliveries() {
        let Event::DeploymentCompleted(deployed) = &delivery.event else { continue };
        let Ok((key, news)) = of_delivery(&delivery) else { continue };
        let project = ProjectRef {
            id: delivery.envelope.project_id.clone(),
            name: deployed.project.name.clone(),
            ..ProjectRef::default()
        };
        let (of_list, mut listed) =
            of_deployment(&key.organization, &project, &deployed.deployment).unwrap();
        assert_eq!(of_list, key, "{name}");
        listed.web_url = news.web_url.clone();
        assert_eq!(listed, news, "{name}");
        same += 1;
    }
    assert_eq!(same, 11);
}

#[test]
fn listed_deployments_that_have_not_begun_are_no_news() {
    let of = |deployment: &str, operation: &str| {
        let deployment = Deployment {
            release_definition: crate::wire::release::Reference {
                id: Some(1),
                ..Default::default()
            },
            deployment_status: deployment.into(),
            operation_status: operation.into(),
            ..Deployment::default()
        };
        of_deployment("o", &ProjectRef::default(), &deployment).map(|(_, news)| news.status)
    };
    for (deployment, operation, want) in [
        ("notDeployed", "Pending", Err(NoBadge::NotEnded)),
        ("notDeployed", "Rejected", Ok(Status::Failed)),
        ("notDeployed", "PhaseFailed", Ok(Status::Failed)),
        ("notDeployed", "Canceled", Ok(Status::Canceled)),
        ("failed", "PhaseCanceled", Ok(Status::Canceled)),
        ("failed", "PhaseFailed", Ok(Status::Failed)),
        ("inProgress", "PhaseInProgress", Ok(Status::Deploying)),
        ("succeeded", "Approved", Ok(Status::Succeeded)),
    ] {
        assert_eq!(of(deployment, operation), want, "{deployment} {operation}");
    }
}
