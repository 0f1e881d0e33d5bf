//! ARNs, taken apart.

use sluice_core::id::{AccountId, Region};

use crate::malformed::shown;

/// An ARN: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arn {
    /// Such as `ecs`.
    pub service: String,
    /// The region.
    pub region: Region,
    /// The account.
    pub account: AccountId,
    /// The rest, colons and slashes included: `service/erp-production/erp-web`.
    pub resource: String,
}

/// A text that is no ARN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ARN: expected `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`")]
pub struct NotAnArn(String);

impl Arn {
    /// Takes an ARN apart.
    ///
    /// # Errors
    /// The text is no ARN.
    pub fn parse(text: &str) -> Result<Self, NotAnArn> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts[..] {
            ["arn", _, service, region, account, resource] if !resource.is_empty() => Ok(Self {
                service: service.to_owned(),
                region: Region::new(region),
                account: AccountId::new(account),
                resource: resource.to_owned(),
            }),
            _ => Err(NotAnArn(shown(text))),
        }
    }

    /// The resource's name without `kind` and the `/` or `:` after it; `None` if it is of another
    /// kind.
    pub fn name_of(&self, kind: &str) -> Option<&str> {
        let rest = self.resource.strip_prefix(kind)?;
        rest.strip_prefix(['/', ':'])
    }
}

#[cfg(test)]
mod tests {
    use super::Arn;

    #[test]
    fn an_arn_keeps_the_colons_and_slashes_of_its_resource() {
        let arn =
            Arn::parse("arn:aws:rds:eu-central-1:111111111111:snapshot:sluice-dep-1").unwrap();
        assert_eq!(arn.name_of("snapshot"), Some("sluice-dep-1"));
        assert_eq!(arn.name_of("cluster-snapshot"), None);
        let arn = Arn::parse("arn:aws:ecr:eu-central-1:222222222222:repository/team/erp").unwrap();
        assert_eq!(arn.account.as_str(), "222222222222");
        assert_eq!(arn.name_of("repository"), Some("team/erp"));
        assert!(Arn::parse("erp").is_err());
        assert!(Arn::parse("arn:aws:ecr:eu-central-1:222222222222:").is_err());
    }
}
