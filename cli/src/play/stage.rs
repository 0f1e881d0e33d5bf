//! A world with Sluice in it, and how much of its story has been printed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_app::App;
use sluice_app::ports::Ports;
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::id::{ChannelName, DeploymentId};
use sluice_core::note::Note;
use sluice_core::phase::Phase;
use sluice_sim::world::{Invocation, What, World};
use sluice_words::waits::waits_for;

use super::audience::{Audience, Line, Tone, Waiting};
use crate::wiring::{HandlerFunctions, Lambda};

/// The phases of a successful deployment, as steps on a bar.
const STEPS: [&str; 11] = [
    "Planning",
    "AwaitingApproval",
    "AwaitingWindow",
    "BackingUp",
    "Migrating",
    "RollingOut",
    "UpdatingWorkers",
    "Verifying",
    "Shifting",
    "Baking",
    "CleaningUp",
];

/// A world with Sluice in it.
pub struct Stage {
    /// The world.
    pub world: World,
    lambda: Lambda,
    told: BTreeMap<DeploymentId, (usize, &'static str)>,
    last_news: Timestamp,
    reminders: Vec<(Timestamp, DeploymentId)>,
    /// Channels with messages that are about no deployment.
    channels: BTreeSet<ChannelName>,
    /// How much of what was said in Slack was looked at.
    heard: usize,
}

impl Stage {
    /// Deploys Sluice's own functions in the world, for these applications.
    pub fn new(world: World, configs: Vec<Arc<Config>>) -> Self {
        let ports = world.ports();
        Self::with_ports(world, ports, configs)
    }

    /// The same, with Sluice at these ports.
    pub fn with_ports(mut world: World, ports: Ports, configs: Vec<Arc<Config>>) -> Self {
        let sources = configs.iter().filter_map(|config| config.source.as_ref());
        let channels = sources.map(|source| source.channel.clone()).collect();
        let lambda = Lambda::new(App::new(ports, configs));
        world.deploy(Arc::new(HandlerFunctions::new(lambda.clone())));
        let last_news = world.now();
        Self {
            world,
            lambda,
            told: BTreeMap::new(),
            last_news,
            reminders: Vec::new(),
            channels,
            heard: 0,
        }
    }

    /// Sluice itself.
    pub fn app(&self) -> &App {
        self.lambda.app()
    }

    /// The functions, for callers other than the world.
    pub fn lambda(&self) -> Lambda {
        self.lambda.clone()
    }

    /// Whether nothing is left to happen that anyone could notice.
    pub fn is_over(&self) -> bool {
        self.world.is_quiet()
    }

    /// Asks again after `time`.
    pub fn remind(&mut self, time: SignedDuration, of: DeploymentId) {
        self.reminders.push((self.world.now() + time, of));
    }

    /// The reminders whose time has come.
    pub fn take_reminders(&mut self) -> Vec<DeploymentId> {
        let now = self.world.now();
        let (due, later) = std::mem::take(&mut self.reminders)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.reminders = later;
        let due: Vec<(Timestamp, DeploymentId)> = due;
        due.into_iter().map(|(_, reminder)| reminder).collect()
    }

    /// Moves the world by one step, and prints what was done to Sluice in it.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn step(&mut self, audience: &mut dyn Audience) -> io::Result<()> {
        let from = self.world.now();
        let waiting = self.waiting();
        let happening = self.world.step();
        let at = happening.at;
        if !self.is_over() {
            audience.pass(from, at, at.duration_since(self.last_news), &waiting)?;
        }
        let words = match happening.what {
            What::Planned(words) => words,
            What::Click(click, invocation) => {
                let action = click.button.action.label();
                let came = match invocation {
                    Invocation::Answered(reply) => format!("is told: {}", reply.text),
                    Invocation::Failed(error) => format!("sees a warning sign: {error}"),
                    Invocation::Crashed => "sees a warning sign: nothing answered".to_owned(),
                };
                format!("@{} clicks {action} in Slack and {came}", click.user)
            }
            _ => return Ok(()),
        };
        self.news(audience, at, "", words, Tone::Around)
    }

    /// Tells what is new in every deployment's story.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn tell(&mut self, audience: &mut dyn Audience) -> io::Result<()> {
        let mut news: Vec<(Timestamp, Arc<Deployment>, String, Tone)> = Vec::new();
        for stored in self.world.store().deployments() {
            let d = stored.deployment;
            let (told, phase) = self.told.get(&d.id).copied().unwrap_or((0, ""));
            if (told, phase) == (d.story.len(), d.phase.name()) {
                continue;
            }
            for entry in &d.story[told..] {
                news.push((
                    entry.at,
                    d.clone(),
                    sluice_words::note::words(&entry.note, &d),
                    tone(&entry.note, &d),
                ));
            }
            // A queued deployment says itself whom it waits for.
            let waits_for_something = !d.phase.is_terminal() && !matches!(d.phase, Phase::Queued);
            if phase != d.phase.name() && waits_for_something {
                let words = waits(&d);
                news.push((d.entered_at, d.clone(), words, Tone::Waits));
            }
            self.told
                .insert(d.id.clone(), (d.story.len(), d.phase.name()));
        }
        // Of several deployments that moved in one step, in the order of time.
        news.sort_by_key(|(at, ..)| *at);
        for (at, d, words, tone) in news {
            self.news(audience, at, d.environment().as_str(), words, tone)?;
        }
        self.tell_of_source(audience)
    }

    /// Tells what Sluice says in the channels for source code.
    fn tell_of_source(&mut self, audience: &mut dyn Audience) -> io::Result<()> {
        if self.channels.is_empty() {
            return Ok(());
        }
        let said = self.world.slack().said_since(&mut self.heard);
        for said in said {
            if self.channels.contains(&said.channel) {
                let words = format!("Sluice in {}: {}", said.channel, said.message.summary);
                self.news(audience, said.at, "", words, Tone::Bad)?;
            }
        }
        Ok(())
    }

    /// Tells of something that someone did.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn somebody(&mut self, audience: &mut dyn Audience, words: String) -> io::Result<()> {
        let now = self.world.now();
        self.news(audience, now, "", words, Tone::Around)
    }

    fn news(
        &mut self,
        audience: &mut dyn Audience,
        at: Timestamp,
        environment: &str,
        words: String,
        tone: Tone,
    ) -> io::Result<()> {
        self.last_news = self.world.now();
        audience.tell(&Line {
            at,
            environment: environment.to_owned(),
            words,
            tone,
        })
    }

    /// Every deployment that is not over.
    fn waiting(&self) -> Vec<Waiting> {
        let stored = self.world.store().deployments();
        let under_way = stored.iter().map(|stored| &stored.deployment);
        under_way
            .filter(|d| !d.phase.is_terminal())
            .map(|d| waiting(d))
            .collect()
    }
}

fn waiting(d: &Deployment) -> Waiting {
    let phase = d.phase.name();
    Waiting {
        environment: d.environment().to_string(),
        tag: d.release.tag.to_string(),
        phase,
        since: d.entered_at,
        waits: waits(d),
        progress: (
            STEPS.iter().position(|step| *step == phase).unwrap_or(0),
            STEPS.len(),
        ),
    }
}

/// What it waits for, as a sentence's end.
fn waits(d: &Deployment) -> String {
    let what = waits_for(d);
    if what.starts_with("to ") {
        format!("waits {what}")
    } else {
        format!("waits for {what}")
    }
}

fn tone(note: &Note, d: &Deployment) -> Tone {
    match note {
        Note::Ended if matches!(d.phase, Phase::Succeeded) => Tone::Good,
        Note::Ended | Note::RollingBack { .. } | Note::ServiceStuck { .. } => Tone::Bad,
        Note::NeedsPerson { .. } | Note::SmokeTestsFailedOnce { .. } => Tone::Bad,
        _ => Tone::Story,
    }
}
