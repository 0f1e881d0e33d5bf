//! Alarms that say that a release is bad.

use std::collections::BTreeSet;

use sluice_words::draft::Note;
use sluice_words::draft::alarms as words;

use crate::application::{Application, Environment};
use crate::database::groups;
use crate::facts::Alarm;
use crate::names;
use crate::page::{Page, list};

/// How an alarm is known to be about an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    /// ECS watches it in deployments of a service.
    Deployment,
    /// Its metric is of the load balancer or of a service.
    Metric,
    /// Its name says so, and its metric is the application's own.
    Name,
    /// Its name says so, and its metric is of something else, such as the database.
    Beside,
}

pub(crate) fn write(found: &Application<'_>, environment: &Environment<'_>, page: &mut Page) {
    let mut known: BTreeSet<(Known, &str)> = BTreeSet::new();
    for one in environment.services.values() {
        known.extend(
            one.service
                .alarms
                .iter()
                .map(|name| (Known::Deployment, name.as_str())),
        );
    }
    match &environment.cluster.alarms {
        Err(why) => page.note(&Note::Unknown(why.clone())),
        Ok(alarms) => {
            let ours = alarms.iter().filter(|alarm| !alarm.of_autoscaling);
            let about = ours.filter_map(|alarm| Some((about(alarm, found, environment)?, alarm)));
            for (how, alarm) in about {
                if !known.contains(&(Known::Deployment, &alarm.name)) {
                    known.insert((how, &alarm.name));
                }
            }
        }
    }
    let firing = |name: &str| {
        let alarms = environment.cluster.alarms.iter().flatten();
        alarms
            .filter(|alarm| alarm.firing)
            .any(|alarm| alarm.name == name)
    };
    let of = |how| {
        let those = known.iter().filter(move |(known, _)| *known == how);
        those.map(|(_, name)| *name).collect::<Vec<&str>>()
    };
    let (deployment, metric, name) = (of(Known::Deployment), of(Known::Metric), of(Known::Name));
    let notes = [
        (words::of_deployments as fn(&[&str]) -> Note, &deployment),
        (words::of_metrics, &metric),
        (words::by_name, &name),
        (words::beside, &of(Known::Beside)),
    ];
    for (note, names) in notes {
        if !names.is_empty() {
            page.note(&note(names));
        }
    }
    let all: Vec<&str> = [deployment, metric, name].concat();
    let (firing, quiet): (Vec<&str>, Vec<&str>) = all.into_iter().partition(|name| firing(name));
    if !firing.is_empty() {
        page.note(&words::firing(&firing));
    }
    match (quiet.is_empty(), known.is_empty()) {
        (false, _) => page.key("alarms", &list(&quiet)),
        (true, true) if environment.cluster.alarms.is_ok() => page.note(&words::none()),
        (true, _) => {}
    }
}

fn about(alarm: &Alarm, found: &Application<'_>, environment: &Environment<'_>) -> Option<Known> {
    let is_service = |name: &str| {
        environment
            .services
            .values()
            .any(|one| one.service.name == name)
    };
    let value = |wanted: &str| {
        let mut named = alarm.dimensions.iter().filter(|(name, _)| name == wanted);
        named.next().map(|(_, value)| value.as_str())
    };
    let in_cluster = value("ClusterName") == Some(environment.cluster.name.as_str());
    let of_service = match value("ServiceName") {
        Some(name) => in_cluster && is_service(name),
        None => in_cluster && !environment.shares_cluster,
    };
    // CloudWatch has the end of the ARN.
    let mut balancers = groups(environment).flat_map(|one| &one.balancers);
    let is_of = |arn: &String, name: &str| value(name).is_some_and(|end| arn.ends_with(end));
    let of_balancer = balancers.any(|arn| is_of(arn, "LoadBalancer"));
    let all = environment
        .services
        .values()
        .flat_map(|one| &one.service.balancers);
    let mut all = all.flat_map(|one| &one.groups).map(|group| &group.arn);
    let of_group = all.any(|arn| is_of(arn, "TargetGroup"));
    if of_service || of_group || (of_balancer && value("TargetGroup").is_none()) {
        return Some(Known::Metric);
    }
    let words = names::words(&alarm.name);
    let ours = names::words(&found.name);
    let is_named = names::stage(&alarm.name).is_some_and(|stage| stage.name == environment.name)
        && ours.iter().all(|word| words.contains(word));
    is_named.then_some(match alarm.dimensions.is_empty() {
        true => Known::Name,
        false => Known::Beside,
    })
}
