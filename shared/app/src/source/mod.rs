//! The source code: an event, or the time, causes a look at the repository, and what is wrong there
//! is told once.

mod ask;
mod commit;
mod gate;
mod minute;
mod tell;

use std::sync::Arc;

use jiff::SignedDuration;
use sluice_core::config::{Config, Source};
use sluice_core::failure::PortError;
use sluice_core::id::{AppName, BuildProject, PullRequestId, SourceName};
use sluice_core::registry::Registry;
use sluice_core::source::{Watch, look_again_at};
use sluice_words::refusal::SourceIgnored;

use crate::App;
use crate::ports::{Host, RepositoryAt};

/// Two looks at once may each find what is remembered changed by the other.
const TRIES: u8 = 8;

/// How long one function alone posts messages. Longer than a function runs.
const TELLS_WITHIN: SignedDuration = SignedDuration::from_secs(90);

/// Something may have happened in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceHint {
    /// The account and region that the event is from.
    pub place: Registry,
    /// The repository.
    pub repository: SourceName,
    /// The pull request, if it is about one.
    pub pull: Option<PullRequestId>,
}

/// A build may have ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildHint {
    /// The account and region that the event is from.
    pub place: Registry,
    /// The project.
    pub project: BuildProject,
}

/// What an event came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceTaken {
    /// Nothing, and why.
    Ignored(SourceIgnored),
    /// The repository was looked at, once for each application that is built from it.
    Looked(Vec<SourceLooked>),
}

/// A look at an application's repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLooked {
    /// The application.
    pub app: AppName,
    /// The keys of the messages that were posted.
    pub told: Vec<String>,
    /// How many messages wait for Slack.
    pub untold: usize,
    /// How many branches have a change that is not explained yet.
    pub waiting: usize,
}

impl App {
    /// Takes an event about source code: a hint to look, and no more.
    ///
    /// # Errors
    /// The repository, the store or the chat did not answer, for one application at least; the others
    /// are done. Told again, it is looked at then.
    pub async fn source_changed(&self, hint: &SourceHint) -> Result<SourceTaken, PortError> {
        let named = |source: &Source| source.repository == hint.repository;
        let unknown = SourceIgnored::UnknownRepository(hint.repository.clone());
        self.look_at_named(named, unknown, &hint.place, hint.pull.as_ref())
            .await
    }

    /// Takes an event about a build: a hint to look, and no more.
    ///
    /// # Errors
    /// As [`App::source_changed`].
    pub async fn build_changed(&self, hint: &BuildHint) -> Result<SourceTaken, PortError> {
        let named = |source: &Source| source.build.as_ref() == Some(&hint.project);
        let unknown = SourceIgnored::UnknownProject(hint.project.clone());
        self.look_at_named(named, unknown, &hint.place, None).await
    }

    async fn look_at_named(
        &self,
        is_named: impl Fn(&Source) -> bool,
        unknown: SourceIgnored,
        place: &Registry,
        pull: Option<&PullRequestId>,
    ) -> Result<SourceTaken, PortError> {
        let is_named = |config: &&Arc<Config>| config.source.as_ref().is_some_and(&is_named);
        let named: Vec<&Arc<Config>> = self.configs.iter().filter(is_named).collect();
        let place_of = |config: &Config| config.source.as_ref()?.place.clone();
        let there = named.iter();
        let there: Vec<_> = there
            .filter(|config| place_of(config).as_ref() == Some(place))
            .collect();
        let Some(first) = named.first() else {
            return Ok(SourceTaken::Ignored(unknown));
        };
        if there.is_empty() {
            return Ok(SourceTaken::Ignored(SourceIgnored::OtherPlace {
                from: place.clone(),
                app: first.app.clone(),
                configured: place_of(first),
            }));
        }
        let (mut looked, mut failed) = (Vec::new(), None);
        for config in there {
            match self.look_at_source(config, pull).await {
                Ok(Some(one)) => looked.push(one),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(app = %config.app, %error, "the source code of {} cannot be \
                        checked: {error}", config.app);
                    failed = failed.or(Some(error));
                }
            }
        }
        failed.map_or(Ok(SourceTaken::Looked(looked)), Err)
    }

    /// Looks at an application's repository, remembers what was found, and tells what is new. `None`
    /// if the application has none, or nothing says where it is.
    pub(crate) async fn look_at_source(
        &self,
        config: &Config,
        pull: Option<&PullRequestId>,
    ) -> Result<Option<SourceLooked>, PortError> {
        let Some(at) = Repo::of(config) else {
            return Ok(None);
        };
        for _ in 0..TRIES {
            let now = self.ports.clock.now();
            let stored = self.ports.sources.source(&config.app).await?;
            let (watch, version) =
                stored.map_or_else(Default::default, |stored| (stored.watch, stored.version));
            let mut heard: Watch = watch;
            if let Some(pull) = pull {
                heard.heard_of(pull);
            }
            let mut next = self.examine_source(&at, &heard, now).await?;
            let mut due_at = look_again_at(at.source, &next, now);
            // Another function may be posting: the one that saves this first posts what it finds.
            let posts = next.telling_until.is_none_or(|until| until <= now);
            next.telling_until = match (next.has_work(), posts) {
                (false, _) => None,
                (true, true) => now.saturating_add(TELLS_WITHIN).ok(),
                (true, false) => next.telling_until,
            };
            if let Some(until) = next.telling_until {
                due_at = due_at.min(until);
            }
            let sources = &self.ports.sources;
            let saved = sources.save_source(&config.app, &next, version, due_at);
            if !saved.await? {
                continue;
            }
            let waiting = next.suspects.len();
            let (told, untold) = match posts && next.has_work() {
                true => self.tell_of_source(&at, next).await?,
                false => (Vec::new(), next.untold.len()),
            };
            return Ok(Some(SourceLooked {
                app: config.app.clone(),
                told,
                untold,
                waiting,
            }));
        }
        Err(PortError::retryable(format!(
            "what is known of the source code of {} kept being changed by others; it is checked \
             again within a minute",
            config.app
        )))
    }
}

/// An application's repository.
pub(crate) struct Repo<'a> {
    config: &'a Config,
    source: &'a Source,
    at: RepositoryAt,
}

impl<'a> Repo<'a> {
    fn of(config: &'a Config) -> Option<Self> {
        let source = config.source.as_ref()?;
        Some(Self {
            config,
            source,
            at: place_of(source)?,
        })
    }
}

/// Where a repository is, if that is known.
fn place_of(source: &Source) -> Option<RepositoryAt> {
    let host = match &source.github {
        Some(access) => Host::GitHub(access.clone()),
        None => Host::CodeCommit(source.place.clone()?),
    };
    Some(RepositoryAt {
        host,
        name: source.repository.clone(),
    })
}
