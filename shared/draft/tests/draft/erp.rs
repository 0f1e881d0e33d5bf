//! The sample ERP as its infrastructure (infra/app) makes it, and pieces of it for other stories.

use std::collections::BTreeMap;

use sluice_core::config::{Config, SecretSource, ServiceKind};
use sluice_draft::facts::{
    Alarm, Balancer, Cluster, Container, Database, Entrance, GroupFacts, Hidden, Service,
    TargetGroup, TaskDefinition,
};

pub(crate) const REGION: &str = "eu-central-1";
const REGISTRY: &str = "222222222222.dkr.ecr.eu-central-1.amazonaws.com";

/// The sample's own file.
pub(crate) fn config() -> Config {
    let text = include_str!("../../../../tests/erp/sluice.toml");
    Config::parse(text).unwrap_or_else(|problems| panic!("{problems}"))
}

pub(crate) fn image(repository: &str) -> String {
    format!("{REGISTRY}/{repository}@sha256:{}", "a".repeat(64))
}

pub(crate) fn words(command: &[&str]) -> Vec<Hidden> {
    command.iter().map(|word| Hidden::new(*word)).collect()
}

/// A cluster with nothing in it.
pub(crate) fn cluster(name: &str, account: &str, services: Vec<Service>) -> Cluster {
    Cluster {
        name: name.into(),
        environment: None,
        account: account.into(),
        region: REGION.into(),
        services: Ok(services),
        alarms: Ok(Vec::new()),
        databases: Ok(Vec::new()),
        migrations: Ok(Vec::new()),
        secrets: BTreeMap::new(),
    }
}

/// A container of an application.
pub(crate) fn container(name: &str, repository: &str, command: &[&str]) -> Container {
    Container {
        name: name.into(),
        image: image(repository),
        essential: true,
        command: words(command),
        stop_timeout_s: Some(30),
        ..Container::default()
    }
}

/// A service of ECS with these containers.
pub(crate) fn service(name: &str, containers: Vec<Container>) -> Service {
    Service {
        name: name.into(),
        controller: "ECS".into(),
        is_daemon: false,
        strategy: "ROLLING".into(),
        steps: None,
        maximum_percent: Some(200),
        desired: 2,
        alarms: Vec::new(),
        definition: Ok(TaskDefinition {
            family: name.into(),
            roles: vec![format!("arn:aws:iam::222222222222:role/{name}")],
            containers,
        }),
        balancers: Vec::new(),
    }
}

pub(crate) fn entrance(port: i32, host: Option<&str>) -> Entrance {
    Entrance {
        secure: port != 80,
        port,
        hosts: host.map(str::to_owned).into_iter().collect(),
        paths: vec!["/*".into()],
        balancer: "erp-1234.eu-central-1.elb.amazonaws.com".into(),
        internal: false,
    }
}

pub(crate) fn group(name: &str, path: &str) -> TargetGroup {
    let arn = |rest: &str| format!("arn:aws:elasticloadbalancing:{REGION}:222222222222:{rest}");
    TargetGroup {
        arn: arn(&format!("targetgroup/{name}/1")),
        about: Ok(GroupFacts {
            health_path: Some(path.into()),
            healthy_codes: Some("200".into()),
            vpc: Some("vpc-1".into()),
            balancers: vec![arn("loadbalancer/app/erp/2")],
        }),
    }
}

/// A load balancer with one target group, as ECS replaces tasks in place.
pub(crate) fn one_group(container: &str, path: &str, entrances: Vec<Entrance>) -> Balancer {
    Balancer {
        container: container.into(),
        port: 8000,
        groups: vec![group("blue", path)],
        has_role: false,
        production: None,
        test: None,
        found: Ok(entrances),
    }
}

/// A load balancer with everything for a shift.
pub(crate) fn both_groups(container: &str) -> Balancer {
    Balancer {
        groups: vec![
            group("blue", "/healthz/ready"),
            group("green", "/healthz/live"),
        ],
        has_role: true,
        production: Some(Ok(entrance(443, None))),
        test: Some(Ok(entrance(8443, None))),
        ..one_group(container, "", Vec::new())
    }
}

pub(crate) fn alarm(name: &str, dimensions: &[(&str, &str)]) -> Alarm {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Alarm {
        name: name.into(),
        firing: false,
        of_autoscaling: false,
        dimensions: dimensions.iter().map(pair).collect(),
    }
}

pub(crate) fn database(identifier: &str, vpc: &str) -> Database {
    Database {
        identifier: identifier.into(),
        is_cluster: false,
        hosts: vec![format!("{identifier}.abc.{REGION}.rds.amazonaws.com")],
        vpc: Some(vpc.into()),
        secret: None,
    }
}

/// The ERP's clusters, as its `sluice.toml` describes them.
pub(crate) fn clusters() -> Vec<Cluster> {
    let config = config();
    let each = config.environments.iter().map(|environment| {
        let account = environment.account.as_str();
        let mut names = BTreeMap::new();
        let secrets = environment.secrets.iter().map(|(variable, source)| {
            let from = match source {
                SecretSource::SecretsManager { name, key } => {
                    let arn =
                        format!("arn:aws:secretsmanager:{REGION}:{account}:secret:{name}-a1B2c3");
                    names.insert(arn.clone(), Ok(Some(name.clone())));
                    key.as_ref()
                        .map_or(arn.clone(), |key| format!("{arn}:{key}::"))
                }
                SecretSource::Parameter { name } => name.clone(),
            };
            (variable.clone(), from)
        });
        let secrets: BTreeMap<String, String> = secrets.collect();
        let variables = environment.variables.iter();
        let variables: BTreeMap<String, Hidden> = variables
            .map(|(name, value)| (name.clone(), Hidden::new(value)))
            .collect();
        let services = config.services.iter().map(|own| {
            let command: &[&str] = match own.name.as_str() {
                "worker" => &["celery", "-A", "app.worker", "worker", "--loglevel", "info"],
                "beat" => &["celery", "-A", "app.worker", "beat", "--loglevel", "info"],
                _ => &[],
            };
            let is_web = own.kind == ServiceKind::Web;
            let container = Container {
                secrets: secrets.clone(),
                variables: variables.clone(),
                log_group: Some(format!("/ecs/erp-{}/{}", environment.name, own.name)),
                ports: if is_web { vec![8000] } else { Vec::new() },
                ..container(own.container.as_str(), "erp", command)
            };
            let name = environment.services[&own.name].ecs_service.as_str();
            let mut service = service(name, vec![container]);
            if is_web {
                service.strategy = "BLUE_GREEN".into();
                service.balancers = vec![both_groups(own.container.as_str())];
            }
            service
        });
        let name = environment.name.as_str();
        let balancer = [("LoadBalancer", "app/erp/2")];
        let mut cluster = cluster(environment.cluster.as_str(), account, services.collect());
        let of_scaling = Alarm {
            of_autoscaling: true,
            ..alarm(
                "TargetTracking-1",
                &[
                    ("ClusterName", environment.cluster.as_str()),
                    ("ServiceName", "erp-web"),
                ],
            )
        };
        cluster.alarms = Ok(vec![of_scaling, alarm("billing", &[("Currency", "USD")])]);
        if name == "production" {
            cluster.alarms.as_mut().unwrap().extend([
                alarm("erp-production-5xx", &balancer),
                alarm("erp-production-latency", &balancer),
                alarm("erp-production-queue-age", &[]),
                alarm(
                    "erp-production-storage",
                    &[("DBInstanceIdentifier", "erp-production")],
                ),
            ]);
        }
        cluster.databases = Ok(vec![
            database(&format!("erp-{name}"), "vpc-1"),
            database("wiki", "vpc-2"),
        ]);
        cluster.secrets = names;
        cluster
    });
    each.collect()
}
