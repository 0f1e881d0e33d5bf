//! A demo while it plays, as a source of pages. It is looked at from outside: no port is asked, so that
//! the story is the same with and without pages.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_app::ports::Stored;
use sluice_console::{About, Board, Commands, Recorded, Story};
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::DeploymentId;
use sluice_words::message::Message;
use sluice_words::overview::Standing;
use sluice_words::view::who_message;

use crate::play::{Stage, start};

/// After so many seconds a page asks again.
const RENEWS: u32 = 1;

/// A demo of this scenario.
pub fn of_demo(scenario: &str) -> About {
    About {
        title: format!("demo of {scenario}"),
        commands: Commands::Demo,
        renews: Some(RENEWS),
    }
}

/// Puts on a board how a play stands.
pub struct Watcher {
    board: Arc<Board>,
    config: Arc<Config>,
    /// What was seen of each deployment last, and in which version.
    seen: RefCell<BTreeMap<DeploymentId, (u64, Arc<Story>)>>,
}

impl Watcher {
    /// Someone who looks at a play of this application.
    pub fn new(about: About, config: Arc<Config>) -> Self {
        let nothing = Recorded::new(start(), [], []);
        Self {
            board: Arc::new(Board::new(about, nothing)),
            config,
            seen: RefCell::default(),
        }
    }

    /// Where it is shown.
    pub fn board(&self) -> Arc<Board> {
        self.board.clone()
    }

    /// Looks.
    pub fn sees(&self, stage: &Stage) {
        let store = stage.world.store();
        let stories: Vec<Arc<Story>> = store
            .deployments()
            .into_iter()
            .map(|stored| self.story(stage, stored))
            .collect();
        let environments = self.config.environments.iter().map(|environment| {
            let key = EnvironmentKey {
                app: self.config.app.clone(),
                environment: environment.name.clone(),
            };
            let who = who_message(&key, environment);
            standing(stage, key, who)
        });
        let environments: Vec<_> = environments.collect();
        self.board
            .show(Recorded::new(stage.world.now(), environments, stories));
    }

    fn story(&self, stage: &Stage, stored: Stored) -> Arc<Story> {
        let mut seen = self.seen.borrow_mut();
        let id = stored.deployment.id.clone();
        if let Some((version, story)) = seen.get(&id)
            && *version == stored.version
        {
            return story.clone();
        }
        let story = Arc::new(Story {
            records: stage.world.store().history_of(&id),
            state: stored.deployment,
            chain: Some(stored.chain),
        });
        seen.insert(id, (stored.version, story.clone()));
        story
    }
}

fn standing(stage: &Stage, key: EnvironmentKey, who: Message) -> (Standing, Option<Message>) {
    let store = stage.world.store();
    let state = store.environment_state(&key);
    let found = |id: Option<&DeploymentId>| -> Option<Deployment> {
        let stored = store.deployment(id?)?;
        Some(Arc::unwrap_or_clone(stored.deployment))
    };
    let deployments = state.glanced().map(found);
    let glance = stage.app().glance_of(key, &state, deployments);
    (Standing::from(&glance), Some(who))
}
