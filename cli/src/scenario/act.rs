//! What happens in a scene: what people, CI and the cloud do to Sluice.

use std::sync::Arc;

use jiff::SignedDuration;
use sluice_app::ports::{EnvironmentKey, Store as _};
use sluice_app::{App, AskError, Asked, Request, RestoreDatabase, RollBack};
use sluice_core::config::{Config, Environment, Member, ServiceKind};
use sluice_core::failure::PortError;
use sluice_core::id::{AlarmName, EnvironmentName, ServiceName, UserId};
use sluice_core::observation::AlarmState;
use sluice_core::origin::REVISION;
use sluice_core::quantity;
use sluice_core::restore::PointReference;
use sluice_core::stack::StackChange;
use sluice_sim::cloud::{
    Cloud, Fault, FaultRates, ImageBehaviour, Load, MergeOption, Operation, Push, SnapshotFate,
    StackFate, digest_of,
};
use sluice_sim::workplace::Roads;
use sluice_sim::world::World;

use crate::wiring::APPROVER;

/// Who requests a rollback: a member of the group that may.
const ON_CALL: &str = "UONES0604QSJC";

/// The repository of source code.
pub(super) const SOURCE: &str = "erp";

/// Who writes the code, and who merges it.
const DEVELOPERS: (&str, &str) = ("Ada", "Grace");

/// What someone does in git.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Git {
    /// Makes the branch from another, and pushes a commit to it.
    Work(&'static str, &'static str, &'static str),
    /// Opens a pull request from the branch to another, and merges it.
    Pull(&'static str, &'static str),
    /// Opens a pull request from the branch to another.
    Open(&'static str, &'static str),
    /// Merges the branch into another on their machine, and pushes.
    Merge(&'static str, &'static str),
    /// CI has built an image of the branch, and pushes it under this tag.
    Build(&'static str, &'static str, &'static str),
}

impl Git {
    fn words(self) -> String {
        let (ada, grace) = DEVELOPERS;
        match self {
            Self::Work(branch, from, title) => {
                format!("{ada} makes {branch} from {from} and pushes \u{201c}{title}\u{201d}")
            }
            Self::Pull(from, into) => format!("{grace} merges the pull request {from} → {into}"),
            Self::Open(from, into) => format!("{ada} opens the pull request {from} → {into}"),
            Self::Merge(from, into) => {
                format!("{grace} merges {from} into {into} on her machine, and pushes {into}")
            }
            Self::Build(branch, image, tag) => {
                let digest = digest_of(&label(image));
                format!("CI builds {branch} and pushes {tag} ({})", digest.short())
            }
        }
    }

    fn apply(self, cloud: &mut Cloud, config: &Config) {
        let (ada, grace) = DEVELOPERS;
        match self {
            Self::Work(branch, from, title) => {
                cloud.git_branch(SOURCE, branch, from);
                cloud.git_commit(SOURCE, branch, title, ada);
            }
            Self::Open(from, into) => {
                cloud.git_open_pull(SOURCE, from, into, ada);
            }
            Self::Pull(from, into) => {
                let id = cloud.git_open_pull(SOURCE, from, into, ada);
                cloud.git_merge_pull(SOURCE, &id, MergeOption::ThreeWay, grace);
            }
            Self::Merge(from, into) => {
                cloud.git_merge(SOURCE, from, into, grace);
            }
            Self::Build(branch, image, tag) => {
                let push = Push::image(&config.repository, tag, digest_of(&label(image)));
                let commit = cloud.git_head(SOURCE, branch);
                let commit = commit.expect("the scenario made the branch first");
                cloud.push_image(push.annotated(REVISION, commit.as_str()));
            }
        }
    }
}

/// Something that someone or something does. Where it is not said otherwise, in production.
#[derive(Clone, Debug)]
pub enum Act {
    /// CI pushes an image.
    Push {
        /// Its tag.
        tag: &'static str,
        /// Which image: the same label is the same digest.
        image: &'static str,
        /// How it behaves from now on.
        behaviour: Box<ImageBehaviour>,
    },
    /// Someone works with git.
    Git(Git),
    /// Someone rotates a secret.
    RotateSecret(&'static str),
    /// Someone removes a key of a secret.
    DeleteSecretKey(&'static str, &'static str),
    /// What happens to the next snapshot.
    NextSnapshot(SnapshotFate),
    /// What the next change sets of the stack would change.
    NextStackChanges(&'static str, Vec<StackChange>),
    /// What happens to the next update of the stack.
    NextStackUpdate(&'static str, StackFate),
    /// A CloudWatch alarm fires.
    AlarmFires(&'static str),
    /// Users ask so many requests a second of the web service.
    UsersAsk(u16),
    /// Someone left the production listener between two target groups.
    SplitListener([u32; 2]),
    /// Someone deploys another image of theirs to a service in the console.
    DeployByHand(&'static str, &'static str),
    /// The services were just made: ECS never completed a deployment of them.
    NewServices,
    /// From now on AWS refuses this.
    Refuse(Operation),
    /// How events travel from now on.
    Roads(&'static str, Roads),
    /// How often calls go wrong from now on, and that in words.
    Faults(&'static str, FaultRates),
    /// Slack is down.
    SlackDown(SignedDuration),
    /// Everybody leaves the approvers' groups.
    EmptyGroups,
    /// The network between Sluice and the application is cut; users still reach it.
    CutOff,
    /// Someone confirms that a release that Sluice cannot judge is healthy.
    Keep,
    /// Someone leaves a failed release as it is, to be fixed by a newer one.
    RollForward,
    /// Someone requests a rollback, for this reason, and knows of the migrations since.
    RollBack(&'static str),
    /// Someone requests a database restore to before the last migration, for this reason.
    Restore(&'static str),
    /// Someone freezes production, for this reason.
    Freeze(&'static str),
    /// Someone starts what waits for the environment to open, for this reason.
    Override(&'static str),
}

impl Act {
    /// What it is, for the story.
    pub fn words(&self, config: &Config) -> String {
        match self {
            Self::Push { tag, image, .. } => {
                let (repository, digest) = (&config.repository, digest_of(&label(image)));
                format!("CI pushes {repository}:{tag} ({})", digest.short())
            }
            Self::Git(git) => git.words(),
            Self::RotateSecret(name) => format!("someone rotates the secret {name}"),
            Self::DeleteSecretKey(name, key) => {
                format!("someone removes the key {key} from the secret {name}")
            }
            Self::NextSnapshot(fate) => {
                format!("RDS has a problem: the next snapshot {}", told(*fate))
            }
            Self::NextStackChanges(stack, changes) => {
                let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
                format!(
                    "the next change set of the stack {stack} would {}",
                    changes.join(", and ")
                )
            }
            Self::NextStackUpdate(_, StackFate::Completes) => {
                "CloudFormation updates the stack".to_owned()
            }
            Self::NextStackUpdate(stack, StackFate::RollsBack(reason)) => {
                format!("CloudFormation has a problem with the stack {stack}: {reason}")
            }
            Self::NextStackUpdate(stack, StackFate::Sticks(reason)) => format!(
                "CloudFormation can neither update the stack {stack} nor roll it back: {reason}"
            ),
            Self::AlarmFires(name) => format!("the CloudWatch alarm {name} fires"),
            Self::UsersAsk(requests) => {
                format!("users send {requests} requests a second to production")
            }
            Self::SplitListener([blue, green]) => format!(
                "someone leaves the production listener half shifted: blue {blue}, green {green}"
            ),
            Self::DeployByHand(service, image) => {
                format!("someone deploys {image} to {service} in the ECS console")
            }
            Self::NewServices => {
                "the ECS services are new: nothing was ever deployed to them".to_owned()
            }
            Self::Refuse(operation) => {
                format!(
                    "someone changes a role: {} is refused from now on",
                    operation.name()
                )
            }
            Self::Roads(words, _) | Self::Faults(words, _) => (*words).to_owned(),
            Self::SlackDown(time) => format!("Slack goes down for {}", quantity::duration(*time)),
            Self::RollBack(reason) => {
                format!("@{ON_CALL} requests a rollback to the previous version: {reason}")
            }
            Self::Restore(reason) => {
                format!("@{ON_CALL} requests a database restore to before the migration: {reason}")
            }
            Self::CutOff => {
                "the network between Sluice and the application is cut: its users do not \
                             notice"
                    .to_owned()
            }
            Self::Keep => format!("@{APPROVER} looks at it and clicks [Keep it]"),
            Self::RollForward => format!("@{APPROVER} decides and clicks [Roll forward]"),
            Self::EmptyGroups => "everyone leaves the approvers' groups".to_owned(),
            Self::Freeze(reason) => format!("someone freezes production: {reason}"),
            Self::Override(reason) => format!("someone overrides the freeze: {reason}"),
        }
    }

    /// Does it.
    pub fn apply(&self, world: &mut World, config: &Config) {
        if let Self::Push {
            tag,
            image,
            behaviour,
        } = self
        {
            let push = Push::image(&config.repository, tag, digest_of(&label(image)));
            world.with_cloud(|cloud| cloud.push_image(push.behaving((**behaviour).clone())));
        }
        let Some(production) = config.environment(&EnvironmentName::new("production")) else {
            return;
        };
        match self {
            Self::Push { .. } => {}
            Self::Git(git) => world.with_cloud(|cloud| git.apply(cloud, config)),
            Self::RotateSecret(name) => world.with_cloud(|cloud| cloud.rotate_secret(name)),
            Self::DeleteSecretKey(name, key) => {
                world.with_cloud(|cloud| cloud.delete_secret_key(name, key));
            }
            Self::NextSnapshot(fate) => {
                if let Some(backup) = &production.backup {
                    let database = backup.database.identifier();
                    world.with_cloud(|cloud| cloud.plan_snapshot_fate(database, *fate));
                }
            }
            Self::NextStackChanges(stack, changes) => {
                world.with_cloud(|cloud| cloud.plan_stack_changes(stack, changes));
            }
            Self::NextStackUpdate(stack, fate) => {
                world.with_cloud(|cloud| cloud.plan_stack_fate(stack, fate));
            }
            Self::AlarmFires(name) => {
                let name = AlarmName::new(*name);
                world.with_cloud(|cloud| cloud.set_alarm(&name, AlarmState::Alarm));
            }
            Self::UsersAsk(requests) => {
                let load = Load::steady(60.0 * f64::from(*requests));
                for service in config
                    .services
                    .iter()
                    .filter(|one| one.kind == ServiceKind::Web)
                {
                    let name = &production.services[&service.name].ecs_service;
                    world.with_cloud(|cloud| cloud.set_load(&production.cluster, name, &load));
                }
            }
            Self::SplitListener(weights) => split(world, config, production, *weights),
            Self::DeployByHand(service, image) => {
                deploy_by_hand(world, config, production, service, image);
            }
            Self::NewServices => {
                for placement in production.services.values() {
                    let (cluster, service) = (&production.cluster, &placement.ecs_service);
                    world.with_cloud(|cloud| cloud.forget_success(cluster, service));
                }
            }
            Self::Refuse(operation) => refuse(world, *operation),
            Self::Faults(_, rates) => world.with_cloud(|cloud| cloud.faults().set_rates(*rates)),
            Self::Roads(_, roads) => world.bridge().set_roads(roads.clone()),
            Self::SlackDown(time) => {
                let now = world.now();
                world.slack().plan_outage(now, now + *time);
            }
            Self::RollBack(reason) => roll_back(world, config, production, reason),
            Self::Restore(reason) => restore(world, config, production, reason),
            Self::CutOff => world.with_cloud(|cloud| cloud.cut_off(true)),
            Self::Freeze(_) | Self::Override(_) | Self::Keep | Self::RollForward => {
                by_hand(world, config, production, self)
            }
            Self::EmptyGroups => {
                let approvers = production
                    .approval
                    .iter()
                    .flat_map(|approval| &approval.approvers);
                for approver in approvers {
                    if let Member::Group(group) = approver {
                        world.slack().set_group(group, []);
                    }
                }
            }
        }
    }
}

/// What someone who may does by command.
fn by_hand(world: &World, config: &Config, production: &Environment, act: &Act) {
    let app = App::new(world.ports(), vec![Arc::new(config.clone())]);
    let by = UserId::new(APPROVER);
    let key = EnvironmentKey {
        app: config.app.clone(),
        environment: production.name.clone(),
    };
    let active = || async {
        let state = world.store().environment(&key).await.ok()?;
        state.active
    };
    let done = world.asks(|| async {
        match act {
            Act::Freeze(reason) => app.freeze(&key, &by, reason, None).await.map(drop),
            Act::Override(reason) => match active().await {
                Some(id) => app.override_gate(&id, &by, reason).await.map(drop),
                None => Ok(()),
            },
            Act::RollForward => match active().await {
                Some(id) => app.roll_forward(&id, &by).await.map(drop),
                None => Ok(()),
            },
            Act::Keep => match active().await {
                Some(id) => app.keep(&id, &by).await.map(drop),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    });
    done.expect("the approver may, and nothing refuses it in these scenarios");
}

/// The label that names the image in the simulated registry.
pub(super) fn label(image: &str) -> String {
    format!("erp:{image}")
}

fn told(fate: SnapshotFate) -> String {
    match fate {
        SnapshotFate::Completes => "completes".to_owned(),
        SnapshotFate::FailsAt(progress) => format!("fails at {progress} %"),
        SnapshotFate::VanishesAt(progress) => format!("vanishes at {progress} %"),
        SnapshotFate::StallsAt(progress) => format!("gets no further than {progress} %"),
        SnapshotFate::Unencrypted => "is not encrypted".to_owned(),
    }
}

fn split(world: &World, config: &Config, environment: &Environment, weights: [u32; 2]) {
    for service in config
        .services
        .iter()
        .filter(|service| service.kind == ServiceKind::Web)
    {
        let placement = &environment.services[&service.name];
        world.with_cloud(|cloud| {
            cloud.set_weights(&environment.cluster, &placement.ecs_service, weights);
        });
    }
}

fn deploy_by_hand(
    world: &World,
    config: &Config,
    environment: &Environment,
    service: &str,
    image: &str,
) {
    let Some(placement) = environment.services.get(&ServiceName::new(service)) else {
        return;
    };
    world.with_cloud(|cloud| {
        let push = Push::image(&config.repository, image, digest_of(&label(image)));
        let name = format!(
            "{}/{}@{}",
            cloud.registry_host(),
            push.repository,
            push.digest
        );
        cloud.push_image(push);
        cloud.deploy_by_hand(&environment.cluster, &placement.ecs_service, &name);
    });
}

/// A request by the person on call.
fn on_call(world: &World, config: &Config, production: &Environment) -> (App, Request) {
    let app = App::new(world.ports(), vec![Arc::new(config.clone())]);
    let request = Request {
        id: format!("on-call/{}", world.now()),
        by: UserId::new(ON_CALL),
        environment: EnvironmentKey {
            app: config.app.clone(),
            environment: production.name.clone(),
        },
    };
    (app, request)
}

fn roll_back(world: &mut World, config: &Config, production: &Environment, reason: &str) {
    let (app, request) = on_call(world, config, production);
    let order = RollBack {
        to: None,
        reason: reason.to_owned(),
        force: true,
    };
    let asked = world.asks(|| app.roll_back(&request, &order));
    is_told(world, asked);
}

/// To the moment right before the migration that ran last.
fn restore(world: &mut World, config: &Config, production: &Environment, reason: &str) {
    let (app, request) = on_call(world, config, production);
    let stored = world.store().deployments().into_iter();
    let migrated = stored
        .map(|stored| stored.deployment)
        .filter(|d| *d.environment() == production.name && d.touched.migration.is_some())
        .max_by_key(|d| d.requested_at);
    let Some(migrated) = migrated else { return };
    let order = RestoreDatabase {
        to: PointReference::Moment(migrated.id.clone()),
        reason: reason.to_owned(),
    };
    let asked = world.asks(|| app.restore(&request, &order));
    is_told(world, asked);
}

/// The person who is refused sees why, and so does the audience.
fn is_told(world: &mut World, asked: Result<Asked, AskError>) {
    let told = match asked {
        Ok(asked) => asked.reply,
        Err(refused) => refused.to_string(),
    };
    let words = format!("@{ON_CALL} is told: {told}");
    world.plan(SignedDuration::ZERO, words, |_| {});
}

fn refuse(world: &World, operation: Operation) {
    let error = PortError::permanent(format!(
        "AccessDeniedException: the role may not call {}: restore its policy",
        operation.name()
    ));
    world.with_cloud(|cloud| cloud.faults().always(operation, Fault::Fail(error)));
}
