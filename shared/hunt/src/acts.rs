//! Carrying out what happens in a day.

use std::collections::BTreeMap;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::ports::TriggerId;
use sluice_app::{App, Decide};
use sluice_core::config::SecretSource;
use sluice_core::id::UserId;
use sluice_core::observation::AlarmState;
use sluice_sim::cloud::{ImageBehaviour, Push, digest_of};
use sluice_sim::world::World;
use sluice_words::message::{Block, Button};
use sluice_words::modal::{FORCE, Input, InputKind, InputName, Modal, Purpose, Submission};

use crate::company::APPS;
use crate::day::{Act, Day};

/// Has everything of the day happen when it is time.
pub(crate) fn plan(world: &mut World, app: &App, day: &Day) {
    for (number, one) in day.moves.iter().enumerate() {
        let (act, app) = (one.act.clone(), app.clone());
        let behaviour = match &act {
            Act::Push { image, .. } => day.images.get(image).map(|bad| bad.behaviour.clone()),
            _ => None,
        };
        world.plan(one.at, act.to_string(), move |world| {
            carry_out(world, &app, &act, number, behaviour.unwrap_or_default());
        });
    }
}

fn carry_out(world: &mut World, app: &App, act: &Act, number: usize, behaviour: ImageBehaviour) {
    match act {
        Act::Push { app, tag, image } => {
            let push = Push::image(&APPS[*app].repository, tag, digest_of(image));
            world.with_cloud(|cloud| cloud.push_image(push.behaving(behaviour)));
        }
        Act::Types {
            by,
            command,
            choice,
        } => {
            let trigger = TriggerId(format!("typed-{number}"));
            let forms = world.slack().modals().len();
            // Whoever is refused, or not answered, does not try again.
            let _ = block_on(app.typed(command, by, &trigger));
            fill_in(world, app, forms, by, *choice, number);
        }
        Act::Clicks { by, choice } => {
            let buttons = buttons(world);
            let Some(button) = chosen(&buttons, *choice) else {
                return;
            };
            let decide = Decide {
                action: button.action,
                deployment: button.deployment.clone(),
                plan: button.plan.clone(),
                by: by.clone(),
                reason: None,
            };
            let trigger = TriggerId(format!("clicked-{number}"));
            let forms = world.slack().modals().len();
            let _ = block_on(app.click(&decide, Some(&trigger)));
            fill_in(world, app, forms, by, *choice, number);
        }
        Act::Hand(hand) => world.with_cloud(|cloud| cloud.by_hand(*hand)),
        Act::Outage { of, lasts } => world.outage(*of, *lasts),
        Act::CutOff { lasts } => {
            world.with_cloud(|cloud| cloud.cut_off(true));
            passes(
                world,
                *lasts,
                "Sluice reaches the applications again",
                |world| {
                    world.with_cloud(|cloud| cloud.cut_off(false));
                },
            );
        }
        Act::Rotates(choice) => {
            let environments = APPS.iter().flat_map(|config| &config.environments);
            let names: Vec<String> = environments
                .flat_map(|environment| environment.secrets.values())
                .map(|source| match source {
                    SecretSource::SecretsManager { name, .. }
                    | SecretSource::Parameter { name } => name.clone(),
                })
                .collect();
            if let Some(name) = chosen(&names, *choice) {
                world.with_cloud(|cloud| cloud.rotate_secret(name));
            }
        }
        Act::Rings { choice, lasts } => {
            let environments = APPS.iter().flat_map(|config| &config.environments);
            let alarms: Vec<_> = environments
                .flat_map(|environment| environment.alarms.clone())
                .collect();
            let Some(name) = chosen(&alarms, *choice).cloned() else {
                return;
            };
            world.with_cloud(|cloud| cloud.set_alarm(&name, AlarmState::Alarm));
            passes(world, *lasts, "the alarm is quiet again", move |world| {
                world.with_cloud(|cloud| cloud.set_alarm(&name, AlarmState::Ok));
            });
        }
    }
}

fn passes(
    world: &mut World,
    after: SignedDuration,
    what: &str,
    act: impl FnOnce(&mut World) + Send + 'static,
) {
    world.plan(after, what, act);
}

fn chosen<T>(from: &[T], choice: u64) -> Option<&T> {
    let count = u64::try_from(from.len()).ok()?;
    let which = choice.checked_rem(count)?;
    from.get(usize::try_from(which).ok()?)
}

/// Every button that people see at this moment.
pub(crate) fn buttons(world: &World) -> Vec<Button> {
    let messages = world.slack().messages();
    let blocks = messages.iter().flat_map(|posted| &posted.says().blocks);
    let buttons = blocks.filter_map(|block| match block {
        Block::Buttons(buttons) => Some(buttons),
        _ => None,
    });
    buttons.flatten().cloned().collect()
}

/// The form that was opened since there were `forms`, if any, is filled in and sent.
fn fill_in(world: &World, app: &App, forms: usize, by: &UserId, choice: u64, number: usize) {
    let modals = world.slack().modals();
    let Some(modal) = modals.get(forms) else {
        return;
    };
    let submission = Submission {
        id: format!("form-{number}"),
        purpose: modal.purpose.clone(),
        answers: answers(modal, choice),
        by: by.clone(),
    };
    let _ = block_on(app.submit(&submission));
}

fn answers(modal: &Modal, choice: u64) -> BTreeMap<InputName, String> {
    let answer = |input: &Input| match (&input.kind, input.name) {
        (InputKind::Select(_), InputName::Schema) => FORCE.to_owned(),
        (InputKind::Select(choices), _) => {
            chosen(choices, choice).map_or_else(String::new, |choice| choice.value.clone())
        }
        (InputKind::Text { .. }, InputName::Confirm) => match &modal.purpose {
            Purpose::Restore { at } => at.environment.to_string(),
            _ => String::new(),
        },
        (InputKind::Text { .. }, _) => "orders fail for everybody".to_owned(),
    };
    let inputs = modal.inputs.iter();
    inputs.map(|input| (input.name, answer(input))).collect()
}
