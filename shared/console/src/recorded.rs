//! What is known already: the deployments of a demo at a moment, or those of a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::history::{ChainEnd, Record};
use sluice_core::id::DeploymentId;
use sluice_core::phase::PhaseKind;
use sluice_core::release::VerifiedRelease;
use sluice_core::summary::DeploymentSummary;
use sluice_words::message::Message;
use sluice_words::operate::Export;
use sluice_words::overview::{
    self, AT_ONCE, DeploymentSeen, ENVIRONMENTS, EnvironmentSeen, Figures, History, Look, NEWEST,
    Overview, Page, Seen, Standing, UNDERWAY, Underway,
};
use sluice_words::view::{Glance, who_message};

use crate::Unseen;

/// A deployment with its history.
#[derive(Clone, Debug)]
pub struct Story {
    /// The deployment.
    pub state: Arc<Deployment>,
    /// What its history is held against; `None` where only the history itself is known.
    pub chain: Option<ChainEnd>,
    /// Its history.
    pub records: Vec<Record>,
}

/// Everything that is known at a moment.
#[derive(Clone, Debug)]
pub struct Recorded {
    at: Timestamp,
    environments: BTreeMap<EnvironmentKey, (Standing, Option<Message>)>,
    stories: BTreeMap<DeploymentId, Arc<Story>>,
}

impl Recorded {
    /// What is known of these environments, each with who may do what, and these deployments.
    pub fn new(
        at: Timestamp,
        environments: impl IntoIterator<Item = (Standing, Option<Message>)>,
        stories: impl IntoIterator<Item = Arc<Story>>,
    ) -> Self {
        let environments = environments.into_iter();
        let stories = stories.into_iter();
        Self {
            at,
            environments: environments
                .map(|one| (one.0.environment.clone(), one))
                .collect(),
            stories: stories.map(|one| (one.state.id.clone(), one)).collect(),
        }
    }

    /// What a file tells of these deployments, as things stood after the last record. Whether an
    /// environment was open is in no history.
    pub fn of_histories(stories: Vec<Story>) -> Self {
        let stories: Vec<Arc<Story>> = stories.into_iter().map(Arc::new).collect();
        let records = stories.iter().flat_map(|story| &story.records);
        let at = records.map(|record| record.at).max();
        let mut by_environment: BTreeMap<EnvironmentKey, Vec<&Deployment>> = BTreeMap::new();
        for story in &stories {
            let of = by_environment.entry(EnvironmentKey::of(&story.state));
            of.or_default().push(&story.state);
        }
        let environments: Vec<_> = by_environment
            .into_iter()
            .map(|(key, deployments)| of_deployments(key, deployments))
            .collect();
        Self::new(at.unwrap_or_default(), environments, stories)
    }

    /// The same a moment later, when nothing else has changed.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Self {
        Self { at, ..self.clone() }
    }

    /// Looks.
    ///
    /// # Errors
    /// It is not there.
    pub fn see(&self, look: &Look) -> Result<Seen, Unseen> {
        Ok(match look {
            Look::Overview { matching, from } => Seen::Overview(self.overview(matching, *from)),
            Look::Environment(key) => Seen::Environment(Box::new(self.environment(key)?)),
            Look::History { matching } => {
                Seen::History(self.page(matching, 0, AT_ONCE, |key, _| self.history(key)))
            }
            Look::Figures { matching } => {
                Seen::Figures(self.page(matching, 0, AT_ONCE, |key, _| self.figures(key)))
            }
            Look::Deployment(id) => Seen::Deployment(Box::new(self.deployment(id)?)),
        })
    }

    fn page<T>(
        &self,
        matching: &str,
        from: usize,
        most: usize,
        of: impl Fn(&EnvironmentKey, &Standing) -> T,
    ) -> Page<T> {
        let all = self.environments.iter();
        let all = all.filter(|(key, _)| overview::matches(key, matching));
        let shown = all.clone().skip(from).take(most);
        Page {
            at: self.at,
            matching: all.count(),
            from,
            shown: shown
                .map(|(key, (standing, _))| of(key, standing))
                .collect(),
        }
    }

    fn overview(&self, matching: &str, from: usize) -> Overview {
        let states = self.stories.values().map(|story| &story.state);
        let open = states.filter(|d| !d.phase.is_terminal());
        let mut underway: Vec<Underway> = open.map(|d| Underway::from(&**d)).collect();
        Underway::sort(&mut underway);
        let more_underway = underway.len() > UNDERWAY;
        underway.truncate(UNDERWAY);
        Overview {
            underway,
            more_underway,
            environments: self.page(matching, from, ENVIRONMENTS, |_, it| it.clone()),
        }
    }

    fn summaries(&self, key: &EnvironmentKey) -> Vec<DeploymentSummary> {
        let states = self.stories.values().map(|story| &story.state);
        let here = states.filter(|d| EnvironmentKey::of(d) == *key);
        let mut all: Vec<_> = here.map(|d| DeploymentSummary::of(d)).collect();
        all.sort_by(|a, b| (b.requested_at, &b.id).cmp(&(a.requested_at, &a.id)));
        all
    }

    fn history(&self, key: &EnvironmentKey) -> History {
        let mut deployments = self.summaries(key);
        deployments.truncate(NEWEST);
        History {
            environment: key.clone(),
            deployments,
            unreadable: None,
        }
    }

    fn figures(&self, key: &EnvironmentKey) -> Figures {
        Figures::of(key.clone(), &self.summaries(key), self.at)
    }

    fn environment(&self, key: &EnvironmentKey) -> Result<EnvironmentSeen, Unseen> {
        let found = self.environments.get(key);
        let missing = || Unseen::Missing(format!("There is no environment {key} here."));
        let (standing, who) = found.ok_or_else(missing)?.clone();
        Ok(EnvironmentSeen {
            at: self.at,
            standing,
            who,
            history: self.history(key),
            figures: self.figures(key),
        })
    }

    fn deployment(&self, id: &DeploymentId) -> Result<DeploymentSeen, Unseen> {
        let missing = || Unseen::Missing(format!("There is no deployment {id} here."));
        let story = self.stories.get(id).ok_or_else(missing)?;
        let plan = story.state.plan.as_ref();
        let previous = plan.and_then(|sealed| sealed.seen.previous.as_ref());
        let previous = previous.and_then(|previous| self.stories.get(&previous.deployment));
        let before = previous.and_then(|story| story.state.plan.as_ref());
        // Where only the records are known, nothing says that there are no more.
        let chain = story.chain.clone().unwrap_or_else(|| ChainEnd {
            next_seq: u32::try_from(story.records.len()).unwrap_or(u32::MAX),
            hash: story
                .records
                .last()
                .map_or_else(|| ChainEnd::start().hash, |last| last.hash.clone()),
        });
        let state = (*story.state).clone();
        Ok(DeploymentSeen {
            at: self.at,
            export: Export::new(state, chain, story.records.clone()),
            before: before.map(|before| Box::new((**before).clone())),
        })
    }
}

/// An environment as its deployments show it.
fn of_deployments(
    key: EnvironmentKey,
    mut deployments: Vec<&Deployment>,
) -> (Standing, Option<Message>) {
    deployments.sort_by_key(|d| (d.requested_at, d.id.clone()));
    let newest = deployments.last().copied();
    let open = |d: &&&Deployment| !d.phase.is_terminal();
    let queued = |d: &&&Deployment| d.phase.kind() == PhaseKind::Queued;
    let active = deployments.iter().filter(open).find(|d| !queued(d));
    let next = deployments.iter().rev().filter(open).find(queued);
    let good =
        |d: &&&Deployment| matches!(d.phase.kind(), PhaseKind::Succeeded | PhaseKind::Restored);
    let verified = deployments.iter().filter(good);
    let verified = verified.max_by_key(|d| d.entered_at);
    let who = newest.map(|d| who_message(&key, &d.settings.environment));
    let glance = Glance {
        verified: verified.map(|d| VerifiedRelease {
            release: d.release.clone(),
            deployment: d.id.clone(),
            at: d.entered_at,
            migrated: false,
            additive: false,
            restores: None,
            database_of: None,
        }),
        origin: verified.and_then(|d| d.origin()).cloned(),
        active: active.map(|d| (*d).clone()),
        next: next.map(|d| (*d).clone()),
        last: newest.filter(|d| d.phase.is_terminal()).cloned(),
        ..Glance::unreadable(key, "")
    };
    let standing = Standing {
        closed: None,
        unreadable: None,
        ..Standing::from(&glance)
    };
    (standing, who)
}
