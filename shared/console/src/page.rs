//! The pages. Every text is escaped where it is put into one; addresses are made of names here.

mod deployment;
mod environment;
mod environments;
mod figures;
mod history;
mod plot;
mod text;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::DeploymentId;

use crate::{About, Commands, Unseen};

pub(crate) use history::Filter;

/// The pages of the menu, and their addresses.
const MENU: [(&str, &str); 3] = [
    ("/", "Environments"),
    ("/history", "History"),
    ("/figures", "Figures"),
];

/// What every page of a source has.
pub(crate) struct Page<'a> {
    about: &'a About,
}

impl<'a> Page<'a> {
    pub(crate) fn of(about: &'a About) -> Self {
        Self { about }
    }

    /// A whole page. `here` is the address in the menu that it belongs to.
    fn whole(&self, title: &str, here: &str, at: Option<Timestamp>, body: &Markup) -> Markup {
        let about = self.about;
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " · Sluice, " (about.title) }
                    link rel="icon" href="data:,";
                    link rel="stylesheet" href="/console.css";
                    @if let Some(seconds) = about.renews {
                        script src="/console.js" defer data-every=(seconds) {}
                    }
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    header {
                        p.brand { b { "Sluice" } " " span { (about.title) } }
                        nav aria-label="Pages" {
                            ul {
                                @for (address, name) in MENU {
                                    li {
                                        a href=(address)
                                            aria-current=[(address == here).then_some("page")] {
                                            (name)
                                        }
                                    }
                                }
                            }
                        }
                    }
                    main id="main" tabindex="-1" {
                        h1 { (title) }
                        (body)
                        @if let Some(at) = at {
                            p.small { (as_of(about)) " " (time(at)) "." }
                        }
                    }
                    footer {
                        p { (acting(about)) }
                        p id="live" {}
                    }
                }
            }
        }
    }

    /// Why nothing is shown.
    pub(crate) fn unseen(&self, unseen: &Unseen) -> Markup {
        let (title, said) = match unseen {
            Unseen::Missing(said) => ("Not here", said),
            Unseen::Failed(said) => ("Not read", said),
        };
        self.whole(title, "", None, &html! { p { (self.lines(said)) } })
    }
}

fn as_of(about: &About) -> &'static str {
    match about.commands {
        Commands::None => "As recorded; the last record is of",
        Commands::Demo => "As it is in the demo at",
        Commands::Terminal { .. } => "As read at",
    }
}

fn acting(about: &About) -> &'static str {
    match about.commands {
        Commands::None => "This page only reads a recorded history.",
        Commands::Demo => {
            "This page only reads. To act, press Enter in the terminal in which the demo runs, and \
             type what is shown here."
        }
        Commands::Terminal { .. } => {
            "This page only reads. To act, type in a terminal what is shown here, or use Slack."
        }
    }
}

/// The address of an environment.
fn environment_at(key: &EnvironmentKey) -> String {
    format!(
        "/environments/{}/{}",
        part(key.app.as_str()),
        part(key.environment.as_str())
    )
}

/// The address of a deployment.
fn deployment_at(id: &DeploymentId) -> String {
    format!("/deployments/{}", part(id.as_str()))
}

/// A part of a path or of a query: what is no letter, digit, `-`, `_`, `.` is percent-encoded.
fn part(text: &str) -> String {
    let mut part = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                part.push(char::from(byte))
            }
            _ => part.push_str(&format!("%{byte:02X}")),
        }
    }
    part
}

/// A moment: the day and the time in UTC.
fn time(at: Timestamp) -> Markup {
    html! {
        time datetime=(at.strftime("%Y-%m-%dT%H:%M:%SZ")) { (at.strftime("%Y-%m-%d %H:%M:%S UTC")) }
    }
}

/// Where a page of a list begins, and links to those beside it.
fn pager(
    from: usize,
    shown: usize,
    all: usize,
    page: usize,
    address: impl Fn(usize) -> String,
) -> Markup {
    let before = (from > 0).then(|| address(from.saturating_sub(page)));
    let after = (from + shown < all).then(|| address(from + page));
    html! {
        @if before.is_some() || after.is_some() {
            nav.pager aria-label="Pages of the list" {
                @if let Some(address) = before { a href=(address) rel="prev" { "← Before" } }
                span { (from + 1) "–" (from + shown) " of " (all) }
                @if let Some(address) = after { a href=(address) rel="next" { "Next →" } }
            }
        }
    }
}
