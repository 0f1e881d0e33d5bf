//! Ten thousand environments, a thousand of which move: what a page costs does not grow with them.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use serde_json::json;
use sluice::wiring::operate_request;
use sluice_app::App;
use sluice_console::{About, Commands, Source, Unseen};
use sluice_core::config::Config;
use sluice_core::id::{AppName, ClusterName, EnvironmentName, RepositoryName};
use sluice_sim::cloud::{Operation, Push, SharedCloud, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, World};
use sluice_words::operate::{Answer, LOOK};
use sluice_words::overview::{Look, Seen};

use super::http::{page, text};
use super::played::served;

/// Environments of each application.
const EACH: usize = 100;

/// `operate` behind pages: a request and an answer as Lambda hands them over, in this process.
struct Asked {
    about: About,
    app: App,
    cloud: SharedCloud,
}

#[async_trait]
impl Source for Asked {
    fn about(&self) -> &About {
        &self.about
    }

    async fn see(&self, look: &Look) -> Result<Seen, Unseen> {
        let order = json!({"version": 1, "request": "1", "command": LOOK, "look": look});
        let anyone = "arn:aws:iam::222222222222:user/anyone";
        let request = operate_request(&order.to_string(), anyone, self.cloud.lock().unwrap().now());
        let response = sluice_operate::handler(&self.app, &request).await;
        let answer: Answer = serde_json::from_str(&response.body).unwrap();
        answer
            .seen
            .map(|seen| *seen)
            .ok_or(Unseen::Failed(answer.message.summary))
    }
}

/// `count` applications of a hundred environments each, in the first `moving` of which every environment
/// waits for an approval.
fn crowd(count: usize, moving: usize) -> Asked {
    let erp = Config::parse(include_str!("../../../tests/erp/sluice.toml")).unwrap();
    let configs: Vec<Config> = (0..count).map(|number| of_many(&erp, number)).collect();
    let start = "2026-01-05T09:00:00Z".parse().unwrap();
    let mut world = World::new(1, start, &configs, Weather::default());
    let pushed: Vec<RepositoryName> = configs
        .iter()
        .take(moving)
        .map(|config| config.repository.clone())
        .collect();
    let app = App::new(world.ports(), configs.into_iter().map(Arc::new).collect());
    world.deploy(Arc::new(DirectFunctions(app.clone())));
    for repository in pushed {
        let push = Push::image(&repository, "v1.4.0", digest_of(repository.as_str()));
        world.with_cloud(|cloud| cloud.push_image(push));
    }
    let wanted = moving * EACH;
    let bounds = Bounds {
        steps: u64::MAX,
        ..Bounds::default()
    };
    let mut looked = 0;
    world.run(bounds, |world| {
        looked += 1;
        looked % 1_000 == 0 && {
            let stored = world.store().deployments();
            let waiting = stored
                .iter()
                .filter(|it| it.deployment.phase.name() == "AwaitingApproval");
            waiting.count() == wanted
        }
    });
    let stored = world.store().deployments();
    let waiting = stored
        .iter()
        .filter(|it| it.deployment.phase.name() == "AwaitingApproval");
    assert_eq!(waiting.count(), wanted);
    Asked {
        about: About {
            title: "a crowd".to_owned(),
            commands: Commands::Terminal {
                options: String::new(),
            },
            renews: Some(10),
        },
        app,
        cloud: world.cloud(),
    }
}

/// The application of that number: production, a hundred times, without a stage before it.
fn of_many(erp: &Config, number: usize) -> Config {
    let mut config = erp.clone();
    config.app = AppName::new(format!("app-{number:03}"));
    config.repository = RepositoryName::new(format!("app-{number:03}"));
    let production = config.environments.last().unwrap().clone();
    config.environments = (0..EACH)
        .map(|place| {
            let mut environment = production.clone();
            environment.name = EnvironmentName::new(format!("site-{place:02}"));
            environment.cluster = ClusterName::new(format!("app-{number:03}-{place:02}"));
            environment.after = None;
            environment
        })
        .collect();
    config
}

/// Requests to the table so far, by kind.
fn requests(asked: &Asked) -> [u32; 2] {
    let mut cloud = asked.cloud.lock().unwrap();
    [Operation::GetItem, Operation::Query].map(|kind| cloud.faults().calls(kind))
}

#[test]
fn the_first_page_asks_the_table_the_same_however_many_environments_there_are() {
    let cost = |count: usize| {
        let asked = crowd(count, 1);
        let before = requests(&asked);
        let look = Look::Overview {
            matching: String::new(),
            from: 0,
        };
        let seen = futures::executor::block_on(asked.see(&look)).unwrap();
        let Seen::Overview(seen) = seen else {
            panic!("it is an overview");
        };
        assert_eq!(seen.environments.matching, count * EACH);
        assert_eq!(
            (seen.underway.len(), seen.environments.shown.len()),
            (100, 50)
        );
        let after = requests(&asked);
        [after[0] - before[0], after[1] - before[1]]
    };
    let few = cost(2);
    assert_eq!(few, cost(20));
    // The environments and their deployments, those in progress, and what is due.
    assert!(few[0] <= 50 * 4 + 100 + 1 && few[1] <= 1, "{few:?}");
}

/// How long the first page takes: `cargo test -p sluice --features console --test console first_view --
/// --ignored --nocapture`.
#[test]
#[ignore = "measures, and takes minutes to prepare"]
fn first_view_of_ten_thousand_environments() {
    let asked = crowd(100, 10);
    let url = served(Arc::new(asked));
    for path in [
        "/",
        "/?from=5000",
        "/?matching=app-050",
        "/history",
        "/figures",
    ] {
        let mut took: Vec<_> = (0..5)
            .map(|_| {
                let began = Instant::now();
                let read = text(&page(&url, path));
                (began.elapsed(), read.len())
            })
            .collect();
        took.sort();
        println!("{path}: {:?}, {} letters", took[2].0, took[2].1);
    }
}
