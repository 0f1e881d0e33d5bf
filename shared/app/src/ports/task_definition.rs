//! Task definitions, as the port of services reads and registers them.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::id::TaskFamily;
use sluice_core::observation::PinnedSecret;
use sluice_core::task_definition::RevisionOrder;

/// What a plan needs to see of a service's task definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefinitionQuery {
    /// The family that infrastructure code owns, if there is one.
    pub base: Option<TaskFamily>,
    /// The variables and secrets that Sluice sets in the container: they are no difference.
    pub sets: BTreeSet<String>,
    /// Whether Sluice sets the stop timeout of the container, too.
    pub sets_stop_timeout: bool,
}

/// A task definition revision to be registered: the one it is made from, and what is changed.
/// Everything else (sidecars, logs, volumes, platform, tags) stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskDefinitionOrder {
    /// Made from what, where to, and in which container.
    pub revision: RevisionOrder,
    /// Its image, by digest.
    pub image: String,
    /// Plain variables to set; others stay, unless they are removed.
    pub variables: BTreeMap<String, String>,
    /// Secrets to set, pinned; others stay, unless they are removed.
    pub secrets: Vec<PinnedSecret>,
}
