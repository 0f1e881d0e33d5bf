//! What is news to a monitor, from where it has heard last.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sluice_core::config::Monitor;
use sluice_core::deployment::Deployment;
use sluice_core::id::{AppName, DeploymentId, EnvironmentName, ImageTag};

use super::change::{State, StateChange, changes, id};
use super::page::Page;
use crate::inline::plain;
use crate::note::words;

/// Lines in one request: a story has some two hundred entries at most.
const LINES: usize = 100;

/// What a monitor is told with one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum News {
    /// The state has changed.
    Change(Box<StateChange>),
    /// A person is needed, or is not any more.
    Page(Box<Page>),
    /// What the story says, in order.
    Lines(Vec<Line>),
}

impl News {
    /// What names it, the same each time that it is sent: a receiver knows by it what it has already.
    pub fn ids(&self) -> Vec<&str> {
        match self {
            Self::Change(change) => vec![&change.id],
            Self::Page(page) => vec![&page.change.id],
            Self::Lines(lines) => lines.iter().map(|line| line.id.as_str()).collect(),
        }
    }
}

/// An entry of the story as a line of a log. Nothing in it depends on when it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its own id.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// The deployment.
    pub deployment: DeploymentId,
    /// The application.
    pub application: AppName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The version.
    pub version: ImageTag,
    /// The state that it has come to with this, if that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// What happened.
    pub message: String,
}

/// The next thing that is news to the monitor, which has heard of the story's first `told` entries,
/// and how many it has heard of with that. `None` where nothing is.
pub fn next(
    d: &Deployment,
    monitor: &Monitor,
    told: usize,
    message_url: Option<&str>,
) -> Option<(News, usize)> {
    if let Monitor::Loki { .. } = monitor {
        return lines(d, told);
    }
    let mut to_tell = changes(d, message_url)
        .filter(|(number, _)| *number >= told)
        .filter(|(_, change)| concerns(monitor, change, d));
    let (number, change) = to_tell.next()?;
    let news = match calls_people(monitor) {
        true => News::Page(Box::new(Page::new(change, &d.story[number].note, d))),
        false => News::Change(Box::new(change)),
    };
    Some((news, number + 1))
}

/// Whether people are called by it, at any hour.
fn calls_people(monitor: &Monitor) -> bool {
    matches!(
        monitor,
        Monitor::PagerDuty { .. } | Monitor::Opsgenie { .. } | Monitor::Sns { .. }
    )
}

/// Whether the monitor has a use for it.
fn concerns(monitor: &Monitor, change: &StateChange, d: &Deployment) -> bool {
    let ended = change.outcome;
    match monitor {
        // What changed nothing is on no graph, and no deployment.
        Monitor::Grafana { .. } | Monitor::GitHub { .. } => match change.state {
            State::Started => true,
            State::Ended => change.started_at.is_some(),
            _ => false,
        },
        Monitor::Datadog { .. } => match change.state {
            State::Started | State::NeedsPerson | State::RollingBack => true,
            State::Ended => change.started_at.is_some() || needed_person(d),
            _ => false,
        },
        // Only what serves users.
        Monitor::Sentry { .. } => ended.is_some_and(super::Outcome::is_live),
        Monitor::PagerDuty { .. } | Monitor::Opsgenie { .. } | Monitor::Sns { .. } => {
            match change.state {
                // No one is woken for what is over.
                State::NeedsPerson => !d.phase.is_terminal(),
                State::Ended => ended.is_some_and(super::Outcome::needs_person) || needed_person(d),
                _ => false,
            }
        }
        Monitor::EventBridge { .. } | Monitor::Webhook { .. } | Monitor::CloudWatch { .. } => true,
        Monitor::Loki { .. } => false,
    }
}

/// Whether anybody was called: what was opened is closed at the end.
fn needed_person(d: &Deployment) -> bool {
    changes(d, None).any(|(_, change)| change.state == State::NeedsPerson)
}

fn lines(d: &Deployment, told: usize) -> Option<(News, usize)> {
    let entries = d.story.iter().enumerate().skip(told).take(LINES);
    let states: Vec<(usize, State)> = changes(d, None)
        .map(|(number, change)| (number, change.state))
        .collect();
    let state = |number| states.iter().find(|(of, _)| *of == number);
    let line = |number: usize, entry: &sluice_core::note::Entry| Line {
        id: id(d, number),
        at: entry.at,
        deployment: d.id.clone(),
        application: d.app().clone(),
        environment: d.environment().clone(),
        version: d.release.tag.clone(),
        state: state(number).map(|(_, state)| *state),
        message: plain(&words(&entry.note, d)),
    };
    let lines: Vec<Line> = entries.map(|(number, entry)| line(number, entry)).collect();
    let to = told + lines.len();
    (!lines.is_empty()).then_some((News::Lines(lines), to))
}
