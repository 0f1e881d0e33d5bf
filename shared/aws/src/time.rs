//! AWS's times and ours.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// `None` for a time outside of the years that a [`Timestamp`] can hold.
pub(crate) fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(time.as_nanos()).ok()
}

pub(crate) fn date_time(time: Timestamp) -> DateTime {
    DateTime::from_nanos(time.as_nanosecond())
        .expect("the time is beyond the largest that Sluice can store")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_comes_back_as_it_went() {
        for text in [
            "2026-03-01T12:00:00Z",
            "2026-03-01T12:00:00.250Z",
            "1969-12-31T23:59:59.5Z",
        ] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(timestamp(&date_time(time)), Some(time));
        }
    }
}
