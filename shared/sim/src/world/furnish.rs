//! The people and channels of a world, made to fit a configuration.

use sluice_core::config::{Config, Member};
use sluice_core::id::{GroupId, UserId};
use sluice_core::roles::Role;

use crate::workplace::SlackModel;

/// Channels and groups as the configuration names them.
pub(super) fn slack(slack: &SlackModel, config: &Config) {
    if let Some(source) = &config.source {
        slack.add_channel(&source.channel);
    }
    for environment in &config.environments {
        slack.add_channel(&environment.channel);
        let roles = [
            Role::Deploy,
            Role::Approve,
            Role::RollBack,
            Role::Freeze,
            Role::Override,
            Role::Restore,
        ];
        let restorers = environment.restore.iter();
        let restorers = restorers.flat_map(|approval| &approval.approvers);
        let named = roles.iter().flat_map(|role| environment.who_may(*role));
        for member in named.chain(restorers) {
            if let Member::Group(group) = member {
                slack.set_group(group, members(group));
            }
        }
    }
}

/// The members of a group: two, so that a quorum of two can be reached.
pub fn members(group: &GroupId) -> [UserId; 2] {
    ["ONE", "TWO"].map(|number| UserId::new(format!("U{number}{group}")))
}
