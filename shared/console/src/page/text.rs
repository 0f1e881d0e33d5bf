//! The words of messages as HTML: people, moments, commands, lists.

use jiff::Timestamp;
use maud::{Markup, html};
use sluice_words::inline::{Inline, read};
use sluice_words::message::{Block, Button, Link, Message};
use sluice_words::operate::{in_chat, typed};

use super::Page;
use crate::Commands;

impl Page<'_> {
    /// A text in which lines stay lines.
    pub(super) fn lines(&self, text: &str) -> Markup {
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.len().saturating_sub(1);
        html! {
            @for (number, line) in lines.iter().enumerate() {
                (self.line(line))
                @if number < last { br; }
            }
        }
    }

    /// A text whose lines with `•` are a list.
    pub(super) fn text(&self, text: &str) -> Markup {
        let mut parts: Vec<(bool, Vec<&str>)> = Vec::new();
        for line in text.lines() {
            let item = line.strip_prefix("• ");
            let (is_item, line) = (item.is_some(), item.unwrap_or(line));
            match parts.last_mut() {
                Some((was_item, lines)) if *was_item == is_item => lines.push(line),
                _ => parts.push((is_item, vec![line])),
            }
        }
        html! {
            @for (is_list, lines) in &parts {
                @if *is_list {
                    ul { @for line in lines { li { (self.line(line)) } } }
                } @else {
                    p { (self.lines(&lines.join("\n"))) }
                }
            }
        }
    }

    /// A text in one line.
    pub(super) fn line(&self, text: &str) -> Markup {
        html! {
            @for piece in read(text) {
                @match piece {
                    Inline::Text(text) => { (self.literal(text)) }
                    Inline::Person(id) | Inline::Group(id) => { span.who { "@" (id) } }
                    Inline::Moment { second, plain, .. } => {
                        @match Timestamp::from_second(second) {
                            Ok(at) => time datetime=(at.strftime("%Y-%m-%dT%H:%M:%SZ")) { (plain) },
                            Err(_) => { (plain) }
                        }
                    }
                }
            }
        }
    }

    /// Letters; what is between backticks is typed, or is the name of something.
    fn literal(&self, text: &str) -> Markup {
        let parts: Vec<&str> = text.split('`').collect();
        // A backtick without another one is a letter like any other.
        let pairs = parts.len() % 2 == 1;
        html! {
            @if pairs {
                @for (number, part) in parts.iter().enumerate() {
                    @if number % 2 == 1 { code { (self.command(part)) } } @else { (part) }
                }
            } @else { (text) }
        }
    }

    /// A command as it is typed here.
    pub(super) fn command(&self, text: &str) -> String {
        match &self.about.commands {
            Commands::Terminal { options } => match text.strip_prefix("/sluice ") {
                Some(rest) => format!("sluice {rest}{options}"),
                None if text.starts_with("sluice ") => format!("{text}{options}"),
                None => text.to_owned(),
            },
            Commands::Demo | Commands::None => text.to_owned(),
        }
    }

    /// A message, part by part, without its buttons. Its header is a heading of this level.
    pub(super) fn message(&self, message: &Message) -> Markup {
        html! { @for block in &message.blocks { (self.block(block)) } }
    }

    fn block(&self, block: &Block) -> Markup {
        match block {
            Block::Header(text) => html! { h2 { (self.line(text)) } },
            Block::Text(text) => self.text(text),
            Block::Fields(fields) => html! {
                dl {
                    @for (name, value) in fields {
                        div { dt { (name) } dd { (self.text(value)) } }
                    }
                }
            },
            Block::Code(text) => html! { pre { (text.trim_end()) } },
            Block::Context(text) => html! { p.small { (self.lines(text)) } },
            Block::Links(links) => html! {
                ul.links { @for one in links { li { (self.link(one)) } } }
            },
            Block::Buttons(_) => html! {},
        }
    }

    /// Words that lead to a page, if that is one of the web: a file may say anything.
    fn link(&self, link: &Link) -> Markup {
        let url = link
            .url
            .as_deref()
            .filter(|url| url.starts_with("https://"));
        html! {
            @match url {
                Some(url) => a href=(url) rel="noreferrer noopener" { (self.line(&link.text)) },
                None => { (self.line(&link.text)) }
            }
        }
    }

    /// What can be done, with the command that does it; `at` is where the deployment leads.
    pub(super) fn offers(&self, message: &Message, at: &str) -> Markup {
        let buttons = message.blocks.iter().filter_map(|block| match block {
            Block::Buttons(buttons) => Some(buttons),
            _ => None,
        });
        let buttons: Vec<&Button> = buttons.flatten().collect();
        html! {
            @if !buttons.is_empty() && self.about.commands != Commands::None {
                section aria-labelledby="offers" {
                    h2 id="offers" { "What you can do" }
                    dl.commands {
                        @for button in buttons {
                            div {
                                dt { (button.action.label().trim_end_matches('…')) }
                                dd { (self.offer(button, at)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn offer(&self, button: &Button, at: &str) -> Markup {
        match &self.about.commands {
            Commands::Demo => match in_chat(button.action, at) {
                Some(command) => html! { code { (command) } },
                None => html! {
                    "the button “" (button.action.label()) "”, when the demo asks"
                },
            },
            _ => html! { code { (self.command(&typed(button, at))) } },
        }
    }
}
