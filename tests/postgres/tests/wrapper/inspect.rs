//! Looking: what it tells, that it changes nothing, and what it says when it cannot.

use std::process::Command;

use sluice_migrations::report::{Inspected, Report, Trouble};
use sluice_migrations::wrapper::{self, SCRIPT};
use sluice_postgres_tests::{Driver, PASSWORD, Project, oldest_python, python};

use super::{SERVER, alembic, run, start};

fn look(project: &Project, url: &str) -> Report {
    let command = wrapper::inspect(&alembic()).expect("it is Alembic's");
    run(project, &command, url).report()
}

fn inspected(project: &Project, url: &str) -> Inspected {
    match look(project, url) {
        Report::Inspected(inspected) => *inspected,
        report => panic!("{report:?}"),
    }
}

#[track_caller]
fn assert_trouble(report: &Report, expected: Trouble, says: &str) {
    let Report::Failed { trouble, detail } = report else {
        panic!("it told {report:?}");
    };
    assert_eq!(*trouble, expected, "{detail}");
    assert!(detail.contains(says), "{detail}");
    assert!(!detail.contains(PASSWORD), "{detail}");
}

/// A database with a table in it, and a project that would drop a column of it.
fn products(name: &str, driver: Driver) -> (Project, String) {
    SERVER.create(name, "template0");
    let url = driver.url(&SERVER, name);
    let project = Project::new(name, driver);
    project.revision(
        "first",
        None,
        "CREATE TABLE products (id serial PRIMARY KEY, name varchar(80) NOT NULL, price numeric(10, 2));\
         INSERT INTO products (name) SELECT 'p' || n FROM generate_series(1, 300) n",
    );
    let command = wrapper::upgrade(&alembic(), &super::LOCK).expect("it is Alembic's");
    // asyncpg takes one statement at a time.
    if driver == Driver::Asyncpg {
        let text = "CREATE TABLE products (id serial PRIMARY KEY, name varchar(80) NOT NULL, price numeric(10, 2))";
        project.revision("first", None, text);
    }
    let output = run(&project, &command, &url);
    assert_eq!(output.code, 0, "{output:?}");
    SERVER.query(name, "ANALYZE products");
    project.revision(
        "second",
        Some("first"),
        "ALTER TABLE products DROP COLUMN price",
    );
    (project, url)
}

#[test]
fn an_empty_database_is_described() {
    for driver in Driver::ALL {
        let name = format!("empty_{}", driver.name());
        SERVER.create(&name, "template0");
        let project = Project::new(&name, driver);
        project.revision("first", None, "CREATE TABLE t (id integer)");
        let found = inspected(&project, &driver.url(&SERVER, &name));
        assert_eq!(found.current, [""; 0]);
        assert_eq!(found.head, "first");
        assert_eq!(found.pending, [("first".into(), "The first".into())]);
        let sql = found.sql.expect("it can be rendered");
        assert!(sql.contains("CREATE TABLE t (id integer);"), "{sql}");
        // Alembic's own table was not made by looking.
        let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
        assert_eq!(SERVER.query(&name, tables), "0");
    }
}

#[test]
fn what_is_pending_is_told_with_the_tables_it_names_and_nothing_is_changed() {
    for driver in Driver::ALL {
        let name = format!("pending_{}", driver.name());
        let (project, url) = products(&name, driver);
        let before = SERVER.dump(&name);
        let found = inspected(&project, &url);
        assert_eq!(found.current, ["first"]);
        assert_eq!(found.head, "second");
        assert_eq!(found.pending, [("second".into(), "The second".into())]);
        let sql = found.sql.expect("it can be rendered");
        assert!(sql.contains("-- Running upgrade first -> second"), "{sql}");
        assert!(
            sql.contains("ALTER TABLE products DROP COLUMN price;"),
            "{sql}"
        );
        assert!(
            !sql.contains("generate_series"),
            "it begins where the database stands"
        );

        let table = &found.tables["products"];
        let rows = if driver == Driver::Asyncpg { 0 } else { 300 };
        assert_eq!(table.rows, rows);
        assert!(table.bytes > 0);
        let described = ["id", "name", "price"].map(|name| {
            let column = &table.columns[name];
            (column.sql_type.as_str(), column.nullable, column.default)
        });
        let expected = [
            ("integer", false, true),
            ("character varying(80)", false, false),
            ("numeric(10,2)", true, false),
        ];
        assert_eq!(described, expected);
        assert_eq!(SERVER.dump(&name), before);
    }
}

#[test]
fn indexes_and_the_values_of_enums_are_told() {
    for driver in Driver::ALL {
        let name = format!("described_{}", driver.name());
        SERVER.create(&name, "template0");
        SERVER.query(
            &name,
            "CREATE TYPE mood AS ENUM ('sad', 'ok'); ALTER TYPE mood ADD VALUE 'calm' BEFORE 'ok';
             CREATE SCHEMA sales; CREATE TABLE sales.\"Orders\" (id integer PRIMARY KEY, mood mood);
             CREATE INDEX plain ON sales.\"Orders\" (mood); CREATE TABLE quiet (id integer);
             CREATE INDEX of_quiet ON quiet (id); CREATE TABLE silent (id integer)",
        );
        let project = Project::new(&name, driver);
        let sql = "UPDATE sales.\"Orders\" SET mood = 'ok' WHERE id = 1";
        project.revision("first", None, sql);
        project.revision("second", Some("first"), "DROP INDEX of_quiet");
        let found = inspected(&project, &driver.url(&SERVER, &name));
        let tables: Vec<&String> = found.tables.keys().collect();
        assert_eq!(tables, ["quiet", "sales.Orders"]);
        let table = &found.tables["sales.Orders"];
        assert_eq!(table.columns["mood"].labels, ["sad", "calm", "ok"]);
        let indexes = table.indexes.as_ref().expect("it looked");
        let indexes: Vec<(&str, bool)> = indexes
            .iter()
            .map(|(name, index)| (&**name, index.unique))
            .collect();
        assert_eq!(indexes, [("Orders_pkey", true), ("plain", false)]);
    }
}

#[test]
fn at_the_head_nothing_is_pending() {
    let (project, url) = products("at_head", Driver::Psycopg);
    let command = wrapper::upgrade(&alembic(), &super::LOCK).unwrap();
    assert_eq!(run(&project, &command, &url).code, 0);
    let found = inspected(&project, &url);
    assert_eq!(found.current, ["second"]);
    assert_eq!(found.head, "second");
    assert!(found.pending.is_empty());
    assert_eq!(found.sql.as_deref(), Some(""));
}

#[test]
fn alembics_own_options_are_kept() {
    let (project, url) = products("options", Driver::Psycopg2);
    let env = std::fs::read_to_string(project.folder.join("migrations/env.py")).unwrap();
    let asks = "assert context.get_x_argument(as_dictionary=True) == {'tenant': 'a'}\n";
    let asks = format!("from alembic import context\n{asks}");
    project.write("migrations/env.py", &format!("{asks}{env}"));
    project.write("db/other.ini", "[erp]\nscript_location = migrations\n");
    let words = "alembic -c db/other.ini -n erp -x tenant=a upgrade +1";
    let command: Vec<String> = words.split(' ').map(str::to_owned).collect();
    let output = run(&project, &wrapper::inspect(&command).unwrap(), &url);
    let Report::Inspected(found) = output.report() else {
        panic!("{output:?}");
    };
    assert_eq!(found.head, "second");
}

#[test]
fn a_migration_that_needs_the_database_has_no_sql() {
    let (project, url) = products("no_sql", Driver::Psycopg2);
    project.write(
        "migrations/versions/second.py",
        "from alembic import op\nimport sqlalchemy as sa\nrevision = 'second'\ndown_revision = 'first'\n\
         def upgrade():\n    op.get_bind().execute(sa.text('SELECT 1')).all()\n",
    );
    let found = inspected(&project, &url);
    assert_eq!(found.sql, None);
    let why = found.sql_error.expect("it says why");
    assert!(
        why.contains("AttributeError") && why.contains("versions/second.py, line 6"),
        "{why}"
    );
}

#[test]
fn several_heads_are_named() {
    let (project, url) = products("heads", Driver::Psycopg2);
    project.revision("third", Some("first"), "SELECT 1");
    assert_trouble(
        &look(&project, &url),
        Trouble::SeveralHeads,
        "second, third",
    );
}

#[test]
fn a_revision_that_the_image_does_not_have_is_named() {
    let (project, url) = products("unknown", Driver::Psycopg2);
    SERVER.query(
        "unknown",
        "UPDATE alembic_version SET version_num = 'of-tomorrow'",
    );
    let says = "stands at of-tomorrow, which the image does not have";
    assert_trouble(&look(&project, &url), Trouble::UnknownRevision, says);
}

#[test]
fn a_database_that_does_not_let_anybody_in_is_said_without_the_password() {
    for driver in Driver::ALL {
        let (project, url) = products(&format!("closed_{}", driver.name()), driver);
        let elsewhere = url.replace(&format!(":{}/", SERVER.port), ":1/");
        assert_trouble(&look(&project, &elsewhere), Trouble::NoDatabase, "");
        let wrong = url.replace(PASSWORD, &format!("wrong-{PASSWORD}"));
        let says = "password authentication failed for user \"erp\"";
        assert_trouble(&look(&project, &wrong), Trouble::NoDatabase, says);
        let missing = format!("{url}_missing");
        assert_trouble(
            &look(&project, &missing),
            Trouble::NoDatabase,
            "does not exist",
        );
    }
}

#[test]
fn what_is_no_project_of_alembics_is_said_to_be_none() {
    let (project, url) = products("broken", Driver::Psycopg2);
    project.write(
        "migrations/env.py",
        "import of_a_package_that_is_not_there\n",
    );
    let says = "No module named 'of_a_package_that_is_not_there' (migrations/env.py, line 1)";
    assert_trouble(&look(&project, &url), Trouble::NoConfig, says);
    project.write("migrations/versions/second.py", "revision = ");
    assert_trouble(
        &look(&project, &url),
        Trouble::NoConfig,
        "second.py, line 1",
    );
    std::fs::remove_file(project.folder.join("alembic.ini")).unwrap();
    assert_trouble(&look(&project, &url), Trouble::NoConfig, "script_location");
}

#[test]
fn settings_that_are_missing_are_said_without_any_value() {
    let (project, url) = products("settings", Driver::Psycopg2);
    let raises = format!("raise ValueError('postgresql://erp:{PASSWORD}@host/erp')\n");
    project.write("migrations/env.py", &raises);
    let says = "ValueError (migrations/env.py, line 1)";
    assert_trouble(&look(&project, &url), Trouble::Other, says);
}

#[test]
fn an_env_that_writes_is_refused_by_postgresql() {
    let (project, url) = products("writes", Driver::Psycopg2);
    let env = std::fs::read_to_string(project.folder.join("migrations/env.py")).unwrap();
    let writes =
        "connection.exec_driver_sql('DROP TABLE products')\n        context.configure(connection=";
    project.write(
        "migrations/env.py",
        &env.replace("context.configure(connection=", writes),
    );
    let before = SERVER.dump("writes");
    let says = "cannot execute DROP TABLE in a read-only transaction";
    assert_trouble(&look(&project, &url), Trouble::Other, says);
    assert_eq!(SERVER.dump("writes"), before);
}

#[test]
fn an_image_without_alembic_says_so() {
    let (project, url) = products("without", Driver::Psycopg2);
    // `-S`: no package that was installed.
    let command = ["python", "-S", "-m", "alembic", "upgrade", "head"].map(str::to_owned);
    let child = start(&project, &wrapper::inspect(&command).unwrap(), &url);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let report = sluice_migrations::report::decode(text.lines()).unwrap();
    assert_trouble(
        &report.unwrap(),
        Trouble::NoAlembic,
        "No module named 'alembic'",
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_is_called_like_a_module_in_the_working_directory_is_none() {
    let (project, url) = products("shadows", Driver::Psycopg2);
    project.write("alembic/__init__.py", "raise SystemExit('the wrong one')");
    project.write("base64.py", "raise SystemExit('the wrong one')");
    let child = start(&project, &wrapper::inspect(&alembic()).unwrap(), &url);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn the_oldest_versions_get_on_with_it_too() {
    let (project, url) = products("oldest", Driver::Psycopg2);
    let python = oldest_python();
    for command in [
        wrapper::inspect(&alembic()),
        wrapper::rehearse(&alembic(), &super::LOCK, "127.0.0.1", SERVER.port),
        wrapper::upgrade(&alembic(), &super::LOCK),
    ] {
        let output = Command::new(&python)
            .args(&command.unwrap()[1..])
            .env("DATABASE_URL", &url)
            .current_dir(&project.folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(
        SERVER.query("oldest", "SELECT version_num FROM alembic_version"),
        "second"
    );
}

#[test]
fn the_script_is_python_3_9() {
    let check = "import ast, sys; ast.parse(sys.argv[1], feature_version=(3, 9))";
    let output = Command::new(python()).args(["-c", check, SCRIPT]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
}
