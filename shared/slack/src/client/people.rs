//! People with several ids, and the organisation whose they are. Neither goes away while a function
//! lives, so Slack is asked once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;
use sluice_core::failure::PortError;
use sluice_core::id::UserId;

use super::api::{Api, Failed};
use super::errors::{NO_SUCH_USER, port_error};
use crate::method::Method;

/// People who are remembered, at most.
const MOST: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct People {
    ids: Mutex<BTreeMap<UserId, BTreeSet<UserId>>>,
    organisation: Mutex<Option<Option<String>>>,
}

/// A panic while it was held leaves what was known.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl People {
    /// All ids of a person: `id` and `enterprise_user.id`.
    pub(super) async fn ids_of(
        &self,
        api: &Api,
        user: &UserId,
    ) -> Result<BTreeSet<UserId>, PortError> {
        if let Some(known) = locked(&self.ids).get(user) {
            return Ok(known.clone());
        }
        let parameters = vec![("user", user.as_str().to_owned())];
        let mut ids = BTreeSet::from([user.clone()]);
        match api.get(Method::ReadUser, parameters).await {
            Ok(answer) => {
                let person = &answer["user"];
                let all = [&person["id"], &person["enterprise_user"]["id"]];
                ids.extend(
                    all.into_iter()
                        .filter_map(|id| id.as_str())
                        .map(UserId::new),
                );
            }
            Err(Failed::Refused(refused)) if NO_SUCH_USER.contains(&&*refused.code) => {}
            Err(failed) => return Err(port_error(Method::ReadUser, user.as_str(), failed)),
        }
        // Who has one id may get another: that is never remembered.
        if ids.len() > 1 {
            let mut known = locked(&self.ids);
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(user.clone(), ids.clone());
        }
        Ok(ids)
    }

    /// The organisation that the workspace belongs to.
    pub(super) async fn organisation(&self, api: &Api) -> Result<Option<String>, PortError> {
        if let Some(known) = &*locked(&self.organisation) {
            return Ok(known.clone());
        }
        let answer = api.post(Method::TestToken, &json!({})).await;
        let answer =
            answer.map_err(|failed| port_error(Method::TestToken, "the bot token", failed))?;
        let organisation = answer["enterprise_id"].as_str().map(str::to_owned);
        *locked(&self.organisation) = Some(organisation.clone());
        Ok(organisation)
    }
}
