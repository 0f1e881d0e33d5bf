//! The rights that roles need, as questions for IAM's simulation. The table is `rights.json`, which
//! `tests/infra` compares with what the code calls and with what the templates allow.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sluice_core::config::{Config, Database, Environment as Configured, Monitor, SecretSource};
use sluice_core::id::{ServiceName, TaskFamily};
use sluice_core::registry::Registry;
use sluice_words::doctor::{Check, NotSeen, Outcome, rights as words};

use crate::facts::{Decided, Decision, Environment, Facts, RoleRights, Secret, Seen};
use crate::sheet::Sheet;

/// A line of the table.
#[derive(Clone, Debug, Deserialize)]
struct Line {
    actions: Vec<String>,
    /// What [`Known`] calls the resources.
    on: String,
    /// Condition keys, and what [`Known`] calls their values; after `=` the value itself.
    #[serde(default)]
    context: BTreeMap<String, String>,
}

/// Resources by the names that the table has for them.
pub type Known = BTreeMap<&'static str, Vec<String>>;

/// Whether a role may do these things with this resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The actions.
    pub actions: Vec<String>,
    /// The resource, by ARN; or `*`.
    pub resource: String,
    /// What the condition keys are in such a request.
    pub context: BTreeMap<String, String>,
}

/// The questions about the role of `holder`: a function, `environment` or `environment-read`.
/// Resources that are not known are not asked about.
pub fn questions(holder: &str, known: &Known) -> Vec<Question> {
    let table: BTreeMap<String, Vec<Line>> =
        serde_json::from_str(include_str!("rights.json")).unwrap_or_default();
    let lines = table.get(holder).into_iter().flatten();
    let questions = lines.flat_map(|line| {
        let resources = known.get(line.on.as_str()).into_iter().flatten();
        resources.map(|resource| Question {
            actions: line.actions.clone(),
            resource: resource.clone(),
            context: context(line, known),
        })
    });
    questions.collect()
}

fn context(line: &Line, known: &Known) -> BTreeMap<String, String> {
    let values = line.context.iter().filter_map(|(key, value)| {
        let value = match value.strip_prefix('=') {
            Some(literal) => literal.to_owned(),
            None => known.get(value.as_str())?.first()?.clone(),
        };
        Some((key.clone(), value))
    });
    values.collect()
}

/// What Sluice's functions work with.
pub fn known_to_functions(configs: &[Config], facts: &Facts) -> Known {
    let arn = |service: &str, rest: &str| {
        let (region, account) = (&facts.region, &facts.account);
        format!(
            "arn:{}:{service}:{region}:{account}:{rest}",
            facts.partition()
        )
    };
    let mut known = Known::new();
    let table = facts.table.as_ref().ok().and_then(Option::as_ref);
    if let Some(table) = table {
        known.insert(
            "table",
            vec![arn("dynamodb", &format!("table/{}", table.name))],
        );
        known.insert(
            "index",
            vec![arn("dynamodb", &format!("table/{}/index/due", table.name))],
        );
    }
    let queue = facts.queue.as_ref().ok().and_then(Option::as_ref);
    known.insert(
        "queue",
        queue.map(|queue| queue.arn.clone()).into_iter().collect(),
    );
    let letters = facts.dead_letters.as_ref().ok().and_then(Option::as_ref);
    known.insert(
        "dead-letters",
        letters.map(|one| one.arn.clone()).into_iter().collect(),
    );
    let own = facts.own_secrets.iter();
    for secret in own.filter(|secret| secret.arn.starts_with("arn:")) {
        let name = match secret.what {
            "bot token" => "bot-token",
            _ => "signing-secret",
        };
        known.insert(name, vec![secret.arn.clone()]);
    }
    let own = facts.registry();
    let of_registry = configs.iter().filter_map(|config| {
        let registry = config.registry.as_ref().unwrap_or(&own);
        // Where the registry is in an environment's account, its role looks.
        let theirs = config
            .environments
            .iter()
            .all(|one| one.account == registry.account);
        (!theirs || registry.account == own.account).then(|| (config, registry.clone()))
    });
    let of_registry: Vec<(&Config, Registry)> = of_registry.collect();
    let repositories = of_registry.iter().map(|(config, registry)| {
        repository(facts.partition(), registry, config.repository.as_str())
    });
    known.insert("repositories", repositories.collect());
    let account = of_registry
        .first()
        .map(|(_, registry)| registry.account.to_string());
    known.insert("registry-account", account.into_iter().collect());
    let sources = || configs.iter().filter_map(Config::in_codecommit);
    let builds = sources().filter_map(|source| source.build.as_ref());
    let builds = builds.map(|build| arn("codebuild", &format!("project/{build}")));
    known.insert("builds", builds.collect());
    let sources = sources().map(|source| arn("codecommit", source.repository.as_str()));
    known.insert("source", sources.collect());
    known.insert("source-account", vec![facts.account.clone()]);
    let roles: BTreeSet<String> = configs
        .iter()
        .flat_map(|config| &config.environments)
        .filter_map(|environment| environment.role.as_ref().map(ToString::to_string))
        .collect();
    known.insert(
        "read-roles",
        roles.iter().map(|role| format!("{role}-read")).collect(),
    );
    known.insert("roles", roles.into_iter().collect());
    let monitors = || {
        configs
            .iter()
            .flat_map(|config| &config.environments)
            .flat_map(|one| &one.monitors)
    };
    let github = configs.iter().filter_map(|config| config.source.as_ref());
    let github_tokens = github.filter_map(|source| Some(source.github.as_ref()?.token.as_str()));
    known.insert(
        "monitor-secrets",
        monitors()
            .filter_map(Monitor::secret)
            .chain(github_tokens)
            .filter(|name| name.starts_with("arn:"))
            .map(str::to_owned)
            .collect(),
    );
    let buses = monitors().filter_map(|monitor| match monitor {
        Monitor::EventBridge { bus } if bus.starts_with("arn:") => Some(bus.clone()),
        Monitor::EventBridge { bus } => Some(arn("events", &format!("event-bus/{bus}"))),
        _ => None,
    });
    known.insert(
        "event-buses",
        buses.collect::<BTreeSet<_>>().into_iter().collect(),
    );
    let topics = monitors().filter_map(|monitor| match monitor {
        Monitor::Sns { topic } => Some(topic.clone()),
        _ => None,
    });
    known.insert(
        "topics",
        topics.collect::<BTreeSet<_>>().into_iter().collect(),
    );
    known
}

/// Why a function's role cannot be asked about everything that the function works with.
pub fn hidden_from_function(holder: &str, facts: &Facts) -> Option<NotSeen> {
    let table: BTreeMap<String, Vec<Line>> =
        serde_json::from_str(include_str!("rights.json")).unwrap_or_default();
    let uses = |on: &str| {
        let mut lines = table.get(holder).into_iter().flatten();
        lines.any(|line| line.on == on)
    };
    let own = |what: &str| {
        let mut secrets = facts.own_secrets.iter();
        let secret = secrets.find(|secret| secret.what == what)?;
        // With its ARN it can be asked about, also if nothing else of it can be seen.
        let is_known = secret.arn.starts_with("arn:");
        secret.seen.as_ref().err().filter(|_| !is_known)
    };
    let hidden = [
        ("table", facts.table.as_ref().err()),
        ("queue", facts.queue.as_ref().err()),
        ("dead-letters", facts.dead_letters.as_ref().err()),
        ("bot-token", own("bot token")),
        ("signing-secret", own("signing secret")),
    ];
    let hidden = hidden.into_iter().filter(|(on, _)| uses(on));
    hidden.filter_map(|(_, why)| why).next().cloned()
}

/// Why an environment's roles cannot be asked about everything that Sluice works with there.
pub fn hidden_from_environment(seen: &Environment) -> Option<NotSeen> {
    let services = seen.services.values().filter_map(|service| match service {
        Err(why) => Some(why),
        Ok(service) => service.as_ref()?.task_definition.as_ref().err(),
    });
    let secrets = seen
        .secrets
        .values()
        .filter_map(|secret| secret.as_ref().err());
    services.chain(secrets).next().cloned()
}

fn repository(partition: &str, registry: &Registry, name: &str) -> String {
    let Registry { account, region } = registry;
    format!("arn:{partition}:ecr:{region}:{account}:repository/{name}")
}

/// What Sluice works with in an environment.
pub fn known_to_environment(
    config: &Config,
    environment: &Configured,
    seen: &Environment,
    facts: &Facts,
) -> Known {
    let partition = facts.partition();
    let (region, account) = (&environment.region, &environment.account);
    let cluster = &environment.cluster;
    let ecs = |rest: String| format!("arn:{partition}:ecs:{region}:{account}:{rest}");
    let rds = |rest: String| format!("arn:{partition}:rds:{region}:{account}:{rest}");
    let mut known = Known::from([
        ("any", vec!["*".to_owned()]),
        ("cluster", vec![ecs(format!("cluster/{cluster}"))]),
        (
            "tasks",
            vec![ecs(format!("task/{cluster}/0123456789abcdef"))],
        ),
        (
            "hook-role",
            vec![format!(
                "arn:{partition}:iam::{account}:role/{}-call-hook-{region}",
                facts.stack
            )],
        ),
    ]);
    let names = environment
        .services
        .values()
        .map(|placement| placement.ecs_service.as_str());
    let names: Vec<&str> = names.collect();
    let each = |kind: &str, more: &str| {
        let each = names
            .iter()
            .map(|name| ecs(format!("{kind}/{cluster}/{name}{more}")));
        each.collect::<Vec<_>>()
    };
    known.insert("services", each("service", ""));
    known.insert(
        "service-deployments",
        each("service-deployment", "/0123456789abcdef"),
    );
    known.insert(
        "service-revisions",
        each("service-revision", "/0123456789abcdef"),
    );
    let definition = |name: &str| {
        seen.services
            .get(name)?
            .as_ref()
            .ok()?
            .as_ref()?
            .task_definition
            .as_ref()
            .ok()
    };
    let definitions: Vec<_> = names.iter().filter_map(|name| definition(name)).collect();
    let revision = |family: &TaskFamily| ecs(format!("task-definition/{family}:1"));
    // The family that the service's revisions get into.
    let own = |service: &ServiceName| -> Option<TaskFamily> {
        let placement = &environment.services[service];
        let runs = definition(placement.ecs_service.as_str())?;
        let runs = TaskFamily::new(runs.family.as_str());
        let base = placement.task_definition.as_ref();
        let of_base = base.filter(|base| **base == runs);
        Some(of_base.map_or(runs.clone(), |base| base.of_service(service)))
    };
    let services = environment.services.keys();
    let mut families: Vec<TaskFamily> = services.filter_map(own).collect();
    let migration = config.migration.as_ref();
    let run = migration.and_then(|migration| own(&migration.service));
    let looks = migration.is_some_and(|migration| migration.inspect.is_some());
    let inspections = run.iter().filter(|_| looks).map(TaskFamily::of_inspections);
    let run: Vec<TaskFamily> = run.clone().into_iter().chain(inspections).collect();
    families.extend(run.iter().skip(1).cloned());
    known.insert("task-definitions", families.iter().map(revision).collect());
    let roles = definitions
        .iter()
        .flat_map(|one| [&one.execution_role, &one.task_role]);
    let roles: BTreeSet<String> = roles.flatten().cloned().collect();
    known.insert("task-roles", roles.into_iter().collect());
    if let Some(migration) = &config.migration {
        let placement = &environment.services[&migration.service];
        let container = config
            .services
            .iter()
            .find(|one| one.name == migration.service);
        if let (Some(one), Some(container)) =
            (definition(placement.ecs_service.as_str()), container)
        {
            known.insert(
                "migration-task-definition",
                run.iter().map(revision).collect(),
            );
            let group = one.containers.get(container.container.as_str());
            let group = group.and_then(|container| container.log_options.get("awslogs-group"));
            let streams = group.map(|group| {
                format!("arn:{partition}:logs:{region}:{account}:log-group:{group}:log-stream:x")
            });
            known.insert("log-streams", streams.into_iter().collect());
        }
    }
    let secrets = seen
        .secrets
        .values()
        .filter_map(|secret| secret.as_ref().ok()?.as_ref());
    known.insert(
        "secrets",
        secrets.map(|secret| secret.arn.clone()).collect(),
    );
    if let Some(backup) = &environment.backup {
        let name = backup.database.identifier();
        let copies = backup.rehearse || !environment.roles.restore.is_empty();
        let snapshot = format!("sluice-{}-dep-0123456789abcdef", environment.name);
        let (database, database_arn, taken, taken_arn, copied, copied_arn) = match &backup.database
        {
            Database::Instance(_) => (
                "instance",
                format!("db:{name}"),
                "snapshot",
                format!("snapshot:{snapshot}"),
                "copied-instance",
                format!("db:{name}-restored-x"),
            ),
            Database::Cluster(_) => (
                "database-cluster",
                format!("cluster:{name}"),
                "cluster-snapshot",
                format!("cluster-snapshot:{snapshot}"),
                "copied-cluster",
                format!("cluster:{name}-restored-x"),
            ),
        };
        known.insert(database, vec![rds(database_arn)]);
        known.insert(taken, vec![rds(taken_arn)]);
        if copies {
            known.insert(copied, vec![rds(copied_arn)]);
        }
    }
    let own = facts.registry();
    let registry = config.registry.as_ref().unwrap_or(&own);
    if registry.account == *account {
        let arn = repository(partition, registry, config.repository.as_str());
        known.insert("repository-of-the-environment", vec![arn]);
    }
    known
}

/// What ECS reads with an execution role before it starts a task.
pub fn to_execution_role(
    environment: &Configured,
    partition: &str,
    secrets: &BTreeMap<String, Seen<Option<Secret>>>,
) -> Vec<Question> {
    let arn = |service: &str, rest: &str| {
        let (region, account) = (&environment.region, &environment.account);
        format!("arn:{partition}:{service}:{region}:{account}:{rest}")
    };
    let question = |action: &str, resource: String| Question {
        actions: vec![action.to_owned()],
        resource,
        context: BTreeMap::new(),
    };
    let mut questions = BTreeSet::new();
    for secret in secrets
        .values()
        .filter_map(|secret| secret.as_ref().ok()?.as_ref())
    {
        questions.insert(question(
            "secretsmanager:GetSecretValue",
            secret.arn.clone(),
        ));
        // AWS's own key needs no right.
        let key = secret
            .key
            .as_deref()
            .filter(|key| !key.contains("alias/aws/"));
        if let Some(key) = key {
            let key = match key.starts_with("arn:") {
                true => key.to_owned(),
                false => arn("kms", &format!("key/{key}")),
            };
            let via = format!("secretsmanager.{}.amazonaws.com", environment.region);
            let context = BTreeMap::from([("kms:ViaService".to_owned(), via)]);
            questions.insert(Question {
                context,
                ..question("kms:Decrypt", key)
            });
        }
    }
    for source in environment.secrets.values() {
        if let SecretSource::Parameter { name } = source {
            let name = name.trim_start_matches('/');
            questions.insert(question(
                "ssm:GetParameters",
                arn("ssm", &format!("parameter/{name}")),
            ));
        }
    }
    questions.into_iter().collect()
}

pub(crate) fn examine(rights: &[RoleRights], sheet: &mut Sheet) {
    for of_role in rights {
        let check = match of_role.of_function {
            true => Check::FunctionRights,
            false => Check::EnvironmentRights,
        };
        let role = of_role.role.rsplit('/').next().unwrap_or(&of_role.role);
        let subject = format!("{} ({role})", of_role.holder);
        match &of_role.decisions {
            Err(not_seen) => sheet.unknown(&[check], &subject, not_seen),
            Ok(decisions) => {
                let refused = refused(decisions);
                let outcome = match (refused.is_empty(), &of_role.unasked) {
                    (false, _) => Outcome::Finding(words::lacks(role, &refused)),
                    (true, Some(why)) => Outcome::Unknown(why.clone()),
                    (true, None) => Outcome::Fine,
                };
                sheet.add(check, &subject, outcome);
            }
        }
    }
}

/// What is refused, by resource and whether it is denied.
pub(crate) fn refused(decisions: &[Decision]) -> BTreeMap<(String, bool), Vec<String>> {
    let mut refused: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
    for one in decisions
        .iter()
        .filter(|one| one.decision != Decided::Allowed)
    {
        let key = (one.resource.clone(), one.decision == Decided::Denied);
        refused.entry(key).or_default().push(one.action.clone());
    }
    refused
}
