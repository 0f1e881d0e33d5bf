//! `sluice demo`: plays a scenario.

use std::process::ExitCode;

use serde::Serialize;

use sluice_core::config::Config;
use sluice_core::id::UserId;

use super::Failure;
use super::ending::{deployments, print_json};
use super::prompt::Prompt;
use super::viewer::Viewer;
use crate::account::ScenarioAccount;
use crate::arguments::Demo;
use crate::play::{self, Play, Silence, Verdict};
use crate::sample;
use crate::scenario::{self, Scenario};
use crate::terminal::{BAD, DIM, GOOD, STRONG, Screen, is_lively, paint, width, wrap};

/// Virtual seconds in a second, at a terminal: the default story takes half a minute.
const WATCHABLE: u32 = 100;

/// Shown where there is a person to answer.
fn any_time(user: &UserId) -> String {
    format!(
        "You are @{user}. Press Enter at any time to click what Slack shows, or to type /sluice \
         help.\n"
    )
}

/// Said when the input ends before the story does.
const LEFT: &str = "The input has ended: leaving the demo. Nothing more was approved or decided. \
    To play it without questions: sluice demo --headless";

/// Said at the end where there are pages.
const PAGE_STAYS: &str = "\nThe pages stay as they are now until Ctrl-C.";

pub(super) fn carry_out(demo: &Demo, screen: &mut Screen) -> Result<ExitCode, Failure> {
    if demo.list && demo.json {
        print_json(screen, &Listed::all())?;
        return Ok(ExitCode::SUCCESS);
    }
    if demo.list {
        screen.print(&scenario::list())?;
        return Ok(ExitCode::SUCCESS);
    }
    let (mut scenario, config) = match &demo.config {
        Some(file) => {
            let config = sample::installed(sample::read(file)?, &[]);
            (Scenario::own(&config), config)
        }
        None => {
            let found = scenario::find(&demo.scenario);
            (found.ok_or_else(|| unknown(&demo.scenario))?, sample::erp())
        }
    };
    scenario.weather.lag = demo.lag.unwrap_or(scenario.weather.lag);
    if demo.wire {
        return on_wire(demo, scenario, &config, screen);
    }
    let play = Play::new(scenario.clone(), demo.seed, &config);
    perform(demo, &scenario, play, screen)
}

/// What `--list --json` prints of a scenario.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    shows: &'static str,
}

impl Listed {
    fn all() -> Vec<Self> {
        let scenarios = scenario::all();
        let listed = scenarios.iter().map(|scenario| Self {
            name: scenario.name,
            shows: scenario.shows,
        });
        listed.collect()
    }
}

#[cfg(feature = "wire")]
fn on_wire(
    demo: &Demo,
    scenario: Scenario,
    config: &Config,
    screen: &mut Screen,
) -> Result<ExitCode, Failure> {
    let failed =
        |why: std::io::Error| Failure::new(format!("no loopback port is available: {why}"));
    let wire = crate::wire::Wire::new(0).map_err(failed)?;
    let _within = wire.enter();
    let play = Play::with_ports(scenario.clone(), demo.seed, config, |world| {
        wire.ports(world, &config.environments[0].region)
    });
    perform(demo, &scenario, play, screen)
}

#[cfg(not(feature = "wire"))]
fn on_wire(_: &Demo, _: Scenario, _: &Config, _: &mut Screen) -> Result<ExitCode, Failure> {
    Err(super::built_without_wire("demo --wire"))
}

fn perform(
    demo: &Demo,
    scenario: &Scenario,
    mut play: Play,
    screen: &mut Screen,
) -> Result<ExitCode, Failure> {
    let (name, shows) = (scenario.name, scenario.shows);
    let page = served(demo, scenario, &mut play, screen)?;
    let verdict = if demo.json {
        let Some(verdict) = play.run(&mut Silence)? else {
            return leave(screen, false);
        };
        let account = ScenarioAccount::new(name, demo.seed, &verdict, play.world());
        print_json(screen, &account)?;
        verdict
    } else {
        screen.print(&opening(name, shows, demo.seed))?;
        let prompt = (!demo.headless).then(Prompt::stdin);
        let is_terminal = prompt.as_ref().is_some_and(Prompt::echoes);
        if is_terminal && is_lively() {
            screen.print(&paint(DIM, any_time(play.user())))?;
        }
        let speed = demo
            .speed
            .or_else(|| (page || (!demo.headless && is_lively())).then_some(WATCHABLE));
        let verdict = play.run(&mut Viewer::new(screen, speed, prompt))?;
        screen.status(Vec::new())?;
        let Some(verdict) = verdict else {
            return leave(screen, is_terminal);
        };
        screen.print(&deployments(play.world()))?;
        screen.print(&judged(&verdict))?;
        verdict
    };
    if page {
        screen.print(PAGE_STAYS)?;
        loop {
            std::thread::park();
        }
    }
    Ok(if verdict.as_it_should {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Shows the play as pages too, if that is wanted: whether it is.
#[cfg(feature = "console")]
fn served(
    demo: &Demo,
    scenario: &Scenario,
    play: &mut Play,
    screen: &mut Screen,
) -> Result<bool, Failure> {
    let Some(port) = demo.console else {
        return Ok(false);
    };
    let about = crate::console::of_demo(scenario.name);
    let watcher = crate::console::Watcher::new(about, play.config().clone());
    let server = crate::console::Server::new(port)?;
    screen.print(&server.said("while the demo plays"))?;
    server.serve_aside(watcher.board());
    play.watch(move |stage| watcher.sees(stage));
    Ok(true)
}

#[cfg(not(feature = "console"))]
fn served(demo: &Demo, _: &Scenario, _: &mut Play, _: &mut Screen) -> Result<bool, Failure> {
    match demo.console {
        Some(_) => Err(super::built_without_pages("console", "demo --console")),
        None => Ok(false),
    }
}

/// Ends where the input does. At a terminal that is what was wanted; a script has not seen the end.
fn leave(screen: &mut Screen, is_terminal: bool) -> Result<ExitCode, Failure> {
    screen.print(LEFT)?;
    Ok(if is_terminal {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn unknown(name: &str) -> Failure {
    let names: Vec<&str> = scenario::all()
        .iter()
        .map(|scenario: &Scenario| scenario.name)
        .collect();
    let meant = match super::probably(name, names.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`? All scenarios"),
        None => "the scenarios are".to_owned(),
    };
    Failure::usage(format!(
        "there is no scenario `{name}`: {meant}: {}\nsluice demo --list says what each shows",
        names.join(", ")
    ))
}

fn opening(name: &str, shows: &str, seed: u64) -> String {
    let start = play::start().strftime("%A %Y-%m-%d, %H:%M UTC");
    let world =
        format!("A simulated AWS account and Slack; no network. It is {start}; seed {seed}.");
    let title = wrap(&format!("{name}: {shows}"), width()).join("\n");
    format!(
        "{}\n{}\n",
        title.replacen(name, &paint(STRONG, name), 1),
        paint(DIM, wrap(&world, width()).join("\n"))
    )
}

fn judged(verdict: &Verdict) -> String {
    let mut lines = vec![String::new()];
    for checked in &verdict.checked {
        let mark = if checked.holds {
            paint(GOOD, "✓")
        } else {
            paint(BAD, "✗")
        };
        let words = wrap(&checked.words, width() - 2).join("\n  ");
        lines.push(format!("{mark} {words}"));
    }
    lines.push(String::new());
    let style = if verdict.as_it_should {
        GOOD.bold()
    } else {
        BAD
    };
    lines.push(paint(style, &verdict.ended));
    lines.join("\n")
}
