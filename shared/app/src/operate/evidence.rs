//! What there is to export of a time, for an auditor.

use futures::future::try_join_all;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::PortError;
use sluice_core::id::{AppName, DeploymentId};
use sluice_words::message::Message;
use sluice_words::operate::{Answer, Evidence, Outcome, said};

use super::Failed;
use super::command::{self, Command, Subject};
use crate::App;

/// The word of the command.
pub(super) const EVIDENCE: &str = "evidence";

/// Versions of a `sluice.toml` that are looked at: the newest.
const VERSIONS: usize = 500;

impl App {
    /// Lists what there is since a day, or of so many days, of one environment or of all.
    pub(super) async fn evidence(&self, command: &str) -> Result<Answer, Failed> {
        let made_at = self.ports.clock.now();
        let mut words = command.split_whitespace().skip(1);
        let since = words.next().and_then(|since| read(since, made_at));
        let Some(since) = since.filter(|since| *since <= made_at) else {
            return Ok(Answer::line(Outcome::NotUnderstood, said::NO_SINCE));
        };
        let environment = match words.collect::<Vec<_>>().join(" ") {
            all if all.is_empty() => None,
            one => match command::parse(&format!("show {one}"), &self.known(), made_at)? {
                Command::Show(Subject::In(key)) => Some(key),
                _ => return Err(Failed::NoDeployment(DeploymentId::from_outside(one))),
            },
        };
        let evidence = Evidence {
            since,
            made_at,
            deployments: self.requested_since(since, environment.as_ref()).await?,
            versions: self.live_since(since, environment.as_ref()).await?,
            environment,
        };
        let (deployments, versions) = (evidence.deployments.len(), evidence.versions.len());
        let said = said::exported(deployments, versions, since);
        Ok(Answer {
            evidence: Some(Box::new(evidence)),
            ..Answer::new(Outcome::Done, Message::line(said))
        })
    }

    async fn requested_since(
        &self,
        since: Timestamp,
        only: Option<&EnvironmentKey>,
    ) -> Result<Vec<DeploymentId>, PortError> {
        let keys: Vec<EnvironmentKey> = match only {
            Some(key) => vec![key.clone()],
            None => self.known().into_iter().map(|known| known.key).collect(),
        };
        let each = keys
            .iter()
            .map(|key| self.ports.store.deployments_since(key, since));
        let mut all: Vec<_> = try_join_all(each).await?.into_iter().flatten().collect();
        all.sort_by(|a, b| (a.requested_at, &a.id).cmp(&(b.requested_at, &b.id)));
        Ok(all.into_iter().map(|summary| summary.id).collect())
    }

    /// The versions that became live in the time, and the one that was live when it began.
    async fn live_since(
        &self,
        since: Timestamp,
        only: Option<&EnvironmentKey>,
    ) -> Result<Vec<(AppName, u32)>, PortError> {
        let mut all = Vec::new();
        for config in self.configs.iter() {
            if only.is_some_and(|only| only.app != config.app) {
                continue;
            }
            let versions = self
                .ports
                .configurations
                .versions(&config.app, VERSIONS)
                .await?;
            let in_time = versions.iter().take_while(|version| version.at >= since);
            let in_time = in_time.count();
            let before = versions.get(in_time).map_or(0, |version| version.number);
            let numbers = versions[..in_time].iter().map(|version| version.number);
            let numbers = std::iter::once(before).chain(numbers.rev());
            all.extend(numbers.map(|number| (config.app.clone(), number)));
        }
        Ok(all)
    }
}

/// A day, UTC, or so many days.
fn read(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(days) = text.strip_suffix('d') {
        let days: u16 = days.parse().ok()?;
        return now
            .checked_sub(SignedDuration::from_hours(24 * i64::from(days)))
            .ok();
    }
    let day: Date = text.parse().ok()?;
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
