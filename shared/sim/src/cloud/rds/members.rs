//! The members of a cluster: instances of its own, which have names and classes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sluice_core::config::Database;
use sluice_core::failure::PortError;
use sluice_core::id::AccountId;

use super::settings::of_server;
use super::{DatabaseSettings, Instance};
use crate::cloud::Cloud;
use crate::cloud::agenda::Due;
use crate::cloud::place::Place;

/// A member of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseMember {
    /// Its identifier.
    pub identifier: String,
    /// RDS's word for its state.
    pub status: String,
    /// Whether it is the one that takes writes: the first.
    pub writes: bool,
    /// How it is set up.
    pub settings: DatabaseSettings,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// CreateDBInstance in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberOrder {
    /// The cluster's identifier.
    pub cluster: String,
    /// Its own identifier.
    pub identifier: String,
    /// How it is to be set up.
    pub settings: DatabaseSettings,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// One that is gone keeps its place in the list.
const GONE: &str = "deleted";

impl DatabaseMember {
    fn is_there(&self) -> bool {
        self.status != GONE
    }
}

/// A writer and a reader.
pub(super) fn furnished(database: &Database, account: &AccountId) -> Vec<DatabaseMember> {
    let Database::Cluster(cluster) = database else {
        return Vec::new();
    };
    let member = |(number, class): (u8, &str)| {
        let mut settings = of_server(account);
        settings.insert("DBInstanceClass".to_owned(), class.to_owned());
        settings.insert("DBParameterGroupName".to_owned(), "erp-aurora16".to_owned());
        settings.insert("PromotionTier".to_owned(), number.to_string());
        DatabaseMember {
            identifier: format!("{cluster}-{}", number + 1),
            status: "available".to_owned(),
            writes: number == 0,
            settings,
            tags: BTreeMap::new(),
        }
    };
    [(0, "db.r7g.large"), (1, "db.serverless")]
        .map(member)
        .into()
}

impl Instance {
    fn member(&mut self, identifier: &str) -> Option<&mut DatabaseMember> {
        let mut members = self.members.iter_mut();
        members.find(|member| member.is_there() && member.identifier == identifier)
    }

    /// Those that are there.
    pub(in crate::cloud) fn living_members(&self) -> impl Iterator<Item = &DatabaseMember> {
        self.members.iter().filter(|member| member.is_there())
    }
}

impl Cloud {
    /// CreateDBInstance in a cluster.
    ///
    /// # Errors
    ///
    /// Permanent if there is no such cluster, or a member of that name in it; retryable while the
    /// cluster is not `available`.
    pub fn order_member(&mut self, place: &Place, order: &MemberOrder) -> Result<(), PortError> {
        let at = self.instance_or_refuse(place, &Database::Cluster(order.cluster.clone()))?;
        let cluster = &mut self.databases[at];
        if cluster.member(&order.identifier).is_some() {
            return Err(PortError::permanent(format!(
                "DBInstanceAlreadyExists: there is an instance `{}`",
                order.identifier
            )));
        }
        if cluster.status != "available" {
            return Err(PortError::retryable(format!(
                "InvalidDBClusterStateFault: `{}` is `{}`",
                order.cluster, cluster.status
            )));
        }
        let writes = cluster.living_members().next().is_none();
        cluster.members.push(DatabaseMember {
            identifier: order.identifier.clone(),
            status: "creating".to_owned(),
            writes,
            settings: order.settings.clone(),
            tags: order.tags.clone(),
        });
        let ready = self.now + self.tempo.restore;
        self.plan_member(ready, at, &order.identifier);
        Ok(())
    }

    /// DeleteDBInstance of a member.
    ///
    /// # Errors
    ///
    /// Permanent if there is no such member.
    pub fn order_no_member(&mut self, place: &Place, identifier: &str) -> Result<(), PortError> {
        let mut all = self.databases.iter();
        let at = all.position(|one| {
            one.is_there()
                && *one.place == *place
                && one
                    .living_members()
                    .any(|member| member.identifier == identifier)
        });
        let Some(at) = at else {
            return Err(PortError::permanent(format!(
                "DBInstanceNotFound: there is no instance `{identifier}`"
            )));
        };
        if let Some(member) = self.databases[at].member(identifier) {
            member.status = "deleting".to_owned();
        }
        let gone = self.now + self.tempo.deletion;
        self.plan_member(gone, at, identifier);
        Ok(())
    }

    fn plan_member(&mut self, at: Timestamp, database: usize, identifier: &str) {
        let mut members = self.databases[database].members.iter();
        let member =
            members.position(|member| member.is_there() && member.identifier == identifier);
        if let Some(member) = member {
            self.agenda.plan(at, Due::MemberMoves { database, member });
        }
    }

    /// What was being made is there; what was being deleted is gone, and its place stays empty.
    pub(in crate::cloud) fn member_moves(&mut self, database: usize, member: usize) {
        let member = &mut self.databases[database].members[member];
        member.status = match member.status.as_str() {
            "deleting" => GONE,
            _ => "available",
        }
        .to_owned();
    }
}
