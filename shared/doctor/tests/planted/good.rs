//! An installation of the sample ERP in which nothing is wrong.

use std::collections::BTreeMap;

use sluice_core::config::{Config, SecretSource, ServiceKind};
use sluice_core::id::{AccountId, Region};
use sluice_core::registry::Registry;
use sluice_doctor::facts::{
    Balancer, ChannelState, Container, Database, DeadLetters, Decided, Decision, Delivered,
    Environment, Facts, Function, FunctionUrl, ListenerRule, Mapping, OwnSecret, Person, Queue,
    Quota, Repository, RepositorySettings, Role, RoleRights, Rule, Secret, Seen, Service, Slack,
    SlackChannel, SlackGroup, Table, TargetGroup, TaskDefinition, Token,
};
use sluice_doctor::rights::{self, Known, Question};
use sluice_doctor::{EventKind, deliveries};

pub(crate) const ACCOUNT: &str = "222222222222";
pub(crate) const QUEUE_URL: &str =
    "https://sqs.eu-central-1.amazonaws.com/222222222222/sluice-Queue-1";
pub(crate) const QUEUE: &str = "arn:aws:sqs:eu-central-1:222222222222:sluice-Queue-1";
const SOURCE: &str = "\n[source]\nrepository = \"erp\"\nchannel = \"#erp-source\"\n\
    build = \"erp-ci\"\nmodel = \"gitflow\"\n";

/// The ERP's configuration, with its source code watched.
pub(crate) fn configs() -> Vec<Config> {
    let text = include_str!("../../../../tests/erp/sluice.toml");
    let own = Registry {
        account: AccountId::new(ACCOUNT),
        region: Region::new("eu-central-1"),
    };
    let text = format!("{text}{SOURCE}");
    let config = Config::parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
    vec![config.installed_in(&own)]
}

fn function(name: &str) -> Function {
    let settings = [
        ("SLUICE_TABLE", "sluice-Table-1"),
        ("SLUICE_QUEUE_URL", QUEUE_URL),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Function {
        arn: format!("arn:aws:lambda:eu-central-1:{ACCOUNT}:function:sluice-{name}"),
        role: format!("arn:aws:iam::{ACCOUNT}:role/sluice-{name}"),
        state: "Active".into(),
        last_update: "Successful".into(),
        reason: String::new(),
        timeout_s: 90,
        settings: settings.into(),
        called_by: Ok(vec![
            rule_arn("ImagePushed"),
            rule_arn("ImageScanned"),
            rule_arn("SourceChanged"),
            rule_arn("BuildEnded"),
        ]),
    }
}

fn rule_arn(name: &str) -> String {
    format!("arn:aws:events:eu-central-1:{ACCOUNT}:rule/sluice/{name}")
}

fn rule(name: &str) -> Rule {
    Rule {
        name: name.into(),
        arn: rule_arn(name),
        enabled: true,
        takes: true,
        dead_letters: true,
    }
}

pub(crate) fn secret(name: &str) -> Secret {
    Secret {
        arn: format!("arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:{name}-a1b2c3"),
        has_value: true,
        deleted: false,
        rotates: false,
        key: None,
    }
}

fn own_secret(what: &'static str) -> OwnSecret {
    let secret = secret(what);
    OwnSecret {
        what,
        arn: secret.arn.clone(),
        seen: Ok(Some(secret)),
    }
}

pub(crate) fn group(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-central-1:{ACCOUNT}:targetgroup/{name}/1")
}

fn listener_rule(name: &str) -> ListenerRule {
    let weights = BTreeMap::from([(group("blue"), 100), (group("green"), 0)]);
    ListenerRule {
        arn: format!("arn:aws:elasticloadbalancing:eu-central-1:{ACCOUNT}:listener-rule/{name}"),
        weights: Ok(Some(weights)),
    }
}

fn balancer() -> Balancer {
    let groups = [("blue", "/healthz/ready"), ("green", "/healthz/live")];
    let groups = groups.map(|(name, path)| TargetGroup {
        arn: group(name),
        health_path: Ok(Some(path.into())),
    });
    Balancer {
        groups: groups.into(),
        has_role: true,
        production: Some(listener_rule("production")),
        test: Some(listener_rule("test")),
    }
}

fn service(name: &str, container: &str, kind: ServiceKind, readable: Vec<Decision>) -> Service {
    let options = [
        ("awslogs-group", "/ecs/erp"),
        ("awslogs-region", "eu-central-1"),
        ("awslogs-stream-prefix", "ecs"),
    ];
    let container = (
        container.to_owned(),
        Container {
            stop_timeout_s: Some(30),
            log_driver: Some("awslogs".into()),
            log_options: options
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        },
    );
    Service {
        arn: format!("arn:aws:ecs:eu-central-1:{ACCOUNT}:service/erp/{name}"),
        controller: "ECS".into(),
        capacity_providers: vec!["FARGATE".into()],
        deploying: Ok(false),
        task_definition: Ok(TaskDefinition {
            family: name.into(),
            execution_role: Some(format!("arn:aws:iam::{ACCOUNT}:role/erp-execution")),
            task_role: Some(format!("arn:aws:iam::{ACCOUNT}:role/erp-task")),
            containers: BTreeMap::from([container]),
        }),
        balancers: match kind {
            ServiceKind::Web => vec![balancer()],
            ServiceKind::Worker | ServiceKind::Singleton => Vec::new(),
        },
        readable: Ok(readable),
    }
}

pub(crate) fn allowed(action: &str, resource: &str) -> Decision {
    Decision {
        action: action.into(),
        resource: resource.into(),
        decision: Decided::Allowed,
    }
}

fn environments(config: &Config) -> Vec<Environment> {
    let each = config.environments.iter().map(|one| {
        let secrets = one.secrets.values().filter_map(|source| match source {
            SecretSource::SecretsManager { name, .. } => Some(name),
            SecretSource::Parameter { .. } => None,
        });
        let secrets: BTreeMap<String, Seen<Option<Secret>>> = secrets
            .map(|name| (name.clone(), Ok(Some(secret(name)))))
            .collect();
        let readable: Vec<Decision> = secrets
            .values()
            .map(|seen| seen.as_ref().unwrap().as_ref().unwrap())
            .map(|secret| allowed("secretsmanager:GetSecretValue", &secret.arn))
            .collect();
        let services = config.services.iter().map(|own| {
            let name = one.services[&own.name].ecs_service.to_string();
            let service = service(&name, own.container.as_str(), own.kind, readable.clone());
            (name, Ok(Some(service)))
        });
        let role = one.role.as_ref().unwrap().to_string();
        let trust = |functions: [&str; 2]| {
            let arns =
                functions.map(|name| format!("\"arn:aws:iam::{ACCOUNT}:role/sluice-{name}\""));
            format!("{{\"aws:PrincipalArn\":[{}]}}", arns.join(","))
        };
        let trusting = |arn: String, functions| {
            let role = Role {
                arn: arn.clone(),
                trust: trust(functions),
            };
            (arn, Ok(Some(role)))
        };
        Environment {
            app: config.app.clone(),
            name: one.name.clone(),
            roles: vec![
                trusting(role.clone(), ["advance", "health-check"]),
                trusting(format!("{role}-read"), ["slack", "operate"]),
            ],
            hook: Ok(true),
            hook_role: (
                "sluice-call-hook-eu-central-1".into(),
                Ok(Some(Role {
                    arn: "arn:aws:iam::1:role/sluice-call-hook-eu-central-1".into(),
                    trust: "{\"Principal\":{\"Service\":\"ecs.amazonaws.com\"}}".into(),
                })),
            ),
            services: services.collect(),
            alarms: Ok(one.alarms.iter().map(ToString::to_string).collect()),
            secrets,
            parameters: Ok(vec![format!("/erp/{}/sentry-dsn", one.name)]),
            database: one.backup.as_ref().map(|_| {
                Ok(Some(Database {
                    status: "available".into(),
                    retention_days: 7,
                }))
            }),
            snapshots: Ok(Quota {
                used: 12,
                most: 100,
            }),
        }
    });
    each.collect()
}

/// Everything that the roles are asked about, allowed.
fn rights(configs: &[Config], facts: &Facts) -> Vec<RoleRights> {
    let answered = |questions: Vec<Question>| {
        let each = questions.into_iter().flat_map(|question| {
            let resource = question.resource;
            question
                .actions
                .into_iter()
                .map(move |action| allowed(&action, &resource))
        });
        each.collect()
    };
    let known: Known = rights::known_to_functions(configs, facts);
    let mut all: Vec<RoleRights> = facts
        .functions
        .keys()
        .map(|name| RoleRights {
            holder: format!("function {name}"),
            role: format!("arn:aws:iam::{ACCOUNT}:role/sluice-{name}"),
            of_function: true,
            decisions: Ok(answered(rights::questions(name, &known))),
            unasked: None,
        })
        .collect();
    for (environment, seen) in configs[0].environments.iter().zip(&facts.environments) {
        let known = rights::known_to_environment(&configs[0], environment, seen, facts);
        for ((arn, _), holder) in seen.roles.iter().zip(["environment", "environment-read"]) {
            all.push(RoleRights {
                holder: format!("erp/{}", environment.name),
                role: arn.clone(),
                of_function: false,
                decisions: Ok(answered(rights::questions(holder, &known))),
                unasked: None,
            });
        }
    }
    all
}

fn slack() -> Slack {
    let wanted = ["chat:write", "usergroups:read"].map(str::to_owned);
    let channels = ["#erp-staging", "#erp-production"].map(|name| SlackChannel {
        name: name.into(),
        environment: format!("erp/{}", name.trim_start_matches("#erp-")),
        seen: Ok(Some(ChannelState::default())),
    });
    Slack {
        token: Ok(Ok(Token {
            team: "T024BE7LH".into(),
            organisation_wide: false,
            scopes: Ok(wanted.clone().into()),
        })),
        wanted_team: Some("T024BE7LH".into()),
        wanted_scopes: wanted.into(),
        channels: channels.into(),
        groups: vec![SlackGroup {
            id: "S0604QSJC".into(),
            wanted_for: "approvals of erp/production".into(),
            members: Ok(4),
        }],
        people: vec![("U024BE7LH".into(), Ok(Some(Person::default())))],
    }
}

pub(crate) fn facts(configs: &[Config]) -> Facts {
    let own = Registry {
        account: AccountId::new(ACCOUNT),
        region: Region::new("eu-central-1"),
    };
    let names = [
        "registry-push",
        "source-push",
        "slack",
        "operate",
        "rollout-hook",
        "advance",
        "health-check",
    ];
    let url = |auth_type: &str| FunctionUrl {
        url: "https://x.lambda-url.eu-central-1.on.aws/".into(),
        auth_type: auth_type.into(),
    };
    let delivered = deliveries(configs, &own).into_iter().map(|delivery| {
        let name = match (&delivery.event, delivery.forwarded) {
            (_, true) => "Forward",
            (EventKind::ImagePushed(_), _) => "ImagePushed",
            (EventKind::ImageScanned(_), _) => "ImageScanned",
            (EventKind::SourceChanged(_), _) => "SourceChanged",
            (EventKind::BuildEnded(_), _) => "BuildEnded",
            _ => "WorldChanged",
        };
        Delivered {
            delivery,
            rules: Ok(vec![rule(name)]),
        }
    });
    let due = ["due_shard", "due_at"].map(str::to_owned).to_vec();
    let mut facts = Facts {
        stack: "sluice".into(),
        account: ACCOUNT.into(),
        region: "eu-central-1".into(),
        functions: names
            .map(|name| (name.to_owned(), Ok(Some(function(name)))))
            .into(),
        mappings: Ok(vec![Mapping {
            uuid: "7d7cb1d0".into(),
            source: QUEUE.into(),
            state: "Enabled".into(),
            reports_failures: true,
        }]),
        recursion: Ok("Allow".into()),
        hook_concurrency: Ok(Some(5)),
        slack_url: Ok(Some(url("NONE"))),
        slack_answers: Ok(401),
        operate_url: Ok(Some(url("AWS_IAM"))),
        queue: Ok(Some(Queue {
            url: QUEUE_URL.into(),
            arn: QUEUE.into(),
            visibility_s: 540,
            receives: Some(5),
            written_by: vec![rule_arn("WorldChanged")],
        })),
        dead_letters: Ok(Some(DeadLetters {
            arn: "arn:aws:sqs:eu-central-1:222222222222:sluice-DeadLetters-1".into(),
            count: 0,
        })),
        table: Ok(Some(Table {
            name: "sluice-Table-1".into(),
            status: "ACTIVE".into(),
            key: vec!["pk".into(), "sk".into()],
            indexes: BTreeMap::from([("due".to_owned(), due)]),
            protected: true,
        })),
        table_recovery: Ok(true),
        own_secrets: vec![own_secret("bot token"), own_secret("signing secret")],
        deliveries: delivered.collect(),
        bus_takes: Ok(BTreeMap::from([("111111111111".to_owned(), true)])),
        minute: Ok(true),
        rights: Vec::new(),
        environments: environments(&configs[0]),
        repositories: vec![Repository {
            name: "erp".into(),
            account: ACCOUNT.into(),
            seen: Ok(Some(RepositorySettings {
                scan_on_push: true,
                mutable: false,
            })),
            scanned_by_registry: Ok(false),
        }],
        slack: Some(slack()),
    };
    facts.rights = rights(configs, &facts);
    facts
}
