//! Facts and offers in words.

use super::fact::{DatabaseFact, Fact, Fits, Revision, Schema, StackStands, Which};
use super::offer::{
    DatabaseOffer, Fix, Goal, Look, Offer, When, in_region, planned_database, renaming,
};
use super::seen;
use sluice_core::deployment::Deployment;
use sluice_core::id::{ServiceName, TaskDefinitionArn};
use sluice_core::note::short_arn;
use sluice_core::phase::Phase;
use sluice_core::plan::PlannedRestore;
use sluice_core::quantity;

/// Facts as sentences. What all services have in common is one.
pub(super) fn facts(d: &Deployment, facts: &[Fact]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = facts;
    while let Some(first) = rest.first() {
        let runs = rest.iter().map_while(|fact| match fact {
            Fact::Runs { service, revision } => Some((service, revision)),
            _ => None,
        });
        let runs: Vec<_> = runs.collect();
        if runs.is_empty() {
            lines.push(fact(d, first));
            rest = &rest[1..];
        } else {
            rest = &rest[runs.len()..];
            lines.extend(services(d, &runs));
        }
    }
    lines
}

fn services(d: &Deployment, runs: &[(&ServiceName, &Revision)]) -> Vec<String> {
    let names = |wanted: &dyn Fn(&Revision) -> bool| -> Vec<&str> {
        let those = runs.iter().filter(|(_, revision)| wanted(revision));
        those.map(|(service, _)| service.as_str()).collect()
    };
    let all = d
        .plan
        .as_ref()
        .map_or(0, |sealed| sealed.plan.services.len());
    let mut lines = Vec::new();
    let release = names(&|revision| *revision == Revision::Release);
    if !release.is_empty() {
        let runs = format!("{} ({})", d.release.tag, d.release.digest.short());
        lines.push(if release.len() == all {
            format!("All services run {runs}.")
        } else {
            format!("{} {} {runs}.", and(&release), run(release.len()))
        });
    }
    let before: Vec<String> = runs
        .iter()
        .filter_map(|(service, revision)| match revision {
            Revision::Before(arn) => Some(format!("{service} on {}", short(arn))),
            Revision::Release | Revision::Unknown => None,
        })
        .collect();
    if !before.is_empty() {
        let before = before.join(", ");
        lines.push(format!("Running the version from before: {before}."));
    }
    let unknown = names(&|revision| *revision == Revision::Unknown);
    if !unknown.is_empty() {
        let verb = run(unknown.len());
        lines.push(format!("What {} {verb} now is not known.", and(&unknown)));
    }
    lines
}

fn run(count: usize) -> &'static str {
    if count == 1 { "runs" } else { "run" }
}

fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

fn short(arn: &TaskDefinitionArn) -> &str {
    short_arn(arn.as_str())
}

fn fact(d: &Deployment, fact: &Fact) -> String {
    let environment = d.environment();
    let release = &d.release.tag;
    match fact {
        Fact::NothingChanged => format!("Nothing was changed in {environment}."),
        Fact::ServicesUnchanged => {
            format!("No service was changed: {environment} keeps the running version.")
        }
        Fact::Runs { service, revision } => services(d, &[(service, revision)]).join(" "),
        Fact::NotBrought { service, reason } if d.rollback().is_some() => {
            format!("{service} could NOT be brought to {release}: {reason}.")
        }
        Fact::NotBrought { service, reason } => {
            format!("{service} could NOT be rolled back: {reason}.")
        }
        Fact::HasTheTraffic => format!("All traffic goes to {release}."),
        Fact::Schema(schema) => schema_words(d, schema),
        Fact::MigratedSince(tags) => format!("{}.", crate::plan::migrated(tags)),
        Fact::Stack { name, stands } => match stands {
            StackStands::Updated => {
                format!("The stack {name} was updated before, and stays as the update made it.")
            }
            StackStands::AsBefore => format!(
                "The stack {name} is as it was before: CloudFormation has taken back what it had \
                 changed."
            ),
            StackStands::Stuck => format!(
                "The stack {name} is STUCK between before and after, and takes no other update \
                 until someone continues its rollback."
            ),
            StackStands::Unknown => format!(
                "Whether the stack {name} is updated is not known: CloudFormation may still be at it."
            ),
        },
        Fact::Snapshot(snapshot) if d.touched.migration.is_some() => {
            format!("Snapshot {snapshot} holds the database from before the migration.")
        }
        Fact::Snapshot(snapshot) => format!("Snapshot {snapshot} was taken."),
        Fact::CopyRemoved => "The copy and its snapshot are removed.".to_owned(),
        Fact::CopyLeft { copy } => format!(
            "The copy {copy} could NOT be removed and is billed: remove the database and the \
             snapshot of that name in RDS."
        ),
        Fact::Held => "Automatic deployments are paused.".to_owned(),
        Fact::NotTheRelease => "The release itself is probably not the cause.".to_owned(),
        Fact::StopsHere => {
            "Sluice has stopped: there is no rollback of a rollback, and a person must choose."
                .to_owned()
        }
        Fact::LastLogLine(line) => format!("The migration's last log line: {line}"),
        Fact::Database(fact) => database(d, fact),
    }
}

fn schema_words(d: &Deployment, schema: &Schema) -> String {
    let release = &d.release.tag;
    match schema {
        Schema::Unchanged => "The database schema was not changed.".to_owned(),
        Schema::Undone => {
            "The database schema is unchanged: the migration is one transaction, and \
                           PostgreSQL undid it."
                .to_owned()
        }
        Schema::New(fits) => {
            let old = match d.phase {
                Phase::RolledBack { .. } => "The version now running",
                _ => "The version from before",
            };
            let meets_it = match fits {
                Fits::Yes => "is compatible with it",
                Fits::No => "is expected to FAIL on it",
                Fits::MayNot => "may fail on it",
                Fits::NotJudged => "was not checked against it",
            };
            format!("The database stays on the new schema. {old} {meets_it}.")
        }
        Schema::Between => "The database schema may be half migrated: what the migration had \
                            committed stays."
            .to_owned(),
        Schema::Unknown => {
            format!("Whether the migration of {release} changed the schema is not known.")
        }
        Schema::MayStillChange { task: Some(task) } => format!(
            "The migration task {} may still be running.",
            short_arn(task.as_str())
        ),
        Schema::MayStillChange { task: None } => format!(
            "Whether the migration task was started is not known: look for tasks started by {}.",
            d.id
        ),
    }
}

fn database(d: &Deployment, fact: &DatabaseFact) -> String {
    let (release, environment) = (&d.release.tag, d.environment());
    match fact {
        DatabaseFact::Restored { name, until } => format!(
            "{name} IS the restored database: it holds what was written until {}. Later writes are \
             not in it.",
            until.strftime("%Y-%m-%d %H:%M:%S UTC")
        ),
        DatabaseFact::OldKept { aside } => {
            format!("The old database is kept as {aside}, with all its data.")
        }
        DatabaseFact::AsBefore { name } => {
            format!("{name} was not changed, and no data was lost.")
        }
        DatabaseFact::CopyMayBeThere { copy } => {
            format!("If RDS has made {copy}, it is still there: Sluice deletes no database.")
        }
        DatabaseFact::Down { name } => format!(
            "{environment} is DOWN: all services are scaled to 0. No database may have the name \
             {name}. Sluice has stopped; a person must continue."
        ),
        DatabaseFact::NothingDeleted => "Nothing was deleted: both databases are there.".to_owned(),
        DatabaseFact::Had {
            name,
            which,
            status,
        } => {
            let which = match which {
                Which::Old { id } => format!("the old database ({id})"),
                Which::Restored { id } => format!("the restored database ({id})"),
                Which::Other { id } => format!("neither of the two, but {id}"),
                Which::Unknown => "one whose resource id RDS does not say".to_owned(),
            };
            format!("When RDS was last asked, {name} was {which}, {status}.")
        }
        DatabaseFact::NotStarted { service, reason } => {
            format!("{service} could NOT be started: {reason}.")
        }
        DatabaseFact::LeftStopped(services) => {
            let names: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
            format!(
                "{} did not exist with {release} and stays scaled to 0: the next deployment starts \
                 it, once its desired count is raised.",
                and(&names)
            )
        }
        DatabaseFact::ChecksFailed => "Users may not be served: the checks failed.".to_owned(),
    }
}

/// An offer as a sentence.
pub(super) fn offer(d: &Deployment, offer: &Offer) -> String {
    let code = offer.command(d).map(|command| format!("`{command}`"));
    let code = code.unwrap_or_default();
    let tag = &d.release.tag;
    match offer {
        Offer::Push(fix) => match fix {
            Fix::Release => "Fix the release and push a new image.".to_owned(),
            Fix::Migration => "Fix the migration and push a new image.".to_owned(),
            Fix::WhatFailedOnTheCopy => {
                "Fix what failed on the copy and push a new image.".to_owned()
            }
            Fix::Reason => "Fix what the rollback was for and push a new image.".to_owned(),
        },
        Offer::Deploy(when) => at(*when, "Deploy it again", &code),
        Offer::PushNewTag(when) => at(
            *when,
            "Deploy it again",
            &format!(
                "push the image under a new tag that {} takes",
                d.environment()
            ),
        ),
        Offer::RollBack(None) => format!("Roll back to the last verified release: {code}"),
        Offer::RollBack(Some(_)) => format!("Ask again: {code}"),
        Offer::ChooseVersion => format!(
            "Then roll back to another version by name, or deploy a fixed one to {}.",
            d.environment()
        ),
        Offer::Restore(When::Now) => format!("Or restore the database: {code}"),
        Offer::Restore(when) => at(*when, "Restore the database", &code),
        Offer::ReleaseHold => {
            format!("Resume automatic deployments with {code}. Manual deployments still work.")
        }
        Offer::Look(look) => look_words(d, look, &code),
        Offer::UpdateService { service, goal, .. } => match goal {
            Goal::Before if seen::fits(d) == Fits::No => format!(
                "Bring {service} back to the version from before, which is expected to FAIL on the \
                 new schema: {code}"
            ),
            Goal::Before => format!("Bring {service} back to the version from before: {code}"),
            Goal::Release => format!("Bring {service} to {tag}: {code}"),
            Goal::Start { .. } => format!("Start {service}: {code}"),
        },
        Offer::StopServiceDeployment { service, .. } => {
            format!("If {service} is still being deployed: {code}")
        }
        Offer::ContinueRollback { .. } => format!(
            "Fix what kept CloudFormation from rolling back, then have it go on: {code} (with \
             `--resources-to-skip` for what cannot be fixed)"
        ),
        Offer::Database(offer) => database_offer(d, offer, &code),
    }
}

fn at(when: When, what: &str, code: &str) -> String {
    match when {
        When::Now => format!("{what}: {code}"),
        When::Fixed => format!("Fix it, then {code}"),
        When::Settled => format!("Once the reason is settled: {code}"),
        When::SchemaDoesNotFit => format!(
            "Decide soon, since the running version may fail on the new schema: {code}, or push a \
             release that fits it."
        ),
        When::ToVerify => format!("Have it verified: {code}"),
    }
}

fn look_words(d: &Deployment, look: &Look, code: &str) -> String {
    match look {
        Look::Health => "Check it yourself: health pages, logs, monitors.".to_owned(),
        Look::WhatCloses => {
            "See what closes it: a freeze, the deployment windows, a hold.".to_owned()
        }
        Look::Snapshot => "See the snapshot and the database's events in RDS.".to_owned(),
        Look::OtherMigration => {
            "See which migration of this database still runs: another task, or \
                                 someone by hand."
                .to_owned()
        }
        Look::Alembic => {
            "Compare `alembic current` with `alembic heads` before anything else.".to_owned()
        }
        Look::TaskStart => {
            "See why ECS could not start the task: its execution role, the network to \
                            ECR and Secrets Manager, the secrets' names."
                .to_owned()
        }
        Look::Tasks(service) => format!("Read the stopped tasks and the log of {service}."),
        Look::Logs => format!("Read the logs of {}.", d.release.tag),
        Look::WhatTook { after_s } => format!(
            "Find out what took longer than {}.",
            quantity::duration_s(*after_s)
        ),
        Look::Stack { .. } => format!("See the events of the stack: {code}"),
        Look::Services => format!("See what {} runs now: {code}", d.environment()),
    }
}

fn database_offer(d: &Deployment, offer: &DatabaseOffer, code: &str) -> String {
    match offer {
        DatabaseOffer::ReadOld { aside } => format!(
            "Fetch what is missed from {aside}: it can be read under its own endpoint until someone \
             removes it."
        ),
        DatabaseOffer::Remove { last: Some(_), .. } => {
            format!("Once it can go, with a last snapshot: {code}")
        }
        DatabaseOffer::Remove { database, .. } => format!(
            "See whether {} is there, and remove it: {code}",
            database.identifier()
        ),
        DatabaseOffer::Import { name } => format!(
            "If infrastructure code made {name}, import the new one under its resource id before \
             the next apply: the code knows the old one."
        ),
        DatabaseOffer::List => format!("See which names there are now{}: {code}", names(d)),
        DatabaseOffer::GoOn => renames(d, |planned| {
            format!(
                "EITHER go on with the restored database: first, if {} is still the old one, `{}`; \
                 then `{}`; once that is available:",
                planned.database.identifier(),
                in_region(d, &renaming(&planned.database, planned.aside.identifier())),
                in_region(d, &renaming(&planned.copy, planned.database.identifier()))
            )
        }),
        DatabaseOffer::KeepBackups => renames(d, |planned| {
            format!(
                "turn on automated backups of {} again (`--backup-retention-period`): its tag \
                 `sluice:backup-retention` says for how many days.",
                planned.database.identifier()
            )
        }),
        DatabaseOffer::Stay => renames(d, |planned| {
            format!(
                "OR stay with the old one: if it is called {}, `{}`; once that is available:",
                planned.aside.identifier(),
                in_region(d, &renaming(&planned.aside, planned.database.identifier()))
            )
        }),
        DatabaseOffer::SlowAtFirst => {
            "A restored database is slow until RDS has fetched its blocks: \
                                       what was only too late may be healthy by now."
                .to_owned()
        }
    }
}

fn renames(d: &Deployment, words: impl Fn(&PlannedRestore) -> String) -> String {
    let plan = d.plan.as_ref().map(|sealed| &sealed.plan);
    let planned = plan.and_then(|plan| plan.restore.as_ref());
    planned.map(words).unwrap_or_default()
}

fn names(d: &Deployment) -> String {
    if planned_database(d).is_none() {
        return String::new();
    }
    renames(d, |planned| {
        let names = [&planned.database, &planned.copy, &planned.aside];
        let names = names.map(|database| database.identifier()).join(" ");
        format!(" ({names})")
    })
}
