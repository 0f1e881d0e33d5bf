//! Lines of somebody else's log, for people: without the values that stand in them.
//!
//! SQLAlchemy prints a failed statement with its parameters, PostgreSQL the row that was in the way,
//! and a client the address it connected to. Any of them may be a secret, or somebody's own.

/// The line without the values that are known to stand in such lines.
pub fn redacted(line: &str) -> String {
    let mut line = line.to_owned();
    // SQLAlchemy's parameters, PostgreSQL's DETAIL and its CONTEXT reach to the line's end.
    for mark in [
        "[parameters:",
        "DETAIL:",
        "CONTEXT:",
        "Failing row contains",
    ] {
        if let Some(at) = line.find(mark) {
            line.truncate(at + mark.len());
            line.push_str(" …");
        }
    }
    without_passwords(&without_literals(&line))
}

/// `'…'` for every text in single quotes. One that does not end is cut where it begins.
fn without_literals(line: &str) -> String {
    let mut kept = String::new();
    for (number, part) in line.split('\'').enumerate() {
        match number % 2 {
            0 => kept.push_str(part),
            _ => kept.push_str("'…'"),
        }
    }
    kept
}

/// `scheme://…@` for every address with somebody's name and password in it.
fn without_passwords(line: &str) -> String {
    let words = line.split(' ').map(|word| {
        let credentials = word.find("://").zip(word.rfind('@'));
        match credentials {
            Some((scheme, at)) if scheme < at => {
                format!("{}…{}", &word[..scheme + "://".len()], &word[at..])
            }
            _ => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn what_went_wrong_stays_and_values_go() {
        for (line, expected) in [
            (
                "INFO  [alembic.runtime.migration] Running upgrade 3f2a -> 9c1d, add a note",
                "INFO  [alembic.runtime.migration] Running upgrade 3f2a -> 9c1d, add a note",
            ),
            (
                "[parameters: {'name': 'Ada', 'token': 'x'}]",
                "[parameters: …",
            ),
            (
                "DETAIL:  Key (email)=(ada@example.com) already exists.",
                "DETAIL: …",
            ),
            (
                "[SQL: INSERT INTO users (name) VALUES ('Ada')]",
                "[SQL: INSERT INTO users (name) VALUES ('…')]",
            ),
            (
                "could not connect to postgresql://erp:s3cret@db.example.com/erp today",
                "could not connect to postgresql://…@db.example.com/erp today",
            ),
            ("it said 'never mind", "it said '…'"),
        ] {
            assert_eq!(redacted(line), expected);
        }
    }
}
