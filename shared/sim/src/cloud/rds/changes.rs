//! What becomes of a database that is there: it is modified, renamed, deleted. All of it takes
//! time.

use sluice_core::config::Database;
use sluice_core::failure::PortError;

use super::{DatabaseSettings, OUR_TAG, PURPOSE_TAG, Sight, called};
use crate::cloud::Cloud;
use crate::cloud::agenda::Due;
use crate::cloud::ledger::Happened;
use crate::cloud::place::Place;

impl Cloud {
    /// ModifyDBInstance or ModifyDBCluster, at once, of anything but the name.
    ///
    /// # Errors
    ///
    /// Permanent if there is no such database; retryable while it is not `available`.
    pub fn order_changes(
        &mut self,
        place: &Place,
        database: &Database,
        changes: &DatabaseSettings,
    ) -> Result<(), PortError> {
        let at = self.available(place, database)?;
        let instance = &mut self.databases[at];
        instance.status = "modifying".to_owned();
        instance.modified = changes.clone();
        let due = Due::ModificationEnds { database: at };
        self.agenda.plan(self.now + self.tempo.modification, due);
        Ok(())
    }

    pub(in crate::cloud) fn modification_ends(&mut self, at: usize) {
        let instance = &mut self.databases[at];
        let modified = std::mem::take(&mut instance.modified);
        instance.settings.extend(modified);
        if instance.status == "modifying" {
            instance.status = "available".to_owned();
        }
    }

    /// The same with a new name: the old one is there for half of the time it takes, and then for
    /// the other half neither is.
    ///
    /// # Errors
    ///
    /// Permanent if there is no such database, or one has the new name already; retryable while it
    /// is not `available`.
    pub fn order_rename(
        &mut self,
        place: &Place,
        database: &Database,
        to: &str,
    ) -> Result<(), PortError> {
        let to = called(database, to);
        self.refuse_taken_name(place, &to)?;
        let at = self.available(place, database)?;
        let instance = &mut self.databases[at];
        instance.status = "renaming".to_owned();
        instance.becomes = Some(to);
        self.plan_rename(at);
        Ok(())
    }

    /// The same beside other changes: they are there with the name.
    ///
    /// # Errors
    ///
    /// As of a rename alone.
    pub fn order_rename_and_changes(
        &mut self,
        place: &Place,
        database: &Database,
        to: &str,
        changes: &DatabaseSettings,
    ) -> Result<(), PortError> {
        let at = self.available(place, database)?;
        self.order_rename(place, database, to)?;
        self.databases[at].modified = changes.clone();
        Ok(())
    }

    fn plan_rename(&mut self, at: usize) {
        let due = Due::RenameMoves { database: at };
        self.agenda.plan(self.now + self.tempo.rename / 2, due);
    }

    pub(in crate::cloud) fn rename_moves(&mut self, at: usize) {
        let instance = &mut self.databases[at];
        match instance.sight {
            Sight::Named => {
                instance.sight = Sight::Nameless;
                self.plan_rename(at);
            }
            Sight::Nameless => {
                instance.sight = Sight::Named;
                instance.status = "available".to_owned();
                let modified = std::mem::take(&mut instance.modified);
                instance.settings.extend(modified);
                let from = instance.identifier().to_owned();
                if let Some(to) = instance.becomes.take() {
                    instance.database = to;
                }
                let what = Happened::DatabaseRenamed {
                    account: instance.place.account.clone(),
                    from,
                    to: instance.identifier().to_owned(),
                    resource_id: instance.resource_id.clone(),
                };
                self.note(what);
            }
            Sight::Gone => return,
        }
        self.connect();
    }

    /// DeleteDBInstance or DeleteDBCluster, without a last snapshot; its automated backups go too.
    ///
    /// # Errors
    ///
    /// Permanent if there is no such database, if it is protected from deletion, or if it is a
    /// cluster with members; retryable while it is being renamed or deleted.
    pub fn order_no_database(
        &mut self,
        place: &Place,
        database: &Database,
    ) -> Result<(), PortError> {
        let at = self.instance_or_refuse(place, database)?;
        let instance = &mut self.databases[at];
        let name = instance.identifier().to_owned();
        if matches!(instance.status.as_str(), "renaming" | "deleting") {
            return Err(busy(&name, &instance.status));
        }
        let protection = instance.settings.get("DeletionProtection");
        if protection.is_some_and(|on| on == "true") {
            return Err(PortError::permanent(format!(
                "InvalidParameterCombination: `{name}` is protected from deletion"
            )));
        }
        if instance.living_members().next().is_some() {
            return Err(PortError::permanent(format!(
                "InvalidDBClusterStateFault: the cluster `{name}` still has instances"
            )));
        }
        instance.status = "deleting".to_owned();
        let due = Due::DatabaseGoes { database: at };
        self.agenda.plan(self.now + self.tempo.deletion, due);
        Ok(())
    }

    pub(in crate::cloud) fn database_goes(&mut self, at: usize) {
        self.remove_database(at, true);
    }

    /// Somebody deletes a database in the console. Nothing keeps them from it.
    pub fn delete_database_by_hand(&mut self, identifier: &str) {
        self.delete_named(identifier, false);
    }

    /// Sluice deletes a database, as it never does: for a bug that is planted.
    pub fn delete_database_as_asked(&mut self, identifier: &str) {
        self.delete_named(identifier, true);
    }

    fn delete_named(&mut self, identifier: &str, asked: bool) {
        let mut all = self.databases.iter();
        let at = all.position(|one| one.is_named() && one.identifier() == identifier);
        if let Some(at) = at {
            self.remove_database(at, asked);
        }
    }

    pub(super) fn remove_database(&mut self, at: usize, asked: bool) {
        let instance = &mut self.databases[at];
        instance.sight = Sight::Gone;
        let what = Happened::DatabaseGone {
            account: instance.place.account.clone(),
            database: instance.identifier().to_owned(),
            resource_id: instance.resource_id.clone(),
            deployment: instance.tags.get(OUR_TAG).cloned(),
            purpose: instance.tags.get(PURPOSE_TAG).cloned(),
            asked,
        };
        self.note(what);
        self.connect();
    }

    fn available(&self, place: &Place, database: &Database) -> Result<usize, PortError> {
        let at = self.instance_or_refuse(place, database)?;
        match self.databases[at].status.as_str() {
            "available" => Ok(at),
            status => Err(busy(database.identifier(), status)),
        }
    }
}

fn busy(name: &str, status: &str) -> PortError {
    PortError::retryable(format!("InvalidDBInstanceState: `{name}` is `{status}`"))
}
