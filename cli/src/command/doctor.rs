//! An installation, looked at from outside.

use std::process::ExitCode;

use super::Failure;
use crate::installation::doctor::Doctor;
use crate::terminal::Screen;

#[cfg(not(feature = "doctor"))]
pub(super) fn carry_out(_: &Doctor, _: &mut Screen) -> Result<ExitCode, Failure> {
    Err(Failure::usage(
        "this build of sluice does not include the AWS SDK; build it with it:\n\
         cargo run -p sluice --features doctor -- doctor sluice.toml",
    ))
}

#[cfg(feature = "doctor")]
pub(super) use looks::carry_out;

#[cfg(feature = "doctor")]
mod looks {
    use std::fs;
    use std::io::ErrorKind;
    use std::path::Path;
    use std::sync::Arc;

    use sluice_aws::doctor::{Blind, Eyes, bot_token, look};
    use sluice_aws::{Clients, SystemClock};
    use sluice_core::config::Config;
    use sluice_core::id::Region;
    use sluice_core::registry::Registry;
    use sluice_doctor::{Facts, examine, wanted};
    use tokio::runtime::Builder;

    use super::{Doctor, ExitCode, Failure, Screen};
    use crate::command::ending::print_json;
    use crate::input;
    use crate::installation::doctor::lines;
    use crate::installation::place::{self, Place};
    use crate::sample;
    use crate::terminal::width;

    /// Could not look.
    const BLIND: u8 = 2;

    pub(crate) fn carry_out(doctor: &Doctor, screen: &mut Screen) -> Result<ExitCode, Failure> {
        let configs = configs(doctor)?;
        let place = place(doctor)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let (configs, facts) = runtime
            .block_on(Box::pin(facts(doctor, place.as_ref(), configs)))
            .map_err(|blind| Failure::exits(blind.to_string(), BLIND))?;
        let report = examine(&configs, &facts);
        match doctor.json {
            true => print_json(screen, &report.to_json())?,
            false => screen.print(&lines(&report, width()))?,
        }
        Ok(ExitCode::from(report.exit_code()))
    }

    fn configs(doctor: &Doctor) -> Result<Vec<Config>, Failure> {
        let each = doctor.files.iter().map(|file| {
            let text = sample::text(file)?;
            Config::parse(&text)
                .map_err(|problems| Failure::usage(problems.in_file(input::name(file)).to_string()))
        });
        each.collect()
    }

    fn place(doctor: &Doctor) -> Result<Option<Place>, Failure> {
        let Some(name) = &doctor.installation else {
            return Ok(None);
        };
        let variable = |name: &str| std::env::var(name).ok();
        let place = place::named_in_file(name, variable, file);
        place.map(Some).map_err(Failure::usage)
    }

    fn file(path: &Path) -> Option<Result<String, String>> {
        match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            read => Some(read.map_err(|error| error.to_string())),
        }
    }

    /// Everything that was read, and the files as they are installed there.
    async fn facts(
        doctor: &Doctor,
        place: Option<&Place>,
        configs: Vec<Config>,
    ) -> Result<(Vec<Config>, Facts), Blind> {
        let profile = doctor.profile.as_deref();
        let profile = profile.or_else(|| place?.profile.as_deref());
        let region = doctor.region.clone().or_else(|| place?.in_region());
        let region = region.map(Region::new);
        let mut others = Vec::new();
        let also = place.into_iter().flat_map(|place| &place.also);
        for profile in doctor.also.iter().chain(also) {
            others.push(Clients::of_person(Some(profile), region.as_ref()).await);
        }
        let own = Clients::of_person(profile, region.as_ref()).await;
        let eyes = Eyes::new(own, others).await?;
        let own = Registry {
            account: eyes.account().clone(),
            region: eyes.region().clone(),
        };
        let configs = configs.into_iter().map(|config| config.installed_in(&own));
        let configs: Vec<Config> = configs.collect();
        let stack = doctor.stack.as_deref();
        let stack = stack
            .or_else(|| place?.stack.as_deref())
            .unwrap_or("sluice");
        let mut facts = look(&eyes, &configs, stack).await;
        if doctor.slack {
            let token = bot_token(&eyes, &facts).await;
            let mut wanted = wanted(&configs);
            wanted.team = facts.setting("slack", "SLUICE_SLACK_TEAM_ID");
            let url = facts.setting("advance", "SLUICE_SLACK_URL");
            facts.slack = Some(
                sluice_slack::doctor::look(token, url.as_deref(), Arc::new(SystemClock), wanted)
                    .await,
            );
        }
        Ok((configs, facts))
    }
}
