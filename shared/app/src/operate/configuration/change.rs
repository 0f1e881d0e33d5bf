//! A change of a file: who may make it, what is refused, who is told.

use std::collections::BTreeSet;

use sluice_core::config::{Config, ConfigVersion, LONGEST_FILE, Member, to_follow};
use sluice_core::id::{AppName, ChannelName, Hash, PrincipalArn, UserId};
use sluice_words::configuration::{self, FEWEST_DIGITS, FileRefused};
use sluice_words::message::{Block, Message};
use sluice_words::modal::InputName;
use sluice_words::operate::said::stranger;
use sluice_words::operate::{Answer, Order, Outcome};
use sluice_words::slash::Reason;

use super::{LISTED, Stop};
use crate::App;

/// A person whom the live file names as one who may change it.
pub(super) struct Changer<'a> {
    live: &'a Config,
    person: UserId,
    request: Hash,
    reason: Option<String>,
}

impl App {
    /// Who asks, if the live file lets them change it.
    pub(super) async fn changer(
        &self,
        app: &AppName,
        order: &Order,
        by: &PrincipalArn,
    ) -> Result<Changer<'_>, Stop> {
        let (live, ..) = self.file_of(app)?;
        let Some(person) = live.people.who_is(by) else {
            let Answer {
                outcome, message, ..
            } = stranger(app, by);
            return Err(Stop::No(outcome, message));
        };
        let members = &live.configure;
        let groups = self.groups_among(members.iter(), person).await?;
        let may = members.iter().any(|member| match member {
            Member::User(user) => user == person,
            Member::Group(group) => groups.contains(group),
        });
        if !may {
            return Err(Stop::from(FileRefused::MayNot {
                app: app.clone(),
                members: members.clone(),
            }));
        }
        let reason = order.answers.get(&InputName::Reason);
        let reason = match reason.map(|typed| Reason::typed(typed)).transpose() {
            Ok(reason) => reason.map(|reason| reason.to_string()),
            Err(error) => return Err(FileRefused::Reason(error.to_string()).into()),
        };
        Ok(Changer {
            live,
            person: person.clone(),
            request: Hash::of_json(&(by, &order.request)),
            reason,
        })
    }

    /// Makes the text live, or proposes it where two people must agree.
    pub(super) async fn change(
        &self,
        changer: &Changer<'_>,
        over: u32,
        text: &str,
    ) -> Result<Answer, Stop> {
        let app = &changer.live.app;
        let (_, live, before) = self.file_of(app)?;
        let versions = self.ports.configurations.versions(app, LISTED).await?;
        if let Some(stored) = versions.iter().find(|it| it.request == changer.request) {
            return Ok(stored_before(stored, live));
        }
        if over != live {
            let newest = self.configs.versions.get(app).cloned();
            return Err(Stop::from(FileRefused::OverAnother {
                app: app.clone(),
                live,
                newest: newest.map(Box::new),
            }));
        }
        if text == before {
            return Err(FileRefused::IsLive(app.clone()).into());
        }
        let after = self.acceptable(app, text)?;
        let version = ConfigVersion {
            number: next_number(&versions),
            text: text.to_owned(),
            by: changer.person.clone(),
            at: self.ports.clock.now(),
            reason: changer.reason.clone(),
            accepted_by: None,
            request: changer.request.clone(),
        };
        if changer.live.is_changed_by_two() {
            self.ports.configurations.propose(app, &version).await?;
            let follow = to_follow(changer.live, &after);
            let message = configuration::proposed(app, &version, before, &follow);
            return Ok(self.told("proposed", changer.live, &after, message).await);
        }
        self.make_live(changer.live, &after, version, before).await
    }

    pub(super) async fn accept(
        &self,
        app: &AppName,
        hash: &str,
        order: &Order,
        by: &PrincipalArn,
    ) -> Result<Answer, Stop> {
        let changer = self.changer(app, order, by).await?;
        let (_, live, before) = self.file_of(app)?;
        let proposed = self.ports.configurations.proposed(app).await?;
        let is_meant = |it: &ConfigVersion| {
            hash.len() >= FEWEST_DIGITS && it.hash().as_str().starts_with(hash)
        };
        let versions = self.ports.configurations.versions(app, LISTED).await?;
        let is_mine =
            |it: &&ConfigVersion| is_meant(it) && it.accepted_by.as_ref() == Some(&changer.person);
        if let Some(stored) = versions.iter().find(is_mine) {
            return Ok(stored_before(stored, live));
        }
        let next = next_number(&versions);
        let Some(proposed) = proposed.filter(|it| it.number == next && is_meant(it)) else {
            return Err(Stop::from(FileRefused::NotProposed {
                app: app.clone(),
                hash: hash.to_owned(),
            }));
        };
        let (by, person) = (&proposed.by, &changer.person);
        if by == person || !self.same_among([by].into(), person).await?.is_empty() {
            return Err(FileRefused::Own.into());
        }
        let after = self.acceptable(app, &proposed.text)?;
        let version = ConfigVersion {
            at: self.ports.clock.now(),
            accepted_by: Some(changer.person.clone()),
            ..proposed
        };
        self.make_live(changer.live, &after, version, before).await
    }

    /// The file, if it can take the place of the live one.
    fn acceptable(&self, app: &AppName, text: &str) -> Result<Config, Stop> {
        if text.len() > LONGEST_FILE {
            return Err(FileRefused::TooLong.into());
        }
        let after = Config::parse(text).map_err(|why| FileRefused::Invalid(why.to_string()))?;
        if after.app != *app {
            return Err(Stop::from(FileRefused::OfAnother {
                app: app.clone(),
                of: after.app,
            }));
        }
        if after.configure.is_empty() {
            return Err(FileRefused::LocksOut.into());
        }
        let after = self.live.installed(after);
        let shared = self.shared_with_others(&after);
        if !shared.is_empty() {
            return Err(FileRefused::Shared(shared).into());
        }
        Ok(after)
    }

    async fn make_live(
        &self,
        live: &Config,
        after: &Config,
        version: ConfigVersion,
        before: &str,
    ) -> Result<Answer, Stop> {
        let (app, changes) = (&live.app, self.configs.changes);
        if !self
            .ports
            .configurations
            .save_version(app, &version, changes)
            .await?
        {
            return Err(FileRefused::AtTheSameMoment.into());
        }
        let follow = to_follow(live, after);
        let message = configuration::stored(app, &version, before, &follow);
        Ok(self.told("live", live, after, message).await)
    }

    /// Tells the channels of all environments: who may do what may be different from now on.
    async fn told(&self, what: &str, before: &Config, after: &Config, message: Message) -> Answer {
        let environments = before.environments.iter().chain(&after.environments);
        let channels: BTreeSet<&ChannelName> = environments.map(|it| &it.channel).collect();
        let mut untold = Vec::new();
        for channel in channels {
            let app = &before.app;
            let key = format!("config/{app}/{what}/{}", Hash::of_json(&message).short());
            let posted = self
                .ports
                .chat
                .ensure_posted(&key, channel, None, &message)
                .await;
            if let Err(error) = posted {
                tracing::warn!(%app, %channel, %error, "a change of sluice.toml of {app} could not \
                    be told in {channel}: {error}");
                untold.push(channel.to_string());
            }
        }
        let mut answer = Answer::new(Outcome::Done, message);
        if !untold.is_empty() {
            let untold = configuration::untold(&untold);
            answer.message.blocks.push(Block::Text(untold));
        }
        answer
    }
}

/// Not that of the live one: someone may have gone back to the file in the packages by hand.
fn next_number(newest_first: &[ConfigVersion]) -> u32 {
    newest_first.first().map_or(1, |newest| newest.number + 1)
}

/// The same request, sent again.
fn stored_before(version: &ConfigVersion, live: u32) -> Answer {
    let said = configuration::stored_before(version.number, live);
    Answer::line(Outcome::Done, said)
}
