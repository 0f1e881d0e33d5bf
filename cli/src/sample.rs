//! The configuration a command works with.

use std::path::Path;

use sluice_core::config::Config;
use sluice_core::id::AccountId;
use sluice_core::registry::Registry;
use sluice_events::Envelope;
use sluice_sim::cloud::REGISTRY_ACCOUNT;

use crate::command::Failure;
use crate::input;
use crate::rehearsal::PayloadFile;

/// The sample ERP's, compiled in: `demo` needs no file.
const ERP: &str = include_str!("../../tests/erp/sluice.toml");

/// The sample ERP.
pub fn erp() -> Config {
    Config::parse(ERP).expect("a test sees that the sample's configuration is right")
}

/// The file's configuration, or the sample's.
///
/// # Errors
/// The file cannot be read, or everything that is wrong with it.
pub fn configuration(file: Option<&Path>) -> Result<Config, Failure> {
    match file {
        None => Ok(erp()),
        Some(file) => read(file),
    }
}

/// The same as if Sluice were installed where the files' pushes come from. There is no account of its
/// own here; without a push it is that of the sample's.
pub fn installed(config: Config, files: &[PayloadFile]) -> Config {
    let pushed = files.iter().find_map(|file| {
        let event = Envelope::read(&file.payload).ok()?;
        (event.source == "aws.ecr").then(|| event.registry())
    });
    let own = pushed.or_else(|| {
        let region = config.environments.first()?.region.clone();
        let account = AccountId::new(REGISTRY_ACCOUNT);
        Some(Registry { account, region })
    });
    match own {
        Some(own) => config.installed_in(&own),
        None => config,
    }
}

/// Reads a configuration.
///
/// # Errors
/// The file cannot be read, or everything that is wrong with it.
pub fn read(file: &Path) -> Result<Config, Failure> {
    let text = text(file)?;
    Config::parse(&text)
        .map_err(|problems| Failure::new(problems.in_file(input::name(file)).to_string()))
}

/// Reads a configuration's text.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn text(file: &Path) -> Result<String, Failure> {
    let name = input::name(file);
    input::text(file).map_err(|error| Failure::new(format!("{name}: cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sample_is_right() {
        assert_eq!(super::erp().app.as_str(), "erp");
    }
}
