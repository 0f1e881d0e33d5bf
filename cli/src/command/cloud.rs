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
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::{Duration, Instant, SystemTime};

    use jiff::{SignedDuration, Timestamp};
    use sluice_core::config::Config;
    use sluice_sim::cloud;

    use crate::arguments::Cloud;
    use crate::command::Failure;
    use crate::sample;
    use crate::terminal::Screen;
    use crate::wire::Wire;

    /// How often virtual time is moved.
    const TICK: Duration = Duration::from_millis(100);

    pub(super) fn serve(arguments: &Cloud, screen: &mut Screen) -> Result<ExitCode, Failure> {
        let config = sample::configuration(arguments.configuration.config.as_deref())?;
        let wire = Wire::new(arguments.port).map_err(|why| {
            let port = arguments.port;
            Failure::new(format!("127.0.0.1:{port} cannot be listened at: {why}"))
        })?;
        let start = real_time();
        let mut model = cloud::Cloud::new(start, arguments.seed);
        model.furnish(&config);
        let model = Arc::new(Mutex::new(model));
        wire.serve(model.clone())?;
        screen.print(&opening(&config, &wire.url(), arguments.speed))?;
        let began = Instant::now();
        loop {
            std::thread::sleep(TICK);
            let passed = began.elapsed() * arguments.speed;
            let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
            let told = {
                let mut model = model.lock().unwrap_or_else(PoisonError::into_inner);
                model.advance_to(start.checked_add(passed).unwrap_or(Timestamp::MAX));
                model.take_emitted()
            };
            for event in told {
                screen.print(&event.payload().to_string())?;
            }
        }
    }

    fn real_time() -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let seconds = since_1970.map_or(0, |since| since.as_secs());
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
    }

    /// What is there, and how to look at it.
    fn opening(config: &Config, url: &str, speed: u32) -> String {
        let mut lines = vec![format!(
            "The cloud of `{}`, simulated, at {url}. {speed} s pass there in a second. Ctrl-C ends it.",
            config.app
        )];
        for environment in &config.environments {
            let services = environment.services.values();
            let services: Vec<&str> = services.map(|one| one.ecs_service.as_str()).collect();
            lines.push(format!(
                "\n# {}: the access key is the account; the secret opens nothing\n\
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
        lines.join("\n")
    }
}
