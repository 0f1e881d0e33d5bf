//! What is typed and clicked in Slack, and what is answered: whole stories, as they are read there.
//! Each is told three times: in the workplace's own Slack; over HTTP, where the real client speaks to
//! Slack's Web API; and there again with all that Slack may insist on (`Rules::strict`), in an
//! organisation whose people have several ids. All must read the same.

/// A test of each story in each Slack; of those behind the `;` in all but the strict one.
macro_rules! stories {
    ($($story:ident,)+ $(; $($other:ident,)+)?) => {
        mod in_process {
            $(#[test]
            fn $story() {
                super::$story(super::Room::in_process());
            })+
            $($(#[test]
            fn $other() {
                super::$other(super::Room::in_process());
            })+)?
        }

        mod over_http {
            $(#[test]
            fn $story() {
                crate::conversations::over_http(|| super::$story(super::Room::over_http()));
            })+
            $($(#[test]
            fn $other() {
                crate::conversations::over_http(|| super::$other(super::Room::over_http()));
            })+)?
        }

        mod strict {
            $(#[test]
            fn $story() {
                crate::conversations::over_http(|| super::$story(super::Room::strict()));
            })+
        }
    };
}

/// Both tests of a story must read the same.
macro_rules! told {
    ($room:ident, $name:literal) => {
        insta::assert_snapshot!($name, $room.read())
    };
}

mod desk;
mod groups;
mod insists;
mod long;
mod looks;
mod room;
mod slack;
mod transcript;
mod weather;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_sim::cloud::ImageBehaviour;
use sluice_words::message::ButtonAction;
use sluice_words::modal::InputName;

use crate::erp;
use room::Room;

/// In the group that may deploy, roll back and freeze.
const ON_CALL: &str = "UONES0604QSJC";
/// May freeze and override, and approves.
const LEAD: &str = "U024BE7LH";
const STRANGER: &str = "U0STRANGER";

stories! {
    a_freeze_stops_a_push_until_somebody_who_may_overrides_it,
    whoever_has_no_role_deploys_nothing_and_a_command_delivered_three_times_deploys_once,
    a_release_that_bakes_goes_back_when_somebody_who_may_asks,
    going_back_behind_a_migration_is_refused_until_somebody_says_that_it_fits,
    after_the_way_back_pushes_wait_and_people_go_on,
    a_held_production_takes_what_a_person_deploys,
    a_pause_is_one_click_and_so_is_its_end,
    a_restore_says_what_is_lost_and_takes_two_people,
}

/// Tells a story with threads beside it that serve Slack's Web API.
fn over_http(story: impl FnOnce()) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("there are threads");
    let _within = runtime.enter();
    story();
}

/// Its migration drops a column: the previous version does not run on the new schema.
fn destructive() -> ImageBehaviour {
    let mut behaviour = ImageBehaviour::default();
    behaviour.migration.sql = Some("ALTER TABLE orders DROP COLUMN note;".to_owned());
    behaviour
}

/// Its new version comes up and does not answer as it should.
fn bad() -> ImageBehaviour {
    ImageBehaviour {
        ready: Some(503),
        ..ImageBehaviour::default()
    }
}

fn a_freeze_stops_a_push_until_somebody_who_may_overrides_it(mut room: Room) {
    room.released(&["1.4.0"]);
    room.types(STRANGER, "freeze production the auditors are here");
    room.types(LEAD, "freeze production until 18:00 the auditors are here");
    room.types(STRANGER, "status production");
    room.pushes("1.5.0", &ImageBehaviour::default());
    room.until("AwaitingWindow");
    room.hours_pass(1);
    assert_eq!(room.newest().phase.name(), "AwaitingWindow");
    room.clicks(ON_CALL, ButtonAction::Override);
    room.clicks(LEAD, ButtonAction::Override);
    room.fills(LEAD, &[(InputName::Reason, "the fix of the outage")]);
    room.quiet();
    room.shows();
    room.types(STRANGER, "thaw production");
    room.types(LEAD, "thaw production");
    told!(
        room,
        "a_freeze_stops_a_push_until_somebody_who_may_overrides_it"
    );
    assert_eq!(room.ends(), ["Succeeded", "Succeeded"]);
}

fn whoever_has_no_role_deploys_nothing_and_a_command_delivered_three_times_deploys_once(
    mut room: Room,
) {
    room.released(&["1.4.0", "1.5.0"]);
    room.types(STRANGER, "deploy v1.4.0 to production");
    room.types(STRANGER, "promote production");
    room.types(STRANGER, "rollback production");
    assert_eq!(room.ends(), ["Succeeded"; 2]);
    let trigger = room.trigger();
    for _ in 0..3 {
        room.types_once(ON_CALL, "deploy v1.4.0 to production", &trigger);
    }
    room.quiet();
    assert_eq!(room.ends(), ["Succeeded"; 3]);
    room.types(ON_CALL, "promote production");
    room.types(ON_CALL, "deploy v9 to production");
    room.types(STRANGER, "who production");
    room.types(STRANGER, "history production");
    told!(
        room,
        "whoever_has_no_role_deploys_nothing_and_a_command_delivered_three_times_deploys_once"
    );
}

fn a_release_that_bakes_goes_back_when_somebody_who_may_asks(mut room: Room) {
    room.under_way("Baking");
    room.shows();
    room.clicks(STRANGER, ButtonAction::RollBack);
    room.clicks(ON_CALL, ButtonAction::RollBack);
    let before = (InputName::Release, "before");
    room.fills(ON_CALL, &[before, (InputName::Reason, " ")]);
    room.fills(
        ON_CALL,
        &[before, (InputName::Reason, "orders fail for everybody")],
    );
    room.quiet();
    room.shows();
    room.types(STRANGER, "history production");
    told!(
        room,
        "a_release_that_bakes_goes_back_when_somebody_who_may_asks"
    );
    assert_eq!(room.ends(), ["Succeeded", "RolledBack"]);
}

fn going_back_behind_a_migration_is_refused_until_somebody_says_that_it_fits(mut room: Room) {
    room.released_as(&["1.4.0", "1.5.0"], &destructive());
    room.types(ON_CALL, "rollback production to v7");
    room.types(ON_CALL, "rollback production to v1.4.0");
    room.types(ON_CALL, "rollback production");
    let answers = |schema| {
        [
            (InputName::Release, "before"),
            (InputName::Reason, "orders fail for everybody"),
            (InputName::Schema, schema),
        ]
    };
    room.fills(ON_CALL, &answers("refuse"));
    room.quiet();
    assert_eq!(room.ends(), ["Succeeded"; 2]);
    room.fills(ON_CALL, &answers("force"));
    room.quiet();
    room.shows();
    room.types(ON_CALL, "rollback production");
    room.types(STRANGER, "status production");
    told!(
        room,
        "going_back_behind_a_migration_is_refused_until_somebody_says_that_it_fits"
    );
    assert_eq!(room.ends(), ["Succeeded"; 3]);
}

fn after_the_way_back_pushes_wait_and_people_go_on(mut room: Room) {
    room.released(&["1.4.0"]);
    room.pushes("1.5.0", &bad());
    room.quiet();
    room.shows();
    room.types(STRANGER, "status production");
    room.pushes("1.6.0", &ImageBehaviour::default());
    room.until("AwaitingWindow");
    room.hours_pass(2);
    assert_eq!(room.newest().phase.name(), "AwaitingWindow");
    room.types(STRANGER, "release production");
    room.types(ON_CALL, "release production");
    room.quiet();
    room.shows();
    assert_eq!(room.ends(), ["Succeeded", "RolledBack", "Succeeded"]);
    // Told again of what went back, nothing is held anew.
    for stored in erp::deployments(&room.world, "production") {
        let wake_up = sluice_app::ports::WakeUp {
            deployment: stored.deployment.id.clone(),
            due: None,
        };
        let soon = room.world.now() + SignedDuration::from_mins(1);
        block_on(room.app().advance(&wake_up, soon)).expect("it is over");
    }
    room.types(ON_CALL, "release production");
    told!(room, "after_the_way_back_pushes_wait_and_people_go_on");
}

fn a_held_production_takes_what_a_person_deploys(mut room: Room) {
    room.released(&["1.4.0"]);
    room.pushes("1.5.0", &bad());
    room.quiet();
    room.types(ON_CALL, "deploy v1.4.0 to production");
    room.quiet();
    assert_eq!(room.ends(), ["Succeeded", "RolledBack", "Succeeded"]);
    assert!(room.was_ever_said("/sluice release erp/production"));
    erp::assert_nothing_broke(&room.world);
}

fn a_pause_is_one_click_and_so_is_its_end(mut room: Room) {
    room.under_way("Migrating");
    room.shows();
    room.clicks(STRANGER, ButtonAction::Pause);
    room.clicks(ON_CALL, ButtonAction::Pause);
    room.types(ON_CALL, "pause production");
    room.types(STRANGER, "status production");
    room.hours_pass(1);
    room.shows();
    room.clicks(ON_CALL, ButtonAction::Resume);
    room.quiet();
    room.types(ON_CALL, "pause production");
    room.types(ON_CALL, "hold production");
    room.types(ON_CALL, "release production");
    told!(room, "a_pause_is_one_click_and_so_is_its_end");
    assert_eq!(room.ends(), ["Succeeded", "Succeeded"]);
}

fn a_restore_says_what_is_lost_and_takes_two_people(mut room: Room) {
    room.released(&["1.4.0", "1.5.0"]);
    let migrated = room.newest();
    room.types(STRANGER, "restore production");
    room.types(ON_CALL, "restore staging");
    room.types(ON_CALL, "restore production");
    let point = format!("moment:{}", migrated.id);
    let reason = "v1.5.0 merged accounts that are not the same";
    room.fills(
        ON_CALL,
        &[
            (InputName::Point, point.as_str()),
            (InputName::Reason, reason),
            (InputName::Confirm, "prodction"),
        ],
    );
    room.fills(
        ON_CALL,
        &[
            (InputName::Point, point.as_str()),
            (InputName::Reason, reason),
            (InputName::Confirm, "production"),
        ],
    );
    room.types(ON_CALL, "rollback production");
    room.types(LEAD, "restore production");
    room.until("AwaitingApproval");
    room.clicks(ON_CALL, ButtonAction::Approve);
    room.types(LEAD, "status production");
    room.until("Restoring");
    room.types(LEAD, "cancel production");
    room.until("Restored");
    room.types(LEAD, "history production");
    told!(room, "a_restore_says_what_is_lost_and_takes_two_people");
    assert_eq!(room.ends(), ["Succeeded", "Succeeded", "Restored"]);
}
