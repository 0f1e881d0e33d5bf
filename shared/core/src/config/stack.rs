//! The CloudFormation stack of an environment, changed before the release.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::RiskRule;
use crate::migration::Waiver;
use crate::stack::{COMMIT, StackRisk};

/// The stack that a deployment changes before it changes anything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Where its template is, in S3: `{commit}` stands for the release's commit. `None` leaves the
    /// template that the stack has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Parameters with their values; those that are not here keep theirs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Changes that somebody answers for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<WaivedChange>,
    /// What becomes of a plan that replaces or removes something nobody answers for.
    pub rules: BTreeMap<StackRisk, RiskRule>,
}

impl Stack {
    /// The template's address for a release of that commit. `Err` if it needs a commit and there is
    /// none.
    pub fn template_for(&self, commit: Option<&str>) -> Result<Option<String>, NoCommit> {
        let Some(template) = &self.template else {
            return Ok(None);
        };
        match commit {
            Some(commit) => Ok(Some(template.replace(COMMIT, commit))),
            None if template.contains(COMMIT) => Err(NoCommit),
            None => Ok(Some(template.clone())),
        }
    }
}

/// The template's address names a commit, and the release's is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCommit;

/// A replacement or removal that somebody answers for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaivedChange {
    /// The resource's logical id.
    pub resource: String,
    /// The property for which it is replaced; `None` is its removal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// Who answers for it, and why.
    #[serde(flatten)]
    pub waiver: Waiver,
}
