//! Hands in the console: people who do to the account what they may, at any moment, and tell
//! nobody.

use jiff::Timestamp;

use super::{What, World};
use crate::cloud::{Cloud, FIRST_RELEASE_TAG, ServiceView};
use crate::workplace::Dice;

/// What somebody does by hand. The number chooses among what is there at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// Deploys the image that was there first.
    UpdatesService(u64),
    /// Sets the number of tasks: 0 to 4.
    ScalesService(u64),
    /// Stops a one-off task that runs.
    StopsTask(u64),
    /// Deletes a snapshot that Sluice took.
    DeletesSnapshot(u64),
    /// Changes the weights of a production rule.
    ChangesWeights(u64),
}

impl Hand {
    fn drawn(dice: &mut Dice) -> Self {
        let which = dice.below(5);
        let among = dice.below(1 << 32);
        match which {
            0 => Self::UpdatesService(among),
            1 => Self::ScalesService(among),
            2 => Self::StopsTask(among),
            3 => Self::DeletesSnapshot(among),
            _ => Self::ChangesWeights(among),
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::UpdatesService(_) => "someone deploys a service in the console",
            Self::ScalesService(_) => "someone scales a service in the console",
            Self::StopsTask(_) => "someone stops a task in the console",
            Self::DeletesSnapshot(_) => "someone deletes a snapshot in the console",
            Self::ChangesWeights(_) => "someone changes the listener's weights in the console",
        }
    }
}

fn chosen<T>(mut from: Vec<T>, among: u64) -> Option<T> {
    let count = u64::try_from(from.len()).unwrap_or(0);
    let which = usize::try_from(among.checked_rem(count)?).ok()?;
    Some(from.swap_remove(which))
}

fn chosen_service(cloud: &Cloud, among: u64) -> Option<ServiceView> {
    chosen(cloud.services(), among)
}

impl Cloud {
    /// Somebody does it now, where there is anything to do it to.
    pub fn by_hand(&mut self, hand: Hand) {
        // Another digit of the same number.
        let digit = |among: u64, base: u64| u32::try_from((among >> 16) % base).unwrap_or(0);
        match hand {
            Hand::UpdatesService(among) => {
                if let Some(service) = chosen_service(self, among)
                    && let Some(image) = self.first_image()
                {
                    self.deploy_by_hand(&service.cluster, &service.name, &image);
                }
            }
            Hand::ScalesService(among) => {
                if let Some(service) = chosen_service(self, among) {
                    // Two beats are what Sluice itself must never bring about.
                    let most = if service.most_running > 1 { 5 } else { 2 };
                    self.scale(&service.cluster, &service.name, digit(among, most));
                }
            }
            Hand::StopsTask(among) => {
                let mut running = self.tasks();
                running.retain(|task| task.stopped_at.is_none());
                if let Some(task) = chosen(running, among) {
                    self.stop_task(&task.cluster, &task.arn);
                }
            }
            Hand::DeletesSnapshot(among) => {
                let mut ours = self.snapshots();
                ours.retain(|snapshot| snapshot.ours);
                if let Some(snapshot) = chosen(ours, among) {
                    self.delete_snapshot_by_hand(&snapshot.snapshot.id);
                }
            }
            Hand::ChangesWeights(among) => {
                let mut shifting = self.services();
                shifting.retain(|service| {
                    let revisions = service.revisions.iter();
                    revisions.clone().any(|r| r.production_percent.is_some())
                });
                if let Some(service) = chosen(shifting, among) {
                    let blue = digit(among, 101);
                    let weights = [blue, 100 - blue];
                    self.set_weights(&service.cluster, &service.name, weights);
                }
            }
        }
    }

    fn first_image(&self) -> Option<String> {
        let mut images = self.services().into_iter().flat_map(|one| one.revisions);
        let running = images.next()?.image;
        let (repository, _) = running.split_once('@')?;
        let name = repository.split_once('/')?.1;
        let first = crate::cloud::digest_of(&format!("{name}:{FIRST_RELEASE_TAG}"));
        Some(format!("{repository}@{first}"))
    }
}

impl World {
    pub(super) fn plan_hand(&mut self, at: Timestamp, dice: &mut Dice) {
        self.agenda.hands.push_back((at, Hand::drawn(dice)));
    }

    pub(super) fn next_hand(&mut self) -> What {
        let Some((_, hand)) = self.agenda.hands.pop_front() else {
            return What::Nothing;
        };
        self.with_cloud(|cloud| cloud.by_hand(hand));
        What::Planned(hand.words().to_owned())
    }
}
