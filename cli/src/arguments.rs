//! The command line and its help.

mod config;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::SignedDuration;
use sluice_core::history::Checkpoint;
use sluice_sim::cloud::Lag;

use crate::installation::arguments::Operate;
use crate::installation::console::Console;
use crate::installation::doctor::Doctor;
use crate::installation::init::Init;

pub use config::Config;

/// Deploys images that were pushed to ECR to ECS: with an approval, a verified snapshot, a watched
/// migration, and a rollback at every step.
///
/// `demo`, `run`, `plan` and `hunt` work on a simulated cloud with virtual time, and touch no AWS. The
/// commands from `init` on look at a real account or installation or ask it, with your AWS
/// credentials: docs/init.md, docs/doctor.md, docs/operate.md.
#[derive(Debug, Parser)]
#[command(
    name = "sluice",
    version,
    verbatim_doc_comment,
    after_help = "Examples:\n  \
        sluice demo                        watch an image go to staging and production\n  \
        sluice demo --scenario bad-bake    watch one that fails under traffic\n  \
        sluice config check sluice.toml    check a configuration file\n  \
        sluice plan event.json             show what this push would do"
)]
pub struct Arguments {
    /// What to do; without it, three things to try are printed.
    #[command(subcommand)]
    pub command: Option<Command>,
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
    Verify(Verify),
    #[command(subcommand)]
    Config(Config),
    Console(Console),
    Cloud(Cloud),
    Hunt(Hunt),
    Completions(Completions),
    Man(Man),
    Init(Init),
    Doctor(Doctor),
    #[command(flatten)]
    Operate(Operate),
}

/// Play a deployment from the push to the clean-up, on a simulated cloud.
///
/// At a terminal it takes about half a minute and asks you for the approval, as Slack would. Ctrl-D
/// leaves, and approves nothing. Exits with 0 if the scenario ended as it should, or if you leave
/// at a terminal, and with 1 otherwise.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice demo                               the whole story; you are asked for approval\n  \
    sluice demo --headless                    the same at full speed, approved automatically\n  \
    sluice demo --list                        list all scenarios\n  \
    sluice demo --scenario broken-migration   play one of them\n  \
    sluice demo --lag 3s                      AWS reads lag 3 seconds behind\n  \
    sluice demo --config sluice.toml          your own application\n  \
    sluice demo --console                     the same in your browser\n  \
    sluice demo --headless --json | jq .deployments"
)]
pub struct Demo {
    /// Play this scenario; `--list` names them.
    #[arg(long, value_name = "NAME", default_value = "pushed-to-production")]
    pub scenario: String,
    /// Play your own application: an image goes to every environment of this sluice.toml, and you
    /// approve it where you ask for that. `-` for standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenario", "list"])]
    pub config: Option<PathBuf>,
    /// List the scenarios, one per line: the name, then what it shows. With --json as JSON.
    #[arg(long)]
    pub list: bool,
    /// Do not ask: the approver of the story answers. Full speed.
    #[arg(long)]
    pub headless: bool,
    /// Print only the final deployments and the whole history, as JSON. Implies --headless.
    #[arg(long)]
    pub json: bool,
    /// Random choices come from this number: the same number, the same story.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How far reads of the simulated AWS lag behind writes: 100ms, 3s, 1m, or 0s for no lag.
    /// Default: what the scenario says.
    #[arg(long, value_name = "TIME", value_parser = lag)]
    pub lag: Option<Lag>,
    /// Show everything as pages on 127.0.0.1 too, on this port, while it plays and until Ctrl-C. Needs
    /// a build with `--features console`.
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true,
        default_missing_value = "4750", conflicts_with_all = ["list", "json"])]
    pub console: Option<u16>,
    /// Sluice works through the real AWS SDK, against the simulated cloud on a loopback port. Needs
    /// a build with `--features wire`.
    #[arg(long)]
    pub wire: bool,
    /// Virtual seconds per second. Default: 100 at a terminal, as fast as possible with --headless.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub speed: Option<u32>,
}

/// ECS forgets a stopped task after an hour: a lag that long would show nothing.
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

/// Feed event files to the real functions, on a simulated cloud, and show the results.
///
/// Takes what AWS and Slack send: EventBridge events, Function URL requests, SQS batches, lifecycle
/// hook calls. Each is delivered at its own time; virtual time begins with the first. The images,
/// services and secrets that the events refer to exist, as the configuration names them.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice run events/ecr-push-release.json\n  \
    sluice run events/ecr-push-release.json events/ecr-push-version.json events/slack-approve.json\n  \
    sluice run --config sluice.toml event.json --json"
)]
pub struct Run {
    /// The event files, in the order they happen; `-` for standard input.
    #[arg(required = true, value_name = "EVENT.json")]
    pub events: Vec<PathBuf>,
    /// The application.
    #[command(flatten)]
    pub configuration: Configuration,
    /// Print only JSON: the answers, the final deployments, the whole history.
    #[arg(long)]
    pub json: bool,
    /// Random choices come from this number.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// Print what a push would do, or everything that prevents it. Nothing is changed.
///
/// The plan is made from a simulated cloud that is set up as the configuration says: it shows the
/// steps, not the current state of your services.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice plan events/ecr-push-release.json\n  \
    sluice plan event.json --config sluice.toml\n\n\
    Production's, after the same image has succeeded in staging:\n  \
    sluice plan events/ecr-push-release.json events/ecr-push-version.json"
)]
pub struct Plan {
    /// The push: an ECR Image Action event; `-` for standard input. Events before it happen first,
    /// as in `sluice run`.
    #[arg(required = true, value_name = "EVENT.json")]
    pub events: Vec<PathBuf>,
    /// Print only JSON: for each environment its plan, or everything that prevents it.
    #[arg(long)]
    pub json: bool,
    /// The application.
    #[command(flatten)]
    pub configuration: Configuration,
}

/// Serve a simulated cloud on 127.0.0.1 that speaks AWS's protocols, to explore and to deploy to.
///
/// It is set up as the configuration says: ECS, ECR, RDS, Secrets Manager and the rest, the
/// application at the addresses of the configuration that are on this port, and Slack's Web API
/// under /slack/api. Push an image to it with `aws ecr put-image`. Nothing is deployed
/// automatically: what the cloud sends (events, lifecycle hook calls) is printed as JSON, one per
/// line, and with --deliver-to it is delivered to the account in which Sluice's functions run.
/// Credentials are not checked; an access key that is an account id stands for that account.
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
    /// The port. Default: a free one.
    #[arg(long, value_name = "P", default_value_t = 0)]
    pub port: u16,
    /// The application it is set up for.
    #[command(flatten)]
    pub configuration: Configuration,
    /// Where events and hook calls go: an emulator with EventBridge and Lambda on this machine.
    #[arg(long, value_name = "URL")]
    pub deliver_to: Option<String>,
    /// Virtual seconds per second.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub speed: u32,
    /// Random choices come from this number.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// Search for a simulated day on which Sluice breaks an invariant.
///
/// Each seed is a day of a company with two applications: pushes, hotfixes, people who are slow,
/// wrong or absent, manual changes in the console, outages, crashes, late reads. In the evening the
/// faults stop, and everything must end and be reported. A day that breaks an invariant is reduced
/// to as few events as possible, printed as a story, and replayed with its seed. Exits with 1 if
/// there is one.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice hunt --seeds 1000\n  \
    sluice hunt --minutes 10 --from 5000\n  \
    sluice hunt --from 4711 --seeds 1 --story   # what happens on that day\n  \
    sluice hunt --bugs                          # does it find what is planted?\n\n\
    A build with --release plays ten times as many days."
)]
pub struct Hunt {
    /// The most days to play.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,
    /// The first seed.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub from: u64,
    /// The most minutes to run.
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u64).range(1..))]
    pub minutes: Option<u64>,
    /// The number of days to play in parallel. Default: the number of cores.
    #[arg(long, value_name = "J")]
    pub jobs: Option<std::num::NonZeroUsize>,
    /// Print what happens on each day.
    #[arg(long)]
    pub story: bool,
    /// Plant one bug after the other, and report on which day each is found.
    #[arg(long)]
    pub bugs: bool,
}

/// Print a completion script for your shell.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sluice completions bash > ~/.local/share/bash-completion/completions/sluice\n  \
    sluice completions zsh > ~/.zfunc/_sluice\n  \
    sluice completions fish > ~/.config/fish/completions/sluice.fish")]
pub struct Completions {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// Print the manual page of sluice, or of one of its commands.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sluice man | man -l -\n  \
    sluice man config check > sluice-config-check.1")]
pub struct Man {
    /// The command, such as `demo` or `config check`.
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// The application.
#[derive(Debug, Args)]
pub struct Configuration {
    /// The application's sluice.toml. Default: a sample ERP with staging and production.
    /// `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Replay a recorded history: verify it, read it as a timeline, and see where today's code differs.
///
/// Takes what `sluice demo --json` prints, a list of records, or what `aws dynamodb query` prints
/// of a deployment in Sluice's table. Every event is folded through the code of this build, which
/// is compared with what was recorded: phase, what Sluice meant to do, and the stored state. Exits
/// with 0 if all is the same, with 1 if the hash chain is broken or a decision differs, with 2 if
/// the file is not a history.
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

/// Verify evidence: a file that `sluice export --since` has written. Needs no network.
///
/// Every line is held against its hash, every history against its hash chain and against the state
/// that was stored, as `sluice replay` does. Exits with 0 if all is as it was written, with 1 if
/// not, with 2 if the file is no evidence. docs/evidence.md says what this proves and what not.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice verify production.evidence --list\n  \
    sluice verify production.evidence --sha256 5f2c…   the hash that was printed at its export\n  \
    sluice verify production.evidence --checkpoint dep-2912cb3634edd506:43:1f0c…   as it stands in Slack"
)]
pub struct Verify {
    /// The file; `-` for standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Its SHA-256, as it was printed when it was written.
    #[arg(long, value_name = "SHA256")]
    pub sha256: Option<String>,
    /// A history checkpoint, as Sluice posted it in a deployment's thread; may be given several times.
    #[arg(long = "checkpoint", value_name = "DEPLOYMENT:RECORDS:HASH")]
    pub checkpoints: Vec<Checkpoint>,
    /// List every deployment, how it ended, and who approved which plan when.
    #[arg(long)]
    pub list: bool,
    /// Print only JSON.
    #[arg(long, conflicts_with = "list")]
    pub json: bool,
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
