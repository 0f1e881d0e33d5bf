//! Where something is: an account's region.

use std::sync::Arc;

use sluice_app::ports::Target;
use sluice_core::failure::PortError;
use sluice_core::id::{AccountId, Region};

use super::Cloud;

/// A region of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

impl Place {
    /// The host of the account's ECR registry here.
    pub fn registry_host(&self) -> String {
        format!("{}.dkr.ecr.{}.amazonaws.com", self.account, self.region)
    }

    /// The ARN of something of the service here.
    pub fn arn(&self, service: &str, rest: impl std::fmt::Display) -> String {
        format!("arn:aws:{service}:{}:{}:{rest}", self.region, self.account)
    }
}

impl Cloud {
    /// The place of the target, which `furnish` made.
    pub(super) fn place(&self, target: &Target) -> Result<Arc<Place>, PortError> {
        self.places
            .iter()
            .find(|place| place.account == target.account && place.region == target.region)
            .cloned()
            .ok_or_else(|| {
                PortError::needs_person(format!(
                    "AccessDenied: there is no role to assume in account {} ({}): check `account`, \
                     `region` and `role` of the environment",
                    target.account, target.region
                ))
            })
    }

    pub(super) fn ensure_place(&mut self, account: &AccountId, region: &Region) -> Arc<Place> {
        let wanted = Place {
            account: account.clone(),
            region: region.clone(),
        };
        if let Some(place) = self.places.iter().find(|place| ***place == wanted) {
            return place.clone();
        }
        let place = Arc::new(wanted);
        self.places.push(place.clone());
        place
    }
}
