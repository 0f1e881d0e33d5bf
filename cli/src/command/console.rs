//! `sluice console`: an installation or a recorded history as pages.

use std::process::ExitCode;

use super::Failure;
use crate::installation::console::Console;
use crate::terminal::Screen;

#[cfg(not(feature = "console"))]
pub(super) fn carry_out(console: &Console, _: &mut Screen) -> Result<ExitCode, Failure> {
    Err(match console.file {
        Some(_) => super::built_without_pages("console", "console history.json"),
        None => super::built_without_pages("console,installation", "console"),
    })
}

#[cfg(feature = "console")]
pub(super) fn carry_out(console: &Console, screen: &mut Screen) -> Result<ExitCode, Failure> {
    use std::sync::Arc;

    use crate::console::{Server, of_file};

    let source: Arc<dyn sluice_console::Source> = match &console.file {
        Some(file) => Arc::new(of_file(file)?),
        None => installation(console)?,
    };
    let server = Server::new(console.port)?;
    screen.print(&server.said("until Ctrl-C"))?;
    server.serve(source)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(all(feature = "console", not(feature = "installation")))]
fn installation(_: &Console) -> Result<std::sync::Arc<dyn sluice_console::Source>, Failure> {
    Err(super::operate::without_credentials_for(
        "console,installation",
        "console",
    ))
}

#[cfg(all(feature = "console", feature = "installation"))]
fn installation(console: &Console) -> Result<std::sync::Arc<dyn sluice_console::Source>, Failure> {
    use crate::console::Installed;
    use crate::installation::arguments::Installation;

    let at = Installation {
        installation: console.installation.clone(),
        url: console.url.clone(),
        region: console.region.clone(),
        profile: console.profile.clone(),
        json: false,
        request: None,
    };
    let terminal = super::operate::before(&at)?;
    Ok(std::sync::Arc::new(Installed::new(terminal, at)))
}
