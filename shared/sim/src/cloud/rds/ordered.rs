//! Copies as Sluice orders them: which of RDS's requests its ports make next.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_app::ports::Target;
use sluice_core::config::Database;
use sluice_core::database::{CopyObservation, CopyOrder, CopyPurpose, CopyStatus, RestorePoint};
use sluice_core::failure::PortError;

use super::settings::{of_copy, settled_later};
use super::{
    DatabaseMember, DatabaseRestore, DatabaseSettings, Instance, MemberOrder, OUR_TAG, PURPOSE_TAG,
};
use crate::cloud::place::Place;
use crate::cloud::{Cloud, Operation};

/// What is to be asked of RDS next for a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cloud) enum NextForCopy {
    /// It is restored.
    Restore(DatabaseRestore),
    /// A cluster gets a member.
    Member(MemberOrder),
    /// What a restore does not carry over.
    Changes(DatabaseSettings),
    /// Everything is as it is to be, or something is under way.
    Nothing,
}

impl NextForCopy {
    /// AWS's name for the request; none where none is made.
    pub(in crate::cloud) fn operation(&self, copy: &Database) -> Option<Operation> {
        let is_cluster = matches!(copy, Database::Cluster(_));
        Some(match self {
            Self::Restore(restore) => match (&restore.from, is_cluster) {
                (RestorePoint::Snapshot(_), false) => Operation::RestoreDbInstanceFromDbSnapshot,
                (RestorePoint::Time(_), false) => Operation::RestoreDbInstanceToPointInTime,
                (RestorePoint::Snapshot(_), true) => Operation::RestoreDbClusterFromSnapshot,
                (RestorePoint::Time(_), true) => Operation::RestoreDbClusterToPointInTime,
            },
            Self::Member(_) => Operation::CreateDbInstance,
            Self::Changes(_) if is_cluster => Operation::ModifyDbCluster,
            Self::Changes(_) => Operation::ModifyDbInstance,
            Self::Nothing => return None,
        })
    }
}

/// What is left of a copy that is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cloud) enum CopyRemains {
    /// Members of a cluster, which go first; none where they are all being deleted.
    Members(Vec<String>),
    /// An instance, or a cluster without members.
    Database,
    /// It is being deleted.
    Going,
}

/// The describing request of the kind.
pub(in crate::cloud) fn describing(database: &Database) -> Operation {
    match database {
        Database::Instance(_) => Operation::DescribeDbInstances,
        Database::Cluster(_) => Operation::DescribeDbClusters,
    }
}

fn is_failure(status: &str) -> bool {
    matches!(
        status,
        "failed" | "deleting" | "restore-error" | "storage-full"
    ) || status.starts_with("incompatible-")
        || status.starts_with("inaccessible-")
}

/// The members that a copy is to have, in the order of their numbers.
fn wanted_members<'a>(source: &'a Instance, order: &CopyOrder) -> Vec<&'a DatabaseMember> {
    let mut members: Vec<_> = source.living_members().collect();
    members.sort_by_key(|member| !member.writes);
    if order.purpose == CopyPurpose::Rehearsal {
        members.truncate(1);
    }
    members
}

fn tags(target: &Target, order: &CopyOrder) -> BTreeMap<String, String> {
    BTreeMap::from([
        (OUR_TAG.to_owned(), target.deployment.to_string()),
        (PURPOSE_TAG.to_owned(), order.purpose.as_str().to_owned()),
    ])
}

impl Cloud {
    fn source(&self, place: &Place, order: &CopyOrder) -> Result<&Instance, PortError> {
        self.seen_database(place, &order.source).ok_or_else(|| {
            PortError::needs_person(format!(
                "there is no database `{}` from which the copy `{}` takes its settings",
                order.source.identifier(),
                order.copy.identifier()
            ))
        })
    }

    /// The copy, if one is there; an error if it is somebody else's.
    fn our_copy(
        &self,
        place: &Place,
        target: &Target,
        order: &CopyOrder,
    ) -> Result<Option<&Instance>, PortError> {
        let Some(there) = self.seen_database(place, &order.copy) else {
            return Ok(None);
        };
        if !self.shows_tags(there.created_at) {
            return Err(PortError::retryable(format!(
                "the tags of `{}` are not to be seen yet",
                order.copy.identifier()
            )));
        }
        if there.is_copy(target, order) {
            return Ok(Some(there));
        }
        Err(PortError::needs_person(format!(
            "a database `{}` already exists, and {} did not create it for a {}: rename or remove it, so \
             that the copy can use the name",
            order.copy.identifier(),
            target.deployment,
            order.purpose.as_str()
        )))
    }

    /// What `ensure_copy` asks of RDS.
    pub(in crate::cloud) fn next_for_copy(
        &self,
        place: &Arc<Place>,
        target: &Target,
        order: &CopyOrder,
    ) -> Result<NextForCopy, PortError> {
        let there = self.our_copy(place, target, order)?;
        let source = self.source(place, order)?;
        let Some(copy) = there else {
            return Ok(NextForCopy::Restore(restore(source, target, order)));
        };
        if copy.status != "available" {
            return Ok(NextForCopy::Nothing);
        }
        for (number, member) in wanted_members(source, order).into_iter().enumerate() {
            let identifier = format!("{}-{}", order.copy.identifier(), number + 1);
            if !copy
                .living_members()
                .any(|one| one.identifier == identifier)
            {
                return Ok(NextForCopy::Member(MemberOrder {
                    cluster: order.copy.identifier().to_owned(),
                    identifier,
                    settings: member.settings.clone(),
                    tags: tags(target, order),
                }));
            }
        }
        let missing = copy.lacks(source, order);
        Ok(if missing.is_empty() {
            NextForCopy::Nothing
        } else {
            NextForCopy::Changes(missing)
        })
    }

    /// Asks it.
    pub(in crate::cloud) fn do_for_copy(
        &mut self,
        place: &Arc<Place>,
        copy: &Database,
        next: &NextForCopy,
    ) -> Result<(), PortError> {
        match next {
            NextForCopy::Restore(restore) => self.order_restore(place, restore),
            NextForCopy::Member(member) => self.order_member(place, member),
            NextForCopy::Changes(changes) => self.order_changes(place, copy, changes),
            NextForCopy::Nothing => Ok(()),
        }
    }

    /// What `copy` sees.
    pub(in crate::cloud) fn describe_copy(
        &self,
        place: &Place,
        target: &Target,
        order: &CopyOrder,
    ) -> Result<CopyObservation, PortError> {
        let Some(copy) = self.our_copy(place, target, order)? else {
            let status = CopyStatus::Absent;
            return Ok(CopyObservation { status });
        };
        let status = match copy.status.as_str() {
            "creating" => CopyStatus::Creating(copy.status.clone()),
            failed if is_failure(failed) => CopyStatus::Failed(copy.status.clone()),
            "available" => self.available_copy(copy, self.source(place, order)?, order),
            _ => CopyStatus::Settling(copy.status.clone()),
        };
        Ok(CopyObservation { status })
    }

    fn available_copy(&self, copy: &Instance, source: &Instance, order: &CopyOrder) -> CopyStatus {
        let wanted = wanted_members(source, order).len();
        let ready = copy.living_members();
        let ready = ready.filter(|member| member.status == "available").count();
        if ready < wanted {
            return CopyStatus::Settling(format!("{ready} of {wanted} members are available"));
        }
        let missing = copy.lacks(source, order);
        if !missing.is_empty() {
            let names: Vec<_> = missing.into_keys().collect();
            return CopyStatus::Settling(format!("not yet like the source: {}", names.join(", ")));
        }
        CopyStatus::Available {
            endpoint: copy.endpoint(),
            port: 5432,
            resource_id: copy.resource_id.clone(),
        }
    }

    /// Whether `ensure_renamed` has to ask RDS for it.
    pub(in crate::cloud) fn is_to_be_renamed(
        &self,
        place: &Place,
        from: &Database,
        resource_id: &str,
        to: &Database,
    ) -> Result<bool, PortError> {
        let named = |name| self.seen_database(place, name);
        let wrong = |name: &Database| {
            PortError::needs_person(format!(
                "the database `{}` is not {resource_id}: someone renamed or created it. Check which \
                 database should have which name, and rename them manually",
                name.identifier()
            ))
        };
        match (named(from), named(to)) {
            (_, Some(there)) if there.resource_id != resource_id => Err(wrong(to)),
            (_, Some(_)) => Ok(false),
            (Some(there), None) if there.resource_id != resource_id => Err(wrong(from)),
            (Some(there), None) => Ok(there.status != "renaming"),
            (None, None) => Err(PortError::retryable(format!(
                "neither `{}` nor `{}` is there: a rename takes a minute",
                from.identifier(),
                to.identifier()
            ))),
        }
    }

    /// What `ensure_no_copy` has to delete: the copy or its members; `None` once it is gone.
    pub(in crate::cloud) fn copy_to_delete(
        &self,
        place: &Place,
        target: &Target,
        order: &CopyOrder,
    ) -> Result<Option<CopyRemains>, PortError> {
        let Some(copy) = self.seen_database(place, &order.copy) else {
            return Ok(None);
        };
        if !self.shows_tags(copy.created_at) {
            return Ok(Some(CopyRemains::Going));
        }
        if order.purpose != CopyPurpose::Rehearsal || !copy.is_copy(target, order) {
            return Err(PortError::permanent(format!(
                "the database `{}` is not a rehearsal of {}: it is not touched",
                order.copy.identifier(),
                target.deployment
            )));
        }
        let members: Vec<_> = copy.living_members().collect();
        let leaving = |member: &&&DatabaseMember| member.status != "deleting";
        Ok(Some(if copy.status == "deleting" {
            CopyRemains::Going
        } else if members.is_empty() {
            CopyRemains::Database
        } else {
            let staying = members.iter().filter(leaving);
            CopyRemains::Members(staying.map(|member| member.identifier.clone()).collect())
        }))
    }
}

impl Instance {
    fn is_copy(&self, target: &Target, order: &CopyOrder) -> bool {
        self.is_of_deployment(&target.deployment)
            && self.tags.get(PURPOSE_TAG).map(String::as_str) == Some(order.purpose.as_str())
    }

    /// What is not as the source has it, of what a restore does not carry over.
    fn lacks(&self, source: &Instance, order: &CopyOrder) -> DatabaseSettings {
        let wanted = of_copy(&source.settings, &order.source, order.purpose);
        let later = settled_later(&order.source).iter();
        let wanted = later.filter_map(|name| wanted.get_key_value(*name));
        wanted
            .filter(|(name, value)| self.settings.get(*name) != Some(value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

fn restore(source: &Instance, target: &Target, order: &CopyOrder) -> DatabaseRestore {
    let mut all = source.tags.clone();
    all.extend(tags(target, order));
    let mut settings = of_copy(&source.settings, &order.source, order.purpose);
    for later in settled_later(&order.source) {
        settings.remove(*later);
    }
    DatabaseRestore {
        copy: order.copy.clone(),
        source: Some(order.source.clone()),
        from: order.from.clone(),
        settings,
        tags: all,
    }
}
