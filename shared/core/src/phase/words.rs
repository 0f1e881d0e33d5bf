//! The phases as people read them.

use super::Phase;

/// By name: of a deployment that is at a glance only, the name is all there is.
const WORDS: [(&str, &str); 28] = [
    ("Queued", "queued"),
    ("Planning", "planning"),
    ("Rehearsing", "rehearsing the migration"),
    ("AwaitingApproval", "waiting for approval"),
    ("AwaitingWindow", "waiting for the environment to open"),
    ("BackingUp", "backing up the database"),
    ("Migrating", "migrating the database"),
    ("RollingOut", "starting the new version"),
    ("UpdatingWorkers", "replacing the workers"),
    ("Verifying", "running smoke tests"),
    ("Shifting", "shifting the traffic"),
    ("Baking", "baking"),
    ("CleaningUp", "shutting down the old version"),
    ("Succeeded", "succeeded"),
    ("Unverified", "live, unverified"),
    ("Superseded", "superseded"),
    ("Rejected", "rejected"),
    ("Expired", "expired"),
    ("Cancelled", "cancelled"),
    ("Failed", "failed"),
    ("AwaitingRestoreDecision", "waiting for a decision"),
    ("RolledForward", "rolled forward"),
    ("RollingBack", "rolling back"),
    ("RolledBack", "rolled back"),
    ("RollbackFailed", "rollback failed"),
    ("Restoring", "restoring the database"),
    ("Restored", "restored"),
    ("RestoreFailed", "restore failed"),
];

/// The phase of that name in words; a name that this version does not know stays as it is.
pub fn in_words(name: &str) -> &str {
    let found = WORDS.iter().find(|(known, _)| *known == name);
    found.map_or(name, |(_, words)| words)
}

impl Phase {
    /// The phase in words, as in `waiting for approval`.
    pub fn in_words(&self) -> &'static str {
        in_words(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::WORDS;

    #[test]
    fn every_name_has_words_of_its_own() {
        // The names are those that `Phase::name` lists.
        let listed = include_str!("../phase.rs");
        let (_, names) = listed.split_once("pub fn name(").unwrap();
        let (names, _) = names.split_once("pub fn is_terminal").unwrap();
        let names = names.lines().filter_map(|line| line.split('"').nth(1));
        let known: Vec<&str> = WORDS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.collect::<Vec<_>>(), known);
        let mut words: Vec<&str> = WORDS.iter().map(|(_, words)| *words).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), WORDS.len());
    }
}
