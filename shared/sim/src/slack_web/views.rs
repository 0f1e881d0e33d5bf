//! Modals and App Homes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::messages::invalid_blocks;
use super::{SlackWeb, WebReply};

/// A `trigger_id` is good for this long.
const TRIGGER_LASTS: SignedDuration = SignedDuration::from_secs(3);
/// A view's title, in characters.
const TITLE_CHARS: usize = 24;
/// A view's `private_metadata`, in characters.
const METADATA_CHARS: usize = 3_000;
/// Blocks of a view.
const BLOCKS: usize = 100;

/// Where a view is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewKind {
    /// A modal, opened with a `trigger_id`.
    Modal,
    /// The App Home of this user.
    Home(String),
}

/// A view as the app made it.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Its id.
    pub id: String,
    /// Where it is shown.
    pub kind: ViewKind,
    /// When it was opened, updated or published last.
    pub at: Timestamp,
    /// The view, as it was sent.
    pub view: Value,
}

impl SlackWeb {
    pub(super) fn open_view(&mut self, arguments: &Value, now: Timestamp) -> WebReply {
        let trigger = arguments["trigger_id"].as_str().unwrap_or_default();
        let Some(since) = self.triggers.remove(trigger) else {
            return WebReply::refused("exchanged_trigger_id");
        };
        if now.duration_since(since) > TRIGGER_LASTS {
            return match self.rules.late_trigger_is_invalid {
                true => WebReply::refused("invalid_arguments")
                    .saying("[ERROR] `trigger_id` expired [json-pointer:/trigger_id]"),
                false => WebReply::refused("expired_trigger_id"),
            };
        }
        self.add_view(ViewKind::Modal, &arguments["view"], now)
    }

    pub(super) fn publish_view(&mut self, arguments: &Value, now: Timestamp) -> WebReply {
        let Some(user) = arguments["user_id"].as_str() else {
            return WebReply::refused("invalid_arguments");
        };
        self.add_view(ViewKind::Home(user.to_owned()), &arguments["view"], now)
    }

    pub(super) fn update_view(&mut self, arguments: &Value, now: Timestamp) -> WebReply {
        let view = &arguments["view"];
        if let Some(error) = invalid_view(view) {
            return WebReply::refused(error);
        }
        let id = arguments["view_id"].as_str().unwrap_or_default();
        let Some(there) = self.views.iter_mut().find(|view| view.id == id) else {
            return WebReply::refused("not_found");
        };
        (there.view, there.at) = (view.clone(), now);
        WebReply::ok(json!({"view": {"id": id}}))
    }

    fn add_view(&mut self, kind: ViewKind, view: &Value, now: Timestamp) -> WebReply {
        if let Some(error) = invalid_view(view) {
            return WebReply::refused(error);
        }
        let id = format!("V{:010}", self.views.len() + 1);
        self.views.push(View {
            id: id.clone(),
            kind,
            at: now,
            view: view.clone(),
        });
        WebReply::ok(json!({"view": {"id": id}}))
    }
}

fn invalid_view(view: &Value) -> Option<&'static str> {
    let chars = |text: &Value| text.as_str().map_or(0, |text| text.chars().count());
    let modal = match view["type"].as_str() {
        Some("modal") => true,
        Some("home") => false,
        _ => return Some("invalid_arguments"),
    };
    let title = chars(&view["title"]["text"]);
    let bad_title = modal && (title == 0 || title > TITLE_CHARS);
    let too_much = chars(&view["private_metadata"]) > METADATA_CHARS;
    let blocks = view["blocks"].as_array()?;
    let bad_blocks = blocks.len() > BLOCKS || invalid_blocks(blocks);
    (bad_title || too_much || bad_blocks).then_some("invalid_arguments")
}
