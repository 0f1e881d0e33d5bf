use std::io::Read;

use flate2::read::ZlibDecoder;

use super::*;

const LOCK: LockSettings = LockSettings {
    wait_s: 600,
    lock_timeout_s: 5,
};

fn words(command: &str) -> Vec<String> {
    command.split(' ').map(str::to_owned).collect()
}

/// A command without the script in it.
fn shape(command: &[String]) -> String {
    let script = PACKED.as_str();
    let words = command.iter().map(|word| match word {
        word if *word == script => "SCRIPT",
        word if word.is_empty() => "''",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn alembic_is_recognised_however_it_is_started() {
    let cases = [
        (
            "alembic upgrade head",
            "python -c SCRIPT inspect alembic 0 0 '' '' upgrade head",
        ),
        (
            "alembic -c db/alembic.ini -n erp -x tenant=a -x b --raiseerr upgrade +1",
            "python -c SCRIPT inspect alembic 0 0 '' '' -c db/alembic.ini -n erp -x tenant=a -x b --raiseerr upgrade +1",
        ),
        (
            "/app/.venv/bin/alembic --config=a.ini upgrade head",
            "/app/.venv/bin/python -c SCRIPT inspect alembic 0 0 '' '' --config=a.ini upgrade head",
        ),
        (
            "python3.12 -u -m alembic upgrade heads",
            "python3.12 -u -c SCRIPT inspect python -m alembic 0 0 '' '' upgrade heads",
        ),
        (
            "/usr/local/bin/python -m alembic upgrade 4f1b7e0c2a9d",
            "/usr/local/bin/python -c SCRIPT inspect python -m alembic 0 0 '' '' upgrade 4f1b7e0c2a9d",
        ),
        (
            "poetry run alembic upgrade head",
            "poetry run python -c SCRIPT inspect alembic 0 0 '' '' upgrade head",
        ),
        (
            "uv run --no-sync python -m alembic upgrade head",
            "uv run --no-sync python -c SCRIPT inspect python -m alembic 0 0 '' '' upgrade head",
        ),
    ];
    for (command, wrapped) in cases {
        let found = inspect(&words(command)).expect(command);
        assert_eq!(shape(&found), wrapped);
    }
}

#[test]
fn what_is_not_an_upgrade_by_alembic_is_left_as_it_is() {
    let cases = [
        "",
        "alembic",
        "alembic downgrade -1",
        "alembic current",
        "alembic -c upgrade",
        "alembic upgrade head --sql",
        "my-alembic upgrade head",
        "alembic.sh upgrade head",
        "python manage.py migrate",
        "python manage.py -m alembic upgrade head",
        "pythonista -m alembic upgrade head",
        "python -m flask db upgrade",
        "sh -c alembic\u{a0}upgrade\u{a0}head",
        "flask db upgrade",
        "poetry install",
        "uv run",
    ];
    for command in cases {
        assert_eq!(inspect(&words(command)), None, "{command}");
    }
    let shell = ["sh", "-c", "alembic upgrade head"].map(str::to_owned);
    assert_eq!(upgrade(&shell, &LOCK), None);
}

#[test]
fn each_mode_is_told_what_it_needs() {
    let command = words("alembic upgrade head");
    let upgrade = upgrade(&command, &LOCK).unwrap();
    assert_eq!(
        shape(&upgrade),
        "python -c SCRIPT upgrade alembic 600 5 '' '' upgrade head"
    );
    let rehearse = rehearse(&command, &LOCK, "copy.example.com", 5432).unwrap();
    assert_eq!(
        shape(&rehearse),
        "python -c SCRIPT rehearse alembic 600 5 copy.example.com 5432 upgrade head"
    );
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html>: the overrides
/// of one RunTask are 8,192 characters at most.
#[test]
fn the_override_is_short_enough_for_ecs() {
    let command =
        words("poetry run alembic -c services/erp/alembic.ini -n erp -x tenant=all upgrade head");
    // An endpoint of RDS with names as long as they may be.
    let host = format!(
        "{}.abcdefghijkl.ap-southeast-2.rds.amazonaws.com",
        "x".repeat(63)
    );
    let command = rehearse(&command, &LOCK, &host, 5432).unwrap();
    let overrides = serde_json::json!({
        "containerOverrides": [{ "name": "n".repeat(100), "command": command }]
    });
    let length = overrides.to_string().chars().count();
    assert!(length < 8_000, "{length} characters");
}

#[test]
fn what_is_packed_is_the_script_without_its_comments() {
    let text = PACKED.split('\'').nth(1).unwrap();
    let mut script = String::new();
    ZlibDecoder::new(BASE64.decode(text).unwrap().as_slice())
        .read_to_string(&mut script)
        .unwrap();
    assert!(script.starts_with("import sys\nmode, program, wait,"));
    assert!(!script.contains("\n#") && !script.contains("\n\n"));
    // A line of a text in three quotes that looks like a comment would be lost.
    let quoted = SCRIPT.split("'''").skip(1).step_by(2);
    for text in quoted {
        assert!(
            text.lines()
                .all(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        );
    }
}

#[test]
fn the_lock_key_is_the_one_of_the_script() {
    let letters = b"sluice"
        .iter()
        .fold(0, |key, letter| key << 8 | i64::from(*letter));
    assert_eq!(LOCK_KEY, letters);
    assert!(SCRIPT.contains("KEY = int.from_bytes(b'sluice', 'big')"));
    assert!(SCRIPT.contains(&EXIT_LOCKED.to_string()));
}
