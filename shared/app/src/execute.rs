//! Carries commands out through the ports. Makes no choices: the command and the deployment's
//! pinned settings leave none.

mod database;
mod facts;
mod health;
mod inspection;
mod rehearsal;
mod restore;
mod services;
mod stack;
mod task;

use futures::future::join_all;
use jiff::SignedDuration;
use sluice_core::command::Command;
use sluice_core::config::Environment;
use sluice_core::deployment::Deployment;
use sluice_core::event::{Claim, Event, Outcome};
use sluice_core::failure::PortError;
use sluice_core::id::DeploymentId;
use sluice_core::observation::SmokeResult;
use sluice_core::smoke;

pub(crate) use health::patiently;

use crate::App;
use crate::ports::{EnvironmentKey, HttpRequest, MetricsQuery, Target};

impl Target {
    /// Where the deployment's requests go.
    pub fn of(deployment: &Deployment) -> Self {
        Self::in_environment(&deployment.settings.environment, deployment.id.clone())
    }

    /// Where requests to the environment go, on behalf of a deployment.
    pub fn in_environment(environment: &Environment, deployment: DeploymentId) -> Self {
        Self {
            account: environment.account.clone(),
            region: environment.region.clone(),
            role: environment.role.clone(),
            cluster: environment.cluster.clone(),
            deployment,
        }
    }
}

impl App {
    /// Carries a command out; `None` if the intent's time was over before it began, so that someone
    /// else may have taken it up.
    pub(crate) async fn execute(&self, d: &Deployment, command: &Command) -> Option<Event> {
        let key = command.key();
        let holds_it = || {
            let intent = d.intents.get(&key);
            intent.is_some_and(|intent| intent.is_held(self.ports.clock.now()))
        };
        if command.has_effect() && !holds_it() {
            tracing::warn!(deployment.id = %d.id, command = %key, "{key} of {} is too late and is \
                left to the next check", d.id);
            return None;
        }
        Some(match self.carry_out(d, command).await {
            Ok(outcome) => Event::Done {
                command: key,
                outcome,
            },
            Err(error) => {
                tracing::warn!(
                    deployment.id = %d.id,
                    command = %key,
                    class = ?error.class,
                    "{key} of {} failed: {error}",
                    d.id
                );
                Event::CommandFailed {
                    command: key,
                    error,
                }
            }
        })
    }

    async fn carry_out(&self, d: &Deployment, command: &Command) -> Result<Outcome, PortError> {
        let (ports, target) = (&self.ports, &Target::of(d));
        Ok(match command {
            Command::ClaimEnvironment => Outcome::Claim(self.claim(d).await?),
            Command::ReadImage => Outcome::Image(self.image(d, target).await?),
            Command::ReadSignature => Outcome::Signature(self.signature(d, target).await?),
            Command::ReadSource { commit, runs } => {
                Outcome::Source(self.read_source(d, commit, runs.as_ref()).await?)
            }
            Command::ReadScan => Outcome::Scan(self.scan(d, target).await?),
            Command::ReadProof { environment } => Outcome::Proof(self.proof(d, environment).await?),
            Command::ReadParity { environment } => {
                Outcome::Parity(Box::new(self.unlike(d, environment).await))
            }
            Command::PinSecrets => Outcome::Secrets(self.pin_secrets(d, target).await?),
            Command::ReadServices => Outcome::Services(self.read_services(d, target).await?),
            Command::ReadDatabase(database) => {
                Outcome::Database(ports.databases.database(target, database).await?)
            }
            Command::ReadAlarms => Outcome::Alarms(self.alarms(d, target).await?),
            Command::ReadApprovers => Outcome::Approvers(self.approvers(d).await?),
            Command::ReadPrevious => Outcome::Previous(self.state(d).await?.verified),
            Command::ReadControls => Outcome::Controls(Box::new(self.controls(d).await?)),
            Command::Stack(command) => self.change_stack(target, command).await?,
            Command::Database(command) => self.change_database(target, command).await?,
            Command::Task(command) => self.run_task(d, target, command).await?,
            Command::RegisterTaskDefinition { service, revision } => {
                self.register(d, target, service, revision).await?
            }
            Command::StartRollout(order) => {
                ports.services.ensure_rollout(target, order).await?;
                let service = order.service.clone();
                Outcome::RolloutStarted { service }
            }
            Command::ReadRollout {
                service,
                ecs_service,
                task_definition,
                since,
            } => {
                let services = &ports.services;
                let rollout = services.rollout(target, ecs_service, task_definition, *since);
                Outcome::Rollout {
                    service: service.clone(),
                    rollout: rollout.await?,
                }
            }
            Command::StopRollout { service, arn } => {
                ports.services.ensure_stopping(target, arn).await?;
                let service = service.clone();
                Outcome::RolloutStopping { service }
            }
            Command::RunSmokeTests => Outcome::SmokeTests(self.run_smoke_tests(d).await),
            Command::SampleHealth { tasks_since } => {
                Outcome::Health(self.sample_health(d, target, *tasks_since).await?)
            }
            Command::ReadMetrics {
                service,
                ecs_service,
                task_definition,
                since,
                from,
            } => {
                let query = MetricsQuery {
                    ecs_service: ecs_service.clone(),
                    task_definition: task_definition.clone(),
                    since: *since,
                    from: *from,
                    until: ports.clock.now(),
                };
                Outcome::Metrics {
                    service: service.clone(),
                    measured: ports.metrics.measured(target, &query).await?,
                }
            }
            Command::ScaleService {
                service,
                ecs_service,
                tasks,
            } => self.scale(target, service, ecs_service, *tasks).await?,
        })
    }

    /// Takes the environment; the current holder is asked to yield first.
    async fn claim(&self, d: &Deployment) -> Result<Claim, PortError> {
        let key = EnvironmentKey::of(d);
        let claim = self.ports.store.claim(&key, &d.id).await?;
        let Claim::HeldBy(holder) = &claim else {
            return Ok(claim);
        };
        let give_way = Event::SupersededBy {
            deployment: d.id.clone(),
        };
        if let Some(Ok(_)) = self.apply(holder, give_way).await? {
            // Its own next check posts it.
            self.wake(holder, None, SignedDuration::ZERO).await?;
            return self.ports.store.claim(&key, &d.id).await;
        }
        Ok(claim)
    }

    async fn run_smoke_tests(&self, d: &Deployment) -> Vec<SmokeResult> {
        let tests = d.settings.smoke_tests.iter().map(|test| async move {
            let placement = d.settings.placement(&test.service);
            let sees_green = placement.strategy.shifts_traffic() && d.restore().is_none();
            let base = match sees_green {
                true => placement.test_url.as_ref(),
                false => placement.url.as_ref(),
            };
            let request = HttpRequest {
                method: test.method.clone(),
                url: format!("{}{}", base.map_or("", String::as_str), test.path),
                timeout: test.within,
            };
            smoke::judge(test, &self.ports.http.request(&request).await)
        });
        let mut results = join_all(tests).await;
        if d.restore().is_some() {
            results.extend(self.probe_health(d).await);
        }
        results
    }
}
