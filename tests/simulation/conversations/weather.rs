//! Slack on a bad day, over HTTP: too many calls, no answers, lost answers, slow ones.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot be told fails its test"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;
use sluice_sim::slack_web::{Limits, Trouble};
use sluice_slack_function::Patience;
use sluice_words::message::ButtonAction;

use super::transcript::words;
use super::{ImageBehaviour, LEAD, ON_CALL, Room, over_http};

/// How often each message is there, by the key that it was posted with.
fn posted(room: &Room) -> BTreeMap<String, usize> {
    let mut posted = BTreeMap::new();
    for message in room.http().web().all_messages() {
        let key = message.metadata["event_payload"]["key"].as_str().unwrap();
        *posted.entry(key.to_owned()).or_default() += 1;
    }
    posted
}

fn suffers(room: &Room, after_s: i64, lasts_s: i64, trouble: Trouble) {
    let from = room.world.now() + SignedDuration::from_secs(after_s);
    let until = from + SignedDuration::from_secs(lasts_s);
    room.http().web().plan_trouble(from, until, trouble);
}

fn assert_all_is_told_once(room: &mut Room) {
    let twice: Vec<(String, usize)> = posted(room).into_iter().filter(|(_, n)| *n > 1).collect();
    assert_eq!(twice, [], "nothing is posted twice");
    let story = room.newest().story.len();
    let thread: String = room
        .thread()
        .iter()
        .map(|it| words(&it.blocks) + "\n")
        .collect();
    assert_eq!(
        thread.matches("is live in production").count(),
        1,
        "{thread}"
    );
    assert!(thread.lines().count() >= story, "{thread}");
    let says = words(&room.message().blocks);
    assert!(says.contains("is live in production"), "{says}");
    room.read();
}

#[test]
fn on_a_bad_day_everything_is_told_late_and_once() {
    on_a_bad_day(Room::over_http);
}

#[test]
fn also_where_what_was_posted_is_read_late() {
    on_a_bad_day(Room::strict);
}

fn on_a_bad_day(room: fn() -> Room) {
    over_http(|| {
        let mut room = room();
        room.released(&["1.4.0"]);
        room.http().web().set_limits(Limits::default());
        suffers(&room, 0, 90, Trouble::Down);
        suffers(&room, 90, 240, Trouble::Lost);
        let slow = Trouble::Slow(SignedDuration::from_millis(20));
        suffers(&room, 330, 600, slow);
        suffers(&room, 1_500, 300, Trouble::Down);
        suffers(&room, 1_800, 120, Trouble::Lost);
        room.pushes("1.5.0", &ImageBehaviour::default());
        // Lambda starts its functions anew when it likes: they remember nothing of what they posted.
        for _ in 0..40 {
            room.time_passes(SignedDuration::from_secs(45));
            room.starts_anew();
        }
        room.quiet();
        assert_eq!(room.ends(), ["Succeeded"; 2]);
        assert_all_is_told_once(&mut room);
    });
}

#[test]
fn slack_s_limits_are_kept_and_nothing_is_lost_by_it() {
    over_http(|| {
        let mut room = Room::over_http();
        room.http().web().set_limits(Limits::default());
        for version in ["1.4.0", "1.5.0", "1.6.0"] {
            room.pushes(version, &ImageBehaviour::default());
            room.quiet();
        }
        assert_eq!(room.ends(), ["Succeeded"; 3]);
        // As many lines at once as Slack does not take: everybody says something in the channel.
        for number in 0..12 {
            room.types(LEAD, &format!("freeze production for the {number}th time"));
            room.types(LEAD, "thaw production");
            room.time_passes(SignedDuration::from_millis(100));
        }
        let refused = room.http().web().refused_for_rate().to_vec();
        assert!(!refused.is_empty(), "the limits were reached");
        let posts = refused
            .iter()
            .filter(|(_, call)| call.method == "chat.postMessage");
        let times: Vec<_> = posts.map(|(at, _)| *at).collect();
        let asked_again = times.windows(2).filter(|two| two[0] == two[1]).count();
        assert_eq!(
            asked_again, 0,
            "Slack is left alone when it says so: {times:?}"
        );
        room.pushes("1.7.0", &ImageBehaviour::default());
        room.quiet();
        assert_all_is_told_once(&mut room);
    });
}

/// Waits by the clock on the wall.
struct Clocked;

impl Patience for Clocked {
    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        tokio::time::timeout(limit, work).await.ok()
    }
}

#[test]
fn a_click_is_answered_however_slow_slack_is() {
    over_http(|| {
        let mut room = Room::over_http();
        room.released(&["1.4.0"]);
        room.approves = false;
        room.pushes("1.5.0", &ImageBehaviour::default());
        room.waits_in("AwaitingApproval");
        let click = room.click(ON_CALL, ButtonAction::Approve);
        // Longer than the client itself would wait.
        suffers(&room, 0, 60, Trouble::Slow(SignedDuration::from_secs(20)));
        let response = room.patiently(&click, &Clocked);
        let body: Value = serde_json::from_str(&response.body).unwrap();
        let said = body["text"].as_str().unwrap();
        assert!(said.contains("This may not have taken effect"), "{said}");
        assert_eq!(room.newest().approvals.len(), 0);

        room.time_passes(SignedDuration::from_mins(2));
        room.clicks(ON_CALL, ButtonAction::Approve);
        room.quiet();
        assert_eq!(room.ends(), ["Succeeded"; 2]);
    });
}
