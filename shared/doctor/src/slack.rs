//! The workspace: the token, channels, groups and people.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::config::{Config, Environment, Member};
use sluice_words::doctor::{Check, Finding, slack as words};

use crate::facts::{Facts, Person, Slack, Token};
use crate::sheet::Sheet;

/// What `sluice.toml` names of Slack.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The workspace that Sluice works for, if it is to refuse all others.
    pub team: Option<String>,
    /// Each channel, with what it is for.
    pub channels: BTreeMap<String, String>,
    /// Each group, with what it is for.
    pub groups: BTreeMap<String, String>,
    /// Each person.
    pub people: BTreeSet<String>,
}

/// Everything that the files name of Slack.
pub fn wanted(configs: &[Config]) -> Wanted {
    let mut wanted = Wanted::default();
    for config in configs {
        if let Some(source) = &config.source {
            let use_of = format!("the branches of {}", config.app);
            wanted
                .channels
                .entry(source.channel.to_string())
                .or_insert(use_of);
        }
        for environment in &config.environments {
            let title = format!("{}/{}", config.app, environment.name);
            let channel = environment.channel.to_string();
            for (member, may) in members(environment) {
                let use_of = format!("`{may}` in {title}");
                match member {
                    Member::User(user) => drop(wanted.people.insert(user.to_string())),
                    Member::Group(group) => {
                        wanted.groups.entry(group.to_string()).or_insert(use_of);
                    }
                }
            }
            wanted.channels.entry(channel).or_insert(title);
        }
    }
    wanted
}

fn members(environment: &Environment) -> impl Iterator<Item = (&Member, &'static str)> {
    let roles = &environment.roles;
    let approval = environment.approval.iter().flat_map(|one| &one.approvers);
    let restore = environment.restore.iter().flat_map(|one| &one.approvers);
    approval
        .map(|member| (member, "approval"))
        .chain(restore.map(|member| (member, "restore.approvers")))
        .chain(roles.deploy.iter().map(|member| (member, "deploy")))
        .chain(roles.roll_back.iter().map(|member| (member, "roll_back")))
        .chain(roles.freeze.iter().map(|member| (member, "freeze")))
        .chain(roles.r#override.iter().map(|member| (member, "override")))
        .chain(roles.restore.iter().map(|member| (member, "restore")))
}

pub(crate) fn examine(facts: &Facts, sheet: &mut Sheet) {
    let Some(slack) = &facts.slack else { return };
    token(&facts.stack, slack, sheet);
    for channel in &slack.channels {
        sheet.check(
            Check::SlackChannel,
            &channel.name,
            &channel.seen,
            |state| match state {
                None => Some(words::no_channel(&channel.name, &channel.environment)),
                Some(state) if state.archived => Some(words::archived(&channel.name)),
                Some(state) => state
                    .shared_outside
                    .then(|| words::shared_outside(&channel.name)),
            },
        );
    }
    for group in &slack.groups {
        sheet.check(Check::SlackGroup, &group.id, &group.members, |members| {
            (*members == 0).then(|| words::empty_group(&group.id, &group.wanted_for))
        });
    }
    for (id, seen) in &slack.people {
        sheet.check(Check::SlackPerson, id, seen, |person| {
            cannot_act(id, *person)
        });
    }
}

fn token(stack: &str, slack: &Slack, sheet: &mut Sheet) {
    const SUBJECT: &str = "bot token";
    sheet.check(Check::SlackToken, SUBJECT, &slack.token, |token| {
        token.as_ref().err().map(|said| words::refused_token(said))
    });
    match &slack.token {
        Ok(Ok(token)) => {
            sheet.check(Check::SlackWorkspace, SUBJECT, &Ok(token), |token| {
                elsewhere(stack, token, slack.wanted_team.as_deref())
            });
            sheet.check(Check::SlackScopes, SUBJECT, &token.scopes, |has| {
                let wanted = slack.wanted_scopes.iter();
                let missing: Vec<String> = wanted
                    .filter(|scope| !has.contains(scope))
                    .cloned()
                    .collect();
                (!missing.is_empty()).then(|| words::lacks_scopes(&missing))
            });
        }
        // A token that is refused is told already.
        Ok(Err(_)) => {}
        Err(not_seen) => {
            sheet.unknown(
                &[Check::SlackWorkspace, Check::SlackScopes],
                SUBJECT,
                not_seen,
            );
        }
    }
}

fn elsewhere(stack: &str, token: &Token, wanted: Option<&str>) -> Option<Finding> {
    if token.organisation_wide {
        return Some(words::organisation_wide());
    }
    let wanted = wanted.filter(|wanted| *wanted != token.team)?;
    Some(words::other_workspace(stack, &token.team, wanted))
}

fn cannot_act(id: &str, person: Option<Person>) -> Option<Finding> {
    let how = match person {
        None => "is not known in the workspace",
        Some(person) if person.deactivated => "was deactivated in Slack",
        Some(person) if person.bot => "is a bot",
        Some(person) if person.guest => "is a guest in the workspace",
        Some(_) => return None,
    };
    Some(words::cannot_act(id, how))
}
