//! `[environments.X]`.

use sluice_core::config::ServiceKind;
use sluice_words::draft::environment as words;
use sluice_words::draft::{Note, services};

use crate::application::{Application, Environment};
use crate::page::{Page, list};
use crate::{alarms, database, install, settings, traffic};

/// An id that no group in Slack has: nothing can be approved with it.
const NO_GROUP: &str = "S0000000000";

/// Who may approve, deploy and roll back.
#[derive(Debug)]
pub(crate) struct Team {
    ids: Vec<String>,
    /// What is to be said of them where they are written next.
    notes: Vec<Note>,
}

impl Team {
    fn write(&mut self, keys: &[&str], page: &mut Page) {
        page.notes(&self.notes);
        if !self.notes.is_empty() {
            self.notes = vec![words::same_ids()];
        }
        for key in keys {
            page.key(key, &list(&self.ids));
        }
    }
}

pub(crate) fn team(page: &mut Page) -> Team {
    let (ids, notes) = page.asked("approvers".to_owned(), words::asks_approvers(), NO_GROUP);
    let ids = ids.split([',', ' ']).filter(|id| !id.is_empty());
    let ids = ids.map(str::to_owned).collect();
    Team { ids, notes }
}

pub(crate) fn write(
    found: &Application<'_>,
    environment: &Environment<'_>,
    before: Option<&Environment<'_>>,
    team: &mut Team,
    page: &mut Page,
) {
    let name = environment.name.as_str();
    page.chapter(name);
    page.table(&format!("environments.{name}"));
    page.note(&environment.named_by);
    if let Err(why) = &environment.cluster.services {
        page.note(&Note::Unknown(why.clone()));
    }
    if let Some(before) = before.filter(|_| environment.is_production) {
        page.note(&words::after(&before.name));
        page.text("after", &before.name);
    }
    let cluster = environment.cluster;
    page.text("account", &cluster.account);
    page.text("region", &cluster.region);
    role(found, environment, page);
    page.text("cluster", &cluster.name);
    tags(environment, page);
    let channel = format!("#{}-{name}", found.name);
    let asks = words::asks_channel(name);
    let (channel, notes) = page.asked(format!("{name}.channel"), asks, &channel);
    page.notes(&notes);
    page.text("channel", &channel);
    alarms::write(found, environment, page);
    if environment.is_production {
        page.table(&format!("environments.{name}.approval"));
        team.write(&["approvers"], page);
    }
    page.table(&format!("environments.{name}.roles"));
    page.note(&words::roles());
    match environment.is_production {
        true => team.write(&["deploy", "roll_back"], page),
        false => team.write(&["deploy"], page),
    }
    database::write(found, environment, page);
    places(found, environment, page);
    settings::write(environment, page);
}

fn role(found: &Application<'_>, environment: &Environment<'_>, page: &mut Page) {
    let cluster = environment.cluster;
    let account = &cluster.account;
    let same = found
        .environments
        .iter()
        .filter(|one| one.cluster.account == *account);
    let role = match same.count() {
        1 => "sluice-deployer".to_owned(),
        _ => format!("sluice-deployer-{}", environment.name),
    };
    install::parameters(found, environment, &role, page);
    let partition = cluster.partition();
    page.text(
        "role",
        &format!("arn:{partition}:iam::{account}:role/{role}"),
    );
}

/// From the tags that run there, as far as they are in the task definitions.
fn tags(environment: &Environment<'_>, page: &mut Page) {
    let running = environment.services.values();
    let images = running.filter_map(|one| crate::image::Image::read(&one.container.image));
    let mut tags: Vec<String> = images.filter_map(|image| image.tag).collect();
    tags.sort();
    tags.dedup();
    let is_version = |tag: &String| {
        tag.strip_prefix('v')
            .unwrap_or(tag)
            .starts_with(|c: char| c.is_ascii_digit())
            && tag.contains('.')
    };
    let first = tags.first();
    let pattern = first.and_then(|tag| match tag {
        tag if is_version(tag) => {
            Some(if tag.starts_with('v') { "v*" } else { "*.*.*" }.to_owned())
        }
        tag => {
            let branch = tag.split(['-', '.']).next()?;
            let known = [
                "main", "master", "develop", "dev", "release", "staging", "trunk",
            ];
            known.contains(&branch).then(|| format!("{branch}-*"))
        }
    });
    match (pattern, first) {
        (Some(pattern), Some(tag)) => {
            page.note(&words::tags_like(tag));
            page.key("tags", &list(&[pattern]));
        }
        (_, tag) => {
            let usual: &[&str] = if environment.is_production {
                &["v*"]
            } else {
                &["develop-*", "release-*"]
            };
            page.note(&words::tags_usual(tag.map(String::as_str)));
            page.key("tags", &list(usual));
        }
    }
}

/// The places of services that need one.
fn places(found: &Application<'_>, environment: &Environment<'_>, page: &mut Page) {
    for unit in &found.units {
        let running = environment.services.get(&unit.name);
        if unit.kind == ServiceKind::Web {
            traffic::write(found, environment, &unit.name, page);
        } else if let Some(one) = running
            && one.service.name != format!("{}-{}", found.name, unit.name)
        {
            page.table(&format!(
                "environments.{}.services.{}",
                environment.name, unit.name
            ));
            page.note(&services::name_in_ecs());
            page.text("ecs_service", &one.service.name);
        }
    }
}
