use jiff::SignedDuration;

use super::*;
use crate::config::Day;

fn id(text: &str) -> FindingId {
    FindingId::new(text)
}

fn counts<const N: usize>(counts: [(Severity, u32); N]) -> Counts {
    BTreeMap::from(counts)
}

fn named<const N: usize>(ids: [(&str, Severity); N], others: Counts) -> Findings {
    let mut findings = Findings::from(others);
    for (name, severity) in ids {
        *findings.counts.entry(severity).or_default() += 1;
        findings.name(id(name), severity);
    }
    findings
}

fn policy(except: &[(&str, &str)]) -> ScanPolicy {
    let exception = |(name, until): &(&str, &str)| ScanException {
        id: id(name),
        by: "ops".to_owned(),
        reason: "no fix yet".to_owned(),
        until: Day::parse(until).unwrap(),
    };
    ScanPolicy {
        block: Some(Severity::High),
        wait: SignedDuration::ZERO,
        except: except.iter().map(exception).collect(),
    }
}

#[test]
fn an_exception_holds_until_the_end_of_its_day() {
    let findings = named([("CVE-1", Severity::High)], Counts::new());
    let policy = policy(&[("CVE-1", "2026-03-01")]);
    let at = |time: &str| policy.judge(&findings, time.parse().unwrap());
    let holds = at("2026-03-01T23:59:59Z");
    assert_eq!(holds.open.get(&Severity::High), Some(&0));
    assert_eq!(
        holds.excepted[0].to_string(),
        "high CVE-1 until 2026-03-01, by ops: no fix yet"
    );
    let over = at("2026-03-02T00:00:00Z");
    assert_eq!(over.open, counts([(Severity::High, 1)]));
    assert_eq!(over.expired, policy.except);
    assert!(over.excepted.is_empty());
}

#[test]
fn what_nobody_answers_for_counts() {
    let findings = named(
        [("CVE-1", Severity::High), ("CVE-2", Severity::Critical)],
        counts([(Severity::High, 2)]),
    );
    let policy = policy(&[("CVE-1", "2026-03-01")]);
    let judged = policy.judge(&findings, "2026-02-01T00:00:00Z".parse().unwrap());
    let open = counts([(Severity::High, 2), (Severity::Critical, 1)]);
    assert_eq!(judged.open, open);
    assert_eq!(judged.excepted.len(), 1);
    assert!(judged.expired.is_empty());
}

#[test]
fn an_index_is_judged_by_what_nobody_answers_for_in_any_of_its_images() {
    // Both have one finding of high severity, and an exception of one answers not for the other.
    let (one, other) = (
        named([("CVE-1", Severity::High)], Counts::new()),
        named([("CVE-2", Severity::High)], Counts::new()),
    );
    let asked = [id("CVE-1")];
    let both = one.only(&asked).or_more(other.only(&asked));
    assert_eq!(both.counts, counts([(Severity::High, 1)]));
    assert_eq!(both.all(), counts([(Severity::High, 2)]));
}

#[test]
fn findings_without_exceptions_are_stored_as_their_counts() {
    let plain = Findings::from(counts([(Severity::High, 2)]));
    let stored = serde_json::to_string(&plain).unwrap();
    assert_eq!(stored, r#"{"HIGH":2}"#);
    for findings in [plain, named([("CVE-1", Severity::Low)], Counts::new())] {
        let stored = serde_json::to_string(&findings).unwrap();
        assert_eq!(serde_json::from_str::<Findings>(&stored).unwrap(), findings);
    }
}

#[test]
fn a_day_is_a_day_of_the_calendar() {
    for text in ["2026-02-30", "2026-3-1", "01.03.2026", "soon", ""] {
        assert!(Day::parse(text).is_err(), "{text}");
    }
}
