//! Everything at a glance: what waits for a person, what is in progress, and every environment.

use maud::{Markup, html};
use sluice_words::overview::{ENVIRONMENTS, Ended, Overview, Standing, UNDERWAY, Underway};

use super::{Page, deployment_at, environment_at, pager, part, time};

/// Deployments that are seen without opening more.
const FIRST: usize = 20;

impl Page<'_> {
    /// The first page.
    pub(crate) fn overview(&self, seen: &Overview, matching: &str) -> Markup {
        let (wait, go) = seen
            .underway
            .split_at(seen.underway.partition_point(|one| one.needs_decision));
        let all = &seen.environments;
        let body = html! {
            @if seen.more_underway {
                p { "More than " (UNDERWAY) " deployments are in progress: these are the " (UNDERWAY)
                    " that are due next. Each stands with its environment below." }
            }
            section aria-labelledby="waiting" {
                h2 id="waiting" { "Waiting for a person (" (wait.len()) ")" }
                (self.underway("waiting", wait, "Nothing."))
            }
            section aria-labelledby="progress" {
                h2 id="progress" { "In progress (" (go.len()) ")" }
                (self.underway("progress", go, "No deployment in progress."))
            }
            section aria-labelledby="all" {
                h2 id="all" { "All environments (" (all.matching) ")" }
                (search("/", matching, "Environment"))
                @if all.shown.is_empty() {
                    p {
                        @if all.matching == 0 { "No environment has that in its name." }
                        @else { "There are no more." }
                    }
                } @else {
                    (self.standings(&all.shown))
                }
                (pager(all.from, all.shown.len(), all.matching, ENVIRONMENTS, |from| {
                    format!("/?matching={}&from={from}", part(matching))
                }))
            }
        };
        self.whole("Environments", "/", Some(all.at), &body)
    }

    /// The first of them; the others are opened by those who want them.
    fn underway(&self, id: &str, all: &[Underway], none: &str) -> Markup {
        let (first, others) = all.split_at(all.len().min(FIRST));
        html! {
            @if first.is_empty() { p { (none) } } @else { (self.moving(first)) }
            @if !others.is_empty() {
                details id=(format!("{id}-others")) {
                    summary { (others.len()) " more" }
                    (self.moving(others))
                }
            }
        }
    }

    fn moving(&self, all: &[Underway]) -> Markup {
        html! {
            table.cards role="table" {
                thead role="rowgroup" {
                    tr role="row" {
                        th scope="col" role="columnheader" { "Environment" }
                        th scope="col" role="columnheader" { "Deployment" }
                        th scope="col" role="columnheader" { "Status" }
                        th scope="col" role="columnheader" { "Waits for" }
                        th scope="col" role="columnheader" { "Since" }
                    }
                }
                tbody role="rowgroup" {
                    @for one in all {
                        tr role="row" {
                            th scope="row" role="rowheader" {
                                a href=(environment_at(&one.environment)) { (one.environment) }
                            }
                            td role="cell" data-name="Deployment" {
                                a href=(deployment_at(&one.id)) { (one.what) }
                            }
                            td role="cell" data-name="Status" { (self.status(one)) }
                            td role="cell" data-name="Waits for" { (self.lines(&one.waits)) }
                            td role="cell" data-name="Since" { (time(one.since)) }
                        }
                    }
                }
            }
        }
    }

    fn status(&self, one: &Underway) -> Markup {
        html! {
            (self.lines(&one.status))
            @if let Some(paused) = &one.paused { br; (self.lines(paused)) }
        }
    }

    fn standings(&self, all: &[Standing]) -> Markup {
        html! {
            table.cards role="table" {
                thead role="rowgroup" {
                    tr role="row" {
                        th scope="col" role="columnheader" { "Environment" }
                        th scope="col" role="columnheader" { "Version" }
                        th scope="col" role="columnheader" { "Deployments" }
                        th scope="col" role="columnheader" { "In progress" }
                        th scope="col" role="columnheader" { "Last ended" }
                    }
                }
                tbody role="rowgroup" { @for one in all { (self.standing(one)) } }
            }
        }
    }

    fn standing(&self, one: &Standing) -> Markup {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" {
                    a href=(environment_at(&one.environment)) { (one.environment) }
                }
                @if let Some(why) = &one.unreadable {
                    td role="cell" colspan="4" data-name="State" { (self.unreadable(why)) }
                } @else {
                    td role="cell" data-name="Version" { (self.version(one)) }
                    td role="cell" data-name="Deployments" { (self.openness(one)) }
                    td role="cell" data-name="In progress" { (self.in_progress(one)) }
                    td role="cell" data-name="Last ended" {
                        @match &one.last { Some(last) => (self.ended(last)), None => "–" }
                    }
                }
            }
        }
    }

    pub(super) fn unreadable(&self, why: &str) -> Markup {
        html! { (self.lines(&format!("❔ cannot be read: {why}"))) }
    }

    pub(super) fn version(&self, one: &Standing) -> Markup {
        html! {
            @match &one.verified {
                Some(id) => a href=(deployment_at(id)) { (self.line(&one.version)) },
                None => { (self.line(&one.version)) }
            }
        }
    }

    pub(super) fn openness(&self, one: &Standing) -> Markup {
        match one.closed.as_deref() {
            None => html! { span.quiet { "not recorded" } },
            Some([]) => html! { span.open { "open for deployments" } },
            Some(lines) => html! { span.closed { "closed: " (self.lines(&lines.join("\n"))) } },
        }
    }

    pub(super) fn in_progress(&self, one: &Standing) -> Markup {
        html! {
            @if let Some(active) = &one.active {
                a href=(deployment_at(&active.id)) { (active.what) } ": " (self.status(active))
            } @else { "no deployment in progress" }
            @if let Some(next) = &one.next {
                br; "Next: " a href=(deployment_at(&next.id)) { (next.what) } ": "
                (self.status(next))
            }
        }
    }

    pub(super) fn ended(&self, last: &Ended) -> Markup {
        html! { (self.line(&last.status)) ": " a href=(deployment_at(&last.id)) { (last.what) } ", " (time(last.at)) }
    }
}

/// A field to look for environments by name. It works without a script: it asks for another address.
pub(super) fn search(address: &str, matching: &str, name: &str) -> Markup {
    html! {
        form.search action=(address) role="search" {
            div {
                label for="matching" { (name) }
                input id="matching" name="matching" value=(matching) type="search" maxlength="200"
                    autocomplete="off" placeholder="part of app/environment";
            }
            button type="submit" { "Show" }
        }
    }
}
