//! Which of our messages are there already.
//!
//! Slack has no idempotency keys: a post whose answer was lost may have been taken. So every
//! message carries its key as metadata, and before a post the channel or the thread is looked at. A
//! lookup is valid for a moment, so that catching up on ten lines of a thread costs one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sluice_app::ports::{ChatError, Clock, Refusal};
use sluice_core::id::ChannelName;

use super::EVENT_TYPE;
use super::api::{Api, Failed};
use super::errors::{MISSING_SCOPE, chat_error};
use crate::method::Method;

/// How long a lookup is valid. Who else may post in between is another run for the same deployment,
/// and those are rare and seconds apart.
const LOOK_LASTS: SignedDuration = SignedDuration::from_secs(20);

/// How long Slack may take to show a message that it has taken. One whose answer was lost is looked
/// for after this, and not posted again before.
const LAG: SignedDuration = SignedDuration::from_secs(10);

/// Slack's recommended page.
const PAGE: &str = "200";

/// Pages read of a thread or of the bot's channels, at most.
const PAGES: usize = 10;

/// A channel, or a thread in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The channel's id.
    pub(super) channel: String,
    /// The `ts` of the thread's first message.
    pub(super) thread: Option<String>,
}

#[derive(Debug)]
struct Look {
    at: Timestamp,
    /// The `ts` of each of our messages, by key.
    ours: BTreeMap<String, String>,
}

impl Look {
    fn is_good(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.at);
        !age.is_negative() && age < LOOK_LASTS
    }
}

pub(super) struct Posted {
    clock: Arc<dyn Clock>,
    looks: Mutex<BTreeMap<Place, Look>>,
    /// Messages that may have been posted, and when.
    unsure: Mutex<BTreeMap<(Place, String), Timestamp>>,
    channels: Mutex<BTreeMap<ChannelName, String>>,
}

impl Posted {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            looks: Mutex::default(),
            unsure: Mutex::default(),
            channels: Mutex::default(),
        }
    }

    /// The `ts` of our message of that key, if it is there.
    pub(super) async fn find(
        &self,
        api: &Api,
        place: &Place,
        key: &str,
    ) -> Result<Option<String>, ChatError> {
        if let Some(look) = locked(&self.looks).get(place)
            && look.is_good(self.clock.now())
        {
            return Ok(look.ours.get(key).cloned());
        }
        let at = self.clock.now();
        let ours = look(api, place).await?;
        let found = ours.get(key).cloned();
        let mut looks = locked(&self.looks);
        looks.retain(|_, look| look.is_good(at));
        looks.insert(place.clone(), Look { at, ours });
        Ok(found)
    }

    /// Remembers a message that was posted.
    pub(super) fn add(&self, place: &Place, key: &str, ts: &str) {
        if let Some(look) = locked(&self.looks).get_mut(place) {
            look.ours.insert(key.to_owned(), ts.to_owned());
        }
    }

    /// Whether the message may be there already without being shown.
    pub(super) fn is_unsure(&self, place: &Place, key: &str) -> bool {
        let now = self.clock.now();
        let mut unsure = locked(&self.unsure);
        unsure.retain(|_, at| now.duration_since(*at) < LAG);
        unsure.contains_key(&(place.clone(), key.to_owned()))
    }

    /// The message may have been posted: nothing was heard of it.
    pub(super) fn doubt(&self, place: &Place, key: &str) {
        let message = (place.clone(), key.to_owned());
        locked(&self.unsure).insert(message, self.clock.now());
        self.forget(place);
    }

    /// What is there is not known any more: the next post looks first.
    pub(super) fn forget(&self, place: &Place) {
        locked(&self.looks).remove(place);
    }

    /// The channel's id. Slack posts to names but reads by id only.
    pub(super) async fn channel_id(
        &self,
        api: &Api,
        channel: &ChannelName,
    ) -> Result<String, ChatError> {
        if is_id(channel.as_str()) {
            return Ok(channel.as_str().to_owned());
        }
        if let Some(id) = locked(&self.channels).get(channel) {
            return Ok(id.clone());
        }
        let id = id_by_name(api, channel).await?;
        locked(&self.channels).insert(channel.clone(), id.clone());
        Ok(id)
    }
}

/// A panic while it was held leaves a memory of what is there: at worst it is looked again.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_id(channel: &str) -> bool {
    channel.len() >= 9
        && channel.starts_with(['C', 'G', 'D'])
        && channel
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

async fn look(api: &Api, place: &Place) -> Result<BTreeMap<String, String>, ChatError> {
    let mut parameters = vec![
        ("channel", place.channel.clone()),
        ("limit", PAGE.to_owned()),
        ("include_all_metadata", "true".to_owned()),
    ];
    // A thread is read from its beginning, so all of it; a channel from its end, so one page.
    let (method, pages) = match &place.thread {
        Some(ts) => {
            parameters.push(("ts", ts.clone()));
            (Method::ReadThread, PAGES)
        }
        None => (Method::ReadChannel, 1),
    };
    let messages = read_pages(api, method, parameters, "messages", pages)
        .await
        .map_err(|failed| chat_error(method, &place.channel, failed))?;
    let ours = messages.iter().filter_map(|message| {
        let metadata = &message["metadata"];
        let is_ours = metadata["event_type"] == EVENT_TYPE;
        let key = metadata["event_payload"]["key"].as_str()?;
        let ts = message["ts"].as_str()?;
        is_ours.then(|| (key.to_owned(), ts.to_owned()))
    });
    Ok(ours.collect())
}

/// Searches the channels that the bot is in: few, and it may post to no others. Without the scope
/// for private channels it searches the public ones.
async fn id_by_name(api: &Api, channel: &ChannelName) -> Result<String, ChatError> {
    let what = channel.as_str();
    let all = own_channels(api, "public_channel,private_channel", true).await;
    let only_public =
        matches!(&all, Err(Failed::Refused(refused)) if refused.code == MISSING_SCOPE);
    let channels = match only_public {
        true => own_channels(api, "public_channel", true).await,
        false => all,
    };
    let channels = channels.map_err(|failed| chat_error(Method::ListOwnChannels, what, failed))?;
    let name = what.trim_start_matches('#');
    channels
        .iter()
        .find(|channel| channel["name"] == name)
        .and_then(|channel| channel["id"].as_str())
        .map(str::to_owned)
        .ok_or_else(|| {
            let private = match only_public {
                true => " (if it is private, give the app the scope groups:read)",
                false => "",
            };
            ChatError::new(
                Refusal::Setting,
                format!(
                    "the Sluice app is in no Slack channel named {what}: invite it there{private}, \
                     or correct `channel` in sluice.toml"
                ),
            )
        })
}

/// The channels that the bot is in, with those that are archived or without.
pub(super) async fn own_channels(
    api: &Api,
    types: &str,
    exclude_archived: bool,
) -> Result<Vec<Value>, Failed> {
    let parameters = vec![
        ("types", types.to_owned()),
        ("exclude_archived", exclude_archived.to_string()),
        ("limit", PAGE.to_owned()),
    ];
    read_pages(api, Method::ListOwnChannels, parameters, "channels", PAGES).await
}

async fn read_pages(
    api: &Api,
    method: Method,
    parameters: Vec<(&'static str, String)>,
    list: &str,
    pages: usize,
) -> Result<Vec<Value>, Failed> {
    let mut found = Vec::new();
    let mut page_parameters = parameters.clone();
    for _ in 0..pages {
        let mut answer = api.get(method, page_parameters).await?;
        if let Value::Array(items) = answer[list].take() {
            found.extend(items);
        }
        let cursor = answer["response_metadata"]["next_cursor"].as_str();
        let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else {
            break;
        };
        page_parameters = parameters.clone();
        page_parameters.push(("cursor", cursor.to_owned()));
    }
    Ok(found)
}
