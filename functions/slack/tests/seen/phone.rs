//! The cards that matter most, as a phone shows them: `functions/slack/tests/phone/shoot` makes the
//! pictures of docs/slack from what this writes.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sluice_sim::cloud::ImageBehaviour;
use sluice_slack::render;
use sluice_words::message::{Block, Message};
use sluice_words::view;

use crate::gather::{Story, bad};

/// Characters in a line of text on a phone.
const LINE: usize = 44;
/// Lines that a phone shows without scrolling, buttons and title among them.
const SCREEN: usize = 26;

#[test]
fn the_question_and_its_buttons_are_on_one_screen() {
    let cards = cards();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("phone");
    fs::create_dir_all(&folder).unwrap();
    let rendered: Vec<Value> = cards
        .iter()
        .map(|(name, message)| json!({"name": name, "blocks": render(message).blocks}))
        .collect();
    let script = format!("const CARDS = {};\n", Value::from(rendered));
    fs::write(folder.join("cards.js"), script).unwrap();
    let (_, asked) = &cards[0];
    let lines = lines(asked);
    assert!(lines <= SCREEN, "the approval card takes {lines} lines");
}

/// In the order in which somebody meets them.
fn cards() -> Vec<(&'static str, Message)> {
    let waits = Story::told(ImageBehaviour::default(), false);
    let (live, failed) = (
        Story::told(ImageBehaviour::default(), true),
        Story::told(bad(), true),
    );
    let (decision, stuck) = (Story::decision(), Story::stuck());
    let latest = |story: &Story| {
        let posted = story.world.slack().messages();
        let own =
            |d: &sluice_core::deployment::Deployment| view::message(d, None).blocks[0].clone();
        let title = own(&story.newest());
        let says = posted
            .iter()
            .rfind(|one| one.says().blocks.first() == Some(&title));
        says.map_or_else(
            || view::message(&story.newest(), None),
            |one| one.says().clone(),
        )
    };
    let alert = |story: &Story| {
        let posted = story.world.slack().messages();
        let alert = posted.into_iter().rfind(|posted| posted.broadcast);
        alert.unwrap().says().clone()
    };
    vec![
        ("approval", latest(&waits)),
        ("approval-alert", alert(&waits)),
        ("live", latest(&live)),
        ("rolled-back", latest(&failed)),
        ("cannot-tell", latest(&Story::blind())),
        ("decision", latest(&decision)),
        ("decision-alert", alert(&decision)),
        ("rollback-failed", latest(&stuck)),
        ("restoring", latest(&Story::restoring())),
        ("closed", latest(&Story::closed())),
    ]
}

/// Lines of text that the message takes on a phone.
fn lines(message: &Message) -> usize {
    let of = |text: &str| -> usize {
        let plain = sluice_words::inline::plain(text);
        plain
            .lines()
            .map(|line| line.chars().count().div_ceil(LINE).max(1))
            .sum()
    };
    let blocks = message.blocks.iter().map(|block| match block {
        Block::Header(text) | Block::Text(text) | Block::Code(text) | Block::Context(text) => {
            of(text)
        }
        Block::Fields(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| of(&format!("{name} {value}")));
            fields.sum()
        }
        Block::Links(links) => {
            let words: Vec<&str> = links.iter().map(|link| link.text.as_str()).collect();
            of(&words.join(" · "))
        }
        Block::Buttons(_) => 2,
    });
    blocks.sum()
}
