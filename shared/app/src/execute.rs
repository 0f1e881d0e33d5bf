//! Carries commands out through the ports. Makes no choices: the command and the deployment's
//! pinned settings leave none.

mod health;
mod inspection;
mod rehearsal;
mod restore;
mod services;

use futures::future::join_all;
use jiff::SignedDuration;
use sluice_core::command::Command;
use sluice_core::config::{Database, Environment, Member, SecretSource};
use sluice_core::controls::ControlsObservation;
use sluice_core::deployment::Deployment;
use sluice_core::event::{Claim, Event, Outcome};
use sluice_core::failure::PortError;
use sluice_core::id::{DeploymentId, Digest, EnvironmentName, SnapshotId};
use sluice_core::observation::{
    ApproversObservation, ImageObservation, PinnedSecret, ProofObservation, SecretProblem,
    SmokeResult,
};
use sluice_core::origin::PushedBy;
use sluice_core::signature::{PublicKey, observe};
use sluice_core::smoke;
use sluice_signatures::is_signed;

pub(crate) use health::patiently;

use crate::App;
use crate::ports::{
    EnvironmentKey, HttpRequest, MetricsQuery, Target, TaskDefinitionOrder, TaskOrder,
};

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
        let ports = &self.ports;
        let target = &Target::of(d);
        Ok(match command {
            Command::ClaimEnvironment => Outcome::Claim(self.claim(d).await?),
            Command::ReadImage => Outcome::Image(self.image(d, target).await?),
            Command::ReadSignature => {
                let stored = ports.registry.signatures(target, &d.release).await?;
                let keys = d.settings.signatures.iter().flat_map(|it| &it.keys);
                let keys: Vec<PublicKey> = keys.cloned().collect();
                Outcome::Signature(observe(&stored, &d.release.digest, &keys, is_signed))
            }
            Command::ReadSource { commit, runs } => {
                Outcome::Source(self.read_source(d, commit, runs.as_ref()).await?)
            }
            Command::ReadScan => {
                let named = d.settings.environment.scan.excepted_ids();
                Outcome::Scan(ports.registry.scan(target, &d.release, &named).await?)
            }
            Command::ReadProof { environment } => Outcome::Proof(self.proof(d, environment).await?),
            Command::ReadParity { environment } => {
                Outcome::Parity(Box::new(self.unlike(d, environment).await))
            }
            Command::PinSecrets => self.pin_secrets(d, target).await?,
            Command::ReadServices => {
                let services = match d.kind.is_release() && d.phase.is_untouched() {
                    true => self.services_to_plan(d, target).await?,
                    false => self.services_of(&d.settings, target).await?,
                };
                Outcome::Services(services)
            }
            Command::ReadDatabase(database) => {
                Outcome::Database(ports.databases.database(target, database).await?)
            }
            Command::ReadAlarms => {
                let alarms = &d.settings.environment.alarms;
                Outcome::Alarms(ports.alarms.states(target, alarms).await?)
            }
            Command::ReadApprovers => Outcome::Approvers(self.approvers(d).await?),
            Command::ReadPrevious => Outcome::Previous(
                ports
                    .store
                    .environment(&EnvironmentKey::of(d))
                    .await?
                    .verified,
            ),
            Command::ReadControls => {
                let state = ports.store.environment(&EnvironmentKey::of(d)).await?;
                let (environment, now) = (&d.settings.environment, ports.clock.now());
                let seen = ControlsObservation::read(environment, &state.controls(), now);
                Outcome::Controls(Box::new(ControlsObservation {
                    lapsed: self.lapsed(d, now).await?,
                    ..seen
                }))
            }
            Command::StartSnapshot { snapshot, database } => {
                ports
                    .databases
                    .ensure_snapshot(target, database, snapshot)
                    .await?;
                Outcome::SnapshotStarted(snapshot.clone())
            }
            Command::ReadSnapshot { snapshot, database } => {
                Outcome::Snapshot(ports.databases.snapshot(target, database, snapshot).await?)
            }
            Command::RegisterTaskDefinition { service, revision } => {
                let plan = &d.sealed_plan().plan;
                let order = TaskDefinitionOrder {
                    revision: revision.clone(),
                    image: plan.release.image(),
                    variables: plan.variables.clone(),
                    secrets: plan.secrets.clone(),
                };
                let revision = ports
                    .services
                    .ensure_task_definition(target, &order)
                    .await?;
                Outcome::TaskDefinition {
                    service: service.clone(),
                    revision,
                }
            }
            Command::RegisterInspector { .. }
            | Command::StartInspection { .. }
            | Command::ReadInspection { .. } => self.inspect(d, target, command).await?,
            Command::StartRehearsal { .. }
            | Command::ReadRehearsal { .. }
            | Command::RemoveCopy(_)
            | Command::RemoveSnapshot { .. } => self.rehearse(d, target, command).await?,
            Command::StartMigration {
                token,
                ecs_service,
                task_definition,
                container,
                command,
            } => {
                let order = TaskOrder {
                    token: token.clone(),
                    ecs_service: ecs_service.clone(),
                    task_definition: task_definition.clone(),
                    container: container.clone(),
                    command: inspection::guarded(d, command),
                };
                Outcome::MigrationStarted(ports.tasks.ensure_task(target, &order).await?)
            }
            Command::ReadMigration { task } => {
                Outcome::Migration(self.migration(d, target, task).await?)
            }
            Command::StopMigration { task } => {
                ports.tasks.ensure_stopped(target, task).await?;
                Outcome::MigrationStopping
            }
            Command::StartRollout(order) => {
                ports.services.ensure_rollout(target, order).await?;
                Outcome::RolloutStarted {
                    service: order.service.clone(),
                }
            }
            Command::ReadRollout {
                service,
                ecs_service,
                task_definition,
                since,
            } => {
                let rollout = ports
                    .services
                    .rollout(target, ecs_service, task_definition, *since)
                    .await?;
                Outcome::Rollout {
                    service: service.clone(),
                    rollout,
                }
            }
            Command::StopRollout { service, arn } => {
                ports.services.ensure_stopping(target, arn).await?;
                Outcome::RolloutStopping {
                    service: service.clone(),
                }
            }
            Command::StartChangeSet(order) => {
                ports.stacks.ensure_change_set(target, order).await?;
                Outcome::ChangeSetStarted
            }
            Command::ReadChangeSet { stack, name } => {
                Outcome::ChangeSet(ports.stacks.change_set(target, stack, name).await?)
            }
            Command::RemoveChangeSet { stack, name } => {
                let stacks = &ports.stacks;
                stacks.ensure_no_change_set(target, stack, name).await?;
                Outcome::ChangeSetRemoved
            }
            Command::ExecuteChangeSet { stack, name } => {
                let stacks = &ports.stacks;
                Outcome::ChangeSetExecuted(stacks.ensure_executed(target, stack, name).await?)
            }
            Command::ReadStackUpdate { stack, token } => {
                Outcome::StackUpdate(ports.stacks.update(target, stack, token).await?)
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
            Command::PruneSnapshots {
                database,
                keep,
                spare,
            } => Outcome::SnapshotsPruned(self.prune(target, database, *keep, spare).await?),
            Command::ScaleService {
                service,
                ecs_service,
                tasks,
            } => self.scale(target, service, ecs_service, *tasks).await?,
            Command::StartCopy(order) => {
                ports.databases.ensure_copy(target, order).await?;
                Outcome::CopyStarted
            }
            Command::ReadCopy(order) => Outcome::Copy(ports.databases.copy(target, order).await?),
            Command::FindDatabases(names) => {
                Outcome::DatabasesFound(self.found(target, names).await?)
            }
            Command::RenameDatabase {
                from,
                resource_id,
                to,
            } => {
                let databases = &ports.databases;
                databases
                    .ensure_renamed(target, from, resource_id, to)
                    .await?;
                Outcome::DatabaseRenaming { to: to.clone() }
            }
        })
    }

    /// The image, and who pushed it: an address that its annotations hold is asked about, and goes
    /// no further.
    async fn image(&self, d: &Deployment, target: &Target) -> Result<ImageObservation, PortError> {
        let described = self.ports.registry.image(target, &d.release).await?;
        let annotations = described.annotations;
        let mut stranger = annotations.name_nobody();
        let pushed_by = match annotations.pushed_by() {
            None => None,
            Some(PushedBy::User(user)) => Some(user.clone()),
            Some(PushedBy::Email(email)) => match self.ports.chat.user_by_email(email).await {
                Ok(known) => {
                    stranger = known.is_none();
                    known
                }
                // Where no one is asked, nothing depends on it: the chat must not hold it up.
                Err(error) if d.settings.environment.approval.is_none() => {
                    tracing::warn!(
                        deployment.id = %d.id,
                        %error,
                        "it is not known who pushed the image of {}",
                        d.id
                    );
                    None
                }
                Err(error) => return Err(error),
            },
        };
        Ok(ImageObservation {
            present: described.present,
            tag_points_at: described.tag_points_at,
            origin: annotations.origin(&described.tags, pushed_by, &d.settings.source_hosts),
            pushed_by_stranger: stranger,
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

    async fn proof(
        &self,
        d: &Deployment,
        environment: &EnvironmentName,
    ) -> Result<ProofObservation, PortError> {
        let key = EnvironmentKey {
            app: d.app().clone(),
            environment: environment.clone(),
        };
        self.proof_of(&key, &d.release.digest).await
    }

    /// Whether the digest has succeeded there, or is on its way.
    pub(crate) async fn proof_of(
        &self,
        key: &EnvironmentKey,
        digest: &Digest,
    ) -> Result<ProofObservation, PortError> {
        if let Some(verified) = self.ports.store.verified(key, digest).await? {
            return Ok(ProofObservation::Verified(verified));
        }
        let state = self.ports.store.environment(key).await?;
        let newest = state.newest.map(|newest| newest.deployment);
        for id in [state.active, newest].into_iter().flatten() {
            let stored = self.ports.store.load(&id).await?;
            if stored.is_some_and(|stored| {
                stored.deployment.release.digest == *digest
                    && !stored.deployment.phase.is_terminal()
            }) {
                return Ok(ProofObservation::UnderWay);
            }
        }
        Ok(ProofObservation::NotVerified)
    }

    async fn pin_secrets(&self, d: &Deployment, target: &Target) -> Result<Outcome, PortError> {
        let secrets = &d.settings.environment.secrets;
        let pins = secrets
            .iter()
            .map(|(variable, source)| self.pin(d, target, variable, source));
        let (mut pinned, mut problems) = (Vec::new(), Vec::new());
        for pin in join_all(pins).await {
            match pin? {
                Ok(secret) => pinned.push(secret),
                Err(problem) => problems.push(problem),
            }
        }
        Ok(Outcome::Secrets(if problems.is_empty() {
            Ok(pinned)
        } else {
            Err(problems)
        }))
    }

    /// The version that the release had which comes back, if it is still there; else the current
    /// one.
    async fn pin(
        &self,
        d: &Deployment,
        target: &Target,
        variable: &str,
        source: &SecretSource,
    ) -> Result<Result<PinnedSecret, SecretProblem>, PortError> {
        let secrets = &self.ports.secrets;
        let mut then = d.kind.secrets().iter();
        let before = then.find(|secret| secret.variable == variable && secret.pinned);
        if let Some(before) = before
            && secrets.is_there(target, before).await?
        {
            return Ok(Ok(before.clone()));
        }
        secrets.pin(target, variable, source).await
    }

    async fn approvers(&self, d: &Deployment) -> Result<ApproversObservation, PortError> {
        let mut users = Vec::new();
        for approver in d
            .settings
            .environment
            .approval
            .iter()
            .flat_map(|approval| &approval.approvers)
        {
            match approver {
                Member::User(user) => users.push(user.clone()),
                Member::Group(group) => {
                    users.extend(self.ports.chat.group_members(group).await?);
                }
            }
        }
        users.sort();
        users.dedup();
        Ok(ApproversObservation { users })
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

    async fn prune(
        &self,
        target: &Target,
        database: &Database,
        keep: u16,
        spare: &SnapshotId,
    ) -> Result<Vec<SnapshotId>, PortError> {
        let mut ours = self.ports.databases.our_snapshots(target, database).await?;
        ours.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.created_at));
        let old = ours.into_iter().skip(usize::from(keep)).filter(|snapshot| {
            // One without a time is still being made.
            snapshot.id != *spare && snapshot.created_at.is_some()
        });
        let mut removed = Vec::new();
        for snapshot in old {
            self.ports
                .databases
                .ensure_no_snapshot(target, database, &snapshot.id)
                .await?;
            removed.push(snapshot.id);
        }
        Ok(removed)
    }
}
