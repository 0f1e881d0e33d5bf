//! How `sluice console` is asked.

use std::path::PathBuf;

use clap::Args;

/// Show an installation as pages in your browser, or a recorded history. They only read.
///
/// What runs, what waits and for whom, every deployment with its phases, plan and history, and the
/// figures of DORA. The pages are served on 127.0.0.1 to this machine alone. An installation is read as
/// `sluice status` reads it, with your AWS credentials. `sluice demo --console` shows a demo.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice console\n  \
    sluice console --installation company --port 8080\n  \
    sluice demo --headless --json > history.json; sluice console history.json\n\n\
    Needs a build with pages, and for an installation with AWS credentials:\n  \
    cargo install --path cli --features console,installation"
)]
pub struct Console {
    /// A recorded history, as `sluice replay` takes it; `-` for standard input. Default: an
    /// installation.
    #[arg(value_name = "FILE", conflicts_with_all = ["installation", "url", "region", "profile"])]
    pub file: Option<PathBuf>,
    /// The port; 0 takes a free one.
    #[arg(long, value_name = "P", default_value_t = 4750)]
    pub port: u16,
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
}
