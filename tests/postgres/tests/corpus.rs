//! Every migration of the corpus, really run: what it says of itself is what happens, and what the
//! judge says of it is not milder than what happens.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::thread;

use sluice_core::migration::{Judgement, Risk};
use sluice_migrations::report::{Inspected, Report, Trouble};
use sluice_migrations::{Tables, judge};
use sluice_postgres_tests::{Case, Expected, Failure, Reality, Scene, Server, cases};

/// Processes of Python at once: each waits for PostgreSQL half of the time.
const AT_ONCE: usize = 2;

#[test]
fn every_migration_is_what_it_says_and_the_judge_is_not_milder() {
    let server = Server::start();
    let before = Scene::set(&server).before();
    let cases = cases();
    assert!(cases.len() >= 44, "only {} migrations", cases.len());

    let queue = Mutex::new(cases.iter());
    let told = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for number in 0..AT_ONCE {
            let (server, before, queue, told) = (&server, &before, &queue, &told);
            scope.spawn(move || {
                let mut scene = Scene::enter(server, &number.to_string());
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some(case) = next else { break };
                    let story = tell(&mut scene, case, before);
                    told.lock().unwrap().push(story);
                }
            });
        }
    });

    let mut told = told.into_inner().unwrap();
    told.sort_by(|one, other| one.name.cmp(&other.name));
    let wrong: Vec<String> = told.iter().flat_map(|story| story.wrong.clone()).collect();
    for story in &told {
        println!("{}", story.reality);
    }
    assert_eq!(told.len(), cases.len(), "some were never told");
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

struct Story {
    name: String,
    reality: String,
    wrong: Vec<String>,
}

fn tell(scene: &mut Scene<'_>, case: &Case, before: &str) -> Story {
    let name = case.name.clone();
    if case.expected == Expected::SeveralHeads {
        let report = scene.look(case);
        let trouble = matches!(
            report,
            Report::Failed {
                trouble: Trouble::SeveralHeads,
                ..
            }
        );
        let wrong = (!trouble).then(|| format!("{name}: {report:?}"));
        return Story {
            reality: format!("{name}\n    several heads"),
            wrong: wrong.into_iter().collect(),
            name,
        };
    }
    let reality = scene.run(case, before);
    let mut wrong = against_what_it_says(case, &reality);
    wrong.extend(against_the_judge(case, &reality));
    Story {
        reality: shown(&name, &reality),
        wrong: wrong.iter().map(|what| format!("{name}: {what}")).collect(),
        name,
    }
}

fn shown(name: &str, reality: &Reality) -> String {
    let mut text = format!("{name}\n");
    let list = |words: Vec<&str>, none: &str, between: &str| {
        let words = words.join(between);
        if words.is_empty() {
            none.to_owned()
        } else {
            words
        }
    };
    let locks = reality.locks.iter().map(String::as_str).collect();
    let broken = reality.broken.keys().map(String::as_str).collect();
    let upgrade = if reality.fails { "fails" } else { "works" };
    let facts = [
        ("upgrade", upgrade.to_owned()),
        ("old code", list(broken, "works", " ")),
        ("locks", list(locks, "none", ", ")),
        ("failure", reality.failure.word().to_owned()),
    ];
    for (key, value) in facts {
        let _ = writeln!(text, "    {key}: {value}");
    }
    for (piece, error) in &reality.broken {
        let _ = writeln!(text, "        {piece}: {error}");
    }
    if !reality.rewritten.is_empty() {
        let _ = writeln!(text, "    rewritten: {:?}", reality.rewritten);
    }
    text
}

/// What a migration says in its first lines, against what happened.
fn against_what_it_says(case: &Case, reality: &Reality) -> Vec<String> {
    let Expected::Runs {
        fails,
        broken,
        locks,
        failure,
        ..
    } = &case.expected
    else {
        return Vec::new();
    };
    let mut wrong = Vec::new();
    if *fails != reality.fails {
        wrong.push(format!(
            "`upgrade:` says fails {fails}, it is {}",
            reality.fails
        ));
    }
    if !broken.iter().eq(reality.broken.keys()) {
        wrong.push(format!(
            "`old code:` says {broken:?}, it is {:?}",
            reality.broken
        ));
    }
    if *locks != reality.locks {
        wrong.push(format!(
            "`locks:` says {locks:?}, it is {:?}",
            reality.locks
        ));
    }
    if failure != reality.failure.word() {
        wrong.push(format!(
            "`failure:` says {failure}, it is {:?}",
            reality.failure
        ));
    }
    // A verdict may be harsher than what happens, never milder.
    let milder = !case.has(Risk::Breaking) && !case.has(Risk::Unjudged);
    if milder && !reality.broken.is_empty() {
        wrong.push("`verdict:` says additive, and the running version is broken".into());
    }
    wrong
}

/// What the judge finds, against what a migration says of itself and what happened.
fn against_the_judge(case: &Case, reality: &Reality) -> Vec<String> {
    let inspected = match &reality.report {
        Report::Inspected(inspected) => inspected,
        report => return vec![format!("it could not be looked at: {report:?}")],
    };
    let Some(sql) = &inspected.sql else {
        // Nothing to judge: whoever asks takes it as unjudged.
        let says_so = case.has(Risk::Unjudged) && inspected.sql_error.is_some();
        let wrong = (!says_so).then(|| format!("no SQL: {:?}", inspected.sql_error));
        return wrong.into_iter().collect();
    };
    let judgement = judge(sql, &inspected.tables);
    let mut wrong = against_reality(&judgement, reality);
    // Whether a lock matters depends on the size of the table: these are tiny.
    let big = judge(sql, &as_if_big(inspected));
    wrong.extend(locking(&big, sql, reality));
    if let Expected::Runs { risks, .. } = &case.expected {
        let found = Risk::ALL
            .into_iter()
            .filter(|risk| big.has(*risk))
            .collect();
        if *risks != found {
            let rules: Vec<&str> = big.findings.iter().map(|f| f.rule.as_str()).collect();
            wrong.push(format!(
                "`risks:` says {risks:?}, the judge finds {found:?} by {rules:?}"
            ));
        }
    }
    wrong
}

fn against_reality(judgement: &Judgement, reality: &Reality) -> Vec<String> {
    let mut wrong = Vec::new();
    if judgement.is_additive() && !reality.broken.is_empty() {
        wrong.push(format!(
            "judged additive, and it breaks {:?}",
            reality.broken
        ));
    }
    if judgement.is_transactional() && reality.failure != Failure::Undone {
        wrong.push(format!(
            "judged transactional, and a failure left {:?}",
            reality.failure
        ));
    }
    wrong
}

/// A table that is written again, or held while an index is built, is a lock that people notice.
fn locking(judgement: &Judgement, sql: &str, reality: &Reality) -> Vec<String> {
    let says = judgement.has(Risk::Locking);
    let held = |mode: &str| reality.locks.iter().any(|lock| lock.ends_with(mode));
    let mut wrong = Vec::new();
    if !reality.rewritten.is_empty() && !sql.contains("TRUNCATE") && !says {
        wrong.push(format!(
            "not judged locking, and {:?} are written again",
            reality.rewritten
        ));
    }
    if held(" ShareLock") && !sql.contains("TRUNCATE") && !says {
        wrong.push(format!(
            "not judged locking, and it held {:?}",
            reality.locks
        ));
    }
    let touches_rows = ["UPDATE ", "DELETE ", "VACUUM "]
        .iter()
        .any(|word| sql.contains(word));
    if says && reality.locks.is_empty() && !touches_rows && !reality.fails {
        wrong.push("judged locking, and nobody ever waited".into());
    }
    wrong
}

/// The same tables with very many rows.
fn as_if_big(inspected: &Inspected) -> Tables {
    let mut tables = inspected.tables.clone();
    for table in tables.values_mut() {
        table.rows = 20_000_000;
        table.bytes = 8_000_000_000;
    }
    tables
}
