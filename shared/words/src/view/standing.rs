//! How environments stand, at a glance: for `/sluice status` and the App Home.

use crate::home::Home;
use crate::inline::{clock, moment_of_day};
use crate::message::{Block, Message};
use crate::operate::needs_decision;
use crate::overview::{Ended, Standing, Underway};
use crate::report::told;
use crate::slash::{COMMAND, Group, help};
use crate::waits::waits_for;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::health::Reading;
use sluice_core::id::ImageTag;
use sluice_core::origin::Origin;
use sluice_core::phase::Phase;
use sluice_core::release::{Release, VerifiedRelease};

use super::progress::status;
use super::{Running, origin};

/// What one environment is like now.
#[derive(Clone, Debug)]
pub struct Glance {
    /// Which.
    pub key: EnvironmentKey,
    /// The release verified last: what runs, unless a deployment is under way.
    pub verified: Option<VerifiedRelease>,
    /// Where that release comes from, as far as is known.
    pub origin: Option<Origin>,
    /// The deployment that has the environment to itself: its lock.
    pub active: Option<Deployment>,
    /// The deployment that waits behind it.
    pub next: Option<Deployment>,
    /// The newest deployment, if it is over: how it ended.
    pub last: Option<Deployment>,
    /// What keeps deployments from beginning, line by line: freezes, holds.
    pub closed: Vec<String>,
    /// What AWS shows, or why it shows nothing; `None` where nobody looked.
    pub running: Option<Result<Running, String>>,
    /// Why nothing else is known, where its state cannot be read.
    pub unreadable: Option<String>,
}

impl Glance {
    /// An environment whose state cannot be read, and why.
    pub fn unreadable(key: EnvironmentKey, why: impl Into<String>) -> Self {
        Self {
            key,
            verified: None,
            origin: None,
            active: None,
            next: None,
            last: None,
            closed: Vec::new(),
            running: None,
            unreadable: Some(why.into()),
        }
    }
}

impl From<&Glance> for Standing {
    fn from(glance: &Glance) -> Self {
        Self {
            environment: glance.key.clone(),
            version: version(glance),
            verified: glance.verified.as_ref().map(|it| it.deployment.clone()),
            closed: Some(glance.closed.clone()),
            active: glance.active.as_ref().map(Underway::from),
            next: glance.next.as_ref().map(Underway::from),
            last: glance.last.as_ref().map(Ended::from),
            running: running(glance).map(|(_, said)| said),
            health: health(glance).map(|(_, said)| said),
            unreadable: glance.unreadable.clone(),
        }
    }
}

impl From<&Deployment> for Underway {
    fn from(d: &Deployment) -> Self {
        Self {
            id: d.id.clone(),
            environment: EnvironmentKey::of(d),
            what: what(d),
            status: status(d),
            paused: super::pause_words(d),
            waits: waits_for(d),
            since: d.entered_at,
            needs_decision: needs_decision(d),
        }
    }
}

impl From<&Deployment> for Ended {
    fn from(d: &Deployment) -> Self {
        Self {
            id: d.id.clone(),
            what: what(d),
            status: status(d),
            happened: happened(d),
            at: d.entered_at,
        }
    }
}

/// Environments at a glance.
pub fn status_message(glances: &[Glance]) -> Message {
    let names: Vec<String> = glances
        .iter()
        .map(|glance| glance.key.to_string())
        .collect();
    Message {
        summary: format!("How things stand in {}", names.join(", ")),
        blocks: glances.iter().flat_map(glance_blocks).collect(),
    }
}

/// What one person sees of Sluice: `waits` are the deployments that wait for them.
pub fn home(waits: &[&Deployment], glances: &[Glance], groups: &[Group]) -> Home {
    let mut blocks = vec![Block::Header("Waiting for you".to_owned())];
    if waits.is_empty() {
        blocks.push(Block::Text("Nothing.".to_owned()));
    }
    blocks.extend(waits.iter().map(|d| {
        Block::Text(format!(
            "{}, since {}: decide in {}, or `{COMMAND} approve {}`",
            subject(d),
            clock(d.entered_at),
            d.settings.environment.channel,
            EnvironmentKey::of(d)
        ))
    }));
    blocks.push(Block::Header("In progress".to_owned()));
    let under_way: Vec<String> = glances
        .iter()
        .flat_map(|glance| [&glance.active, &glance.next])
        .flatten()
        .map(under_way)
        .collect();
    blocks.push(Block::Text(match under_way.as_slice() {
        [] => "No deployment in progress.".to_owned(),
        lines => super::bullets(lines),
    }));
    blocks.push(Block::Header("Environments".to_owned()));
    blocks.extend(glances.iter().flat_map(glance_blocks));
    blocks.push(Block::Header("What you can type".to_owned()));
    blocks.extend(help(None, groups).blocks);
    Home { blocks }
}

/// What it is about: a version on its way, or a database.
fn subject(d: &Deployment) -> String {
    let (app, environment) = (d.app(), d.environment());
    match d.restore() {
        None => format!("{app} {} to {environment}", d.release.tag),
        Some(restore) => format!(
            "{app}, restore of {} in {environment}",
            restore.database.identifier()
        ),
    }
}

fn under_way(d: &Deployment) -> String {
    let status = match d.phase {
        // It says no more than what is waited for.
        Phase::AwaitingApproval | Phase::AwaitingRestoreDecision { .. } => "✋ Waits".to_owned(),
        _ => format!("{}. Waits", status(d)),
    };
    format!(
        "{}: {status} for {}, since {}",
        subject(d),
        waits_for(d),
        clock(d.entered_at)
    )
}

fn glance_blocks(glance: &Glance) -> Vec<Block> {
    if let Some(why) = &glance.unreadable {
        return vec![Block::Fields(vec![
            ("Environment".to_owned(), glance.key.to_string()),
            ("State".to_owned(), format!("❔ cannot be read: {why}")),
        ])];
    }
    let mut fields = vec![
        ("Environment".to_owned(), glance.key.to_string()),
        ("Version".to_owned(), version(glance)),
        ("Deployment".to_owned(), lock(glance)),
    ];
    fields.extend(glance.last.as_ref().map(ended));
    fields.extend(running(glance));
    fields.extend(health(glance));
    if let Some(next) = &glance.next {
        fields.push(("Next".to_owned(), under_way(next)));
    }
    let closed = match glance.closed.as_slice() {
        [] => "open for deployments".to_owned(),
        lines => lines.join("\n"),
    };
    fields.push(("Deployments".to_owned(), closed));
    let mut blocks = vec![Block::Fields(fields)];
    blocks.extend(origins(glance));
    blocks
}

/// Where what runs comes from, and what is on its way, each with its pages.
fn origins(glance: &Glance) -> Vec<Block> {
    let of = |tag: &ImageTag, origin: &Origin| {
        let mut links = origin::parts(origin);
        let first = links.first_mut()?;
        first.text = format!("{tag}: {}", first.text);
        Some(links)
    };
    let runs = glance.verified.as_ref().zip(glance.origin.as_ref());
    let runs = runs.and_then(|(verified, origin)| of(&verified.release.tag, origin));
    let coming = [&glance.active, &glance.next].into_iter().flatten();
    let coming = coming.filter_map(|d| {
        let mut links = of(&d.release.tag, d.origin()?)?;
        links.extend(origin::changes(
            d.origin()?,
            glance.verified.as_ref(),
            glance.origin.as_ref(),
        ));
        Some(links)
    });
    runs.into_iter().chain(coming).map(Block::Links).collect()
}

fn version(glance: &Glance) -> String {
    match &glance.verified {
        Some(verified) => format!(
            "{} ({}), verified {}",
            verified.release.tag,
            verified.release.digest.short(),
            moment_of_day(verified.at)
        ),
        None => "no verified release yet".to_owned(),
    }
}

fn lock(glance: &Glance) -> String {
    match &glance.active {
        Some(d) => format!(
            "{} ({}): {}{}",
            what(d),
            d.id,
            status(d),
            super::pause_words(d).map_or_else(String::new, |paused| format!("\n{paused}"))
        ),
        None => "no deployment in progress".to_owned(),
    }
}

/// The version, or the database that is restored.
fn what(d: &Deployment) -> String {
    match d.restore() {
        None => d.release.tag.to_string(),
        Some(restore) => format!("restore of {}", restore.database.identifier()),
    }
}

/// How the last deployment ended.
fn ended(d: &Deployment) -> (String, String) {
    let at = moment_of_day(d.entered_at);
    let said = format!("{}, {at}: {}", status(d), happened(d));
    ("Last ended".to_owned(), said)
}

fn happened(d: &Deployment) -> String {
    told(d).map_or_else(|| subject(d), |told| told.happened)
}

/// What AWS shows now.
fn running(glance: &Glance) -> Option<(String, String)> {
    let said = match glance.running.as_ref()? {
        Err(why) => format!("❔ {why}"),
        Ok(running) => {
            let verified = glance.verified.iter().map(|verified| &verified.release);
            let active = glance.active.iter().map(|active| &active.release);
            let known: Vec<&Release> = verified.chain(active).collect();
            running.lines(&known, glance.active.is_some()).join("\n")
        }
    };
    Some(("Running".to_owned(), said))
}

/// What the last health sample of a bake said. Between deployments Sluice takes none.
fn health(glance: &Glance) -> Option<(String, String)> {
    let Phase::Baking { samples, .. } = &glance.active.as_ref()?.phase else {
        return None;
    };
    let last = samples.last()?;
    let said = match last.reading() {
        Reading::Good => "✅ healthy".to_owned(),
        Reading::Bad => format!("❌ {}", last.bad.join("; ")),
        Reading::Empty => {
            let unseen: Vec<&str> = last.unseen().map(String::as_str).collect();
            match unseen.as_slice() {
                [] => "nothing could be measured".to_owned(),
                unseen => format!("❔ {}", unseen.join("; ")),
            }
        }
    };
    let said = format!("{said}, at {}", clock(last.at));
    Some(("Bake".to_owned(), said))
}
