//! People who are asked are reminded before it is too late, in the channel.

use jiff::{SignedDuration, Timestamp};
use sluice_core::deployment::Requester;
use sluice_core::event::Event;
use sluice_core::machine::wake_at;
use sluice_core::note::Note;
use sluice_words::inline::plain;

use super::view::broadcasts;
use super::world::APPROVER;
use crate::Run;

fn reminded(run: &Run) -> Vec<Timestamp> {
    let notes = run.d.story.iter();
    let reminders = notes.filter(|entry| matches!(entry.note, Note::StillOpen { .. }));
    reminders.map(|entry| entry.at).collect()
}

/// Nothing happens but that Sluice wakes when it said.
fn sleep_until_it_is_over(run: &mut Run) {
    while let Some(at) = wake_at(&run.d, run.now) {
        run.now = run.now.max(at);
        run.event(&Event::Wake).expect("a wake-up is always taken");
    }
}

#[test]
fn approvers_are_reminded_at_half_time_and_shortly_before_the_end() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    let asked = run.d.entered_at;
    sleep_until_it_is_over(&mut run);
    assert_eq!(run.phase(), "Expired");
    // It is open for eight hours.
    let after = |minutes| asked + SignedDuration::from_mins(minutes);
    assert_eq!(reminded(&run), [after(4 * 60), after(7 * 60 + 45)]);
    assert_eq!(run.d.entered_at, after(8 * 60));
    let told: Vec<String> = broadcasts(&run).iter().map(|line| plain(line)).collect();
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn who_has_decided_is_not_reminded() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    run.approve(APPROVER).unwrap();
    run.until(&world, "RollingOut");
    assert_eq!(reminded(&run), []);
}

#[test]
fn a_reminder_that_comes_late_is_one() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    // Sluice was away over both moments.
    run.now = run.d.entered_at + SignedDuration::from_mins(7 * 60 + 50);
    run.event(&Event::Wake).unwrap();
    run.event(&Event::Wake).unwrap();
    assert_eq!(reminded(&run), [run.now]);
    let told = broadcasts(&run).pop().unwrap();
    insta::assert_snapshot!(plain(&told));
    let left = SignedDuration::from_mins(10);
    assert_eq!(wake_at(&run.d, run.now), Some(run.now + left));
}
