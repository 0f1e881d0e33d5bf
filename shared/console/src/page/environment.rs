//! One environment: what runs, whether it is open, who may do what, what was deployed, the figures.

use maud::{Markup, html};
use sluice_words::overview::{EnvironmentSeen, Standing};
use sluice_words::view::metrics_message;

use super::{Page, part};
use crate::Commands;

/// Deployments that are listed here: the history has more.
const LISTED: usize = 10;

impl Page<'_> {
    /// The page of an environment.
    pub(crate) fn environment(&self, seen: &EnvironmentSeen) -> Markup {
        let key = &seen.standing.environment;
        let name = key.to_string();
        let newest = &seen.history.deployments[..seen.history.deployments.len().min(LISTED)];
        let body = html! {
            (self.stands(&seen.standing))
            (self.typing(&name))
            section aria-labelledby="deployed" {
                h2 id="deployed" { "What was deployed" }
                @if let Some(why) = &seen.history.unreadable {
                    p { (self.unreadable(why)) }
                } @else if newest.is_empty() {
                    p { "Nothing was deployed to " (name) " yet." }
                } @else {
                    (self.summaries(newest.iter().map(|one| (key, one)), seen.at))
                    p { a href=(format!("/history?environment={}", part(&name))) { "The history of " (name) } }
                }
            }
            section aria-labelledby="figures" {
                h2 id="figures" { "How often, how fast and how safely" }
                (self.figures_of(&seen.figures))
                (self.message(&metrics_message(&[])))
            }
            @if let Some(who) = &seen.who {
                section aria-labelledby="who" {
                    h2 id="who" { "Who may do what" }
                    (self.message(who))
                }
            }
        };
        self.whole(&name, "/", Some(seen.at), &body)
    }

    fn stands(&self, one: &Standing) -> Markup {
        if let Some(why) = &one.unreadable {
            return html! { p { (self.unreadable(why)) } };
        }
        html! {
            dl {
                div { dt { "Version" } dd { (self.version(one)) } }
                div { dt { "Deployments" } dd { (self.openness(one)) } }
                div { dt { "In progress" } dd { (self.in_progress(one)) } }
                @for waits in [&one.active, &one.next].into_iter().flatten() {
                    div { dt { "Waits for" } dd { (self.lines(&waits.waits)) } }
                }
                @if let Some(last) = &one.last {
                    div { dt { "Last ended" } dd { (self.ended(last)) br; (self.text(&last.happened)) } }
                }
                @if let Some(running) = &one.running {
                    div { dt { "Running" } dd { (self.text(running)) } }
                }
                @if let Some(health) = &one.health {
                    div { dt { "Bake" } dd { (self.text(health)) } }
                }
            }
        }
    }

    /// What can be typed about an environment whatever its state is.
    fn typing(&self, name: &str) -> Markup {
        let commands = [
            ("How it stands", "status"),
            (
                "What a rollback would mean; nothing is done yet",
                "rollback",
            ),
            ("Pause automatic deployments", "hold"),
            (
                "Resume automatic deployments, where they are paused",
                "release",
            ),
            ("Let no deployment start", "freeze"),
            ("End a freeze, where there is one", "thaw"),
        ];
        html! {
            @if self.about.commands != Commands::None {
                details id="commands" {
                    summary { "What you can type" }
                    dl.commands {
                        @for (does, verb) in commands {
                            div {
                                dt { (does) }
                                dd { code { (self.command(&format!("/sluice {verb} {name}"))) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
