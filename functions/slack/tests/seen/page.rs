//! `docs/slack.md`: what people see, as it is made from the state. The test fails when the page is
//! out of date; `SLUICE_RENEW_DOCS=1 cargo test -p sluice-slack-function --test seen` renews it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use sluice_sim::cloud::ImageBehaviour;
use sluice_words::message::{Block, Message};
use sluice_words::modal::{InputKind, Modal};
use sluice_words::{inline, view};

use crate::gather::{Story, bad, modals};

const INTRODUCTION: &str = "# What people see in Slack

Each deployment has one message, which always says how things stand, and a thread, which tells how they came to. Only a decision that is needed and a failure are told to the channel besides. Everything here is taken from simulated deployments of `tests/erp/sluice.toml` by a test, `functions/slack/tests/seen`, which fails when this page is out of date and says how to renew it.
";

#[test]
fn the_page_shows_what_people_see_today() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/slack.md");
    let page = page();
    if std::env::var_os("SLUICE_RENEW_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&path).is_ok_and(|there| there == page),
        "docs/slack.md is out of date; renew it: SLUICE_RENEW_DOCS=1 cargo test -p \
         sluice-slack-function --test seen"
    );
}

fn page() -> String {
    let waits = Story::told(ImageBehaviour::default(), false);
    let done = Story::told(ImageBehaviour::default(), true);
    let failed = Story::told(bad(), true);
    let closed = Story::closed();
    let mut page = INTRODUCTION.to_owned();
    let mut part = |title: &str, text: String| {
        write!(page, "\n## {title}\n\n{text}").unwrap();
    };
    let phone: String = ["approval", "decision", "rollback-failed", "restoring"]
        .map(|name| {
            format!("<img src=\"slack/{name}.png\" alt=\"the card, on a phone\" width=\"240\">\n")
        })
        .concat();
    let where_from = "More of them are in [slack/](slack/). `functions/slack/tests/phone/shoot` \
                      renews them, with a browser and much of Slack's look.\n";
    part("On a phone", format!("{phone}\n{where_from}"));
    let latest = |story: &Story| view::message(&story.newest(), None);
    let asks = waits.world.slack();
    let posted = asks.messages();
    let asked = posted.iter().rfind(|posted| {
        let buttons = |block: &Block| matches!(block, Block::Buttons(_));
        posted.thread.is_none() && posted.says().blocks.iter().any(buttons)
    });
    part("It waits for a yes", message(asked.unwrap().says()));
    let told = posted.iter().rfind(|posted| posted.broadcast).unwrap();
    part("The channel is told that it is asked", message(told.says()));
    for modal in modals(&waits, &done, &closed) {
        part(&format!("The form \"{}\"", modal.title), form(&modal));
    }
    let way = done.messages().into_iter().rev().find(|message| {
        matches!(&message.blocks[..], [_, Block::Fields(fields), ..] if fields[0].1.contains("Baking"))
    });
    part("It waits for production to open", message(&latest(&closed)));
    part("It is on its way", message(&way.unwrap()));
    let blind = Story::blind();
    part(
        "No one can see whether it is healthy",
        message(&latest(&blind)),
    );
    part("It is live", message(&latest(&done)));
    part("It failed", message(&latest(&failed)));
    let told = |story: &Story| {
        let posted = story.world.slack().messages();
        let alerts = posted.into_iter().rfind(|posted| posted.broadcast);
        message(alerts.unwrap().says())
    };
    let decision = Story::decision();
    part("Someone must decide", message(&latest(&decision)));
    part("The channel is told of a decision", told(&decision));
    let stuck = Story::stuck();
    part("The rollback failed", message(&latest(&stuck)));
    part("The channel is told of that", told(&stuck));
    part(
        "The database is being restored",
        message(&latest(&Story::restoring())),
    );
    part("`/sluice status`", message(&waits.typed("status")));
    part(
        "`/sluice status production`, frozen",
        message(&closed.typed("status production")),
    );
    part(
        "`/sluice history production`",
        message(&failed.typed("history production")),
    );
    part(
        "`/sluice parity staging production`",
        message(&waits.typed("parity staging production")),
    );
    part(
        "`/sluice who production`",
        message(&waits.typed("who production")),
    );
    part("The Home tab", blocks(&waits.home().blocks));
    part("`/sluice help`", message(&waits.typed("help")));
    page
}

fn message(message: &Message) -> String {
    format!(
        "{}\nIn a notification: {}\n",
        blocks(&message.blocks),
        shown(&message.summary).replace('\n', " · ")
    )
}

fn blocks(blocks: &[Block]) -> String {
    let lines: Vec<String> = blocks.iter().map(block).collect();
    let quoted: Vec<String> = lines
        .join("\n\n")
        .lines()
        .map(|line| format!("> {line}").trim_end().to_owned())
        .collect();
    quoted.join("\n") + "\n"
}

fn block(block: &Block) -> String {
    match block {
        Block::Header(text) => format!("**{}**", shown(text)),
        Block::Text(text) => shown(text).replace('\n', "\\\n"),
        Block::Context(text) => format!("<sub>{}</sub>", shown(text).replace('\n', "<br>")),
        Block::Links(links) => {
            let links: Vec<String> = links
                .iter()
                .map(|link| match &link.url {
                    Some(url) => format!("[{}]({url})", shown(&link.text)),
                    None => shown(&link.text),
                })
                .collect();
            links.join(" · ")
        }
        Block::Code(text) => format!("```\n{}\n```", text.trim_end()),
        Block::Fields(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| {
                    let value = shown(value).replace('\n', "\\\n");
                    let between = if value.contains('\n') { "\\\n" } else { " " };
                    format!("**{name}**{between}{value}")
                })
                .collect();
            fields.join("\\\n")
        }
        Block::Buttons(buttons) => {
            let labels: Vec<String> = buttons
                .iter()
                .map(|button| match &button.confirm {
                    Some(asks) => format!("`{}` (asks: {asks})", button.action.label()),
                    None => format!("`{}`", button.action.label()),
                })
                .collect();
            labels.join(" ")
        }
    }
}

fn form(modal: &Modal) -> String {
    let mut text = blocks(&modal.blocks);
    for input in &modal.inputs {
        let kind = match &input.kind {
            InputKind::Text { max_chars } => format!("in at most {max_chars} characters"),
            InputKind::Select(choices) => {
                let labels: Vec<&str> =
                    choices.iter().map(|choice| choice.label.as_str()).collect();
                format!("one of {}", labels.join(", "))
            }
        };
        writeln!(
            text,
            "> \n> **{}** ({kind})\\\n> {}",
            input.label, input.hint
        )
        .unwrap();
    }
    writeln!(text, "> \n> `{}` `Not now`", modal.submit).unwrap();
    text.replace("> \n", ">\n")
}

/// Mentions and times as Slack shows them; everything else of a text is literal.
fn shown(text: &str) -> String {
    inline::plain(text).replace('<', "&lt;")
}
