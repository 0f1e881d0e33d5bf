//! What is offered in a world, and how somebody takes it up.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::ports::TriggerId;
use sluice_app::{App, Decide};
use sluice_core::config::{Config, Environment, Member};
use sluice_core::deployment::{Deployment, Requester};
use sluice_core::id::{ClusterName, DeploymentId, EcsServiceName, ServiceDeploymentArn, UserId};
use sluice_core::phase::Phase;
use sluice_core::roles::{Action, Role};
use sluice_sim::workplace::Said;
use sluice_sim::world::{World, members};
use sluice_words::message::{Block, Button, ButtonAction};
use sluice_words::modal::{FORCE, Input, InputKind, InputName, Modal, Submission};
use sluice_words::report::report;
use sluice_words::slash::COMMAND;

use super::scripts::production;

const CHANNEL: &str = "#erp-production";

/// Something that people can take up, and what it is offered by.
#[derive(Clone, Debug)]
pub(super) struct Offered {
    /// The deployment, as it was when this was offered.
    pub(super) by: Deployment,
    pub(super) what: What,
}

/// What people can take up.
#[derive(Clone, Debug)]
pub(super) enum What {
    Button(Button),
    Command(String),
}

impl Offered {
    /// The same offer in the same phase has the same key.
    pub(super) fn key(&self) -> String {
        let phase = self.by.phase.name();
        let kind = match (self.by.rollback(), self.by.restore()) {
            (Some(_), _) => "rollback ",
            (_, Some(_)) => "restore ",
            _ => "",
        };
        let what = match &self.what {
            What::Button(button) => button.action.label().to_owned(),
            What::Command(command) => {
                let words: Vec<&str> = command.split(' ').take(3).collect();
                let service = after(command, "--service").unwrap_or_default();
                format!("{} {service}", words.join(" "))
            }
        };
        format!("{kind}{phase}: {what}")
    }
}

/// The word behind an option.
pub(super) fn after<'a>(command: &'a str, option: &str) -> Option<&'a str> {
    let mut words = command.split(' ').skip_while(|word| *word != option);
    words.nth(1)
}

/// What a message offers that was just said in production: its buttons, and the commands of the
/// report that it shows.
pub(super) fn offered(world: &World, said: &Said) -> Vec<Offered> {
    if said.thread.is_some() || said.channel.as_str() != CHANNEL {
        return Vec::new();
    }
    let mut offers = Vec::new();
    for block in &said.message.blocks {
        let Block::Buttons(buttons) = block else {
            continue;
        };
        for button in buttons {
            if let Some(by) = deployment(world, &button.deployment) {
                let what = What::Button(button.clone());
                offers.push(Offered { by, what });
            }
        }
    }
    let all = crate::erp::deployments(world, "production").into_iter();
    for by in all.map(|stored| Arc::unwrap_or_clone(stored.deployment)) {
        let text = format!("{:?}", said.message.blocks);
        let Some(report) = report(&by).filter(|_| text.contains(by.id.as_str())) else {
            continue;
        };
        for command in report.offers.iter().filter_map(|offer| offer.command(&by)) {
            assert!(
                text.contains(&command),
                "{command} is offered and not shown"
            );
            let by = by.clone();
            let what = What::Command(command);
            offers.push(Offered { by, what });
        }
    }
    offers
}

fn deployment(world: &World, id: &DeploymentId) -> Option<Deployment> {
    Some(Arc::unwrap_or_clone(
        world.store().deployment(id)?.deployment,
    ))
}

/// Somebody who may.
pub(super) fn who_may(environment: &Environment, action: Action) -> Option<UserId> {
    environment.members_for(action).into_iter().map(one).next()
}

fn one(member: &Member) -> UserId {
    match member {
        Member::User(user) => user.clone(),
        Member::Group(group) => members(group)[0].clone(),
    }
}

/// Somebody who may approve, and has not, and did not ask for it.
fn approver(d: &Deployment) -> Option<UserId> {
    let approvers = d.settings.environment.who_may(Role::Approve).iter();
    let mut users = approvers.flat_map(|member| match member {
        Member::User(user) => vec![user.clone()],
        Member::Group(group) => members(group).to_vec(),
    });
    let asked = |user: &UserId| d.requested_by == Requester::Person(user.clone());
    users.find(|user| !asked(user) && !d.approvals.contains_key(user))
}

fn presser(d: &Deployment, button: ButtonAction) -> Option<UserId> {
    let action = match button {
        ButtonAction::Approve | ButtonAction::Reject => return approver(d),
        ButtonAction::Cancel => Action::Cancel,
        ButtonAction::Override => Action::Override,
        ButtonAction::Pause => Action::Pause,
        ButtonAction::Resume => Action::Resume,
        ButtonAction::Keep => Action::Keep,
        ButtonAction::RollBack => Action::RollBack,
        ButtonAction::RollForward => Action::RollForward,
        ButtonAction::RestoreDatabase => Action::Restore,
    };
    who_may(&d.settings.environment, action)
}

fn typist(d: &Deployment, command: &str) -> Option<UserId> {
    let action = match command.split(' ').nth(1)? {
        "deploy" => Action::Deploy,
        "rollback" => Action::RollBack,
        "restore" => Action::Restore,
        "release" => Action::Release,
        _ => return None,
    };
    who_may(&d.settings.environment, action)
}

/// Takes it up, as somebody who may.
///
/// # Errors
/// What they are told if it is refused.
pub(super) fn take_up(
    world: &mut World,
    config: &Arc<Config>,
    offer: &Offered,
    number: usize,
) -> Result<(), String> {
    if let Phase::Unverified { .. } = offer.by.phase {
        // By the time somebody goes about it, the network is whole again.
        world.with_cloud(|cloud| cloud.cut_off(false));
    }
    let app = App::new(world.ports(), vec![config.clone()]);
    let trigger = TriggerId(format!("trigger-{number}"));
    let forms = world.slack().modals().len();
    let by = match &offer.what {
        What::Button(button) => {
            let by = presser(&offer.by, button.action).ok_or("nobody may")?;
            let decide = Decide {
                action: button.action,
                deployment: button.deployment.clone(),
                plan: button.plan.clone(),
                by: by.clone(),
                reason: None,
            };
            block_on(app.click(&decide, Some(&trigger))).map_err(|failed| failed.to_string())?;
            by
        }
        What::Command(command) if command.starts_with("aws ") => {
            return typed_into_a_shell(world, offer, command);
        }
        What::Command(command) => {
            let by = typist(&offer.by, command).ok_or("nobody may")?;
            let text = command.trim_start_matches(COMMAND).trim();
            block_on(app.typed(text, &by, &trigger)).map_err(|failed| failed.to_string())?;
            by
        }
    };
    let modals = world.slack().modals();
    match modals.get(forms) {
        None => Ok(()),
        Some(modal) => {
            let submission = filled(modal, by, number);
            let submitted = block_on(app.submit(&submission));
            submitted.map(drop).map_err(|failed| failed.to_string())
        }
    }
}

/// The form with the first choice of each, by somebody who knows what they do.
fn filled(modal: &Modal, by: UserId, number: usize) -> Submission {
    let answer = |input: &Input| match (&input.kind, input.name) {
        (InputKind::Select(_), InputName::Schema) => FORCE.to_owned(),
        (InputKind::Select(choices), _) => choices[0].value.clone(),
        (InputKind::Text { .. }, InputName::Confirm) => production().environment.to_string(),
        (InputKind::Text { .. }, _) => "orders fail for everybody".to_owned(),
    };
    let answers: BTreeMap<InputName, String> = modal
        .inputs
        .iter()
        .map(|input| (input.name, answer(input)))
        .collect();
    Submission {
        id: format!("form-{number}"),
        purpose: modal.purpose.clone(),
        answers,
        by,
    }
}

/// The commands of AWS's own command line that change ECS; of the others, whether what they name is
/// there.
fn typed_into_a_shell(world: &mut World, offer: &Offered, command: &str) -> Result<(), String> {
    let named = |option: &str| after(command, option).ok_or(format!("{option} is missing"));
    let region = offer.by.settings.environment.region.as_str();
    if named("--region")? != region {
        return Err(format!("it is not in {region}"));
    }
    let cluster = || named("--cluster").map(ClusterName::new);
    let mut words = command.split(' ').skip(1);
    let verb = (words.next(), words.next());
    match verb {
        (Some("ecs"), Some("update-service")) => {
            let service = EcsServiceName::new(named("--service")?);
            let revision = named("--task-definition")?;
            let desired = after(command, "--desired-count").and_then(|count| count.parse().ok());
            let (cluster, updated) = (cluster()?, "it names no service or revision");
            let done = world
                .with_cloud(|cloud| cloud.update_by_hand(&cluster, &service, revision, desired));
            // Nobody of Sluice's waits for it.
            world.plan(SignedDuration::from_hours(1), "ECS deploys", |_| {});
            done.then_some(()).ok_or_else(|| updated.to_owned())
        }
        (Some("ecs"), Some("stop-service-deployment")) => {
            let arn = ServiceDeploymentArn::new(named("--service-deployment-arn")?);
            let done = world.with_cloud(|cloud| cloud.stop_by_hand(&arn));
            done.then_some(()).ok_or(format!("there is no {arn}"))
        }
        (Some("ecs"), Some("describe-services")) => {
            let cluster = cluster()?;
            let services = command.split(' ').skip_while(|word| *word != "--services");
            for service in services.skip(1) {
                let service = EcsServiceName::new(service);
                world
                    .with_cloud(|cloud| cloud.service(&cluster, &service))
                    .ok_or(format!("there is no {service}"))?;
            }
            Ok(())
        }
        (Some("rds"), Some("modify-db-instance")) => {
            let name = named("--db-instance-identifier")?;
            let there = world.with_cloud(|cloud| cloud.database_named(name).is_some());
            // Of a copy it is said that RDS may have made it.
            let may_be = offer.by.phase.name() == "RestoreFailed";
            (there || may_be)
                .then_some(())
                .ok_or(format!("there is no database {name}"))
        }
        (Some("rds"), Some("describe-db-instances")) => Ok(()),
        (Some("cloudformation"), Some(verb)) => {
            let (stack, environment) = (named("--stack-name")?, &offer.by.settings.environment);
            let place = (&environment.account, &environment.region);
            let events = world.with_cloud(|cloud| {
                let place = cloud.place_of(place.0, place.1)?;
                cloud.stack_events(&place, stack).ok()
            });
            let last = events.and_then(|events| Some(events.first()?.status));
            match (verb, last) {
                ("describe-stack-events", Some(_))
                | ("continue-update-rollback", Some("UPDATE_ROLLBACK_FAILED")) => Ok(()),
                (_, last) => Err(format!("the stack {stack} is {last:?}")),
            }
        }
        _ => Err("nobody here knows that command".to_owned()),
    }
}
