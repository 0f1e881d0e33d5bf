//! Feeds payload files to the functions, each at its own time, in a world furnished for them.

mod furnish;
mod payload_file;

pub use payload_file::PayloadFile;

use std::io;
use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use sluice_app::App;
use sluice_core::config::Config;
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

use crate::play::{Audience, Stage, start};
use crate::wiring::{Function, Lambda};

pub use furnish::furnished;

/// After the last file the world runs no longer than this.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// What a function answered to a file.
#[derive(Clone, Debug, Serialize)]
pub struct Answered {
    /// The file.
    pub file: String,
    /// The function, if the file is for one.
    pub function: Option<Function>,
    /// When it was delivered.
    pub at: Option<Timestamp>,
    /// The result.
    #[serde(flatten)]
    pub answer: Answer,
}

/// The result of a file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The function answered this.
    Answer(Value),
    /// The function failed, or the file could not be read.
    Error(String),
}

/// A world in which files are delivered.
pub struct Rehearsal {
    stage: Stage,
    last_delivery: Timestamp,
    answers: Arc<Mutex<Vec<Answered>>>,
}

impl Rehearsal {
    /// A world for this application, in which everything that the files refer to exists.
    pub fn new(files: &[PayloadFile], config: &Config, seed: u64) -> Self {
        let begins = files
            .iter()
            .find_map(PayloadFile::happened_at)
            .unwrap_or_else(start);
        let configs = std::slice::from_ref(config);
        let world = World::new(seed, begins, configs, Weather::default());
        furnish::furnish(&world, files, config);
        let stage = Stage::new(world, vec![Arc::new(config.clone())]);
        let mut rehearsal = Self {
            stage,
            last_delivery: begins,
            answers: Arc::default(),
        };
        let app = App::new(
            rehearsal.stage.world.ports(),
            vec![Arc::new(config.clone())],
        );
        let lambda = Lambda::new(app);
        for file in files {
            rehearsal.plan(file, &lambda);
        }
        rehearsal
    }

    /// The world, to be looked into.
    pub fn world(&self) -> &World {
        &self.stage.world
    }

    /// The world, to go on in.
    pub fn into_world(self) -> World {
        self.stage.world
    }

    /// Runs until nothing moves, or for a day after the last file.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn run(&mut self, audience: &mut dyn Audience) -> io::Result<Vec<Answered>> {
        loop {
            self.stage.tell(audience)?;
            let late = self.stage.world.now().duration_since(self.last_delivery) >= LONGEST;
            if self.stage.is_over() || late {
                break;
            }
            self.stage.step(audience)?;
        }
        Ok(self
            .answers
            .lock()
            .expect("a panicking function ends the program")
            .clone())
    }

    /// Has the file delivered at its own time, or right after the one before.
    fn plan(&mut self, file: &PayloadFile, lambda: &Lambda) {
        let at = file
            .happened_at()
            .unwrap_or(self.last_delivery)
            .max(self.last_delivery);
        self.last_delivery = at;
        let (answers, lambda, file) = (self.answers.clone(), lambda.clone(), file.clone());
        let words = format!("{} goes to {}", file.name, file.function);
        let after = at.duration_since(self.stage.world.now());
        self.stage.world.plan(after, words, move |_| {
            let answered = block_on(lambda.invoke(file.function, &file.as_delivered(at)));
            answers
                .lock()
                .expect("a panicking function ends the program")
                .push(Answered {
                    file: file.name,
                    function: Some(file.function),
                    at: Some(at),
                    answer: answered.map_or_else(Answer::Error, refused),
                });
        });
    }
}

/// A batch whose messages failed, and a request that was turned away, are answers of the function
/// and failures to the sender.
fn refused(mut answer: Value) -> Answer {
    // Shown alike by every build: with the AWS SDK in it serde_json keeps another order.
    answer.sort_all_objects();
    let failed = answer["batchItemFailures"]
        .as_array()
        .is_some_and(|failed| !failed.is_empty());
    let turned_away = answer["statusCode"]
        .as_u64()
        .is_some_and(|status| status >= 400);
    if failed || turned_away {
        Answer::Error(answer.to_string())
    } else {
        Answer::Answer(answer)
    }
}
