//! The plan's one rendering: what the command line prints is what Slack shows.

use std::fmt;

use crate::config::{ServiceKind, Strategy};
use crate::id::{AlarmName, ImageTag, TaskDefinitionArn};
use crate::migration::{self, Finding};
use crate::plan::way_back::way_back;
use crate::plan::{Plan, PlannedService, render_restore};
use crate::quantity;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title())?;
        for line in self.head() {
            writeln!(f, "  {line}")?;
        }
        for (index, step) in self.steps().iter().enumerate() {
            writeln!(f, "  {}. {step}", index + 1)?;
        }
        for line in self.contents() {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

impl Plan {
    /// The same line by line, to be held against another plan: steps without their numbers.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.title()];
        lines.extend(self.head());
        lines.extend(self.steps());
        lines.extend(self.contents());
        lines
    }

    fn title(&self) -> String {
        match &self.restore {
            Some(restore) => format!(
                "{} restores {} of {}",
                self.app,
                restore.database.identifier(),
                self.environment
            ),
            None => format!("{} {} to {}", self.app, self.release.tag, self.environment),
        }
    }

    fn head(&self) -> Vec<String> {
        let release = &self.release;
        let registry = format!("registry   {}/{}", release.registry, release.repository);
        if let Some(restore) = &self.restore {
            let mut lines = render_restore::head(self, restore);
            lines.push(registry);
            return lines;
        }
        let mut lines = vec![format!("image      {}", release.digest), registry];
        let signed_by = self.signed_by.as_ref();
        lines.extend(signed_by.map(|key| format!("signed by  the key {key}")));
        lines.extend(self.source.iter().map(|source| {
            let signed = self.signed_by.is_some();
            let says = if signed { "" } else { " (as the image says)" };
            let checked = match source.is_in_doubt() {
                false => "checked in the source repository",
                true => "in doubt, see below",
            };
            match &source.commit {
                Some(commit) => format!("source     commit {}{says}: {checked}", commit.short()),
                None => "source     the image does not name its commit".to_owned(),
            }
        }));
        // It stands among code, where Slack makes no mention of an id.
        let pushed_by = self.pushed_by.as_ref();
        lines.extend(pushed_by.map(|user| format!("pushed by  {user}")));
        if let Some(hotfix) = &self.hotfix {
            let (skips, by) = (&hotfix.skips, &hotfix.by);
            lines.push(format!(
                "hotfix     skips {skips}, says {by}: {}",
                hotfix.reason
            ));
        }
        if let Some(rollback) = &self.rollback {
            let from = rollback.from.as_ref();
            let from = from.map_or("the running version", ImageTag::as_str);
            lines.push(format!("rollback   from {from}: {}", rollback.reason));
        }
        lines.extend(self.infrastructure());
        lines.extend(self.services.iter().flat_map(base));
        lines.extend(self.schema());
        lines
    }

    /// What is in the new revisions.
    fn contents(&self) -> Vec<String> {
        let secrets = self.secrets.iter().map(|secret| {
            let variable = &secret.variable;
            match secret.pinned {
                true => format!("secret     {variable} pinned to version {}", secret.version),
                false => format!("secret     {variable} not pinned: the current version"),
            }
        });
        let variables = self.variables.iter();
        let variables = variables.map(|(variable, value)| format!("variable   {variable}={value}"));
        let removed = self.services.iter().filter(|one| !one.removes.is_empty());
        let removed = removed.map(|one| {
            let (service, removes) = (&one.service, one.removes.join(", "));
            format!("removed    {removes} of {service}: not in sluice.toml any more")
        });
        secrets.chain(variables).chain(removed).collect()
    }

    fn infrastructure(&self) -> Vec<String> {
        let Some(stack) = &self.stack else {
            return Vec::new();
        };
        let Some(changes) = &stack.changes else {
            let said = "not looked at: a deployment makes a change set for that";
            return vec![format!("stack      {}: {said}", stack.name)];
        };
        let mut lines = vec![format!("stack      {}: {}", stack.name, changes.summary())];
        for change in &changes.changes {
            lines.push(format!("  {change}"));
            let waiver = change.waiver.as_ref();
            let by = waiver.map(|one| format!("    waived by {}: {}", one.by, one.reason));
            lines.extend(by);
        }
        if changes.left_out > 0 {
            lines.push(format!("  and {} more changes", changes.left_out));
        }
        if !changes.is_empty() {
            let said = "a rollback of the release leaves infrastructure as the update made it";
            lines.push(format!("  {said}"));
        }
        let template = stack.template.as_ref();
        lines.extend(template.map(|template| format!("template   {template}")));
        let parameters = stack.parameters.iter();
        lines.extend(parameters.map(|(name, value)| format!("parameter  {name}={value}")));
        lines
    }

    fn schema(&self) -> Vec<String> {
        if let Some(head) = &self.at_head {
            return vec![format!(
                "database   already at revision {head}: no migration, and no snapshot for one"
            )];
        }
        let Some(migration) = &self.migration else {
            return Vec::new();
        };
        let rollback = format!("rollback   {}", way_back(self));
        let Some(seen) = &migration.inspection else {
            // A preview looks at no migration, and the deployment will: it says nothing of the way back.
            return migration.additive.then_some(rollback).into_iter().collect();
        };
        let judgement = &seen.judgement;
        let mut lines = vec![format!(
            "database   from {} to {}: {} in {} (SQL {})",
            migration::places(&seen.current),
            seen.head,
            quantity::count(judgement.statements as usize, "statement"),
            quantity::count(seen.pending.len(), "revision"),
            judgement.sql.short()
        )];
        let pending = seen.pending.iter();
        lines.extend(pending.map(|revision| format!("  {}  {}", revision.id, revision.message)));
        lines.push(rollback);
        lines.extend(judgement.findings.iter().flat_map(finding_lines));
        if judgement.left_out > 0 {
            lines.push(format!("  and {} more findings", judgement.left_out));
        }
        lines
    }

    fn steps(&self) -> Vec<String> {
        if let Some(restore) = &self.restore {
            return render_restore::steps(self, restore);
        }
        let mut steps = Vec::new();
        if let (Some(stack), Some(changes)) = (&self.stack, self.stack_changes()) {
            let changes = quantity::count(changes.count(), "change");
            steps.push(format!(
                "update the stack {}: {changes}; CloudFormation takes a failed update back itself",
                stack.name
            ));
        }
        if let Some(backup) = &self.backup {
            let (database, snapshot) = (backup.database.identifier(), &backup.snapshot);
            steps.push(format!("snapshot {database} as {snapshot} and verify it"));
        }
        if let Some(migration) = &self.migration {
            let (command, timeout) = (migration.command.join(" "), migration.timeout);
            let at_most = quantity::duration(timeout);
            steps.push(format!("migrate: `{command}`, at most {at_most}"));
        }
        let web = || self.of(ServiceKind::Web);
        steps.extend(web().map(|service| format!("{}: {}", service.service, bring_up(service))));
        let others = self.services.iter();
        let others = others.filter(|service| service.kind != ServiceKind::Web);
        steps.extend(others.map(|service| format!("{}: {}", service.service, replace(service))));
        if !self.smoke_tests.is_empty() {
            steps.push(format!("smoke tests: {}", self.smoke_tests.join(", ")));
        }
        let shifting = web().filter(|service| service.strategy.shifts_traffic());
        steps.extend(
            shifting.map(|service| format!("{}: {}", service.service, shift(&service.strategy))),
        );
        if !(self.rollback.is_some() && self.bake.is_zero()) {
            let watched = self.watched();
            steps.push(format!(
                "bake for {}{watched}",
                quantity::duration(self.bake)
            ));
        }
        steps.push("shut down the old version".to_owned());
        steps
    }

    /// What is watched beside the health checks.
    fn watched(&self) -> String {
        let alarms: Vec<&str> = self.alarms.iter().map(AlarmName::as_str).collect();
        let alarms = match alarms.len() {
            0 => None,
            1 => Some(format!("the alarm {}", alarms.join(", "))),
            _ => Some(format!("the alarms {}", alarms.join(", "))),
        };
        let compared = self.of(ServiceKind::Web);
        let compared = compared.filter(|service| service.strategy.shifts_traffic());
        let compared: Vec<&str> = compared.map(|service| service.service.as_str()).collect();
        let compares = self.metrics.is_some() && !compared.is_empty();
        let metrics = compares.then(|| {
            format!(
                "5xx rate and p90 latency of {} against the old version's",
                compared.join(", ")
            )
        });
        let watched: Vec<String> = alarms.into_iter().chain(metrics).collect();
        match watched.is_empty() {
            true => String::new(),
            false => format!(", watching {}", watched.join("; ")),
        }
    }

    fn of(&self, kind: ServiceKind) -> impl Iterator<Item = &PlannedService> {
        self.services
            .iter()
            .filter(move |service| service.kind == kind)
    }
}

/// What its new revision is made from, where infrastructure code says so, and what that changes.
fn base(service: &PlannedService) -> Vec<String> {
    let Some(base) = &service.base else {
        return Vec::new();
    };
    let (name, from, runs) = (
        &service.service,
        revision(&base.revision),
        revision(&service.from),
    );
    let differs = match base.differs.is_empty() {
        true => format!("otherwise like {runs}, which runs"),
        false => format!("it differs from {runs}, which runs"),
    };
    let differences = base.differs.iter().map(|differs| format!("  {differs}"));
    let head = format!("base       {name} is made from {from}: {differs}");
    [head].into_iter().chain(differences).collect()
}

fn finding_lines(finding: &Finding) -> Vec<String> {
    let revision = finding.revision.as_deref().unwrap_or("?");
    let (risk, rule, means) = (&finding.risk, &finding.rule, &finding.means);
    let mut lines = vec![
        format!("  {risk}: {rule} in {revision}: {means}"),
        format!("    {}", finding.statement),
    ];
    let waiver = finding.waiver.as_ref();
    lines.extend(waiver.map(|waiver| format!("    waived by {}: {}", waiver.by, waiver.reason)));
    lines
}

fn bring_up(service: &PlannedService) -> String {
    let from = revision(&service.from);
    let tasks = with_tasks(service);
    match (&service.revision, service.strategy.shifts_traffic()) {
        (None, true) => format!("bring up green beside {from}{tasks}, without traffic"),
        (None, false) => {
            format!(
                "replace {from} task by task{tasks}; traffic reaches the new version as it comes up"
            )
        }
        (Some(back), true) => format!(
            "bring up {} as green beside {from}{tasks}, without traffic",
            revision(back)
        ),
        (Some(back), false) => format!(
            "replace {from} by {} task by task{tasks}; traffic reaches it as it comes up",
            revision(back)
        ),
    }
}

/// Only where the plan sets their number.
fn with_tasks(service: &PlannedService) -> String {
    let desired = service.desired;
    desired.map_or_else(String::new, |tasks| {
        format!(", with {}", quantity::count(tasks as usize, "task"))
    })
}

fn replace(service: &PlannedService) -> String {
    let stop = service
        .stop_timeout
        .map(|timeout| format!(", each given {} to finish", quantity::duration(timeout)))
        .unwrap_or_default();
    let stop = format!("{}{stop}", with_tasks(service));
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
            quantity::duration(steps.bake)
        ),
        Strategy::Linear(steps) => format!(
            "shift the traffic in steps of {} %, {} apart",
            steps.percent,
            quantity::duration(steps.bake)
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
