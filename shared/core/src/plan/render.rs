//! The plan's one rendering: what the command line prints is what Slack shows.

use std::fmt;

use crate::config::{ServiceKind, Severity, Strategy};
use crate::id::{ImageTag, TaskDefinitionArn};
use crate::migration::{self, Finding};
use crate::plan::way_back::way_back;
use crate::plan::{Plan, PlannedService, render_restore};
use crate::words;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(restore) = &self.restore {
            render_restore::head(self, restore, f)?;
            render_restore::steps(self, restore, f)?;
            return self.write_contents(f);
        }
        writeln!(
            f,
            "{} {} to {}",
            self.app, self.release.tag, self.environment
        )?;
        writeln!(f, "  image      {}", self.release.digest)?;
        if let Some(commit) = &self.origin.commit {
            writeln!(f, "  commit     {}", commit.as_str())?;
        }
        if let Some(pushed_by) = &self.origin.pushed_by {
            // It stands among code, where Slack makes no mention of an id.
            writeln!(f, "  pushed by  {pushed_by}")?;
        }
        if let Some(hotfix) = &self.hotfix {
            let (skips, by) = (&hotfix.skips, &hotfix.by);
            writeln!(
                f,
                "  hotfix     skips {skips}, says {by}: {}",
                hotfix.reason
            )?;
        }
        if let Some(rollback) = &self.rollback {
            let from = rollback.from.as_ref().map_or("what runs", ImageTag::as_str);
            writeln!(f, "  rollback   from {from}: {}", rollback.reason)?;
        }
        match &self.previous {
            Some(previous) => writeln!(
                f,
                "  replaces   {} ({}), proven {}",
                previous.release.tag,
                previous.release.digest.short(),
                previous.at.strftime("%Y-%m-%d %H:%M UTC")
            )?,
            None => writeln!(f, "  replaces   nothing proven yet")?,
        }
        if let Some(passed) = &self.passed {
            writeln!(
                f,
                "  passed     as {} on {}",
                passed.release.tag,
                passed.at.strftime("%Y-%m-%d %H:%M UTC")
            )?;
        }
        if let Some(findings) = &self.findings {
            writeln!(f, "  scan       {}", findings_words(findings))?;
        }
        self.write_schema(f)?;
        self.write_steps(f)?;
        self.write_contents(f)
    }
}

impl Plan {
    /// What is in the new revisions, and what people should know.
    fn write_contents(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for secret in &self.secrets {
            let kept = if secret.pinned {
                "pinned to"
            } else {
                "latest, now"
            };
            writeln!(
                f,
                "  secret     {} {kept} version {}",
                secret.variable, secret.version
            )?;
        }
        for (variable, value) in &self.variables {
            writeln!(f, "  variable   {variable}={value}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "  ! {warning}")?;
        }
        Ok(())
    }

    fn write_schema(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(head) = &self.at_head {
            return writeln!(
                f,
                "  database   stands at {head} already: no migration, and no snapshot for one"
            );
        }
        let Some(seen) = self.migration.as_ref().and_then(|m| m.inspection.as_ref()) else {
            return Ok(());
        };
        writeln!(
            f,
            "  database   from {} to {}: {} in {}",
            migration::places(&seen.current),
            seen.head,
            words::count(seen.judgement.statements as usize, "statement"),
            words::count(seen.pending.len(), "revision")
        )?;
        for revision in &seen.pending {
            writeln!(f, "    {}  {}", revision.id, revision.message)?;
        }
        writeln!(f, "  way back   {}", way_back(self))?;
        for finding in &seen.judgement.findings {
            write_finding(f, finding)?;
        }
        if seen.judgement.left_out > 0 {
            writeln!(f, "    and {} more findings", seen.judgement.left_out)?;
        }
        Ok(())
    }

    fn write_steps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut step = 0;
        let mut line = |f: &mut fmt::Formatter<'_>, text: String| {
            step += 1;
            writeln!(f, "  {step}. {text}")
        };
        if let Some(backup) = &self.backup {
            let database = backup.database.identifier();
            let snapshot = &backup.snapshot;
            line(
                f,
                format!(
                    "snapshot {database} ({} {}) as {snapshot} and prove it",
                    backup.engine, backup.engine_version
                ),
            )?;
        }
        if let Some(migration) = &self.migration {
            line(
                f,
                format!(
                    "migrate: `{}`, at most {}",
                    migration.command.join(" "),
                    words::duration(migration.timeout)
                ),
            )?;
        }
        for service in self.of(ServiceKind::Web) {
            line(f, format!("{}: {}", service.service, bring_up(service)))?;
        }
        for service in self
            .services
            .iter()
            .filter(|service| service.kind != ServiceKind::Web)
        {
            line(f, format!("{}: {}", service.service, replace(service)))?;
        }
        if !self.smoke_tests.is_empty() {
            line(f, format!("smoke tests: {}", self.smoke_tests.join(", ")))?;
        }
        for service in self
            .of(ServiceKind::Web)
            .filter(|service| service.strategy.shifts_traffic())
        {
            line(
                f,
                format!("{}: {}", service.service, shift(&service.strategy)),
            )?;
        }
        let alarms = match self.alarms.len() {
            0 => String::new(),
            alarms => format!(", with {} watched", words::count(alarms, "alarm")),
        };
        if !(self.rollback.is_some() && self.bake.is_zero()) {
            line(
                f,
                format!("bake for {}{alarms}", words::duration(self.bake)),
            )?;
        }
        line(f, "take the old version down".to_owned())
    }

    fn of(&self, kind: ServiceKind) -> impl Iterator<Item = &PlannedService> {
        self.services
            .iter()
            .filter(move |service| service.kind == kind)
    }
}

fn write_finding(f: &mut fmt::Formatter<'_>, finding: &Finding) -> fmt::Result {
    let revision = finding.revision.as_deref().unwrap_or("?");
    writeln!(
        f,
        "    {}: {} in {revision}: {}",
        finding.risk, finding.rule, finding.means
    )?;
    writeln!(f, "      {}", finding.statement)?;
    if let Some(waiver) = &finding.waiver {
        writeln!(f, "      waived by {}: {}", waiver.by, waiver.reason)?;
    }
    Ok(())
}

fn bring_up(service: &PlannedService) -> String {
    let from = revision(&service.from);
    match (&service.revision, service.strategy.shifts_traffic()) {
        (None, true) => format!("bring up green beside {from}, without traffic"),
        (None, false) => {
            format!("replace {from} task by task; traffic reaches the new version as it comes up")
        }
        (Some(back), true) => format!(
            "bring up {} as green beside {from}, without traffic",
            revision(back)
        ),
        (Some(back), false) => format!(
            "replace {from} by {} task by task; traffic reaches it as it comes up",
            revision(back)
        ),
    }
}

fn replace(service: &PlannedService) -> String {
    let stop = service
        .stop_timeout
        .map(|timeout| format!(", each given {} to finish", words::duration(timeout)))
        .unwrap_or_default();
    let from = revision(&service.from);
    match (service.kind, &service.revision) {
        (ServiceKind::Singleton, None) => {
            format!("stop {from} before the new one starts{stop}")
        }
        (ServiceKind::Singleton, Some(back)) => {
            format!("stop {from} before {} starts{stop}", revision(back))
        }
        (ServiceKind::Worker | ServiceKind::Web, None) => {
            format!("replace {from} a few at a time{stop}")
        }
        (ServiceKind::Worker | ServiceKind::Web, Some(back)) => {
            format!("replace {from} by {} a few at a time{stop}", revision(back))
        }
    }
}

fn shift(strategy: &Strategy) -> String {
    match strategy {
        Strategy::Canary(steps) => format!(
            "shift {} % of the traffic, wait {}, then the rest",
            steps.percent,
            words::duration(steps.bake)
        ),
        Strategy::Linear(steps) => format!(
            "shift the traffic in steps of {} %, {} apart",
            steps.percent,
            words::duration(steps.bake)
        ),
        Strategy::BlueGreen | Strategy::Rolling | Strategy::Singleton => {
            "shift all traffic to green".to_owned()
        }
    }
}

/// `…:task-definition/erp-web:41` → `erp-web:41`.
pub(super) fn revision(arn: &TaskDefinitionArn) -> &str {
    let arn = arn.as_str();
    arn.rsplit_once('/').map_or(arn, |(_, revision)| revision)
}

fn findings_words(findings: &std::collections::BTreeMap<Severity, u32>) -> String {
    let said: Vec<String> = findings
        .iter()
        .rev()
        .filter(|(_, count)| **count > 0)
        .map(|(severity, count)| format!("{count} {}", severity.word()))
        .collect();
    if said.is_empty() {
        "no findings".to_owned()
    } else {
        said.join(", ")
    }
}
