//! One deployment: its message, its phases, what was seen, what people did, its plan, its history.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::health::{Reading, Sample};
use sluice_core::history::{Record, replay};
use sluice_core::id::ServiceName;
use sluice_core::metrics::{Measured, Minutes};
use sluice_core::plan::{SealedPlan, changes as plan_changes};
use sluice_core::quantity;
use sluice_words::overview::DeploymentSeen;
use sluice_words::view::{changes, ended_words, message, verdict};
use sluice_words::{chain, note, plan};

use super::plot::{self, Span};
use super::{Page, environment_at, time};
use crate::Commands;
use crate::moves::Moves;

impl Page<'_> {
    /// The page of a deployment; `None` for an answer without one.
    pub(crate) fn deployment(&self, seen: &DeploymentSeen) -> Option<Markup> {
        let d = seen.state()?;
        let chain = &seen.export.deployments.first()?.chain;
        let key = EnvironmentKey::of(d);
        let before = seen.before.as_deref();
        let moves = Moves::of(&seen.export.history);
        let card = message(d, before);
        let span = Span {
            from: d.requested_at,
            until: if d.phase.is_terminal() {
                d.entered_at
            } else {
                seen.at
            },
        };
        let checked = chain::check(&seen.export.history, Some(chain));
        let body = html! {
            p { "Environment: " a href=(environment_at(&key)) { (key) } }
            (self.message(&card))
            (self.offers(&card, &key.to_string()))
            (self.phases(&moves, span))
            (self.sights(d, &moves, span))
            (self.people(&moves))
            (self.story(d))
            (self.difference(d, before))
            (self.whole_plan(d))
            section aria-labelledby="chain" {
                h2 id="chain" { "Its history" }
                p { (chain::verdict(&seen.export.history, checked.as_ref().copied())) }
                @if checked.is_ok() && replay(&seen.export.history).as_ref() != Ok(d) {
                    p { b { "What is shown here does not follow from it" } ": replayed by this version, "
                        "the history gives another state. " code { "sluice replay" } " says where." }
                }
                (self.export(d, &seen.export.history))
            }
        };
        let title = format!("{} to {key}", d.release.tag);
        Some(self.whole(&title, "", Some(seen.at), &body))
    }

    fn phases(&self, moves: &Moves, span: Span) -> Markup {
        html! {
            section aria-labelledby="phases" {
                h2 id="phases" { "Phases" }
                table.cards.phases role="table" {
                    thead role="rowgroup" {
                        tr role="row" {
                            th scope="col" role="columnheader" { "Phase" }
                            th scope="col" role="columnheader" { "From" }
                            th scope="col" role="columnheader" { "Took" }
                            th scope="col" role="columnheader" { "Of the whole" }
                        }
                    }
                    tbody role="rowgroup" {
                        @for stay in &moves.stays {
                            @let (sign, words) = ended_words(stay.phase);
                            @let until = stay.until.unwrap_or(span.until);
                            @let took = quantity::duration(until.duration_since(stay.from));
                            @let is_end = stay.until.is_none() && until <= stay.from;
                            tr role="row" {
                                th scope="row" role="rowheader" {
                                    span aria-hidden="true" { (sign) " " } (words)
                                }
                                td role="cell" data-name="From" { (time(stay.from)) }
                                td role="cell" data-name="Took" {
                                    @if is_end { "–" } @else { (took) }
                                    @if stay.until.is_none() && !is_end { " so far" }
                                }
                                td role="cell" data-name="Of the whole" {
                                    (plot::stay(span, stay.from, until))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// What was seen of the new version.
    fn sights(&self, d: &Deployment, moves: &Moves, span: Span) -> Markup {
        let any =
            !(moves.weights.is_empty() && moves.samples.is_empty() && moves.requests.is_empty());
        html! {
            @if any {
                section aria-labelledby="seen" {
                    h2 id="seen" { "What was seen of " (d.release.tag) }
                    div.plots {
                        @for (service, weights) in &moves.weights { (traffic(d, service, weights, span)) }
                        @for (service, measured) in &moves.requests { (requests(service, measured)) }
                    }
                    @if !moves.samples.is_empty() { (self.samples(&moves.samples)) }
                }
            }
        }
    }

    fn samples(&self, all: &[Sample]) -> Markup {
        let of = |reading| all.iter().filter(|one| one.reading() == reading).count();
        html! {
            h3 { "Health samples: " (of(Reading::Good)) " good, " (of(Reading::Bad)) " bad, "
                (of(Reading::Empty)) " showed nothing" }
            (plot::samples(all))
            @let told: Vec<&Sample> = all.iter().filter(|one| one.reading() != Reading::Good).collect();
            @if !told.is_empty() {
                ul {
                    @for sample in told {
                        li {
                            (time(sample.at)) ": "
                            (sample.bad.iter().chain(sample.unseen()).cloned().collect::<Vec<_>>().join("; "))
                        }
                    }
                }
            }
        }
    }

    fn people(&self, moves: &Moves) -> Markup {
        html! {
            section aria-labelledby="people" {
                h2 id="people" { "What people did" }
                @if moves.people.is_empty() { p { "Nothing yet." } } @else {
                    ol.story {
                        @for (at, by, told) in &moves.people {
                            li {
                                (time(*at)) " "
                                @if told.is_empty() { span.who { "@" (by) } }
                                @for line in told { span { (self.lines(line)) } }
                            }
                        }
                    }
                }
            }
        }
    }

    fn story(&self, d: &Deployment) -> Markup {
        html! {
            section aria-labelledby="story" {
                h2 id="story" { "What happened" }
                ol.story {
                    @for entry in d.story.iter() {
                        li { (time(entry.at)) " " span { (self.lines(&note::words(&entry.note, d))) } }
                    }
                }
            }
        }
    }

    /// What it changes, against what ran before.
    fn difference(&self, d: &Deployment, before: Option<&SealedPlan>) -> Markup {
        let Some(sealed) = &d.plan else {
            return html! {};
        };
        let lines = before.map(|before| plan_changes(&before.plan, &sealed.plan));
        let previous = sealed.seen.previous.as_ref();
        html! {
            section aria-labelledby="changes" {
                h2 id="changes" { "What it changes" }
                ul { @for line in changes(d, before) { li { (self.lines(&line)) } } }
                @if let Some(verdict) = verdict(d, sealed) {
                    p { b { "Rollback of the code: " } (self.lines(&verdict)) }
                }
                @if let (Some(lines), Some(previous)) = (lines, previous) {
                    details id="difference" {
                        summary { "Its plan beside that of " (previous.release.tag) ", which ran before" }
                        @if lines.is_empty() { p { "The plans are the same." } } @else {
                            pre.diff { @for line in &lines { (difference(line)) "\n" } }
                        }
                    }
                }
            }
        }
    }

    fn whole_plan(&self, d: &Deployment) -> Markup {
        html! {
            section aria-labelledby="plan" {
                h2 id="plan" { "Its plan" }
                @match &d.plan {
                    None => p { "There is none yet." },
                    Some(sealed) => {
                        p { "Hash " code { (sealed.hash.short()) } }
                        pre { (plan::text(sealed).trim_end()) }
                    }
                }
            }
        }
    }

    /// How all of it is had.
    fn export(&self, d: &Deployment, records: &[Record]) -> Markup {
        let last = records.last();
        html! {
            @if let Some(last) = last {
                p { "The last record is " (last.seq) ", of " (time(last.at)) "; its hash is "
                    code { (last.hash) } "." }
            }
            @if let Commands::Terminal { .. } = self.about.commands {
                @let command = self.command(&format!("sluice export {}", d.id));
                p { "All of it: " code { (command) " > history.json" } ". Checked again and read: "
                    code { "sluice replay history.json" } "." }
            }
        }
    }
}

/// A line of a difference. Its sign says what it is.
fn difference(line: &str) -> Markup {
    match line.chars().next() {
        Some('+') => html! { ins { (line) } },
        Some('-') => html! { del { (line) } },
        _ => html! { (line) },
    }
}

fn traffic(
    d: &Deployment,
    service: &ServiceName,
    weights: &[(Timestamp, u8)],
    span: Span,
) -> Markup {
    let values: Vec<_> = weights
        .iter()
        .map(|(at, percent)| (*at, f64::from(*percent)))
        .collect();
    let told: Vec<String> = weights
        .iter()
        .map(|(at, percent)| format!("{percent} % from {}", at.strftime("%H:%M:%S")))
        .collect();
    let label = format!(
        "Traffic of {service} on {}: {} (UTC)",
        d.release.tag,
        told.join(", ")
    );
    let title = html! { (label) };
    plot::framed(&title, &label, &plot::steps(span, &values, 100.0))
}

/// Errors and answer times of both versions, minute by minute.
fn requests(service: &ServiceName, measured: &Measured) -> Markup {
    let times = measured.old.keys().chain(measured.new.keys());
    let (Some(from), Some(until)) = (times.clone().min(), times.max()) else {
        return html! {};
    };
    let span = Span {
        from: *from,
        until: *until + SignedDuration::from_mins(1),
    };
    html! {
        (compared(&format!("{service}: failed requests"), "%", measured, span, |counts| {
            (counts.requests > 0).then(|| 100.0 * f64::from(counts.errors) / f64::from(counts.requests))
        }))
        (compared(&format!("{service}: 90 % answered within"), "ms", measured, span, |counts| {
            counts.p90_ms.map(f64::from)
        }))
    }
}

fn compared(
    what: &str,
    unit: &str,
    measured: &Measured,
    span: Span,
    of: impl Fn(&sluice_core::metrics::Counts) -> Option<f64>,
) -> Markup {
    let values = |minutes: &Minutes| -> Vec<(Timestamp, f64)> {
        let minutes = minutes.iter();
        minutes
            .filter_map(|(at, counts)| Some((*at, of(counts)?)))
            .collect()
    };
    let [old, new] = [&measured.old, &measured.new].map(values);
    let most = old
        .iter()
        .chain(&new)
        .map(|(_, value)| *value)
        .fold(0.0, f64::max);
    if old.is_empty() && new.is_empty() {
        return html! {};
    }
    let last = |values: &[(Timestamp, f64)]| {
        values.last().map_or_else(
            || "none".to_owned(),
            |(_, value)| format!("{value:.1} {unit}"),
        )
    };
    let label = format!(
        "{what}, minute by minute: at most {most:.1} {unit}. The last of the new version (solid) {}, of \
         the old one (dashed) {}",
        last(&new),
        last(&old)
    );
    let most = if most > 0.0 { most } else { 1.0 };
    let lines = html! {
        (plot::line(span, &old, most, true))
        (plot::line(span, &new, most, false))
    };
    plot::framed(&html! { (label) }, &label, &lines)
}
