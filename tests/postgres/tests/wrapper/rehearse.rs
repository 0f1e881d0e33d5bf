//! Rehearsing: on the copy, and never on the database that it is a copy of.

use std::sync::LazyLock;

use sluice_migrations::report::{Rehearsed, Report, Trouble};
use sluice_migrations::wrapper;
use sluice_postgres_tests::{Driver, PASSWORD, Project, Server};

use super::{LOCK, SERVER, alembic, run};

/// Where the copies are.
static OTHER: LazyLock<Server> = LazyLock::new(Server::start);

const TABLES: &str = "CREATE TABLE products (id integer PRIMARY KEY, name varchar(80));
    CREATE TABLE orders (id integer PRIMARY KEY, product integer)";

/// A database, its copy, and a project.
fn copied(name: &str, driver: Driver) -> (Project, String) {
    for server in [&*SERVER, &*OTHER] {
        server.create(name, "template0");
        server.query(name, TABLES);
        server.query(
            name,
            "ALTER TABLE products OWNER TO erp; ALTER TABLE orders OWNER TO erp",
        );
    }
    (Project::new(name, driver), driver.url(&SERVER, name))
}

fn rehearse(project: &Project, url: &str) -> (i32, Report) {
    let command = wrapper::rehearse(&alembic(), &LOCK, "127.0.0.1", OTHER.port);
    let output = run(project, &command.expect("it is Alembic's"), url);
    (output.code, output.report())
}

#[test]
fn the_copy_is_migrated_and_the_database_is_not_touched() {
    for driver in Driver::ALL {
        let name = format!("rehearsed_{}", driver.name());
        let (project, url) = copied(&name, driver);
        project.revision(
            "first",
            None,
            "ALTER TABLE products ALTER COLUMN name TYPE integer USING 1",
        );
        project.revision("second", Some("first"), "CREATE INDEX ON orders (product)");
        project.revision(
            "third",
            Some("second"),
            "CREATE TABLE made AS SELECT * FROM orders",
        );
        let before = SERVER.dump(&name);
        let (code, report) = rehearse(&project, &url);
        assert_eq!(code, 0, "{report:?}");
        let Report::Rehearsed(Rehearsed { locks, current, .. }) = report else {
            panic!("{report:?}");
        };
        let held: Vec<(&str, &str)> = locks
            .iter()
            .map(|(table, mode, _)| (&**table, &**mode))
            .collect();
        let expected = [
            ("orders", "ShareLock"),
            ("products", "AccessExclusiveLock"),
            ("products", "ShareLock"),
        ];
        assert_eq!(held, expected, "a new table is nobody's to wait for");
        assert_eq!(current, ["third"]);
        assert_eq!(SERVER.dump(&name), before);
        assert_eq!(OTHER.query(&name, "SELECT to_regclass('made')"), "made");
    }
}

#[test]
fn a_failure_is_told_without_values() {
    for driver in Driver::ALL {
        let name = format!("unlucky_{}", driver.name());
        let (project, url) = copied(&name, driver);
        let sql = format!("UPDATE products SET id = CAST('{PASSWORD}' AS integer)");
        project.revision("first", None, &sql);
        let (code, report) = rehearse(&project, &url);
        assert_eq!(code, 1);
        let Report::Failed { trouble, detail } = report else {
            panic!("{report:?}");
        };
        assert_eq!(trouble, Trouble::Other);
        assert!(
            detail.contains("invalid input syntax for type integer"),
            "{detail}"
        );
        assert!(!detail.contains(PASSWORD), "{detail}");
    }
}

#[track_caller]
fn assert_not_redirected(name: &str, engine: &str) {
    let (project, url) = copied(name, Driver::Psycopg2);
    project.revision("first", None, "CREATE TABLE made (n integer)");
    let env =
        std::fs::read_to_string(project.folder.join("migrations/env.py")).expect("it is there");
    let other = env.replace("create_engine(url, ", &format!("create_engine({engine}, "));
    assert_ne!(env, other);
    let imports =
        "import psycopg2\nplain = os.environ['DATABASE_URL'].replace('+psycopg2', '')\n\nurl =";
    project.write("migrations/env.py", &other.replacen("url =", imports, 1));
    let (code, report) = rehearse(&project, &url);
    assert_eq!(code, 1);
    let Report::Failed { trouble, detail } = report else {
        panic!("{report:?}");
    };
    assert_eq!(trouble, Trouble::NotRedirected, "{detail}");
    for server in [&*SERVER, &*OTHER] {
        assert_eq!(server.query(name, "SELECT to_regclass('made')"), "");
    }
}

#[test]
fn connections_that_a_project_makes_itself_are_seen() {
    assert_not_redirected(
        "creator",
        "'postgresql://', creator=lambda: psycopg2.connect(plain)",
    );
}

#[test]
fn connections_by_a_dsn_are_refused() {
    assert_not_redirected(
        "dsn",
        "'postgresql+psycopg2://', connect_args={'dsn': plain}",
    );
}

#[test]
fn an_address_that_wins_over_the_host_is_refused() {
    let by_address = "url, connect_args={'hostaddr': '127.0.0.1'}";
    assert_not_redirected("hostaddr", by_address);
}
