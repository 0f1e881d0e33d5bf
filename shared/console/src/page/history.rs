//! What was deployed, with filters.

use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use sluice_core::deployment::Requester;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::phase::PhaseKind;
use sluice_core::quantity;
use sluice_core::summary::DeploymentSummary;
use sluice_words::note::asked;
use sluice_words::overview::{AT_ONCE, History, NEWEST, Page as PageOf};
use sluice_words::view::{ended_words, was_done};

use super::{Page, deployment_at, environment_at, pager, part, time};

/// Deployments on a page.
const LISTED: usize = 50;

/// How a deployment can have ended.
const ENDS: [PhaseKind; 12] = [
    PhaseKind::Succeeded,
    PhaseKind::Unverified,
    PhaseKind::RolledBack,
    PhaseKind::RollbackFailed,
    PhaseKind::RolledForward,
    PhaseKind::Failed,
    PhaseKind::Rejected,
    PhaseKind::Cancelled,
    PhaseKind::Superseded,
    PhaseKind::Expired,
    PhaseKind::Restored,
    PhaseKind::RestoreFailed,
];

/// Stands for what has not ended.
const OPEN: &str = "open";

/// Which deployments are listed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Filter {
    /// Only where `app/env` has this in it.
    #[serde(default)]
    pub(crate) environment: String,
    /// Only what ended so: a phase by name, or [`OPEN`].
    #[serde(default)]
    end: String,
    /// Only what a person requested whose id has this in it.
    #[serde(default)]
    person: String,
    /// How many of them come before the page.
    #[serde(default)]
    from: usize,
}

impl Filter {
    fn takes(&self, one: &DeploymentSummary) -> bool {
        let ended = match (self.end.as_str(), one.phase) {
            ("", _) => true,
            (OPEN, _) => one.ended_at.is_none(),
            (end, phase) => phase.is_some_and(|phase| phase.name() == end),
        };
        let person = self.person.trim().trim_start_matches('@').to_lowercase();
        let asked = match &one.requested_by {
            Requester::Person(id) => id.as_str().to_lowercase().contains(&person),
            Requester::Push => person.is_empty(),
        };
        ended && asked
    }

    fn address(&self, from: usize) -> String {
        format!(
            "/history?environment={}&end={}&person={}&from={from}",
            part(&self.environment),
            part(&self.end),
            part(&self.person)
        )
    }
}

impl Page<'_> {
    /// The history.
    pub(crate) fn history(&self, seen: &PageOf<History>, filter: &Filter) -> Markup {
        let all = seen.shown.iter().flat_map(|history| {
            let deployments = history.deployments.iter();
            deployments.map(|one| (&history.environment, one))
        });
        let mut listed: Vec<_> = all.filter(|(_, one)| filter.takes(one)).collect();
        listed.sort_by(|(_, a), (_, b)| (b.requested_at, &b.id).cmp(&(a.requested_at, &a.id)));
        let page = listed.iter().skip(filter.from).take(LISTED).copied();
        let page: Vec<_> = page.collect();
        let cut = seen.shown.iter().any(|it| it.deployments.len() >= NEWEST);
        let body = html! {
            (self.filters(filter))
            @for history in &seen.shown {
                @if let Some(why) = &history.unreadable {
                    p { (history.environment) ": " (self.unreadable(why)) }
                }
            }
            @if seen.matching > seen.shown.len() {
                p { "Of " (seen.matching) " environments, these are the first " (AT_ONCE)
                    " by name. Name the one that you mean." }
            }
            @if cut { p { "Of each environment the newest " (NEWEST) " are looked through." } }
            @if page.is_empty() { p { "No deployment matches." } } @else {
                (self.summaries(page.iter().copied(), seen.at))
            }
            (pager(filter.from, page.len(), listed.len(), LISTED, |from| filter.address(from)))
        };
        self.whole("History", "/history", Some(seen.at), &body)
    }

    fn filters(&self, filter: &Filter) -> Markup {
        html! {
            form.search action="/history" role="search" {
                div {
                    label for="environment" { "Environment" }
                    input id="environment" name="environment" value=(filter.environment) type="search"
                        maxlength="200" autocomplete="off" placeholder="part of app/environment";
                }
                div {
                    label for="end" { "End" }
                    select id="end" name="end" {
                        option value="" selected[filter.end.is_empty()] { "any" }
                        option value=(OPEN) selected[filter.end == OPEN] { "not over" }
                        @for kind in ENDS {
                            option value=(kind.name()) selected[filter.end == kind.name()] {
                                (kind.in_words())
                            }
                        }
                    }
                }
                div {
                    label for="person" { "Requested by" }
                    input id="person" name="person" value=(filter.person) type="search"
                        maxlength="200" autocomplete="off" placeholder="U024BE7LH";
                }
                button type="submit" { "Show" }
            }
        }
    }

    /// Deployments, a row for each.
    pub(super) fn summaries<'b>(
        &self,
        all: impl Iterator<Item = (&'b EnvironmentKey, &'b DeploymentSummary)>,
        now: Timestamp,
    ) -> Markup {
        html! {
            table.cards role="table" {
                thead role="rowgroup" {
                    tr role="row" {
                        th scope="col" role="columnheader" { "Deployment" }
                        th scope="col" role="columnheader" { "Environment" }
                        th scope="col" role="columnheader" { "End" }
                        th scope="col" role="columnheader" { "Requested" }
                        th scope="col" role="columnheader" { "By" }
                    }
                }
                tbody role="rowgroup" {
                    @for (key, one) in all { (self.summary(key, one, now)) }
                }
            }
        }
    }

    fn summary(&self, key: &EnvironmentKey, one: &DeploymentSummary, now: Timestamp) -> Markup {
        let (sign, phase) = ended_words(one.phase);
        let until = one.ended_at.unwrap_or(now);
        let lasted = quantity::duration(until.duration_since(one.requested_at));
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { a href=(deployment_at(&one.id)) { (was_done(one)) } }
                td role="cell" data-name="Environment" { a href=(environment_at(key)) { (key) } }
                td role="cell" data-name="End" {
                    span aria-hidden="true" { (sign) " " } (phase)
                    @if one.ended_at.is_some() { " after " (lasted) } @else { " for " (lasted) " now" }
                }
                td role="cell" data-name="Requested" { (time(one.requested_at)) }
                td role="cell" data-name="By" {
                    (self.line(&asked(&one.requested_by)))
                    @if let Some(hotfix) = &one.hotfix { br; "Hotfix: " (self.line(&hotfix.to_string())) }
                }
            }
        }
    }
}
