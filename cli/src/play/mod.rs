//! Plays a scenario: moves its world step by step, brings on its scenes, tells an audience.

mod audience;
mod stage;
mod verdict;

pub use audience::{Answer, Audience, Line, Question, Silence, Tone, Waiting};
pub use stage::Stage;
pub use verdict::{Checked, Verdict};

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::Ports;
use sluice_core::config::Config;
use sluice_core::id::{DeploymentId, Hash, SlackUserId};
use sluice_core::message::{Block, Button, ButtonAction, Message};
use sluice_core::phase::Phase;
use sluice_sim::world::{Bounds, Click, World};

use crate::scenario::{Approver, Scenario, Scene, When};
use crate::wiring::APPROVER;

/// Monday morning, as in `events/`.
const START: &str = "2026-01-05T09:00:00Z";

/// A scenario being played.
pub struct Play {
    stage: Stage,
    config: Arc<Config>,
    scenario: Scenario,
    to_come: Vec<Scene>,
    asked: BTreeSet<(DeploymentId, Hash)>,
    /// The tag and the end that somebody at the prompt decided on instead of the story's.
    decided: Option<(String, &'static str)>,
}

impl Play {
    /// Sets the scenario up for this application.
    pub fn new(scenario: Scenario, seed: u64, config: &Config) -> Self {
        Self::with_ports(scenario, seed, config, World::ports)
    }

    /// The same, with Sluice at the ports that `ports` makes for the world.
    pub fn with_ports(
        scenario: Scenario,
        seed: u64,
        config: &Config,
        ports: impl FnOnce(&World) -> Ports,
    ) -> Self {
        let mut config = config.clone();
        (scenario.config)(&mut config);
        let start = START.parse().expect("the start is a time");
        let world = World::new(
            seed,
            start,
            std::slice::from_ref(&config),
            scenario.weather.clone(),
        );
        let ports = ports(&world);
        let config = Arc::new(config);
        let mut to_come = Vec::new();
        let mut stage = Stage::with_ports(world, ports, vec![config.clone()]);
        for scene in scenario.scenes.iter().cloned() {
            match scene.when {
                When::At(after) => cue(&mut stage.world, &config, after, &scene),
                When::After(..) | When::Opened(_) => to_come.push(scene),
            }
        }
        Self {
            stage,
            config,
            scenario,
            to_come,
            asked: BTreeSet::new(),
            decided: None,
        }
    }

    /// The world, to be looked into.
    pub fn world(&self) -> &World {
        &self.stage.world
    }

    /// Plays to the end.
    ///
    /// # Errors
    /// The audience cannot be told any more: standard output is closed.
    pub fn run(&mut self, audience: &mut dyn Audience) -> io::Result<Verdict> {
        loop {
            self.stage.tell(audience)?;
            self.cue_scenes();
            self.ask(audience)?;
            if self.stage.is_over() {
                break;
            }
            if self.stage.world.out_of_bounds(Bounds::default()).is_some() {
                break;
            }
            self.stage.step(audience)?;
        }
        Ok(Verdict::of(
            &self.stage.world,
            &self.config,
            &self.scenario,
            self.decided.as_ref(),
        ))
    }

    /// Brings on the scenes whose time has come.
    fn cue_scenes(&mut self) {
        let stored = self.stage.world.store().deployments();
        let phase_of = |tag: &str| {
            let found = stored
                .iter()
                .find(|s| s.deployment.release.tag.as_str() == tag);
            found.map(|stored| stored.deployment.phase.name())
        };
        let (due, later) = std::mem::take(&mut self.to_come)
            .into_iter()
            .partition(|scene| match scene.when {
                When::At(_) => true,
                When::After(tag, phase, _) => phase_of(tag) == Some(phase),
                When::Opened(tag) => phase_of(tag).is_some(),
            });
        self.to_come = later;
        let due: Vec<Scene> = due;
        for scene in due {
            let after = match scene.when {
                When::At(after) | When::After(_, _, after) => after,
                When::Opened(_) => SignedDuration::ZERO,
            };
            cue(&mut self.stage.world, &self.config, after, &scene);
        }
    }

    /// Shows the approver what Slack shows, once for each plan, and clicks what they say.
    fn ask(&mut self, audience: &mut dyn Audience) -> io::Result<()> {
        let Some((question, mut click)) = self.question() else {
            return Ok(());
        };
        let answer = match self.scenario.approver {
            Approver::Clicks(ButtonAction::Approve, _) => audience.ask(&question, true)?,
            Approver::Clicks(..) | Approver::IsAway => audience.ask(&question, false)?,
        };
        let after = match (answer, self.scenario.approver) {
            (Answer::Click(action), _) => {
                let rejected = action != ButtonAction::Approve;
                self.decided = rejected.then_some((question.tag, "Rejected"));
                click.button.action = action;
                SignedDuration::ZERO
            }
            (Answer::Wait(time), _) => {
                // Asked again then, unless it has expired.
                self.decided = Some((question.tag, "Expired"));
                let again = (click.button.deployment.clone(), question.plan.clone());
                self.stage.remind(time, again);
                return Ok(());
            }
            (Answer::AsInTheStory, Approver::Clicks(action, after)) => {
                click.button.action = action;
                after
            }
            (Answer::AsInTheStory, Approver::IsAway) => return Ok(()),
        };
        self.stage.world.click(after, click);
        Ok(())
    }

    /// The next request for an approval that stands in Slack and was not shown yet.
    fn question(&mut self) -> Option<(Question, Click)> {
        for again in self.stage.take_reminders() {
            self.asked.remove(&again);
        }
        let stored = self.stage.world.store().deployments();
        let waiting = stored.iter().map(|stored| &stored.deployment).find(|d| {
            let plan = d
                .plan
                .as_ref()
                .map(|sealed| (d.id.clone(), sealed.hash.clone()));
            matches!(d.phase, Phase::AwaitingApproval)
                && plan.is_some_and(|plan| !self.asked.contains(&plan))
        })?;
        let plan = waiting.sealed_plan().hash.clone();
        let is_this = |button: &Button| {
            button.action == ButtonAction::Approve
                && button.deployment == waiting.id
                && button.plan.as_ref() == Some(&plan)
        };
        let (posted, button) =
            self.stage
                .world
                .slack()
                .messages()
                .into_iter()
                .find_map(|posted| {
                    let button = buttons(posted.says())
                        .find(|button| is_this(button))?
                        .clone();
                    Some((posted, button))
                })?;
        self.asked.insert((waiting.id.clone(), plan.clone()));
        let question = Question {
            channel: posted.channel.to_string(),
            message: posted.says().clone(),
            environment: waiting.environment().to_string(),
            tag: waiting.release.tag.to_string(),
            plan,
        };
        let click = Click {
            user: SlackUserId::new(APPROVER),
            message: posted.reference.clone(),
            button,
        };
        Some((question, click))
    }
}

fn buttons(message: &Message) -> impl Iterator<Item = &Button> {
    message.blocks.iter().flat_map(|block| match block {
        Block::Buttons(buttons) => buttons.as_slice(),
        _ => &[],
    })
}

fn cue(world: &mut World, config: &Arc<Config>, after: SignedDuration, scene: &Scene) {
    let (act, config) = (scene.act.clone(), config.clone());
    world.plan(after, act.words(), move |world| act.apply(world, &config));
}

/// When everything begins.
pub fn start() -> Timestamp {
    START.parse().expect("the start is a time")
}
