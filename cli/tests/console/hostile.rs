//! A file from outside may say anything: nothing of it becomes markup or an address.

use std::sync::Arc;

use serde_json::Value;
use sluice::account::Account;
use sluice::console::of_file;
use sluice::play::{Play, Silence};
use sluice::{sample, scenario};

use super::http::{get, links, page};
use super::played::served;

/// What breaks out of text, of an attribute, of a script, of an address.
const HOSTILE: [&str; 4] = [
    "<script>alert(1)</script>",
    "\" onmouseover=\"alert(1)\" x=\"",
    "'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
];

/// Puts it behind every text that is free: tags, reasons, names, notes.
fn spoilt(value: &mut Value, key: &str, with: &str) {
    let is_free = [
        "tag",
        "reason",
        "by",
        "notes",
        "repository",
        "registry",
        "why",
        "message",
    ];
    match value {
        Value::String(text) if is_free.contains(&key) => text.push_str(with),
        Value::Array(all) => all.iter_mut().for_each(|one| spoilt(one, key, with)),
        Value::Object(fields) => {
            for (name, one) in fields {
                spoilt(one, name, with);
            }
        }
        _ => {}
    }
}

#[test]
fn no_text_of_a_file_becomes_markup_or_an_address() {
    let mut play = Play::new(
        scenario::find("rollback-while-baking").unwrap(),
        1,
        &sample::erp(),
    );
    play.run(&mut Silence).unwrap();
    let account = serde_json::to_value(Account::of(play.world())).unwrap();
    for hostile in HOSTILE {
        let mut account = account.clone();
        spoilt(&mut account, "", hostile);
        let file = std::env::temp_dir().join(format!("sluice-hostile-{}.json", std::process::id()));
        std::fs::write(&file, account.to_string()).unwrap();
        let board = of_file(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let url = served(Arc::new(board));
        let first = page(&url, "/");
        assert!(first.contains("alert(1)"), "it is shown: {first}");
        let query = "/history?environment=%22%3E%3Cscript%3E&end=%22%3E&person=%3Cscript%3E";
        let mut paths = vec!["/".to_owned(), "/history".to_owned(), query.to_owned()];
        paths.extend(links(&first));
        for path in paths.iter().filter(|path| path.starts_with('/')) {
            let html = get(&url, path).body;
            for tag in ["<script>", "<script ", "<img", "javascript:alert(1)\""] {
                assert!(!html.contains(tag), "{path}: {tag}\n{html}");
            }
            for tag in html.split('<').skip(1) {
                let tag = tag.split('>').next().unwrap_or_default();
                let outside: String = tag.split('"').step_by(2).collect();
                assert!(!outside.contains("onmouseover"), "{path}: <{tag}>");
                assert!(!outside.contains("alert"), "{path}: <{tag}>");
            }
            let elsewhere = links(&html).into_iter();
            let mut elsewhere = elsewhere.filter(|link| !link.starts_with(['/', '#']));
            assert!(elsewhere.all(|link| link.starts_with("https://")), "{path}");
        }
        let broken = page(
            &url,
            paths
                .iter()
                .find(|path| path.contains("/deployments/"))
                .unwrap(),
        );
        assert!(
            broken.contains("hash chain is BROKEN"),
            "the records were changed"
        );
    }
}
