//! What is deployed: the application, its environments, and its services in each.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::config::ServiceKind;
use sluice_words::draft::Note;
use sluice_words::draft::application as words;

use crate::facts::{Cluster, Container, Service};
use crate::image::{self, Image};
use crate::names::{self, PRODUCTION};
use crate::role::{self, Evidence};
use crate::{Undecided, Wanted};

/// What was found.
#[derive(Debug)]
pub(crate) struct Application<'a> {
    pub(crate) name: String,
    pub(crate) image: Image,
    /// Whether all environments take their images from that registry.
    pub(crate) registries: BTreeSet<String>,
    pub(crate) environments: Vec<Environment<'a>>,
    pub(crate) units: Vec<Unit>,
    /// What of the clusters is not in the file, and why.
    pub(crate) left_out: Vec<Note>,
}

/// An environment.
#[derive(Debug)]
pub(crate) struct Environment<'a> {
    pub(crate) name: String,
    pub(crate) rank: Option<u8>,
    pub(crate) named_by: Note,
    pub(crate) cluster: &'a Cluster,
    /// The services by their names in the file.
    pub(crate) services: BTreeMap<String, Running<'a>>,
    /// Whether its cluster has services of another environment too.
    pub(crate) shares_cluster: bool,
    /// Whether people use it, as far as can be told.
    pub(crate) is_production: bool,
}

/// A service as it runs in an environment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running<'a> {
    pub(crate) service: &'a Service,
    pub(crate) container: &'a Container,
    /// Other containers of its task with the same image.
    pub(crate) alike: usize,
}

/// A service in the file.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) name: String,
    pub(crate) kind: ServiceKind,
    pub(crate) evidence: Evidence,
}

impl<'a> Application<'a> {
    /// Finds the application in what runs.
    ///
    /// # Errors
    /// What must be said before anything can be drafted.
    pub(crate) fn find(clusters: &'a [Cluster], wanted: &Wanted) -> Result<Self, Undecided> {
        let seen = clusters.iter().filter_map(|one| one.services.as_ref().ok());
        let all: Vec<&Service> = seen.flatten().collect();
        let repository = repository(clusters, &all, wanted)?;
        let name = wanted.app.clone().or_else(|| names::plain(&repository));
        let name = name.unwrap_or_else(|| "app".to_owned());
        let mut noise = names::words(&name);
        noise.extend(names::words(&repository));
        let mut left_out = Vec::new();
        let mut environments = Vec::new();
        let given = clusters.iter().filter_map(|one| one.environment.as_ref());
        if let Some(bad) = given
            .into_iter()
            .find(|name| names::plain(name).as_ref() != Some(name))
        {
            return Err(Undecided::BadName(bad.clone()));
        }
        for cluster in clusters {
            let (ours, notes) = ours(cluster, &repository);
            left_out.extend(notes);
            environments.extend(split(cluster, &ours, &noise));
        }
        environments.sort_by_key(|one| one.rank.unwrap_or(PRODUCTION - 1));
        let mut names = BTreeSet::new();
        if let Some(twice) = environments
            .iter()
            .find(|one| !names.insert(one.name.clone()))
        {
            return Err(Undecided::SameName(twice.name.clone()));
        }
        let running = environments.iter().flat_map(|one| one.services.values());
        let images: Vec<Image> = running
            .filter_map(|one| Image::read(&one.container.image))
            .collect();
        let registries = images.iter().map(|one| one.registry.host()).collect();
        let image = images
            .last()
            .cloned()
            .ok_or(Undecided::NoImage(repository))?;
        let units = units(&environments);
        Ok(Self {
            name,
            image,
            registries,
            environments,
            units,
            left_out,
        })
    }

    /// Where a service runs.
    pub(crate) fn running(&self, unit: &str) -> Vec<(&Environment<'a>, &Running<'a>)> {
        let each = self.environments.iter();
        each.filter_map(|one| Some((one, one.services.get(unit)?)))
            .collect()
    }
}

fn repository(
    clusters: &[Cluster],
    services: &[&Service],
    wanted: &Wanted,
) -> Result<String, Undecided> {
    let found = image::repositories(services);
    if let Some(named) = &wanted.repository {
        let is_there = |service: &&&Service| {
            image::images(service)
                .iter()
                .any(|image| image.repository == *named)
        };
        return match services.iter().find(is_there) {
            Some(_) => Ok(named.clone()),
            None => Err(Undecided::NoSuchRepository(named.clone(), found)),
        };
    }
    match found.as_slice() {
        [(only, _)] => Ok(only.clone()),
        [] => {
            let of_services = clusters
                .iter()
                .filter_map(|one| one.services.as_ref().err());
            let of_definitions = services
                .iter()
                .filter_map(|one| one.definition.as_ref().err());
            let mut why = of_services.chain(of_definitions);
            Err(match why.next() {
                Some(why) => Undecided::NotSeen(why.clone()),
                None if services.is_empty() => Undecided::NoServices,
                None => Undecided::NoEcr(services.iter().map(|one| one.name.clone()).collect()),
            })
        }
        _ => Err(Undecided::Repositories(found)),
    }
}

/// The services of a cluster that run the application's image, and notes of the others.
fn ours<'a>(cluster: &'a Cluster, repository: &str) -> (Vec<Running<'a>>, Vec<Note>) {
    let mut notes = Vec::new();
    let services = match &cluster.services {
        Ok(services) => services,
        Err(why) => return (Vec::new(), vec![Note::Unknown(why.clone())]),
    };
    let mut ours = Vec::new();
    let mut others: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for service in services {
        if let Err(why) = &service.definition {
            notes.push(words::left_out_unread(&service.name));
            notes.push(Note::Unknown(why.clone()));
            continue;
        }
        match image::container(service, repository) {
            Some(_) if service.is_daemon => notes.push(words::left_out_daemon(&service.name)),
            Some((container, alike)) => ours.push(Running {
                service,
                container,
                alike,
            }),
            None => {
                let images = image::images(service);
                let image = images.first().map_or("", |image| image.repository.as_str());
                others
                    .entry(image.to_owned())
                    .or_default()
                    .push(&service.name);
            }
        }
    }
    let others = others
        .iter()
        .map(|(image, names)| words::left_out_other(names, image));
    notes.extend(others);
    (ours, notes)
}

/// The environments of a cluster: one, or several whose services say in their names which they are.
fn split<'a>(cluster: &'a Cluster, ours: &[Running<'a>], noise: &[String]) -> Vec<Environment<'a>> {
    let environment =
        |name: String, rank: Option<u8>, named_by, services: &[Running<'a>], shares_cluster| {
            Environment {
                services: by_name(services, noise),
                // Where nothing says that it is not, users may be there.
                is_production: rank.is_none_or(|rank| rank == PRODUCTION),
                name,
                rank,
                named_by,
                cluster,
                shares_cluster,
            }
        };
    if let Some(name) = &cluster.environment {
        let rank = names::stage(name).map(|stage| stage.rank);
        return vec![environment(
            name.clone(),
            rank,
            words::environment_given(),
            ours,
            false,
        )];
    }
    if let Some(stage) = names::stage(&cluster.name) {
        let note = words::environment_of_cluster(&cluster.name);
        return vec![environment(stage.name, Some(stage.rank), note, ours, false)];
    }
    let stages: Vec<_> = ours
        .iter()
        .map(|one| names::stage(&one.service.name))
        .collect();
    let several: BTreeSet<_> = stages.iter().flatten().cloned().collect();
    if !several.is_empty() && stages.iter().all(Option::is_some) {
        let each = several.iter().map(|stage| {
            let is_of = |(_, own): &(&Running<'a>, &Option<_>)| own.as_ref() == Some(stage);
            let services: Vec<Running<'a>> = ours
                .iter()
                .zip(&stages)
                .filter(is_of)
                .map(|(one, _)| *one)
                .collect();
            let note = words::environment_of_services(&cluster.name, &stage.name);
            environment(
                stage.name.clone(),
                Some(stage.rank),
                note,
                &services,
                several.len() > 1,
            )
        });
        return each.collect();
    }
    let name = names::essence(&cluster.name, noise).unwrap_or_else(|| "production".to_owned());
    let note = match several.len() {
        0 => words::environment_unknown(&cluster.name),
        _ => words::environment_mixed(several.iter().map(|stage| stage.name.as_str())),
    };
    let rank = names::stage(&name).map(|stage| stage.rank);
    vec![environment(name, rank, note, ours, false)]
}

/// Services by short names; where two would be the same, by those in ECS.
fn by_name<'a>(services: &[Running<'a>], noise: &[String]) -> BTreeMap<String, Running<'a>> {
    let short = |one: &Running<'_>| {
        let by_role = || match role::of(one.service, one.container).0 {
            ServiceKind::Web => "web",
            ServiceKind::Worker => "worker",
            ServiceKind::Singleton => "scheduler",
        };
        names::essence(&one.service.name, noise).unwrap_or_else(|| by_role().to_owned())
    };
    let all: Vec<String> = services.iter().map(short).collect();
    let mut named = BTreeMap::new();
    for (service, name) in services.iter().zip(&all) {
        let is_unique = all.iter().filter(|other| *other == name).count() == 1;
        let whole = || names::plain(&service.service.name);
        let mut name = is_unique.then(|| name.clone()).or_else(whole);
        let mut number = 2;
        while name.as_ref().is_none_or(|name| named.contains_key(name)) {
            name = Some(format!("service-{number}"));
            number += 1;
        }
        named.extend(name.map(|name| (name, *service)));
    }
    named
}

/// The services of the file. Those of the last environment count, where two disagree.
fn units(environments: &[Environment<'_>]) -> Vec<Unit> {
    let mut found: BTreeMap<&str, (ServiceKind, Evidence)> = BTreeMap::new();
    for environment in environments {
        for (name, one) in &environment.services {
            let (kind, evidence) = role::of(one.service, one.container);
            found.insert(name, (kind, evidence));
        }
    }
    let mut units: Vec<Unit> = found
        .into_iter()
        .map(|(name, (kind, evidence))| Unit {
            name: name.to_owned(),
            kind,
            evidence,
        })
        .collect();
    units.sort_by_key(|unit| match unit.kind {
        ServiceKind::Web => 0,
        ServiceKind::Worker => 1,
        ServiceKind::Singleton => 2,
    });
    units
}
