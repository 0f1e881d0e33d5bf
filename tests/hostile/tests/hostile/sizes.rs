//! How large anything may be. What is larger is refused at once, with its size and the bound.
//!
//! No time is asserted: what is not bounded takes minutes here, and somebody looks.

use std::io::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use futures::executor::block_on;
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_app::App;
use sluice_core::calendar::{Moment, Window};
use sluice_core::config::Config;
use sluice_core::failure::PortError;
use sluice_core::redact::redacted;
use sluice_core::tag::TagPattern;
use sluice_events::{Envelope, from_text};
use sluice_migrations::judge;
use sluice_migrations::report::decode;
use sluice_sim::cloud::{Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, World};
use sluice_slack::SigningSecrets;
use sluice_slack_function::{Door, Endless, handler};
use sluice_words::slash;

use crate::stage::{ERP, events, now, sluice};
use crate::texts::known;

const MB: usize = 1_000_000;

fn answer(request: &Value) -> (u16, String) {
    let (_world, app) = sluice();
    let door = Door {
        secrets: SigningSecrets::read(&SecretString::from("simulated-signing-secret")).unwrap(),
        team: None,
    };
    let response = block_on(handler(&app, request, &door, &Endless, now()));
    (response.status_code, response.body)
}

#[test]
fn a_body_of_six_megabytes_is_refused_before_it_is_hashed() {
    let headers = json!({
        "x-slack-request-timestamp": now().as_second().to_string(),
        "x-slack-signature": "v0=00",
    });
    let body = "a".repeat(6 * MB);
    let (status, said) = answer(&json!({"headers": headers, "body": body}));
    assert_eq!(status, 413);
    assert_eq!(
        said,
        "the body has 6000000 bytes, and at most 1048576 are accepted"
    );
    let encoded = BASE64_STANDARD.encode(&body);
    let request = json!({"headers": headers, "body": encoded, "isBase64Encoded": true});
    assert_eq!(answer(&request).0, 413);
    // As large as is read: only the signature is wrong.
    let largest = json!({"headers": headers, "body": "a".repeat(1024 * 1024)});
    assert_eq!(answer(&largest).0, 401);
}

#[test]
fn a_tag_of_a_megabyte_is_refused() {
    let (world, app) = sluice();
    let before = world.store().deployments().len();
    let mut push = events(&["ecr-push-release"]).remove(0);
    push["detail"]["image-tag"] = json!(format!("release-{}", "1".repeat(MB)));
    let error = block_on(sluice_registry_push::handler(&app, &push)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the EventBridge event is not what AWS sends: at `detail.image-tag`: a text of 1000008 bytes \
         that is not an image tag: letters, digits, `.`, `_` and `-`, at most 128"
    );
    assert_eq!(world.store().deployments().len(), before);
    push["detail"]["image-tag"] = json!(format!("release-{}", "1".repeat(120)));
    block_on(sluice_registry_push::handler(&app, &push)).unwrap();
    assert_eq!(world.store().deployments().len(), before + 1);
}

#[test]
fn a_name_of_a_megabyte_is_refused_and_not_said_back() {
    let (_world, app) = sluice();
    for (field, long) in [
        ("repository-name", "erp".repeat(MB / 3)),
        ("image-digest", "sha256:".repeat(MB / 7)),
        ("result", "SUCCESS".repeat(MB / 7)),
        ("action-type", "PUSH".repeat(MB / 4)),
    ] {
        let mut push = events(&["ecr-push-release"]).remove(0);
        push["detail"][field] = json!(long);
        let said = match block_on(sluice_registry_push::handler(&app, &push)) {
            Ok(answer) => serde_json::to_string(&answer).unwrap(),
            Err(error) => error.to_string(),
        };
        assert!(said.len() < 600, "{field}: {} bytes", said.len());
    }
    let mut event = events(&["ecr-push-release"]).remove(0);
    event["account"] = json!({"a".repeat(MB): 1});
    let said = Envelope::read(&event).unwrap_err().to_string();
    assert!(said.len() < 1_000, "{} bytes", said.len());
    assert!(
        from_text("the message's body", &"[".repeat(MB))
            .unwrap_err()
            .to_string()
            .len()
            < 300
    );
}

#[test]
fn a_command_of_a_megabyte_is_refused() {
    for piece in ["<", "<@", "<:", "a", "a ", "\"", "&amp;", "\u{200b}"] {
        let line = format!("reject production {}", piece.repeat(MB / piece.len()));
        let error = slash::parse(&line, &known(), now())
            .unwrap_err()
            .to_string();
        assert!(error.contains("at most 32768 are read"), "{error}");
        // As much of it as is read.
        let longest = &line[..line.floor_char_boundary(32 * 1024)];
        let _answer = slash::parse(longest, &known(), now());
        let word = format!(
            "deploy {} to production",
            piece.repeat(32_000 / piece.len())
        );
        let _answer = slash::parse(&word, &known(), now());
    }
}

/// The name of a zone was compared with all there are, however long it was: a minute for 100 KB.
#[test]
fn the_name_of_a_zone_is_compared_only_where_it_can_be_one() {
    let name = "a".repeat(MB);
    for said in [
        Window::parse(&format!("Mon 09:00-17:00 {name}"))
            .unwrap_err()
            .to_string(),
        Moment::parse(&format!("2026-12-19 18:00 {name}"))
            .unwrap_err()
            .to_string(),
    ] {
        assert!(said.contains("is not an IANA time zone"), "{said:.200}");
        assert!(said.len() < 300, "{} bytes", said.len());
    }
}

#[test]
fn a_pattern_of_tags_has_a_bound() {
    assert!(TagPattern::parse(&"*".repeat(MB)).is_err());
    assert!(TagPattern::parse(&format!("v{}", "*".repeat(200))).is_ok());
}

fn refused(text: &str) -> String {
    Config::parse(text).unwrap_err().to_string()
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let said = refused(&format!("{ERP}\n{}", "# more\n".repeat(100_000)));
    assert!(said.contains("at most 262144 are read"), "{said}");
    assert!(
        said.contains("give each application a file of its own"),
        "{said}"
    );
}

/// A hundred thousand do not fit into a file that is read; whatever does is told in part.
#[test]
fn unknown_keys_without_end_are_told_in_part() {
    let keys: String = (0..20_000).map(|n| format!("key{n} = 1\n")).collect();
    let said = refused(&format!("{keys}{ERP}"));
    assert_eq!(said.matches("unknown key").count(), 100);
    assert!(
        said.ends_with("20000 problems in sluice.toml, of which the first 100 are told"),
        "{said}"
    );
    for line in ["a = b\n", "a = 1\n", "[x]\n", "\"\\u0041\" = 1\n"] {
        let said = refused(&line.repeat(200_000 / line.len()));
        assert!(said.len() < 50_000, "{} bytes", said.len());
    }
}

#[test]
fn tests_and_services_and_environments_have_a_bound() {
    let service = |n: usize| format!("[services.s{n}]\nkind = \"worker\"\n");
    let test = |n: usize| format!("[[smoke_tests]]\nname = \"t{n}\"\npath = \"/{n}\"\n");
    let environment = |n: usize| format!("[environments.e{n}]\naccount = \"111111111111\"\n");
    let app = "[app]\nname = \"erp\"\nrepository = \"erp\"\n";
    let many = |of: &dyn Fn(usize) -> String, count: usize| (0..count).map(of).collect::<String>();

    let said = refused(&format!("{app}{}", many(&service, 1_000)));
    assert!(
        said.contains("1000 services, and an application has at most 100"),
        "{said}"
    );
    let said = refused(&format!("{app}{}", many(&test, 5_000)));
    assert!(
        said.contains("5000 smoke tests, and an application has at most 200"),
        "{said}"
    );
    let said = refused(&format!("{app}{}", many(&environment, 1_000)));
    assert!(
        said.contains("1000 environments, and an application has at most 100"),
        "{said}"
    );
    // Fifty thousand are more than a file has room for.
    assert!(refused(&format!("{app}{}", many(&test, 50_000))).contains("262144"));
}

/// As many as an application may have: they are deployed, and what is stored of them fits into one item
/// of the table, which takes 400 KB.
#[test]
fn a_hundred_services_are_deployed_and_fit_the_table() {
    let workers: String = (0..97)
        .map(|n| format!("\n[services.w{n}]\nkind = \"worker\"\n"))
        .collect();
    let config = Config::parse(&format!("{ERP}{workers}")).unwrap();
    assert_eq!(config.services.len(), 100);
    let mut world = World::new(1, now(), std::slice::from_ref(&config), Weather::default());
    let app = App::new(world.ports(), vec![Arc::new(config.clone())]);
    world.deploy(Arc::new(DirectFunctions(app)));
    world.with_cloud(|cloud| {
        cloud.push_image(Push::image(
            &config.repository,
            "release-1.4.0",
            digest_of("one"),
        ));
    });
    world.run(Bounds::default(), |_| false);
    let stored = world.store().deployments().remove(0);
    assert_eq!(stored.deployment.phase.name(), "Succeeded");
    for (_, history) in world.store().histories() {
        for length in (1..=history.len()).step_by(20) {
            let state = sluice_core::history::replay(&history[..length]).unwrap();
            let bytes = serde_json::to_vec(&state).unwrap().len();
            assert!(bytes < 400_000, "{bytes} bytes after record {length}");
        }
        for record in history {
            assert!(serde_json::to_vec(&record).unwrap().len() < 400_000);
        }
    }
}

/// Each of these ended the process: the parser of TOML was given up by its own bound.
#[test]
fn a_file_nests_only_so_deep() {
    let open = "json = { \"/page\" = 1, \"/status\"\npath = \"/login\"\n\n[[smoke_tests]]\njson = { a = 1 }\n";
    for text in [
        open.repeat(2_000),
        "a = {".repeat(40_000),
        "a = [".repeat(40_000),
        format!("a = {}", "[".repeat(200_000)),
        "a = [{ b = ]".repeat(20_000),
        "a = { b = \"}\", c\n".repeat(10_000),
    ] {
        let said = refused(&text);
        assert!(said.contains("stand too deep in each other"), "{said}");
    }
    let said = refused(&format!("{ERP}\n[x]\ny = {}\n", "[".repeat(41)));
    let line = ERP.matches('\n').count() + 3;
    assert!(said.contains(&format!("sluice.toml:{line}:5: ")), "{said}");
    let said = refused(&format!("x = {}{}", "[".repeat(39), "]".repeat(39)));
    assert!(said.contains("unknown key"), "{said}");
    for dotted in [
        "a.".repeat(100_000),
        "[a.".to_owned() + &"a.".repeat(100_000),
    ] {
        assert!(
            refused(&dotted).contains("recursion limit"),
            "{}",
            refused(&dotted)
        );
    }
}

/// A migration of ten thousand lines is read, and so is one that goes on and on.
#[test]
fn a_migration_of_ten_thousand_lines_is_judged() {
    let tables = Default::default();
    let drops: String = (0..10_000).map(|n| format!("DROP TABLE t{n};\n")).collect();
    let judgement = judge(&drops, &tables);
    assert_eq!(judgement.statements, 10_000);
    let columns: String = (0..10_000)
        .map(|n| format!("ALTER TABLE orders ADD COLUMN c{n} INTEGER;\n"))
        .collect();
    assert_eq!(judge(&columns, &tables).statements, 10_000);
    let made: String = (0..5_000)
        .map(|n| format!("CREATE TABLE t{n} (id INTEGER);\nCREATE INDEX i{n} ON t{n} (id);\n"))
        .collect();
    let judgement = judge(&made, &tables);
    assert_eq!(judgement.statements, 10_000);
    let one = format!(
        "INSERT INTO t VALUES {};",
        vec!["\n(1, 'a')"; 10_000].join(",")
    );
    assert_eq!(judge(&one, &tables).statements, 1);
    let told = judge(&"x".repeat(2_000_001), &tables)
        .findings
        .remove(0)
        .means;
    assert!(told.contains("longer than 2 MB"), "{told}");
}

/// A few bytes that inflate to very many, and more lines than any report has.
#[test]
fn a_report_does_not_inflate_without_end() {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(&vec![b'a'; 50 * MB]).unwrap();
    let line = format!(
        "sluice-report 1/1 {}",
        BASE64_STANDARD.encode(zlib.finish().unwrap())
    );
    assert!(line.len() < MB / 10, "{} bytes", line.len());
    let error = decode([line.as_str()]).unwrap_err().to_string();
    assert_eq!(error, "a report inflates to more than 4000000 bytes");
    let error = decode(["sluice-report 1/1000000 eJw="])
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "a report of 1000000 lines: 668 are the most that a report has"
    );
}

#[test]
fn a_table_of_any_size_is_told() {
    for (rows, bytes) in [
        (i64::MAX, u64::MAX),
        (i64::MIN, u64::MAX / 5),
        (0, 0),
        (-1, u64::MAX / 10),
    ] {
        let table = json!({"orders": {"rows": rows, "bytes": bytes, "columns": {}}});
        let tables = serde_json::from_value(table).unwrap();
        let judgement = judge(
            "CREATE INDEX a ON orders (note); DELETE FROM orders;",
            &tables,
        );
        let told: Vec<&str> = judgement
            .findings
            .iter()
            .map(|found| found.means.as_str())
            .collect();
        assert!(
            told.iter().all(|told| !told.contains("could not be read")),
            "{told:?}"
        );
        assert!(!told.is_empty());
    }
}

#[test]
fn a_line_of_a_megabyte_is_cut_before_it_is_looked_through() {
    for piece in [
        "a:", "a=", "arn:", "\"=", "a://", "://a@:b", "'", "secret=", "x",
    ] {
        let line = redacted(&piece.repeat(MB / piece.len()));
        assert!(line.chars().count() < 10_000, "{piece}: {}", line.len());
    }
}

/// What AWS says is stored with the deployment and told in Slack.
#[test]
fn what_aws_says_without_end_is_cut() {
    for error in [
        PortError::retryable,
        PortError::permanent,
        PortError::needs_person,
    ]
    .map(|of| of("é".repeat(MB)))
    {
        assert_eq!(error.message.chars().count(), 4_001);
    }
}
