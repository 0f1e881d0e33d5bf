//! Who may do what in an environment. Nobody may anything that `sluice.toml` does not say.

use std::collections::BTreeSet;

use crate::config::{Environment, Member};
use crate::id::{EnvironmentName, GroupId, UserId};

/// What somebody is in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Asks for deployments.
    Deploy,
    /// Says yes or no to plans.
    Approve,
    /// Asks for the way back.
    RollBack,
    /// Freezes it.
    Freeze,
    /// Lets a deployment begin while it is closed, or without its success elsewhere.
    Override,
    /// Asks for a restore of its database.
    Restore,
}

/// What somebody does.
///
/// Stopping is cheap: whoever may deploy, approve, roll back or restore may cancel, pause and hold.
/// Going on is not: it takes somebody who may deploy or approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Asks for a deployment.
    Deploy,
    /// Asks for the way back.
    RollBack,
    /// Says yes or no to a plan.
    Approve,
    /// Calls a deployment off.
    Cancel,
    /// Pauses a deployment.
    Pause,
    /// Lets a paused deployment go on.
    Resume,
    /// Holds what pushes ask for.
    Hold,
    /// Releases that.
    Release,
    /// Freezes the environment.
    Freeze,
    /// Thaws it.
    Thaw,
    /// Lets a deployment begin while the environment is closed.
    Override,
    /// Leaves a failed release as it is, to be mended by a newer one.
    RollForward,
    /// Asks for a restore of the database.
    Restore,
    /// Deploys what has not succeeded in the environment before.
    Hotfix,
    /// Says that a version is well which the samples do not tell of.
    Keep,
}

impl Action {
    /// The roles that may: one of them is enough.
    pub fn roles(self) -> &'static [Role] {
        match self {
            Self::Deploy => &[Role::Deploy],
            Self::RollBack => &[Role::RollBack],
            Self::Approve => &[Role::Approve],
            Self::Cancel | Self::Pause | Self::Hold => {
                &[Role::Deploy, Role::Approve, Role::RollBack, Role::Restore]
            }
            Self::Resume | Self::Release | Self::RollForward | Self::Keep => {
                &[Role::Deploy, Role::Approve]
            }
            Self::Freeze | Self::Thaw => &[Role::Freeze],
            Self::Override | Self::Hotfix => &[Role::Override],
            Self::Restore => &[Role::Restore],
        }
    }

    /// Whether a deployment goes on by it that would not otherwise. What stops one, or leads back,
    /// does not.
    pub fn goes_on(self) -> bool {
        match self {
            Self::Deploy
            | Self::Hotfix
            | Self::Approve
            | Self::Resume
            | Self::Release
            | Self::Thaw
            | Self::Override
            | Self::RollForward
            | Self::Keep => true,
            Self::RollBack
            | Self::Restore
            | Self::Cancel
            | Self::Pause
            | Self::Hold
            | Self::Freeze => false,
        }
    }

    /// The table of `[environments.X]` that gives it.
    pub fn table(self) -> &'static str {
        match self {
            Self::Approve => "approval",
            _ => "roles",
        }
    }

    /// The key of that table.
    pub fn key(self) -> &'static str {
        match self {
            Self::RollBack => "roll_back",
            Self::Freeze | Self::Thaw => "freeze",
            Self::Override | Self::Hotfix => "override",
            Self::Restore => "restore",
            Self::Approve => "approvers",
            Self::Deploy
            | Self::Cancel
            | Self::Pause
            | Self::Resume
            | Self::Hold
            | Self::Release
            | Self::RollForward
            | Self::Keep => "deploy",
        }
    }
}

impl Environment {
    /// Who has the role; nobody by default.
    pub fn who_may(&self, role: Role) -> &[Member] {
        match role {
            Role::Deploy => &self.roles.deploy,
            Role::Approve => self
                .approval
                .as_ref()
                .map_or(&[], |approval| &approval.approvers),
            Role::RollBack => &self.roles.roll_back,
            Role::Freeze => &self.roles.freeze,
            Role::Override => &self.roles.r#override,
            Role::Restore => &self.roles.restore,
        }
    }

    /// Everyone who may do it, each once.
    pub fn members_for(&self, action: Action) -> BTreeSet<&Member> {
        let roles = action.roles().iter();
        roles.flat_map(|role| self.who_may(*role)).collect()
    }
}

/// Whether somebody may do it. `groups` are those of the environment's groups that they are in.
///
/// # Errors
/// They may not; the error says who may.
pub fn may(
    environment: &Environment,
    action: Action,
    user: &UserId,
    groups: &BTreeSet<GroupId>,
) -> Result<(), NotAllowed> {
    let members = environment.members_for(action);
    let is_one = members.iter().any(|member| match member {
        Member::User(member) => member == user,
        Member::Group(group) => groups.contains(group),
    });
    if is_one {
        return Ok(());
    }
    Err(NotAllowed {
        action,
        environment: environment.name.clone(),
        who_may: members.into_iter().cloned().collect(),
    })
}

/// Somebody may not do what they asked for. `sluice_words::refusal` puts it in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAllowed {
    /// What.
    pub action: Action,
    /// Where.
    pub environment: EnvironmentName,
    /// Who may.
    pub who_may: Vec<Member>,
}
