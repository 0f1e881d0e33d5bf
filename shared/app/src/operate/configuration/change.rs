//! A change of a file: who may make it, what is refused, who is told.

use std::collections::BTreeSet;

use sluice_core::config::{Config, ConfigVersion, LONGEST_FILE, Member, to_follow};
use sluice_core::id::{AppName, ChannelName, Hash, PrincipalArn, UserId};
use sluice_words::configuration;
use sluice_words::message::{Block, Message};
use sluice_words::modal::InputName;
use sluice_words::operate::{Answer, Order, Outcome};
use sluice_words::slash::Reason;

use super::{LISTED, Stop};
use crate::App;
use crate::operate::stranger;

/// Digits of a hash by which a change is accepted.
const FEWEST_DIGITS: usize = 8;

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
            return Err(Stop::line(Outcome::NotAllowed, may_not(app, members)));
        }
        let reason = order.answers.get(&InputName::Reason);
        let reason = match reason.map(|typed| Reason::typed(typed)).transpose() {
            Ok(reason) => reason.map(|reason| reason.to_string()),
            Err(error) => return Err(Stop::line(Outcome::NotUnderstood, error.to_string())),
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
            return Err(other_version(app, live, self.configs.versions.get(app)));
        }
        if text == before {
            let said = format!("Nothing was done: this is the file of {app} that is live already.");
            return Err(Stop::line(Outcome::Refused, said));
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
            let said = format!(
                "Nothing was done: no change {hash} of sluice.toml of {app} waits to be accepted. \
                 Another one was proposed or made since, or the hash is shorter than \
                 {FEWEST_DIGITS} digits."
            );
            return Err(Stop::line(Outcome::Refused, said));
        };
        let (by, person) = (&proposed.by, &changer.person);
        if by == person || !self.same_among([by].into(), person).await?.is_empty() {
            let said =
                "Nothing was done: you proposed this change, and someone else must accept it.";
            return Err(Stop::line(Outcome::NotAllowed, said));
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
            let said = format!("Nothing was done: the file has more than {LONGEST_FILE} bytes.");
            return Err(Stop::line(Outcome::Refused, said));
        }
        let after = Config::parse(text).map_err(|problems| invalid(&problems.to_string()))?;
        if after.app != *app {
            let said = format!(
                "Nothing was done: the file is of {}, not of {app}.",
                after.app
            );
            return Err(Stop::line(Outcome::Refused, said));
        }
        if after.configure.is_empty() {
            let said = "Nothing was done: with this file no one could change it any more. Leave \
                        someone in `configure`.";
            return Err(Stop::line(Outcome::Refused, said));
        }
        let after = self.live.installed(after);
        let shared = self.shared_with_others(&after);
        if !shared.is_empty() {
            let said = format!("Nothing was done: {}.", shared.join("; "));
            return Err(Stop::line(Outcome::Refused, said));
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
            let said = "Nothing was done: someone changed a file at the same moment. Look at what \
                        is live now, then ask again.";
            return Err(Stop::line(Outcome::Refused, said));
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
            answer.message.blocks.push(Block::Text(format!(
                "Slack did not take the notice for {}: tell your colleagues there.",
                untold.join(", ")
            )));
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
    let ConfigVersion { number, .. } = version;
    let said = match *number == live {
        true => format!("Version {number} is live."),
        false => format!("Version {number} was stored; version {live} is live by now."),
    };
    Answer::line(Outcome::Done, said)
}

pub(super) fn invalid(problems: &str) -> Stop {
    let mut message = Message::line("Nothing was done: the file is not valid.");
    message.blocks.push(Block::Code(problems.to_owned()));
    Stop::No(Outcome::NotUnderstood, message)
}

fn other_version(app: &AppName, live: u32, newest: Option<&ConfigVersion>) -> Stop {
    let by = newest.map_or_else(String::new, |newest| format!(", by <@{}>", newest.by));
    let said = format!(
        "Nothing was done: version {live} of sluice.toml of {app} is live{by}, and you have compared \
         with another one. Take over what changed (`sluice config show {app}`), and push again."
    );
    Stop::line(Outcome::Refused, said)
}

fn may_not(app: &AppName, members: &[Member]) -> String {
    if members.is_empty() {
        return format!(
            "Nothing was done: sluice.toml of {app} lets no one change it from here. Name people as \
             `configure` in [app], in the file that is in the functions' packages \
             (docs/operate.md)."
        );
    }
    let who: Vec<String> = members.iter().map(Member::to_string).collect();
    format!(
        "Nothing was done: you may not change sluice.toml of {app}. {} may (`configure` in [app]).",
        who.join(" or ")
    )
}
