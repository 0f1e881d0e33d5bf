//! Windows held against a slow model: a clock on the wall that is looked at every minute.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};
use sluice_core::calendar::Window;

const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    // Half an hour of summer time, in the other half of the year.
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    // Its clocks are put forward at midnight, so that 00:00 is missing.
    "Africa/Cairo",
];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Days around which clocks are put forward or back somewhere above.
const CHANGES: [&str; 7] = [
    "2026-03-08",
    "2026-03-29",
    "2026-04-04",
    "2026-04-24",
    "2026-10-03",
    "2026-10-25",
    "2026-11-01",
];

/// What somebody with a wall clock and a list of the days says.
fn model(days: u8, opens: u16, closes: u16, zone: &TimeZone, at: Timestamp) -> bool {
    let local = zone.to_datetime(at);
    let minute = local.hour() as u16 * 60 + local.minute() as u16;
    let weekday = local.weekday().to_monday_zero_offset() as usize;
    let on = |day: usize| days & (1 << (day % 7)) != 0;
    if opens < closes {
        on(weekday) && opens <= minute && minute < closes
    } else {
        (on(weekday) && minute >= opens) || (on(weekday + 6) && minute < closes)
    }
}

fn from() -> impl Strategy<Value = Timestamp> {
    (0..CHANGES.len(), 0..4_000_i64).prop_map(|(change, minutes)| {
        let day: Timestamp = format!("{}T00:00:00Z", CHANGES[change])
            .parse()
            .expect("it is a time");
        day - SignedDuration::from_hours(40) + SignedDuration::from_mins(minutes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_window_opens_when_the_clock_on_the_wall_says_so(
        days in 1..128_u8,
        opens in 0..1_440_u16,
        length in 1..1_440_u16,
        near_midnight in any::<bool>(),
        zone in 0..ZONES.len(),
        from in from(),
    ) {
        // Clocks are put forward and back at night.
        let opens = if near_midnight { opens % 240 } else { opens };
        let closes = match (opens + length) % 1_440 { 0 => 1_440, closes => closes };
        let zone = ZONES[zone];
        let named: Vec<&str> = (0..7).filter(|day| days & (1 << day) != 0).map(|day| DAYS[day]).collect();
        let text = format!(
            "{} {:02}:{:02}-{:02}:{:02} {zone}",
            named.join(","), opens / 60, opens % 60, closes / 60, closes % 60
        );
        let window = Window::parse(&text).unwrap();
        let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
        let mut first = None;
        for minutes in 0..=8 * 1_440 {
            let at = from + SignedDuration::from_mins(minutes);
            let is_open = model(days, opens, closes, &zone, at);
            if minutes % 29 == 0 {
                prop_assert_eq!(window.is_open(at), is_open, "{} at {}", text, at);
            }
            if is_open {
                first = Some(at);
                break;
            }
        }
        // A week without the window is one in which the clocks jumped over it.
        if first.is_some() {
            prop_assert_eq!(window.opens_at(from), first, "{} from {}", text, from);
        }
    }
}
