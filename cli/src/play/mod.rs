//! Plays a scenario: moves its world step by step, starts its scenes, reports to an audience.

mod audience;
mod conversation;
mod desk;
mod stage;
mod verdict;

pub use audience::{Aside, Audience, Filled, Line, Question, Silence, Tone, Waiting, Wish};
pub use stage::Stage;
pub use verdict::{Checked, Verdict};

use std::io;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::Ports;
use sluice_core::config::{Config, Member};
use sluice_core::id::UserId;
use sluice_core::roles::Role;
use sluice_sim::world::{Bounds, World, members};

use crate::scenario::{Scenario, Scene, When};
use crate::wiring::APPROVER;
use conversation::Conversation;
use desk::Desk;

/// Monday morning, as in `events/`.
const START: &str = "2026-01-05T09:00:00Z";

/// A scenario being played.
pub struct Play {
    stage: Stage,
    config: Arc<Config>,
    scenario: Scenario,
    to_come: Vec<Scene>,
    desk: Desk,
    conversation: Conversation,
    watcher: Option<Watcher>,
}

/// Looks at the stage before every step.
type Watcher = Box<dyn FnMut(&Stage)>;

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
        on_call(&world, &config);
        let mut to_come = Vec::new();
        let mut stage = Stage::with_ports(world, ports, vec![config.clone()]);
        for scene in scenario.scenes.iter().cloned() {
            match scene.when {
                When::At(after) => cue(&mut stage.world, &config, after, &scene),
                When::After(..) | When::Opened(_) => to_come.push(scene),
            }
        }
        Self {
            desk: Desk::new(stage.lambda(), player(&config)),
            stage,
            config,
            scenario,
            to_come,
            conversation: Conversation::default(),
            watcher: None,
        }
    }

    /// Has someone look at the stage before every step.
    pub fn watch(&mut self, watcher: impl FnMut(&Stage) + 'static) {
        self.watcher = Some(Box::new(watcher));
    }

    /// The application, as the scenario has it.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Who sits at the prompt.
    pub fn user(&self) -> &UserId {
        self.desk.user()
    }

    /// The world, to be looked into.
    pub fn world(&self) -> &World {
        &self.stage.world
    }

    /// Plays to the end; `None` if the audience leaves before.
    ///
    /// # Errors
    /// The output can no longer be written: standard output is closed.
    pub fn run(&mut self, audience: &mut dyn Audience) -> io::Result<Option<Verdict>> {
        loop {
            self.stage.tell(audience)?;
            self.cue_scenes();
            if let Some(watcher) = &mut self.watcher {
                watcher(&self.stage);
            }
            self.ask(audience)?;
            if self.conversation.left {
                return Ok(None);
            }
            if self.stage.is_over() {
                break;
            }
            if self.stage.world.out_of_bounds(Bounds::default()).is_some() {
                break;
            }
            self.stage.step(audience)?;
        }
        Ok(Some(Verdict::of(
            &self.stage.world,
            &self.config,
            &self.scenario,
            &self.conversation.decided,
        )))
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
}

/// The person at the prompt: someone who may approve in the last environment that asks for it.
fn player(config: &Config) -> UserId {
    let approvers = config.environments.iter().rev();
    let approvers = approvers.map(|environment| environment.who_may(Role::Approve));
    let first = approvers.flatten().next();
    match first {
        Some(Member::User(user)) => user.clone(),
        Some(Member::Group(_)) | None => UserId::new(APPROVER),
    }
}

/// The person at the prompt is in every group: what Slack shows, they may click.
fn on_call(world: &World, config: &Config) {
    for environment in &config.environments {
        for role in [
            Role::Deploy,
            Role::Approve,
            Role::RollBack,
            Role::Freeze,
            Role::Override,
        ] {
            for member in environment.who_may(role) {
                if let Member::Group(group) = member {
                    let prompt = player(config);
                    let members = members(group).into_iter().chain([prompt]);
                    world.slack().set_group(group, members);
                }
            }
        }
    }
}

fn cue(world: &mut World, config: &Arc<Config>, after: SignedDuration, scene: &Scene) {
    let (act, config) = (scene.act.clone(), config.clone());
    world.plan(after, act.words(&config), move |world| {
        act.apply(world, &config)
    });
}

/// When everything begins.
pub fn start() -> Timestamp {
    START.parse().expect("the start is a time")
}
