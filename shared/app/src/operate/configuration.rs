//! Changes of a `sluice.toml` while Sluice runs: shown, pushed, accepted, undone.

use std::collections::BTreeSet;

use sluice_core::config::{Config, ConfigVersion, LONGEST_FILE, Member, to_follow};
use sluice_core::failure::PortError;
use sluice_core::id::{AppName, ChannelName, Hash, PrincipalArn, UserId};
use sluice_words::configuration;
use sluice_words::message::{Block, Message};
use sluice_words::modal::InputName;
use sluice_words::operate::{Answer, Order, Outcome, PushedFile, ShownFile};
use sluice_words::slash::Reason;

use super::{Failed, stranger};
use crate::App;

/// Versions that are listed.
const LISTED: usize = 20;

/// Digits of a hash by which a change is accepted.
const FEWEST_DIGITS: usize = 8;

/// What is asked about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Words<'a> {
    /// The live one, or a version.
    Show(&'a str, Option<u32>),
    History(&'a str),
    Push,
    Accept(&'a str, &'a str),
    RollBack(&'a str, u32),
}

/// Reads the words after `config`; `None` where they ask for nothing there is.
pub(super) fn words(text: &str) -> Option<Words<'_>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let version = |word: &str| word.parse().ok();
    Some(match *words.strip_prefix(&["config"])? {
        ["show", app] => Words::Show(app, None),
        ["show", app, number] => Words::Show(app, Some(version(number)?)),
        ["history", app] => Words::History(app),
        ["push"] => Words::Push,
        ["accept", app, hash] => Words::Accept(app, hash),
        ["rollback", app, "to", number] => Words::RollBack(app, version(number)?),
        _ => return None,
    })
}

/// What is wrong with what was asked, and what kind of a no that is.
struct No(Outcome, Message);

impl No {
    fn line(outcome: Outcome, text: impl Into<String>) -> Self {
        Self(outcome, Message::line(text))
    }
}

/// A person whom the live file names as one who may change it.
struct Changer<'a> {
    live: &'a Config,
    person: UserId,
    request: Hash,
    reason: Option<String>,
}

impl App {
    pub(super) async fn configure(
        &self,
        order: &Order,
        by: &PrincipalArn,
    ) -> Result<Answer, Failed> {
        let Some(words) = words(&order.command) else {
            let said = "`config` takes `show APP [VERSION]`, `history APP`, `push`, `accept APP \
                        HASH` and `rollback APP to VERSION`";
            return Ok(Answer::line(Outcome::NotUnderstood, said));
        };
        let done = match words {
            Words::Show(app, number) => self.show_file(&AppName::new(app), number).await?,
            Words::History(app) => self.list_files(&AppName::new(app)).await?,
            Words::Push => self.push(order, by).await?,
            Words::Accept(app, hash) => self.accept(&AppName::new(app), hash, order, by).await?,
            Words::RollBack(app, number) => {
                self.undo(&AppName::new(app), number, order, by).await?
            }
        };
        Ok(done.unwrap_or_else(|No(outcome, message)| Answer::new(outcome, message)))
    }

    fn file_of(&self, app: &AppName) -> Result<(&Config, u32, &str), No> {
        let Some(config) = self.configs.app(app) else {
            let apps: Vec<&str> = self.configs.iter().map(|it| it.app.as_str()).collect();
            return Err(No::line(
                Outcome::Refused,
                format!(
                    "{app} is no application of this installation, which has {}. A new application \
                     needs rights and rules first: put its file into the functions' packages \
                     (docs/install.md).",
                    apps.join(", ")
                ),
            ));
        };
        Ok(match self.configs.versions.get(app) {
            Some(version) => (config, version.number, &version.text),
            None => (
                config,
                0,
                self.live.packaged(app).map_or("", String::as_str),
            ),
        })
    }

    async fn show_file(
        &self,
        app: &AppName,
        number: Option<u32>,
    ) -> Result<Result<Answer, No>, PortError> {
        let (_, live, text) = match self.file_of(app) {
            Ok(file) => file,
            Err(no) => return Ok(Err(no)),
        };
        let number = number.unwrap_or(live);
        let Some(text) = self.text_of(app, number, live, text).await? else {
            return Ok(Err(no_version(app, number)));
        };
        let whose = match (number, number == live) {
            (0, true) => "the file in the functions' packages, which is live".to_owned(),
            (0, false) => "the file in the functions' packages".to_owned(),
            (_, true) => format!("version {number}, which is live"),
            (_, false) => format!("version {number}"),
        };
        let mut message = Message::line(format!("sluice.toml of {app}: {whose}"));
        message.blocks.push(Block::Code(text.clone()));
        let file = ShownFile {
            app: app.clone(),
            version: number,
            text,
        };
        Ok(Ok(Answer {
            file: Some(Box::new(file)),
            ..Answer::new(Outcome::Done, message)
        }))
    }

    async fn text_of(
        &self,
        app: &AppName,
        number: u32,
        live: u32,
        text: &str,
    ) -> Result<Option<String>, PortError> {
        if number == live {
            return Ok(Some(text.to_owned()));
        }
        if number == 0 {
            return Ok(self.live.packaged(app).cloned());
        }
        let version = self.ports.configurations.version(app, number).await?;
        Ok(version.map(|version| version.text))
    }

    async fn list_files(&self, app: &AppName) -> Result<Result<Answer, No>, PortError> {
        if let Err(no) = self.file_of(app) {
            return Ok(Err(no));
        }
        let versions = self.ports.configurations.versions(app, LISTED).await?;
        let message = configuration::history(app, &versions);
        Ok(Ok(Answer::new(Outcome::Done, message)))
    }

    async fn push(
        &self,
        order: &Order,
        by: &PrincipalArn,
    ) -> Result<Result<Answer, No>, PortError> {
        let Some(PushedFile { text, over }) = &order.file else {
            return Ok(Err(No::line(
                Outcome::NotUnderstood,
                "a push carries a file, and this one has none",
            )));
        };
        let app = match Config::parse(text) {
            Ok(config) => config.app,
            Err(problems) => return Ok(Err(invalid(&problems.to_string()))),
        };
        let changer = match self.changer(&app, order, by).await? {
            Ok(changer) => changer,
            Err(no) => return Ok(Err(no)),
        };
        self.change(&changer, *over, text).await
    }

    async fn undo(
        &self,
        app: &AppName,
        number: u32,
        order: &Order,
        by: &PrincipalArn,
    ) -> Result<Result<Answer, No>, PortError> {
        let changer = match self.changer(app, order, by).await? {
            Ok(changer) => changer,
            Err(no) => return Ok(Err(no)),
        };
        let (_, live, text) = match self.file_of(app) {
            Ok(file) => file,
            Err(no) => return Ok(Err(no)),
        };
        let Some(text) = self.text_of(app, number, live, text).await? else {
            return Ok(Err(no_version(app, number)));
        };
        self.change(&changer, live, &text).await
    }

    /// Who asks, if the live file lets them change it.
    async fn changer(
        &self,
        app: &AppName,
        order: &Order,
        by: &PrincipalArn,
    ) -> Result<Result<Changer<'_>, No>, PortError> {
        let live = match self.file_of(app) {
            Ok((live, ..)) => live,
            Err(no) => return Ok(Err(no)),
        };
        let Some(person) = live.people.who_is(by) else {
            let Answer {
                outcome, message, ..
            } = stranger(app, by);
            return Ok(Err(No(outcome, message)));
        };
        let members = &live.configure;
        let groups = self.groups_among(members.iter(), person).await?;
        let may = members.iter().any(|member| match member {
            Member::User(user) => user == person,
            Member::Group(group) => groups.contains(group),
        });
        if !may {
            return Ok(Err(No::line(Outcome::NotAllowed, may_not(app, members))));
        }
        let reason = order.answers.get(&InputName::Reason);
        let reason = match reason.map(|typed| Reason::typed(typed)).transpose() {
            Ok(reason) => reason.map(|reason| reason.to_string()),
            Err(error) => return Ok(Err(No::line(Outcome::NotUnderstood, error.to_string()))),
        };
        Ok(Ok(Changer {
            live,
            person: person.clone(),
            request: Hash::of_json(&(by, &order.request)),
            reason,
        }))
    }

    /// Makes the text live, or proposes it where two people must agree.
    async fn change(
        &self,
        changer: &Changer<'_>,
        over: u32,
        text: &str,
    ) -> Result<Result<Answer, No>, PortError> {
        let app = &changer.live.app;
        let (_, live, before) = match self.file_of(app) {
            Ok(file) => file,
            Err(no) => return Ok(Err(no)),
        };
        let newest = self.configs.versions.get(app);
        if newest.is_some_and(|newest| newest.request == changer.request) {
            return Ok(Ok(Answer::line(
                Outcome::Done,
                format!("Version {live} is live."),
            )));
        }
        if over != live {
            return Ok(Err(other_version(app, live, newest)));
        }
        if text == before {
            let said = format!("Nothing was done: this is the file of {app} that is live already.");
            return Ok(Err(No::line(Outcome::Refused, said)));
        }
        let after = match self.acceptable(app, text) {
            Ok(after) => after,
            Err(no) => return Ok(Err(no)),
        };
        let version = ConfigVersion {
            number: self.next_number(app).await?,
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
            return Ok(Ok(self
                .told("proposed", changer.live, &after, message)
                .await));
        }
        self.make_live(changer.live, &after, version, before).await
    }

    async fn accept(
        &self,
        app: &AppName,
        hash: &str,
        order: &Order,
        by: &PrincipalArn,
    ) -> Result<Result<Answer, No>, PortError> {
        let changer = match self.changer(app, order, by).await? {
            Ok(changer) => changer,
            Err(no) => return Ok(Err(no)),
        };
        let (_, live, before) = match self.file_of(app) {
            Ok(file) => file,
            Err(no) => return Ok(Err(no)),
        };
        let proposed = self.ports.configurations.proposed(app).await?;
        let is_meant = |it: &ConfigVersion| {
            hash.len() >= FEWEST_DIGITS && it.hash().as_str().starts_with(hash)
        };
        let newest = self.configs.versions.get(app);
        if newest.is_some_and(|it| is_meant(it) && it.accepted_by.as_ref() == Some(&changer.person))
        {
            return Ok(Ok(Answer::line(
                Outcome::Done,
                format!("Version {live} is live."),
            )));
        }
        let next = self.next_number(app).await?;
        let Some(proposed) = proposed.filter(|it| it.number == next && is_meant(it)) else {
            let said = format!(
                "Nothing was done: no change {hash} of sluice.toml of {app} waits to be accepted. \
                 Another one was proposed or made since, or the hash is shorter than \
                 {FEWEST_DIGITS} digits."
            );
            return Ok(Err(No::line(Outcome::Refused, said)));
        };
        if self.is_same(&proposed.by, &changer.person).await? {
            let said =
                "Nothing was done: you proposed this change, and someone else must accept it.";
            return Ok(Err(No::line(Outcome::NotAllowed, said)));
        }
        let after = match self.acceptable(app, &proposed.text) {
            Ok(after) => after,
            Err(no) => return Ok(Err(no)),
        };
        let version = ConfigVersion {
            at: self.ports.clock.now(),
            accepted_by: Some(changer.person.clone()),
            ..proposed
        };
        self.make_live(changer.live, &after, version, before).await
    }

    /// Not that of the live one: somebody may have gone back to the file in the packages by hand.
    async fn next_number(&self, app: &AppName) -> Result<u32, PortError> {
        let newest = self.ports.configurations.versions(app, 1).await?;
        Ok(newest.first().map_or(1, |newest| newest.number + 1))
    }

    /// Whether two ids are one person's: in an organisation of several workspaces, one may have two.
    async fn is_same(&self, one: &UserId, other: &UserId) -> Result<bool, PortError> {
        if one == other {
            return Ok(true);
        }
        let kind = |id: &UserId| id.as_str().chars().next();
        if kind(one) == kind(other) {
            return Ok(false);
        }
        Ok(self.ports.chat.ids_of(other).await?.contains(one))
    }

    /// The file, if it can take the place of the live one.
    fn acceptable(&self, app: &AppName, text: &str) -> Result<Config, No> {
        if text.len() > LONGEST_FILE {
            let said = format!("Nothing was done: the file has more than {LONGEST_FILE} bytes.");
            return Err(No::line(Outcome::Refused, said));
        }
        let after = Config::parse(text).map_err(|problems| invalid(&problems.to_string()))?;
        if after.app != *app {
            let said = format!(
                "Nothing was done: the file is of {}, not of {app}.",
                after.app
            );
            return Err(No::line(Outcome::Refused, said));
        }
        if after.configure.is_empty() {
            let said = "Nothing was done: with this file no one could change it any more. Leave \
                        someone in `configure`.";
            return Err(No::line(Outcome::Refused, said));
        }
        let after = self.live.installed(after);
        let shared = self.shared_with_others(&after);
        if !shared.is_empty() {
            let said = format!("Nothing was done: {}.", shared.join("; "));
            return Err(No::line(Outcome::Refused, said));
        }
        Ok(after)
    }

    async fn make_live(
        &self,
        live: &Config,
        after: &Config,
        version: ConfigVersion,
        before: &str,
    ) -> Result<Result<Answer, No>, PortError> {
        let (app, changes) = (&live.app, self.configs.changes);
        if !self
            .ports
            .configurations
            .save_version(app, &version, changes)
            .await?
        {
            let said = "Nothing was done: someone changed a file at the same moment. Look at what \
                        is live now, then ask again.";
            return Ok(Err(No::line(Outcome::Refused, said)));
        }
        let follow = to_follow(live, after);
        let message = configuration::stored(app, &version, before, &follow);
        Ok(Ok(self.told("live", live, after, message).await))
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

fn invalid(problems: &str) -> No {
    let mut message = Message::line("Nothing was done: the file is not valid.");
    message.blocks.push(Block::Code(problems.to_owned()));
    No(Outcome::NotUnderstood, message)
}

fn no_version(app: &AppName, number: u32) -> No {
    let said =
        format!("sluice.toml of {app} has no version {number}: `config history {app}` lists them.");
    No::line(Outcome::Refused, said)
}

fn other_version(app: &AppName, live: u32, newest: Option<&ConfigVersion>) -> No {
    let by = newest.map_or_else(String::new, |newest| format!(", by <@{}>", newest.by));
    let said = format!(
        "Nothing was done: version {live} of sluice.toml of {app} is live{by}, and you have compared \
         with another one. Take over what changed (`sluice config show {app}`), and push again."
    );
    No::line(Outcome::Refused, said)
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
