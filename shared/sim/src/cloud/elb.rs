//! The load balancer: two target groups on one production rule, and the test listener.
//!
//! ECS sets the weights during a service deployment and does not look at them before it starts, so
//! a hand-changed rule shows only to whoever reads it.

use std::collections::BTreeMap;

/// One of a service's two target groups.
pub(super) type Group = usize;

/// How people have set up what stands before a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FrontSettings {
    /// The conditions of the production rule: the values of each field, such as `path-pattern`.
    pub conditions: BTreeMap<String, Vec<String>>,
    /// The path that the target groups' health check asks.
    pub health_path: String,
    /// The status codes that are healthy.
    pub healthy_codes: String,
    /// Seconds between two checks.
    pub interval_s: u32,
    /// Seconds that an answer may take.
    pub timeout_s: u32,
    /// So many good answers in a row make a target healthy.
    pub healthy_after: u32,
    /// So many bad ones make it unhealthy.
    pub unhealthy_after: u32,
}

impl FrontSettings {
    /// ELB's own defaults for a service that answers at that address, and is alive at that path.
    pub(super) fn new(url: Option<&str>, live: Option<&str>) -> Self {
        let host = url.and_then(|url| url.split_once("://"));
        let host = host.map(|(_, rest)| rest.split(['/', ':']).next().unwrap_or(rest));
        let condition = |field: &str, value: &str| (field.to_owned(), vec![value.to_owned()]);
        let hosts = host.map(|host| condition("host-header", host));
        Self {
            conditions: hosts.into_iter().collect(),
            health_path: live.unwrap_or("/").to_owned(),
            healthy_codes: "200".to_owned(),
            interval_s: 30,
            timeout_s: 5,
            healthy_after: 5,
            unhealthy_after: 2,
        }
    }
}

/// The listener rules of one service.
#[derive(Clone, Debug)]
pub(super) struct Traffic {
    names: [String; 2],
    weights: [u32; 2],
    pub(super) test: Option<Group>,
    pub(super) settings: FrontSettings,
}

impl Traffic {
    pub(super) fn new(service: &str, settings: FrontSettings) -> Self {
        let names = [format!("{service}-blue"), format!("{service}-green")];
        Self {
            names,
            weights: [100, 0],
            test: None,
            settings,
        }
    }

    /// The group that has most of the traffic.
    pub(super) fn live(&self) -> Group {
        usize::from(self.weights[1] > self.weights[0])
    }

    pub(super) fn weight(&self, group: Group) -> u32 {
        self.weights[group]
    }

    /// Gives `percent` of the traffic to the group and the rest to the other.
    pub(super) fn shift(&mut self, group: Group, percent: u32) {
        self.weights[group] = percent.min(100);
        self.weights[1 - group] = 100 - percent.min(100);
    }

    pub(super) fn set_weights(&mut self, weights: [u32; 2]) {
        self.weights = weights;
    }

    /// Where the `n`th request goes: each group gets its share, spread evenly.
    pub(super) fn route(&self, n: u64) -> Option<Group> {
        let total = u64::from(self.weights[0] + self.weights[1]);
        if total == 0 {
            return None;
        }
        // 61 shares no factor with 100, so a hundred requests hit each per cent once.
        Some(usize::from(n * 61 % total >= u64::from(self.weights[0])))
    }

    /// Both target groups with their weights.
    pub(super) fn groups(&self) -> [(String, u32); 2] {
        let [blue, green] = self.names.clone();
        [(blue, self.weights[0]), (green, self.weights[1])]
    }

    pub(super) fn by_name(&self) -> BTreeMap<String, u32> {
        self.names.iter().cloned().zip(self.weights).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_requests_are_spread_as_the_weights_say() {
        let mut traffic = Traffic::new("web", FrontSettings::new(None, None));
        for percent in [0, 10, 35, 100] {
            traffic.shift(1, percent);
            let green = (0..100).filter(|n| traffic.route(*n) == Some(1)).count();
            assert_eq!(green, percent as usize);
        }
        traffic.set_weights([0, 0]);
        assert_eq!(traffic.route(0), None);
    }
}
