//! The commands that ask an installation.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

/// Which installation, and how it answers.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Installation")]
pub struct Installation {
    /// The installation, as ~/.config/sluice/installations.toml names it. Default: the only one there.
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub installation: Option<String>,
    /// The URL of `operate`: the output OperateUrl of Sluice's stack. Default: SLUICE_OPERATE_URL.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The region of the URL, where it does not say it.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The profile whose AWS credentials are used. Default: AWS_PROFILE, or the SDK's own order.
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Print only JSON: the outcome, the message, and what it is about.
    #[arg(long)]
    pub json: bool,
    /// The id of the request: the same as before, to ask again what was perhaps done.
    #[arg(long, value_name = "ID")]
    pub request: Option<String>,
}

/// What an installation is asked for. Exits with 0 if it was done, 1 if not, 2 if it was not
/// understood, 3 if more must be said, 4 if you may not, 5 if the outcome is not known.
#[derive(Debug, Subcommand)]
pub enum Operate {
    /// Show what is running in an installation, what waits and for what.
    Status(Look),
    /// Show what was deployed, and how it ended.
    History(Look),
    /// Show how often, how fast and how safely was deployed: the four figures of DORA.
    Metrics(Look),
    /// Compare what really runs in two environments, side by side.
    ///
    /// Images, schema, task sizes, names of variables and secrets, listener rules, health checks, alarms,
    /// databases, stacks, and Sluice's own configuration. docs/parity.md says how a difference is accepted.
    ///
    /// Exits with 0 if they are alike or each difference is accepted in sluice.toml, with 6 if one is
    /// not, with 5 if something could not be read and no such difference was seen.
    #[command(after_help = "Examples:\n  sluice parity staging production\n  sluice parity --json")]
    Parity(Compare),
    /// Show who may do what in an environment.
    Who(Words),
    /// Show a deployment: its plan with its hash, how it stands, what happened, what you can do.
    Show(Subject),
    /// Follow a deployment until it ends. Exits with 0 if it succeeded, with 6 if not.
    Watch(Watch),
    /// Print the complete history of a deployment, as `sluice replay` takes it, or write evidence of
    /// all deployments since a day, as `sluice verify` takes it.
    #[command(
        after_help = "Examples:\n  sluice export production > history.json\n  \
        sluice export production --since 90d --output production.evidence"
    )]
    Export(Export),
    /// Deploy a version. It takes the same steps as a push: plan, approval, tests.
    #[command(after_help = "Examples:\n  sluice deploy v1.4.0 to production\n  \
        sluice deploy v1.4.1 to production --hotfix \"the shop is down\"")]
    Deploy(Deploy),
    /// Deploy here what has succeeded in the environment before.
    Promote(Words),
    /// Approve the plan that you have read: `show` prints its hash.
    #[command(after_help = "Example:\n  sluice approve production --plan 195388abe663")]
    Approve(Approve),
    /// Reject the plan that waits, and say why. Nothing is changed.
    #[command(
        after_help = "Example:\n  sluice reject production the migration locks the orders table"
    )]
    Reject(Decided),
    /// Roll back to a version verified earlier. The database is not rolled back.
    ///
    /// Without --reason nothing is done: the versions that you can choose are printed, and what it
    /// means.
    #[command(after_help = "Examples:\n  sluice rollback production\n  \
        sluice rollback production --reason \"orders fail for everyone\"\n  \
        sluice rollback production to v1.3.9 --reason \"orders fail for everyone\"")]
    Rollback(Rollback),
    /// Restore the database to before a migration.
    ///
    /// Without --point, --reason and --confirm nothing is done: the points are printed, and what
    /// each would lose.
    Restore(Restore),
    /// Cancel a deployment that has not changed anything yet.
    Cancel(Words),
    /// Stop the deployment in progress before its next step.
    Pause(Reasoned),
    /// Let a paused deployment continue.
    Resume(Words),
    /// Pause automatic deployments. Manual ones still work.
    Hold(Reasoned),
    /// Resume automatic deployments.
    Release(Words),
    /// Let no deployment start at all.
    #[command(
        after_help = "Example:\n  sluice freeze production until tomorrow 09:00 UTC --reason \"month end\""
    )]
    Freeze(Reasoned),
    /// End the freeze.
    Thaw(Words),
    /// Let one deployment start although its environment is closed.
    Override(Reasoned),
    /// Say that a version is healthy where the checks do not show it.
    Keep(Words),
    /// Leave a failed release as it is, for a newer one to fix.
    RollForward(Words),
}

/// One environment, or all.
#[derive(Debug, Args)]
pub struct Look {
    /// The environment, or app/environment. Default: all.
    #[arg(value_name = "ENV")]
    pub environment: Option<String>,
    /// Which installation.
    #[command(flatten)]
    pub at: Installation,
}

/// Two environments.
#[derive(Debug, Args)]
pub struct Compare {
    /// The two environments; one alone is compared with the one that its `after` names. Default: the
    /// only two that belong together in that way.
    #[arg(value_name = "ENV", num_args = 0..=2)]
    pub environments: Vec<String>,
    /// Which installation.
    #[command(flatten)]
    pub at: Installation,
}

/// A deployment.
#[derive(Debug, Args)]
pub struct Subject {
    /// The deployment's id; or an environment, for the one in progress or the newest.
    #[arg(value_name = "DEPLOYMENT|ENV")]
    pub subject: String,
    /// Which installation.
    #[command(flatten)]
    pub at: Installation,
}

/// What is exported.
#[derive(Debug, Args)]
pub struct Export {
    /// The deployment's id; or an environment, for the one in progress or the newest. With --since
    /// an environment, or all.
    #[arg(value_name = "DEPLOYMENT|ENV", required_unless_present = "since")]
    pub subject: Option<String>,
    /// Write evidence for an auditor: all deployments since this day (2026-10-01, UTC), or of so
    /// many days (90d), and the versions of sluice.toml.
    #[arg(
        long,
        value_name = "DAY|DAYS",
        requires = "output",
        conflicts_with = "json"
    )]
    pub since: Option<String>,
    /// The file for it, which must not be there yet.
    #[arg(long, short, value_name = "FILE", requires = "since")]
    pub output: Option<PathBuf>,
    /// Which installation.
    #[command(flatten)]
    pub at: Installation,
}

/// A deployment that is followed.
#[derive(Debug, Args)]
pub struct Watch {
    /// The deployment.
    #[command(flatten)]
    pub of: Subject,
    /// Ask again after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub every: u64,
}

impl Watch {
    /// The time between two questions.
    pub fn pause(&self) -> Duration {
        Duration::from_secs(self.every)
    }
}

/// A command as it is typed in Slack.
#[derive(Debug, Args)]
pub struct Words {
    /// As in Slack; `sluice help COMMAND` and docs/operate.md say what.
    #[arg(value_name = "ENV", required = true)]
    pub words: Vec<String>,
    /// Which installation.
    #[command(flatten)]
    pub at: Installation,
}

/// A command with a reason.
#[derive(Debug, Args)]
pub struct Reasoned {
    /// The environment, and what follows it in Slack.
    #[arg(value_name = "ENV", required = true)]
    pub words: Vec<String>,
    /// Why: everyone can read it.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Which installation.
    #[command(flatten)]
    pub at: Installation,
}

/// A deployment that somebody asks for.
#[derive(Debug, Args)]
pub struct Deploy {
    /// The version (a tag or a digest), `to`, and the environment.
    #[arg(value_name = "VERSION to ENV", required = true)]
    pub words: Vec<String>,
    /// Skip the environment that it should have succeeded in first, and say why.
    #[arg(long, value_name = "REASON")]
    pub hotfix: Option<String>,
    /// Which installation.
    #[command(flatten)]
    pub at: Installation,
}

/// A yes.
#[derive(Debug, Args)]
pub struct Approve {
    /// The environment. Default: the only one where a plan waits.
    #[arg(value_name = "ENV")]
    pub environment: Option<String>,
    /// The hash of the plan that you have read: at least its first twelve digits.
    #[arg(long, value_name = "HASH")]
    pub plan: Option<String>,
    /// Which installation.
    #[command(flatten)]
    pub at: Installation,
}

/// A no.
#[derive(Debug, Args)]
pub struct Decided {
    /// The environment, and why.
    #[arg(value_name = "[ENV] REASON")]
    pub words: Vec<String>,
    /// Why, if the words above do not say it.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Only if this is the plan that waits.
    #[arg(long, value_name = "HASH")]
    pub plan: Option<String>,
    /// Which installation.
    #[command(flatten)]
    pub at: Installation,
}

/// A way back.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The environment; then `to` and a version or the deployment that verified it. Default: to the
    /// previous version.
    #[arg(value_name = "ENV [to VERSION]", required = true)]
    pub words: Vec<String>,
    /// Why: everyone can read it.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Even if a migration ran since: you know that the old code is compatible with the new schema.
    #[arg(long)]
    pub force: bool,
    /// Which installation.
    #[command(flatten)]
    pub at: Installation,
}

/// A database of before.
#[derive(Debug, Args)]
pub struct Restore {
    /// The environment.
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// The point, as it is printed without this option.
    #[arg(long, value_name = "POINT")]
    pub point: Option<String>,
    /// Why: everyone can read it.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The environment's name once more: writes are lost, and the application is down meanwhile.
    #[arg(long, value_name = "ENV")]
    pub confirm: Option<String>,
    /// Which installation.
    #[command(flatten)]
    pub at: Installation,
}

impl Operate {
    /// Which installation, and how it answers.
    pub fn at(&self) -> &Installation {
        match self {
            Self::Status(look) | Self::History(look) | Self::Metrics(look) => &look.at,
            Self::Parity(compare) => &compare.at,
            Self::Show(subject) => &subject.at,
            Self::Export(export) => &export.at,
            Self::Watch(watch) => &watch.of.at,
            Self::Deploy(deploy) => &deploy.at,
            Self::Approve(approve) => &approve.at,
            Self::Reject(decided) => &decided.at,
            Self::Rollback(rollback) => &rollback.at,
            Self::Restore(restore) => &restore.at,
            Self::Pause(reasoned)
            | Self::Hold(reasoned)
            | Self::Freeze(reasoned)
            | Self::Override(reasoned) => &reasoned.at,
            Self::Who(words)
            | Self::Promote(words)
            | Self::Cancel(words)
            | Self::Resume(words)
            | Self::Release(words)
            | Self::Thaw(words)
            | Self::Keep(words)
            | Self::RollForward(words) => &words.at,
        }
    }
}
