//! Tells monitors what the deployment's story says: each from where it has heard last, in order, and
//! for as long as a day. Nothing waits for a monitor: what it is told comes after AWS, the timers and
//! Slack, each one is told by itself, and one that does not answer is left alone for a while.
//!
//! What a monitor has heard is stored with the deployment, under a version check that also says who
//! is telling it: two functions do not tell it the same thing at once. A function that is interrupted
//! in between leaves that behind, and the next one knows that the monitor may have heard more.

mod pace;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use sluice_core::config::Monitor;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::PortError;
use sluice_words::message::Message;
use sluice_words::monitoring::{self, next};

use crate::App;
use crate::driver::TELL_AGAIN_AFTER;
use crate::ports::{
    AllMonitored, MessageRef, MonitorError, Monitored, NotTaken, Notice, Shown, Stored, Thread,
};
use pace::{GIVE_UP_AFTER, pause};

/// No function tells a monitor for longer without storing how far it came.
const TELLING: SignedDuration = SignedDuration::from_secs(30);

/// After this nothing more is begun in one go: the next wake-up continues.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(4);

/// A monitor that has not heard everything.
pub(crate) struct Behind<'a> {
    monitor: &'a Monitor,
    monitored: Monitored,
}

impl App {
    /// The monitors, as the current sluice.toml names them.
    fn monitors<'a>(&'a self, d: &'a Deployment) -> &'a [Monitor] {
        let pinned = &d.settings.environment;
        let configured = self.configured(&EnvironmentKey::of(d));
        &configured.unwrap_or(pinned).monitors
    }

    /// The monitors that have something to hear, or about which people have.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn behind<'a>(
        &'a self,
        d: &'a Deployment,
    ) -> Result<Vec<Behind<'a>>, PortError> {
        let concerned = self.monitors(d).iter();
        let concerned = concerned.filter(|monitor| next(d, monitor, 0, None).is_some());
        let concerned: Vec<&Monitor> = concerned.collect();
        if concerned.is_empty() {
            return Ok(Vec::new());
        }
        let mut heard: AllMonitored = self.ports.store.monitored(&d.id).await?;
        let behind = concerned.into_iter().map(|monitor| Behind {
            monitor,
            monitored: heard.remove(monitor.name()).unwrap_or_default(),
        });
        Ok(behind.filter(|it| it.is_behind(d)).collect())
    }

    /// Tells them; when that must be tried again, if not all could be told.
    pub(crate) async fn tell_monitors(
        &self,
        stored: &Stored,
        behind: Vec<Behind<'_>>,
    ) -> Option<Timestamp> {
        let d = &*stored.deployment;
        let shown = self.ports.store.shown(&d.id).await.unwrap_or_default();
        let told = behind
            .into_iter()
            .map(|behind| self.tell_monitor(d, behind, &shown));
        join_all(told).await.into_iter().flatten().min()
    }

    async fn tell_monitor(
        &self,
        d: &Deployment,
        behind: Behind<'_>,
        shown: &Shown,
    ) -> Option<Timestamp> {
        let name = behind.monitor.name();
        let again = self.now_and(TELL_AGAIN_AFTER);
        match self.tell_one(d, behind, shown).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(deployment.id = %d.id, monitor = name, %error, "{name} could not be \
                    told of {}: {error}", d.id);
                again
            }
        }
    }

    async fn tell_one(
        &self,
        d: &Deployment,
        Behind { monitor, monitored }: Behind<'_>,
        shown: &Shown,
    ) -> Result<Option<Timestamp>, PortError> {
        let now = self.ports.clock.now();
        if let Some(wait) = monitored.waits_until(now) {
            return Ok(Some(wait));
        }
        let mut telling = Telling {
            d,
            monitor,
            may_be_there: monitored.telling.is_some(),
            monitored,
        };
        telling.monitored.telling = self.now_and(TELLING);
        if !self.remember(&mut telling).await? {
            // Another function is telling it.
            return Ok(self.now_and(TELLING));
        }
        let url = shown.message.as_ref().map(message_url);
        self.catch_up_with(&mut telling, url.as_deref(), now).await;
        self.tell_people(&mut telling, shown).await;
        if !telling.may_be_there {
            telling.monitored.telling = None;
        }
        self.remember(&mut telling).await?;
        let now = self.ports.clock.now();
        let left = Behind {
            monitor,
            monitored: telling.monitored,
        };
        Ok(left
            .is_behind(d)
            .then(|| left.monitored.waits_until(now).unwrap_or(now)))
    }

    /// Sends one thing after the other, until all is told or one is not taken. Nothing is begun long
    /// after `began`, when it was stored who is telling: another function may be by then.
    async fn catch_up_with(&self, telling: &mut Telling<'_>, url: Option<&str>, began: Timestamp) {
        let (d, monitor) = (telling.d, telling.monitor);
        while !telling.monitored.given_up
            && let Some((news, to)) = next(d, monitor, telling.monitored.told, url)
        {
            if self.ports.clock.now().duration_since(began) >= AT_ONCE {
                return;
            }
            let keeps = telling.monitored.keeps.as_deref();
            let monitors = &self.ports.monitors;
            let told = monitors.tell(monitor, &news, keeps, telling.may_be_there);
            match told.await {
                Ok(keeps) => {
                    let monitored = &mut telling.monitored;
                    monitored.keeps = keeps.or(monitored.keeps.take());
                    (monitored.told, monitored.trouble) = (to, None);
                    telling.may_be_there = false;
                }
                Err(error) => {
                    let now = self.ports.clock.now();
                    let goes_on = telling.was_not_taken(&error, to, now);
                    if !goes_on {
                        return;
                    }
                }
            }
        }
    }

    /// Stores how far the monitor has come; `false` if another function has.
    async fn remember(&self, telling: &mut Telling<'_>) -> Result<bool, PortError> {
        let (id, name) = (&telling.d.id, telling.monitor.name());
        let store = &self.ports.store;
        let stored = store.set_monitored(id, name, &telling.monitored).await?;
        if stored {
            telling.monitored.version += 1;
        }
        Ok(stored)
    }

    /// Says in the deployment's thread what there is to say about the monitor.
    async fn tell_people(&self, telling: &mut Telling<'_>, shown: &Shown) {
        let (d, name) = (telling.d, telling.monitor.name());
        let Some(notice) = telling.monitored.notice.as_mut() else {
            return;
        };
        if notice.is_told {
            return;
        }
        if self.ports.clock.now().duration_since(notice.since) >= GIVE_UP_AFTER {
            // It is in the log.
            notice.is_told = true;
            return;
        }
        let Some(first) = &shown.message else {
            return;
        };
        let key = format!("{}/monitor/{name}", first.ts);
        let thread = Thread {
            first,
            broadcast: false,
        };
        let channel = shown.channel.as_ref();
        let channel = channel.unwrap_or(&d.settings.environment.channel);
        let message = Message::line(notice.text.clone());
        let chat = &self.ports.chat;
        match chat
            .ensure_posted(&key, channel, Some(thread), &message)
            .await
        {
            Ok(_) => notice.is_told = true,
            Err(error) => {
                tracing::warn!(deployment.id = %d.id, monitor = name, %error, "people could not be \
                    told of the trouble with {name}: {error}");
            }
        }
    }

    fn now_and(&self, pause: SignedDuration) -> Option<Timestamp> {
        self.ports.clock.now().saturating_add(pause).ok()
    }
}

/// A monitor that is being told.
struct Telling<'a> {
    d: &'a Deployment,
    monitor: &'a Monitor,
    monitored: Monitored,
    /// Whether it may have heard more than is remembered.
    may_be_there: bool,
}

impl Telling<'_> {
    /// Records that it did not take something, with which it would have heard of `to` entries; whether
    /// what comes after that can be sent.
    fn was_not_taken(&mut self, error: &MonitorError, to: usize, now: Timestamp) -> bool {
        let (id, name) = (&self.d.id, self.monitor.name());
        self.may_be_there |= error.may_be_there;
        if error.not_taken == NotTaken::ForGood {
            tracing::error!(deployment.id = %id, monitor = name, %error, "{name} refused what it \
                was told of {id}, which is left out: {error}");
            let text = monitoring::left_out(self.monitor, &error.message);
            self.say_once(text, now);
            self.monitored.told = to;
            self.may_be_there = false;
            return true;
        }
        let since = self.monitored.trouble.as_ref();
        let since = since.map_or(now, |trouble| trouble.since);
        if now.duration_since(since) >= GIVE_UP_AFTER {
            tracing::error!(deployment.id = %id, monitor = name, %error, "{name} is not told of \
                {id} any more: {error}");
            self.say_once(monitoring::given_up(self.monitor, &error.message), now);
            (self.monitored.given_up, self.monitored.trouble) = (true, None);
            return false;
        }
        let until = since.saturating_add(GIVE_UP_AFTER).unwrap_or(now);
        if error.not_taken == NotTaken::Setting {
            self.say_once(
                monitoring::needs_person(self.monitor, &error.message, until),
                now,
            );
        }
        if since == now {
            tracing::error!(deployment.id = %id, monitor = name, %error, "{name} cannot be told of \
                {id}: {error}");
        }
        self.monitored.trouble = Some(pause(&self.d.id, since, error.not_taken, now));
        false
    }

    fn say_once(&mut self, text: String, since: Timestamp) {
        self.monitored.notice.get_or_insert(Notice {
            text,
            since,
            is_told: false,
        });
    }
}

impl Behind<'_> {
    fn is_behind(&self, d: &Deployment) -> bool {
        let Monitored {
            told,
            given_up,
            notice,
            ..
        } = &self.monitored;
        let has_news = !given_up && next(d, self.monitor, *told, None).is_some();
        has_news || notice.as_ref().is_some_and(|notice| !notice.is_told)
    }
}

impl Monitored {
    /// When it can be told, if not now.
    fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        let in_trouble = self.trouble.as_ref().map(|trouble| trouble.next);
        let waits = [self.telling, in_trouble].into_iter().flatten().max();
        waits.filter(|until| *until > now)
    }
}

/// The message's address in Slack, which finds the workspace by the reader's own login.
fn message_url(message: &MessageRef) -> String {
    let digits: String = message.ts.chars().filter(char::is_ascii_digit).collect();
    format!("https://slack.com/archives/{}/p{digits}", message.channel)
}
