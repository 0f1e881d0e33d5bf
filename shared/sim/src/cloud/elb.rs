//! The load balancer: two target groups on one production rule, and the test listener.
//!
//! ECS sets the weights during a service deployment and does not look at them before it starts, so
//! a hand-changed rule shows only to whoever reads it.

use std::collections::BTreeMap;

/// One of a service's two target groups.
pub(super) type Group = usize;

/// The listener rules of one service.
#[derive(Clone, Debug)]
pub(super) struct Traffic {
    names: [String; 2],
    weights: [u32; 2],
    pub(super) test: Option<Group>,
}

impl Traffic {
    pub(super) fn new(service: &str) -> Self {
        let names = [format!("{service}-blue"), format!("{service}-green")];
        Self {
            names,
            weights: [100, 0],
            test: None,
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
        let mut traffic = Traffic::new("web");
        for percent in [0, 10, 35, 100] {
            traffic.shift(1, percent);
            let green = (0..100).filter(|n| traffic.route(*n) == Some(1)).count();
            assert_eq!(green, percent as usize);
        }
        traffic.set_weights([0, 0]);
        assert_eq!(traffic.route(0), None);
    }
}
