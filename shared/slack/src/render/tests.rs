use super::{Rendered, render, render_home, render_modal};
use serde_json::Value;
use sluice_core::id::{DeploymentId, Hash};
use sluice_words::home::Home;
use sluice_words::message::{Block, Button, ButtonAction, Confirm, Link, Message};
use sluice_words::modal::{Choice, Input, InputKind, InputName, Modal, Purpose};

fn of(blocks: Vec<Block>) -> Rendered {
    let summary = "erp v1.4.0 to production: waits for a yes".to_owned();
    render(&Message { summary, blocks })
}

fn text_of(block: Block) -> String {
    let rendered = of(vec![block]);
    let block = &rendered.blocks[0];
    let text = match block["type"].as_str().unwrap() {
        "context" => &block["elements"][0]["text"],
        _ => &block["text"]["text"],
    };
    text.as_str().unwrap().to_owned()
}

fn button(action: ButtonAction, confirm: Option<&str>) -> Button {
    Button {
        action,
        deployment: DeploymentId::from_outside("dep-78c09c6589e56604"),
        plan: Some(Hash::of_json(&"plan")),
        confirm: confirm.map(|question| Confirm {
            question: question.to_owned(),
            means: "It starts.".to_owned(),
        }),
    }
}

#[test]
fn the_approval_message() {
    let rendered = of(vec![
        Block::Header("erp v1.4.0: approve for production?".to_owned()),
        Block::Fields(vec![
            ("Phase".to_owned(), "AwaitingApproval".to_owned()),
            (
                "Waits for".to_owned(),
                "a yes of <!subteam^S0604QSJC>".to_owned(),
            ),
        ]),
        Block::Code(
            "web  blue-green  erp-web:41 -> a new revision\nmigration  <offline>".to_owned(),
        ),
        Block::Text("1 of 2 approvals given. Given by <@U024BE7LH>.".to_owned()),
        Block::Context("dep-78c09c6589e56604 · asked for by the push".to_owned()),
        Block::Buttons(vec![
            button(ButtonAction::Approve, Some("Deploy v1.4.0 to production?")),
            button(ButtonAction::Reject, None),
        ]),
    ]);
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(rendered.blocks) });
}

#[test]
fn the_message_of_a_rollback_that_failed() {
    let rendered = of(vec![
        Block::Header("erp v1.4.0: ROLLBACK FAILED in production, act now".to_owned()),
        Block::Text("v1.4.0 failed (smoke tests failed: GET /login: 500), and going back failed too".to_owned()),
        Block::Text("How things stand\n• worker is NOT back: ECS says \"no capacity\"\n• back as before: web, beat".to_owned()),
        Block::Text("What you can do\n• bring worker back by hand: aws ecs update-service --cluster erp-production --service erp-worker --task-definition erp-worker:41".to_owned()),
        Block::Context("dep-78c09c6589e56604".to_owned()),
    ]);
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(rendered.blocks) });
}

#[test]
fn only_our_mentions_are_mentions() {
    for (written, sent) in [
        ("<@U024BE7LH> & <@W1>", "<@U024BE7LH> &amp; <@W1>"),
        ("<!subteam^S0604QSJC>", "<!subteam^S0604QSJC>"),
        ("<!channel> <!here>", "&lt;!channel&gt; &lt;!here&gt;"),
        (
            "<https://example.com|log in>",
            "&lt;https://example.com|log in&gt;",
        ),
        ("<@U024|you>", "&lt;@U024|you&gt;"),
        ("<@Ualice> <@B1>", "&lt;@Ualice&gt; &lt;@B1&gt;"),
        ("a <b> &lt;", "a &lt;b&gt; &amp;lt;"),
        ("<@U1", "&lt;@U1"),
    ] {
        assert_eq!(text_of(Block::Text(written.to_owned())), sent);
    }
    assert_eq!(text_of(Block::Header("<@U1>".to_owned())), "&lt;@U1&gt;");
}

#[test]
fn a_log_cannot_end_its_code_block() {
    let sent = text_of(Block::Code("a ``` <@U1> ```` b".to_owned()));
    let inside = sent
        .strip_prefix("```\n")
        .unwrap()
        .strip_suffix("\n```")
        .unwrap();
    assert!(!inside.contains("```"), "{inside}");
    assert!(inside.contains("&lt;@U1&gt;"));
    assert_eq!(inside.replace('\u{200b}', ""), "a ``` &lt;@U1&gt; ```` b");
}

#[test]
fn long_texts_are_cut_between_lines_and_say_so() {
    let plan: Vec<String> = (0..500)
        .map(|n| format!("line {n} of <the> plan"))
        .collect();
    let sent = text_of(Block::Code(plan.join("\n")));
    assert!(sent.encode_utf16().count() <= 3_000);
    let kept = sent
        .lines()
        .filter(|line| line.starts_with("line "))
        .count();
    assert!(
        sent.ends_with(&format!("… ({} more lines)\n```", 500 - kept)),
        "{sent}"
    );

    let sent = text_of(Block::Text("&".repeat(5_000)));
    assert!(sent.encode_utf16().count() <= 3_000);
    assert!(sent.ends_with("&amp;… (cut)"), "no entity is cut in two");

    let header = text_of(Block::Header("😀".repeat(200)));
    assert!(header.encode_utf16().count() <= 150, "{header}");
}

fn link(text: &str, url: Option<&str>) -> Link {
    Link {
        text: text.to_owned(),
        url: url.map(str::to_owned),
    }
}

#[test]
fn a_page_is_a_link_and_nothing_else_is() {
    let shown = |links: Vec<Link>| {
        let rendered = of(vec![Block::Links(links)]).blocks.remove(0);
        rendered["elements"][0]["text"].as_str().unwrap().to_owned()
    };
    let compare = "https://github.com/acme/erp/compare/4c1f0a2...8f3c2d1";
    assert_eq!(
        shown(vec![
            link("changes since <v1>", Some(compare)),
            link("pushed by <@U024BE7LH>", None),
        ]),
        format!("<{compare}|changes since &lt;v1&gt;> · pushed by <@U024BE7LH>")
    );
    for no_page in [
        "https://evil.example/|Approve",
        "https://evil.example/> <!channel>",
        "javascript:alert(1)",
        "http://github.com/acme",
    ] {
        assert_eq!(shown(vec![link("commit", Some(no_page))]), "commit");
    }
    let text = of(vec![Block::Text(
        "<https://evil.example|Approve>".to_owned(),
    )]);
    assert_eq!(
        text.blocks[0]["text"]["text"],
        "&lt;https://evil.example|Approve&gt;"
    );
    let many = vec![link("commit", Some(compare)); 100];
    let many = shown(many);
    assert!(many.chars().count() <= 3_000);
    assert!(many.ends_with("|commit>"), "no link is cut in two");
}

#[test]
fn too_many_parts_leave_the_buttons() {
    let mut blocks: Vec<Block> = (0..70).map(|n| Block::Text(format!("part {n}"))).collect();
    blocks.push(Block::Buttons(vec![button(ButtonAction::Cancel, None)]));
    let rendered = of(blocks);
    assert_eq!(rendered.blocks.len(), 50);
    assert_eq!(rendered.blocks[47]["text"]["text"], "part 47");
    assert_eq!(
        rendered.blocks[48]["elements"][0]["text"],
        "… (22 more parts)"
    );
    assert_eq!(rendered.blocks[49]["type"], "actions");

    let fields = (0..25).map(|n| (n.to_string(), n.to_string())).collect();
    let sections = of(vec![Block::Fields(fields)]).blocks;
    assert_eq!(sections.len(), 1);
    let text = sections[0]["text"]["text"].as_str().unwrap();
    assert!(text.starts_with("*0* 0\n*1* 1\n"), "{text}");
    let fields = (0..3).map(|n| (n.to_string(), "w".repeat(1_400)));
    let sections = of(vec![Block::Fields(fields.collect())]).blocks;
    assert_eq!(sections.len(), 2);
}

#[test]
fn empty_parts_are_left_out_because_slack_refuses_them() {
    let empty = vec![
        Block::Header(String::new()),
        Block::Text(String::new()),
        Block::Code(String::new()),
        Block::Fields(vec![]),
        Block::Context(String::new()),
        Block::Links(vec![]),
        Block::Buttons(vec![]),
    ];
    assert_eq!(of(empty).blocks, Vec::<Value>::new());
}

#[test]
fn there_is_always_a_text_for_notifications() {
    let text = |summary: &str, blocks| {
        let summary = summary.to_owned();
        render(&Message { summary, blocks }).text
    };
    let fields = || Block::Fields(vec![("Lock".to_owned(), "free".to_owned())]);
    let buttons = || Block::Buttons(vec![button(ButtonAction::Pause, None)]);
    assert_eq!(text("live", vec![fields()]), "live");
    assert_eq!(text(" ", vec![buttons(), fields()]), "Lock: free");
    assert_eq!(
        text(
            "",
            vec![Block::Text("\n".to_owned()), Block::Code("a".to_owned())]
        ),
        "a"
    );
    assert_eq!(text("", vec![buttons()]), "Sluice");
}

/// What is told in parts is shown whole: nothing is cut here that was not cut, and counted, before.
#[test]
fn the_parts_of_a_long_message_are_all_within_slacks_limits() {
    use sluice_words::parts::{BLOCKS, Size, TOTAL, parts};

    assert_eq!(BLOCKS, super::BLOCKS);
    let long = |unit: &str| unit.repeat(9_000 / unit.len());
    let units = ["&", "<@U024BE7LH> ", "```", "a line\n", "😀", "word ", "x"];
    for unit in units {
        let message = Message {
            summary: long(unit),
            blocks: vec![
                Block::Header(long("h")),
                Block::Text(long(unit)),
                Block::Code(long(unit)),
                Block::Fields(vec![("Waits for".to_owned(), long(unit))]),
                Block::Context(long(unit)),
                Block::Buttons(vec![button(ButtonAction::Approve, None)]),
            ],
        };
        for part in parts(message, Size::Full, Vec::new) {
            let rendered = render(&part);
            assert!(rendered.blocks.len() <= super::BLOCKS);
            let all = Value::from(rendered.blocks).to_string();
            assert!(all.encode_utf16().count() < 2 * TOTAL, "{unit}");
            assert!(
                !all.contains("more lines)") && !all.contains("(cut)"),
                "{unit}: {all}"
            );
        }
    }
}

/// Slack's own types, as slack-morphism knows them, lose nothing of what we send.
#[test]
fn slack_knows_every_field() {
    use slack_morphism::prelude::SlackBlock;

    let rendered = of(vec![
        Block::Header("a".to_owned()),
        Block::Text("b".to_owned()),
        Block::Code("c".to_owned()),
        Block::Context("d".to_owned()),
        Block::Links(vec![link(
            "commit 8f3c2d1",
            Some("https://github.com/acme/erp"),
        )]),
        Block::Fields(vec![("e".to_owned(), "f".to_owned())]),
        Block::Buttons(vec![
            button(ButtonAction::Approve, Some("sure?")),
            button(ButtonAction::Reject, None),
        ]),
    ]);
    for block in rendered.blocks {
        let known: SlackBlock = serde_json::from_value(block.clone()).unwrap();
        assert_eq!(serde_json::to_value(known).unwrap(), block);
    }
}

fn a_form(title: String, label: String, choices: usize) -> Modal {
    let choice = |number: usize| Choice {
        label: format!("v1.{number}.0{}", "&".repeat(80)),
        value: format!("dep-{number}"),
    };
    Modal {
        title,
        blocks: (0..120).map(|n| Block::Text(format!("part {n}"))).collect(),
        inputs: vec![
            Input {
                name: InputName::Release,
                label,
                hint: String::new(),
                kind: InputKind::Select((0..choices).map(choice).collect()),
            },
            Input {
                name: InputName::Reason,
                label: "Why?".to_owned(),
                hint: "h".repeat(3_000),
                kind: InputKind::Text { max_chars: 9_999 },
            },
        ],
        submit: "s".repeat(40),
        purpose: Purpose::Reject {
            deployment: DeploymentId::from_outside("dep-78c09c6589e56604"),
            plan: Hash::of_json(&"plan"),
        },
    }
}

#[test]
fn a_form_keeps_every_limit_of_slacks_views() {
    let modal = a_form(
        "A title of more than 24 <characters>".to_owned(),
        "l".repeat(3_000),
        150,
    );
    let view = render_modal(&modal);
    let chars = |text: &Value| text.as_str().unwrap().encode_utf16().count();
    assert!(chars(&view["title"]["text"]) <= 24, "{}", view["title"]);
    assert!(view["title"]["text"].as_str().unwrap().ends_with('…'));
    assert!(chars(&view["submit"]["text"]) <= 24);
    assert!(chars(&view["private_metadata"]) <= 3_000);
    let blocks = view["blocks"].as_array().unwrap();
    assert_eq!(blocks.len(), 100);
    let inputs: Vec<&Value> = blocks.iter().filter(|b| b["type"] == "input").collect();
    assert_eq!(inputs.len(), 2, "the questions stay");
    assert!(chars(&inputs[0]["label"]["text"]) <= 2_000);
    assert!(chars(&inputs[1]["hint"]["text"]) <= 2_000);
    assert_eq!(inputs[1]["element"]["max_length"], 3_000);
    let options = inputs[0]["element"]["options"].as_array().unwrap();
    assert_eq!(options.len(), 100);
    assert!(
        options
            .iter()
            .all(|option| chars(&option["text"]["text"]) <= 75)
    );
}

#[test]
fn a_home_page_keeps_to_a_hundred_parts() {
    let blocks = (0..150).map(|n| Block::Text(format!("part {n}"))).collect();
    let view = render_home(&Home { blocks });
    assert_eq!(view["blocks"].as_array().unwrap().len(), 100);
    assert_eq!(view["type"], "home");
}
