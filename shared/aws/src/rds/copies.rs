//! Copies, of either kind: whose they are, what RDS's words for their state mean, and names.

use aws_sdk_rds::types::Tag;
use sluice_app::ports::Target;
use sluice_core::config::Database;
use sluice_core::database::{CopyObservation, CopyOrder, CopyPurpose, CopyStatus, is_usable};
use sluice_core::failure::PortError;

use super::{
    DEPLOYMENT_TAG, PURPOSE_TAG, RETENTION_TAG, cluster_copies, deployment_of, instance_copies,
};
use crate::clients::ClientSet;

/// RDS's word for a database that is on its way out.
pub(super) const DELETING: &str = "deleting";

/// A copy of a deployment's: its name, and the tags by which it is known.
pub(super) struct OurCopy<'a> {
    pub(super) order: &'a CopyOrder,
    deployment: &'a str,
}

impl<'a> OurCopy<'a> {
    pub(super) fn new(target: &'a Target, order: &'a CopyOrder) -> Self {
        Self {
            order,
            deployment: target.deployment.as_str(),
        }
    }

    pub(super) fn name(&self) -> &'a str {
        self.order.copy.identifier()
    }

    pub(super) fn is_rehearsal(&self) -> bool {
        self.order.purpose == CopyPurpose::Rehearsal
    }

    /// Whether what has these tags is this copy.
    fn has(&self, tags: &[Tag]) -> bool {
        deployment_of(tags).as_deref() == Some(self.deployment)
            && purpose_of(tags) == Some(self.order.purpose.as_str())
    }

    /// An error unless what has its name and these tags is this copy.
    pub(super) fn recognise(&self, tags: &[Tag]) -> Result<(), PortError> {
        if self.has(tags) {
            return Ok(());
        }
        Err(PortError::needs_person(format!(
            "a database {} already exists, and {} did not create it for a {}: rename or remove \
             it, so that the copy can use the name",
            self.name(),
            self.deployment,
            self.order.purpose.as_str()
        )))
    }

    /// An error unless what has these tags is a rehearsal of this deployment: nothing else is ever
    /// deleted.
    pub(super) fn may_go(&self, name: &str, tags: &[Tag]) -> Result<(), PortError> {
        if self.is_rehearsal() && self.has(tags) {
            return Ok(());
        }
        Err(PortError::permanent(format!(
            "the database {name} is not a rehearsal of {}: it is not touched",
            self.deployment
        )))
    }

    /// What distinguishes it from everything else.
    pub(super) fn own_tags(&self) -> Vec<Tag> {
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        vec![
            tag(DEPLOYMENT_TAG, self.deployment),
            tag(PURPOSE_TAG, self.order.purpose.as_str()),
        ]
    }

    /// The source's tags with its own. AWS keeps those that begin with `aws:` to itself, and those
    /// of Sluice's on the source tell of a copy that the source once was.
    pub(super) fn tags(&self, source: &[Tag]) -> Vec<Tag> {
        let theirs = source.iter().filter(|tag| {
            let key = tag.key().unwrap_or_default();
            !key.starts_with("aws:") && ![DEPLOYMENT_TAG, PURPOSE_TAG, RETENTION_TAG].contains(&key)
        });
        theirs.cloned().chain(self.own_tags()).collect()
    }

    /// There is nothing to take the settings from.
    pub(super) fn without_source(&self) -> PortError {
        PortError::needs_person(format!(
            "there is no database {} from which the copy {} takes its settings",
            self.order.source.identifier(),
            self.name()
        ))
    }
}

fn purpose_of(tags: &[Tag]) -> Option<&str> {
    let tag = tags.iter().find(|tag| tag.key() == Some(PURPOSE_TAG))?;
    tag.value()
}

/// Whether RDS takes changes of a database in this state: not of every one that can be used.
pub(super) fn takes_changes(word: Option<&str>) -> bool {
    matches!(word, Some("available" | "storage-optimization"))
}

/// What RDS's word for the state of a copy means; `None` where it can be used, and what it lacks
/// decides.
pub(super) fn status(word: &str) -> Option<CopyStatus> {
    match word {
        usable if is_usable(usable) => None,
        "creating" => Some(CopyStatus::Creating(word.to_owned())),
        failed if is_failure(failed) => Some(CopyStatus::Failed(word.to_owned())),
        // Restored, and busy with what was requested in addition, such as a second zone.
        busy => Some(CopyStatus::Settling(busy.to_owned())),
    }
}

/// States that a copy does not leave by itself. The manual names more that begin alike than any
/// list would keep up with.
fn is_failure(word: &str) -> bool {
    matches!(
        word,
        "failed"
            | "restore-error"
            | "insufficient-capacity"
            | "storage-full"
            | "stopped"
            | "stopping"
            | DELETING
    ) || word.starts_with("incompatible-")
        || word.starts_with("inaccessible-")
}

/// What is left to do, in words: what differs from the source, or else `None`.
pub(super) fn settling(differs: &[&str]) -> Option<CopyStatus> {
    let what = format!("not yet like the source: {}", differs.join(", "));
    (!differs.is_empty()).then_some(CopyStatus::Settling(what))
}

/// RDS counts ports in `i32`.
pub(super) fn port(port: Option<i32>) -> Option<u16> {
    port.and_then(|port| u16::try_from(port).ok())
}

pub(super) async fn ensure(clients: &ClientSet, copy: &OurCopy<'_>) -> Result<(), PortError> {
    match &copy.order.copy {
        Database::Instance(_) => instance_copies::ensure(clients, copy).await,
        Database::Cluster(_) => cluster_copies::ensure(clients, copy).await,
    }
}

pub(super) async fn observe(
    clients: &ClientSet,
    copy: &OurCopy<'_>,
) -> Result<CopyObservation, PortError> {
    let status = match &copy.order.copy {
        Database::Instance(_) => instance_copies::observe(clients, copy).await?,
        Database::Cluster(_) => cluster_copies::observe(clients, copy).await?,
    };
    Ok(CopyObservation { status })
}

pub(super) async fn ensure_none(
    clients: &ClientSet,
    copy: &OurCopy<'_>,
) -> Result<bool, PortError> {
    match &copy.order.copy {
        Database::Instance(_) => instance_copies::ensure_none(clients, copy).await,
        Database::Cluster(_) => cluster_copies::ensure_none(clients, copy).await,
    }
}
