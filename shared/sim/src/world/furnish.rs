//! The people and channels of a world, made to fit a configuration.

use sluice_core::config::{Approver, Config};
use sluice_core::id::{SlackGroupId, SlackUserId};

use crate::workplace::SlackModel;

/// Channels and groups as the configuration names them.
pub(super) fn slack(slack: &SlackModel, config: &Config) {
    for environment in &config.environments {
        slack.add_channel(&environment.channel);
        let approvers = environment
            .approval
            .iter()
            .flat_map(|approval| &approval.approvers);
        for approver in approvers {
            if let Approver::Group(group) = approver {
                slack.set_group(group, members(group));
            }
        }
    }
}

/// The members of a group of approvers: two, so that a quorum of two can be reached.
pub fn members(group: &SlackGroupId) -> [SlackUserId; 2] {
    ["ONE", "TWO"].map(|number| SlackUserId::new(format!("U{number}{group}")))
}
