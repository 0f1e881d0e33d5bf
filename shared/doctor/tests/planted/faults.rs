//! Faults, each in a good installation: the check that finds it, what its finding says, and how it is
//! planted.

use sluice_doctor::facts::{
    ChannelState, Decided, Environment, Facts, Function, Person, Queue, Role, Secret, Service,
    Slack, Table,
};
use sluice_words::doctor::Check as C;

use crate::good;

pub(crate) type Plant = fn(&mut Facts);

pub(crate) fn function<'a>(facts: &'a mut Facts, name: &str) -> &'a mut Function {
    let seen = facts.functions.get_mut(name).unwrap();
    seen.as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn queue(facts: &mut Facts) -> &mut Queue {
    facts.queue.as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn table(facts: &mut Facts) -> &mut Table {
    facts.table.as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn production(facts: &mut Facts) -> &mut Environment {
    facts.environments.last_mut().unwrap()
}

pub(crate) fn service<'a>(facts: &'a mut Facts, name: &str) -> &'a mut Service {
    let seen = production(facts).services.get_mut(name).unwrap();
    seen.as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn secret(facts: &mut Facts) -> &mut Secret {
    let seen = production(facts).secrets.get_mut("erp/production/database");
    seen.unwrap().as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn role(facts: &mut Facts, number: usize) -> &mut Role {
    let (_, role) = &mut production(facts).roles[number];
    role.as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn slack(facts: &mut Facts) -> &mut Slack {
    facts.slack.as_mut().unwrap()
}

/// The rule of that leg and kind of event.
pub(crate) fn rules(facts: &mut Facts, about: &str, forwarded: bool) -> Vec<usize> {
    let each = facts.deliveries.iter().enumerate();
    let those = each.filter(|(_, one)| {
        one.delivery.event.in_words().contains(about) && one.delivery.forwarded == forwarded
    });
    those.map(|(at, _)| at).collect()
}

/// What is planted, and the check and a word of what finds it.
pub(crate) const PLANTED: &[(C, &str, Plant)] = &[
    (C::Function, "no function sluice-operate", |it| {
        it.functions.insert("operate".into(), Ok(None));
    }),
    (C::Function, "an update that failed", |it| {
        function(it, "slack").last_update = "Failed".into();
    }),
    (C::Function, "as Failed", |it| {
        function(it, "slack").state = "Failed".into();
    }),
    (
        C::FunctionSettings,
        "SLUICE_TABLE of sluice-slack is old",
        |it| {
            function(it, "slack")
                .settings
                .insert("SLUICE_TABLE".into(), "old".into());
        },
    ),
    (
        C::FunctionSettings,
        "SLUICE_TABLE of sluice-rollout-hook is not set",
        |it| {
            function(it, "rollout-hook").settings.remove("SLUICE_TABLE");
        },
    ),
    (C::WakeUps, "is Disabled", |it| {
        it.mappings.as_mut().unwrap()[0].state = "Disabled".into();
    }),
    (C::WakeUps, "No event source mapping", |it| {
        it.mappings = Ok(Vec::new())
    }),
    (C::WakeUps, "No event source mapping", |it| {
        it.mappings.as_mut().unwrap()[0].source = "arn:of:another:queue".into();
    }),
    (C::BatchFailures, "ReportBatchItemFailures", |it| {
        it.mappings.as_mut().unwrap()[0].reports_failures = false;
    }),
    (C::Recursion, "Terminate", |it| {
        it.recursion = Ok("Terminate".into())
    }),
    (C::HookConcurrency, "is 0", |it| {
        it.hook_concurrency = Ok(Some(0))
    }),
    (C::SlackUrl, "no function URL", |it| it.slack_url = Ok(None)),
    (C::SlackUrl, "requires IAM", |it| {
        it.slack_url.as_mut().unwrap().as_mut().unwrap().auth_type = "AWS_IAM".into();
    }),
    (C::SlackAnswers, "403, not 401", |it| {
        it.slack_answers = Ok(403)
    }),
    (C::SlackAnswers, "502, not 401", |it| {
        it.slack_answers = Ok(502)
    }),
    (C::SlackAnswers, "200, not 401", |it| {
        it.slack_answers = Ok(200)
    }),
    (C::OperateUrl, "open to everyone", |it| {
        it.operate_url.as_mut().unwrap().as_mut().unwrap().auth_type = "NONE".into();
    }),
    (C::OperateUrl, "no function URL", |it| {
        it.operate_url = Ok(None)
    }),
    (C::QueueVisibility, "is 60 s", |it| {
        queue(it).visibility_s = 60
    }),
    (C::QueueVisibility, "is 1800 s", |it| {
        function(it, "advance").timeout_s = 300
    }),
    (C::QueueRedrive, "has no dead-letter queue", |it| {
        queue(it).receives = None;
        it.dead_letters = Ok(None);
    }),
    (C::QueueRedrive, "after 1 attempts", |it| {
        queue(it).receives = Some(1)
    }),
    (C::DeadLetters, "has 3 messages", |it| {
        it.dead_letters.as_mut().unwrap().as_mut().unwrap().count = 3;
    }),
    (C::Table, "There is no table", |it| it.table = Ok(None)),
    (C::Table, "is DELETING", |it| {
        table(it).status = "DELETING".into()
    }),
    (C::Table, "has the key id", |it| {
        table(it).key = vec!["id".into()]
    }),
    (C::TableIndex, "no index `due`", |it| {
        table(it).indexes.clear()
    }),
    (C::TableProtection, "not protected", |it| {
        table(it).protected = false
    }),
    (C::TableRecovery, "no point-in-time recovery", |it| {
        it.table_recovery = Ok(false)
    }),
    (C::OwnSecret, "bot token has no value", |it| {
        it.own_secrets[0]
            .seen
            .as_mut()
            .unwrap()
            .as_mut()
            .unwrap()
            .has_value = false;
    }),
    (C::OwnSecret, "signing secret does not exist", |it| {
        it.own_secrets[1].seen = Ok(None)
    }),
    (C::EventRule, "is disabled", |it| {
        for at in rules(it, "pushed to erp", false) {
            it.deliveries[at].rules.as_mut().unwrap()[0].enabled = false;
        }
    }),
    (C::EventRule, "\"a branch of erp changed\"", |it| {
        for at in rules(it, "branch", false) {
            it.deliveries[at].rules = Ok(Vec::new());
        }
    }),
    (C::EventRule, "\"an image in erp was scanned\"", |it| {
        for at in rules(it, "scanned", false) {
            it.deliveries[at].rules.as_mut().unwrap()[0].takes = false;
        }
    }),
    (C::EventDeadLetters, "the rule ImageScanned", |it| {
        for at in rules(it, "scanned", false) {
            it.deliveries[at].rules.as_mut().unwrap()[0].dead_letters = false;
        }
    }),
    (
        C::EventPermission,
        "no permission for the rule SourceChanged",
        |it| {
            let called_by = function(it, "source-push").called_by.as_mut().unwrap();
            called_by.retain(|rule| !rule.ends_with("SourceChanged"));
        },
    ),
    (
        C::EventPermission,
        "does not name the rule WorldChanged",
        |it| {
            queue(it).written_by.clear();
        },
    ),
    (
        C::Forwarding,
        "does not forward the event \"a snapshot",
        |it| {
            for at in rules(it, "snapshot", true) {
                it.deliveries[at].rules = Ok(Vec::new());
            }
        },
    ),
    (C::Forwarding, "The rule Forward", |it| {
        for at in rules(it, "snapshot", true) {
            it.deliveries[at].rules.as_mut().unwrap()[0].enabled = false;
        }
    }),
    (C::BusPolicy, "111111111111", |it| {
        it.bus_takes.as_mut().unwrap().clear()
    }),
    (C::Minute, "every minute", |it| it.minute = Ok(false)),
    (
        C::FunctionRights,
        "does not allow sqs:SendMessage on arn",
        |it| {
            let of_hook = it
                .rights
                .iter_mut()
                .find(|one| one.holder.ends_with("hook"))
                .unwrap();
            let decisions = of_hook.decisions.as_mut().unwrap().iter_mut();
            let sends = decisions.filter(|one| one.action == "sqs:SendMessage");
            sends.for_each(|one| one.decision = Decided::NotAllowed);
        },
    ),
    (C::EnvironmentRights, "denies ecs:UpdateService", |it| {
        let of_role = it.rights.iter_mut().find(|one| !one.of_function).unwrap();
        let decisions = of_role.decisions.as_mut().unwrap().iter_mut();
        let mut updates = decisions.filter(|one| one.action == "ecs:UpdateService");
        updates.next().unwrap().decision = Decided::Denied;
    }),
    (C::EnvironmentRole, "does not exist", |it| {
        production(it).roles[0].1 = Ok(None)
    }),
    (
        C::EnvironmentRole,
        "does not name sluice-health-check",
        |it| {
            let role = role(it, 0);
            role.trust = role
                .trust
                .replace("sluice-health-check", "other-health-check");
        },
    ),
    (C::EnvironmentRole, "does not name sluice-slack", |it| {
        let role = role(it, 1);
        role.trust = role.trust.replace("sluice-slack", "sluice-slack-old");
    }),
    (
        C::Hook,
        "no function sluice-rollout-hook in account 222222222222",
        |it| {
            production(it).hook = Ok(false);
        },
    ),
    (C::HookRole, "no role sluice-call-hook", |it| {
        production(it).hook_role.1 = Ok(None)
    }),
    (C::HookRole, "does not name ecs.amazonaws.com", |it| {
        let (_, role) = &mut production(it).hook_role;
        role.as_mut().unwrap().as_mut().unwrap().trust = "{}".into();
    }),
    (C::Service, "no active service erp-beat", |it| {
        production(it).services.insert("erp-beat".into(), Ok(None));
    }),
    (C::Controller, "CODE_DEPLOY", |it| {
        service(it, "erp-web").controller = "CODE_DEPLOY".into()
    }),
    (C::Controller, "EXTERNAL", |it| {
        service(it, "erp-worker").controller = "EXTERNAL".into()
    }),
    (C::Spot, "erp-beat runs on Fargate Spot", |it| {
        service(it, "erp-beat")
            .capacity_providers
            .push("FARGATE_SPOT".into());
    }),
    (C::Container, "no container app, only: web", |it| {
        let definition = service(it, "erp-web").task_definition.as_mut().unwrap();
        let app = definition.containers.remove("app").unwrap();
        definition.containers.insert("web".into(), app);
    }),
    (C::LogDriver, "awsfirelens", |it| {
        let definition = service(it, "erp-web").task_definition.as_mut().unwrap();
        definition.containers.get_mut("app").unwrap().log_driver = Some("awsfirelens".into());
    }),
    (C::LogDriver, "stream prefix", |it| {
        let definition = service(it, "erp-web").task_definition.as_mut().unwrap();
        let app = definition.containers.get_mut("app").unwrap();
        app.log_options.remove("awslogs-stream-prefix");
    }),
    (C::TargetGroups, "a second target group", |it| {
        let web = service(it, "erp-web");
        web.balancers[0].groups.pop();
    }),
    (C::TargetGroups, "a test listener rule", |it| {
        service(it, "erp-web").balancers[0].test = None;
    }),
    (C::TargetGroups, "a role for the load balancer", |it| {
        service(it, "erp-web").balancers[0].has_role = false;
    }),
    (C::TargetGroups, "a load balancer", |it| {
        service(it, "erp-web").balancers.clear()
    }),
    (
        C::ListenerRule,
        "does not forward to the target group green",
        |it| {
            let rule = service(it, "erp-web").balancers[0]
                .production
                .as_mut()
                .unwrap();
            rule.weights
                .as_mut()
                .unwrap()
                .as_mut()
                .unwrap()
                .remove(&good::group("green"));
        },
    ),
    (C::ListenerRule, "does not exist", |it| {
        let rule = service(it, "erp-web").balancers[0]
            .production
            .as_mut()
            .unwrap();
        rule.weights = Ok(None);
    }),
    (C::Weights, "blue 100, green 10", |it| {
        let rule = service(it, "erp-web").balancers[0]
            .production
            .as_mut()
            .unwrap();
        let weights = rule.weights.as_mut().unwrap().as_mut().unwrap();
        weights.insert(good::group("green"), 10);
    }),
    (C::TestListener, "does not forward", |it| {
        let rule = service(it, "erp-web").balancers[0].test.as_mut().unwrap();
        rule.weights.as_mut().unwrap().as_mut().unwrap().clear();
    }),
    (C::HealthPath, "checks /;", |it| {
        service(it, "erp-web").balancers[0].groups[0].health_path = Ok(Some("/".into()));
    }),
    (C::Alarm, "no alarm erp-production-latency", |it| {
        let alarms = production(it).alarms.as_mut().unwrap();
        alarms.retain(|name| name != "erp-production-latency");
    }),
    (C::Secret, "scheduled for deletion", |it| {
        secret(it).deleted = true
    }),
    (C::Secret, "has no value", |it| secret(it).has_value = false),
    (C::Secret, "does not exist", |it| {
        production(it)
            .secrets
            .insert("erp/production/redis".into(), Ok(None));
    }),
    (C::SecretRotation, "rotates automatically", |it| {
        secret(it).rotates = true
    }),
    (C::Parameter, "/erp/production/sentry-dsn", |it| {
        production(it).parameters = Ok(Vec::new())
    }),
    (C::ExecutionRole, "erp-execution of erp-worker", |it| {
        let readable = service(it, "erp-worker").readable.as_mut().unwrap();
        readable[0].decision = Decided::NotAllowed;
    }),
    (C::ExecutionRole, "has no execution role", |it| {
        service(it, "erp-beat")
            .task_definition
            .as_mut()
            .unwrap()
            .execution_role = None;
    }),
    (C::Database, "no database erp-production", |it| {
        production(it).database = Some(Ok(None))
    }),
    (C::Database, "is stopped", |it| {
        let database = production(it).database.as_mut().unwrap();
        database.as_mut().unwrap().as_mut().unwrap().status = "stopped".into();
    }),
    (C::DatabaseRetention, "keeps no automatic backups", |it| {
        let database = production(it).database.as_mut().unwrap();
        database.as_mut().unwrap().as_mut().unwrap().retention_days = 0;
    }),
    (C::SnapshotQuota, "100 of 100", |it| {
        production(it).snapshots.as_mut().unwrap().used = 100
    }),
    (C::Repository, "no repository erp", |it| {
        it.repositories[0].seen = Ok(None)
    }),
    (C::ImageScan, "are not scanned", |it| {
        it.repositories[0]
            .seen
            .as_mut()
            .unwrap()
            .as_mut()
            .unwrap()
            .scan_on_push = false;
    }),
    (C::TagMutability, "can be moved", |it| {
        it.repositories[0]
            .seen
            .as_mut()
            .unwrap()
            .as_mut()
            .unwrap()
            .mutable = true;
    }),
    (C::SlackToken, "token_revoked", |it| {
        slack(it).token = Ok(Err("token_revoked".into()))
    }),
    (C::SlackWorkspace, "the workspace T0OTHER", |it| {
        slack(it).token.as_mut().unwrap().as_mut().unwrap().team = "T0OTHER".into();
    }),
    (C::SlackWorkspace, "whole organisation", |it| {
        slack(it)
            .token
            .as_mut()
            .unwrap()
            .as_mut()
            .unwrap()
            .organisation_wide = true;
    }),
    (C::SlackScopes, "usergroups:read", |it| {
        let token = slack(it).token.as_mut().unwrap().as_mut().unwrap();
        token.scopes.as_mut().unwrap().pop();
    }),
    (
        C::SlackChannel,
        "not in the channel #erp-production",
        |it| {
            slack(it).channels[1].seen = Ok(None);
        },
    ),
    (C::SlackChannel, "is archived", |it| {
        slack(it).channels[0].seen = Ok(Some(ChannelState {
            archived: true,
            ..Default::default()
        }));
    }),
    (C::SlackChannel, "another company", |it| {
        let state = ChannelState {
            shared_outside: true,
            ..Default::default()
        };
        slack(it).channels[0].seen = Ok(Some(state));
    }),
    (C::SlackGroup, "S0604QSJC has no members", |it| {
        slack(it).groups[0].members = Ok(0)
    }),
    (C::SlackPerson, "was deactivated", |it| {
        slack(it).people[0].1 = Ok(Some(Person {
            deactivated: true,
            ..Default::default()
        }));
    }),
    (C::SlackPerson, "is a guest", |it| {
        slack(it).people[0].1 = Ok(Some(Person {
            guest: true,
            ..Default::default()
        }));
    }),
    (C::SlackPerson, "is not known", |it| {
        slack(it).people[0].1 = Ok(None)
    }),
];
