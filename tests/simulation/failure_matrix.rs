//! What becomes of a release by the step it fails in, what fails there, and what people decide: each
//! case a whole world. `docs/failure-matrix.md` is made from them; the test fails when it is out of
//! date, and `SLUICE_RENEW_DOCS=1 cargo test -p sluice-tests --test simulation matrix` renews it.

pub(crate) mod cases;
mod page;

use std::sync::Arc;

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use sluice_app::{App, Decide, Request, RestoreDatabase, RollBack};
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{AppName, EnvironmentName, UserId};
use sluice_core::restore::PointReference;
use sluice_sim::cloud::{ImageBehaviour, Push, Tempo, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, Habit, World};
use sluice_words::message::ButtonAction;

use crate::erp;

const PRODUCTION: &str = "production";
/// In the group that may deploy, roll back and restore.
const ON_CALL: &str = "UONES0604QSJC";
const APPROVER: &str = "U024BE7LH";

/// One way to fail.
pub(crate) struct Case {
    /// Where.
    pub(crate) step: &'static str,
    /// What.
    pub(crate) fault: &'static str,
    /// What people do about it.
    pub(crate) decision: Decision,
    /// How the image behaves.
    pub(crate) behaviour: ImageBehaviour,
    /// How production is configured.
    pub(crate) configure: fn(&mut Config),
    /// What is wrong with the cloud.
    pub(crate) upset: fn(&World),
    /// Where the release ends.
    ends: &'static str,
    /// Where what was asked for after it ends.
    then: Option<&'static str>,
}

/// What people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// They say yes to the plan, and there is nothing more to decide.
    Approve,
    /// They say no.
    Reject,
    /// Nobody says anything to the plan.
    NobodyApproves,
    /// They say yes, and nobody decides afterwards.
    NobodyDecides,
    /// They roll forward.
    RollForward,
    /// They roll back the code, knowing what it means.
    RollBackAllTheSame,
    /// They ask for the database back.
    Restore,
}

impl Case {
    pub(crate) fn name(&self) -> String {
        format!("{}: {} ({:?})", self.step, self.fault, self.decision)
    }
}

impl Decision {
    fn words(self) -> &'static str {
        match self {
            Self::Approve => "nothing: it goes its way",
            Self::Reject => "they reject it",
            Self::NobodyApproves => "no one approves",
            Self::NobodyDecides => "no one decides",
            Self::RollForward => "they roll forward",
            Self::RollBackAllTheSame => "they roll back, knowing the consequences",
            Self::Restore => "they restore the database",
        }
    }
}

/// What became of a case.
pub(crate) struct Told {
    release: Deployment,
    after: Option<Deployment>,
    pub(crate) world: World,
}

impl Told {
    /// Where the release ended, and what was asked for after it.
    pub(crate) fn ends(&self) -> (&'static str, Option<&'static str>) {
        let after = self.after.as_ref().map(|after| after.phase.name());
        (self.release.phase.name(), after)
    }
}

fn config(configure: fn(&mut Config)) -> Config {
    let mut config = erp::config();
    for environment in &mut config.environments {
        // Staging is not what is told of here, and every window is open.
        environment.after = None;
        environment.calendar.windows.clear();
        environment.migration_rules.clear();
        // One who restores is enough: what two decide together is told elsewhere.
        environment.restore = None;
    }
    configure(&mut config);
    config
}

pub(crate) struct Story {
    pub(crate) world: World,
    pub(crate) config: Arc<Config>,
}

impl Story {
    pub(crate) fn configured(case: &Case) -> Arc<Config> {
        Arc::new(config(case.configure))
    }

    /// A world in which v1.3.0 was verified.
    pub(crate) fn begin(case: &Case) -> Self {
        let config = Self::configured(case);
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().expect("a time");
        let mut world = World::new(1, start, std::slice::from_ref(&*config), Weather::default());
        world.with_cloud(|cloud| cloud.set_tempo(Tempo::default()));
        let app = App::new(world.ports(), vec![config.clone()]);
        world.deploy(Arc::new(DirectFunctions(app)));
        let mut story = Self { world, config };
        story.push("v1.3.0", &ImageBehaviour::default());
        story.decides_on_the_plan(ButtonAction::Approve);
        story.quiet();
        assert_eq!(erp::ends(&story.world, PRODUCTION), ["Succeeded"]);
        story
    }

    pub(crate) fn app(&self) -> App {
        App::new(self.world.ports(), vec![self.config.clone()])
    }

    pub(crate) fn push(&self, tag: &str, behaviour: &ImageBehaviour) {
        let push = Push::image(&self.config.repository, tag, digest_of(tag));
        let push = push.behaving(behaviour.clone());
        self.world.with_cloud(|cloud| cloud.push_image(push));
    }

    fn quiet(&mut self) {
        self.world.run(Bounds::default(), |_| false);
    }

    fn newest(&self) -> Deployment {
        let mut all = erp::deployments(&self.world, PRODUCTION);
        Arc::unwrap_or_clone(all.pop().expect("there is one").deployment)
    }

    /// Runs until the newest deployment is in the phase, or is over.
    fn until(&mut self, phase: &str) {
        self.world.run(Bounds::default(), |world| {
            let newest = erp::ends(world, PRODUCTION).last().copied();
            let over = erp::deployments(world, PRODUCTION)
                .last()
                .is_some_and(|stored| stored.deployment.phase.is_terminal());
            newest == Some(phase) || over
        });
    }

    fn decides_on_the_plan(&mut self, action: ButtonAction) {
        let pushed = erp::deployments(&self.world, PRODUCTION).len();
        self.world.run(Bounds::default(), |world| {
            erp::deployments(world, PRODUCTION).len() > pushed.saturating_sub(1)
                && erp::ends(world, PRODUCTION).last() == Some(&"AwaitingApproval")
        });
        if self.newest().phase.name() == "AwaitingApproval" {
            self.clicks(action, APPROVER);
        }
    }

    fn clicks(&self, action: ButtonAction, by: &str) {
        let d = self.newest();
        let decide = Decide {
            action,
            plan: d.plan.as_ref().map(|sealed| sealed.hash.clone()),
            deployment: d.id,
            by: UserId::new(by),
            reason: None,
        };
        block_on(self.app().click(&decide, None)).expect("the click counts");
    }

    fn request(&self, id: &str) -> Request {
        Request {
            id: id.to_owned(),
            by: UserId::new(ON_CALL),
            environment: EnvironmentKey {
                app: AppName::new("erp"),
                environment: EnvironmentName::new(PRODUCTION),
            },
        }
    }

    fn rolls_back(&self) {
        let order = RollBack {
            to: None,
            reason: "reads work on it, and that is enough tonight".to_owned(),
            force: false,
        };
        let refused = block_on(self.app().roll_back(&self.request("r-1"), &order));
        assert!(
            refused.is_err(),
            "it takes somebody who says that they know"
        );
        let order = RollBack {
            force: true,
            ..order
        };
        block_on(self.app().roll_back(&self.request("r-2"), &order)).expect("it goes back");
    }

    fn restores(&self) {
        let order = RestoreDatabase {
            to: PointReference::Snapshot(self.newest().id),
            reason: "what it migrated cannot be used".to_owned(),
        };
        block_on(self.app().restore(&self.request("r-1"), &order)).expect("it is restored");
    }
}

/// Plays the case in a world in which this goes wrong besides, once v1.3.0 is there.
pub(crate) fn tell(case: &Case, besides: impl FnOnce(&World)) -> Told {
    let mut story = Story::begin(case);
    (case.upset)(&story.world);
    besides(&story.world);
    // Who watches the habit of saying yes: only the plan is decided on by it.
    story.world.add_habit(Habit {
        user: UserId::new(APPROVER),
        action: match case.decision {
            Decision::Reject => ButtonAction::Reject,
            _ => ButtonAction::Approve,
        },
        environment: Some(EnvironmentName::new(
            if case.decision == Decision::NobodyApproves {
                "nowhere"
            } else {
                PRODUCTION
            },
        )),
        after: SignedDuration::from_mins(3),
    });
    story.push("v1.4.0", &case.behaviour);
    story.world.run(Bounds::default(), |world| {
        erp::deployments(world, PRODUCTION).len() == 2
    });
    story.until("AwaitingRestoreDecision");
    let release = story.newest().id;
    match case.decision {
        Decision::Approve
        | Decision::Reject
        | Decision::NobodyApproves
        | Decision::NobodyDecides => {}
        Decision::RollForward => story.clicks(ButtonAction::RollForward, ON_CALL),
        Decision::RollBackAllTheSame => story.rolls_back(),
        Decision::Restore => story.restores(),
    }
    story.quiet();
    erp::assert_nothing_broke(&story.world);
    let all = erp::deployments(&story.world, PRODUCTION);
    let mut after = all
        .into_iter()
        .skip(1)
        .map(|stored| Arc::unwrap_or_clone(stored.deployment));
    let told = Told {
        release: after.next().expect("it was pushed"),
        after: after.next(),
        world: story.world,
    };
    assert_eq!(told.release.id, release);
    told
}

#[test]
fn the_matrix_of_failures_is_as_the_page_says() {
    let mut all = Vec::new();
    for case in cases::all() {
        let told = tell(&case, |_| {});
        assert_eq!(told.ends(), (case.ends, case.then), "{}", case.name());
        all.push((case, told));
    }
    page::check(&all);
}
