//! The company: what it deploys, and who works there.

use std::sync::LazyLock;

use sluice_core::config::Config;
use sluice_core::id::UserId;

/// The ERP: blue-green, a database with migrations, four eyes.
const ERP: &str = include_str!("../../../tests/erp/sluice.toml");
/// The shop: canary and linear steps, a quorum of two, no database.
const SHOP: &str = include_str!("shop.toml");

/// The applications.
pub(crate) static APPS: LazyLock<[Config; 2]> = LazyLock::new(|| {
    [ERP, SHOP].map(|text| Config::parse(text).expect("a test sees that they are right"))
});

/// An environment, as the people of the company know it.
#[derive(Debug)]
pub(crate) struct Place {
    /// As commands name it.
    pub(crate) key: &'static str,
    /// What stands before a version in the tags that are deployed here.
    pub(crate) tag: &'static str,
    /// People with a role there, who ask for what they may and for what they may not.
    pub(crate) people: &'static [&'static str],
}

/// Every environment; each application's come one after the other.
pub(crate) const PLACES: [Place; 4] = [
    Place {
        key: "erp/staging",
        tag: "release-",
        people: &["UONES0604QSJC", "UTWOS0604QSJC"],
    },
    Place {
        key: "erp/production",
        tag: "v",
        people: &["UONES0604QSJC", "UTWOS0604QSJC", "U024BE7LH"],
    },
    Place {
        key: "shop/test",
        tag: "main-",
        people: &["UONES0SHOPTEAM", "UTWOS0SHOPTEAM"],
    },
    Place {
        key: "shop/live",
        tag: "v",
        people: &["UONES0SHOPTEAM", "UTWOS0SHOPTEAM", "U0SHOPLEAD"],
    },
];

/// Somebody who has no role anywhere.
pub(crate) const STRANGER: &str = "U0STRANGER";

/// A user by id.
pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_those_of_the_configurations() {
        let named: Vec<String> = APPS
            .iter()
            .flat_map(|config| {
                let environments = config.environments.iter();
                environments.map(|one| format!("{}/{}", config.app, one.name))
            })
            .collect();
        assert_eq!(named, PLACES.map(|place| place.key.to_owned()));
    }
}
