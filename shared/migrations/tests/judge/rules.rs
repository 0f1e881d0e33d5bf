//! Each rule where it finds something and where it does not.

use std::collections::{BTreeMap, BTreeSet};

use sluice_migrations::{Index, NO_SQL, judge, rules};

use super::erp::{found, judged, tables};

/// SQL inside one transaction, and what is found in it.
const BAD: &[(&str, &[&str])] = &[
    // Tables and columns that go.
    (
        "DROP TABLE orders;",
        &["breaking: drop-table", "data-losing: drop-table"],
    ),
    (
        "DROP TABLE IF EXISTS public.orders CASCADE;",
        &["breaking: drop-table", "data-losing: drop-table"],
    ),
    (
        "ALTER TABLE orders DROP COLUMN note;",
        &["breaking: drop-column", "data-losing: drop-column"],
    ),
    (
        "ALTER TABLE ONLY \"orders\" DROP COLUMN IF EXISTS \"note\";",
        &["breaking: drop-column", "data-losing: drop-column"],
    ),
    // What else the migration makes under the name of a table is not the table.
    (
        "CREATE FUNCTION orders() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql; DROP TABLE orders;",
        &["breaking: drop-table", "data-losing: drop-table"],
    ),
    (
        "CREATE TEMPORARY TABLE currencies (id int); DROP TABLE public.currencies;",
        &["breaking: drop-table", "data-losing: drop-table"],
    ),
    (
        "CREATE TABLE IF NOT EXISTS orders (id int); DROP TABLE orders;",
        &["breaking: drop-table", "data-losing: drop-table"],
    ),
    // Names.
    (
        "ALTER TABLE orders RENAME TO sales_orders;",
        &["breaking: rename-table"],
    ),
    (
        "ALTER TABLE orders RENAME COLUMN note TO remark;",
        &["breaking: rename-column"],
    ),
    (
        "ALTER TABLE currencies SET SCHEMA billing;",
        &["breaking: set-schema"],
    ),
    // What an INSERT has to fill.
    (
        "ALTER TABLE currencies ADD COLUMN digits INTEGER NOT NULL;",
        &["breaking: add-required-column"],
    ),
    (
        "ALTER TABLE currencies ALTER COLUMN name SET NOT NULL;",
        &["breaking: set-not-null"],
    ),
    (
        "ALTER TABLE orders ALTER COLUMN note SET NOT NULL;",
        &["breaking: set-not-null", "locking: scan-under-lock"],
    ),
    (
        "ALTER TABLE orders ALTER COLUMN placed_at DROP DEFAULT;",
        &["breaking: drop-default"],
    ),
    // As Alembic fills a new column: ADD, UPDATE, SET NOT NULL.
    (
        "ALTER TABLE currencies ADD COLUMN digits INTEGER; UPDATE currencies SET digits = 2; \
         ALTER TABLE currencies ALTER COLUMN digits SET NOT NULL;",
        &["breaking: set-not-null"],
    ),
    // Code that knows a column may write NULL, and then its default does not help.
    (
        "ALTER TABLE currencies ALTER COLUMN name SET NOT NULL; \
         ALTER TABLE currencies ALTER COLUMN name SET DEFAULT '';",
        &["breaking: set-not-null"],
    ),
    // A default that is there only for the rows that are there.
    (
        "ALTER TABLE currencies ADD COLUMN digits INTEGER DEFAULT 2 NOT NULL; \
         ALTER TABLE currencies ALTER COLUMN digits DROP DEFAULT;",
        &["breaking: drop-default"],
    ),
    (
        "ALTER TABLE currencies ALTER COLUMN code ADD GENERATED ALWAYS AS IDENTITY;",
        &["breaking: add-generated"],
    ),
    // Types.
    (
        "ALTER TABLE currencies ALTER COLUMN name TYPE VARCHAR(20);",
        &["breaking: narrow-type"],
    ),
    (
        "ALTER TABLE currencies ALTER COLUMN name TYPE VARCHAR(20) USING name::varchar(20);",
        &["breaking: narrow-type", "data-losing: narrow-type"],
    ),
    (
        "ALTER TABLE orders ALTER COLUMN total TYPE NUMERIC(12, 1);",
        &[
            "breaking: narrow-type",
            "data-losing: narrow-type",
            "locking: rewrite-table",
        ],
    ),
    (
        "ALTER TABLE orders ALTER COLUMN id TYPE INTEGER;",
        &["breaking: narrow-type", "locking: rewrite-table"],
    ),
    (
        "ALTER TABLE orders ALTER COLUMN placed_at TYPE DATE;",
        &[
            "breaking: narrow-type",
            "data-losing: narrow-type",
            "locking: rewrite-table",
        ],
    ),
    (
        "ALTER TABLE unheard_of ALTER COLUMN x TYPE INTEGER;",
        &["breaking: narrow-type", "locking: rewrite-table"],
    ),
    (
        "ALTER TABLE orders ALTER COLUMN customer_id TYPE UUID;",
        &["breaking: change-type", "locking: rewrite-table"],
    ),
    (
        "ALTER TABLE currencies ALTER COLUMN name TYPE VARCHAR(80) USING upper(name);",
        &["data-losing: change-type"],
    ),
    // Enums.
    (
        "ALTER TYPE order_status RENAME VALUE 'open' TO 'placed';",
        &["breaking: rename-enum-value"],
    ),
    (
        "ALTER TYPE order_status RENAME TO order_status_old; \
         CREATE TYPE order_status AS ENUM ('draft', 'open'); \
         ALTER TABLE orders ALTER COLUMN status TYPE order_status USING status::text::order_status; \
         DROP TYPE order_status_old;",
        &["breaking: drop-enum-value", "locking: rewrite-table"],
    ),
    (
        "ALTER TYPE order_status RENAME TO state;",
        &["breaking: rename-type"],
    ),
    ("DROP TYPE order_status;", &["breaking: drop-type"]),
    (
        "DROP TYPE order_status CASCADE;",
        &["breaking: drop-type", "data-losing: drop-type"],
    ),
    (
        "ALTER TYPE order_status ADD VALUE 'lost'; UPDATE currencies SET name = 'lost' WHERE code = 'x';",
        &["not-transactional: new-enum-value-used"],
    ),
    // Other things that go.
    ("DROP VIEW open_orders;", &["breaking: drop-view"]),
    (
        "DROP MATERIALIZED VIEW IF EXISTS sales;",
        &["breaking: drop-view"],
    ),
    (
        "DROP FUNCTION IF EXISTS total_of(bigint, text);",
        &["breaking: drop-function"],
    ),
    ("DROP PROCEDURE close_month;", &["breaking: drop-function"]),
    (
        "CREATE OR REPLACE FUNCTION total_of(o bigint) RETURNS numeric AS $$ SELECT 1; SELECT 2.0 $$ LANGUAGE sql;",
        &["breaking: replace-function"],
    ),
    ("DROP SEQUENCE order_numbers;", &["breaking: drop-sequence"]),
    ("DROP SCHEMA legacy;", &["breaking: drop-schema"]),
    (
        "DROP SCHEMA legacy CASCADE;",
        &["breaking: drop-schema", "data-losing: drop-schema"],
    ),
    (
        "DROP DATABASE erp;",
        &[
            "breaking: drop-database",
            "data-losing: drop-database",
            "not-transactional: not-in-transaction",
        ],
    ),
    ("DROP INDEX ix_orders_number;", &["breaking: drop-index"]),
    (
        "ALTER TABLE currencies DROP CONSTRAINT uq_currencies_name;",
        &["breaking: drop-constraint"],
    ),
    (
        "ALTER TABLE orders DETACH PARTITION orders_2019;",
        &[
            "breaking: detach-partition",
            "locking: require-concurrent-partition-detach",
        ],
    ),
    (
        "CREATE FUNCTION total_of(o bigint, unit text DEFAULT 'kg') RETURNS int AS $$ SELECT 1 $$ \
         LANGUAGE sql; DROP FUNCTION total_of(bigint);",
        &["breaking: drop-function"],
    ),
    (
        "CREATE OR REPLACE VIEW v AS SELECT 1 AS one; DROP VIEW v;",
        &["breaking: drop-view"],
    ),
    (
        "ALTER VIEW open_orders RENAME COLUMN id TO order_id;",
        &["breaking: rename-column"],
    ),
    // Things that refuse what was taken.
    (
        "ALTER TABLE currencies ADD CONSTRAINT ck CHECK (length(code) = 3);",
        &["breaking: add-check"],
    ),
    (
        "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);",
        &["breaking: add-check", "locking: scan-under-lock"],
    ),
    (
        "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;",
        &["breaking: add-check"],
    ),
    (
        "ALTER TABLE currencies ADD CONSTRAINT uq UNIQUE (name);",
        &["breaking: add-unique"],
    ),
    (
        "CREATE UNIQUE INDEX uq ON currencies (lower(name));",
        &["breaking: add-unique"],
    ),
    (
        "ALTER TABLE orders ADD FOREIGN KEY(customer_id) REFERENCES customers (id);",
        &["breaking: add-foreign-key", "locking: scan-under-lock"],
    ),
    (
        "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY(customer_id) REFERENCES customers (id) NOT VALID;",
        &["breaking: add-foreign-key"],
    ),
    (
        "ALTER TABLE currencies ADD CONSTRAINT no_overlap EXCLUDE USING gist (code WITH =);",
        &["breaking: add-exclusion"],
    ),
    (
        "CREATE TRIGGER stamp BEFORE UPDATE ON currencies FOR EACH ROW EXECUTE FUNCTION stamp();",
        &["breaking: add-trigger"],
    ),
    (
        "DROP TRIGGER stamp ON currencies;",
        &["breaking: drop-trigger"],
    ),
    (
        "CREATE RULE keep AS ON DELETE TO currencies DO INSTEAD NOTHING;",
        &["breaking: add-rewrite-rule"],
    ),
    (
        "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;",
        &["breaking: row-security"],
    ),
    (
        "CREATE POLICY own ON orders USING (customer_id = 7);",
        &["breaking: row-security"],
    ),
    ("REVOKE ALL ON orders FROM erp;", &["breaking: revoke"]),
    (
        "ALTER TABLE orders OWNER TO somebody;",
        &["breaking: change-owner"],
    ),
    // Data.
    ("TRUNCATE TABLE currencies;", &["data-losing: truncate"]),
    ("DELETE FROM currencies;", &["data-losing: delete-all"]),
    (
        "DELETE FROM currencies WHERE code = 'DEM';",
        &["data-losing: delete"],
    ),
    (
        "WITH gone AS (DELETE FROM currencies RETURNING code) SELECT count(*) FROM gone;",
        &["data-losing: delete-all"],
    ),
    (
        "UPDATE currencies SET name = upper(name);",
        &["data-losing: update-all"],
    ),
    (
        "UPDATE orders SET (note, total) = ('', 0);",
        &["data-losing: update-all", "locking: long-update"],
    ),
    (
        "DELETE FROM currencies WHERE 1 = 1;",
        &["data-losing: delete-all"],
    ),
    (
        "UPDATE currencies SET name = '' WHERE true;",
        &["data-losing: update-all"],
    ),
    // Locks.
    (
        "CREATE INDEX ix_orders_note ON orders (note);",
        &["locking: index-not-concurrent"],
    ),
    (
        "REINDEX TABLE orders;",
        &["locking: reindex-not-concurrent"],
    ),
    (
        "REFRESH MATERIALIZED VIEW sales;",
        &["locking: refresh-not-concurrent"],
    ),
    (
        "ALTER TABLE orders ADD COLUMN key UUID DEFAULT gen_random_uuid();",
        &["locking: rewrite-table"],
    ),
    (
        "ALTER TABLE orders ADD COLUMN serial_number BIGSERIAL;",
        &["locking: rewrite-table"],
    ),
    (
        "ALTER TABLE orders ADD COLUMN net NUMERIC GENERATED ALWAYS AS (total / 1.2) STORED;",
        &["locking: rewrite-table"],
    ),
    (
        "ALTER TABLE billing.invoices ALTER COLUMN id TYPE BIGINT;",
        &["locking: rewrite-table"],
    ),
    (
        "CLUSTER orders USING orders_pkey;",
        &["locking: rewrite-table"],
    ),
    (
        "UPDATE orders SET note = NULL WHERE note = '';",
        &["locking: long-update"],
    ),
    (
        "LOCK TABLE currencies IN EXCLUSIVE MODE;",
        &["locking: lock-table"],
    ),
    (
        "ALTER TABLE orders ADD COLUMN weight INTEGER; UPDATE orders SET weight = 0;",
        &["locking: lock-held", "locking: long-update"],
    ),
    (
        "ALTER TABLE orders ALTER COLUMN note TYPE JSONB USING to_jsonb(note);",
        &["breaking: change-type", "locking: rewrite-table"],
    ),
    (
        "CREATE TABLE parcels (order_id INTEGER REFERENCES orders (id)); \
         CREATE INDEX ix ON billing.invoices (reference);",
        &["locking: lock-held", "locking: index-not-concurrent"],
    ),
    (
        "CREATE TABLE years (id int) PARTITION BY RANGE (id); \
         ALTER TABLE years ATTACH PARTITION orders FOR VALUES FROM (1) TO (2);",
        &["locking: scan-under-lock"],
    ),
    // Transactions.
    (
        "CREATE INDEX CONCURRENTLY ix ON orders (note);",
        &["not-transactional: concurrent-index"],
    ),
    ("VACUUM orders;", &["not-transactional: not-in-transaction"]),
    (
        "CREATE DATABASE reports;",
        &["not-transactional: not-in-transaction"],
    ),
    (
        "ALTER TABLE orders ADD COLUMN a INTEGER; COMMIT; BEGIN; ALTER TABLE orders ADD COLUMN b INTEGER;",
        &["not-transactional: several-transactions"],
    ),
    (
        "COMMIT; ALTER TYPE order_status ADD VALUE 'lost'; BEGIN;",
        &["not-transactional: outside-transaction"],
    ),
    // What nobody can judge.
    (
        "ALTER TABLE orders FROBNICATE;",
        &["unjudged: does-not-parse"],
    ),
    (
        "\\copy orders from 'orders.csv'",
        &["unjudged: does-not-parse"],
    ),
    (
        "DO $$ BEGIN DELETE FROM orders; END $$;",
        &["unjudged: do-block"],
    ),
    ("EXECUTE clean_up(7);", &["unjudged: execute"]),
    ("SELECT close_month(7);", &["unjudged: function-call"]),
    ("CALL close_month();", &["unjudged: function-call"]),
    (
        "COPY currencies FROM '/tmp/currencies.csv';",
        &["unjudged: copy"],
    ),
    ("DROP OWNED BY erp;", &["unjudged: unknown-statement"]),
    // squawk's.
    (
        "ALTER SEQUENCE order_numbers RESTART WITH 1;",
        &["breaking: ban-alter-sequence-values"],
    ),
    (
        "ALTER DOMAIN email ADD CONSTRAINT at CHECK (value LIKE 'a');",
        &["breaking: ban-alter-domain-with-add-constraint"],
    ),
    ("DROP EXTENSION hstore;", &["breaking: ban-drop-extension"]),
    (
        "ALTER SEQUENCE order_numbers RENAME TO numbers;",
        &["breaking: renaming-object"],
    ),
    (
        "ALTER VIEW open_orders RENAME TO placed_orders;",
        &["breaking: renaming-object"],
    ),
    (
        "ALTER TABLE currencies ALTER COLUMN name DROP EXPRESSION;",
        &["breaking: ban-drop-generated-expression"],
    ),
    (
        "ALTER TABLE orders DISABLE TRIGGER ALL;",
        &["breaking: ban-disable-trigger"],
    ),
    (
        "ALTER TABLE orders NO INHERIT parents;",
        &["breaking: ban-detach-inheritance"],
    ),
    (
        "ALTER FUNCTION total_of(bigint) SECURITY DEFINER;",
        &["breaking: ban-alter-function-options"],
    ),
    (
        "ALTER VIEW open_orders SET (security_barrier = true);",
        &["breaking: ban-alter-view-options"],
    ),
    (
        "ALTER ROLE erp NOLOGIN;",
        &["breaking: ban-alter-role-options"],
    ),
    (
        "ALTER DATABASE erp SET search_path TO billing;",
        &["breaking: ban-alter-database-options"],
    ),
    (
        "ALTER SYSTEM SET work_mem = '1GB';",
        &[
            "breaking: ban-alter-system-options",
            "not-transactional: not-in-transaction",
        ],
    ),
    (
        "ALTER EXTENSION postgis UPDATE;",
        &["breaking: ban-alter-extension"],
    ),
    (
        "ALTER TYPE address ADD ATTRIBUTE city text;",
        &["breaking: ban-add-composite-attribute"],
    ),
];

/// SQL inside one transaction in which nothing is found.
const GOOD: &[&str] = &[
    "",
    "-- DROP TABLE orders;",
    "/* DROP TABLE orders; */ SET lock_timeout = '5s';",
    // What is new may be anything.
    "CREATE TABLE parcels (id SERIAL NOT NULL, order_id INTEGER, PRIMARY KEY (id), \
     FOREIGN KEY(order_id) REFERENCES orders (id)); CREATE INDEX ix ON parcels (order_id); \
     ALTER TABLE parcels ALTER COLUMN order_id SET NOT NULL; ALTER TABLE parcels RENAME TO boxes; \
     ALTER TABLE boxes ADD COLUMN weight INTEGER NOT NULL; UPDATE boxes SET weight = 1; \
     DELETE FROM boxes; TRUNCATE boxes; DROP INDEX ix; DROP TABLE boxes;",
    "CREATE TABLE \"Weird Name\" (id int); ALTER TABLE \"Weird Name\" DROP COLUMN id;",
    "CREATE TABLE public.parcels (id int); DROP TABLE parcels;",
    "CREATE TABLE old_orders AS SELECT * FROM orders WHERE lower(note) = 'x'; DROP TABLE old_orders;",
    "CREATE TYPE mood AS ENUM ('sad'); ALTER TYPE mood RENAME VALUE 'sad' TO 'glad'; DROP TYPE mood;",
    "CREATE VIEW v AS SELECT 1 AS one; DROP VIEW v; CREATE SEQUENCE s; DROP SEQUENCE s;",
    "CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; SELECT 2 $$ LANGUAGE sql; DROP FUNCTION f();",
    "CREATE SCHEMA archive; DROP SCHEMA archive CASCADE;",
    "CREATE FUNCTION f(a int, OUT b text) AS $$ SELECT 'x' $$ LANGUAGE sql; DROP FUNCTION f(INT);",
    "CREATE ROLE reports; SAVEPOINT a; ROLLBACK TO SAVEPOINT a;",
    // Columns: nullable, or with a default.
    "ALTER TABLE orders ADD COLUMN weight INTEGER;",
    "ALTER TABLE orders ADD COLUMN weight INTEGER DEFAULT 0 NOT NULL;",
    "ALTER TABLE orders ADD COLUMN seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL;",
    "ALTER TABLE orders ADD COLUMN weight INTEGER, ADD COLUMN height INTEGER;",
    "ALTER TABLE currencies ADD COLUMN id SERIAL NOT NULL;",
    "ALTER TABLE currencies ADD COLUMN key UUID DEFAULT gen_random_uuid() NOT NULL;",
    "ALTER TABLE orders ADD COLUMN IF NOT EXISTS total NUMERIC NOT NULL;",
    "ALTER TABLE currencies ADD COLUMN digits INTEGER; ALTER TABLE currencies DROP COLUMN digits;",
    "ALTER TABLE currencies ADD COLUMN digits INTEGER; UPDATE currencies SET digits = 2;",
    "ALTER TABLE currencies ADD COLUMN digits INTEGER; ALTER TABLE currencies RENAME digits TO decimals;",
    "ALTER TABLE orders ALTER COLUMN note DROP NOT NULL;",
    "ALTER TABLE orders ALTER COLUMN number SET NOT NULL;",
    "ALTER TABLE orders ALTER COLUMN note SET DEFAULT '';",
    "ALTER TABLE orders ALTER COLUMN note DROP DEFAULT;",
    // Alembic says SET NOT NULL before SET DEFAULT.
    "ALTER TABLE currencies ADD COLUMN digits INTEGER; UPDATE currencies SET digits = 2; \
     ALTER TABLE currencies ALTER COLUMN digits SET NOT NULL; \
     ALTER TABLE currencies ALTER COLUMN digits SET DEFAULT 2;",
    // Wider types, in place.
    "ALTER TABLE orders ALTER COLUMN number TYPE VARCHAR(80);",
    "ALTER TABLE orders ALTER COLUMN number TYPE TEXT;",
    "ALTER TABLE orders ALTER COLUMN total TYPE NUMERIC(14, 2);",
    "ALTER TABLE orders ALTER COLUMN note TYPE TEXT;",
    // A new column refuses nothing to code that leaves it NULL.
    "ALTER TABLE currencies ADD COLUMN country VARCHAR(2) UNIQUE;",
    "ALTER TABLE currencies ADD COLUMN bank_id INTEGER REFERENCES banks (id);",
    "ALTER TABLE currencies ADD COLUMN bank_id INTEGER; \
     ALTER TABLE currencies ADD CONSTRAINT fk FOREIGN KEY(bank_id) REFERENCES banks (id);",
    "ALTER TABLE currencies ADD COLUMN digits INTEGER; \
     ALTER TABLE currencies ADD CONSTRAINT ck CHECK (digits >= 0 AND digits < 5);",
    // Enums.
    "ALTER TYPE order_status ADD VALUE 'lost';",
    "ALTER TYPE order_status ADD VALUE IF NOT EXISTS 'lost' AFTER 'open'; \
     UPDATE currencies SET name = 'found' WHERE code = 'x';",
    // Other names, other limits.
    "ALTER TABLE orders RENAME CONSTRAINT uq_a TO uq_b;",
    "ALTER INDEX ix_orders_number RENAME TO ix_orders_no;",
    "ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey;",
    "ALTER TABLE orders DROP CONSTRAINT ck_orders_total;",
    "ALTER TABLE orders VALIDATE CONSTRAINT positive;",
    "ALTER TABLE orders ALTER COLUMN note SET STATISTICS 500;",
    "ALTER TABLE orders SET (fillfactor = 90);",
    // Small tables are through before anybody notices.
    "CREATE INDEX ix ON currencies (name);",
    "ALTER TABLE currencies ALTER COLUMN code TYPE TEXT;",
    "UPDATE currencies SET name = 'x' WHERE code = 'EUR';",
    // One row of a big one as well.
    "UPDATE orders SET note = 'x' WHERE orders.id = 7;",
    // Rows that come, and questions.
    "INSERT INTO currencies (code, name) VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING;",
    "INSERT INTO currencies (code) SELECT upper(trim(code)) FROM new_currencies;",
    "SELECT setval(pg_get_serial_sequence('orders', 'id'), coalesce(max(id), 1)) FROM orders;",
    "LOCK TABLE orders IN ROW EXCLUSIVE MODE;",
    "COMMENT ON TABLE orders IS 'DROP TABLE orders;'; GRANT SELECT ON orders TO reports; ANALYZE orders;",
    "CREATE EXTENSION IF NOT EXISTS pg_trgm;",
    "CREATE OR REPLACE VIEW open_orders AS SELECT id FROM orders;",
    "ALTER VIEW open_orders ALTER COLUMN id SET DEFAULT 1;",
    "SAVEPOINT a; RELEASE SAVEPOINT a;",
    // Alembic's own.
    "UPDATE alembic_version SET version_num='b2' WHERE alembic_version.version_num = 'a1';",
];

#[test]
fn what_is_found_and_nothing_else() {
    for (sql, expected) in BAD {
        let judgement = judged(sql);
        assert_eq!(
            found(&judgement),
            *expected,
            "{sql}\n{:#?}",
            judgement.findings
        );
    }
}

#[test]
fn what_does_no_harm_has_no_finding() {
    for sql in GOOD {
        let judgement = judged(sql);
        assert_eq!(
            found(&judgement),
            [""; 0],
            "{sql}\n{:#?}",
            judgement.findings
        );
        assert!(
            judgement.is_additive() && judgement.is_transactional(),
            "{sql}"
        );
    }
}

/// No rule is without a case that shows what it finds.
#[test]
fn every_rule_is_seen_at_work() {
    let seen: BTreeSet<&str> = BAD.iter().flat_map(|(_, found)| *found).copied().collect();
    for (rule, risks) in rules().filter(|(rule, _)| rule != NO_SQL) {
        for risk in risks {
            let word = format!("{risk}: {rule}");
            assert!(seen.contains(word.as_str()), "no case shows {word}");
        }
    }
}

/// Statements outside of a transaction, as autocommit blocks print them.
#[test]
fn what_runs_outside_of_a_transaction_stays() {
    let outside = |sql: &str| found(&judge(sql, &tables()));
    assert_eq!(
        outside("COMMIT; CREATE INDEX CONCURRENTLY ix ON orders (note); BEGIN;"),
        ["not-transactional: concurrent-index"],
        "told once"
    );
    assert_eq!(
        outside("CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int);"),
        ["not-transactional: outside-transaction"],
        "told of the first, for all"
    );
    assert_eq!(
        outside("VACUUM FULL orders;"),
        [
            "locking: rewrite-table",
            "not-transactional: not-in-transaction"
        ]
    );
    assert_eq!(
        outside("REINDEX TABLE CONCURRENTLY orders; DROP INDEX CONCURRENTLY IF EXISTS ix;"),
        [
            "breaking: drop-index",
            "not-transactional: concurrent-index",
            "not-transactional: not-in-transaction"
        ]
    );
    assert_eq!(
        outside("SET lock_timeout = '4s'; BEGIN; CREATE TABLE a (id int); COMMIT;"),
        [""; 0]
    );
}

/// The way that takes no lock for long: NOT VALID, VALIDATE, SET NOT NULL.
#[test]
fn a_check_that_is_valid_spares_the_look_at_every_row() {
    let judgement = judged(
        "ALTER TABLE orders ADD CONSTRAINT ck_note CHECK (note IS NOT NULL) NOT VALID; COMMIT; BEGIN; \
         ALTER TABLE orders VALIDATE CONSTRAINT ck_note; COMMIT; BEGIN; \
         ALTER TABLE orders ALTER COLUMN note SET NOT NULL; \
         ALTER TABLE orders DROP CONSTRAINT ck_note;",
    );
    assert_eq!(
        found(&judgement),
        [
            "breaking: add-check",
            "breaking: set-not-null",
            "not-transactional: several-transactions"
        ]
    );
}

/// An enum made anew with all of its old values and one more.
#[test]
fn an_enum_that_only_grows_breaks_nothing() {
    let sql = "ALTER TYPE order_status RENAME TO order_status_old; \
         CREATE TYPE order_status AS ENUM ('draft', 'open', 'paid', 'lost'); \
         ALTER TABLE orders ALTER COLUMN status DROP DEFAULT; \
         ALTER TABLE orders ALTER COLUMN status TYPE order_status USING status::text::order_status; \
         ALTER TABLE orders ALTER COLUMN status SET DEFAULT 'draft'; \
         DROP TYPE order_status_old;";
    assert_eq!(
        found(&judged(sql)),
        ["locking: lock-held", "locking: rewrite-table"]
    );
    // Nobody looked at the values: then it may be anything.
    let mut tables = tables();
    for table in tables.values_mut() {
        for column in table.columns.values_mut() {
            column.labels.clear();
        }
    }
    let judgement = judge(&format!("BEGIN; {sql} COMMIT;"), &tables);
    assert_eq!(found(&judgement)[0], "breaking: drop-enum-value");
}

/// Where the indexes are known, only a unique one is missed.
#[test]
fn an_index_that_is_not_unique_may_go() {
    let mut tables = tables();
    let orders = tables.get_mut("orders").unwrap();
    orders.indexes = Some(BTreeMap::from([
        ("orders_pkey".to_owned(), Index { unique: true }),
        ("ix_orders_number".to_owned(), Index { unique: true }),
        ("ix_orders_note".to_owned(), Index { unique: false }),
    ]));
    let dropped = |sql: &str| found(&judge(&format!("BEGIN; {sql} COMMIT;"), &tables));
    assert_eq!(dropped("DROP INDEX public.ix_orders_note;"), [""; 0]);
    assert_eq!(
        dropped("DROP INDEX ix_orders_number;"),
        ["breaking: drop-index"]
    );
    assert_eq!(
        dropped("DROP INDEX billing.ix_orders_note;"),
        ["breaking: drop-index"]
    );
    let constraint = |name: &str| dropped(&format!("ALTER TABLE orders DROP CONSTRAINT {name};"));
    assert_eq!(constraint("whatever"), [""; 0]);
    assert_eq!(constraint("orders_pkey"), ["breaking: drop-constraint"]);
}

/// What a later statement undoes is judged by how it ends.
#[test]
fn a_table_is_known_by_the_name_it_has() {
    let judgement = judged(
        "ALTER TABLE currencies RENAME TO money; ALTER TABLE money DROP COLUMN name; \
         CREATE TABLE currencies (id int); DROP TABLE currencies;",
    );
    assert_eq!(
        found(&judgement),
        [
            "breaking: rename-table",
            "breaking: drop-column",
            "data-losing: drop-column"
        ]
    );
}

/// A search path leads to tables that nobody looked at.
#[test]
fn a_search_path_makes_sizes_unknown() {
    let index = "CREATE INDEX ix ON currencies (name);";
    assert_eq!(
        found(&judged(&format!("SET search_path TO public; {index}"))),
        [""; 0]
    );
    assert_eq!(
        found(&judged(&format!(
            "SET search_path TO tenant, public; {index}"
        ))),
        ["locking: index-not-concurrent"]
    );
}

/// A comment in the SQL silences nothing: somebody has to answer for a finding by name.
#[test]
fn a_comment_waives_nothing() {
    for comment in [
        "-- squawk-ignore",
        "-- squawk-ignore-file",
        "/* squawk-ignore ban-drop-extension */",
    ] {
        let judgement = judged(&format!("{comment}\nDROP EXTENSION hstore;"));
        assert_eq!(
            found(&judgement),
            ["breaking: ban-drop-extension"],
            "{comment}"
        );
    }
}

/// One broken statement does not hide the others.
#[test]
fn what_follows_a_broken_statement_is_still_judged() {
    let judgement = judged("ALTER TABLE orders FROBNICATE;\nDROP TABLE orders;\nDROP VIEW v;");
    assert_eq!(
        found(&judgement),
        [
            "breaking: drop-table",
            "breaking: drop-view",
            "unjudged: does-not-parse",
            "data-losing: drop-table"
        ]
    );
    assert_eq!(judgement.statements, 3);
}
