use super::redacted;

/// Each line, and what people read of it.
const LINES: [(&str, &str); 33] = [
    // What went wrong stays.
    (
        "INFO  [alembic.runtime.migration] Running upgrade 3f2a -> 9c1d, add a note",
        "INFO  [alembic.runtime.migration] Running upgrade 3f2a -> 9c1d, add a note",
    ),
    (
        r#"ERROR: column "note" of relation "orders" already exists"#,
        r#"ERROR: column "note" of relation "orders" already exists"#,
    ),
    (
        r#"duplicate key value violates unique constraint "users_email_key""#,
        r#"duplicate key value violates unique constraint "users_email_key""#,
    ),
    (
        r#"  File "/app/alembic/env.py", line 12, in run"#,
        r#"  File "/app/alembic/env.py", line 12, in run"#,
    ),
    (
        r#"{"level": "info", "message": "Running upgrade 3f2a -> 9c1d"}"#,
        r#"{"level": "info", "message": "Running upgrade 3f2a -> 9c1d"}"#,
    ),
    (
        "KeyError: the table isn't there",
        "KeyError: the table isn't there",
    ),
    (
        "not authorized to perform secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-central-1:1:secret:erp/db",
        "not authorized to perform secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-central-1:1:secret:erp/db",
    ),
    (
        "connected to postgresql://db.example.com:5432/erp",
        "connected to postgresql://db.example.com:5432/erp",
    ),
    // Parameters, rows and contexts reach to the end.
    (
        "[parameters: {'name': 'Ada', 'token': 'x'}]",
        "[parameters: …",
    ),
    (
        "DETAIL:  Key (email)=(ada@example.com) already exists.",
        "DETAIL: …",
    ),
    // Texts in quotes.
    (
        "[SQL: INSERT INTO users (name) VALUES ('Ada')]",
        "[SQL: INSERT INTO users (name) VALUES ('…')]",
    ),
    ("VALUES (E'one', 'it''s two', 3)", "VALUES (E'…', '…', 3)"),
    ("it said 'never mind", "it said '…'"),
    (
        "sqlalchemy.exc.DataError: can't cast value 's3cret-token' to int",
        "sqlalchemy.exc.DataError: can't cast value '…' to int",
    ),
    (
        "it's the value 'topsecret' that doesn't fit",
        "it's the value '…' that doesn't fit",
    ),
    (
        r#"invalid input syntax for type integer: "4111111111111111""#,
        r#"invalid input syntax for type integer: "…""#,
    ),
    (
        r#"invalid input value for enum status: "hunter2" and "more"#,
        r#"invalid input value for enum status: "…" and "…""#,
    ),
    // Secrets by their names.
    ("DATABASE_PASSWORD=hunter2", "DATABASE_PASSWORD=…"),
    (
        "password=hunter2 host=db dbname=erp",
        "password=… host=db dbname=erp",
    ),
    ("password: hunter2, retrying", "password: …, retrying"),
    ("--db-password hunter2 --force", "--db-password … --force"),
    (
        r#"config loaded: {"secret_key": "9f8e7d", "sentry": "x"}"#,
        r#"config loaded: {"secret_key": "…", "sentry": "x"}"#,
    ),
    (
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG",
        "AWS_SECRET_ACCESS_KEY=…",
    ),
    ("api-key:abc123;next", "api-key:…;next"),
    // Secrets by how they look.
    (
        "Authorization: Bearer eyJhbGciOi.abc.def",
        "Authorization: Bearer …",
    ),
    ("sent with bearer abc", "sent with bearer …"),
    ("key AKIAIOSFODNN7EXAMPLE is disabled", "key … is disabled"),
    ("(xoxb-1234-5678-abcdef)", "(…)"),
    // Addresses.
    (
        "could not connect to postgresql://erp:s3cret@db.example.com/erp today",
        "could not connect to postgresql://…@db.example.com/erp today",
    ),
    ("postgresql://erp:p@ss word@db/erp", "postgresql://…@db/erp"),
    ("redis://:s3cret@cache:6379/0", "redis://…@cache:6379/0"),
    (
        "\tpostgresql://a:b@c/d\tpostgresql://e:f@g/h",
        "\tpostgresql://…@c/d\tpostgresql://…@g/h",
    ),
    (
        "user ada.l+x@example.com not found",
        "user …@example.com not found",
    ),
];

#[test]
fn what_went_wrong_stays_and_values_go() {
    let wrong: Vec<String> = LINES
        .iter()
        .filter(|(line, expected)| redacted(line) != *expected)
        .map(|(line, expected)| format!("{line}\n  is {}\n not {expected}", redacted(line)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_line_that_was_redacted_stays_as_it_is() {
    for (_, expected) in LINES {
        assert_eq!(redacted(expected), expected);
    }
}
