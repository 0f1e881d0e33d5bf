//! A channel, and all that is said in it and to those who ask. Whatever people do goes to the
//! function `slack` as Slack sends it: signed, and as JSON or a form.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot be told fails its test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sluice_app::App;
use sluice_app::ports::MessageRef;
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::id::{DeploymentId, GroupId, Hash, UserId};
use sluice_sim::cloud::{ImageBehaviour, Tempo};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, Click, DirectFunctions, World};
use sluice_slack::{SimulatedClick, click_body, command_body, home_opened_body, submission_body};
use sluice_slack_function::{Endless, Patience, Response};
use sluice_words::message::{Button, ButtonAction};
use sluice_words::modal::{InputName, Submission};

use super::desk::{Deployed, Desk};
use super::slack::{OverHttp, Slack, Standing};
use super::transcript::{form, label, unescaped, words};
use crate::erp;

const PRODUCTION: &str = "production";
/// Approve what waits in production after three minutes, unless a story says otherwise: the second
/// where a migration needs two.
const APPROVERS: [&str; 2] = ["U024BE7LH", "UTWOS0604QSJC"];
const READING: SignedDuration = SignedDuration::from_mins(3);
/// Nothing in these stories takes longer.
const LONGEST: Bounds = Bounds {
    time: SignedDuration::from_hours(24 * 14),
    steps: 1_000_000,
};

pub(super) struct Room {
    pub(super) world: World,
    pub(super) slack: Slack,
    config: Config,
    desk: Desk,
    told: Vec<String>,
    /// Answers that did not reach anybody, because Slack was down.
    pub(super) lost: Vec<String>,
    triggers: usize,
    forms: usize,
    /// What the approver was asked, and clicks some time.
    asked: BTreeSet<(DeploymentId, Hash)>,
    /// Whether the approver is there.
    pub(super) approves: bool,
}

impl Room {
    pub(super) fn in_process() -> Self {
        Self::of(erp::config(), |_, _| Slack::in_process())
    }

    /// Over HTTP, from the runtime in which this is called.
    pub(super) fn over_http() -> Self {
        Self::of(erp::config(), Slack::over_http)
    }

    /// The same in a Slack that insists on everything, in an organisation of several workspaces.
    pub(super) fn strict() -> Self {
        Self::of(erp::config(), Slack::strict)
    }

    pub(super) fn of(config: Config, slack: impl FnOnce(&World, &Config) -> Slack) -> Self {
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
        world.with_cloud(|cloud| cloud.set_tempo(Tempo::default()));
        let slack = slack(&world, &config);
        let app = App::new(slack.ports(&world), vec![Arc::new(config.clone())]);
        let mut room = Self {
            desk: Desk::of(app, slack.is_strict()),
            world,
            slack,
            config,
            told: Vec::new(),
            lost: Vec::new(),
            triggers: 0,
            forms: 0,
            asked: BTreeSet::new(),
            approves: true,
        };
        room.starts_anew();
        room
    }

    /// The application is configured like this from now on.
    pub(super) fn reconfigured(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.starts_anew();
    }

    /// The functions run in new processes from now on: they remember nothing.
    pub(super) fn starts_anew(&mut self) {
        let config = Arc::new(self.config.clone());
        let app = App::new(self.slack.ports(&self.world), vec![config]);
        self.desk = Desk::of(app.clone(), self.slack.is_strict());
        self.world.deploy(Arc::new(Deployed {
            direct: DirectFunctions(app),
            desk: self.desk.clone(),
        }));
    }

    /// Slack's Web API, in a story that is told over HTTP.
    pub(super) fn http(&self) -> &OverHttp {
        match &self.slack {
            Slack::OverHttp(http) => http,
            Slack::InProcess { .. } => panic!("this story is told over HTTP"),
        }
    }

    /// Sluice, as the function `slack` has it.
    pub(super) fn app(&self) -> &App {
        &self.desk.app
    }

    /// Slack's leave for a form: each command and click has its own.
    pub(super) fn trigger(&mut self) -> String {
        self.triggers += 1;
        self.slack.trigger(&self.world, self.triggers)
    }

    fn request(&self, body: &str) -> Response {
        self.patiently(body, &Endless)
    }

    /// What comes of a request, waited for so long.
    pub(super) fn patiently(&self, body: &str, patience: &impl Patience) -> Response {
        let response = block_on(self.desk.takes(body, patience, self.world.now()));
        assert_eq!(response.status_code, 200, "{}", response.body);
        response
    }

    pub(super) fn types(&mut self, by: &str, text: &str) {
        let trigger = self.trigger();
        self.types_once(by, text, &trigger);
    }

    pub(super) fn types_once(&mut self, by: &str, text: &str, trigger: &str) {
        let body = command_body(text, &UserId::new(by), trigger);
        let response = self.request(&body);
        self.told.push(format!("@{by}: /sluice {text}"));
        let answer = (!response.body.is_empty()).then(|| {
            let body: Value = serde_json::from_str(&response.body).unwrap();
            assert_eq!(body["response_type"], "ephemeral");
            body
        });
        self.answered(answer);
    }

    /// The body of a click on the newest button of that kind.
    pub(super) fn click(&mut self, by: &str, action: ButtonAction) -> String {
        let button = self.button(action);
        self.click_on(by, &button)
    }

    fn click_on(&mut self, by: &str, button: &Value) -> String {
        let trigger = self.trigger();
        click_body(&SimulatedClick {
            action_id: button["action_id"].as_str().unwrap(),
            value: button["value"].as_str().unwrap(),
            by: &UserId::new(by),
            at: self.world.now(),
            trigger: &trigger,
            response_url: &self.slack.response_url(&trigger),
        })
    }

    /// The button of the newest message that has one.
    pub(super) fn button(&self, action: ButtonAction) -> Value {
        let standing = self.slack.messages(&self.world);
        let buttons = standing.iter().rev().flat_map(Standing::buttons);
        let mut of_action = buttons.filter(|button| button["action_id"] == action.id());
        of_action.next().expect("such a button is shown").clone()
    }

    pub(super) fn clicks(&mut self, by: &str, action: ButtonAction) {
        let button = self.button(action);
        self.clicks_on(by, &button);
    }

    pub(super) fn clicks_on(&mut self, by: &str, button: &Value) {
        let body = self.click_on(by, button);
        let response = self.request(&body);
        self.told.push(format!("@{by} clicks {}", label(button)));
        let Some(reply) = response.reply else {
            return self.answered(None);
        };
        match self.slack.reads(&self.world, &reply) {
            Some(answer) => self.answered(Some(answer)),
            None => {
                self.told
                    .push("  the answer does not reach them".to_owned());
                self.lost.push(unescaped(&reply.message.text));
            }
        }
    }

    /// Words that only they see, or else a form.
    fn answered(&mut self, answer: Option<Value>) {
        let forms = self.slack.forms(&self.world);
        let new = forms[self.forms..].iter().map(|(_, view)| form(view));
        self.told.extend(new);
        self.forms = forms.len();
        self.told.extend(answer.map(|answer| {
            let blocks = answer["blocks"].as_array().unwrap();
            format!("  only to them: {}", words(blocks))
        }));
    }

    /// Sends the form that came up last.
    pub(super) fn fills(&mut self, by: &str, answers: &[(InputName, &str)]) {
        let (id, view) = self.slack.forms(&self.world).pop().expect("a form came up");
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
        let body = submission_body(&Submission {
            id,
            purpose: serde_json::from_str(view["private_metadata"].as_str().unwrap()).unwrap(),
            answers,
            by: UserId::new(by),
        });
        // Slack sends a form again whose answer was lost.
        for _ in 0..2 {
            let response = self.request(&body);
            if !response.body.is_empty() {
                let body: Value = serde_json::from_str(&response.body).unwrap();
                for (at, error) in body["errors"].as_object().unwrap() {
                    let error = error.as_str().unwrap();
                    self.told.push(format!("  at `{at}`: {error}"));
                }
                return;
            }
        }
        self.told.push("  the form closes".to_owned());
    }

    /// Looks at their home page.
    pub(super) fn opens_home(&mut self, by: &str) {
        let user = UserId::new(by);
        self.request(&home_opened_body(&user, self.world.now()));
        let home = self.slack.home(&self.world, &user);
        self.told.push(format!("@{by} opens the Home tab"));
        self.told.push(words(&home));
    }

    pub(super) fn pushes(&mut self, version: &str, behaviour: &ImageBehaviour) {
        self.told.push(format!("CI pushes v{version}"));
        self.pushes_quietly(version, behaviour);
    }

    fn pushes_quietly(&mut self, version: &str, behaviour: &ImageBehaviour) {
        // In staging it comes up; what its migration does it does everywhere.
        let good = ImageBehaviour {
            migration: behaviour.migration.clone(),
            ..ImageBehaviour::default()
        };
        erp::push(&self.world, &format!("release-{version}"), version, &good);
        self.quiet();
        erp::push(&self.world, &format!("v{version}"), version, behaviour);
    }

    /// These were released before the story begins.
    pub(super) fn released(&mut self, versions: &[&str]) {
        self.released_as(versions, &ImageBehaviour::default());
    }

    /// The same, of images that behave like this.
    pub(super) fn released_as(&mut self, versions: &[&str], behaviour: &ImageBehaviour) {
        for version in versions {
            self.pushes_quietly(version, behaviour);
            self.quiet();
        }
        assert_eq!(self.ends(), vec!["Succeeded"; versions.len()]);
    }

    /// The release 1.5.0 on its way to production, until this phase.
    pub(super) fn under_way(&mut self, phase: &str) {
        self.released(&["1.4.0"]);
        self.pushes_quietly("1.5.0", &ImageBehaviour::default());
        self.waits_in(phase);
    }

    /// Runs until `until` says so or all is quiet, while the approver reads what is asked.
    fn run(&mut self, until: impl Fn(&World) -> bool) {
        loop {
            let slack = &self.slack;
            self.world
                .run(LONGEST, |world| until(world) || slack.has_news(world));
            let over = self.world.out_of_bounds(LONGEST);
            assert!(over.is_none(), "{}", erp::stories(&self.world));
            if self.approves {
                self.approver_looks();
            }
            if until(&self.world) || self.world.is_quiet() {
                return;
            }
        }
    }

    fn approver_looks(&mut self) {
        for message in self.slack.messages(&self.world) {
            let approve = message
                .buttons()
                .find(|button| button["action_id"] == ButtonAction::Approve.id());
            let Some(click) = approve.map(|button| approval(button, &message.reference)) else {
                continue;
            };
            let (id, plan) = (&click.button.deployment, click.button.plan.clone().unwrap());
            if !self.asked.insert((id.clone(), plan)) {
                continue;
            }
            let d = self.world.store().deployment(id).unwrap().deployment;
            let needed = d.demands().map_or(1, |demands| demands.quorum);
            for approver in APPROVERS.iter().take(needed.into()) {
                let user = UserId::new(*approver);
                self.world.click(
                    READING,
                    Click {
                        user,
                        ..click.clone()
                    },
                );
            }
        }
    }

    pub(super) fn quiet(&mut self) {
        self.run(|_| false);
    }

    pub(super) fn hours_pass(&mut self, hours: i64) {
        self.time_passes(SignedDuration::from_hours(hours));
    }

    /// Something happens at the end of it, so that the clock comes to stand there.
    pub(super) fn time_passes(&mut self, time: SignedDuration) {
        let until = self.world.now() + time;
        self.world.plan(time, "time has passed", |_| {});
        self.run(|world| world.now() >= until);
    }

    pub(super) fn waits_in(&mut self, phase: &str) {
        self.run(|world| erp::ends(world, PRODUCTION).last() == Some(&phase));
        assert_eq!(self.newest().phase.name(), phase);
    }

    pub(super) fn until(&mut self, phase: &str) {
        self.waits_in(phase);
        self.shows();
    }

    /// What the newest deployment's message says now.
    pub(super) fn shows(&mut self) {
        let message = self.message();
        let labels: Vec<String> = message.buttons().map(label).collect();
        self.told.push(format!(
            "#erp-production: {} {}",
            unescaped(&message.text),
            labels.join(" ")
        ));
    }

    /// The newest deployment's message.
    pub(super) fn message(&self) -> Standing {
        let id = self.newest().id.to_string();
        let standing = self.slack.messages(&self.world);
        let of_it =
            |message: &&Standing| !message.is_in_thread && words(&message.blocks).contains(&id);
        let found = standing.iter().rposition(|message| of_it(&message));
        let found = found.expect("it has a message");
        standing.into_iter().nth(found).unwrap()
    }

    /// The messages of its thread, oldest first.
    pub(super) fn thread(&self) -> Vec<Standing> {
        let standing = self.slack.messages(&self.world).into_iter();
        let first = self.message().reference;
        let after = standing.skip_while(|message| message.reference != first);
        after.filter(|message| message.is_in_thread).collect()
    }

    pub(super) fn newest(&self) -> Deployment {
        let mut all = erp::deployments(&self.world, PRODUCTION);
        Arc::unwrap_or_clone(all.pop().expect("there is one").deployment)
    }

    pub(super) fn ends(&self) -> Vec<&'static str> {
        erp::ends(&self.world, PRODUCTION)
    }

    pub(super) fn was_ever_said(&self, text: &str) -> bool {
        let standing = self.slack.messages(&self.world);
        standing
            .iter()
            .any(|message| words(&message.blocks).contains(text))
    }

    pub(super) fn group(&self, group: &str, members: &[&str]) {
        self.slack
            .set_group(&self.world, &GroupId::new(group), members);
    }

    /// Slack is down for so long.
    pub(super) fn goes_down(&mut self, time: SignedDuration) {
        self.slack.is_down_for(&self.world, time);
    }

    /// A line of the story that nobody says.
    pub(super) fn note(&mut self, line: &str) {
        self.told.push(format!("({line})"));
    }

    pub(super) fn read(&self) -> String {
        erp::assert_nothing_broke(&self.world);
        self.told.join("\n")
    }
}

fn approval(button: &Value, message: &MessageRef) -> Click {
    let value: Value = serde_json::from_str(button["value"].as_str().unwrap()).unwrap();
    Click {
        user: UserId::new(APPROVERS[0]),
        message: message.clone(),
        button: Button {
            action: ButtonAction::Approve,
            deployment: serde_json::from_value(value["deployment"].clone()).unwrap(),
            plan: serde_json::from_value(value["plan"].clone()).unwrap(),
            confirm: None,
        },
    }
}
