use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;

use super::*;
use crate::judge::{Column, Index, Table};

fn inspected(sql: String) -> Report {
    let columns = [(
        "name".to_owned(),
        Column {
            sql_type: "character varying(80)".into(),
            nullable: false,
            default: false,
            labels: Vec::new(),
        },
    )];
    let indexes = [("products_pkey".to_owned(), Index { unique: true })];
    let products = Table {
        rows: 1_200_000,
        bytes: 850_000_000,
        columns: columns.into(),
        indexes: Some(indexes.into()),
    };
    Report::Inspected(Box::new(Inspected {
        current: vec!["4f1b7e0c2a9d".into()],
        head: "9a3c5d7e1f20".into(),
        pending: vec![("9a3c5d7e1f20".into(), "drop the price".into())],
        sql: Some(sql),
        sql_error: None,
        tables: [("products".to_owned(), products)].into(),
    }))
}

fn failed(detail: &str) -> Report {
    Report::Failed {
        trouble: Trouble::NoDatabase,
        detail: detail.into(),
    }
}

/// Text that does not deflate to nothing.
fn noise(bytes: usize) -> String {
    let mut state = 7_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap())
    };
    (0..bytes).map(|_| next()).collect()
}

fn read(lines: &[String]) -> Result<Option<Report>, ReportError> {
    decode(lines.iter().map(String::as_str))
}

#[test]
fn what_is_told_is_read() {
    let report = inspected("ALTER TABLE products DROP COLUMN price;".into());
    let lines = encode(&report);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("sluice-report 1/1 "));
    assert_eq!(read(&lines).unwrap(), Some(report));
}

#[test]
fn a_long_report_is_lines_that_no_log_cuts() {
    let report = inspected(noise(100_000));
    let lines = encode(&report);
    assert!(lines.len() > 10);
    assert!(lines.iter().all(|line| line.len() < 8_100));
    assert_eq!(read(&lines).unwrap(), Some(report));
}

#[test]
fn other_lines_are_left_alone() {
    let mut lines = encode(&inspected(noise(30_000)));
    lines.insert(
        1,
        "INFO  [alembic.runtime.migration] Running upgrade".into(),
    );
    lines.insert(0, String::new());
    lines.push("sluice: bye".into());
    assert!(read(&lines).unwrap().is_some());
}

#[test]
fn a_report_that_is_not_whole_yet_is_none_yet() {
    let lines = encode(&inspected(noise(30_000)));
    for some in 0..lines.len() {
        assert_eq!(read(&lines[..some]).unwrap(), None);
    }
    // A log that is read from its middle.
    assert_eq!(read(&lines[1..]).unwrap(), None);
}

#[test]
fn of_two_reports_the_last_whole_one_counts() {
    let (first, second) = (failed("first"), failed("second"));
    let cut = encode(&inspected(noise(30_000))).remove(0);
    let lines = [encode(&first), encode(&second), vec![cut]].concat();
    assert_eq!(read(&lines).unwrap(), Some(second));
}

#[test]
fn what_is_no_report_is_said_to_be_none() {
    let zlib = |bytes: &[u8]| {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
        zlib.write_all(bytes).unwrap();
        let text = BASE64.encode(zlib.finish().unwrap());
        format!("sluice-report 1/1 {text}")
    };
    let cases = [
        (
            "sluice-report".to_owned() + " hello",
            "not a line of a report",
        ),
        ("sluice-report 2/1 AAAA".into(), "not a line of a report"),
        ("sluice-report 0/1 AAAA".into(), "not a line of a report"),
        (
            "sluice-report 1/99999 AAAA".into(),
            "a report of 99999 lines",
        ),
        ("sluice-report 1/1 !!!!".into(), "are not base64"),
        ("sluice-report 1/1 AAAA".into(), "does not inflate"),
        (zlib(b"{}"), "is not as expected"),
        (zlib(&vec![b' '; JSON_MAX + 1]), "more than 4000000 bytes"),
    ];
    for (line, says) in cases {
        let error = decode([line.as_str()]).unwrap_err().to_string();
        assert!(error.contains(says), "{line:.60}: {error}");
    }
}

#[test]
fn every_trouble_has_the_name_that_the_wrapper_tells() {
    let script = include_str!("../sluice_migrate.py");
    for trouble in Trouble::ALL {
        let name = serde_json::to_value(trouble).unwrap();
        let name = format!("'{}'", name.as_str().unwrap());
        assert!(script.contains(&name), "the wrapper never tells {name}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(lines in proptest::collection::vec("(sluice-report )?[0-9]{0,2}/?[0-9]{0,3} ?.{0,40}", 0..6)) {
        let _ = read(&lines);
    }

    #[test]
    fn any_detail_comes_through(detail in ".{0,300}") {
        let report = failed(&detail);
        prop_assert_eq!(read(&encode(&report)).unwrap(), Some(report));
    }
}
