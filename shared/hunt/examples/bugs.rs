//! bugs
use sluice_hunt::*;
fn main() {
    for bug in Bug::ALL {
        let t = std::time::Instant::now();
        let found = (0..3000).find_map(|seed| {
            let day = Day::drawn(seed);
            let out = play_with(&day, Some(bug));
            let f = out.found.iter().find(|f| bug.is_found_by(f)).cloned()?;
            Some((seed, day, f))
        });
        match found {
            None => println!("{bug}: NOT FOUND in 3000, {:?}", t.elapsed()),
            Some((seed, day, f)) => {
                let e = t.elapsed();
                let s = shrink(&day, &f, Some(bug), 300);
                println!(
                    "{bug}: seed {seed} {e:?}; shrunk {} days {:?}: {} moves {} habits: {f}",
                    s.played,
                    t.elapsed(),
                    s.day.moves.len(),
                    s.day.habits.len()
                );
            }
        }
    }
}
