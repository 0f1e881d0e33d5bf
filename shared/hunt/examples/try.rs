//! try
use sluice_hunt::*;
fn main() {
    let a: Vec<u64> = std::env::args()
        .skip(1)
        .map(|a| a.parse().unwrap())
        .collect();
    let t = std::time::Instant::now();
    let mut seen = Seen::default();
    for seed in a[0]..a[1] {
        let day = Day::drawn(seed);
        let t1 = std::time::Instant::now();
        let out = play(&day);
        seen += out.seen;
        if !out.found.is_empty() {
            println!("seed {seed} {:?}", t1.elapsed());
            for f in &out.found {
                println!("  {f}");
            }
            if a.len() > 2 {
                println!("{}", out.stories);
            }
            if a.len() > 3 {
                let s = shrink(&day, &out.found[0], None, 300);
                println!("{} days, {:#?}", s.played, s.day);
                println!("{}", play(&s.day).stories);
            }
        }
    }
    println!("{seen:?} {:?}", t.elapsed());
}
