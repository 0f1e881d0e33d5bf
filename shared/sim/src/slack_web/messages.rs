//! Messages, their threads, and what Slack takes as one.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{SlackWeb, WebReply};

/// Blocks of a message.
const BLOCKS: usize = 50;
/// Of the `text`, which is cut in notifications.
const TEXT_CHARS: usize = 40_000;
/// Texts, in characters, by where they stand.
const SECTION_CHARS: usize = 3_000;
const FIELD_CHARS: usize = 2_000;
const HEADER_CHARS: usize = 150;
const BUTTON_CHARS: usize = 75;
/// The value that a button carries.
const VALUE_CHARS: usize = 2_000;

/// A message as the app made it.
#[derive(Clone, Debug, PartialEq)]
pub struct WebMessage {
    /// The channel's id.
    pub channel: String,
    /// Its id in the channel.
    pub ts: String,
    /// The first message of its thread, if it is in one.
    pub thread_ts: Option<String>,
    /// Whether a message of a thread is shown in the channel too.
    pub broadcast: bool,
    /// The one it is shown to, if to one only.
    pub only_for: Option<String>,
    /// The `metadata`.
    pub metadata: Value,
    /// Everything it has ever said, and since when: `text` and `blocks`.
    pub versions: Vec<(Timestamp, Value)>,
    /// Whether somebody has deleted it.
    pub deleted: bool,
}

impl WebMessage {
    /// What it says.
    pub fn says(&self) -> &Value {
        &self.versions[self.versions.len() - 1].1
    }

    /// The element with which somebody acts, by its `action_id`.
    pub fn button(&self, action_id: &str) -> Option<&Value> {
        let blocks = self.says()["blocks"].as_array()?;
        let actions = blocks.iter().filter(|block| block["type"] == "actions");
        actions
            .filter_map(|block| block["elements"].as_array())
            .flatten()
            .find(|element| element["action_id"] == action_id)
    }

    fn json(&self) -> Value {
        let mut message = json!({
            "type": "message",
            "ts": self.ts,
            "bot_id": "B0000000001",
            "text": self.says()["text"],
            "blocks": self.says()["blocks"],
        });
        if let Some(thread) = &self.thread_ts {
            message["thread_ts"] = json!(thread);
        }
        if !self.metadata.is_null() {
            message["metadata"] = self.metadata.clone();
        }
        message
    }
}

impl SlackWeb {
    pub(super) fn post_message(&mut self, arguments: &Value, now: Timestamp) -> WebReply {
        self.post(arguments, None, now)
    }

    pub(super) fn post_ephemeral(&mut self, arguments: &Value, now: Timestamp) -> WebReply {
        match arguments["user"].as_str() {
            Some(user) => self.post(arguments, Some(user.to_owned()), now),
            None => WebReply::refused("user_not_in_channel"),
        }
    }

    fn post(&mut self, arguments: &Value, only_for: Option<String>, now: Timestamp) -> WebReply {
        let channel = match self.open_channel(arguments) {
            Ok(channel) => channel,
            Err(refused) => return refused,
        };
        if let Some(refused) = self.invalid_message(arguments, TEXT_CHARS) {
            return refused;
        }
        let mut thread_ts = arguments["thread_ts"].as_str().map(str::to_owned);
        if let Some(first) = &thread_ts
            && self.rules.unthreads
            && !self.messages(&channel).iter().any(|one| one.ts == *first)
        {
            thread_ts = None;
        }
        let ts = self.next_ts(now);
        let mut said = json!({"ts": ts, "text": arguments["text"]});
        if let Some(first) = &thread_ts {
            said["thread_ts"] = json!(first);
        }
        self.messages.push(WebMessage {
            channel: channel.clone(),
            ts: ts.clone(),
            thread_ts,
            broadcast: arguments["reply_broadcast"] == true,
            only_for,
            metadata: arguments["metadata"].clone(),
            versions: vec![(now, content(arguments))],
            deleted: false,
        });
        WebReply::ok(json!({"channel": channel, "ts": ts, "message_ts": ts, "message": said}))
    }

    pub(super) fn update_message(&mut self, arguments: &Value, now: Timestamp) -> WebReply {
        let channel = match self.open_channel(arguments) {
            Ok(channel) => channel,
            Err(refused) => return refused,
        };
        if let Some(refused) = self.invalid_message(arguments, self.rules.update_chars) {
            return refused;
        }
        let ts = arguments["ts"].as_str().unwrap_or_default().to_owned();
        let window = self.rules.edit_window;
        let Some(message) = self.message_mut(&channel, &ts).filter(|one| !one.deleted) else {
            return WebReply::refused("message_not_found");
        };
        let age = now.duration_since(message.versions[0].0);
        if window.is_some_and(|window| age > window) {
            return WebReply::refused("edit_window_closed");
        }
        message.versions.push((now, content(arguments)));
        WebReply::ok(json!({"channel": channel, "ts": ts}))
    }

    pub(super) fn history(&self, arguments: &Value, now: Timestamp) -> WebReply {
        let channel = arguments["channel"].as_str().unwrap_or_default();
        if !self.channels.iter().any(|one| one.id == channel) {
            return WebReply::refused("channel_not_found");
        }
        let shown = |message: &&&WebMessage| {
            let in_channel = message.thread_ts.is_none() || message.broadcast;
            in_channel && message.only_for.is_none() && self.is_read(message, now)
        };
        let there = self.messages(channel);
        // The youngest first.
        let messages: Vec<Value> = there
            .iter()
            .filter(shown)
            .rev()
            .map(|one| one.json())
            .collect();
        page(arguments, messages)
    }

    /// Whether a message has been there for long enough.
    fn is_read(&self, message: &WebMessage, now: Timestamp) -> bool {
        now.duration_since(message.versions[0].0) >= self.rules.lag
    }

    pub(super) fn replies(&self, arguments: &Value, now: Timestamp) -> WebReply {
        let channel = arguments["channel"].as_str().unwrap_or_default();
        let ts = arguments["ts"].as_str().unwrap_or_default();
        let of_thread = |message: &&&WebMessage| {
            // The first message is read by its own id, at once.
            let is_reply = message.thread_ts.as_deref() == Some(ts);
            message.ts == ts || (is_reply && self.is_read(message, now))
        };
        let there = self.messages(channel);
        let messages: Vec<Value> = there
            .iter()
            .filter(of_thread)
            .map(|one| one.json())
            .collect();
        if messages.is_empty() {
            return WebReply::refused("thread_not_found");
        }
        page(arguments, messages)
    }

    pub(super) fn message_mut(&mut self, channel: &str, ts: &str) -> Option<&mut WebMessage> {
        self.messages
            .iter_mut()
            .find(|message| message.channel == channel && message.ts == ts)
    }

    /// The channel's id, whether it is named by id or by name.
    fn open_channel(&self, arguments: &Value) -> Result<String, WebReply> {
        let asked = arguments["channel"].as_str().unwrap_or_default();
        let name = asked.trim_start_matches('#');
        let found = self
            .channels
            .iter()
            .find(|one| one.id == asked || one.name == name);
        match found {
            None => Err(WebReply::refused("channel_not_found")),
            Some(channel) if channel.archived => Err(WebReply::refused("is_archived")),
            Some(channel) if !channel.member => Err(WebReply::refused("not_in_channel")),
            Some(channel) => Ok(channel.id.clone()),
        }
    }

    /// Slack's `ts`: a time in seconds, made unique in six digits.
    fn next_ts(&mut self, now: Timestamp) -> String {
        let micros = u64::try_from(now.as_microsecond()).unwrap_or(0);
        self.last_ts = micros.max(self.last_ts + 1);
        format!(
            "{}.{:06}",
            self.last_ts / 1_000_000,
            self.last_ts % 1_000_000
        )
    }
}

impl SlackWeb {
    /// The refusal of a message that Slack does not take, if it does not.
    fn invalid_message(&self, arguments: &Value, text_chars: usize) -> Option<WebReply> {
        let text = arguments["text"].as_str().unwrap_or_default();
        let blocks = arguments["blocks"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        if text.is_empty() && blocks.is_empty() {
            return Some(WebReply::refused("no_text"));
        }
        if text.chars().count() > text_chars {
            return Some(WebReply::refused("msg_too_long"));
        }
        if blocks.len() > BLOCKS || invalid_blocks(blocks) {
            let says = "[ERROR] a block is not valid [json-pointer:/blocks]";
            return Some(WebReply::refused("invalid_blocks").saying(says));
        }
        let all: usize = blocks.iter().map(chars_of).sum();
        (all > self.rules.all_chars).then(|| WebReply::refused("msg_blocks_too_long"))
    }
}

fn content(arguments: &Value) -> Value {
    json!({"text": arguments["text"], "blocks": arguments["blocks"]})
}

fn page(arguments: &Value, messages: Vec<Value>) -> WebReply {
    let limit = match &arguments["limit"] {
        Value::String(limit) => limit.parse().unwrap_or(100),
        limit => limit.as_u64().unwrap_or(100),
    };
    let limit = usize::try_from(limit).unwrap_or(100).max(1);
    let cursor = arguments["cursor"].as_str().unwrap_or_default();
    let from: usize = cursor.parse().unwrap_or(0);
    let until = from.saturating_add(limit).min(messages.len());
    let more = until < messages.len();
    let next = if more {
        until.to_string()
    } else {
        String::new()
    };
    let messages = messages.get(from..until).unwrap_or_default();
    WebReply::ok(json!({
        "messages": messages,
        "has_more": more,
        "response_metadata": {"next_cursor": next},
    }))
}

/// The characters of every text in it.
fn chars_of(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            let own = fields.get("text").and_then(Value::as_str);
            let own = own.map_or(0, |text| text.chars().count());
            own + fields.values().map(chars_of).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(chars_of).sum(),
        _ => 0,
    }
}

/// Whether Slack refuses one of the blocks for its texts.
pub(super) fn invalid_blocks(blocks: &[Value]) -> bool {
    let outside = |text: &Value, limit: usize| {
        let chars = text["text"].as_str().map_or(0, |text| text.chars().count());
        chars == 0 || chars > limit
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    blocks.iter().any(|block| match block["type"].as_str() {
        Some("header") => outside(&block["text"], HEADER_CHARS),
        Some("section") => {
            let text = !block["text"].is_null() && outside(&block["text"], SECTION_CHARS);
            let fields = list(&block["fields"]);
            let bad = fields.iter().any(|field| outside(field, FIELD_CHARS));
            text || bad || fields.len() > 10 || (block["text"].is_null() && fields.is_empty())
        }
        Some("context") => {
            let elements = list(&block["elements"]);
            elements.is_empty() || elements.iter().any(|one| outside(one, SECTION_CHARS))
        }
        Some("actions") => {
            let elements = list(&block["elements"]);
            elements.is_empty() || elements.len() > 25 || elements.iter().any(invalid_element)
        }
        Some("divider" | "input" | "rich_text" | "image") => false,
        _ => true,
    })
}

fn invalid_element(element: &Value) -> bool {
    if element["type"] != "button" {
        return false;
    }
    let chars = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
    let label = chars(&element["text"]["text"]);
    label == 0 || label > BUTTON_CHARS || chars(&element["value"]) > VALUE_CHARS
}
