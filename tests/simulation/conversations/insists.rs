//! What a Slack that insists on everything does to a release: nobody is told twice, and an approval
//! can always be given.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot be told fails its test"
)]

use jiff::SignedDuration;
use serde_json::{Value, json};
use sluice_sim::slack_web::Rules;
use sluice_slack_function::Endless;
use sluice_words::message::ButtonAction;

use super::{ImageBehaviour, LEAD, ON_CALL, Room, over_http};
use crate::conversations::slack::Standing;
use crate::conversations::transcript::words;

fn in_strict(story: impl FnOnce(Room)) {
    over_http(|| {
        let mut room = Room::strict();
        room.released(&["1.4.0"]);
        story(room);
    });
}

/// The messages of the newest deployment that are in the channel by themselves.
fn firsts(room: &Room) -> Vec<Standing> {
    let id = room.newest().id.to_string();
    let all = room.slack.messages(&room.world).into_iter();
    let of_it = |one: &Standing| !one.is_in_thread && words(&one.blocks).contains(&id);
    all.filter(of_it).collect()
}

fn offers_approval(message: &Standing) -> bool {
    let mut buttons = message.buttons();
    buttons.any(|button| button["action_id"] == ButtonAction::Approve.id())
}

fn rules(room: &Room, change: impl FnOnce(&mut Rules)) {
    let mut rules = Rules::strict();
    change(&mut rules);
    room.http().web().set_rules(rules);
}

#[test]
fn messages_that_cannot_be_changed_after_five_minutes_go_on_in_the_thread() {
    in_strict(|mut room| {
        rules(&room, |rules| {
            rules.edit_window = Some(SignedDuration::from_mins(5));
        });
        room.approves = false;
        room.pushes("1.5.0", &ImageBehaviour::default());
        room.waits_in("AwaitingApproval");
        room.hours_pass(1);
        room.clicks(ON_CALL, ButtonAction::Approve);
        room.quiet();
        assert_eq!(room.ends(), ["Succeeded"; 2]);
        assert_eq!(firsts(&room).len(), 1, "it is told once");
        let thread = room.thread();
        let says: Vec<String> = thread.iter().map(|it| words(&it.blocks)).collect();
        let live = says
            .iter()
            .filter(|it| it.contains("is live in production"));
        assert_ne!(live.count(), 0, "{says:?}");
    });
}

#[test]
fn a_slack_that_takes_little_shows_the_approval_and_the_plan_in_parts() {
    in_strict(|mut room| {
        rules(&room, |rules| rules.all_chars = 1_600);
        room.approves = false;
        room.pushes("1.5.0", &ImageBehaviour::default());
        room.waits_in("AwaitingApproval");
        assert!(offers_approval(&room.message()));
        let thread: String = room.thread().iter().map(|it| words(&it.blocks)).collect();
        assert!(
            thread.contains("smoke tests: the process is alive"),
            "{thread}"
        );
        assert!(thread.contains("SENTRY_DSN is at version"), "to its end");
        room.clicks(LEAD, ButtonAction::Approve);
        room.quiet();
        assert_eq!(room.ends(), ["Succeeded"; 2]);
        assert_eq!(firsts(&room).len(), 1);
    });
}

#[test]
fn a_message_that_is_deleted_while_its_thread_goes_on_is_posted_again_once() {
    in_strict(|mut room| {
        room.approves = false;
        room.pushes("1.5.0", &ImageBehaviour::default());
        room.waits_in("AwaitingApproval");
        let first = room.message().reference;
        let web = |room: &Room| room.http().web().delete_message(&first.channel, &first.ts);
        web(&room);
        room.clicks(LEAD, ButtonAction::Approve);
        room.quiet();
        assert_eq!(room.ends(), ["Succeeded"; 2]);
        let firsts = firsts(&room);
        assert_eq!(firsts.len(), 2, "the deleted one, and one more");
        let says = words(&firsts[1].blocks);
        assert!(says.contains("is live in production"), "{says}");
    });
}

#[test]
fn a_token_that_is_replaced_while_a_release_waits_is_not_noticed_by_anybody() {
    in_strict(|mut room| {
        room.approves = false;
        room.pushes("1.5.0", &ImageBehaviour::default());
        room.waits_in("AwaitingApproval");
        room.http().web().set_token("xoxb-replaced");
        room.clicks(ON_CALL, ButtonAction::Approve);
        room.quiet();
        assert_eq!(room.ends(), ["Succeeded"; 2]);
        let says = words(&room.message().blocks);
        assert!(says.contains("is live in production"), "{says}");
        assert!(room.lost.is_empty());
    });
}

#[test]
fn an_app_that_is_taken_out_of_the_channel_says_how_it_ended_once_it_is_back() {
    in_strict(|mut room| {
        let channel = sluice_core::id::ChannelName::new("#erp-production");
        room.pushes("1.5.0", &ImageBehaviour::default());
        room.waits_in("BackingUp");
        room.http().web().set_member(&channel, false);
        room.waits_in("Baking");
        room.http().web().set_member(&channel, true);
        room.quiet();
        assert_eq!(room.ends(), ["Succeeded"; 2]);
        assert_eq!(firsts(&room).len(), 1);
        let says = words(&room.message().blocks);
        assert!(says.contains("is live in production"), "{says}");
    });
}

/// The same payload from somebody of another company, in a channel that is shared with it.
fn of_a_guest(body: &str) -> String {
    let (_, payload) = form_urlencoded::parse(body.as_bytes()).next().unwrap();
    let mut payload: Value = serde_json::from_str(&payload).unwrap();
    payload["enterprise"] = json!({"id": "E0OTHER0001", "name": "other"});
    payload["user"]["team_id"] = json!("T0OTHER0001");
    form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}

#[test]
fn a_guest_of_another_company_decides_nothing_and_reads_why() {
    in_strict(|mut room| {
        room.approves = false;
        room.pushes("1.5.0", &ImageBehaviour::default());
        room.waits_in("AwaitingApproval");
        // Even by an id that may.
        let click = of_a_guest(&room.click(LEAD, ButtonAction::Approve));
        let response = room.patiently(&click, &Endless);
        let reply = response.reply.expect("it is said where they clicked");
        let read = room.slack.reads(&room.world, &reply).expect("it arrives");
        let said = words(read["blocks"].as_array().unwrap());
        assert!(said.contains("you are a guest"), "{said}");
        assert_eq!(room.newest().approvals.len(), 0);
    });
}
