//! Bringing the database back on request: to which point, with which code, and how far it is.
//!
//! RDS restores nothing in place. A copy is made beside the database, as it was at that point; then
//! the two change names, so that whoever knows the name finds the copy. The old database is kept,
//! and so is whatever was written to it since: Sluice deletes neither.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::{Database, Settings};
use crate::database::{CopyStatus, RestorePoint, is_usable};
use crate::failure::Cause;
use crate::id::{
    DeploymentId, EnvironmentName, ImageTag, ServiceName, SnapshotId, TaskDefinitionArn,
};
use crate::observation::PinnedSecret;
use crate::release::VerifiedRelease;
use crate::rollback;

/// The most characters RDS lets an identifier have.
const IDENTIFIER_CHARS: usize = 63;

/// Of a deployment's id, enough to tell one restore's databases from another's.
const TAIL_CHARS: usize = 8;

/// What RDS needs for any copy, however small: the instance, its volumes, its settings.
const COPY_BASE_MINS: i64 = 15;

/// Replaying the log from the last daily backup to the moment that is wanted.
const REPLAY_MINS: i64 = 10;

/// Stopping, two renames of a minute or two each, and starting again.
const AROUND_MINS: i64 = 10;

/// Big databases take longer to be made, although RDS fetches most of their blocks afterwards.
const GIB_PER_MIN: u32 = 20;

/// What a restore brings back, as it was when somebody asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    /// The database.
    pub database: Database,
    /// What it holds afterwards.
    pub point: RestorePoint,
    /// The moment of that: what was written later is lost.
    pub until: Timestamp,
    /// The deployment whose migration is undone, and with it every later one.
    pub before: DeploymentId,
    /// That deployment's release.
    pub undoes: ImageTag,
    /// The release that was verified last at that moment: its code fits.
    pub to: VerifiedRelease,
    /// The release that was verified last when this was asked for, if any.
    pub from: Option<ImageTag>,
    /// Why, in the words of the one who asked.
    pub reason: String,
    /// The task definition revision that each service had in the deployment that proved `to`.
    pub revisions: BTreeMap<ServiceName, TaskDefinitionArn>,
    /// The secrets that it had, at their versions. Places, never values.
    pub secrets: Vec<PinnedSecret>,
    /// How many tasks a service is to have that an earlier restore stopped and could not start.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tasks: BTreeMap<ServiceName, u32>,
}

/// How far a restore is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum RestoreStep {
    /// Every service goes to no tasks, so that nobody writes what would be lost.
    Stopping {
        /// The services as they were seen last; `None` before the first look.
        tasks: Option<BTreeMap<ServiceName, Tasks>>,
    },
    /// RDS makes the copy beside the database.
    Copying {
        /// The services as they were seen last.
        tasks: BTreeMap<ServiceName, Tasks>,
        /// Whether RDS has taken the request.
        asked: bool,
        /// The copy as it was seen last; `None` before the first look.
        copy: Option<CopyStatus>,
    },
    /// The database gives up its name.
    SettingAside {
        /// The copy's resource id.
        copy: String,
        /// Who has which name, as it was seen last.
        found: BTreeMap<String, Found>,
        /// Whether RDS has taken the request.
        asked: bool,
    },
    /// The copy takes the name.
    TakingItsPlace {
        /// The copy's resource id.
        copy: String,
        /// Who has which name, as it was seen last.
        found: BTreeMap<String, Found>,
    },
    /// Every service comes up with the code that fits: web and workers, then singletons.
    Starting {
        /// How far each is.
        services: BTreeMap<ServiceName, Start>,
    },
    /// What users see is asked for.
    Checking {
        /// Failed rounds so far.
        failed_rounds: u8,
        /// No round before this.
        not_before: Timestamp,
    },
    /// The database was left as it is, and every service comes up again as it was.
    StartingAgain {
        /// Why it is not restored.
        cause: Cause,
        /// The services as they were seen last; `None` before the first look.
        tasks: Option<BTreeMap<ServiceName, Tasks>>,
        /// Those that ECS does not start, and why.
        stuck: BTreeMap<ServiceName, String>,
    },
}

/// The tasks of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tasks {
    /// Wanted.
    pub desired: u32,
    /// Running.
    pub running: u32,
}

impl Tasks {
    /// Whether there is none, and none will come.
    pub fn is_none(self) -> bool {
        self.desired == 0 && self.running == 0
    }
}

/// Who has a database's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// `DbiResourceId` or `DbClusterResourceId`, if RDS says so.
    pub resource_id: Option<String>,
    /// RDS's word for its state.
    pub status: String,
}

impl Found {
    /// Whether this is it, and it can be used. A rename that RDS refuses meanwhile is asked for
    /// again.
    pub fn is_ready(&self, resource_id: &str) -> bool {
        self.is(resource_id) && is_usable(&self.status)
    }

    /// Whether this is it.
    pub fn is(&self, resource_id: &str) -> bool {
        self.resource_id.as_deref() == Some(resource_id)
    }
}

/// How far a service is on its way up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// ECS is to be asked.
    Waiting,
    /// ECS has taken the request.
    Asked,
    /// It is up.
    Up,
    /// It is not, and Sluice knows no further way.
    Stuck(String),
}

impl Start {
    /// Whether there is nothing more to do about it.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Up | Self::Stuck(_) => true,
            Self::Waiting | Self::Asked => false,
        }
    }
}

/// How things stand after a restore that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stands {
    /// On the old database, and every service runs as it did.
    AsBefore,
    /// On the old database, and these services do not run as they did.
    NotStarted(BTreeMap<ServiceName, String>),
    /// Between the names, with every service stopped: who has which name, as it was seen last.
    BetweenNames {
        /// The copy's resource id.
        copy: String,
        /// Who has which name.
        found: BTreeMap<String, Found>,
    },
    /// On the restored database. These services are not up; where there are none, users do not see
    /// what they should.
    InPlace(BTreeMap<ServiceName, String>),
}

/// A point as people choose it: by the deployment before whose migration it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PointReference {
    /// The moment right before its migration.
    Moment(DeploymentId),
    /// The snapshot that it took.
    Snapshot(DeploymentId),
}

impl PointReference {
    const MOMENT: &str = "moment:";
    const SNAPSHOT: &str = "snapshot:";

    /// Takes what [`Display`](fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let id = |text: &str| DeploymentId::from_outside(text);
        text.strip_prefix(Self::MOMENT)
            .map(|of| Self::Moment(id(of)))
            .or_else(|| Some(Self::Snapshot(id(text.strip_prefix(Self::SNAPSHOT)?))))
    }

    /// The deployment before whose migration it is.
    pub fn deployment(&self) -> &DeploymentId {
        match self {
            Self::Moment(of) | Self::Snapshot(of) => of,
        }
    }
}

impl fmt::Display for PointReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moment(of) => write!(f, "{}{of}", Self::MOMENT),
            Self::Snapshot(of) => write!(f, "{}{of}", Self::SNAPSHOT),
        }
    }
}

/// The snapshot that a deployment takes.
pub fn snapshot_of(environment: &EnvironmentName, deployment: &DeploymentId) -> SnapshotId {
    SnapshotId::new(format!("sluice-{environment}-{deployment}"))
}

/// The deployment that took a snapshot; `None` if its name is none of Sluice's in the environment.
pub fn taken_by(environment: &EnvironmentName, snapshot: &SnapshotId) -> Option<DeploymentId> {
    let prefix = format!("sluice-{environment}-");
    let id = snapshot.as_str().strip_prefix(&prefix)?;
    id.starts_with("dep-")
        .then(|| DeploymentId::from_outside(id))
}

/// How long the application stands still, by the size of its database: an estimate from experience.
/// RDS says nothing of it beforehand.
pub fn estimate(storage_gib: u32, point: &RestorePoint) -> SignedDuration {
    let replay = match point {
        RestorePoint::Snapshot(_) => 0,
        RestorePoint::Time(_) => REPLAY_MINS,
    };
    let size = i64::from(storage_gib / GIB_PER_MIN);
    SignedDuration::from_mins(COPY_BASE_MINS + AROUND_MINS + replay + size)
}

/// The names of a restore's databases: the copy's, until it takes its place, and the old one's after
/// that. Made from the deployment's id, so that they are the same every time.
pub fn names(database: &Database, deployment: &DeploymentId) -> (Database, Database) {
    let id = deployment.as_str();
    let tail = &id[id.len().saturating_sub(TAIL_CHARS)..];
    let named = |what: &str| {
        let suffix = format!("-{what}-{tail}");
        let kept = IDENTIFIER_CHARS - suffix.len();
        let base: String = database.identifier().chars().take(kept).collect();
        // Two hyphens in a row are no name to RDS.
        let name = format!("{}{suffix}", base.trim_end_matches('-'));
        match database {
            Database::Instance(_) => Database::Instance(name),
            Database::Cluster(_) => Database::Cluster(name),
        }
    };
    (named("restored"), named("before"))
}

/// What a restore is carried out with: the environment as it is `now`, of the application what the
/// release that fits was deployed with `then`, and whoever else writes to the database now.
///
/// - Asked is whoever the environment's `restore` names, if it names anybody.
/// - Nothing is migrated, scanned or baked: it ran here before.
/// - Services that were added since are in it, since they must stop. They have no revision to come
///   back to, and stay stopped.
pub fn settings(now: &Settings, then: &Settings) -> Settings {
    let mut settings = rollback::settings(now, then);
    for service in &now.services {
        if settings.service(&service.name).is_none() {
            settings.services.push(service.clone());
        }
    }
    let environment = &mut settings.environment;
    environment.approval.clone_from(&now.environment.restore);
    environment.backup.clone_from(&now.environment.backup);
    settings
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{estimate, names, snapshot_of, taken_by};
    use crate::config::Database;
    use crate::database::RestorePoint;
    use crate::id::{DeploymentId, EnvironmentName, SnapshotId};

    #[test]
    fn a_snapshot_says_who_took_it() {
        let production = EnvironmentName::new("production");
        let id = DeploymentId::from_outside("dep-0123456789abcdef");
        let snapshot = snapshot_of(&production, &id);
        assert_eq!(snapshot.as_str(), "sluice-production-dep-0123456789abcdef");
        assert_eq!(taken_by(&production, &snapshot), Some(id));
        for foreign in [
            "rds:erp-2026-01-05",
            "sluice-staging-dep-1",
            "sluice-production-x",
        ] {
            assert_eq!(taken_by(&production, &SnapshotId::new(foreign)), None);
        }
    }

    #[test]
    fn the_names_are_names_to_rds() {
        let id = DeploymentId::from_outside("dep-0123456789abcdef");
        let (copy, aside) = names(&Database::Instance("erp-production".to_owned()), &id);
        assert_eq!(copy.identifier(), "erp-production-restored-89abcdef");
        assert_eq!(aside.identifier(), "erp-production-before-89abcdef");
        let long = format!("{}-{}", "a".repeat(44), "b".repeat(18));
        let (copy, _) = names(&Database::Cluster(long), &id);
        assert!(matches!(copy, Database::Cluster(_)));
        assert_eq!(
            copy.identifier(),
            format!("{}-restored-89abcdef", "a".repeat(44))
        );
        assert!(copy.identifier().len() <= 63);
    }

    #[test]
    fn a_bigger_database_and_a_moment_take_longer() {
        let snapshot = RestorePoint::Snapshot(SnapshotId::new("s"));
        let moment = RestorePoint::Time("2026-01-05T14:03:00Z".parse().unwrap());
        assert_eq!(estimate(100, &snapshot), SignedDuration::from_mins(30));
        assert_eq!(estimate(100, &moment), SignedDuration::from_mins(40));
        assert!(estimate(2_000, &moment) > SignedDuration::from_hours(2));
    }
}
