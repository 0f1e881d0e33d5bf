//! What is typed and clicked in Slack, and what is answered: whole stories, as they are read there.

use std::collections::BTreeMap;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::Decide;
use sluice_app::ports::TriggerId;
use sluice_core::deployment::Deployment;
use sluice_core::id::SlackUserId;
use sluice_core::message::{Block, Button, ButtonAction, Message};
use sluice_core::modal::{InputKind, InputName, Modal, Submission};
use sluice_sim::cloud::ImageBehaviour;
use sluice_sim::world::{Bounds, World};

use crate::asked::{app, released, under_way, until};
use crate::erp;

const PRODUCTION: &str = "production";
/// In the group that may deploy, roll back and freeze.
const ON_CALL: &str = "UONES0604QSJC";
/// May freeze and override, and approves.
const LEAD: &str = "U024BE7LH";
const STRANGER: &str = "U0STRANGER";

/// A channel, and all that is said in it and to those who ask.
struct Room {
    world: World,
    told: Vec<String>,
    triggers: u32,
    forms: usize,
}

impl Room {
    fn of(world: World) -> Self {
        Self {
            forms: world.slack().modals().len(),
            world,
            told: Vec::new(),
            triggers: 0,
        }
    }

    /// Slack's leave for a form: each command and click has its own.
    fn trigger(&mut self) -> TriggerId {
        self.triggers += 1;
        TriggerId(format!("{}.simulated", self.triggers))
    }

    fn types(&mut self, by: &str, text: &str) {
        let trigger = self.trigger();
        self.types_once(by, text, &trigger);
    }

    fn types_once(&mut self, by: &str, text: &str, trigger: &TriggerId) {
        let user = SlackUserId::new(by);
        let answer = match block_on(app(&self.world).typed(text, &user, trigger)) {
            Ok(reply) => reply.message.map(|message| words(&message)),
            Err(error) => Some(error.to_string()),
        };
        self.told.push(format!("@{by}: /sluice {text}"));
        self.answered(answer);
    }

    /// The button of the newest message that has one.
    fn button(&self, action: ButtonAction) -> Button {
        let posted = self.world.slack().messages();
        let shown = posted
            .iter()
            .rev()
            .flat_map(|posted| buttons(posted.says()));
        shown
            .into_iter()
            .find(|button| button.action == action)
            .expect("such a button is shown")
    }

    fn clicks(&mut self, by: &str, action: ButtonAction) {
        let (button, trigger) = (self.button(action), self.trigger());
        let decide = Decide {
            action,
            deployment: button.deployment,
            plan: button.plan,
            by: SlackUserId::new(by),
            reason: None,
        };
        let answer = match block_on(app(&self.world).click(&decide, Some(&trigger))) {
            Ok(decided) => decided.map(|decided| decided.reply),
            Err(error) => Some(error.to_string()),
        };
        self.told.push(format!("@{by} clicks [{}]", action.label()));
        self.answered(answer);
    }

    /// Words that only they see, or else a form.
    fn answered(&mut self, answer: Option<String>) {
        let modals = self.world.slack().modals();
        let new = modals[self.forms..].iter().map(form);
        self.told.extend(new);
        self.forms = modals.len();
        self.told
            .extend(answer.map(|answer| format!("  only to them: {answer}")));
    }

    /// Sends the form that came up last.
    fn fills(&mut self, by: &str, answers: &[(InputName, &str)]) {
        let modal = self.world.slack().modals().pop().expect("a form came up");
        let answers: BTreeMap<InputName, String> = answers
            .iter()
            .map(|(name, answer)| (*name, (*answer).to_owned()))
            .collect();
        let filled: Vec<String> = answers
            .iter()
            .map(|(name, answer)| format!("{}: {answer}", name.id()))
            .collect();
        self.told
            .push(format!("@{by} sends the form, {}", filled.join(", ")));
        let submission = Submission {
            id: format!("V{}", self.forms),
            purpose: modal.purpose,
            answers,
            by: SlackUserId::new(by),
        };
        // Slack sends a form again whose answer was lost.
        for _ in 0..2 {
            let sent = block_on(app(&self.world).submit(&submission));
            if let Err(error) = sent {
                let at = error.at(&submission).id();
                self.told.push(format!("  at `{at}`: {error}"));
                return;
            }
        }
        self.told.push("  the form closes".to_owned());
    }

    fn pushes(&mut self, version: &str, behaviour: &ImageBehaviour) {
        self.told.push(format!("CI pushes v{version}"));
        erp::push(
            &self.world,
            &format!("release-{version}"),
            version,
            &ImageBehaviour::default(),
        );
        self.quiet();
        erp::push(&self.world, &format!("v{version}"), version, behaviour);
    }

    fn quiet(&mut self) {
        self.world.run(Bounds::default(), |_| false);
    }

    fn hours_pass(&mut self, hours: i64) {
        let until = self.world.now() + SignedDuration::from_hours(hours);
        self.world
            .run(Bounds::default(), |world| world.now() >= until);
    }

    fn until(&mut self, phase: &str) {
        until(&mut self.world, phase);
        self.shows();
    }

    /// What the newest deployment's message says now.
    fn shows(&mut self) {
        let d = self.newest();
        let message = sluice_core::view::message(&d, None);
        let labels: Vec<String> = buttons(&message)
            .iter()
            .map(|button| format!("[{}]", button.action.label()))
            .collect();
        self.told.push(format!(
            "#erp-production: {} {}",
            message.summary,
            labels.join(" ")
        ));
    }

    fn newest(&self) -> Deployment {
        let mut all = erp::deployments(&self.world, PRODUCTION);
        all.pop().expect("there is one").deployment
    }

    fn ends(&self) -> Vec<&'static str> {
        erp::ends(&self.world, PRODUCTION)
    }

    fn read(&self) -> String {
        erp::assert_nothing_broke(&self.world);
        self.told.join("\n")
    }
}

fn buttons(message: &Message) -> Vec<Button> {
    let of = |block: &Block| match block {
        Block::Buttons(buttons) => buttons.clone(),
        _ => Vec::new(),
    };
    message.blocks.iter().flat_map(of).collect()
}

fn words(message: &Message) -> String {
    let lines = message.blocks.iter().map(|block| match block {
        Block::Header(text) | Block::Text(text) | Block::Context(text) | Block::Code(text) => {
            text.clone()
        }
        Block::Fields(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            fields.join("\n")
        }
        Block::Buttons(_) => String::new(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn form(modal: &Modal) -> String {
    let said = Message {
        summary: modal.title.clone(),
        blocks: modal.blocks.clone(),
    };
    let mut lines = vec![format!("  the form \"{}\": {}", modal.title, words(&said))];
    for input in &modal.inputs {
        let choices = match &input.kind {
            InputKind::Text { .. } => "…".to_owned(),
            InputKind::Select(choices) => {
                let labels: Vec<&str> = choices.iter().map(|one| one.label.as_str()).collect();
                labels.join(" | ")
            }
        };
        lines.push(format!("  {} ({}) {choices}", input.label, input.hint));
    }
    lines.join("\n")
}

/// Its new version comes up and does not answer as it should.
fn bad() -> ImageBehaviour {
    ImageBehaviour {
        ready: Some(503),
        ..ImageBehaviour::default()
    }
}

#[test]
fn a_freeze_stops_a_push_until_somebody_who_may_overrides_it() {
    let mut room = Room::of(released(&["1.4.0"]));
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
    insta::assert_snapshot!(room.read());
    assert_eq!(room.ends(), ["Succeeded", "Succeeded"]);
}

#[test]
fn whoever_has_no_role_deploys_nothing_and_a_command_delivered_three_times_deploys_once() {
    let mut room = Room::of(released(&["1.4.0", "1.5.0"]));
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
    insta::assert_snapshot!(room.read());
}

#[test]
fn a_release_that_bakes_goes_back_when_somebody_who_may_asks() {
    let mut room = Room::of(under_way("Baking"));
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
    insta::assert_snapshot!(room.read());
    assert_eq!(room.ends(), ["Succeeded", "RolledBack"]);
}

#[test]
fn going_back_behind_a_migration_is_refused_until_somebody_says_that_it_fits() {
    let mut room = Room::of(released(&["1.4.0", "1.5.0"]));
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
    insta::assert_snapshot!(room.read());
    assert_eq!(room.ends(), ["Succeeded"; 3]);
}

#[test]
fn after_the_way_back_pushes_wait_and_people_go_on() {
    let mut room = Room::of(released(&["1.4.0"]));
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
    for stored in erp::deployments(&room.world, PRODUCTION) {
        let wake_up = sluice_app::ports::WakeUp {
            deployment: stored.deployment.id,
            due: None,
        };
        let soon = room.world.now() + SignedDuration::from_mins(1);
        block_on(app(&room.world).advance(&wake_up, soon)).expect("it is over");
    }
    room.types(ON_CALL, "release production");
    insta::assert_snapshot!(room.read());
}

#[test]
fn a_held_production_takes_what_a_person_deploys() {
    let mut room = Room::of(released(&["1.4.0"]));
    room.pushes("1.5.0", &bad());
    room.quiet();
    room.types(ON_CALL, "deploy v1.4.0 to production");
    room.quiet();
    assert_eq!(room.ends(), ["Succeeded", "RolledBack", "Succeeded"]);
    assert!(
        room.world
            .slack()
            .was_ever_said("/sluice release erp/production")
    );
    erp::assert_nothing_broke(&room.world);
}

#[test]
fn a_pause_is_one_click_and_so_is_its_end() {
    let mut room = Room::of(under_way("Migrating"));
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
    insta::assert_snapshot!(room.read());
    assert_eq!(room.ends(), ["Succeeded", "Succeeded"]);
}

#[test]
fn a_restore_says_what_is_lost_and_takes_two_people() {
    let mut room = Room::of(released(&["1.4.0", "1.5.0"]));
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
            (InputName::Confirm, PRODUCTION),
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
    insta::assert_snapshot!(room.read());
    assert_eq!(room.ends(), ["Succeeded", "Succeeded", "Restored"]);
}
