//! The simulated cloud, behind whichever ports: what the faces `sim` and `wire` have in common.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{
    Alarms, Builds, Configurations, Databases, Host, Http, Metrics, MetricsQuery, Registry,
    Repository, RepositoryAt, Secrets, Services, Sources, Stacks, Store, Target, TaskOrder, Tasks,
    WakeUp, Wakeups,
};
use sluice_core::command::{Direction, RolloutOrder};
use sluice_core::config::{Config, Database, Steps, Strategy};
use sluice_core::id::{
    BuildProject, ContainerName, DeploymentId, EcsServiceName, ImageTag, SnapshotId, SourceName,
    TaskArn, TaskDefinitionArn,
};
use sluice_core::observation::AlarmState;
use sluice_core::release::Release;
use sluice_core::scan::Findings;
use sluice_sim::cloud::{
    Cloud, CloudPorts, EcsHookCall, Emitted, ImageBehaviour, Load, Media, Push, ScanBehaviour,
    SharedCloud, digest_of,
};
use sluice_sim::workplace::{CrashPoint, Dice, Gate, MemoryStore, MemoryWakeups};

use crate::ports::registry::Scan;
use crate::ports::{
    alarms, builds, configurations, databases, http, metrics, registry, repository, secrets,
    services, sources, stacks, store, tasks, wakeups,
};
use crate::recorder::Recorder;

/// One service of each kind; production has an instance to back up, and aurora a cluster.
const CONFIG: &str = include_str!("sluice.toml");

/// The cloud's ports, whoever they are.
pub(crate) struct Ports {
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) repository: Arc<dyn Repository>,
    pub(crate) builds: Arc<dyn Builds>,
    pub(crate) secrets: Arc<dyn Secrets>,
    pub(crate) services: Arc<dyn Services>,
    pub(crate) tasks: Arc<dyn Tasks>,
    pub(crate) databases: Arc<dyn Databases>,
    pub(crate) stacks: Arc<dyn Stacks>,
    pub(crate) alarms: Arc<dyn Alarms>,
    pub(crate) metrics: Arc<dyn Metrics>,
}

/// A furnished cloud and its workplace, with ports onto them.
pub(crate) struct Model {
    config: Config,
    cloud: SharedCloud,
    ports: Ports,
    http: CloudPorts,
    store: MemoryStore,
    wakeups: MemoryWakeups,
    recorder: Option<Recorder>,
    pushes: Mutex<u32>,
}

fn config() -> Config {
    Config::parse(CONFIG).unwrap()
}

/// A cloud in which each service runs the release `v0`.
pub(crate) fn furnished() -> SharedCloud {
    let mut cloud = Cloud::new(Timestamp::from_second(1_767_603_600).unwrap(), 1);
    cloud.furnish(&config());
    Arc::new(Mutex::new(cloud))
}

impl Model {
    pub(crate) fn new(cloud: SharedCloud, ports: Ports, recorder: Option<Recorder>) -> Self {
        let gate = Gate::new(cloud.clone(), CrashPoint::default());
        Self {
            config: config(),
            http: CloudPorts(cloud.clone()),
            store: MemoryStore::new(gate.clone(), None),
            wakeups: MemoryWakeups::new(gate, 0.0, Dice::new(1, 0)),
            cloud,
            ports,
            recorder,
            pushes: Mutex::default(),
        }
    }

    /// What went over the wire.
    pub(crate) fn recorder(&self) -> &Recorder {
        self.recorder.as_ref().unwrap()
    }

    pub(crate) fn cloud<T>(&self, act: impl FnOnce(&mut Cloud) -> T) -> T {
        act(&mut self.cloud.lock().unwrap())
    }

    /// Lets so many minutes pass.
    pub(crate) fn pass(&self, minutes: i64) {
        self.cloud(|cloud| cloud.advance_to(cloud.now() + SignedDuration::from_mins(minutes)));
    }

    /// The container of the service that Sluice deploys.
    pub(crate) fn container(&self, service: &str) -> ContainerName {
        let mut services = self.config.services.iter();
        let service = services.find(|one| one.name.as_str() == service).unwrap();
        service.container.clone()
    }

    /// Pushes an image that behaves well; how a container names it.
    pub(crate) fn push(&self, tag: &str) -> String {
        self.push_behaving(tag, ImageBehaviour::default())
    }

    /// Pushes an image that behaves so; how a container names it.
    pub(crate) fn push_behaving(&self, tag: &str, behaviour: ImageBehaviour) -> String {
        let push = Push::image(&self.config.repository, tag, digest_of(tag)).behaving(behaviour);
        self.cloud(|cloud| {
            let image = format!("{}/erp@{}", cloud.registry_host(), push.digest);
            cloud.push_image(push);
            image
        })
    }

    /// The last call of a rollout hook that was not seen yet.
    pub(crate) fn next_hook(&self) -> Option<EcsHookCall> {
        let told = self.cloud(Cloud::take_emitted).into_iter().rev();
        told.into_iter().find_map(|event| match event {
            Emitted::Hook(call) => Some(call),
            _ => None,
        })
    }

    fn place(&self, environment: &str) -> Target {
        let mut all = self.config.environments.iter();
        let environment = all.find(|one| one.name.as_str() == environment).unwrap();
        Target {
            account: environment.account.clone(),
            region: environment.region.clone(),
            role: environment.role.clone(),
            cluster: environment.cluster.clone(),
            deployment: DeploymentId::from_outside("dep-0000000000000001"),
        }
    }

    fn production(&self) -> Target {
        self.place("production")
    }

    fn push_scanned(&self, tag: &str, scan: ScanBehaviour, media: Option<Media>) -> Release {
        let number = {
            let mut pushes = self.pushes.lock().unwrap();
            *pushes += 1;
            *pushes
        };
        let repository = self.config.repository.clone();
        let digest = digest_of(&format!("push {number}"));
        let mut push = Push::image(&repository, tag, digest.clone());
        push.media = media.unwrap_or_default();
        push.behaviour.scan = scan;
        self.cloud(|cloud| cloud.push_image(push));
        self.pass(1);
        Release {
            registry: registry::Stage::host(self),
            repository,
            tag: ImageTag::new(tag),
            digest,
            pushed_at: self.cloud(|cloud| cloud.now()),
        }
    }
}

impl registry::Stage for Model {
    fn registry(&self) -> &dyn Registry {
        &*self.ports.registry
    }

    fn target(&self) -> Target {
        self.production()
    }

    fn host(&self) -> String {
        self.cloud(|cloud| cloud.registry_host())
    }

    async fn push(&self, tag: &str, scan: &Scan) -> Release {
        let scan = match scan.clone() {
            Scan::Never => ScanBehaviour::Never,
            Scan::UnderWay => ScanBehaviour::Hangs,
            Scan::Complete(findings) => ScanBehaviour::Finds(findings),
            Scan::Failed(reason) => ScanBehaviour::Fails(reason.to_owned()),
        };
        self.push_scanned(tag, scan, None)
    }

    async fn push_index(&self, tag: &str, findings: &Findings) -> Release {
        let platforms = vec![digest_of("amd64"), digest_of("arm64")];
        let scan = ScanBehaviour::Finds(findings.clone());
        self.push_scanned(tag, scan, Some(Media::Index(platforms)))
    }
}

impl builds::Stage for Model {
    fn builds(&self) -> &dyn Builds {
        &*self.ports.builds
    }

    fn project<T>(&self, act: impl FnOnce(&mut Cloud) -> T) -> T {
        let at = self.production();
        let project = BuildProject::new("erp-ci");
        repository::Stage::git(self, |cloud| {
            let place = cloud.place_of(&at.account, &at.region).unwrap();
            if cloud.builds_in(&place, &project).is_none() {
                cloud.build_with("erp", "erp-ci");
            }
            act(cloud)
        })
    }
}

impl repository::Stage for Model {
    fn repository(&self) -> &dyn Repository {
        &*self.ports.repository
    }

    fn at(&self) -> RepositoryAt {
        let place = self.production();
        RepositoryAt {
            host: Host::CodeCommit(sluice_core::registry::Registry {
                account: place.account,
                region: place.region,
            }),
            name: SourceName::new("erp"),
        }
    }

    fn git<T>(&self, act: impl FnOnce(&mut Cloud) -> T) -> T {
        let at = self.production();
        self.cloud(|cloud| {
            if cloud
                .place_of(&at.account, &at.region)
                .is_none_or(|place| !cloud.git_has(&place, &SourceName::new("erp")))
            {
                cloud.git_init((&at.account, &at.region), "erp", &["main", "develop"]);
            }
            act(cloud)
        })
    }
}

impl configurations::Stage for Model {
    fn configurations(&self) -> &dyn Configurations {
        &self.store
    }
}

impl sources::Stage for Model {
    fn sources(&self) -> &dyn Sources {
        &self.store
    }
}

impl secrets::Stage for Model {
    fn secrets(&self) -> &dyn Secrets {
        &*self.ports.secrets
    }

    fn target(&self) -> Target {
        self.production()
    }

    async fn rotate(&self, name: &str) {
        self.cloud(|cloud| cloud.rotate_secret(name));
    }

    async fn remove(&self, name: &str) {
        self.cloud(|cloud| cloud.delete_secret(name));
    }
}

impl services::Stage for Model {
    fn services(&self) -> &dyn Services {
        &*self.ports.services
    }

    fn target(&self) -> Target {
        self.production()
    }

    async fn running(&self) -> (TaskDefinitionArn, ContainerName) {
        let (cluster, web) = (self.production().cluster, EcsServiceName::new("erp-web"));
        let place = self.production();
        let runs = self.cloud(|cloud| {
            let place = cloud.place_of(&place.account, &place.region).unwrap();
            cloud.service_in(&place, &cluster, &web).unwrap()
        });
        (runs.task_definition, self.container("web"))
    }
}

impl tasks::Stage for Model {
    fn tasks(&self) -> &dyn Tasks {
        &*self.ports.tasks
    }

    fn target(&self) -> Target {
        self.production()
    }

    async fn order(&self, token: &str) -> TaskOrder {
        let (task_definition, container) = services::Stage::running(self).await;
        TaskOrder {
            token: token.to_owned(),
            ecs_service: EcsServiceName::new("erp-web"),
            task_definition,
            container,
            command: ["alembic", "upgrade", "head"].map(str::to_owned).to_vec(),
        }
    }

    async fn end(&self, _: &TaskArn) -> String {
        self.pass(10);
        // What Alembic writes first of all.
        "INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.".to_owned()
    }
}

impl databases::Stage for Model {
    fn databases(&self) -> &dyn Databases {
        &*self.ports.databases
    }

    fn both(&self) -> [(Target, Database); 2] {
        [
            (self.production(), Database::Instance("erp".to_owned())),
            (self.place("aurora"), Database::Cluster("erp".to_owned())),
        ]
    }

    async fn finish(&self) {
        self.pass(60);
    }

    async fn take_by_hand(&self, _: &Target, database: &Database, snapshot: &SnapshotId) {
        self.cloud(|cloud| {
            let now = cloud.now();
            cloud.take_foreign_snapshot(database.identifier(), snapshot.as_str(), now);
        });
    }
}

impl stacks::Stage for Model {
    fn stacks(&self) -> &dyn Stacks {
        &*self.ports.stacks
    }

    fn target(&self) -> Target {
        self.production()
    }
}

impl alarms::Stage for Model {
    fn alarms(&self) -> &dyn Alarms {
        &*self.ports.alarms
    }

    fn target(&self) -> Target {
        self.production()
    }

    fn set(&self, state: AlarmState) {
        let errors = self.config.environments[0].alarms[0].clone();
        self.cloud(|cloud| cloud.set_alarm(&errors, state));
    }
}

impl metrics::Stage for Model {
    fn metrics(&self) -> &dyn Metrics {
        &*self.ports.metrics
    }

    fn target(&self) -> Target {
        self.production()
    }

    async fn green_has_a_tenth(&self) -> MetricsQuery {
        let (service, cluster) = (EcsServiceName::new("erp-web"), self.production().cluster);
        self.cloud(|cloud| cloud.set_load(&cluster, &service, &Load::steady(3_000.0)));
        let since = self.now();
        self.pass(30);
        let canary = Strategy::Canary(Steps {
            percent: 10,
            bake: SignedDuration::from_mins(60),
        });
        let order = RolloutOrder {
            // Held by nobody.
            direction: Direction::Back,
            ..services::rollout_of(self, "web", canary).await
        };
        services::ensure(self, &order).await;
        MetricsQuery {
            ecs_service: service,
            task_definition: order.task_definition,
            since: order.since,
            from: since,
            until: since,
        }
    }

    fn pass(&self, minutes: i64) {
        Model::pass(self, minutes);
    }

    fn now(&self) -> Timestamp {
        self.cloud(|cloud| cloud.now())
    }
}

impl http::Stage for Model {
    fn http(&self) -> &dyn Http {
        &self.http
    }

    fn base(&self) -> String {
        "https://erp.example.com".to_owned()
    }
}

impl store::Stage for Model {
    fn store(&self) -> &dyn Store {
        &self.store
    }
}

impl wakeups::Stage for Model {
    fn wakeups(&self) -> &dyn Wakeups {
        &self.wakeups
    }

    async fn received(&self) -> Vec<WakeUp> {
        let now = self.cloud(|cloud| cloud.now());
        let received = std::iter::from_fn(|| {
            let received = self.wakeups.receive(now)?;
            self.wakeups.delete(&received);
            Some(received.wake_up)
        });
        received.collect()
    }

    async fn held_back(&self) -> usize {
        self.wakeups.len()
    }
}
