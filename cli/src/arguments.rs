//! The command line, and its help: for somebody tired.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::SignedDuration;
use sluice_sim::cloud::Lag;

/// Brings an image that was pushed to ECR to ECS: with somebody's yes, a verified snapshot, a
/// watched migration, and a way back at every moment.
///
/// Nothing here touches AWS. `demo`, `run` and `plan` work on a simulated cloud with virtual time.
#[derive(Debug, Parser)]
#[command(
    name = "sluice",
    version,
    verbatim_doc_comment,
    after_help = "Examples:\n  \
        sluice demo                        watch an image go to staging and production\n  \
        sluice demo --scenario bad-bake    watch one that turns bad under traffic\n  \
        sluice config check sluice.toml    is this file right?\n  \
        sluice plan event.json             what would this push do?"
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "each command is its arguments' type, documented there"
)]
pub enum Command {
    Demo(Demo),
    Run(Run),
    Plan(Plan),
    Replay(Replay),
    #[command(subcommand)]
    Config(Config),
    Cloud(Cloud),
    Hunt(Hunt),
}

/// Play a deployment from the push to the clean-up, on a simulated cloud.
///
/// At a terminal it takes about half a minute and asks you for the approval, as Slack would. It
/// exits with 0 if the scenario ended as it should, with 1 if not.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice demo                               the whole story; you are asked for the approval\n  \
    sluice demo --headless                    the same at full speed, approved by itself\n  \
    sluice demo --list                        what else there is to see\n  \
    sluice demo --scenario broken-migration   one of them\n  \
    sluice demo --lag 3s                      AWS shows everything 3 seconds late\n  \
    sluice demo --headless --json | jq .deployments"
)]
pub struct Demo {
    /// Play this scenario; `--list` names them.
    #[arg(long, value_name = "NAME", default_value = "pushed-to-production")]
    pub scenario: String,
    /// List the scenarios, one a line: the name, then what it shows.
    #[arg(long)]
    pub list: bool,
    /// Ask nobody: the approver of the story answers. Full speed.
    #[arg(long)]
    pub headless: bool,
    /// Print only the final deployments and the whole history, as JSON. Implies --headless.
    #[arg(long)]
    pub json: bool,
    /// What is left to chance comes from this number: the same number, the same story.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How far reads of the simulated AWS lie behind writes: 100ms, 3s, 1m, or 0s for not at all.
    /// Without it, what the scenario says.
    #[arg(long, value_name = "TIME", value_parser = lag)]
    pub lag: Option<Lag>,
    /// Sluice works through the real AWS SDK, against the simulated cloud on a loopback port. Needs a
    /// build with `--features wire`.
    #[arg(long)]
    pub wire: bool,
    /// Virtual seconds in a second. At a terminal 100, with --headless as fast as it goes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub speed: Option<u32>,
}

/// ECS forgets a task that has stopped after an hour: what lags as long shows nothing.
const LONGEST_LAG: SignedDuration = SignedDuration::from_mins(30);

fn lag(text: &str) -> Result<Lag, String> {
    let lag: SignedDuration = text
        .parse()
        .map_err(|_| "write a number and a unit, such as 100ms, 3s or 1m".to_owned())?;
    if (SignedDuration::ZERO..=LONGEST_LAG).contains(&lag) {
        Ok(Lag::exactly(lag))
    } else {
        Err("write a time from 0s to 30m".to_owned())
    }
}

/// Feed event files to the real functions, on a simulated cloud, and see what comes of them.
///
/// Takes what AWS and Slack send: EventBridge events, Function URL requests, SQS batches, lifecycle
/// hook calls. Each is delivered at its own time; virtual time begins with the first. What the
/// events speak of is there: images, services, secrets, as the configuration names them.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice run events/ecr-push-release.json\n  \
    sluice run events/ecr-push-release.json events/ecr-push-version.json events/slack-approve.json\n  \
    sluice run --config sluice.toml event.json --json"
)]
pub struct Run {
    /// The event files, in the order they happen.
    #[arg(required = true, value_name = "EVENT.json")]
    pub events: Vec<PathBuf>,
    /// Which application it is about.
    #[command(flatten)]
    pub configuration: Configuration,
    /// Print only JSON: the answers, the final deployments, the whole history.
    #[arg(long)]
    pub json: bool,
    /// What is left to chance comes from this number.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// Print what a push would do, or everything that is in its way. Nothing happens.
///
/// The plan is drawn from a simulated cloud that is furnished as the configuration says: it shows
/// the steps, not how your services are right now.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice plan events/ecr-push-release.json\n  \
    sluice plan event.json --config sluice.toml"
)]
pub struct Plan {
    /// The push: an ECR Image Action event.
    #[arg(value_name = "EVENT.json")]
    pub event: PathBuf,
    /// Which application it is about.
    #[command(flatten)]
    pub configuration: Configuration,
}

/// Serve a simulated cloud on 127.0.0.1 that speaks AWS's protocols, to look around and to deploy in.
///
/// It is furnished as the configuration says: ECS, ECR, RDS, Secrets Manager and the rest, the
/// application at the addresses of the configuration that are on this port, and Slack's Web API
/// under /slack/api. Push an image into it with `aws ecr put-image`. Nothing deploys in it by
/// itself: what it tells (events, lifecycle hook calls) is printed as JSON, one a line, and with
/// --deliver-to it is carried to the account in which Sluice's functions run. Credentials are not
/// checked; an access key that is an account's number is that account.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice cloud --port 4567\n  \
    sluice cloud --config sluice.toml --speed 60\n  \
    sluice cloud --deliver-to http://127.0.0.1:4566   # an emulator that runs the functions\n\n\
    Needs a build with the AWS protocols: cargo run -p sluice --features wire -- cloud"
)]
pub struct Cloud {
    /// The port; without it, a free one.
    #[arg(long, value_name = "P", default_value_t = 0)]
    pub port: u16,
    /// Which application it is furnished for.
    #[command(flatten)]
    pub configuration: Configuration,
    /// Where events and hook calls go: an emulator with EventBridge and Lambda on this machine.
    #[arg(long, value_name = "URL")]
    pub deliver_to: Option<String>,
    /// Virtual seconds in a second.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub speed: u32,
    /// What is left to chance comes from this number.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// Look for a day on which Sluice breaks something that must always be true.
///
/// Each seed is a day of a company with two applications: pushes, hotfixes, people who are slow,
/// wrong or gone, hands in the console, outages, crashes, reads that are late. In the evening the
/// faults stop, and everything must end and be told. A day that breaks something is made as small as
/// it can be, printed as a story, and played again with its seed. Exits with 1 if one does.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice hunt --seeds 1000\n  \
    sluice hunt --minutes 10 --from 5000\n  \
    sluice hunt --from 4711 --seeds 1 --story   # what happens on that day\n  \
    sluice hunt --bugs                          # does it find what is planted?\n\n\
    A build with --release plays ten times as many."
)]
pub struct Hunt {
    /// So many days at most.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,
    /// From this seed on.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub from: u64,
    /// For so many minutes at most.
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u64).range(1..))]
    pub minutes: Option<u64>,
    /// Play so many days side by side; without it, as many as there are cores.
    #[arg(long, value_name = "J")]
    pub jobs: Option<std::num::NonZeroUsize>,
    /// Print what happens on each day.
    #[arg(long)]
    pub story: bool,
    /// Plant one bug after the other, and say on which day each is found.
    #[arg(long)]
    pub bugs: bool,
}

/// Which application it is about.
#[derive(Debug, Args)]
pub struct Configuration {
    /// The application's sluice.toml; without it, a sample ERP with staging and production.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Replay a recorded history: verify it, read it as a timeline, and see where today's code differs.
///
/// Takes what `sluice demo --json` prints, a list of records, or what `aws dynamodb query` prints of a
/// deployment in Sluice's table. Every event is folded through the code of this build, which is
/// compared with what was recorded: phase, what Sluice meant to do, and the stored state. Exits with
/// 0 if all is the same, with 1 if the hash chain is broken or a decision differs, with 2 if the
/// file is not a history.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice demo --json > history.json && sluice replay history.json\n  \
    sluice replay history.json --deployment dep-b11602caf023131a --at 23\n  \
    sluice replay history.json --deployment dep-b11602caf023131a --step\n  \
    aws dynamodb query … | sluice replay -      the whole command: docs/replay.md"
)]
pub struct Replay {
    /// The exported history; `-` for standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only this deployment of the file.
    #[arg(long, value_name = "ID")]
    pub deployment: Option<String>,
    /// Show the deployment as it was after this record.
    #[arg(long, value_name = "N", conflicts_with = "step")]
    pub at: Option<u32>,
    /// Step through the records, forward and back.
    #[arg(long)]
    pub step: bool,
    /// Print only JSON.
    #[arg(long, conflicts_with = "step")]
    pub json: bool,
}

/// Check a sluice.toml, or print its JSON schema.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Say everything that is wrong with a sluice.toml, with line, column and what to write instead.
    ///
    /// Exits with 0 and a summary if nothing is, with 1 otherwise.
    #[command(after_help = "Example:\n  sluice config check sluice.toml")]
    Check {
        /// The file; several, if one Sluice deploys them all.
        #[arg(value_name = "FILE", default_value = "sluice.toml")]
        files: Vec<PathBuf>,
    },
    /// Print the JSON schema of sluice.toml, for your editor.
    #[command(after_help = "Example:\n  sluice config schema > sluice.schema.json")]
    Schema,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{Arguments, Lag, SignedDuration, lag};

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_lag_is_a_time_that_somebody_can_wait_for() {
        let exactly = |ms| Ok(Lag::exactly(SignedDuration::from_millis(ms)));
        assert_eq!(lag("100ms"), exactly(100));
        assert_eq!(lag("1m 30s"), exactly(90_000));
        assert_eq!(lag("0s"), Ok(Lag::none()));
        for wrong in ["3", "-3s", "2h", "soon"] {
            assert!(lag(wrong).is_err(), "{wrong}");
        }
    }
}
