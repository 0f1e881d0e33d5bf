//! The form that asks to which point a database is brought back: what each would cost, before anybody
//! says so.

use jiff::{SignedDuration, Timestamp};

use super::modals::reason;
use crate::message::Block;
use crate::modal::{Choice, Input, InputKind, InputName, Modal, Purpose};
use crate::slash::COMMAND;
use sluice_core::config::{Approval, Member};
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::ImageTag;
use sluice_core::quantity;
use sluice_core::release::VerifiedRelease;
use sluice_core::restore::PointReference;

/// Long enough for any environment's name.
const NAME_CHARS: usize = 80;

/// A point that a database can be brought back to.
#[derive(Clone, Debug)]
pub struct RestoreWay {
    /// The point.
    pub point: PointReference,
    /// What is written later is lost.
    pub until: Timestamp,
    /// The release whose migration is undone.
    pub undoes: ImageTag,
    /// The release whose code fits.
    pub to: VerifiedRelease,
    /// How long the application stands still: an estimate.
    pub estimate: SignedDuration,
}

/// The points that a database can be brought back to.
#[derive(Clone, Debug)]
pub struct RestoreWays<'a> {
    /// Which environment.
    pub at: &'a EnvironmentKey,
    /// The database, by its name in RDS.
    pub database: &'a str,
    /// Its size, in GiB.
    pub storage_gib: u32,
    /// The release that was verified last.
    pub runs: Option<&'a VerifiedRelease>,
    /// The deployment under way that has touched services: it goes back first.
    pub under_way: Option<&'a Deployment>,
    /// The points, the one that loses least first.
    pub ways: Vec<RestoreWay>,
    /// Why a point that people expect is not among them.
    pub missing: Vec<String>,
    /// Whose yes it needs.
    pub approval: Option<&'a Approval>,
    /// Now.
    pub now: Timestamp,
}

/// Asks to which point the database is brought back, and why; `None` where there is no point.
pub fn restore_modal(ways: &RestoreWays<'_>) -> Option<Modal> {
    if ways.ways.is_empty() {
        return None;
    }
    let mut points = ways
        .ways
        .iter()
        .map(|way| cost(ways, way))
        .collect::<Vec<_>>();
    points.extend(ways.missing.iter().cloned());
    Some(Modal {
        title: "Restore the database".to_owned(),
        blocks: vec![
            Block::Text(now(ways)),
            Block::Text(format!("The points\n{}", super::bullets(&points))),
            Block::Text(format!("What it means\n{}", super::bullets(&means(ways)))),
        ],
        inputs: vec![
            Input {
                name: InputName::Point,
                label: "Back to".to_owned(),
                hint: "The one that loses least stands first.".to_owned(),
                kind: InputKind::Select(ways.ways.iter().map(choice).collect()),
            },
            reason("It is shown in the channel and in the history."),
            Input {
                name: InputName::Confirm,
                label: format!("Type {} to confirm", ways.at.environment),
                hint: "Writes are lost, and the application is DOWN meanwhile.".to_owned(),
                kind: InputKind::Text {
                    max_chars: NAME_CHARS,
                },
            },
        ],
        submit: "Restore".to_owned(),
        purpose: Purpose::Restore {
            at: ways.at.clone(),
        },
    })
}

fn now(ways: &RestoreWays<'_>) -> String {
    let (at, database) = (ways.at, ways.database);
    let runs = match ways.runs {
        Some(runs) => format!("{at} runs {} on {database}.", runs.release),
        None => format!("Nothing is verified in {at} yet."),
    };
    format!("{runs} This restores {database} to before a migration, and the code with it.")
}

fn cost(ways: &RestoreWays<'_>, way: &RestoreWay) -> String {
    let lost = quantity::duration(ways.now.duration_since(way.until));
    let point = match &way.point {
        PointReference::Moment(_) => format!("right before the migration of {}", way.undoes),
        PointReference::Snapshot(of) => format!("the snapshot that {of} took for {}", way.undoes),
    };
    format!(
        "{point}: LOSES everything written since {} ({lost} by now, and more until it starts); \
         with {}, the version of that time; DOWN for {} (estimated)",
        way.until.strftime("%Y-%m-%d %H:%M:%S UTC"),
        way.to.release.tag,
        quantity::duration(way.estimate)
    )
}

fn means(ways: &RestoreWays<'_>) -> Vec<String> {
    let mut means = Vec::new();
    if let Some(d) = ways.under_way {
        means.push(super::makes_way(d));
    }
    means.push(
        "all services stop: users get 503, workers finish their current tasks and stop".to_owned(),
    );
    means.push(format!(
        "the times are estimates from the {} GiB of {}: RDS does not say beforehand",
        ways.storage_gib, ways.database
    ));
    means.push("the old database is kept under another name, with all its data".to_owned());
    means.push(match ways.approval {
        None => "no approval is needed: it starts once the plan is ready".to_owned(),
        Some(approval) => asks(approval),
    });
    means.push(format!(
        "automatic deployments pause afterwards, until `{COMMAND} release {}`",
        ways.at
    ));
    means
}

fn asks(approval: &Approval) -> String {
    let who: Vec<String> = approval.approvers.iter().map(Member::to_string).collect();
    let quorum = match approval.quorum {
        1 => "one approval".to_owned(),
        quorum => format!("{quorum} approvals"),
    };
    let but = if approval.four_eyes { ", not you" } else { "" };
    format!(
        "the plan is shown in the channel and waits for {quorum} by {}{but}, for {} at most",
        who.join(" or "),
        quantity::duration(approval.expires)
    )
}

fn choice(way: &RestoreWay) -> Choice {
    let until = way.until.strftime("%m-%d %H:%M:%S UTC");
    let what = match way.point {
        PointReference::Moment(_) => "Before",
        PointReference::Snapshot(_) => "Snapshot before",
    };
    Choice {
        label: format!("{what} {}'s migration, {until}", way.undoes),
        value: way.point.to_string(),
    }
}
