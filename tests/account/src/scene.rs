//! Sluice's account, the cloud, and what can be done to them and seen of them.

mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sluice_app::ports::{Databases as _, EnvironmentKey, Store as _, Target};
use sluice_aws::{DynamoStore, RdsDatabases};
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::history::replay;
use sluice_core::id::EnvironmentName;

use crate::PATIENCE;
use crate::account::{Account, Process};
use crate::binaries::Build;
use crate::counter::{Counter, Counts, Made};
use crate::http::Http;
use crate::killer::Killer;
use crate::slack::{Slack, button};
use stage::{ACCOUNT, FUNCTIONS, REGION, Told};

/// The image: what it is made of, the model does not ask.
const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json"},"layers":[]}"#;
/// One of production's approvers.
const APPROVER: &str = "U024BE7LH";
/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);

/// Sluice's account and the cloud, for one story.
pub struct Scene {
    config: Config,
    cloud: String,
    told: Told,
    store: DynamoStore,
    databases: RdsDatabases,
    slack: Slack,
    http: Http,
    counters: [Counter; 2],
    environment: Value,
    build: Build,
    account: Account,
    _cloud: Process,
}

impl Scene {
    /// Kills functions at work from now on. Not `rollout-hook`: where that one fails, ECS goes back,
    /// and so it should. And `registry-push` twice at the most: Lambda gives a push to it three times,
    /// then it is a dead letter and someone's to push again.
    pub fn begin_killing(&self) -> Killer {
        let kills = |name: &str| match name {
            "rollout-hook" => 0,
            "registry-push" => 2,
            _ => usize::MAX,
        };
        let programs = FUNCTIONS.map(|name| (self.build.function(name), kills(name)));
        Killer::start(self.account.process(), programs.into())
    }

    /// What the functions have called so far.
    pub fn counts(&self) -> Counts {
        self.counters.iter().flat_map(Counter::counts).collect()
    }

    /// Every call that a function has made is allowed by the role that the templates gave it.
    pub fn assert_allowed(&self) {
        let made: BTreeSet<Made> = self.counters.iter().flat_map(Counter::made).collect();
        // ministack checks no signature of a Function URL, and so no one is whom `operate` would serve;
        // and without a repository's name there is no `source-push`.
        let idle = ["operate", "source-push"];
        for name in FUNCTIONS.into_iter().filter(|name| !idle.contains(name)) {
            assert!(
                made.iter().any(|(function, ..)| function == name),
                "no call of {name} was seen: {made:?}"
            );
        }
        let refused = self.account.refused(&made);
        assert!(refused.is_empty(), "{refused:#?}");
        // The function that the internet reaches changes nothing in an environment.
        let forbidden = ["slack", "ecs", "UpdateService"].map(str::to_owned);
        let [function, service, operation] = forbidden;
        let forbidden = BTreeSet::from([(function, true, service, operation)]);
        let refused = self.account.refused(&forbidden);
        assert_eq!(refused, ["sluice-deployer-read may not ecs:UpdateService"]);
    }

    /// How often each function ran (`count`), and the milliseconds it would be billed for
    /// (`billed_ms`).
    pub fn invocations(&self) -> Value {
        self.account.report()
    }

    /// The functions' environment variables.
    pub fn environment(&self) -> &Value {
        &self.environment
    }

    /// Pushes the image under a tag, as the last request of `docker push` does.
    pub async fn push(&self, tag: &str) {
        let body = json!({
            "repositoryName": self.config.repository,
            "imageTag": tag,
            "imageManifest": MANIFEST,
        });
        let key =
            format!("AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/ecr/aws4_request");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            (
                "x-amz-target",
                "AmazonEC2ContainerRegistry_V20150921.PutImage",
            ),
            ("authorization", &key),
        ];
        let answer = self
            .http
            .post(&self.cloud, &headers, body.to_string())
            .await;
        let (status, answer) = answer.unwrap();
        assert_eq!(status, 200, "{answer}");
    }

    /// The newest deployment of an environment, once it is over and people have been told.
    pub async fn ended(&self, environment: &str) -> Deployment {
        let began = Instant::now();
        loop {
            let newest = self.newest(environment).await;
            if let Some(deployment) = &newest
                && deployment.phase.is_terminal()
                && self.is_told(deployment).await
            {
                return deployment.clone();
            }
            if began.elapsed() > PATIENCE {
                let stands = newest.map(|deployment| deployment.phase);
                panic!("{environment} came to no end in {PATIENCE:?}: {stands:?}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Clicks Approve as soon as the channel shows it, and again until it is answered.
    pub async fn approve_in(&self, channel: &str) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let messages = self.slack.messages(channel).await;
            if let Some(approve) = messages.iter().find_map(|one| button(one, "approve"))
                && self.slack.click(approve, APPROVER).await == Some(200)
            {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
        let newest = self.newest("production").await;
        let stands = newest.map(|deployment| deployment.phase);
        panic!("{channel} never asked for an approval; production's newest deployment: {stands:?}");
    }

    /// Whatever came in between: every history replays, each migration ran once, there is one
    /// snapshot, and one message for each deployment.
    pub async fn assert_done_once(&self) {
        for environment in ["staging", "production"] {
            let deployment = self.newest(environment).await.unwrap();
            let history = self.store.history(&deployment.id).await.unwrap();
            assert_eq!(
                replay(&history).unwrap(),
                deployment,
                "{environment}'s history"
            );
            let channel = deployment.settings.environment.channel.as_str();
            let messages = self.slack.messages(channel).await;
            // What is shown in the channel beside its thread is not a message of its own.
            let own: Vec<&Value> = messages
                .iter()
                .filter(|message| message["thread_ts"].is_null())
                .collect();
            assert_eq!(own.len(), 1, "messages in {channel}: {messages:#?}");
            let text = own[0]["text"].as_str().unwrap();
            assert!(
                text.contains("live"),
                "the last word in {channel} is `{text}`"
            );
        }
        for (token, tasks) in self.one_off_tasks() {
            assert_eq!(tasks.len(), 1, "tasks of {token}: {tasks:?}");
        }
        let production = self.newest("production").await.unwrap();
        let database = &production
            .settings
            .environment
            .backup
            .as_ref()
            .unwrap()
            .database;
        let target = Target::of(&production);
        let ours = self
            .databases
            .our_snapshots(&target, database)
            .await
            .unwrap();
        assert_eq!(ours.len(), 1, "{ours:?}");
    }

    async fn newest(&self, environment: &str) -> Option<Deployment> {
        let key = EnvironmentKey {
            app: self.config.app.clone(),
            environment: EnvironmentName::new(environment),
        };
        let newest = self.store.environment(&key).await.unwrap().newest?;
        let stored = self.store.load(&newest.deployment).await.unwrap()?;
        Some(Arc::unwrap_or_clone(stored.deployment))
    }

    /// Whether Slack has heard the end of it.
    async fn is_told(&self, deployment: &Deployment) -> bool {
        let shown = self.store.shown(&deployment.id).await.unwrap();
        let stored = self.store.load(&deployment.id).await.unwrap().unwrap();
        shown.version == stored.version && shown.told == deployment.story.len()
    }

    /// The tasks that were started with a token, by the token, as ECS's events tell of them.
    fn one_off_tasks(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut tasks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for event in self.told.lock().unwrap().iter() {
            let detail = &event["detail"];
            if let (Some(token), Some(task)) =
                (detail["startedBy"].as_str(), detail["taskArn"].as_str())
            {
                tasks
                    .entry(token.to_owned())
                    .or_default()
                    .insert(task.to_owned());
            }
        }
        // Tasks that only look have more behind the deployment's id: `…-i1`, `…-c`.
        let migrations = tasks.keys().filter(|token| token.matches('-').count() == 1);
        assert_eq!(
            migrations.count(),
            2,
            "staging and production migrate: {tasks:?}"
        );
        tasks
    }
}
