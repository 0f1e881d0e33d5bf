//! Who is in a group, a moment ago and now.

use jiff::SignedDuration;
use sluice_words::message::ButtonAction;

use super::{LEAD, ON_CALL, Room, STRANGER};

/// The group that approves, deploys and rolls back.
const GROUP: &str = "S0604QSJC";
const SECOND: &str = "UTWOS0604QSJC";
const NEWCOMER: &str = "U0NEWCOMER";

stories! {
    whoever_was_added_a_second_ago_is_not_refused,
    whoever_leaves_the_group_is_refused_within_the_minute,
    // In an organisation Slack must say whose the ids are, and here it is down.
    ; while_slack_is_down_a_yes_of_a_moment_ago_counts,
}

/// The release 1.5.0 waits for two people's yes.
fn waits_for_two(room: &mut Room) {
    room.reconfigured(|config| {
        let approvals = config
            .environments
            .iter_mut()
            .filter_map(|it| it.approval.as_mut());
        approvals.for_each(|approval| approval.quorum = 2);
    });
    room.approves = false;
    room.pushes("1.5.0", &super::ImageBehaviour::default());
    room.until("AwaitingApproval");
}

fn whoever_was_added_a_second_ago_is_not_refused(mut room: Room) {
    room.released(&["1.4.0"]);
    waits_for_two(&mut room);
    room.clicks(ON_CALL, ButtonAction::Approve);
    room.clicks(NEWCOMER, ButtonAction::Approve);
    room.note("the newcomer is added to the group; a second passes");
    room.group(GROUP, &[ON_CALL, SECOND, NEWCOMER]);
    room.time_passes(SignedDuration::from_secs(1));
    room.clicks(NEWCOMER, ButtonAction::Approve);
    room.quiet();
    room.shows();
    told!(room, "added_a_second_ago");
}

fn whoever_leaves_the_group_is_refused_within_the_minute(mut room: Room) {
    room.released(&["1.4.0"]);
    waits_for_two(&mut room);
    room.clicks(ON_CALL, ButtonAction::Approve);
    room.note("the second leaves the group; a minute passes");
    room.group(GROUP, &[ON_CALL]);
    room.time_passes(SignedDuration::from_secs(60));
    room.clicks(SECOND, ButtonAction::Approve);
    room.types(SECOND, "approve production");
    room.clicks(SECOND, ButtonAction::Reject);
    room.fills(SECOND, &[(super::InputName::Reason, "not with me")]);
    assert_eq!(room.newest().approvals.len(), 1);
    room.clicks(LEAD, ButtonAction::Approve);
    room.quiet();
    room.shows();
    told!(room, "left_a_minute_ago");
}

fn while_slack_is_down_a_yes_of_a_moment_ago_counts(mut room: Room) {
    room.released(&["1.4.0"]);
    waits_for_two(&mut room);
    room.clicks(ON_CALL, ButtonAction::Approve);
    room.clicks(ON_CALL, ButtonAction::Approve);
    room.note("Slack is down for ten minutes; half a minute passes");
    room.goes_down(SignedDuration::from_mins(10));
    room.time_passes(SignedDuration::from_secs(30));
    room.clicks(STRANGER, ButtonAction::Approve);
    room.clicks(SECOND, ButtonAction::Approve);
    assert_eq!(room.newest().approvals.len(), 2);
    let why = "Slack did not say who is in <!subteam^S0604QSJC>: Slack ";
    assert!(room.lost[0].contains(why), "{:?}", room.lost);
    assert_eq!(
        room.lost[1],
        "Approved: v1.5.0 will be deployed to production."
    );
    room.quiet();
    room.shows();
    told!(room, "slack_is_down");
}
