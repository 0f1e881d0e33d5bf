use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sluice_core::id::{ChannelName, GroupId, UserId};

use super::{Rules, SlackWeb, Trouble, WebCall, WebReply};

const START: Timestamp = Timestamp::UNIX_EPOCH;

struct Scene {
    slack: SlackWeb,
    channel: String,
    now: Timestamp,
}

impl Scene {
    fn new() -> Self {
        let mut slack = SlackWeb::new("xoxb-simulated");
        let channel = slack.add_channel(&ChannelName::new("#erp-production"));
        Self {
            slack,
            channel,
            now: START + SignedDuration::from_hours(1),
        }
    }

    fn call(&mut self, method: &str, arguments: Value) -> WebReply {
        let call = WebCall {
            method: method.to_owned(),
            token: Some("xoxb-simulated".to_owned()),
            arguments,
        };
        self.slack.call(&call, self.now)
    }

    fn post(&mut self, arguments: Value) -> WebReply {
        let mut arguments = arguments;
        arguments["channel"] = json!(self.channel);
        self.call("chat.postMessage", arguments)
    }

    fn error(reply: &WebReply) -> &str {
        reply.body["error"].as_str().unwrap_or_default()
    }
}

#[test]
fn a_message_its_thread_and_what_it_says_later() {
    let mut scene = Scene::new();
    let first = scene.post(json!({"text": "planned", "metadata": {"event_type": "m"}}));
    let ts = first.body["ts"].clone();
    let reply = scene.post(json!({"text": "began", "thread_ts": ts}));
    assert_ne!(reply.body["ts"], ts, "every message has a ts of its own");
    let channel = scene.channel.clone();
    let update = json!({"channel": channel, "ts": ts, "text": "live"});
    assert!(scene.call("chat.update", update).is_ok());

    let history = scene.call("conversations.history", json!({"channel": channel}));
    let messages = history.body["messages"].as_array().unwrap().clone();
    assert_eq!(
        messages.len(),
        1,
        "a thread's messages are not the channel's"
    );
    assert_eq!(messages[0]["text"], "live");
    assert_eq!(messages[0]["metadata"]["event_type"], "m");
    let thread = json!({"channel": channel, "ts": ts, "limit": "1"});
    let replies = scene.call("conversations.replies", thread);
    assert_eq!(replies.body["messages"].as_array().unwrap().len(), 1);
    assert_eq!(replies.body["response_metadata"]["next_cursor"], "1");

    scene.slack.delete_message(&channel, ts.as_str().unwrap());
    let update = json!({"channel": channel, "ts": ts, "text": "again"});
    let refused = scene.call("chat.update", update);
    assert_eq!(Scene::error(&refused), "message_not_found");
}

#[test]
fn more_than_a_channel_takes_is_429_with_how_long_to_wait() {
    let mut scene = Scene::new();
    let mut posted = 0;
    let refused = loop {
        let reply = scene.post(json!({"text": "line"}));
        if !reply.is_ok() {
            break reply;
        }
        posted += 1;
    };
    assert_eq!(
        (posted, refused.status, refused.retry_after_s),
        (5, 429, Some(2))
    );
    assert_eq!(scene.slack.refused_for_rate().len(), 1);
    scene.now += SignedDuration::from_secs(2);
    assert!(scene.post(json!({"text": "line"})).is_ok());
    let other = scene.slack.add_channel(&ChannelName::new("#other"));
    let elsewhere = json!({"channel": other, "text": "line"});
    assert!(scene.call("chat.postMessage", elsewhere).is_ok());
}

#[test]
fn what_slack_would_refuse_is_refused() {
    let mut scene = Scene::new();
    let long = "x".repeat(3_001);
    let section =
        |text: &str| json!([{"type": "section", "text": {"type": "mrkdwn", "text": text}}]);
    let refused = [
        (json!({"blocks": []}), "no_text"),
        (
            json!({"text": "t", "blocks": section(&long)}),
            "invalid_blocks",
        ),
        (
            json!({"text": "t", "blocks": section("")}),
            "invalid_blocks",
        ),
        (
            json!({"text": "t", "blocks": [{"type": "actions", "elements": []}]}),
            "invalid_blocks",
        ),
        (
            json!({"text": "t", "blocks": vec![section(&long[..2_900])[0].clone(); 5]}),
            "msg_blocks_too_long",
        ),
        (json!({"text": "t".repeat(40_001)}), "msg_too_long"),
    ];
    for (arguments, error) in refused {
        assert_eq!(Scene::error(&scene.post(arguments)), error);
        // So many at once are another reason to refuse.
        scene.now += SignedDuration::from_secs(2);
    }
    let no_token = WebCall {
        method: "chat.postMessage".to_owned(),
        token: None,
        arguments: json!({}),
    };
    assert_eq!(
        Scene::error(&scene.slack.call(&no_token, START)),
        "not_authed"
    );
    let unknown = scene.call("chat.shout", json!({}));
    assert_eq!(Scene::error(&unknown), "unknown_method");
    scene
        .slack
        .archive_channel(&ChannelName::new("#erp-production"));
    let archived = scene.post(json!({"text": "t"}));
    assert_eq!(Scene::error(&archived), "is_archived");
}

#[test]
fn a_trigger_opens_one_view_within_three_seconds() {
    let mut scene = Scene::new();
    let modal =
        json!({"type": "modal", "title": {"type": "plain_text", "text": "Reject"}, "blocks": []});
    let trigger = scene.slack.new_trigger(scene.now);
    let open = json!({"trigger_id": trigger, "view": modal});
    assert!(scene.call("views.open", open.clone()).is_ok());
    assert_eq!(
        Scene::error(&scene.call("views.open", open)),
        "exchanged_trigger_id"
    );

    let late = scene.slack.new_trigger(scene.now);
    scene.now += SignedDuration::from_secs(4);
    let open = json!({"trigger_id": late, "view": modal});
    assert_eq!(
        Scene::error(&scene.call("views.open", open)),
        "expired_trigger_id"
    );

    let long = json!({"type": "modal", "title": {"type": "plain_text", "text": "x".repeat(25)}, "blocks": []});
    let trigger = scene.slack.new_trigger(scene.now);
    let open = json!({"trigger_id": trigger, "view": long});
    assert_eq!(
        Scene::error(&scene.call("views.open", open)),
        "invalid_arguments"
    );

    let home = json!({"user_id": "U1", "view": {"type": "home", "blocks": []}});
    assert!(scene.call("views.publish", home).is_ok());
    assert_eq!(scene.slack.views().len(), 2);
}

#[test]
fn slack_has_bad_hours_and_groups_have_members() {
    let mut scene = Scene::new();
    let (now, until) = (scene.now, scene.now + SignedDuration::from_mins(5));
    scene.slack.plan_trouble(now, until, Trouble::Down);
    assert_eq!(scene.post(json!({"text": "t"})).status, 500);
    let slow = SignedDuration::from_secs(9);
    scene
        .slack
        .plan_trouble(until, until + slow, Trouble::Slow(slow));
    scene.now = until;
    assert_eq!(scene.post(json!({"text": "t"})).after, slow);

    let lost = until + slow;
    scene.slack.plan_trouble(lost, lost + slow, Trouble::Lost);
    scene.now = lost;
    let reply = scene.post(json!({"text": "t"}));
    assert!(
        reply.lost && reply.is_ok(),
        "it is posted, and nobody hears of it"
    );
    scene.now = lost + slow;

    let group = GroupId::new("S0604QSJC");
    scene.slack.set_group(&group, [UserId::new("U024BE7LH")]);
    let asked = json!({"usergroup": group});
    let members = scene.call("usergroups.users.list", asked);
    assert_eq!(members.body["users"], json!(["U024BE7LH"]));
    scene
        .slack
        .set_address("lead@example.com", UserId::new("U024BE7LH"));
    let found = scene.call("users.lookupByEmail", json!({"email": "Lead@example.com"}));
    assert_eq!(found.body["user"]["id"], "U024BE7LH");
    let nobody = scene.call(
        "users.lookupByEmail",
        json!({"email": "nobody@example.com"}),
    );
    assert_eq!(Scene::error(&nobody), "users_not_found");
    let nobody = scene.call("usergroups.users.list", json!({"usergroup": "S1"}));
    assert_eq!(Scene::error(&nobody), "no_such_subteam");
}

/// A Slack that insists on everything.
fn strict() -> Scene {
    let mut scene = Scene::new();
    scene.slack.set_rules(Rules::strict());
    scene
}

#[test]
fn a_strict_slack_wants_scopes_and_membership() {
    let mut scene = strict();
    let both = json!({"types": "public_channel,private_channel"});
    let refused = scene.call("users.conversations", both);
    assert_eq!(Scene::error(&refused), "missing_scope");
    assert_eq!(refused.body["needed"], "groups:read");
    let public = json!({"types": "public_channel"});
    let name = ChannelName::new("#erp-production");
    let there = scene.call("users.conversations", public.clone());
    assert_eq!(there.body["channels"][0]["name"], "erp-production");
    scene.slack.set_member(&name, false);
    let refused = scene.post(json!({"text": "t"}));
    assert_eq!(Scene::error(&refused), "not_in_channel");
    let there = scene.call("users.conversations", public);
    assert_eq!(there.body["channels"], json!([]));
    scene.slack.set_member(&name, true);
    scene.slack.make_private(&name);
    let channel = scene.channel.clone();
    let refused = scene.call("conversations.history", json!({"channel": channel}));
    assert_eq!(refused.body["needed"], "groups:history");
}

#[test]
fn a_strict_slack_shows_messages_late_and_takes_less() {
    let mut scene = strict();
    let first = scene.post(json!({"text": "planned"})).body["ts"].clone();
    let channel = scene.channel.clone();
    let read = json!({"channel": channel});
    let count = |scene: &mut Scene| {
        let there = scene.call("conversations.history", read.clone());
        there.body["messages"].as_array().unwrap().len()
    };
    assert_eq!(count(&mut scene), 0);
    scene.now += SignedDuration::from_secs(5);
    assert_eq!(count(&mut scene), 1);
    let text = "x".repeat(2_100);
    let block = json!({"type": "section", "text": {"type": "mrkdwn", "text": text}});
    let long = scene.post(json!({"text": "t", "blocks": vec![block.clone(); 5]}));
    assert_eq!(Scene::error(&long), "msg_blocks_too_long");
    assert!(
        scene
            .post(json!({"text": "t", "blocks": vec![block; 4]}))
            .is_ok()
    );
    let update = json!({"channel": channel, "ts": first, "text": "x".repeat(4_001)});
    assert_eq!(
        Scene::error(&scene.call("chat.update", update)),
        "msg_too_long"
    );
    let empty = json!({"type": "section", "text": {"type": "mrkdwn", "text": ""}});
    scene.now += SignedDuration::from_secs(5);
    let invalid = scene.post(json!({"text": "t", "blocks": [empty]}));
    assert!(invalid.body["response_metadata"]["messages"][0].is_string());
}

#[test]
fn a_reply_to_a_message_that_is_gone_is_in_the_channel_and_old_ones_cannot_be_changed() {
    let mut scene = strict();
    let first = scene.post(json!({"text": "planned"})).body["ts"].clone();
    let reply = scene.post(json!({"text": "began", "thread_ts": first}));
    assert_eq!(reply.body["message"]["thread_ts"], first);
    let channel = scene.channel.clone();
    scene
        .slack
        .delete_message(&channel, first.as_str().unwrap());
    let reply = scene.post(json!({"text": "live", "thread_ts": first}));
    assert_eq!(reply.body["message"]["thread_ts"], Value::Null);
    scene.slack.set_rules(Rules {
        edit_window: Some(SignedDuration::from_mins(5)),
        ..Rules::strict()
    });
    let update = json!({"channel": channel, "ts": reply.body["ts"], "text": "again"});
    assert!(scene.call("chat.update", update.clone()).is_ok());
    scene.now += SignedDuration::from_mins(6);
    let late = scene.call("chat.update", update);
    assert_eq!(Scene::error(&late), "edit_window_closed");
}

#[test]
fn a_strict_slack_knows_people_by_two_ids_and_a_late_trigger_as_an_invalid_argument() {
    let mut scene = strict();
    let (local, global) = ("U024BE7LH", "W024BE7LH");
    scene
        .slack
        .set_person(UserId::new(local), UserId::new(global));
    for id in [local, global] {
        let user = scene.call("users.info", json!({"user": id}));
        assert_eq!(user.body["user"]["id"], id);
        assert_eq!(user.body["user"]["enterprise_user"]["id"], global);
    }
    let test = scene.call("auth.test", json!({}));
    assert_eq!(test.body["enterprise_id"], "E0000000001");
    let trigger = scene.slack.new_trigger(scene.now);
    scene.now += SignedDuration::from_secs(4);
    let late = scene.call("views.open", json!({"trigger_id": trigger, "view": {}}));
    assert_eq!(Scene::error(&late), "invalid_arguments");
    let says = late.body["response_metadata"]["messages"][0].as_str();
    assert!(says.unwrap().contains("trigger_id"));
    scene.slack.set_token("xoxb-newer");
    let old = scene.call("auth.test", json!({}));
    assert_eq!(Scene::error(&old), "invalid_auth");
}
