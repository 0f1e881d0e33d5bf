//! People with several ids. In an organisation of several Slack workspaces (Enterprise Grid) one person
//! has an id for the organisation and may have others in workspaces (`U…` and `W…`), and which of
//! them a click, an image's annotation, a group and `sluice.toml` name is Slack's choice. So a person
//! is the set of their ids.

use std::collections::BTreeSet;

use sluice_core::config::Member;
use sluice_core::deployment::{Deployment, Requester};
use sluice_core::failure::PortError;
use sluice_core::id::UserId;
use sluice_core::roles::Role;

use crate::App;

impl App {
    /// The id by which `sluice.toml` names the person who clicked or typed, if it does. Who cannot be
    /// looked up stays who they are, and is refused what needs a role.
    pub(crate) async fn known_as(&self, by: &UserId) -> UserId {
        if !self.in_organisation || self.names(by) {
            return by.clone();
        }
        match self.ports.chat.ids_of(by).await {
            Ok(ids) => {
                let named = ids.into_iter().find(|id| self.names(id));
                named.unwrap_or_else(|| by.clone())
            }
            Err(error) => {
                tracing::warn!(user = %by, %error, "the other ids of {by} are not known: {error}");
                by.clone()
            }
        }
    }

    /// Whether `sluice.toml` names this id somewhere.
    fn names(&self, id: &UserId) -> bool {
        let roles = [
            Role::Deploy,
            Role::Approve,
            Role::RollBack,
            Role::Freeze,
            Role::Override,
            Role::Restore,
        ];
        let environments = self.configs.iter().flat_map(|config| &config.environments);
        environments.into_iter().any(|environment| {
            let restore = environment.restore.iter().flat_map(|it| &it.approvers);
            let members = roles.iter().flat_map(|role| environment.who_may(*role));
            members
                .chain(restore)
                .any(|member| matches!(member, Member::User(user) if user == id))
        })
    }

    /// Those who asked for the deployment, pushed its image or approved it and are the same person as
    /// this one, by another id.
    ///
    /// # Errors
    /// Slack did not say who they are.
    pub(crate) async fn same_person(
        &self,
        d: &Deployment,
        by: &UserId,
    ) -> Result<BTreeSet<UserId>, PortError> {
        let asked = match &d.requested_by {
            Requester::Person(person) => Some(person),
            _ => None,
        };
        let concerned = asked.into_iter().chain(d.pushed_by());
        let concerned = concerned.chain(d.approvals.keys());
        self.same_among(concerned.collect(), by).await
    }

    /// Those among the others who are the same person as this one, by another id.
    ///
    /// # Errors
    /// Slack did not say who they are.
    pub(crate) async fn same_among(
        &self,
        mut others: BTreeSet<&UserId>,
        by: &UserId,
    ) -> Result<BTreeSet<UserId>, PortError> {
        others.remove(by);
        let mut same = BTreeSet::new();
        // A terminal does not say that it is an organisation's: the ids do.
        let mut ids = others.iter().copied().chain([by]);
        let is_organisation = self.in_organisation || ids.any(|id| id.as_str().starts_with('W'));
        if !is_organisation || others.is_empty() {
            return Ok(same);
        }
        let own = self.ports.chat.ids_of(by).await?;
        for other in others {
            if own.contains(other) || !self.ports.chat.ids_of(other).await?.is_disjoint(&own) {
                same.insert(other.clone());
            }
        }
        Ok(same)
    }
}
