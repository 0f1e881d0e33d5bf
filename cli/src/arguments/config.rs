//! The commands about a sluice.toml.

use std::path::PathBuf;

use clap::Subcommand;

use crate::installation::arguments::Installation;

/// Check a sluice.toml, print its JSON schema, or change the one that is live in an installation.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Report everything that is wrong with a sluice.toml, with line, column and what to write instead.
    ///
    /// Warns of what is valid but risky, such as a production without an approval. Exits with 0 and
    /// a summary if nothing is wrong, with 1 otherwise.
    #[command(after_help = "Example:\n  sluice config check sluice.toml")]
    Check {
        /// The file; several, if one Sluice deploys them all; `-` for standard input.
        #[arg(value_name = "FILE", default_value = "sluice.toml")]
        files: Vec<PathBuf>,
        /// Exit with 1 if there are warnings.
        #[arg(long)]
        strict: bool,
        /// Print only JSON: the problems and warnings of each file.
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON schema of sluice.toml, for your editor.
    #[command(after_help = "Example:\n  sluice config schema > sluice.schema.json")]
    Schema,
    /// Print the file that is live in an installation.
    #[command(after_help = "Example:\n  sluice config show erp > sluice.toml")]
    Show {
        /// The application.
        app: String,
        /// An earlier version; 0 is the file in the functions' packages. Default: the live one.
        version: Option<u32>,
        /// Which installation.
        #[command(flatten)]
        at: Installation,
    },
    /// List the versions of the file: who changed it, when and why.
    History {
        /// The application.
        app: String,
        /// Which installation.
        #[command(flatten)]
        at: Installation,
    },
    /// Make a file live without deploying the functions again.
    ///
    /// Without --over nothing is done: the difference from the live file is printed, and the command
    /// that pushes exactly this.
    #[command(after_help = "Examples:\n  sluice config push sluice.toml\n  \
        sluice config push sluice.toml --over 2 --reason \"Ben may approve\"")]
    Push {
        /// The file; `-` for standard input.
        #[arg(value_name = "FILE", default_value = "sluice.toml")]
        file: PathBuf,
        /// The live version that you have compared it with.
        #[arg(long, value_name = "VERSION")]
        over: Option<u32>,
        /// Why, for those who read the history.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Which installation.
        #[command(flatten)]
        at: Installation,
    },
    /// Accept a change that someone else has pushed, where approvals demand four eyes.
    #[command(after_help = "Example:\n  sluice config accept erp 195388abe663")]
    Accept {
        /// The application.
        app: String,
        /// The hash of the change, as its notice says it.
        hash: String,
        /// Which installation.
        #[command(flatten)]
        at: Installation,
    },
    /// Make an earlier version live again.
    #[command(
        after_help = "Example:\n  sluice config rollback erp --to 2 --reason \"it was a mistake\""
    )]
    Rollback {
        /// The application.
        app: String,
        /// The version; 0 is the file in the functions' packages.
        #[arg(long, value_name = "VERSION")]
        to: u32,
        /// Why, for those who read the history.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Which installation.
        #[command(flatten)]
        at: Installation,
    },
}
