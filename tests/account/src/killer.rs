//! Somebody who kills functions while they work.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::PATIENCE;

/// Kills at the most: then work is left to get on.
const MOST: usize = 30;
/// Between two looks at who works.
const LOOK: Duration = Duration::from_millis(3);
/// Between two kills, at least and at most: work must get on in between.
const PAUSE_MS: std::ops::Range<u64> = 300..2_000;

/// Kills functions at random moments until it is stopped.
pub struct Killer {
    stop: Arc<AtomicBool>,
    kills: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Killer {
    /// Kills processes that this Lambda service has started from these programs, each at most so
    /// often.
    pub(crate) fn start(service: u32, programs: BTreeMap<PathBuf, usize>) -> Self {
        let (stop, kills) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let mut prey = Prey { service, programs };
        let (ends, counts) = (stop.clone(), kills.clone());
        let thread = std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) && counts.load(Ordering::Relaxed) < MOST {
                std::thread::sleep(Duration::from_millis(fastrand::u64(PAUSE_MS)));
                if kill_one(&mut prey, &ends) {
                    counts.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Self {
            stop,
            kills,
            thread,
        }
    }

    /// Stops once so many were killed, or patience is at its end. How many were.
    pub async fn stop_after(self, kills: usize) -> usize {
        let began = Instant::now();
        while self.kills.load(Ordering::Relaxed) < kills && began.elapsed() < PATIENCE / 4 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.kills.load(Ordering::Relaxed)
    }
}

/// Who is killed.
struct Prey {
    service: u32,
    /// By program, how many kills are left.
    programs: BTreeMap<PathBuf, usize>,
}

/// Waits for a function that works, lets it work for a moment more, and kills it.
fn kill_one(prey: &mut Prey, stop: &AtomicBool) -> bool {
    let mut before = BTreeMap::new();
    while !stop.load(Ordering::Relaxed) {
        let now = prey.worked();
        let busy: Vec<u32> = now
            .iter()
            .filter(|(pid, work)| before.get(*pid).is_some_and(|earlier| earlier != *work))
            .map(|(pid, _)| *pid)
            .collect();
        if let Some(pid) = fastrand::choice(busy) {
            std::thread::sleep(Duration::from_millis(fastrand::u64(0..20)));
            return prey.kill(pid).unwrap_or(false);
        }
        before = now;
        std::thread::sleep(LOOK);
    }
    false
}

impl Prey {
    /// How long each process of theirs has been on a processor.
    fn worked(&self) -> BTreeMap<u32, String> {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let ours = pids.filter(|pid| self.holds(*pid).unwrap_or(false));
        ours.filter_map(|pid| {
            let times = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
            Some((pid, times.split(' ').next()?.to_owned()))
        })
        .collect()
    }

    fn kill(&mut self, pid: u32) -> Option<bool> {
        let left = self.programs.get_mut(&program(pid)?)?;
        let killed = Command::new("kill")
            .args(["-KILL", &pid.to_string()])
            .status()
            .is_ok_and(|status| status.success());
        *left -= usize::from(killed);
        Some(killed)
    }

    fn holds(&self, pid: u32) -> Option<bool> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        let left = self.programs.get(&program(pid)?)?;
        Some(*left > 0 && parent.trim() == self.service.to_string())
    }
}

fn program(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/exe")).ok()
}
