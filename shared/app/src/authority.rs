//! Who may decide on a deployment now: those who may by the settings that it was pinned with AND by
//! `sluice.toml` as it is now. The one gave their word when it began, the other has it today; who
//! was taken out since decides nothing any more.
//!
//! Where the environment was taken out of `sluice.toml`, what stops a deployment goes by the pinned
//! settings alone, and what lets it go on is refused. The rollback that people request ends in an
//! environment, so it goes by `sluice.toml` as it is now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sluice_core::config::{Environment, Member};
use sluice_core::controls::Lapse;
use sluice_core::deployment::Deployment;
use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::id::{GroupId, UserId};
use sluice_core::roles::{Action, Role, may};

use crate::App;
use crate::ports::EnvironmentKey;

impl App {
    /// The groups by which someone may do this to the deployment, or why they may not by what
    /// `sluice.toml` says now. What the pinned settings say the machine sees by the groups.
    ///
    /// # Errors
    /// Slack did not say who they are.
    pub(crate) async fn authority(
        &self,
        d: &Deployment,
        action: Action,
        by: &UserId,
    ) -> Result<Result<BTreeSet<GroupId>, RejectedEvent>, PortError> {
        let pinned = &d.settings.environment;
        let mut groups = self.groups_for(pinned, action, by).await?;
        let Some(now) = self.environment_now(d) else {
            return Ok(match action.goes_on() {
                true => Err(RejectedEvent::NotConfigured {
                    environment: pinned.name.clone(),
                }),
                false => Ok(groups),
            });
        };
        groups.extend(self.groups_for(&now, action, by).await?);
        Ok(match may(&now, action, by, &groups) {
            Ok(()) => Ok(groups),
            Err(_) if action == Action::Approve => Err(RejectedEvent::NotAnApprover {
                environment: now.name.to_string(),
                approvers: approvers(&now),
            }),
            Err(not_allowed) => Err(not_allowed.into()),
        })
    }

    /// The approvals of the deployment that do not count any more, and why.
    ///
    /// # Errors
    /// Slack did not say who is an approver.
    pub(crate) async fn lapsed(
        &self,
        d: &Deployment,
        at: Timestamp,
    ) -> Result<BTreeMap<UserId, Lapse>, PortError> {
        let mut lapsed = BTreeMap::new();
        for (user, given_at) in &d.approvals {
            if let Some(lapse) = self.lapse(d, user, *given_at, at).await? {
                lapsed.insert(user.clone(), lapse);
            }
        }
        Ok(lapsed)
    }

    async fn lapse(
        &self,
        d: &Deployment,
        user: &UserId,
        given_at: Timestamp,
        at: Timestamp,
    ) -> Result<Option<Lapse>, PortError> {
        let Some(now) = self.environment_now(d) else {
            return Ok(Some(Lapse::NotConfigured));
        };
        let both = [&d.settings.environment, &now];
        let approvals = both.iter().filter_map(|it| it.approval.as_ref());
        let shortest = approvals.map(|approval| approval.expires).min();
        if let Some(expires) = shortest
            && at.duration_since(given_at) >= expires
        {
            return Ok(Some(Lapse::TooOld { expires }));
        }
        for environment in both {
            let groups = self.groups_for(environment, Action::Approve, user).await?;
            if may(environment, Action::Approve, user, &groups).is_err() {
                return Ok(Some(Lapse::NoApprover));
            }
        }
        Ok(None)
    }

    /// The deployment's environment as it is configured now.
    fn environment_now(&self, d: &Deployment) -> Option<Environment> {
        let mut now = self.configured(&EnvironmentKey::of(d))?.clone();
        if d.restore().is_some() {
            // Who may approve a restore is configured separately.
            now.approval.clone_from(&now.restore);
        }
        Some(now)
    }
}

fn approvers(environment: &Environment) -> String {
    let approvers = environment.who_may(Role::Approve).iter();
    let approvers: Vec<String> = approvers.map(Member::to_string).collect();
    match approvers.is_empty() {
        true => "nobody".to_owned(),
        false => approvers.join(", "),
    }
}
