use super::{BLOCKS, Size, TEXT, TOTAL, head, slack_blocks, split, width, width_of};
use crate::message::{Block, Button, ButtonAction, Message};
use sluice_core::id::DeploymentId;

fn parts(message: Message, elsewhere: impl FnOnce() -> Vec<Block>) -> Vec<Message> {
    super::parts(message, Size::Full, elsewhere)
}

fn message(blocks: Vec<Block>) -> Message {
    Message {
        summary: "erp v1.5.0 to production: waits for a yes".to_owned(),
        blocks,
    }
}

fn lines(count: usize) -> String {
    let lines: Vec<String> = (0..count)
        .map(|n| format!("secret     KEY_{n} <pinned> & kept"))
        .collect();
    lines.join("\n")
}

fn buttons() -> Block {
    Block::Buttons(vec![Button {
        action: ButtonAction::Approve,
        deployment: DeploymentId::from_outside("dep-1"),
        plan: None,
        confirm: None,
    }])
}

/// Everything that is read in it, without what separates it.
fn read(blocks: &[Block]) -> String {
    let texts = blocks.iter().map(|block| match block {
        Block::Header(text) | Block::Text(text) | Block::Code(text) | Block::Context(text) => {
            text.clone()
        }
        Block::Fields(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name}{value}"))
            .collect(),
        Block::Links(links) => links.iter().map(|link| link.text.clone()).collect(),
        Block::Buttons(_) => String::new(),
    });
    let all: String = texts.collect();
    all.split_whitespace().collect()
}

fn assert_each_fits(messages: &[Message]) {
    for message in messages {
        let count: usize = message.blocks.iter().map(slack_blocks).sum();
        let wide: usize = message.blocks.iter().map(width_of).sum();
        assert!(count <= BLOCKS, "{count} blocks");
        assert!(wide <= TOTAL, "{wide} wide");
    }
}

#[test]
fn what_fits_is_one_part_and_as_it_was() {
    let short = message(vec![
        Block::Header("erp v1.5.0: approve for production?".to_owned()),
        Block::Fields(vec![("Status".to_owned(), "AwaitingApproval".to_owned())]),
        Block::Code(lines(40)),
        buttons(),
    ]);
    assert_eq!(parts(short.clone(), Vec::new), [short]);
}

#[test]
fn a_long_plan_is_cut_with_a_count_and_goes_on_in_numbered_parts() {
    let long = message(vec![
        Block::Header("approve?".to_owned()),
        Block::Code(lines(500)),
        Block::Text("0 of 1 approvals given".to_owned()),
        buttons(),
    ]);
    let all = parts(long.clone(), Vec::new);
    assert_each_fits(&all);
    assert_eq!(all.len(), 4);
    let Block::Code(shown) = &all[0].blocks[1] else {
        panic!("the plan stays where it was")
    };
    let kept = shown
        .lines()
        .filter(|line| line.starts_with("secret"))
        .count();
    let note = format!("… ({} more lines, continued in the thread)", 500 - kept);
    assert!(shown.ends_with(&note), "{shown}");
    assert_eq!(all[0].blocks[2..], long.blocks[2..], "the rest of it stays");
    for (at, number) in [(1, "2 of 4"), (2, "3 of 4"), (3, "4 of 4")] {
        let Block::Context(label) = &all[at].blocks[0] else {
            panic!("a part begins with its number")
        };
        assert!(label.starts_with(number), "{label}");
        assert!(all[at].summary.contains(number));
    }
    let continued: Vec<&str> = all[1..]
        .iter()
        .flat_map(|part| &part.blocks[1..])
        .flat_map(|block| match block {
            Block::Code(text) => text.lines().collect::<Vec<_>>(),
            other => panic!("only the plan goes on: {other:?}"),
        })
        .collect();
    let whole = lines(500);
    let missing: Vec<&str> = whole.lines().skip(kept).collect();
    assert_eq!(continued, missing, "line by line");
}

#[test]
fn what_stands_below_in_full_is_not_told_again() {
    let plan = Block::Code(lines(500));
    let long = message(vec![plan.clone(), Block::Text(lines(200))]);
    let all = parts(long, || vec![plan.clone()]);
    assert!(all.len() > 1);
    let again = all[1..].iter().flat_map(|part| &part.blocks);
    assert!(
        again
            .into_iter()
            .all(|block| !matches!(block, Block::Code(_)))
    );
    assert_eq!(parts(message(vec![plan.clone()]), || vec![plan]).len(), 1);
}

#[test]
fn nothing_is_dropped_whatever_is_long() {
    let strange = [
        "x".repeat(9_000),
        "&<>`".repeat(3_000),
        "😀".repeat(5_000),
        format!("{}\n\n\n{}", "word ".repeat(900), "a\n".repeat(900)),
        format!(" {}", "<@U024BE7LH> ".repeat(700)),
    ];
    for text in &strange {
        for block in [Block::Text, Block::Code, Block::Context] {
            let long = message(vec![block(text.clone()), buttons()]);
            let (shown, rest) = head(&long.blocks, Size::Full, &[]);
            assert_eq!(shown.len(), 2);
            let note = read(&shown)
                .rfind('…')
                .map(|at| read(&shown)[..at].to_owned());
            let all = note.unwrap() + &read(&rest);
            assert_eq!(all, text.split_whitespace().collect::<String>());
            assert_each_fits(&parts(long, Vec::new));
        }
    }
    let fields = vec![
        ("Waits for".to_owned(), "why ".repeat(900)),
        ("Lock".to_owned(), "free".to_owned()),
    ];
    let long = message(vec![Block::Header("h".repeat(400)), Block::Fields(fields)]);
    let all = parts(long, Vec::new);
    assert_each_fits(&all);
    let below: String = all[1..].iter().map(|part| read(&part.blocks)).collect();
    assert!(below.contains(&"h".repeat(400)));
    assert!(below.contains(&"why".repeat(900)));
}

#[test]
fn each_smaller_size_is_smaller_drops_nothing_and_keeps_the_buttons() {
    let fields = (0..12).map(|n| (format!("name {n}"), "value ".repeat(90)));
    let long = message(vec![
        Block::Header("h".repeat(400)),
        Block::Fields(fields.collect()),
        Block::Text("word ".repeat(600)),
        Block::Code(lines(200)),
        buttons(),
    ]);
    let wide = |message: &Message| message.blocks.iter().map(width_of).sum::<usize>();
    let (mut size, mut before) = (Size::Full, usize::MAX);
    loop {
        let all = super::parts(long.clone(), size, Vec::new);
        for part in &all {
            assert!(wide(part) <= size.total(), "{size:?}: {}", wide(part));
        }
        assert!(wide(&all[0]) < before, "{size:?}");
        before = wide(&all[0]);
        assert_eq!(all[0].blocks.last(), Some(&buttons()), "{size:?}");
        let text: String = all.iter().map(|part| read(&part.blocks)).collect();
        assert_eq!(text.matches("KEY_").count(), 200, "{size:?}");
        assert!(text.contains(&"h".repeat(400)), "{size:?}");
        let Some(smaller) = size.smaller() else { break };
        assert!(smaller.larger() < smaller);
        size = smaller;
    }
    assert_eq!(size, Size::Line);
    let shown = &super::parts(long.clone(), Size::Line, Vec::new)[0].blocks;
    assert_eq!(shown[0], Block::Text(long.summary.clone()));
    assert_eq!(shown.len(), 3, "the line, that it goes on, the buttons");
}

#[test]
fn the_one_line_of_a_message_is_one_and_short() {
    let mut long = message(vec![Block::Text(lines(5)), buttons()]);
    assert_eq!(
        super::one_line(&long).blocks,
        [Block::Text(long.summary.clone()), buttons()]
    );
    long.summary = format!("first\nsecond {}", "x".repeat(900));
    assert_eq!(super::one_line(&long).summary, "first…");
    long.summary = "😀".repeat(900);
    assert!(width(&super::one_line(&long).summary) <= super::LINE + 1);
}

#[test]
fn many_long_texts_are_all_shown_a_little() {
    let blocks: Vec<Block> = (0..9)
        .map(|n| Block::Text(format!("{n} {}", lines(90))))
        .collect();
    let all = parts(message(blocks), Vec::new);
    assert_each_fits(&all);
    assert_eq!(all[0].blocks.len(), 9);
    for (number, block) in all[0].blocks.iter().enumerate() {
        let Block::Text(text) = block else {
            panic!("a text")
        };
        assert!(text.starts_with(&number.to_string()), "{text}");
    }
}

#[test]
fn more_blocks_than_a_message_takes_go_on_and_the_buttons_stay() {
    let mut blocks: Vec<Block> = (0..70).map(|n| Block::Text(format!("part-{n}."))).collect();
    blocks.push(buttons());
    let all = parts(message(blocks), Vec::new);
    assert_each_fits(&all);
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].blocks.len(), BLOCKS);
    assert_eq!(
        all[0].blocks[48],
        Block::Context("… (22 more parts, continued in the thread)".to_owned())
    );
    assert_eq!(all[0].blocks[49], buttons());
    let below = read(&all[1].blocks[1..]);
    assert!(
        below.starts_with("part-48.") && below.ends_with("part-69."),
        "{below}"
    );
}

#[test]
fn pieces_end_at_lines_then_at_words_and_are_never_too_wide() {
    assert_eq!(split("one\ntwo\nthree", 8), ["one\ntwo", "three"]);
    assert_eq!(split("one two three", 8), ["one two ", "three"]);
    assert_eq!(split("abcdefgh", 3), ["abc", "def", "gh"]);
    assert_eq!(split("", 3), [""]);
    // Neither a person nor a moment is cut in two.
    let person = split("approved by <@U024BE7LH> now", 24);
    assert_eq!(person, ["approved by ", "<@U024BE7LH> now"]);
    let moment = crate::inline::moment_of_day(jiff::Timestamp::UNIX_EPOCH);
    let text = format!("this approval is open until {moment}");
    assert_eq!(split(&text, 70), ["this approval is open until ", &moment]);
    for piece in split(&"&".repeat(4_000), TEXT) {
        assert!(width(&piece) <= TEXT);
    }
}
