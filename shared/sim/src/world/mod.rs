//! A whole world: the cloud, the workplace and what is deployed in them, moved by virtual time.
//!
//! [`World::step`] takes the earliest thing due, moves the clock to it, delivers it, and says what
//! happened. The same seed and story give the same steps.

mod agenda;
mod chance;
mod deliver;
mod direct;
mod flight;
mod functions;
mod furnish;
mod hands;
mod happening;
mod mortal;
mod people;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use sluice_app::App;
use sluice_app::ports::Ports;
use sluice_core::config::Config;
use sluice_core::id::UserId;

use crate::cloud::{Cloud, CloudPorts, Dependency, Emitted, SharedCloud};
use crate::workplace::{
    CrashPoint, Dice, EventBridge, Gate, MemoryStore, MemoryWakeups, MonitorModel, SlackModel,
    Weather,
};

pub use direct::DirectFunctions;
pub use functions::{Click, ClickReply, Functions};
pub use furnish::members;
pub use hands::Hand;
pub use happening::{Bounds, Ending, Happening, Invocation, What};
pub use people::Habit;
pub use watch::{Invariant, Violation};

use agenda::{Agenda, Coming, Due, Planned};
use flight::Flight;
use mortal::Mortal;
use people::People;
use watch::Watcher;

/// A world.
pub struct World {
    cloud: SharedCloud,
    store: Arc<MemoryStore>,
    wakeups: Arc<MemoryWakeups>,
    slack: Arc<SlackModel>,
    monitors: Arc<MonitorModel>,
    bridge: EventBridge<Emitted>,
    functions: Option<Arc<dyn Functions>>,
    people: People,
    agenda: Agenda,
    watcher: Arc<Mutex<Watcher>>,
    weather: Weather,
    dice: Dice,
    pauses: Dice,
    crash: CrashPoint,
    in_flight: Vec<Flight>,
    started_at: Timestamp,
    steps: u64,
    crashes: u64,
}

impl World {
    /// A world furnished for the configurations: accounts, services and databases as they name
    /// them, channels, and two members in every group.
    pub fn new(seed: u64, start: Timestamp, configs: &[Config], weather: Weather) -> Self {
        let mut cloud = Cloud::new(start, seed);
        for config in configs {
            cloud.furnish(config);
        }
        cloud.faults().set_rates(weather.faults);
        cloud.set_lag(weather.lag);
        cloud.set_never_start_rate(weather.never_start);
        let cloud: SharedCloud = Arc::new(Mutex::new(cloud));
        let crash = CrashPoint::pausing(weather.interleave, Dice::new(seed, 104));
        let gate = Gate::new(cloud.clone(), crash.clone());
        let watcher = Arc::new(Mutex::new(Watcher::new(cloud.clone())));
        let witness = Box::new(watch::Eyes(watcher.clone()));
        let slack = SlackModel::new(gate.clone());
        for config in configs {
            furnish::slack(&slack, config);
        }
        let mut world = Self {
            store: Arc::new(MemoryStore::new(gate.clone(), Some(witness))),
            monitors: Arc::new(MonitorModel::new(gate.clone())),
            wakeups: Arc::new(MemoryWakeups::new(
                gate,
                weather.double_wakeups,
                Dice::new(seed, 101),
            )),
            slack: Arc::new(slack),
            bridge: EventBridge::new(weather.roads.clone(), Dice::new(seed, 102)),
            functions: None,
            people: People::default(),
            agenda: Agenda::new(start),
            watcher,
            weather,
            dice: Dice::new(seed, 103),
            pauses: Dice::new(seed, 105),
            crash,
            in_flight: Vec::new(),
            cloud,
            started_at: start,
            steps: 0,
            crashes: 0,
        };
        world
            .wakeups
            .set_recursive_loop(world.weather.recursive_loop);
        world.draw_weather(seed);
        world
    }

    /// A world with the application deployed in it, called directly.
    pub fn with_app(seed: u64, start: Timestamp, configs: &[Config], weather: Weather) -> Self {
        let mut world = Self::new(seed, start, configs, weather);
        let configs = configs.iter().cloned().map(Arc::new).collect();
        world.deploy(Arc::new(DirectFunctions(App::new(world.ports(), configs))));
        world
    }

    /// The ports of this world, for whatever is deployed in it.
    pub fn ports(&self) -> Ports {
        let cloud = Arc::new(Mortal::new(
            CloudPorts(self.cloud.clone()),
            self.crash.clone(),
        ));
        Ports {
            clock: cloud.clone(),
            store: self.store.clone(),
            sources: self.store.clone(),
            configurations: self.store.clone(),
            wakeups: self.wakeups.clone(),
            registry: cloud.clone(),
            repository: cloud.clone(),
            builds: cloud.clone(),
            secrets: cloud.clone(),
            services: cloud.clone(),
            tasks: cloud.clone(),
            databases: cloud.clone(),
            stacks: cloud.clone(),
            alarms: cloud.clone(),
            metrics: cloud.clone(),
            http: cloud,
            chat: self.slack.clone(),
            monitors: self.monitors.clone(),
        }
    }

    /// What somebody asks of Sluice themselves, who asks again where the function crashed.
    pub fn asks<T, F: Future<Output = T>>(&self, ask: impl Fn() -> F) -> T {
        loop {
            if let Some(answer) = self.crash.run(ask()) {
                return answer;
            }
        }
    }

    /// The cloud itself, for whoever serves it beside the world. The world moves its time.
    pub fn cloud(&self) -> SharedCloud {
        self.cloud.clone()
    }

    /// Deploys the functions: from now on they are called.
    pub fn deploy(&mut self, functions: Arc<dyn Functions>) {
        self.functions = Some(functions);
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.with_cloud(|cloud| cloud.now())
    }

    /// Looks at the cloud, or changes it. What it emits travels with the next step.
    pub fn with_cloud<T>(&self, act: impl FnOnce(&mut Cloud) -> T) -> T {
        act(&mut self
            .cloud
            .lock()
            .expect("no port panics while it holds the cloud"))
    }

    /// The store, to be looked into.
    pub fn store(&self) -> &MemoryStore {
        &self.store
    }

    /// The queue of wake-ups, to be looked into.
    pub fn wakeups(&self) -> &MemoryWakeups {
        &self.wakeups
    }

    /// Slack.
    pub fn slack(&self) -> &SlackModel {
        &self.slack
    }

    /// The monitors.
    pub fn monitors(&self) -> &MonitorModel {
        &self.monitors
    }

    /// What travels from the cloud to the functions.
    pub fn bridge(&mut self) -> &mut EventBridge<Emitted> {
        &mut self.bridge
    }

    /// From now on somebody does this whenever they see such a button.
    pub fn add_habit(&mut self, habit: Habit) {
        self.people.habits.push(habit);
    }

    /// From now on somebody clicks everything twice that they click.
    pub fn clicks_twice(&mut self, user: UserId) {
        self.people.double_clickers.insert(user);
    }

    /// Somebody clicks after `after`.
    pub fn click(&mut self, after: SignedDuration, click: Click) {
        self.agenda
            .plan(self.now() + after, Planned::Click(click, 1));
    }

    /// Plans something for later; `what` says it in words.
    pub fn plan(
        &mut self,
        after: SignedDuration,
        what: impl Into<String>,
        act: impl FnOnce(&mut World) + Send + 'static,
    ) {
        self.agenda.plan(
            self.now() + after,
            Planned::Story(what.into(), Box::new(act)),
        );
    }

    /// Whether every deployment is over and nothing is under way.
    pub fn is_quiet(&self) -> bool {
        self.store.unfinished() == 0
            && !self.store.has_open_sources()
            && self.bridge.next_arrival().is_none()
            && self.agenda.is_empty()
            && self.in_flight.is_empty()
            && self.wakeups.is_empty()
    }

    /// Every broken invariant so far. Replays every history and looks for secrets in everything
    /// that was stored and said, which takes its time: ask once, at the end.
    pub fn violations(&self) -> Vec<Violation> {
        let mut violations = self.violations_so_far();
        let (deployments, histories) = (self.store.deployments(), self.store.histories());
        let now = self.now();
        violations.extend(self.watcher().running_twice());
        violations.extend(watch::secrets_in_histories(&deployments, &histories, now));
        violations.extend(watch::secrets_in_messages(&self.slack));
        violations.extend(watch::secrets_in_news(&self.monitors));
        violations.extend(watch::replay_problems(&deployments, &histories, now));
        violations
    }

    /// Every invariant that was seen to break on the way, without the looking back of
    /// [`World::violations`].
    pub fn violations_so_far(&self) -> Vec<Violation> {
        self.watcher().violations().to_vec()
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Has the function that makes that port call of all crash there, once: 0 is the first call ever.
    /// Nothing happens if it is the lifecycle hook: ECS takes its crash for a no, which is right.
    pub fn crash_at_call(&self, call: u64) {
        self.crash.strike_at(call);
    }

    /// How many port calls all functions have made.
    pub fn calls(&self) -> u64 {
        self.crash.calls()
    }

    /// How many events were lost on their way.
    pub fn lost_events(&self) -> u64 {
        self.bridge.lost().len() as u64
    }

    /// How many invocations crashed.
    pub fn crashes(&self) -> u64 {
        self.crashes
    }

    /// Runs until `until` says so, all is quiet, or the bounds are reached.
    pub fn run(&mut self, bounds: Bounds, mut until: impl FnMut(&World) -> bool) -> Ending {
        self.collect();
        loop {
            if until(self) {
                return Ending::Reached;
            }
            if self.is_quiet() {
                return Ending::Quiet;
            }
            if let Some(ending) = self.out_of_bounds(bounds) {
                return ending;
            }
            self.step();
        }
    }

    /// How a run is cut short here, if it is.
    pub fn out_of_bounds(&self, bounds: Bounds) -> Option<Ending> {
        if self.now().duration_since(self.started_at) >= bounds.time {
            Some(Ending::OutOfTime(bounds.time))
        } else if self.steps >= bounds.steps {
            Some(Ending::OutOfSteps(bounds.steps))
        } else {
            None
        }
    }

    /// Takes the earliest thing due, moves the clock to it, delivers it.
    pub fn step(&mut self) -> Happening {
        self.collect();
        self.steps += 1;
        let (at, due) = self.next_due();
        self.with_cloud(|cloud| cloud.advance_to(at));
        let what = match due {
            Due::Cloud => What::CloudChanged,
            Due::Hook => self.deliver_hook(),
            Due::Event => self.deliver_event(at),
            Due::WakeUp => self.deliver_wake_up(at),
            Due::InFlight => self.next_in_flight_goes_on(at),
            Due::Planned => self.carry_out_planned(at),
            Due::Hand => self.next_hand(),
            Due::Minute => self.minute(at),
        };
        self.collect();
        Happening { at, what }
    }

    fn next_due(&self) -> (Timestamp, Due) {
        let (now, cloud) = self.with_cloud(|cloud| (cloud.now(), cloud.next_change()));
        let sqs = |at| self.with_cloud(|cloud| cloud.out_until(Dependency::Sqs, at));
        let wake_up = self.wakeups.next_visible().map(|at| at.max(now));
        let coming = Coming {
            cloud,
            event: self.bridge.next_arrival(),
            wake_up: wake_up.map(|at| sqs(at).unwrap_or(at)),
            in_flight: self.in_flight.iter().map(|flight| flight.goes_on_at).min(),
        };
        self.agenda
            .next(now, coming, |at| self.lambda_out_until(at))
    }

    /// Sends what the cloud emitted on its way and lets people see what was posted.
    fn collect(&mut self) {
        let (now, emitted) = self.with_cloud(|cloud| (cloud.now(), cloud.take_emitted()));
        for event in emitted {
            match event {
                Emitted::Hook(call) => self.agenda.hooks.push_back(call),
                event => self.bridge.accept(event, now),
            }
        }
        for (after, click) in self.people.look(&self.slack, &self.store) {
            self.agenda.plan(now + after, Planned::Click(click, 1));
        }
        self.watcher().read_ledger();
    }

    fn watcher(&self) -> std::sync::MutexGuard<'_, Watcher> {
        self.watcher.lock().expect("the watcher does not panic")
    }
}
