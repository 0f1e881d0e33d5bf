//! Who asks, and where: read from the signature, which nobody checks.

use std::sync::Arc;

use hyper::HeaderMap;
use sluice_core::id::{AccountId, DeploymentId, Region};
use sluice_sim::cloud::{Cloud, Place};

use crate::refusal::Refusal;

/// What a session token of this endpoint begins with.
const TOKEN: &str = "simulated";

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The account, where the credentials name one.
    pub(crate) account: Option<AccountId>,
    /// The region that the request is signed for.
    pub(crate) region: Region,
    /// The name of the session, where a role was assumed.
    pub(crate) session: Option<String>,
    /// The host that was asked: this endpoint.
    pub(crate) host: String,
}

impl Caller {
    /// Reads `Authorization` and `X-Amz-Security-Token`.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let scope = header("authorization")
            .and_then(|authorization| authorization.split_once("Credential="))
            .map(|(_, scope)| scope.split('/').collect::<Vec<_>>());
        let Some([key, _date, region, ..]) = scope.as_deref() else {
            return Err(Refusal::new(
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            ));
        };
        let session = header("x-amz-security-token").and_then(read_token);
        let (account, session) = match session {
            Some((account, session)) => (Some(account), Some(session)),
            None => (is_account(key).then(|| AccountId::new(*key)), None),
        };
        Ok(Self {
            account,
            region: Region::new(*region),
            session,
            host: header("host").unwrap_or_default().to_owned(),
        })
    }

    /// The account and region whose things are meant.
    pub(crate) fn place(&self, cloud: &Cloud) -> Result<Arc<Place>, Refusal> {
        let place = match &self.account {
            Some(account) => cloud.place_of(account, &self.region),
            None => cloud.place_in(&self.region),
        };
        place.ok_or_else(|| {
            let account = self.account.as_ref().map_or("any", AccountId::as_str);
            Refusal::new(
                "UnrecognizedClientException",
                format!(
                    "The simulated cloud has nothing of account {account} in {}: take an account \
                     of its configuration as the access key, or its region",
                    self.region
                ),
            )
        })
    }

    /// On whose behalf: sessions are named after deployments.
    pub(crate) fn deployment(&self) -> Option<DeploymentId> {
        self.session.clone().map(DeploymentId::from_outside)
    }
}

/// A session token that says whose it is.
pub(crate) fn token(account: &AccountId, session: &str) -> String {
    format!("{TOKEN}/{account}/{session}")
}

fn read_token(token: &str) -> Option<(AccountId, String)> {
    let (account, session) = token
        .strip_prefix(TOKEN)?
        .strip_prefix('/')?
        .split_once('/')?;
    Some((AccountId::new(account), session.to_owned()))
}

fn is_account(key: &str) -> bool {
    key.len() == 12 && key.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(key: &str, token: Option<&str>) -> Result<Caller, Refusal> {
        let mut headers = HeaderMap::new();
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={key}/20260105/eu-central-1/ecs/aws4_request");
        headers.insert("authorization", authorization.parse().unwrap());
        if let Some(token) = token {
            headers.insert("x-amz-security-token", token.parse().unwrap());
        }
        Caller::read(&headers)
    }

    #[test]
    fn a_session_a_key_that_is_an_account_and_a_key_that_is_none() {
        let account = AccountId::new("111111111111");
        let session = token(&account, "dep-1");
        let with_session = caller("ASIASIMULATED0000001", Some(&session)).unwrap();
        assert_eq!(with_session.account, Some(account.clone()));
        assert_eq!(with_session.deployment().unwrap().as_str(), "dep-1");
        assert_eq!(caller("111111111111", None).unwrap().account, Some(account));
        let nobody = caller("stand-in", None).unwrap();
        assert_eq!((nobody.account, nobody.session), (None, None));
        assert_eq!(nobody.region.as_str(), "eu-central-1");
    }

    #[test]
    fn a_request_that_is_not_signed_is_refused() {
        let refused = Caller::read(&HeaderMap::new()).unwrap_err();
        assert_eq!(refused.code, "MissingAuthenticationToken");
    }
}
