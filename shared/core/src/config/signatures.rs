//! Whose signatures images need.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::RiskRule;
use crate::signature::PublicKey;

/// Whose signatures an application's images need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signatures {
    /// Any one of these must have signed.
    pub keys: Vec<PublicKey>,
    /// What becomes of an image that none of them has signed.
    pub unsigned: RiskRule,
    /// How long a signature may come after the image before that is refused.
    pub wait: SignedDuration,
}
