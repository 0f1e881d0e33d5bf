//! Quantities as people read them.

use jiff::SignedDuration;

/// `90` → `1m 30s`. Seconds in, at most two units out.
pub fn duration_s(seconds: u64) -> String {
    let units = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let said: Vec<String> = units
        .iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if said.is_empty() {
        "0s".to_owned()
    } else {
        said.join(" ")
    }
}

/// The same of a duration; a negative one counts as none.
pub fn duration(duration: SignedDuration) -> String {
    duration_s(duration.as_secs().try_into().unwrap_or(0))
}

/// Milliseconds, as people say them: below a minute with a tenth.
pub fn duration_ms(ms: u64) -> String {
    if ms < 60_000 {
        return format!("{}.{}s", ms / 1000, ms % 1000 / 100);
    }
    duration_s(ms / 1000)
}

/// `1 task`, `2 tasks`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::duration_s;

    #[test]
    fn durations_are_said_in_at_most_two_units() {
        assert_eq!(duration_s(0), "0s");
        assert_eq!(duration_s(45), "45s");
        assert_eq!(duration_s(90), "1m 30s");
        assert_eq!(duration_s(3600), "1h");
        assert_eq!(duration_s(3605), "1h");
        assert_eq!(duration_s(5400), "1h 30m");
    }
}
