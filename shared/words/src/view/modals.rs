//! The forms that are put before people.

use crate::message::Block;
use crate::modal::{BEFORE, Choice, FORCE, Input, InputKind, InputName, Modal, Purpose, REFUSE};
use crate::slash::{COMMAND, REASON_CHARS};
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::ImageTag;
use sluice_core::release::VerifiedRelease;

/// Asks why a plan is rejected; `None` where there is no plan yet.
pub fn reject_modal(d: &Deployment) -> Option<Modal> {
    let sealed = d.plan.as_ref()?;
    let (title, what) = match d.restore() {
        None => (
            "Reject this release?",
            format!(
                "{} {} is not deployed to {}. Nothing is changed.",
                d.app(),
                d.release.tag,
                d.environment()
            ),
        ),
        Some(restore) => (
            "Reject this restore?",
            format!(
                "{} of {} stays as it is. Nothing is changed.",
                restore.database.identifier(),
                d.environment()
            ),
        ),
    };
    Some(Modal {
        title: title.to_owned(),
        blocks: vec![
            Block::Text(what),
            Block::Context(format!("{} · plan {}", d.id, sealed.hash.short())),
        ],
        inputs: vec![reason("Everyone in the channel can read it.")],
        submit: "Reject".to_owned(),
        purpose: Purpose::Reject {
            deployment: d.id.clone(),
            plan: sealed.hash.clone(),
        },
    })
}

/// Where an environment can go back to.
#[derive(Clone, Debug)]
pub struct WaysBack<'a> {
    /// Which environment.
    pub at: &'a EnvironmentKey,
    /// The release that was verified last.
    pub runs: Option<&'a VerifiedRelease>,
    /// The deployment under way that has touched services: it goes back.
    pub under_way: Option<&'a Deployment>,
    /// What ran before, where that is known and can be asked for.
    pub before: Option<&'a VerifiedRelease>,
    /// The release that the person has named already: it stands first.
    pub named: Option<&'a VerifiedRelease>,
    /// Other verified releases, newest first.
    pub others: Vec<&'a VerifiedRelease>,
    /// Releases whose migration ran since any of these was verified.
    pub migrated: Vec<ImageTag>,
}

impl WaysBack<'_> {
    /// Whether what was verified last is not what runs, so that the way back leads there.
    fn runs_unverified(&self) -> bool {
        let both = self.runs.zip(self.before);
        both.is_some_and(|(runs, before)| runs.deployment == before.deployment)
    }
}

/// Asks where an environment goes back to, and why; `None` where there is no way back.
pub fn rollback_modal(ways: &WaysBack<'_>) -> Option<Modal> {
    let before = ways.before.map(|release| before(ways, release));
    let verified = ways.named.into_iter().chain(ways.others.iter().copied());
    let mut choices: Vec<Choice> = verified.map(choice).collect();
    let first = usize::from(ways.named.is_some());
    choices.splice(first..first, before);
    if choices.is_empty() {
        return None;
    }
    let mut inputs = vec![
        Input {
            name: InputName::Release,
            label: "Back to".to_owned(),
            hint: "Releases that were verified here, the newest first.".to_owned(),
            kind: InputKind::Select(choices),
        },
        reason("It is shown in the channel and in the history."),
    ];
    if !ways.migrated.is_empty() {
        inputs.push(schema(&ways.migrated));
    }
    Some(Modal {
        title: "Roll back".to_owned(),
        blocks: vec![
            Block::Text(now(ways)),
            Block::Text(format!("What it means\n{}", super::bullets(&means(ways)))),
        ],
        inputs,
        submit: "Roll back".to_owned(),
        purpose: Purpose::RollBack {
            at: ways.at.clone(),
        },
    })
}

fn now(ways: &WaysBack<'_>) -> String {
    let at = ways.at;
    match (ways.under_way, ways.runs) {
        (Some(d), Some(runs)) => format!(
            "{} is being deployed to {at}, where {} was verified last.",
            d.release.tag, runs.release.tag
        ),
        (Some(d), None) => format!("{} is being deployed to {at}.", d.release.tag),
        (None, Some(runs)) if ways.runs_unverified() => format!(
            "{} was verified last in {at}; the running version is not.",
            runs.release
        ),
        (None, Some(runs)) => format!("{at} runs {}.", runs.release),
        (None, None) => format!("Nothing is verified in {at} yet."),
    }
}

fn means(ways: &WaysBack<'_>) -> Vec<String> {
    let mut means = Vec::new();
    match (ways.under_way, ways.runs, ways.named.or(ways.before)) {
        (Some(d), ..) => means.push(super::makes_way(d)),
        (None, Some(_), Some(first)) if ways.runs_unverified() => means.push(format!(
            "unless you choose another release: to {}",
            first.release.tag
        )),
        (None, Some(runs), Some(first)) => means.push(format!(
            "unless you choose another release: from {} to {}",
            runs.release.tag, first.release.tag
        )),
        (None, ..) => {}
    }
    means.push("the database is not rolled back".to_owned());
    let of_active = ways
        .under_way
        .filter(|d| d.touched.migration.is_some())
        .map(|d| d.release.tag.clone())
        .filter(|tag| !ways.migrated.contains(tag));
    let migrated: Vec<ImageTag> = ways.migrated.iter().cloned().chain(of_active).collect();
    if !migrated.is_empty() {
        means.push(crate::plan::migrated(&migrated));
    }
    means.push("no approval is needed and no migration runs: it takes minutes".to_owned());
    means.push(format!(
        "automatic deployments pause afterwards, until `{COMMAND} release {}`",
        ways.at
    ));
    means
}

fn before(ways: &WaysBack<'_>, release: &VerifiedRelease) -> Choice {
    let tag = &release.release.tag;
    let label = match ways.under_way {
        Some(d) => format!(
            "Previous version: {} is rolled back to {tag}",
            d.release.tag
        ),
        None => format!("Previous version: {tag}"),
    };
    Choice {
        label,
        value: BEFORE.to_owned(),
    }
}

fn schema(migrated: &[ImageTag]) -> Input {
    let choice = |label: &str, value: &str| Choice {
        label: label.to_owned(),
        value: value.to_owned(),
    };
    Input {
        name: InputName::Schema,
        label: "If a migration ran since".to_owned(),
        hint: format!("{}.", crate::plan::migrated(migrated)),
        kind: InputKind::Select(vec![
            choice("Refuse: nothing is rolled back", REFUSE),
            choice("Roll back anyway: I know that it is compatible", FORCE),
        ]),
    }
}

/// Asks why a deployment is to begin although its environment is closed. `closed` says what closes
/// it, line by line.
pub fn override_modal(d: &Deployment, closed: &[String]) -> Modal {
    Modal {
        title: "Deploy anyway?".to_owned(),
        blocks: vec![
            Block::Text(format!(
                "{} {} would start in {} now, although:\n{}",
                d.app(),
                d.release.tag,
                d.environment(),
                super::bullets(closed)
            )),
            Block::Context(d.id.to_string()),
        ],
        inputs: vec![reason(
            "Everyone in the channel can read it, with your name.",
        )],
        submit: "Deploy".to_owned(),
        purpose: Purpose::Override {
            deployment: d.id.clone(),
        },
    }
}

pub(super) fn reason(hint: &str) -> Input {
    Input {
        name: InputName::Reason,
        label: "Why?".to_owned(),
        hint: hint.to_owned(),
        kind: InputKind::Text {
            max_chars: REASON_CHARS,
        },
    }
}

fn choice(verified: &VerifiedRelease) -> Choice {
    Choice {
        label: format!(
            "{} · verified {}",
            verified.release.tag,
            verified.at.strftime("%Y-%m-%d %H:%M UTC")
        ),
        value: verified.deployment.to_string(),
    }
}
