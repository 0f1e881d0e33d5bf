//! Why an event about source code is left alone.

use sluice_core::id::{AppName, BuildProject, SourceName};
use sluice_core::registry::Registry;

/// Why no repository was looked at. None of these is an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceIgnored {
    /// No application is built from that repository.
    #[error("no sluice.toml names the source repository {0}")]
    UnknownRepository(SourceName),
    /// No application is built by that project.
    #[error("no sluice.toml names the CodeBuild project {0}")]
    UnknownProject(BuildProject),
    /// It is from elsewhere. Anyone may have such an account, and send its events here.
    #[error(
        "it is from account {} ({}), and {app} is built from a repository in {}: if that is wrong, \
         correct `account` and `region` in [source]",
        from.account, from.region,
        configured.as_ref().map_or_else(
            || "no known account".to_owned(),
            |place| format!("account {} ({})", place.account, place.region)
        )
    )]
    OtherPlace {
        /// Where it is from.
        from: Registry,
        /// The application with a repository of that name.
        app: AppName,
        /// Where that is, if that is known.
        configured: Option<Registry>,
    },
}
