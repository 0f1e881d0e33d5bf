//! What is looked at as data: for a page. However many environments there are, each look reads a fixed
//! number of them.

use futures::future::{join_all, try_join_all};
use jiff::Timestamp;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::PortError;
use sluice_core::id::DeploymentId;
use sluice_words::operate::{Answer, Export, Outcome, said};
use sluice_words::overview::{
    self, AT_ONCE, DeploymentSeen, ENVIRONMENTS, EnvironmentSeen, History, Look, NEWEST, Overview,
    Page, Seen, Standing, UNDERWAY, Underway,
};
use sluice_words::view::Glance;

use super::Failed;
use crate::App;

impl App {
    pub(super) async fn looked_at(&self, look: &Look) -> Result<Answer, Failed> {
        let at = self.ports.clock.now();
        let seen = match look {
            Look::Overview { matching, from } => {
                Seen::Overview(self.overview(at, matching, *from).await?)
            }
            Look::Environment(key) if self.configured(key).is_none() => {
                return Ok(Answer::new(Outcome::Refused, self.who(key)));
            }
            Look::Environment(key) => Seen::Environment(Box::new(self.environment(at, key).await?)),
            Look::History { matching } => {
                let (keys, page) = self.some(at, matching, 0, AT_ONCE);
                let shown = join_all(keys.into_iter().map(|key| self.history_in(key))).await;
                Seen::History(Page { shown, ..page })
            }
            Look::Figures { matching } => {
                let (keys, page) = self.some(at, matching, 0, AT_ONCE);
                let shown = try_join_all(keys.into_iter().map(|key| self.figures(key))).await?;
                Seen::Figures(Page { shown, ..page })
            }
            Look::Deployment(id) => Seen::Deployment(Box::new(self.deployment_seen(at, id).await?)),
        };
        Ok(Answer {
            seen: Some(Box::new(seen)),
            ..Answer::line(Outcome::Done, said::SEEN)
        })
    }

    /// Some of the environments whose names match, and the page that they are for.
    fn some<T>(
        &self,
        at: Timestamp,
        matching: &str,
        from: usize,
        most: usize,
    ) -> (Vec<EnvironmentKey>, Page<T>) {
        let mut keys = self.environment_keys();
        keys.retain(|key| overview::matches(key, matching));
        keys.sort();
        let page = Page {
            at,
            shown: Vec::new(),
            matching: keys.len(),
            from,
        };
        (keys.into_iter().skip(from).take(most).collect(), page)
    }

    async fn overview(
        &self,
        at: Timestamp,
        matching: &str,
        from: usize,
    ) -> Result<Overview, PortError> {
        let (keys, page) = self.some(at, matching, from, ENVIRONMENTS);
        let standings = join_all(keys.into_iter().map(|key| self.standing(key)));
        let ((underway, more_underway), shown) =
            futures::try_join!(self.underway(), async { Ok(standings.await) })?;
        Ok(Overview {
            underway,
            more_underway,
            environments: Page { shown, ..page },
        })
    }

    /// One that cannot be read is shown as such.
    async fn standing(&self, key: EnvironmentKey) -> Standing {
        let glance = self.glance(key.clone()).await;
        let glance = glance.unwrap_or_else(|error| {
            tracing::error!(environment = %key, %error, "{key} cannot be read: {error}");
            Glance::unreadable(key, error.message)
        });
        Standing::from(&glance)
    }

    /// The deployments that are not over: each is due some day. Nothing lists all environments.
    async fn underway(&self) -> Result<(Vec<Underway>, bool), PortError> {
        let due = self.ports.store.due(Timestamp::MAX, None, UNDERWAY + 1);
        let due = due.await?;
        let read = due
            .iter()
            .take(UNDERWAY)
            .map(|(id, _)| self.loaded(Some(id)));
        // One that cannot be read is said where its environment is shown.
        let read = join_all(read).await.into_iter().flatten().flatten();
        let mut all: Vec<Underway> = read
            .filter(|d| !d.phase.is_terminal())
            .map(|d| Underway::from(&d))
            .collect();
        Underway::sort(&mut all);
        Ok((all, due.len() > UNDERWAY))
    }

    async fn history_in(&self, key: EnvironmentKey) -> History {
        match self.ports.store.deployments(&key, NEWEST).await {
            Ok(deployments) => History {
                environment: key,
                deployments,
                unreadable: None,
            },
            Err(error) => History {
                environment: key,
                deployments: Vec::new(),
                unreadable: Some(error.message),
            },
        }
    }

    async fn environment(
        &self,
        at: Timestamp,
        key: &EnvironmentKey,
    ) -> Result<EnvironmentSeen, PortError> {
        let (glance, history, figures) = futures::join!(
            self.glance(key.clone()),
            self.history_in(key.clone()),
            self.figures(key.clone())
        );
        let glances = self.with_running(vec![glance?]).await;
        let glance = glances.first().expect("as many as were given");
        Ok(EnvironmentSeen {
            at,
            standing: Standing::from(glance),
            who: Some(self.who(key)),
            history,
            figures: figures?,
        })
    }

    async fn deployment_seen(
        &self,
        at: Timestamp,
        id: &DeploymentId,
    ) -> Result<DeploymentSeen, Failed> {
        let (state, chain, history) = self.whole(id).await?;
        let before = self.plan_of_previous(&state).await?;
        Ok(DeploymentSeen {
            at,
            export: Export::new(state, chain, history),
            before: before.map(|before| Box::new((*before).clone())),
        })
    }
}
