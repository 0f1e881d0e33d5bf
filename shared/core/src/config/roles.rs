//! The people of an environment.

use serde::{Deserialize, Serialize};

use super::Member;

/// The people of an environment, by what they may do. Who may approve stands with the approval.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    /// Who may ask for deployments.
    pub deploy: Vec<Member>,
    /// Who may ask for the way back.
    pub roll_back: Vec<Member>,
    /// Who may freeze it.
    pub freeze: Vec<Member>,
    /// Who may let a deployment begin while it is closed, and deploy a hotfix.
    pub r#override: Vec<Member>,
    /// Who may ask for a restore of its database.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restore: Vec<Member>,
}

impl Roles {
    /// Whether nobody has any.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
