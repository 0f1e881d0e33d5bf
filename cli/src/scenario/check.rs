//! What must be true of the world at a scenario's end, read from the cloud's own ledger.

use std::sync::Arc;

use sluice_core::config::{Config, Environment, ServiceKind};
use sluice_core::deployment::Deployment;
use sluice_core::id::{DeploymentId, EnvironmentName, ServiceName, SourceName};
use sluice_core::quantity;
use sluice_sim::cloud::{Happened, digest_of};
use sluice_sim::world::World;
use sluice_words::report;

use super::act::{SOURCE, label};

/// Something that must be true at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// So many migration tasks were run there.
    Migrations {
        /// Where.
        environment: &'static str,
        /// How many.
        count: usize,
    },
    /// This many snapshots were requested from RDS there.
    Snapshots {
        /// Where.
        environment: &'static str,
        /// How many.
        count: usize,
    },
    /// Every service runs this image, and web has all its traffic on it.
    Runs {
        /// Where.
        environment: &'static str,
        /// Which.
        image: &'static str,
    },
    /// No service was changed there.
    NothingDeployed(&'static str),
    /// At most one beat ever ran there.
    OneBeat(&'static str),
    /// People saw this about the deployment of this tag.
    Told(&'static str, &'static str),
    /// A message in this channel said this.
    ToldIn(&'static str, &'static str),
    /// There are so many messages in this channel.
    Messages(&'static str, usize),
    /// Sluice does not approve the pull request of this branch to another, and says so there once.
    NotApproved(&'static str, &'static str),
    /// The history of the deployment of this tag says these, in this order.
    InOrder(&'static str, &'static [&'static str]),
}

impl Check {
    /// What it says.
    pub fn words(&self, config: &Config) -> String {
        match self {
            Self::Migrations {
                environment,
                count: 0,
            } => {
                format!("no migration task ran in {environment}")
            }
            Self::Migrations { environment, count } => {
                format!(
                    "{} ran in {environment}",
                    quantity::count(*count, "migration task")
                )
            }
            Self::Snapshots {
                environment,
                count: 0,
            } => {
                format!("no snapshot was taken in {environment}")
            }
            Self::Snapshots { environment, count } => {
                format!(
                    "{} was requested in {environment}",
                    quantity::count(*count, "snapshot")
                )
            }
            Self::Runs { environment, image } => {
                let has_web = config.services.iter().any(|s| s.kind == ServiceKind::Web);
                format!(
                    "{} in {environment} run {}:{image} ({}){}",
                    services(config),
                    config.repository,
                    digest_of(&label(image)).short(),
                    if has_web {
                        ", which has all traffic"
                    } else {
                        ""
                    }
                )
            }
            Self::NothingDeployed(environment) => {
                format!("no service in {environment} was changed")
            }
            Self::OneBeat(environment) => {
                format!("never more than one beat ran in {environment}")
            }
            Self::Told(tag, words) => format!("people were told of {tag}: `{words}`"),
            Self::ToldIn(channel, words) => format!("people were told in {channel}: `{words}`"),
            Self::Messages(channel, count) => {
                format!("{} in {channel}", quantity::count(*count, "message"))
            }
            Self::NotApproved(from, into) => format!(
                "the pull request {from} → {into} is not approved, and one comment says why"
            ),
            Self::InOrder(tag, steps) => format!(
                "the history of {tag} shows in order: {}",
                steps
                    .iter()
                    .map(|step| format!("`{step}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        }
    }

    /// Whether it is true.
    pub fn holds(&self, world: &World, config: &Config) -> bool {
        let place = |name: &str| config.environment(&EnvironmentName::new(name));
        match self {
            Self::Migrations { environment, count } => place(environment).is_some_and(|place| {
                happened(world, |what| {
                    matches!(what, Happened::TaskRun { cluster, token, .. }
                        if *cluster == place.cluster && migrates(world, token))
                }) == *count
            }),
            Self::Snapshots { environment, count } => {
                place(environment).is_some_and(|place| snapshots(world, place) == *count)
            }
            Self::Runs { environment, image } => {
                place(environment).is_some_and(|place| all_run(world, place, image))
            }
            Self::NothingDeployed(environment) => place(environment).is_some_and(|place| {
                happened(world, |what| {
                    matches!(what, Happened::ServiceUpdated { cluster, by: Some(_), .. }
                        if *cluster == place.cluster)
                }) == 0
            }),
            Self::OneBeat(environment) => {
                place(environment).is_some_and(|place| one_beat(world, place))
            }
            Self::Told(tag, words) => of_tag(world, tag)
                .iter()
                .any(|d| told(d).iter().any(|line| line.contains(words))),
            Self::ToldIn(channel, words) => said_in(world, channel)
                .iter()
                .any(|said| said.contains(words)),
            Self::Messages(channel, count) => said_in(world, channel).len() == *count,
            Self::NotApproved(from, into) => not_approved(world, config, from, into),
            Self::InOrder(tag, steps) => of_tag(world, tag).iter().any(|d| in_order(d, steps)),
        }
    }
}

/// `web, worker and beat`.
fn services(config: &Config) -> String {
    let names: Vec<&str> = config
        .services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    match names.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        names => names.join(""),
    }
}

/// What each message in the channel says in one line.
fn said_in(world: &World, channel: &str) -> Vec<String> {
    let messages = world.slack().messages().into_iter();
    let messages = messages.filter(|posted| posted.channel.as_str() == channel);
    messages
        .map(|posted| posted.says().summary.clone())
        .collect()
}

fn not_approved(world: &World, config: &Config, from: &str, into: &str) -> bool {
    let Some(at) = config
        .source
        .as_ref()
        .and_then(|source| source.place.as_ref())
    else {
        return false;
    };
    world.with_cloud(|cloud| {
        let Some(place) = cloud.place_of(&at.account, &at.region) else {
            return false;
        };
        let open = cloud
            .git_open_pulls_in(&place, &SourceName::new(SOURCE))
            .into_iter();
        let mut pulls = open.filter_map(|id| Some(cloud.git_pull_in(&place, &id)?.1));
        pulls.any(|pull| {
            let is_it = pull.source.as_str() == from && pull.destination.as_str() == into;
            is_it && pull.approved.is_empty() && pull.comments.len() == 1
        })
    })
}

fn happened(world: &World, wanted: impl Fn(&Happened) -> bool) -> usize {
    world.with_cloud(|cloud| {
        cloud
            .ledger()
            .iter()
            .filter(|entry| wanted(&entry.what))
            .count()
    })
}

/// Whether a task's token is a migration's: the deployment's id. Tasks that only look have others.
fn migrates(world: &World, token: &str) -> bool {
    let id = DeploymentId::from_outside(token);
    world.store().deployment(&id).is_some()
}

fn snapshots(world: &World, place: &Environment) -> usize {
    let Some(backup) = &place.backup else {
        return 0;
    };
    happened(world, |what| {
        matches!(what, Happened::SnapshotCreated { database, .. }
            if database == backup.database.identifier())
    })
}

fn all_run(world: &World, place: &Environment, image: &str) -> bool {
    let digest = digest_of(&label(image));
    place.services.values().all(|placement| {
        let view = world.with_cloud(|cloud| cloud.service(&place.cluster, &placement.ecs_service));
        view.is_some_and(|view| {
            !view.revisions.is_empty()
                && view
                    .revisions
                    .iter()
                    .filter(|revision| revision.production_percent != Some(0))
                    .all(|revision| revision.image.ends_with(digest.as_str()))
        })
    })
}

fn one_beat(world: &World, place: &Environment) -> bool {
    place
        .services
        .get(&ServiceName::new("beat"))
        .is_some_and(|placement| {
            world
                .with_cloud(|cloud| cloud.service(&place.cluster, &placement.ecs_service))
                .is_some_and(|view| view.most_running == 1)
        })
}

fn of_tag(world: &World, tag: &str) -> Vec<Deployment> {
    let all = world
        .store()
        .deployments()
        .into_iter()
        .map(|stored| Arc::unwrap_or_clone(stored.deployment));
    all.filter(|deployment| deployment.release.tag.as_str() == tag)
        .collect()
}

fn story(d: &Deployment) -> Vec<String> {
    d.story
        .iter()
        .map(|entry| sluice_words::note::words(&entry.note, d))
        .collect()
}

fn told(d: &Deployment) -> Vec<String> {
    let mut lines = story(d);
    if let Some(report) = report::told(d) {
        lines.push(report.happened);
        lines.extend(report.world);
        lines.extend(report.todo);
    }
    if let Some(sealed) = &d.plan {
        lines.extend(sluice_words::plan::remarks(sealed));
        // It stands in the thread as it was drawn last.
        lines.extend(sealed.plan.to_string().lines().map(str::to_owned));
    }
    lines
}

fn in_order(d: &Deployment, steps: &[&str]) -> bool {
    let story = story(d);
    let mut lines = story.iter();
    steps
        .iter()
        .all(|step| lines.any(|line| line.contains(step)))
}
