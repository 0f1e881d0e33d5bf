//! The sample ERP: its own tests, its migrations and its models agree.

use std::process::{Command, Output};

use sluice_postgres_tests::{Server, erp, python};

fn run(server: &Server, arguments: &[&str]) -> Output {
    Command::new(python())
        .args(arguments)
        .env("DATABASE_URL", server.url("erp"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(erp())
        .output()
        .expect("Python can be run")
}

#[track_caller]
fn assert_success(output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    let erred = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{erred}");
}

#[test]
fn it_answers_what_its_smoke_tests_ask_and_its_migrations_make_its_models() {
    let server = Server::start();
    server.create("erp", "template0");
    assert_success(&run(&server, &["-m", "alembic", "upgrade", "head"]));
    assert_success(&run(&server, &["-m", "alembic", "check"]));
    // Those that need Redis too run in tests/pipeline.
    let pytest = ["-m", "pytest", "-q", "-p", "no:cacheprovider"];
    let without_redis = ["--ignore", "tests/test_redis.py"];
    let arguments = [&pytest[..], &without_redis].concat();
    assert_success(&run(&server, &arguments));
    // What goes up comes down.
    assert_success(&run(&server, &["-m", "alembic", "downgrade", "base"]));
}
