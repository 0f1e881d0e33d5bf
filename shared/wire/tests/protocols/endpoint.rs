//! A furnished cloud behind an endpoint, and the adapters at it.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::Target;
use sluice_aws::{Clients, RolloutHook};
use sluice_core::config::Config;
use sluice_core::id::{DeploymentId, Region};
use sluice_sim::cloud::{Cloud, Push, SharedCloud, digest_of};
use sluice_sim::slack_web::SlackWeb;
use sluice_wire::{Served, SharedSlackWeb};
use tokio::net::TcpListener;

/// One service of each kind; production has an instance to back up, and aurora a cluster.
const CONFIG: &str = r##"
[app]
name = "erp"
repository = "erp"

[services.web]
kind = "web"
live = "/healthz/live"
ready = "/healthz/ready"

[services.worker]
kind = "worker"

[services.beat]
kind = "singleton"

[migration]
command = ["alembic", "upgrade", "head"]
service = "web"

[[smoke_tests]]
name = "the database is reached"
path = "/healthz/ready"
json = { "/checks/database" = "ok" }

[environments.production]
account = "111111111111"
region = "eu-central-1"
role = "arn:aws:iam::111111111111:role/sluice-deployer"
cluster = "erp-production"
tags = ["v*"]
channel = "#erp"
bake = { duration = "10m" }
alarms = ["errors"]

[environments.production.backup]
instance = "erp"

[environments.production.services.web]
strategy = "blue-green"
url = "https://erp.example.com"
test_url = "https://erp.example.com:8443"

[environments.production.secrets]
DATABASE_URL = { secret = "erp/database", key = "url" }
SECRET_KEY = { secret = "erp/secret-key" }
SENTRY_DSN = { parameter = "/erp/sentry-dsn" }

[environments.aurora]
account = "111111111111"
region = "eu-west-1"
cluster = "erp-aurora"
tags = ["a*"]
channel = "#erp"

[environments.aurora.backup]
cluster = "erp"

[environments.aurora.services.web]
strategy = "rolling"
url = "https://aurora.example.com"
"##;

pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) clients: Arc<Clients>,
    pub(crate) config: Config,
    pub(crate) slack: SharedSlackWeb,
    cloud: SharedCloud,
}

impl Endpoint {
    /// Serves a furnished cloud from the runtime of the test.
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // The application is reached here, too.
        let config = CONFIG.replace("https://erp.example.com\"", &format!("{url}/app\""));
        let config = Config::parse(&config).unwrap();
        let mut cloud = Cloud::new(Timestamp::from_second(1_767_603_600).unwrap(), 1);
        cloud.furnish(&config);
        let cloud = Arc::new(Mutex::new(cloud));
        let slack = Arc::new(Mutex::new(SlackWeb::new("xoxb-simulated")));
        let served = Served {
            cloud: cloud.clone(),
            slack: Some(slack.clone()),
        };
        tokio::spawn(sluice_wire::serve(served, listener));
        let hook = RolloutHook {
            function_arn: "arn:aws:lambda:{region}:{account}:function:sluice-rollout-hook".into(),
            role_arn: "arn:aws:iam::{account}:role/sluice-rollout-hook-caller".into(),
        };
        let region = Region::new("eu-central-1");
        let clients = Arc::new(Clients::at_endpoint(&url, &region, Some(hook)).await);
        Self {
            url,
            clients,
            config,
            slack,
            cloud,
        }
    }

    pub(crate) fn cloud<T>(&self, act: impl FnOnce(&mut Cloud) -> T) -> T {
        act(&mut self.cloud.lock().unwrap())
    }

    /// Lets so many minutes pass.
    pub(crate) fn pass(&self, minutes: i64) {
        self.cloud(|cloud| cloud.advance_to(cloud.now() + SignedDuration::from_mins(minutes)));
    }

    pub(crate) fn target(&self, environment: &str) -> Target {
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

    /// Pushes the image; how a container names it.
    pub(crate) fn push(&self, tag: &str) -> String {
        let push = Push::image(&self.config.repository, tag, digest_of(tag));
        self.cloud(|cloud| {
            let image = format!("{}/erp@{}", cloud.registry_host(), push.digest);
            cloud.push_image(push);
            image
        })
    }
}
