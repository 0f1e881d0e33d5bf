use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::message::Block;
use sluice_core::id::{AppName, EnvironmentName};

fn now() -> Timestamp {
    "2026-01-05T09:50:00Z".parse().unwrap()
}

fn key(app: &str, environment: &str) -> EnvironmentKey {
    EnvironmentKey {
        app: AppName::new(app),
        environment: EnvironmentName::new(environment),
    }
}

/// The ERP's people live an hour before UTC, the CRM's nobody knows where.
fn known() -> Vec<Known> {
    let cet = TimeZone::fixed(Offset::constant(1));
    let known = |app, environment, zone| Known {
        key: key(app, environment),
        zone,
    };
    vec![
        known("erp", "staging", Some(cet.clone())),
        known("erp", "production", Some(cet)),
        known("crm", "production", None),
        known("crm", "review", None),
    ]
}

fn read(text: &str) -> Result<Slash, SlashError> {
    parse(text, &known(), now())
}

fn until(text: &str) -> Result<Timestamp, String> {
    match read(&format!("freeze {text}")) {
        Ok(Slash::Control(Control::Freeze {
            until: Some(until), ..
        })) => Ok(until),
        Ok(other) => panic!("{text}: {other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn every_command_is_read_as_it_is_written_in_its_help() {
    for verb in Verb::ALL {
        let example = verb.example().replace("production", "erp/production");
        let read = read(&format!("{verb} {example}")).unwrap();
        assert_eq!(read.verb(), verb, "{read:?}");
    }
    assert_eq!(read("").unwrap(), Slash::Look(Look::Help(None)));
    assert_eq!(
        read("/sluice STATUS").unwrap(),
        Slash::Look(Look::Status(None))
    );
}

#[test]
fn an_environment_is_named_alone_only_where_one_has_that_name() {
    let at = |text| match read(text) {
        Ok(Slash::Look(Look::Who(at))) => Ok(at),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error),
    };
    assert_eq!(at("who Staging"), Ok(key("erp", "staging")));
    assert_eq!(at("who crm/production"), Ok(key("crm", "production")));
    let ambiguous = at("who production").unwrap_err();
    assert_eq!(
        ambiguous,
        SlashError::AmbiguousEnvironment {
            word: "production".to_owned(),
            possible: vec![key("erp", "production"), key("crm", "production")],
        }
    );
}

#[test]
fn what_slack_makes_of_a_text_is_undone() {
    let deploy = |text: &str| read(text).unwrap().to_string();
    let plain = "deploy v1.4.0 to erp/staging";
    for mangled in [
        "deploy <http://v1.4.0|v1.4.0> to staging",
        "deploy `v1.4.0` to `staging`",
        "deploy \u{201c}v1.4.0\u{201d}\u{a0}to\u{2003}staging",
        "  Deploy\tv1.4.0\r\nto \u{200b}staging ",
        "deploy *v1.4.0* to 'staging',",
    ] {
        assert_eq!(deploy(mangled), plain, "{mangled:?}");
    }
    assert_eq!(
        deploy("deploy release\u{2013}1.4.0 to staging"),
        "deploy release-1.4.0 to erp/staging"
    );
    let reason = |text: &str| match read(text).unwrap() {
        Slash::Decision(Decision::Reject { reason, .. }) => reason.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        reason(
            "reject staging ask <@U024BE7LH|some one> in <#C1|ops> &amp; see <https://x.example|the \
             run>, it\u{2019}s &lt;late&gt; <!here>"
        ),
        "ask @U024BE7LH in #ops & see the run, it's <late> @here"
    );
}

#[test]
fn a_reason_alone_is_for_the_only_plan_that_waits_and_a_slip_in_a_name_is_asked_about() {
    let read_as = |text: &str| match read(text) {
        Ok(Slash::Decision(Decision::Reject { at, reason })) => Ok((at, reason.to_string())),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error),
    };
    assert_eq!(
        read_as("reject too late in the day"),
        Ok((None, "too late in the day".to_owned()))
    );
    assert_eq!(
        read_as("reject \"staging is down\""),
        Ok((None, "staging is down".to_owned()))
    );
    assert!(matches!(
        read_as("reject stagign is down"),
        Err(SlashError::UnknownEnvironment { meant: Some(_), .. })
    ));
}

#[test]
fn a_hotfix_says_why_however_it_is_written() {
    let plain = "deploy v1.4.1 to erp/staging hotfix: the shop is down";
    for written in [
        "deploy v1.4.1 to staging hotfix: the shop is down",
        "deploy v1.4.1 to staging Hotfix:the shop is down",
        "deploy v1.4.1 to staging hotfix the shop is down",
        "deploy v1.4.1 to staging *hotfix:* \u{201c}the shop is down\u{201d}",
    ] {
        assert_eq!(
            read(written).map(|slash| slash.to_string()).as_deref(),
            Ok(plain)
        );
    }
}

#[test]
fn times_are_read_on_the_clock_of_the_environment_or_must_say_whose() {
    for (written, at) in [
        ("staging until 2h", "2026-01-05T11:50:00Z"),
        ("staging until 1h30m upgrade", "2026-01-05T11:20:00Z"),
        ("staging until 2 days", "2026-01-07T09:50:00Z"),
        ("staging until 18:00", "2026-01-05T17:00:00Z"),
        ("staging until 18:00 UTC", "2026-01-05T18:00:00Z"),
        ("staging until 18:00, then we see", "2026-01-05T17:00:00Z"),
        ("review until 18:00Z", "2026-01-05T18:00:00Z"),
        ("review until 18:00+05:30", "2026-01-05T12:30:00Z"),
        ("staging until tomorrow 09:00", "2026-01-06T08:00:00Z"),
        ("review until tomorrow 09:00 -05:00", "2026-01-06T14:00:00Z"),
        ("staging until 2026-01-31", "2026-01-30T23:00:00Z"),
        (
            "review until 2026-01-31 09:00 UTC closing",
            "2026-01-31T09:00:00Z",
        ),
        (
            "review until 2026-01-31T09:00:00+01:00",
            "2026-01-31T08:00:00Z",
        ),
        ("staging until 2026-01-31t09:00", "2026-01-31T08:00:00Z"),
    ] {
        assert_eq!(until(written), Ok(at.parse().unwrap()), "{written}");
    }
}

#[test]
fn a_reason_begins_after_the_time() {
    let frozen = read("freeze staging until tomorrow 09:00 UTC month end").unwrap();
    assert_eq!(
        frozen.to_string(),
        "freeze erp/staging until 2026-01-06T09:00:00Z month end"
    );
    let quoted = read("freeze staging \"until the auditors are gone\"").unwrap();
    assert_eq!(
        quoted,
        Slash::Control(Control::Freeze {
            at: key("erp", "staging"),
            until: None,
            reason: Some(Reason::new("until the auditors are gone").unwrap()),
        })
    );
}

#[test]
fn the_clocks_being_put_forward_and_back_are_thought_of() {
    let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let known = [Known {
        key: key("erp", "production"),
        zone: Some(berlin),
    }];
    let read = |text: &str| parse(text, &known, now()).map(|slash| slash.to_string());
    assert_eq!(
        read("freeze production until 2026-10-25 02:30").as_deref(),
        Ok("freeze erp/production until 2026-10-25T01:30:00Z"),
        "of a time that comes twice the second"
    );
    assert!(matches!(
        read("freeze production until 2026-03-29 02:30"),
        Err(SlashError::When(WhenError::NoSuchTime(_)))
    ));
}

#[test]
fn every_error_says_what_to_write_instead() {
    let long = format!("pause staging {}", "x".repeat(501));
    let lines = [
        "stauts",
        "fly me to the moon",
        "who",
        "who stagin",
        "who crm/prodution",
        "who mars",
        "who production",
        "deploy",
        "deploy v1.4.0",
        "deploy v1.4.0 staging",
        "deploy erp:v1.4.0 to staging",
        "deploy sha256:12 to staging",
        "deploy v1.4.1 to staging hotfix:",
        "deploy v1.4.1 to staging hotfx: the shop is down",
        "deploy v1.4.1 to staging please",
        "rollback staging v1.3.9",
        "rollback staging to",
        "reject",
        "reject stagin too slow",
        "reject \" \"",
        "resume staging please",
        "freeze staging until",
        "freeze staging until noon",
        "freeze staging until 6pm",
        "freeze staging until 25:00",
        "freeze review until 18:00",
        "freeze review until 18:00 CET",
        "freeze staging until 18:00 Mars/Olympus",
        "freeze staging until tomorrow",
        "freeze staging until 09:00",
        "freeze staging until 2026-01-05T09:00:00Z",
        "freeze staging until 2062-01-31",
        "freeze staging until 99999999999999999999d",
        "freeze staging until 2026-02-30",
        "help fly",
        "who <@U024BE7LH>`rm`",
        long.as_str(),
    ];
    let said: Vec<String> = lines
        .into_iter()
        .map(|line| {
            let shown: String = line.chars().take(60).collect();
            format!("/sluice {shown}\n    {}", read(line).unwrap_err())
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn the_help() {
    let groups = [Group::Look, Group::Decision, Group::Ask, Group::Control];
    let mut said = vec![help(None, &groups)];
    said.extend(Verb::ALL.map(|verb| help(Some(verb), &groups)));
    let said: Vec<String> = said
        .iter()
        .flat_map(|message| &message.blocks)
        .map(|block| match block {
            Block::Code(text) | Block::Text(text) | Block::Context(text) => text.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
    let Block::Code(looks) = &help(None, &[Group::Look]).blocks[0] else {
        panic!("the list is code");
    };
    assert!(!looks.contains("deploy <"), "{looks}");
}

fn any_key() -> impl Strategy<Value = EnvironmentKey> {
    prop::sample::select(known()).prop_map(|known| known.key)
}

#[test]
fn a_reason_wakes_nobody_and_does_not_look_like_our_own_words() {
    for (typed, read) in [
        ("ask <@U024BE7LH>", "ask @U024BE7LH"),
        (
            "<!subteam^S0604QSJC> <!channel> @here",
            "@S0604QSJC @channel @here",
        ),
        ("<@<@U1>U2> <<@U1>", "<@@U1U2> <@U1"),
        (
            "audit* — *approved by <@U0CEO00000>*",
            "audit\u{2217} — \u{2217}approved by @U0CEO00000\u{2217}",
        ),
        (
            "`x` ~gone~ _all_ of erp_orders",
            "\u{2cb}x\u{2cb} \u{223c}gone\u{223c} \u{2cd}all\u{2cd} of erp_orders",
        ),
        ("p95 > 2s & 3 < 4", "p95 > 2s & 3 < 4"),
    ] {
        let reason = Reason::new(typed).unwrap();
        assert_eq!(reason.as_str(), read, "{typed}");
        assert_eq!(Reason::typed(read).unwrap(), reason, "again it is the same");
    }
}

fn any_reason() -> impl Strategy<Value = Reason> {
    let awkward = prop::sample::select(vec![
        "until 18:00",
        "\"",
        "\"quoted\"",
        "production",
        "a & b &amp; <c> <@U024BE7LH> <!subteam^S1>",
        "`until` x",
    ]);
    prop_oneof![
        3 => any::<String>().prop_filter_map("says nothing", |text| Reason::new(&text).ok()),
        1 => awkward.prop_map(|text| Reason::new(text).unwrap()),
    ]
}

fn any_version() -> impl Strategy<Value = Version> {
    prop_oneof![
        "[A-Za-z0-9_][A-Za-z0-9._-]{0,60}".prop_map(|tag| Version::Tag(ImageTag::new(tag))),
        "[0-9a-f]{64}".prop_map(|hex| {
            Version::Digest(Digest::try_from(format!("sha256:{hex}")).unwrap())
        }),
    ]
}

fn any_command() -> impl Strategy<Value = Slash> {
    let place = || prop::option::of(any_key());
    let reason = || prop::option::of(any_reason());
    let until = (1_i64..366 * 86_400).prop_map(|s| now() + SignedDuration::from_secs(s));
    prop_oneof![
        place().prop_map(|at| Slash::Look(Look::Status(at))),
        place().prop_map(|at| Slash::Look(Look::History(at))),
        place().prop_map(|at| Slash::Look(Look::Metrics(at))),
        (place(), place()).prop_map(|(one, other)| {
            let first = one.or_else(|| other.clone());
            let second = first.as_ref().and(other);
            Slash::Look(Look::Parity([first, second]))
        }),
        any_key().prop_map(|at| Slash::Look(Look::Who(at))),
        prop::option::of(prop::sample::select(Verb::ALL.to_vec()))
            .prop_map(|about| Slash::Look(Look::Help(about))),
        place().prop_map(|at| Slash::Decision(Decision::Approve(at))),
        (place(), any_reason())
            .prop_map(|(at, reason)| Slash::Decision(Decision::Reject { at, reason })),
        any_key().prop_map(|at| Slash::Decision(Decision::Cancel(at))),
        (any_version(), any_key(), reason()).prop_map(|(version, to, hotfix)| {
            Slash::Ask(Ask::Deploy {
                version,
                to,
                hotfix,
            })
        }),
        any_key().prop_map(|at| Slash::Ask(Ask::Promote(at))),
        (any_key(), prop::option::of(any_version()))
            .prop_map(|(at, to)| Slash::Ask(Ask::RollBack { at, to })),
        any_key().prop_map(|at| Slash::Ask(Ask::Restore(at))),
        (any_key(), reason())
            .prop_map(|(at, reason)| Slash::Control(Control::Pause { at, reason })),
        any_key().prop_map(|at| Slash::Control(Control::Resume(at))),
        (any_key(), reason()).prop_map(|(at, reason)| Slash::Control(Control::Hold { at, reason })),
        any_key().prop_map(|at| Slash::Control(Control::Release(at))),
        (any_key(), prop::option::of(until), reason()).prop_map(|(at, until, reason)| {
            Slash::Control(Control::Freeze { at, until, reason })
        }),
        any_key().prop_map(|at| Slash::Control(Control::Thaw(at))),
    ]
}

proptest! {
    #[test]
    fn a_command_that_is_printed_is_read_as_the_same(slash in any_command()) {
        let written = slash.to_string();
        prop_assert_eq!(read(&written), Ok(slash), "{}", written);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        if let Err(error) = read(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn no_text_after_a_verb_makes_the_reader_panic(
        verb in prop::sample::select(Verb::ALL.to_vec()),
        before in prop::sample::select(vec!["", "staging ", "staging until ", "v1 to ", "v1 to staging hotfix:"]),
        text in "(\\PC|[\\x00-\\x1f\\x7f]|[0-9:TZ+-]|<@U1\\|a b>|<http://v1|v1>|&lt;|\u{a0}){0,40}",
    ) {
        if let Ok(slash) = read(&format!("{verb} {before}{text}")) {
            prop_assert_eq!(read(&slash.to_string()), Ok(slash));
        }
    }
}
