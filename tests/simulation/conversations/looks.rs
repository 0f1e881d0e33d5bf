//! What people see who look, and who click on what is old.

use jiff::SignedDuration;
use sluice_core::id::{AlarmName, ClusterName, EcsServiceName};
use sluice_core::observation::AlarmState;
use sluice_sim::cloud::{Dependency, Push, digest_of};
use sluice_words::message::ButtonAction;

use crate::erp;

use super::{ImageBehaviour, InputName, LEAD, ON_CALL, Room, STRANGER};

stories! {
    a_button_of_an_older_plan_decides_nothing_and_shows_the_plan_there_is,
    a_second_click_is_answered_and_not_repeated,
    the_home_page_tells_what_waits_what_runs_and_what_is_closed,
    a_slip_of_the_finger_is_told_what_was_meant,
    the_status_shows_what_aws_shows,
}

fn asks(room: &mut Room) {
    room.released(&["1.4.0"]);
    room.approves = false;
    room.pushes("1.5.0", &ImageBehaviour::default());
    room.until("AwaitingApproval");
}

fn a_button_of_an_older_plan_decides_nothing_and_shows_the_plan_there_is(mut room: Room) {
    asks(&mut room);
    let approve = room.button(ButtonAction::Approve);
    let reject = room.button(ButtonAction::Reject);
    room.note("a secret is rotated");
    room.world
        .with_cloud(|cloud| cloud.rotate_secret("erp/production/database"));
    room.clicks_on(LEAD, &approve);
    room.waits_in("Planning");
    room.until("AwaitingApproval");
    room.clicks_on(LEAD, &approve);
    room.clicks_on(ON_CALL, &reject);
    assert_eq!(room.newest().approvals.len(), 0);
    room.clicks(LEAD, ButtonAction::Approve);
    room.quiet();
    room.shows();
    told!(room, "an_older_plan");
}

fn a_second_click_is_answered_and_not_repeated(mut room: Room) {
    asks(&mut room);
    let (approve, reject) = (
        room.button(ButtonAction::Approve),
        room.button(ButtonAction::Reject),
    );
    room.clicks_on(LEAD, &approve);
    room.clicks_on(LEAD, &approve);
    room.clicks_on(ON_CALL, &reject);
    room.waits_in("Migrating");
    let pause = room.button(ButtonAction::Pause);
    room.clicks_on(ON_CALL, &pause);
    room.clicks_on(ON_CALL, &pause);
    room.hours_pass(1);
    let resume = room.button(ButtonAction::Resume);
    room.clicks_on(ON_CALL, &resume);
    room.clicks_on(ON_CALL, &resume);
    room.waits_in("Baking");
    room.clicks(ON_CALL, ButtonAction::RollBack);
    let before = (InputName::Release, "before");
    room.fills(ON_CALL, &[before, (InputName::Reason, "orders fail")]);
    room.clicks_on(ON_CALL, &pause);
    room.quiet();
    room.shows();
    told!(room, "a_second_click");
    assert_eq!(room.ends(), ["Succeeded", "RolledBack"]);
}

fn the_home_page_tells_what_waits_what_runs_and_what_is_closed(mut room: Room) {
    asks(&mut room);
    room.opens_home(LEAD);
    room.opens_home(STRANGER);
    room.clicks(LEAD, ButtonAction::Approve);
    room.waits_in("Baking");
    room.time_passes(SignedDuration::from_mins(2));
    room.types(LEAD, "freeze production the auditors are here");
    room.opens_home(LEAD);
    told!(room, "the_home_page");
}

fn a_slip_of_the_finger_is_told_what_was_meant(mut room: Room) {
    asks(&mut room);
    for line in [
        "aprove production",
        "status prodution",
        "freze production",
        "rolback production to v1.4.0",
        "approve produktion",
        "deploy v1.4.0 in production",
        "make coffee",
    ] {
        room.types(ON_CALL, line);
    }
    assert_eq!(room.newest().phase.name(), "AwaitingApproval");
    told!(room, "a_slip");
}

fn the_status_shows_what_aws_shows(mut room: Room) {
    room.released(&["1.4.0"]);
    let breaks =
        ImageBehaviour::default().with_trouble_under_traffic(SignedDuration::from_hours(3), 503);
    room.pushes("1.5.0", &breaks);
    room.quiet();
    room.types(ON_CALL, "status production");
    room.hours_pass(4);
    room.note("the ERP has answered 503 for an hour, and an alarm rings");
    let cluster = ClusterName::new("erp-production");
    let service = |name: &str| EcsServiceName::new(name);
    room.world.with_cloud(|cloud| {
        cloud.set_alarm(&AlarmName::new("erp-production-5xx"), AlarmState::Alarm);
        cloud.scale(&cluster, &service("erp-worker"), 0);
    });
    room.types(ON_CALL, "status production");
    room.note("somebody deploys another image by hand");
    room.world.with_cloud(|cloud| {
        let digest = digest_of("by hand");
        let push = Push::image(&erp::config().repository, "by-hand", digest.clone());
        cloud.push_image(push.behaving(ImageBehaviour::default()));
        cloud.take_emitted();
        let image = format!("{}/erp@{digest}", cloud.registry_host());
        cloud
            .deploy_by_hand(&cluster, &service("erp-web"), &image)
            .expect("it is furnished");
    });
    room.hours_pass(1);
    room.types(ON_CALL, "status production");
    room.note("ECS is down");
    let now = room.world.now();
    room.world.with_cloud(|cloud| {
        cloud.plan_outage(Dependency::Ecs, now, now + SignedDuration::from_hours(1));
    });
    room.types(ON_CALL, "status production");
    told!(room, "the_status");
}
