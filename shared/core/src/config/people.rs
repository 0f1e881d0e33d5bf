//! Who is who: AWS says which principal calls, and `sluice.toml` says which person that is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{PrincipalArn, UserId};

/// The people of an application, by the principals that they call AWS as.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct People(BTreeMap<PrincipalArn, UserId>);

impl People {
    /// These people.
    pub fn new(people: BTreeMap<PrincipalArn, UserId>) -> Self {
        Self(people)
    }

    /// The person that a principal is. Only the very same text is the same principal.
    pub fn who_is(&self, principal: &PrincipalArn) -> Option<&UserId> {
        self.0.get(principal)
    }

    /// Whether somebody is in it under any principal.
    pub fn contains(&self, person: &UserId) -> bool {
        self.0.values().any(|one| one == person)
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
