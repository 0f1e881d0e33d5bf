//! What people are shown of a deployment, at the moments that matter.

use sluice_core::config::SecretSource;
use sluice_core::deployment::Requester;
use sluice_core::event::Event;
use sluice_core::id::{SecretVersion, UserId};
use sluice_core::observation::{PinnedSecret, RolloutStatus, Stage};
use sluice_core::phase::Phase;
use sluice_words::inline::plain;
use sluice_words::message::{Block, ButtonAction, Message};
use sluice_words::view::{message, replies};

use super::world::APPROVER;
use crate::Run;

pub(crate) fn text(message: &Message) -> String {
    let blocks = message.blocks.iter().map(|block| match block {
        Block::Header(text) | Block::Text(text) | Block::Context(text) => text.clone(),
        Block::Fields(fields) => format!("{fields:?}"),
        Block::Links(links) => {
            let links: Vec<String> = links
                .iter()
                .map(|link| match &link.url {
                    Some(url) => format!("{} <{url}>", link.text),
                    None => link.text.clone(),
                })
                .collect();
            links.join(" · ")
        }
        Block::Code(_) | Block::Buttons(_) => String::new(),
    });
    blocks.collect::<Vec<_>>().join("\n")
}

pub(crate) fn buttons(message: &Message) -> Vec<ButtonAction> {
    let buttons = message.blocks.iter().flat_map(|block| match block {
        Block::Buttons(buttons) => buttons.as_slice(),
        _ => &[],
    });
    buttons.map(|button| button.action).collect()
}

/// The first lines of what the channel is told besides the thread.
pub(crate) fn broadcasts(run: &Run) -> Vec<String> {
    let replies = run.d.story.iter().flat_map(|entry| replies(&run.d, entry));
    replies
        .filter(|reply| reply.broadcast)
        .map(|reply| reply.message.summary)
        .collect()
}

#[test]
fn the_channel_is_told_of_a_decision_that_is_needed_and_of_nothing_that_goes_well() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    let told = broadcasts(&run);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("<!subteam^S0604QSJC>"), "{told:?}");
    run.approved_until(&world, "BackingUp");
    // The question stays; until when it was open is not said any more.
    let without = |line: &str| line.split(", until ").next().map(str::to_owned);
    let later = broadcasts(&run);
    assert_eq!(later.len(), 1, "{later:?}");
    assert_eq!(
        without(&told[0]),
        later[0].strip_suffix('.').map(str::to_owned)
    );
}

#[test]
fn the_channel_is_told_of_a_failure() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "RollingOut");
    let asked = broadcasts(&run).len();
    run.look(&world);
    let failed = RolloutStatus::RollbackSuccessful;
    world.web(failed, Stage::PostTestTrafficShift);
    run.until(&world, "RolledBack");
    assert!(broadcasts(&run).len() > asked, "{:?}", run.story());
}

#[test]
fn buttons_are_those_that_make_sense_now() {
    let (mut run, world) = Run::new(Requester::Push);
    assert_eq!(buttons(&message(&run.d, None)), [ButtonAction::Cancel]);
    run.until(&world, "AwaitingApproval");
    let decide = [ButtonAction::Approve, ButtonAction::Reject];
    assert_eq!(buttons(&message(&run.d, None)), decide);
    run.approved_until(&world, "Migrating");
    let stop = [ButtonAction::Pause, ButtonAction::Cancel];
    assert_eq!(buttons(&message(&run.d, None)), stop);
    run.until(&world, "RollingOut");
    let stop = [ButtonAction::Pause, ButtonAction::RollBack];
    assert_eq!(buttons(&message(&run.d, None)), stop);
}

#[test]
fn secrets_whose_version_changes_are_named_and_no_others() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    let sealed = run.d.sealed_plan().clone();
    assert!(!text(&message(&run.d, Some(&sealed))).contains("Secrets"));
    assert!(!text(&message(&run.d, None)).contains("Secrets"));
    let variable = sealed.plan.secrets[0].variable.clone();
    let mut before = sealed.clone();
    before.plan.secrets[0].version = SecretVersion::new("v0");
    before.plan.secrets.push(PinnedSecret {
        variable: "OLD_TOKEN".to_owned(),
        value_from: "arn".to_owned(),
        version: SecretVersion::new("v1"),
        pinned: true,
        rotates: false,
    });
    let said = text(&message(&run.d, Some(&before)));
    let changed = format!("(\"Secrets\", \"{variable} has a new version, OLD_TOKEN is gone\")");
    assert!(said.contains(&changed), "{said}");
    before.plan.secrets.clear();
    let said = text(&message(&run.d, Some(&before)));
    assert!(
        said.contains(&format!("(\"Secrets\", \"{variable} is new\")")),
        "{said}"
    );
    // Places and versions, never what is in them.
    let sources = run.d.settings.environment.secrets.values();
    assert!(sources.clone().count() > 0);
    for source in sources {
        let (SecretSource::SecretsManager { name, .. } | SecretSource::Parameter { name }) = source;
        assert!(!said.contains(name.as_str()), "{said}");
    }
}

#[test]
fn the_message_says_who_decided_and_when() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    assert!(!text(&message(&run.d, None)).contains("Approved by"));
    run.approved_until(&world, "BackingUp");
    let said = plain(&text(&message(&run.d, None)));
    assert!(
        said.contains(&format!("Approved by @{APPROVER} at 09:")),
        "{said}"
    );
}

#[test]
fn a_rejection_says_why_and_one_without_a_reason_is_stored_as_it_always_was() {
    for reason in [
        None,
        Some("the migration locks the orders table".to_owned()),
    ] {
        let (mut run, world) = Run::new(Requester::Push);
        run.until(&world, "AwaitingApproval");
        let reject = Event::Reject {
            by: UserId::new(APPROVER),
            groups: Default::default(),
            plan: run.d.sealed_plan().hash.clone(),
            reason: reason.clone(),
        };
        let stored = serde_json::to_string(&reject).unwrap();
        assert_eq!(stored.contains("reason"), reason.is_some(), "{stored}");
        let back: Event = serde_json::from_str(&stored).unwrap();
        assert_eq!(back, reject);
        run.event(&reject).unwrap();
        assert!(matches!(&run.d.phase, Phase::Rejected { reason: kept, .. } if *kept == reason));
        let phase = serde_json::to_string(&run.d.phase).unwrap();
        assert_eq!(phase.contains("reason"), reason.is_some(), "{phase}");
        let said = text(&message(&run.d, None));
        assert!(
            said.contains(&format!("Rejected by <@{APPROVER}>")),
            "{said}"
        );
        if let Some(reason) = reason {
            assert!(said.contains(&reason), "{said}");
        }
    }
}
