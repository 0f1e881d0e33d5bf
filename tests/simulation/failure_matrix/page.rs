//! The page that shows the matrix.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use sluice_core::deployment::Deployment;
use sluice_words::report::told;

use super::{Case, Told};

const INTRODUCTION: &str = "# What becomes of a release that fails

By the step it fails in, what fails there, and what people decide. Every row is a whole simulated deployment to production of `tests/erp/sluice.toml`, played by `tests/simulation/failure_matrix.rs`, which fails when this page is out of date and says how to renew it. Below the table stands what people read at the end of each.

| | Step | What goes wrong | What people do | The release ends | Then |
|---|---|---|---|---|---|
";

pub(super) fn check(all: &[(Case, Told)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/failure-matrix.md");
    let page = page(all);
    if std::env::var_os("SLUICE_RENEW_DOCS").is_some() {
        fs::write(&path, &page).expect("the page is written");
    }
    assert!(
        fs::read_to_string(&path).is_ok_and(|there| there == page),
        "docs/failure-matrix.md is out of date; renew it: SLUICE_RENEW_DOCS=1 cargo test -p \
         sluice-tests --test simulation matrix"
    );
}

fn page(all: &[(Case, Told)]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for (number, (case, _)) in all.iter().enumerate() {
        let number = number + 1;
        let then = case.then.unwrap_or("");
        writeln!(
            page,
            "| [{number}](#case-{number}) | {} | {} | {} | {} | {then} |",
            case.step,
            case.fault,
            case.decision.words(),
            case.ends
        )
        .expect("a text takes everything");
    }
    for (number, (case, told)) in all.iter().enumerate() {
        let number = number + 1;
        write!(
            page,
            "\n## Case {number}\n\n{}: {}; {}.\n",
            case.step,
            case.fault,
            case.decision.words()
        )
        .expect("a text takes everything");
        page.push_str(&read(&told.release));
        if let Some(after) = &told.after {
            page.push_str("\nAnd then:\n");
            page.push_str(&read(after));
        }
    }
    page
}

/// What people read at the end.
fn read(d: &Deployment) -> String {
    let report = told(d).expect("it is over");
    let mut text = format!("\n> {}\n", report.happened);
    let lists = [
        ("How things stand", report.world),
        ("What you can do", report.todo),
    ];
    for (title, lines) in lists.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        write!(text, ">\n> {title}\n").expect("a text takes everything");
        for line in lines {
            writeln!(text, "> - {line}").expect("a text takes everything");
        }
    }
    text
}
