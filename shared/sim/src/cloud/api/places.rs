//! Which places there are, and which of them is Sluice's own.

use std::sync::Arc;

use sluice_core::id::{AccountId, AlarmName, ClusterName, Region};
use sluice_core::observation::AlarmState;

use crate::cloud::{Cloud, Place};

impl Cloud {
    /// The place of this account and region, if the cloud has it.
    pub fn place_of(&self, account: &AccountId, region: &Region) -> Option<Arc<Place>> {
        let there = |place: &&Arc<Place>| place.account == *account && place.region == *region;
        self.places.iter().find(there).cloned()
    }

    /// Where somebody is whose credentials name no account: the first place in the region that
    /// runs anything, else the registry's.
    pub fn place_in(&self, region: &Region) -> Option<Arc<Place>> {
        let services = self.ecs.services.iter().map(|service| &service.place);
        services
            .chain(&self.places)
            .find(|place| place.region == *region)
            .cloned()
    }

    /// Whether any service runs in a cluster of that name.
    pub fn has_cluster(&self, place: &Place, cluster: &ClusterName) -> bool {
        let there = |s: &crate::cloud::ecs::Service| *s.place == *place && s.cluster == *cluster;
        self.ecs.services.iter().any(there)
    }

    /// The alarms of the place by name, all or those that are named.
    pub fn alarms_in(&self, place: &Place, names: &[AlarmName]) -> Vec<(AlarmName, AlarmState)> {
        let wanted = |name: &AlarmName| names.is_empty() || names.contains(name);
        self.alarms
            .iter()
            .filter(|alarm| *alarm.place == *place && wanted(&alarm.name))
            .map(|alarm| (alarm.name.clone(), alarm.state))
            .collect()
    }
}
