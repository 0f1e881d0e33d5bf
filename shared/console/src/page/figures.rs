//! The four figures of DORA, in words and week by week.

use maud::{Markup, html};
use sluice_core::delivery::Delivery;
use sluice_core::quantity;
use sluice_words::message::Block;
use sluice_words::overview::{AT_ONCE, Figures, Page as PageOf};
use sluice_words::view::metrics_message;

use super::environments::search;
use super::{Page, environment_at, plot};

impl Page<'_> {
    /// The figures of some environments.
    pub(crate) fn figures(&self, seen: &PageOf<Figures>, matching: &str) -> Markup {
        let body = html! {
            (search("/figures", matching, "Environment"))
            @if seen.matching > seen.shown.len() {
                p { "Of " (seen.matching) " environments, these are the first " (AT_ONCE)
                    " by name. Name the one that you mean." }
            }
            @for figures in &seen.shown {
                section {
                    h2 {
                        a href=(environment_at(&figures.environment)) { (figures.environment) }
                    }
                    (self.figures_of(figures))
                }
            }
            @if seen.shown.is_empty() { p { "No environment has that in its name." } }
            (self.message(&metrics_message(&[])))
        };
        self.whole("Figures", "/figures", Some(seen.at), &body)
    }

    /// The figures of one environment: what `sluice metrics` says, with plots.
    pub(super) fn figures_of(&self, figures: &Figures) -> Markup {
        let any = figures.weeks.iter().any(|week| week.delivery.releases > 0);
        let mut words = metrics_message(&figures.metrics());
        // How it is counted is said once, below all.
        words
            .blocks
            .retain(|block| !matches!(block, Block::Context(_)));
        html! {
            (self.message(&words))
            @if any {
                div.plots {
                    (weekly(figures, "Releases a week", |it| Some(f64::from(it.releases)), count))
                    (weekly(figures, "Failed releases a week", |it| Some(f64::from(it.failed)), count))
                    (weekly(figures, "Lead time, week by week", |it| {
                        it.lead_time.map(|time| time.as_secs_f64())
                    }, took))
                    (weekly(figures, "Time to restore, week by week", |it| {
                        it.time_to_restore.map(|time| time.as_secs_f64())
                    }, took))
                }
                (numbers(figures))
            }
        }
    }
}

fn count(value: f64) -> String {
    format!("{value:.0}")
}

fn took(seconds: f64) -> String {
    quantity::duration(jiff::SignedDuration::from_secs_f64(seconds))
}

fn weekly(
    figures: &Figures,
    title: &str,
    of: impl Fn(&Delivery) -> Option<f64>,
    words: impl Fn(f64) -> String,
) -> Markup {
    let values: Vec<Option<f64>> = figures
        .weeks
        .iter()
        .map(|week| of(&week.delivery))
        .collect();
    plot::bars(title, &values, words)
}

/// The numbers behind the plots.
fn numbers(figures: &Figures) -> Markup {
    let or_none = |time: Option<jiff::SignedDuration>| {
        time.map_or_else(|| "–".to_owned(), quantity::duration)
    };
    html! {
        details id=(format!("numbers-{}", figures.environment)) {
            summary { "The numbers of " (figures.environment) " week by week" }
            div.wide tabindex="0" role="region" aria-label=(format!("{} week by week", figures.environment)) {
                table {
                    thead {
                        tr {
                            th scope="col" { "Week from" }
                            th scope="col" { "Releases" }
                            th scope="col" { "Failed" }
                            th scope="col" { "Lead time" }
                            th scope="col" { "Time to restore" }
                        }
                    }
                    tbody {
                        @for week in &figures.weeks {
                            tr {
                                th scope="row" { (week.from.strftime("%Y-%m-%d")) }
                                td { (week.delivery.releases) }
                                td { (week.delivery.failed) }
                                td { (or_none(week.delivery.lead_time)) }
                                td { (or_none(week.delivery.time_to_restore)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
