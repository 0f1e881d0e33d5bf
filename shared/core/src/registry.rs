//! A private registry of ECR: where an application's images come from, and from nowhere else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, Region};

/// The registry of an account in a region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Registry {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

impl Registry {
    /// Its host, such as `222222222222.dkr.ecr.eu-central-1.amazonaws.com`.
    pub fn host(&self) -> String {
        self.to_string()
    }

    /// The registry with that host; `None` if it is none of ECR's.
    pub fn of_host(host: &str) -> Option<Self> {
        let (account, rest) = host.split_once(".dkr.ecr.")?;
        let (region, _) = rest.split_once('.')?;
        let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        let registry = Self {
            account: AccountId::new(account),
            region: Region::new(region),
        };
        (digits && registry.host() == host).then_some(registry)
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = match self.region.as_str().starts_with("cn-") {
            true => "amazonaws.com.cn",
            false => "amazonaws.com",
        };
        write!(f, "{}.dkr.ecr.{}.{domain}", self.account, self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::Registry;

    #[test]
    fn a_host_names_account_and_region_and_china_has_a_domain_of_its_own() {
        for host in [
            "222222222222.dkr.ecr.eu-central-1.amazonaws.com",
            "222222222222.dkr.ecr.cn-north-1.amazonaws.com.cn",
        ] {
            assert_eq!(
                Registry::of_host(host).map(|found| found.host()).as_deref(),
                Some(host)
            );
        }
        for other in [
            "docker.io",
            "22222.dkr.ecr.eu-central-1.amazonaws.com",
            "222222222222.dkr.ecr.eu-central-1.amazonaws.com.evil.example",
            "222222222222.dkr.ecr.cn-north-1.amazonaws.com",
            "",
        ] {
            assert_eq!(Registry::of_host(other), None, "{other}");
        }
    }
}
