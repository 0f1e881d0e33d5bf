//! What Slack sends to the one address that it is given: commands, clicks, forms and events, told
//! apart by their shape.
//!
//! Read as JSON values first: Slack sends `team: null` from organisation-wide installs and adds
//! fields and types all the time, and everything that is not ours must be answered, not refused.

use std::collections::BTreeMap;

use serde_json::Value;
use sluice_core::id::UserId;
use sluice_words::modal::{InputName, Purpose, Submission};
use sluice_words::slash::COMMAND;

use crate::interaction::{self, Interaction};

/// A request of Slack's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Someone typed a slash command.
    Command(TypedCommand),
    /// Someone clicked a button.
    Click(Interaction),
    /// Someone sent a form.
    Submission(Submission),
    /// Someone looks at the app's home page.
    HomeOpened(UserId),
    /// Slack sees whether the address is ours: the challenge is sent back.
    UrlVerification(String),
}

/// A slash command as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedCommand {
    /// What follows `/sluice`, as Slack sends it.
    pub text: String,
    /// By whom.
    pub by: UserId,
    /// Leave to put a form before them; and the command's own id.
    pub trigger: String,
}

/// Where a request comes from, and whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The workspace (`T…`) that the app is installed in, where Slack says it of a form; else the one
    /// that it happened in.
    team: Option<String>,
    /// The organisation (`E…`) that the workspace belongs to.
    enterprise: Option<String>,
    /// The workspace of the person who did it.
    users_team: Option<String>,
    /// Whether Slack says that they are from elsewhere, in a channel that is shared.
    stranger: bool,
}

/// Whether a request is acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Of our own people.
    Ours,
    /// Of another workspace that the app is installed in.
    OtherWorkspace,
    /// Of someone of another company, in a channel that is shared with it.
    Guest,
}

impl Origin {
    /// The organisation that it comes from, if it comes from one.
    pub fn enterprise(&self) -> Option<&str> {
        self.enterprise.as_deref()
    }

    /// Whether the person is of another workspace than `team`: a colleague, if the organisation is
    /// the same, or else a guest.
    pub fn is_of_another_workspace(&self, team: &str) -> bool {
        self.users_team.as_deref().is_some_and(|own| own != team)
    }

    /// Whose request it is, for the Sluice of the workspace `team` (`T…`), which belongs to this
    /// organisation, if to any. A channel may be shared with other companies, whose people have ids
    /// of their own.
    pub fn whose(&self, team: &str, organisation: Option<&str>) -> Whose {
        // An install for a whole organisation names no team.
        let at = self.team.as_ref().or(self.users_team.as_ref());
        if at.is_none_or(|at| at != team) {
            return Whose::OtherWorkspace;
        }
        let is_colleague = organisation.is_some() && self.enterprise() == organisation;
        match self.stranger || (self.is_of_another_workspace(team) && !is_colleague) {
            true => Whose::Guest,
            false => Whose::Ours,
        }
    }
}

/// No request that is acted on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IncomingError {
    /// Something else of Slack's: answered with success, and nothing done.
    #[error("nothing that Sluice acts on: {0}")]
    NotOurs(String),
    /// Nothing that Slack sends.
    #[error("the body is not a request from Slack: {0}")]
    Unreadable(String),
}

/// Reads the body of a verified request.
///
/// # Errors
/// It is something else of Slack's, or nothing that Slack sends.
pub fn parse(body: &[u8]) -> Result<(Origin, Incoming), IncomingError> {
    if body.starts_with(b"{") {
        return event(body);
    }
    let fields: BTreeMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
    if let Some(payload) = fields.get("payload") {
        let payload: Value = serde_json::from_str(payload)
            .map_err(|error| unreadable(format!("its `payload` is not JSON: {error}")))?;
        return Ok((origin(&payload), payload_of(&payload)?));
    }
    if fields.contains_key("ssl_check") {
        return Err(not_ours("a look at the certificate"));
    }
    let Some(name) = fields.get("command") else {
        return Err(unreadable("it has neither `payload` nor `command`"));
    };
    if name != COMMAND {
        return Err(not_ours(format!("command `{name}`")));
    }
    let by = fields
        .get("user_id")
        .ok_or_else(|| unreadable("it does not say who typed it: no `user_id`"))?;
    let trigger = fields
        .get("trigger_id")
        .ok_or_else(|| unreadable("it has no `trigger_id`"))?;
    let origin = Origin {
        team: fields.get("team_id").cloned(),
        enterprise: fields.get("enterprise_id").cloned(),
        ..Origin::default()
    };
    let command = TypedCommand {
        text: fields.get("text").cloned().unwrap_or_default(),
        by: UserId::new(by.as_str()),
        trigger: trigger.clone(),
    };
    Ok((origin, Incoming::Command(command)))
}

fn payload_of(payload: &Value) -> Result<Incoming, IncomingError> {
    let kind = payload["type"]
        .as_str()
        .ok_or_else(|| unreadable("its `payload` has no `type`"))?;
    match kind {
        "block_actions" => interaction::read(payload).map(Incoming::Click),
        "view_submission" => submission(payload).map(Incoming::Submission),
        other => Err(not_ours(format!("type `{other}`"))),
    }
}

fn submission(payload: &Value) -> Result<Submission, IncomingError> {
    let view = &payload["view"];
    let id = view["callback_id"].as_str().unwrap_or_default();
    let purpose: Purpose = view["private_metadata"]
        .as_str()
        .and_then(|metadata| serde_json::from_str(metadata).ok())
        .filter(|purpose: &Purpose| purpose.id() == id)
        .ok_or_else(|| not_ours(format!("form `{id}`")))?;
    let by = payload["user"]["id"]
        .as_str()
        .ok_or_else(|| unreadable("it does not say who sent it: no `user.id`"))?;
    let form = view["id"]
        .as_str()
        .ok_or_else(|| unreadable("it does not say which form it is: no `view.id`"))?;
    let values = view["state"]["values"].as_object().into_iter().flatten();
    let answers = values.filter_map(|(block, actions)| {
        let name = InputName::from_id(block)?;
        let action = &actions[name.id()];
        let chosen = action["selected_option"]["value"].as_str();
        Some((name, action["value"].as_str().or(chosen)?.to_owned()))
    });
    Ok(Submission {
        id: form.to_owned(),
        purpose,
        answers: answers.collect(),
        by: UserId::new(by),
    })
}

fn event(body: &[u8]) -> Result<(Origin, Incoming), IncomingError> {
    let outer: Value = serde_json::from_slice(body)
        .map_err(|error| unreadable(format!("it is not JSON: {error}")))?;
    let kind = outer["type"]
        .as_str()
        .ok_or_else(|| unreadable("it has no `type`"))?;
    let incoming = match (kind, outer["event"]["type"].as_str()) {
        ("url_verification", _) => {
            let challenge = outer["challenge"]
                .as_str()
                .ok_or_else(|| unreadable("it has no `challenge`"))?;
            Incoming::UrlVerification(challenge.to_owned())
        }
        ("event_callback", Some("app_home_opened")) => {
            if outer["event"]["tab"] == "messages" {
                return Err(not_ours("the app's messages were opened"));
            }
            let user = outer["event"]["user"]
                .as_str()
                .ok_or_else(|| unreadable("it does not say who: no `event.user`"))?;
            Incoming::HomeOpened(UserId::new(user))
        }
        (kind, event) => {
            return Err(not_ours(format!(
                "type `{kind}`, event `{}`",
                event.unwrap_or("none")
            )));
        }
    };
    Ok((origin(&outer), incoming))
}

/// The ids that say whose workspace it is: payloads hold objects, events plain ids.
fn origin(payload: &Value) -> Origin {
    let authorization = &payload["authorizations"][0];
    fn first<const N: usize>(places: [&Value; N]) -> Option<String> {
        let found = places.into_iter().find_map(Value::as_str);
        found.map(str::to_owned)
    }
    let user = &payload["user"];
    Origin {
        team: first([
            &payload["view"]["app_installed_team_id"],
            &payload["team"]["id"],
            &payload["team_id"],
            &authorization["team_id"],
        ]),
        enterprise: first([
            &payload["enterprise"]["id"],
            &payload["enterprise_id"],
            &authorization["enterprise_id"],
        ]),
        users_team: user["team_id"].as_str().map(str::to_owned),
        stranger: user["is_stranger"] == true,
    }
}

pub(crate) fn unreadable(why: impl Into<String>) -> IncomingError {
    IncomingError::Unreadable(why.into())
}

fn not_ours(what: impl Into<String>) -> IncomingError {
    IncomingError::NotOurs(what.into())
}

#[cfg(test)]
mod tests;
