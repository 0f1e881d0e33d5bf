//! What AWS shows of an environment now, for `/sluice status`.

use std::pin::pin;

use futures::future::{Either, join_all, select};
use futures::join;
use jiff::SignedDuration;
use sluice_core::config::{Config, Environment};
use sluice_core::health::Look;
use sluice_core::observation::HttpObservation;
use sluice_words::reply;
use sluice_words::view::{Glance, Running};

use crate::App;
use crate::ports::Target;

/// How long AWS may take: Slack wants the whole answer within 3 seconds.
const WITHIN: SignedDuration = SignedDuration::from_secs(1);
/// How long the application may take to answer at its health paths.
const ANSWER_WITHIN: SignedDuration = SignedDuration::from_millis(900);
/// Of more environments than this, each is looked at only when someone asks for it by name.
const AT_ONCE: usize = 8;

impl App {
    /// Has AWS show what runs in these environments.
    pub(crate) async fn with_running(&self, mut glances: Vec<Glance>) -> Vec<Glance> {
        if glances.len() > AT_ONCE {
            return glances;
        }
        let running = join_all(glances.iter().map(|glance| self.running(glance))).await;
        for (glance, running) in glances.iter_mut().zip(running) {
            glance.running = running;
        }
        glances
    }

    /// `None` where nothing was ever deployed: Sluice's roles take no session that is not named
    /// after a deployment.
    async fn running(&self, glance: &Glance) -> Option<Result<Running, String>> {
        let known = [&glance.active, &glance.last, &glance.next];
        let known = known.into_iter().flatten().map(|d| &d.id);
        let verified = glance
            .verified
            .as_ref()
            .map(|verified| &verified.deployment);
        let deployment = known.chain(verified).next()?.clone();
        let config = self.configs.app(&glance.key.app)?;
        let environment = config.environment(&glance.key.environment)?;
        let target = Target::in_environment(environment, deployment);
        let looked = self.look_at(config, environment, &target);
        let time = self.ports.clock.pass(WITHIN);
        Some(match select(pin!(looked), pin!(time)).await {
            Either::Left((running, _)) => Ok(running),
            Either::Right(_) => Err(reply::NO_ANSWER.to_owned()),
        })
    }

    async fn look_at(
        &self,
        config: &Config,
        environment: &Environment,
        target: &Target,
    ) -> Running {
        let at = self.ports.clock.now();
        let settings = config.settings(environment);
        let (services, alarms, mut probes) = join!(
            self.services_of(&settings, target),
            self.states(target, &environment.alarms),
            join_all(self.probes(&settings, ANSWER_WITHIN))
        );
        if services.is_err() {
            // Whether they are down or only out of this function's reach, ECS would say.
            probes.retain(|probe| !matches!(probe.answer, HttpObservation::Unreachable(_)));
        }
        let look = Look {
            at,
            probes: &probes,
            alarms: alarms.as_deref().unwrap_or_default(),
            services: services.as_deref().unwrap_or_default(),
            tasks: Vec::new(),
        };
        let mut sample = look.sample();
        let unseen = services
            .as_ref()
            .err()
            .into_iter()
            .chain(alarms.as_ref().err());
        sample.unknown.extend(unseen.map(ToString::to_string));
        Running {
            wanted: settings
                .services
                .iter()
                .map(|service| service.name.clone())
                .collect(),
            services: services.ok(),
            sample,
        }
    }
}
