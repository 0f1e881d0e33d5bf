//! `sluice cloud`: serves the simulated cloud.

use std::process::ExitCode;

use super::Failure;
use crate::arguments::Cloud;
use crate::terminal::Screen;

#[cfg(not(feature = "wire"))]
pub(super) fn carry_out(_: &Cloud, _: &mut Screen) -> Result<ExitCode, Failure> {
    Err(super::built_without_wire("cloud"))
}

#[cfg(feature = "wire")]
pub(super) fn carry_out(cloud: &Cloud, screen: &mut Screen) -> Result<ExitCode, Failure> {
    serving::serve(cloud, screen)
}

#[cfg(feature = "wire")]
mod serving {
    use std::process::ExitCode;
    use std::time::{Duration, Instant};

    use jiff::SignedDuration;
    use sluice_core::config::Config;
    use sluice_wire::Account;

    use crate::arguments::Cloud;
    use crate::command::Failure;
    use crate::sample;
    use crate::terminal::Screen;
    use crate::wire::{Furnished, Wire};

    /// How often virtual time is moved.
    const TICK: Duration = Duration::from_millis(50);

    pub(super) fn serve(arguments: &Cloud, screen: &mut Screen) -> Result<ExitCode, Failure> {
        let config = sample::configuration(arguments.configuration.config.as_deref())?;
        let account = arguments.deliver_to.as_deref().map(Account::at).transpose();
        let account = account.map_err(|why| Failure::new(format!("--deliver-to: {why}")))?;
        let wire = Wire::new(arguments.port).map_err(|why| {
            let port = arguments.port;
            Failure::new(format!("cannot listen on 127.0.0.1:{port}: {why}"))
        })?;
        let furnished = Furnished::new(&config, arguments.seed);
        wire.serve(furnished.served.clone())?;
        screen.print(&opening(&config, &furnished, &wire.url(), arguments.speed))?;
        let (start, began) = (furnished.start, Instant::now());
        loop {
            std::thread::sleep(TICK);
            let passed = began.elapsed() * arguments.speed;
            let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
            for event in furnished.advance_to(start.saturating_add(passed).unwrap_or(start)) {
                screen.print(&event.payload().to_string())?;
                if let Some(account) = &account {
                    wire.deliver(account, &furnished.served.cloud, event);
                }
            }
        }
    }

    /// What is there, and how to look at it.
    fn opening(config: &Config, furnished: &Furnished, url: &str, speed: u32) -> String {
        let mut lines = vec![format!(
            "Simulated cloud of `{}` at {url}. {speed} virtual s per second. Ctrl-C ends it.",
            config.app
        )];
        for environment in &config.environments {
            let services = environment.services.values();
            let services: Vec<&str> = services.map(|one| one.ecs_service.as_str()).collect();
            lines.push(format!(
                "\n# {}: the access key is the account; the secret is not checked\n\
                 export AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION={}\n\
                 aws --endpoint-url {url} ecs describe-services --cluster {} --services {}\n\
                 aws --endpoint-url {url} cloudwatch describe-alarms",
                environment.name,
                environment.account,
                environment.region,
                environment.cluster,
                services.join(" "),
            ));
            if environment.backup.is_some() {
                lines.push(format!(
                    "aws --endpoint-url {url} rds describe-db-instances\n\
                     aws --endpoint-url {url} rds describe-db-snapshots"
                ));
            }
        }
        lines.push(format!(
            "\n# push an image, in account {}\n\
             aws --endpoint-url {url} ecr put-image --repository-name {} --image-tag TAG \
             --image-manifest '{{\"schemaVersion\": 2}}'\n\
             \n# Slack: {url}/slack/api, with the token and the signing secret in\n\
             # {}\n# {}",
            furnished.registry,
            config.repository,
            furnished.bot_token_arn,
            furnished.signing_secret_arn,
        ));
        lines.join("\n")
    }
}
