//! Why a `sluice.toml` was not shown or not changed, for the person at the terminal.

use sluice_core::config::{ConfigVersion, LONGEST_FILE, Member};
use sluice_core::id::AppName;

use crate::message::{Block, Message};
use crate::operate::Outcome;

/// Digits of a hash by which a change is accepted.
pub const FEWEST_DIGITS: usize = 8;

/// Why a `sluice.toml` was not shown or not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum FileRefused {
    #[error(
        "`config` takes `show APP [VERSION]`, `history APP`, `push`, `accept APP HASH` and \
         `rollback APP to VERSION`"
    )]
    NotACommand,
    #[error(
        "{app} is no application of this installation, which has {}. A new application needs \
         rights and rules first: put its file into the functions' packages (docs/install.md).",
        .known.join(", ")
    )]
    UnknownApp { app: AppName, known: Vec<String> },
    #[error("sluice.toml of {app} has no version {number}: `config history {app}` lists them.")]
    NoVersion { app: AppName, number: u32 },
    #[error("a push carries a file, and this one has none")]
    NoFile,
    #[error("Nothing was done: the file is not valid.")]
    Invalid(String),
    #[error("Nothing was done: this is the file of {0} that is live already.")]
    IsLive(AppName),
    #[error(
        "Nothing was done: no change {hash} of sluice.toml of {app} waits to be accepted. Another \
         one was proposed or made since, or the hash is shorter than {FEWEST_DIGITS} digits."
    )]
    NotProposed { app: AppName, hash: String },
    #[error("Nothing was done: you proposed this change, and someone else must accept it.")]
    Own,
    #[error("Nothing was done: the file has more than {LONGEST_FILE} bytes.")]
    TooLong,
    #[error("Nothing was done: the file is of {of}, not of {app}.")]
    OfAnother { app: AppName, of: AppName },
    #[error(
        "Nothing was done: with this file no one could change it any more. Leave someone in \
         `configure`."
    )]
    LocksOut,
    #[error("Nothing was done: {}.", .0.join("; "))]
    Shared(Vec<String>),
    #[error(
        "Nothing was done: someone changed a file at the same moment. Look at what is live now, \
         then ask again."
    )]
    AtTheSameMoment,
    #[error(
        "Nothing was done: version {live} of sluice.toml of {app} is live{}, and you have compared \
         with another one. Take over what changed (`sluice config show {app}`), and push again.",
        changed_by(.newest.as_deref())
    )]
    OverAnother {
        app: AppName,
        live: u32,
        newest: Option<Box<ConfigVersion>>,
    },
    #[error("{}", may_not(.app, .members))]
    MayNot { app: AppName, members: Vec<Member> },
    #[error("{0}")]
    Reason(String),
}

impl FileRefused {
    /// What kind of a no it is.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::NotACommand | Self::NoFile | Self::Invalid(_) | Self::Reason(_) => {
                Outcome::NotUnderstood
            }
            Self::Own | Self::MayNot { .. } => Outcome::NotAllowed,
            Self::UnknownApp { .. }
            | Self::NoVersion { .. }
            | Self::IsLive(_)
            | Self::NotProposed { .. }
            | Self::TooLong
            | Self::OfAnother { .. }
            | Self::LocksOut
            | Self::Shared(_)
            | Self::AtTheSameMoment
            | Self::OverAnother { .. } => Outcome::Refused,
        }
    }

    /// The same as a message.
    pub fn message(&self) -> Message {
        let mut message = Message::line(self.to_string());
        if let Self::Invalid(problems) = self {
            message.blocks.push(Block::Code(problems.clone()));
        }
        message
    }
}

fn changed_by(newest: Option<&ConfigVersion>) -> String {
    newest.map_or_else(String::new, |newest| format!(", by <@{}>", newest.by))
}

fn may_not(app: &AppName, members: &[Member]) -> String {
    if members.is_empty() {
        return format!(
            "Nothing was done: sluice.toml of {app} lets no one change it from here. Name people \
             as `configure` in [app], in the file that is in the functions' packages \
             (docs/operate.md)."
        );
    }
    let who: Vec<String> = members.iter().map(Member::to_string).collect();
    format!(
        "Nothing was done: you may not change sluice.toml of {app}. {} may (`configure` in [app]).",
        who.join(" or ")
    )
}
