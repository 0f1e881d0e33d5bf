//! How big a table is, in words.

use super::Table;

/// Fewer rows than this are through before anybody notices.
const FEW_ROWS: u64 = 10_000;
/// As few bytes as this are, too.
const FEW_BYTES: u64 = 10_000_000;

/// How big a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// PostgreSQL's estimate.
    rows: Option<u64>,
    bytes: Option<u64>,
}

impl Size {
    pub(super) fn of(table: Option<&Table>) -> Self {
        let rows = table.and_then(|table| u64::try_from(table.rows).ok());
        // A table that was never analysed and takes no room at all is one whose rows are elsewhere.
        let bytes = table.map(|table| table.bytes);
        let bytes = bytes.filter(|bytes| rows.is_some() || *bytes > 0);
        Self { rows, bytes }
    }

    /// Whether nobody notices what is done to all of it. A size that is not known is not small.
    pub(super) fn is_small(self) -> bool {
        let few_rows = self.rows.is_none_or(|rows| rows < FEW_ROWS);
        few_rows && self.bytes.is_some_and(|bytes| bytes < FEW_BYTES)
    }

    /// For sorting: the bigger, the worse.
    pub(super) fn weight(self) -> u64 {
        self.bytes.unwrap_or(FEW_BYTES)
    }

    /// A clause about the table: "orders has about 1,200,000 rows (850 MB)".
    pub(super) fn clause(self, table: &str) -> String {
        match (self.rows, self.bytes) {
            (Some(rows), Some(bytes)) => {
                format!(
                    "{table} has about {} rows ({})",
                    grouped(rounded(rows)),
                    in_units(bytes)
                )
            }
            (None, Some(bytes)) => format!("{table} takes {}", in_units(bytes)),
            (_, None) => format!("the size of {table} is not known"),
        }
    }

    /// The same in brackets, with a space before it: " (about 1,200,000 rows)"; empty where it is
    /// not known.
    pub(super) fn aside(self) -> String {
        match self.rows {
            Some(rows) => format!(" (about {} rows)", grouped(rounded(rows))),
            None => String::new(),
        }
    }
}

/// To two digits: it is an estimate, and a sentence that changes with every row says nothing more.
fn rounded(rows: u64) -> u64 {
    let mut unit = 1;
    while rows / unit >= 100 {
        unit *= 10;
    }
    (rows + unit / 2) / unit * unit
}

/// With a comma at each thousand.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Bytes in the unit that suits them.
fn in_units(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        1_000_000_000..1_000_000_000_000 => (1_000_000_000, "GB"),
        _ => (1_000_000_000_000, "TB"),
    };
    // A report may say any number: ten times as many bytes are more than fits.
    let tenths = bytes / unit * 10 + (bytes % unit * 10 + unit / 2) / unit;
    match (tenths / 10, tenths % 10) {
        (whole, tenth) if whole < 10 && tenth > 0 => format!("{whole}.{tenth} {name}"),
        (whole, tenth) => format!("{} {name}", whole + u64::from(tenth >= 5)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_as_people_say_them() {
        let size = |rows, bytes| {
            let table = Table {
                rows,
                bytes,
                ..Table::default()
            };
            Size::of(Some(&table)).clause("orders")
        };
        assert_eq!(
            size(1_203_411, 850_000_000),
            "orders has about 1,200,000 rows (850 MB)"
        );
        assert_eq!(size(999, 8_192), "orders has about 1,000 rows (8.2 kB)");
        assert_eq!(size(7, 0), "orders has about 7 rows (0 kB)");
        assert_eq!(size(-1, 3_250_000_000), "orders takes 3.3 GB");
        assert_eq!(size(-1, 0), "the size of orders is not known");
    }

    #[test]
    fn small_is_few_rows_and_few_bytes() {
        let small = |rows, bytes| {
            let table = Table {
                rows,
                bytes,
                ..Table::default()
            };
            Size::of(Some(&table)).is_small()
        };
        assert!(small(9_999, 9_999_999));
        assert!(small(0, 0));
        assert!(small(-1, 8_192));
        assert!(!small(10_000, 8_192));
        assert!(!small(5, 10_000_000));
        assert!(!small(-1, 0), "nothing is known");
        assert!(!Size::of(None).is_small());
    }
}
