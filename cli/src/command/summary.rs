//! A configuration in a few lines, as `sluice config check` prints it.

use sluice_core::config::{
    Config, Environment, Member, Monitor, NewerRevisions, RiskRule, ServiceKind, Source, Strategy,
};
use sluice_core::quantity;

use crate::terminal::{DIM, STRONG, as_text, paint};

/// What Sluice understood, in a few lines.
pub(super) fn summary(config: &Config) -> String {
    let services: Vec<String> = config
        .services
        .iter()
        .map(|service| format!("{} ({})", service.name, kind(service.kind)))
        .collect();
    let registry = config.registry.as_ref();
    let registry = registry.map_or_else(
        || "the one in Sluice's own account and region".to_owned(),
        ToString::to_string,
    );
    let mut lines = vec![
        format!(
            "{}, from the ECR repository {}",
            paint(STRONG, &config.app),
            config.repository
        ),
        format!("  registry     {registry}"),
        format!("  services     {}", services.join(", ")),
        format!("  migration    {}", migration(config)),
        format!(
            "  smoke tests  {}",
            quantity::count(config.smoke_tests.len(), "request")
        ),
    ];
    lines.extend(config.source.as_ref().map(source));
    for environment in &config.environments {
        lines.push(format!(
            "{} {}",
            paint(STRONG, &environment.name),
            paint(
                DIM,
                format!("account {}, {}", environment.account, environment.region)
            )
        ));
        lines.extend(
            of(environment)
                .into_iter()
                .map(|(name, value)| format!("  {name:11}  {value}")),
        );
    }
    lines.join("\n")
}

fn source(source: &Source) -> String {
    let main = source.branches.main();
    let rules = match source.branches.develop() {
        Some(develop) => format!(
            "{main} takes {}; {develop} takes merged pull requests",
            source.branches.globs().join(", ")
        ),
        None => format!("{main} takes merged pull requests"),
    };
    format!("  branches     of {}: {rules}", source.repository)
}

fn kind(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::Web => "web",
        ServiceKind::Worker => "worker",
        ServiceKind::Singleton => "singleton",
    }
}

fn migration(config: &Config) -> String {
    config
        .migration
        .as_ref()
        .map_or("none".to_owned(), |migration| {
            let (command, timeout) = (
                migration.command.join(" "),
                quantity::duration(migration.timeout),
            );
            format!("`{command}` as {}, at most {timeout}", migration.service)
        })
}

fn of(environment: &Environment) -> Vec<(&'static str, String)> {
    let tags: Vec<String> = environment.tags.iter().map(ToString::to_string).collect();
    let mut takes = format!("tags {}", tags.join(", "));
    if let Some(after) = &environment.after {
        takes.push_str(&format!(", once verified in {after}"));
    }
    let placements: Vec<String> = environment
        .services
        .iter()
        .map(|(name, placement)| {
            let base = placement.task_definition.as_ref();
            let base = base.map_or_else(String::new, |base| format!(", made from {base}"));
            format!(
                "{name} as {} ({}{base})",
                placement.ecs_service,
                strategy(&placement.strategy)
            )
        })
        .collect();
    let bake = &environment.bake;
    let mut rows = vec![
        ("takes", takes),
        ("approval", approval(environment)),
        ("roles", roles(environment)),
        ("open", opens(environment)),
        ("cluster", environment.cluster.to_string()),
        ("services", placements.join(", ")),
        ("backup", backup(environment)),
        (
            "sets",
            format!(
                "{} and {}",
                quantity::count(environment.variables.len(), "variable"),
                quantity::count(environment.secrets.len(), "pinned secret")
            ),
        ),
        (
            "bake",
            format!(
                "{}, {} watched",
                quantity::duration(bake.duration),
                quantity::count(environment.alarms.len(), "alarm")
            ),
        ),
        ("channel", environment.channel.to_string()),
    ];
    match environment.newer_revisions {
        NewerRevisions::Leave => {}
        NewerRevisions::Take => rows.push(("revisions", "newer ones are taken".to_owned())),
        NewerRevisions::Refuse => rows.push(("revisions", "newer ones are refused".to_owned())),
    }
    match environment.source_rule {
        RiskRule::Allow => {}
        RiskRule::FourEyes => rows.push(("commits", "in doubt need two approvals".to_owned())),
        RiskRule::Refuse => rows.push(("commits", "in doubt are refused".to_owned())),
    }
    if environment.metrics.is_none() {
        rows.push(("requests", "not compared".to_owned()));
    }
    let monitors: Vec<&str> = environment.monitors.iter().map(Monitor::name).collect();
    if !monitors.is_empty() {
        rows.push(("monitors", monitors.join(", ")));
    }
    rows
}

fn opens(environment: &Environment) -> String {
    let calendar = &environment.calendar;
    let windows: Vec<String> = calendar.windows.iter().map(ToString::to_string).collect();
    let mut opens = if windows.is_empty() {
        "at any time".to_owned()
    } else {
        windows.join(", ")
    };
    for freeze in &calendar.freezes {
        let [from, until] = [freeze.from, freeze.until].map(|at| {
            let local = freeze.zone.local(at).strftime("%a %Y-%m-%d %H:%M");
            format!("{local} {}", freeze.zone)
        });
        opens.push_str(&format!("; frozen from {from} until {until}"));
    }
    opens
}

fn approval(environment: &Environment) -> String {
    environment
        .approval
        .as_ref()
        .map_or("none: deploys automatically".to_owned(), |approval| {
            let who: Vec<String> = approval.approvers.iter().map(Member::to_string).collect();
            format!(
                "{} of {}, open for {}{}",
                approval.quorum,
                as_text(&who.join(", ")),
                quantity::duration(approval.expires),
                if approval.four_eyes {
                    ", but not the requester"
                } else {
                    ""
                }
            )
        })
}

/// Who may do what; approvers are in the line before.
fn roles(environment: &Environment) -> String {
    let roles = &environment.roles;
    let all = [
        ("deploy", &roles.deploy),
        ("roll back", &roles.roll_back),
        ("freeze", &roles.freeze),
        ("override", &roles.r#override),
        ("restore", &roles.restore),
    ];
    let given = all.iter().filter(|(_, members)| !members.is_empty());
    let said: Vec<String> = given
        .map(|(role, members)| {
            let members: Vec<String> = members.iter().map(Member::to_string).collect();
            format!("{role}: {}", as_text(&members.join(", ")))
        })
        .collect();
    if said.is_empty() {
        "no one has any".to_owned()
    } else {
        said.join("; ")
    }
}

fn backup(environment: &Environment) -> String {
    environment
        .backup
        .as_ref()
        .map_or("none".to_owned(), |backup| {
            format!(
                "{}, {} kept, at most {}",
                backup.database.identifier(),
                quantity::count(usize::from(backup.keep), "snapshot"),
                quantity::duration(backup.timeout)
            )
        })
}

fn strategy(strategy: &Strategy) -> String {
    match strategy {
        Strategy::Rolling => "rolling".to_owned(),
        Strategy::BlueGreen => "blue-green".to_owned(),
        Strategy::Canary(steps) => format!("canary, {} %", steps.percent),
        Strategy::Linear(steps) => format!("linear, {} %", steps.percent),
        Strategy::Singleton => "one at a time".to_owned(),
    }
}
