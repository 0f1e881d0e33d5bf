//! `sluice config`: is a file right, and what may stand in one.

use std::process::ExitCode;

use sluice_core::config::{Config, Environment, Member, ServiceKind, Strategy, schema, shared};
use sluice_core::quantity;
use sluice_migrations::rules;

use super::Failure;
use crate::arguments;
use crate::sample;
use crate::terminal::{DIM, GOOD, STRONG, Screen, mentions, paint};

pub(super) fn carry_out(
    command: &arguments::Config,
    screen: &mut Screen,
) -> Result<ExitCode, Failure> {
    match command {
        arguments::Config::Check { files } => {
            let mut read = Vec::with_capacity(files.len());
            for file in files {
                let config = sample::read(file)?;
                unknown_rules(&config)?;
                read.push((file.display().to_string(), config));
            }
            let together: Vec<(String, &Config)> = read
                .iter()
                .map(|(file, config)| (file.clone(), config))
                .collect();
            let shared: Vec<String> = shared(&together).iter().map(ToString::to_string).collect();
            if !shared.is_empty() {
                return Err(Failure::new(shared.join("\n")));
            }
            for (file, config) in &read {
                screen.print(&summary(config))?;
                screen.print(&paint(GOOD, format!("{file} is right.")))?;
            }
        }
        arguments::Config::Schema => {
            let schema = serde_json::to_string_pretty(&schema())
                .map_err(|error| Failure::new(format!("the schema is not JSON: {error}")))?;
            screen.print(&schema)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A waiver of a rule that there is not would let nothing through, and nobody would know why.
fn unknown_rules(config: &Config) -> Result<(), Failure> {
    let rules: Vec<String> = rules().map(|(name, _)| name).collect();
    let migration = config.migration.as_ref();
    let inspect = migration.and_then(|migration| migration.inspect.as_ref());
    let waivers = inspect.iter().flat_map(|inspect| &inspect.waivers);
    let unknown: Vec<String> = waivers
        .filter(|waived| !rules.contains(&waived.rule))
        .map(|waived| {
            let near = rules
                .iter()
                .max_by(|a, b| {
                    let like = |rule: &str| strsim::jaro_winkler(rule, &waived.rule);
                    like(a).total_cmp(&like(b))
                })
                .map_or("", String::as_str);
            format!(
                "migration.waivers: there is no rule `{}` (of revision {}): did you mean `{near}`?",
                waived.rule, waived.revision
            )
        })
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{}\ndocs/migration-rules.md has them all",
        unknown.join("\n")
    )))
}

/// What Sluice understood, in a few lines.
fn summary(config: &Config) -> String {
    let services: Vec<String> = config
        .services
        .iter()
        .map(|service| format!("{} ({})", service.name, kind(service.kind)))
        .collect();
    let registry = config.registry.as_ref();
    let registry = registry.map_or_else(
        || "the one of Sluice's own account and region".to_owned(),
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
            format!(
                "{name} as {} ({})",
                placement.ecs_service,
                strategy(&placement.strategy)
            )
        })
        .collect();
    let bake = &environment.bake;
    vec![
        ("takes", takes),
        ("asks", asks(environment)),
        ("opens", opens(environment)),
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
        ("tells", environment.channel.to_string()),
    ]
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
        let [from, until] = [freeze.from, freeze.until].map(|at| freeze.zone.says(at));
        opens.push_str(&format!("; frozen from {from} until {until}"));
    }
    opens
}

fn asks(environment: &Environment) -> String {
    environment
        .approval
        .as_ref()
        .map_or("nobody".to_owned(), |approval| {
            let who: Vec<String> = approval.approvers.iter().map(Member::to_string).collect();
            format!(
                "{} of {}, open for {}{}",
                approval.quorum,
                mentions(&who.join(", ")),
                quantity::duration(approval.expires),
                if approval.four_eyes {
                    ", not the one who asked"
                } else {
                    ""
                }
            )
        })
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
