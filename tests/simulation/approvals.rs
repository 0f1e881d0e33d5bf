//! Who may approve, when `sluice.toml` changes while a release waits.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::{App, Decide};
use sluice_core::config::{Config, Member};
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{EnvironmentName, UserId};
use sluice_sim::cloud::ImageBehaviour;
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, World};
use sluice_words::message::ButtonAction;

use crate::erp;

/// Named in person as an approver.
const LEAD: &str = "U024BE7LH";
/// In the group that approves.
const ON_CALL: &str = "UONES0604QSJC";

/// A world in which nobody approves unless the story says so.
fn world() -> World {
    let mut world = World::new(
        1,
        "2026-01-05T09:00:00Z".parse().expect("a time"),
        std::slice::from_ref(&erp::config()),
        Weather::default(),
    );
    deploy(&mut world, erp::config());
    let good = ImageBehaviour::default();
    erp::push(&world, "release-1.4.0", "one", &good);
    world.run(Bounds::default(), |_| false);
    erp::push(&world, "v1.4.0", "one", &good);
    runs_until(&mut world, "AwaitingApproval");
    world
}

fn app(world: &World, config: Config) -> App {
    App::new(world.ports(), vec![Arc::new(config)])
}

fn deploy(world: &mut World, config: Config) {
    let app = app(world, config);
    world.deploy(Arc::new(DirectFunctions(app)));
}

/// The ERP's `sluice.toml` with other people in it.
fn config(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = erp::config();
    change(&mut config);
    config
}

fn without_the_lead() -> Config {
    config(|config| {
        for environment in &mut config.environments {
            let approval = environment.approval.iter_mut();
            for approval in approval {
                let lead = Member::User(UserId::new(LEAD));
                approval.approvers.retain(|member| *member != lead);
            }
        }
    })
}

fn without_production() -> Config {
    config(|config| {
        let production = EnvironmentName::new("production");
        config.environments.retain(|it| it.name != production);
    })
}

fn runs_until(world: &mut World, phase: &str) {
    let bounds = Bounds {
        time: SignedDuration::from_hours(24 * 20),
        ..Bounds::default()
    };
    world.run(bounds, |world| erp::ends(world, "production") == [phase]);
    assert_eq!(
        erp::ends(world, "production"),
        [phase],
        "{}",
        erp::stories(world)
    );
}

fn newest(world: &World) -> Deployment {
    let last = erp::deployments(world, "production").pop();
    Arc::unwrap_or_clone(last.expect("it was opened").deployment)
}

fn decide(world: &World, config: &Config, action: ButtonAction, by: &str) -> String {
    let d = newest(world);
    let decide = Decide {
        action,
        deployment: d.id.clone(),
        plan: d.plan.as_ref().map(|sealed| sealed.hash.clone()),
        by: UserId::new(by),
        reason: None,
    };
    match block_on(app(world, config.clone()).decide(&decide)) {
        Ok(decided) => decided.reply,
        Err(error) => error.to_string(),
    }
}

fn last_line(world: &World) -> String {
    let d = newest(world);
    let last = d.story.last().expect("there is a story");
    sluice_words::note::words(&last.note, &d)
}

#[test]
fn whoever_was_taken_out_of_sluice_toml_decides_nothing_any_more() {
    let world = world();
    let now = without_the_lead();
    for action in [ButtonAction::Approve, ButtonAction::Reject] {
        let refused = decide(&world, &now, action, LEAD);
        assert_eq!(
            refused,
            "you are not among the approvers of production: <!subteam^S0604QSJC> may decide"
        );
    }
    let approved = decide(&world, &now, ButtonAction::Approve, ON_CALL);
    assert_eq!(approved, "Approved: v1.4.0 will be deployed to production.");
}

#[test]
fn nor_does_whoever_was_added_since_by_the_pinned_settings() {
    let world = world();
    let new = UserId::new("U0NEWCOMER");
    let now = config(|config| {
        for environment in &mut config.environments {
            if let Some(approval) = &mut environment.approval {
                approval.approvers.push(Member::User(new.clone()));
            }
        }
    });
    let refused = decide(&world, &now, ButtonAction::Approve, new.as_str());
    assert!(refused.contains("not among the approvers"), "{refused}");
}

#[test]
fn an_environment_that_is_gone_from_sluice_toml_lets_nothing_go_on() {
    let mut world = world();
    let now = without_production();
    insta::assert_snapshot!(
        decide(&world, &now, ButtonAction::Approve, LEAD),
        @"production is no longer in sluice.toml, so no one can let a deployment continue there: put it back, or cancel the deployment"
    );
    let cancelled = decide(&world, &now, ButtonAction::Cancel, LEAD);
    assert_eq!(
        cancelled,
        "Cancelled: v1.4.0 will not be deployed to production."
    );
    runs_until(&mut world, "Cancelled");
}

/// Production is frozen, the release approved, and thawed five days later.
fn approved_and_frozen_for_days() -> World {
    let mut world = world();
    let key = EnvironmentKey::of(&newest(&world));
    let (lead, app) = (UserId::new(LEAD), app(&world, erp::config()));
    block_on(app.freeze(&key, &lead, "stocktaking", None)).expect("they may");
    decide(&world, &erp::config(), ButtonAction::Approve, LEAD);
    runs_until(&mut world, "AwaitingWindow");
    let later = world.now() + SignedDuration::from_hours(24 * 5);
    let bounds = Bounds {
        time: SignedDuration::from_hours(24 * 20),
        ..Bounds::default()
    };
    world.run(bounds, |world| world.now() >= later);
    block_on(app.thaw(&key, &UserId::new(ON_CALL))).expect("they may");
    world
}

#[test]
fn an_approval_that_waited_for_days_is_asked_for_again() {
    let mut world = approved_and_frozen_for_days();
    runs_until(&mut world, "AwaitingApproval");
    insta::assert_snapshot!(last_line(&world), @"approval is needed again before anything is touched: the approval by <@U024BE7LH> is older than 8h");
    decide(&world, &erp::config(), ButtonAction::Approve, ON_CALL);
    runs_until(&mut world, "Succeeded");
    erp::assert_nothing_broke(&world);
}

#[test]
fn at_the_gate_whoever_may_not_approve_any_more_has_not() {
    let mut world = world();
    let key = EnvironmentKey::of(&newest(&world));
    let (lead, app) = (UserId::new(LEAD), app(&world, erp::config()));
    block_on(app.freeze(&key, &lead, "stocktaking", None)).expect("they may");
    decide(&world, &erp::config(), ButtonAction::Approve, LEAD);
    runs_until(&mut world, "AwaitingWindow");
    deploy(&mut world, without_the_lead());
    block_on(app.thaw(&key, &UserId::new(ON_CALL))).expect("they may");
    runs_until(&mut world, "AwaitingApproval");
    insta::assert_snapshot!(last_line(&world), @"approval is needed again before anything is touched: <@U024BE7LH> may no longer approve");
}
