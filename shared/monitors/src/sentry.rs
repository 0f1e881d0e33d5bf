//! Sentry: a release for each version that went live, and a deploy of it.
//!
//! `POST /api/0/organizations/{organization}/releases/`
//! (<https://docs.sentry.io/api/releases/create-a-new-release-for-an-organization/>) answers 201, or 208
//! for a version that it knows, and changes nothing about it then but what is sent: a key of its own.
//! `POST …/releases/{version}/deploys/`
//! (<https://docs.sentry.io/api/releases/create-a-deploy/>) creates one each time, so where one may be
//! there already the list of deploys is looked through for its name, which is the deployment's id.
//! Both need the scope `project:releases`.

use serde_json::{Value, json};
use sluice_core::config::Monitor;
use sluice_words::monitoring::{Kind, StateChange};

use crate::http::{Answer, Request};

/// An organisation in Sentry, and what is released there.
pub(crate) struct Sentry<'a> {
    url: &'a str,
    organization: &'a str,
    projects: &'a [String],
    prefix: &'a str,
    repository: Option<&'a str>,
}

impl<'a> Sentry<'a> {
    pub(crate) fn of(monitor: &'a Monitor) -> Option<Self> {
        let Monitor::Sentry {
            url,
            organization,
            projects,
            prefix,
            repository,
            ..
        } = monitor
        else {
            return None;
        };
        Some(Self {
            url,
            organization,
            projects,
            prefix,
            repository: repository.as_deref(),
        })
    }

    fn releases(&self) -> String {
        let (url, organization) = (self.url, self.organization);
        format!("{url}/api/0/organizations/{organization}/releases/")
    }

    fn version(&self, change: &StateChange) -> String {
        format!("{}{}", self.prefix, change.version)
    }

    fn deploys(&self, change: &StateChange) -> String {
        let version: String = form_urlencoded::byte_serialize(self.version(change).as_bytes())
            .collect::<String>()
            .replace('+', "%20");
        format!("{}{version}/deploys/", self.releases())
    }

    /// The request that creates the release, or finds that it is there.
    pub(crate) fn release(&self, change: &StateChange) -> Request {
        let mut body = json!({
            "version": self.version(change),
            "projects": self.projects,
        });
        let mut set = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                body[key] = value;
            }
        };
        set("ref", change.commit.as_ref().map(|it| json!(it)));
        set("url", change.commit_url.as_ref().map(|it| json!(it)));
        let refs = self.repository.zip(change.commit.as_ref());
        set(
            "refs",
            refs.map(|(repository, commit)| json!([{"repository": repository, "commit": commit}])),
        );
        // What is brought back was released before.
        let is_new = change.kind == Kind::Release;
        let released = change.ended_at.filter(|_| is_new);
        set("dateReleased", released.map(|at| json!(at)));
        Request::json("POST", self.releases(), &body)
    }

    /// The request that lists the release's deploys, the newest first.
    pub(crate) fn find_deploy(&self, change: &StateChange) -> Request {
        Request::get(self.deploys(change))
    }

    /// Whether the deploy is among them.
    pub(crate) fn has_deploy(answer: &Answer, change: &StateChange) -> bool {
        let name = json!(change.deployment);
        let deploys = answer.json();
        let deploys = deploys.as_array();
        deploys.is_some_and(|all| all.iter().any(|deploy| deploy["name"] == name))
    }

    /// The request that creates the deploy.
    pub(crate) fn deploy(&self, change: &StateChange) -> Request {
        let mut body = json!({
            "environment": change.environment,
            "name": change.deployment,
            "projects": self.projects,
            "dateStarted": change.started_at,
            "dateFinished": change.ended_at,
        });
        if let Some(url) = &change.message_url {
            body["url"] = json!(url);
        }
        Request::json("POST", self.deploys(change), &body)
    }
}
