//! Two environments of an application side by side: read, and held against each other.

use std::pin::pin;

use futures::future::{Either, select};
use futures::join;
use jiff::SignedDuration;
use sluice_core::config::{Config, Environment, Settings};
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::PortError;
use sluice_core::id::{AppName, DeploymentId, EnvironmentName};
use sluice_core::parity::{Facts, NotKnown, Parity, Readings, Unlike, compare, facts};
use sluice_core::schema;
use sluice_words::refusal::NotComparable;

use crate::App;
use crate::execute::patiently;
use crate::ports::{EnvironmentState, Target};

/// How long all reads may take where a person waits for the answer in a chat: Slack wants it within 3
/// seconds, and a function that had to be started has used more than one of them.
pub(crate) const IN_CHAT: SignedDuration = SignedDuration::from_millis(1_100);
/// How long where someone waits at a terminal: `operate` answers after 50 seconds at the latest.
pub(crate) const AT_TERMINAL: SignedDuration = SignedDuration::from_secs(40);

/// How long a plan is held up at most.
const IN_PLANNING: SignedDuration = SignedDuration::from_secs(5);

/// Deployments in which the revision of the schema is looked for, the newest first.
const LOOKED_AT: usize = 20;

impl App {
    /// Holds two environments against each other; without one of them, or both, those that belong
    /// together by `after`. What does not answer within that time is not known.
    pub(crate) async fn parity(
        &self,
        named: [Option<&EnvironmentKey>; 2],
        within: SignedDuration,
    ) -> Result<(AppName, Parity), NotComparable> {
        let [one, other] = self.two(named)?;
        let config = self.configs.app(&one.app);
        let found = config.and_then(|config| {
            let [one, other] = [&one, &other].map(|key| config.environment(&key.environment));
            Some((config, one?, other?))
        });
        let Some((config, first, second)) = found else {
            return Err(self.name_two());
        };
        let parity = self.compared(config, [first, second], None, within).await;
        Ok((one.app, parity))
    }

    /// The same of these two. `on_behalf` is the deployment that asks; without one the newest of each
    /// environment gives the sessions of Sluice's roles their name.
    pub(crate) async fn compared(
        &self,
        config: &Config,
        [one, other]: [&Environment; 2],
        on_behalf: Option<&DeploymentId>,
        within: SignedDuration,
    ) -> Parity {
        let (first, second) = join!(
            self.facts(config, one, on_behalf, within),
            self.facts(config, other, on_behalf, within)
        );
        let names = [&one.name, &other.name];
        compare(names, [&first, &second], config.allowed_differences())
    }

    /// Where the environment before is unlike the one that the deployment leads to: for its plan, which
    /// waits for no one.
    pub(crate) async fn unlike(&self, d: &Deployment, before: &EnvironmentName) -> Unlike {
        let here = &d.settings.environment;
        let config = self.configs.app(d.app());
        let found = config.and_then(|config| Some((config, config.environment(before)?)));
        let Some((config, before)) = found else {
            return Unlike::unread(before, "sluice.toml has no such environment any more");
        };
        let parity = self.compared(config, [before, here], Some(&d.id), IN_PLANNING);
        Unlike::of(&parity.await, &d.settings)
    }

    fn two(
        &self,
        named: [Option<&EnvironmentKey>; 2],
    ) -> Result<[EnvironmentKey; 2], NotComparable> {
        let [one, other] = match named {
            [Some(one), Some(other)] => [one.clone(), other.clone()],
            [Some(only), None] | [None, Some(only)] => {
                let before = self.comes_after(only);
                let before = before.ok_or_else(|| NotComparable::AfterNone(only.clone()))?;
                [before, only.clone()]
            }
            [None, None] => {
                let keys = self.environment_keys();
                let mut pairs = keys
                    .iter()
                    .filter_map(|key| Some([self.comes_after(key)?, key.clone()]));
                match (pairs.next(), pairs.next()) {
                    (Some(only), None) => only,
                    _ => return Err(self.name_two()),
                }
            }
        };
        if one == other {
            return Err(NotComparable::Same(one));
        }
        if one.app != other.app {
            return Err(NotComparable::TwoApplications(one, other));
        }
        Ok([one, other])
    }

    /// The environment in which a release must have succeeded before it comes here.
    fn comes_after(&self, key: &EnvironmentKey) -> Option<EnvironmentKey> {
        Some(EnvironmentKey {
            app: key.app.clone(),
            environment: self.configured(key)?.after.clone()?,
        })
    }

    fn name_two(&self) -> NotComparable {
        let keys = self.environment_keys().into_iter();
        let keys: Vec<String> = keys.map(|key| format!("`{key}`")).collect();
        NotComparable::NameTwo(keys.join(", "))
    }

    /// What is compared of an environment.
    async fn facts(
        &self,
        config: &Config,
        environment: &Environment,
        on_behalf: Option<&DeploymentId>,
        within: SignedDuration,
    ) -> Facts {
        let key = EnvironmentKey {
            app: config.app.clone(),
            environment: environment.name.clone(),
        };
        let settings = config.settings(environment);
        let state = self
            .within(within, self.ports.store.environment(&key))
            .await;
        let known = state.as_ref().ok().and_then(newest);
        let seen = match on_behalf.cloned().or(known) {
            None => {
                let why = state.err().unwrap_or(NotKnown::NothingDeployed);
                nothing_read(&why)
            }
            Some(deployment) => {
                let target = Target::in_environment(environment, deployment);
                self.readings(&key, &settings, state, &target, within).await
            }
        };
        facts(&settings, &seen)
    }

    async fn readings(
        &self,
        key: &EnvironmentKey,
        settings: &Settings,
        state: Result<EnvironmentState, NotKnown>,
        target: &Target,
        within: SignedDuration,
    ) -> Readings {
        let (ports, environment) = (&self.ports, &settings.environment);
        let queries = self.queries(settings);
        let (services, alarms, database, stack, schema) = join!(
            self.within(within, patiently(|| ports.services.facts(target, &queries))),
            self.within(within, self.states(target, &environment.alarms)),
            self.within(within, async {
                let Some(backup) = &environment.backup else {
                    return Ok(None);
                };
                patiently(|| ports.databases.database(target, &backup.database)).await
            }),
            self.within(within, async {
                let Some(stack) = &environment.stack else {
                    return Ok(None);
                };
                let stack = patiently(|| ports.stacks.stack(target, &stack.name)).await;
                stack.map(Some)
            }),
            self.within(within, self.schema_of(key))
        );
        Readings {
            services,
            alarms,
            database,
            stack,
            schema: schema.and_then(|revision| revision),
            verified: state.map(|state| state.verified),
        }
    }

    /// The revision of the schema, by the newest deployment that has left or seen one; `None` if none
    /// has.
    async fn schema_of(
        &self,
        key: &EnvironmentKey,
    ) -> Result<Result<Option<String>, NotKnown>, PortError> {
        for summary in self.ports.store.deployments(key, LOOKED_AT).await? {
            let stored = self.ports.store.load(&summary.id).await?;
            if let Some(found) = stored.and_then(|stored| schema::left_by(&stored.deployment)) {
                return Ok(found.map(Some));
            }
        }
        Ok(Ok(None))
    }

    async fn within<T>(
        &self,
        within: SignedDuration,
        read: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, NotKnown> {
        let time = self.ports.clock.pass(within);
        match select(pin!(read), pin!(time)).await {
            Either::Left((read, _)) => read.map_err(|error| NotKnown::Unread(error.to_string())),
            Either::Right(_) => Err(NotKnown::TooSlow),
        }
    }
}

/// The deployment that tells how the environment stands, if there was any.
fn newest(state: &EnvironmentState) -> Option<DeploymentId> {
    state.glanced().into_iter().flatten().next().cloned()
}

fn nothing_read(why: &NotKnown) -> Readings {
    Readings {
        services: Err(why.clone()),
        alarms: Err(why.clone()),
        database: Err(why.clone()),
        stack: Err(why.clone()),
        schema: Err(why.clone()),
        verified: Err(why.clone()),
    }
}
