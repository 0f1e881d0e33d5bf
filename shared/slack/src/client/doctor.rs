//! What `sluice doctor --slack` reads of a workspace. Nothing is posted.

use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sluice_app::ports::Clock;
use sluice_doctor::Wanted;
use sluice_doctor::facts::{ChannelState, Person, Seen, Slack, SlackChannel, SlackGroup, Token};
use sluice_words::doctor::NotSeen;

use super::api::{Api, BASE_URL, Failed};
use super::errors::{MISSING_SCOPE, NO_SUCH_GROUP, NO_SUCH_USER, is_about_token, port_error};
use super::posted::own_channels;
use crate::method::Method;

/// The scope of `/sluice`, which no method needs.
const COMMANDS: &str = "commands";
/// Slack's answer to auth.test is a few hundred bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// Reads everything that is named, with the bot's token. `base_url` is another than Slack's own only
/// in tests.
pub async fn look(
    token: Seen<SecretString>,
    base_url: Option<&str>,
    clock: Arc<dyn Clock>,
    wanted: Wanted,
) -> Slack {
    let base_url = base_url.unwrap_or(BASE_URL);
    let api = token.and_then(|token| {
        let api = Api::new(&token, base_url, clock);
        let api = api.map_err(|error| NotSeen::because(format!("{error}.")))?;
        Ok((api, token))
    });
    match api {
        Ok((api, token)) => with(&api, test_token(&token, base_url).await, wanted).await,
        Err(why) => unseen(&why, wanted),
    }
}

async fn with(api: &Api, token: Seen<Result<Token, String>>, wanted: Wanted) -> Slack {
    // With a token that is refused, every answer would be the same refusal.
    let why = match &token {
        Ok(Ok(_)) => None,
        Ok(Err(said)) => Some(NotSeen::because(format!(
            "Slack refuses the token ({said})."
        ))),
        Err(why) => Some(why.clone()),
    };
    if let Some(why) = why {
        return Slack {
            token,
            ..unseen(&why, wanted)
        };
    }
    let own = channels(api).await;
    let channels: Vec<SlackChannel> = wanted
        .channels
        .into_iter()
        .map(|(name, environment)| SlackChannel {
            seen: own
                .as_ref()
                .map(|own| state(own, &name))
                .map_err(Clone::clone),
            name,
            environment,
        })
        .collect();
    let mut groups = Vec::new();
    for (id, wanted_for) in wanted.groups {
        let members = members(api, &id).await;
        groups.push(SlackGroup {
            id,
            wanted_for,
            members,
        });
    }
    let mut people = Vec::new();
    for id in wanted.people {
        let person = person(api, &id).await;
        people.push((id, person));
    }
    // Private channels need scopes of their own; who has none of them can do without.
    let private = channels
        .iter()
        .any(|channel| matches!(channel.seen, Ok(None)));
    Slack {
        token,
        wanted_team: wanted.team,
        wanted_scopes: scopes(private),
        channels,
        groups,
        people,
    }
}

fn unseen(why: &NotSeen, wanted: Wanted) -> Slack {
    let channels = wanted
        .channels
        .into_iter()
        .map(|(name, environment)| SlackChannel {
            name,
            environment,
            seen: Err(why.clone()),
        });
    let groups = wanted
        .groups
        .into_iter()
        .map(|(id, wanted_for)| SlackGroup {
            id,
            wanted_for,
            members: Err(why.clone()),
        });
    Slack {
        token: Err(why.clone()),
        wanted_team: wanted.team,
        wanted_scopes: scopes(false),
        channels: channels.collect(),
        groups: groups.collect(),
        people: wanted
            .people
            .into_iter()
            .map(|id| (id, Err(why.clone())))
            .collect(),
    }
}

fn scopes(private: bool) -> Vec<String> {
    let all = Method::ALL.into_iter().flat_map(|method| method.scopes());
    let wanted = all.filter(|scope| private || !scope.starts_with("groups:"));
    let wanted = wanted.copied().chain([COMMANDS]);
    wanted
        .map(str::to_owned)
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// auth.test, for whose the token is; its scopes are in a header, which slack-morphism drops.
async fn test_token(token: &SecretString, base_url: &str) -> Seen<Result<Token, String>> {
    let method = Method::TestToken.name();
    let lost = |why: String| NotSeen::because(format!("Slack did not answer {method}: {why}."));
    let connector = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .build();
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let request = hyper::Request::post(format!("{}/{method}", base_url.trim_end_matches('/')))
        .header(AUTHORIZATION, format!("Bearer {}", token.expose_secret()))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::default())
        // Its text would show the header.
        .map_err(|_| NotSeen::because("The token's secret holds characters that no token has."))?;
    let answer = tokio::time::timeout(super::api::CALL_TIMEOUT, client.request(request)).await;
    let answer = answer.map_err(|_| lost("no answer in time".to_owned()))?;
    let answer = answer.map_err(|error| lost(error.to_string()))?;
    let scopes = answer
        .headers()
        .get("x-oauth-scopes")
        .and_then(|value| value.to_str().ok());
    let scopes = scopes.map(|scopes| {
        scopes
            .split(',')
            .map(|scope| scope.trim().to_owned())
            .collect::<Vec<_>>()
    });
    let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await;
    let body = body.map_err(|error| lost(error.to_string()))?.to_bytes();
    let body: Value =
        serde_json::from_slice(&body).map_err(|_| lost("what came is not Slack's".to_owned()))?;
    if body["ok"] != true {
        let said = body["error"].as_str().unwrap_or("no reason");
        return match is_about_token(said) {
            true => Ok(Err(said.to_owned())),
            false => Err(lost(said.to_owned())),
        };
    }
    Ok(Ok(Token {
        team: body["team_id"].as_str().unwrap_or_default().to_owned(),
        organisation_wide: body["is_enterprise_install"] == true,
        scopes: scopes.ok_or_else(|| {
            NotSeen::because("Slack's answer does not say which scopes the token has.")
        }),
    }))
}

/// The channels that the bot is in. Without the scope for private ones, the public ones.
async fn channels(api: &Api) -> Seen<Vec<Value>> {
    let mut own = own_channels(api, "public_channel,private_channel", false).await;
    if matches!(&own, Err(Failed::Refused(refused)) if refused.code == MISSING_SCOPE) {
        own = own_channels(api, "public_channel", false).await;
    }
    own.map_err(|failed| not_seen(Method::ListOwnChannels, "the bot's channels", failed))
}

fn state(own: &[Value], name: &str) -> Option<ChannelState> {
    let bare = name.trim_start_matches('#');
    let found = own
        .iter()
        .find(|one| one["name"] == bare || one["id"] == bare)?;
    Some(ChannelState {
        archived: found["is_archived"] == true,
        shared_outside: found["is_ext_shared"] == true,
    })
}

async fn members(api: &Api, group: &str) -> Seen<usize> {
    let method = Method::ListGroupMembers;
    match api.get(method, vec![("usergroup", group.to_owned())]).await {
        Ok(answer) => Ok(answer["users"].as_array().map_or(0, Vec::len)),
        Err(Failed::Refused(refused)) if NO_SUCH_GROUP.contains(&&*refused.code) => Ok(0),
        Err(failed) => Err(not_seen(method, group, failed)),
    }
}

async fn person(api: &Api, id: &str) -> Seen<Option<Person>> {
    let method = Method::ReadUser;
    match api.get(method, vec![("user", id.to_owned())]).await {
        Ok(answer) => {
            let user = &answer["user"];
            Ok(Some(Person {
                deactivated: user["deleted"] == true,
                guest: user["is_restricted"] == true || user["is_ultra_restricted"] == true,
                bot: user["is_bot"] == true,
            }))
        }
        Err(Failed::Refused(refused)) if NO_SUCH_USER.contains(&&*refused.code) => Ok(None),
        Err(failed) => Err(not_seen(method, id, failed)),
    }
}

fn not_seen(method: Method, what: &str, failed: Failed) -> NotSeen {
    let needs = match &failed {
        Failed::Refused(refused) if refused.code == MISSING_SCOPE => {
            let scope = refused.needed_scope.clone();
            scope.or_else(|| method.scopes().first().map(|scope| (*scope).to_owned()))
        }
        _ => None,
    };
    NotSeen {
        why: format!("{}.", port_error(method, what, failed).message),
        needs,
    }
}
