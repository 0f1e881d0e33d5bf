//! Files drafted from facts: what each says, and that each is one that Sluice takes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod asking;
mod beside;
mod cases;
mod erp;
mod hostile;

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::config::{Config, Database};
use sluice_draft::facts::Cluster;
use sluice_draft::{Draft, Undecided, Wanted, draft};
use sluice_words::doctor::NotSeen;

/// Drafts with these answers.
pub(crate) fn drafted(clusters: &[Cluster], answers: &[(&str, &str)]) -> Result<Draft, Undecided> {
    let answers = answers
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let wanted = Wanted {
        answers: answers.collect(),
        ..Wanted::default()
    };
    draft(clusters, &wanted)
}

/// The configuration of a draft, which must be valid.
pub(crate) fn valid(draft: &Draft) -> Config {
    Config::parse(&draft.text).unwrap_or_else(|problems| panic!("{problems}\n{}", draft.text))
}

const ANSWERS: [(&str, &str); 3] = [
    ("approvers", "S0604QSJC,U024BE7LH"),
    ("staging.web.url", "https://erp-staging.example.com"),
    ("production.web.url", "https://erp.example.com"),
];

#[test]
fn the_erp_s_file_without_an_answer_reads_like_this() {
    let draft = drafted(&erp::clusters(), &[]).unwrap();
    valid(&draft);
    insta::assert_snapshot!("erp", draft.text);
    let open: Vec<&str> = draft.questions.iter().map(|one| one.key.as_str()).collect();
    let asked = [
        "approvers",
        "staging.channel",
        "staging.web.url",
        "production.channel",
        "production.web.url",
    ];
    assert_eq!(open, asked);
}

#[test]
fn what_is_drafted_from_the_erp_s_infrastructure_is_the_erp_s_own_file_in_what_matters() {
    let draft = drafted(&erp::clusters(), &ANSWERS).unwrap();
    let (ours, own) = (valid(&draft), erp::config());
    assert_eq!((&ours.app, &ours.repository), (&own.app, &own.repository));
    assert_eq!(ours.registry, own.registry);
    let services = |config: &Config| {
        let each = config.services.iter();
        let each = each.map(|one| {
            (
                one.name.clone(),
                (one.kind, one.container.clone(), one.health.clone()),
            )
        });
        each.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(services(&ours), services(&own));
    assert_eq!(ours.environments.len(), own.environments.len());
    for (ours, own) in ours.environments.iter().zip(&own.environments) {
        assert_eq!(ours.name, own.name);
        assert_eq!(ours.account, own.account);
        assert_eq!(ours.region, own.region);
        assert_eq!(ours.role, own.role);
        assert_eq!(ours.cluster, own.cluster);
        assert_eq!(ours.after, own.after);
        assert_eq!(ours.channel, own.channel);
        assert_eq!(
            ours.services, own.services,
            "strategies, addresses and names in ECS"
        );
        assert_eq!(ours.secrets, own.secrets);
        assert_eq!(ours.variables, own.variables);
        let tags = |one: &sluice_core::config::Environment| format!("{:?}", one.tags);
        assert_eq!(tags(ours), tags(own));
        let alarms = |one: &sluice_core::config::Environment| {
            one.alarms
                .iter()
                .map(ToString::to_string)
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(alarms(ours), alarms(own));
        let database = |one: &sluice_core::config::Environment| -> Option<Database> {
            one.backup.as_ref().map(|backup| backup.database.clone())
        };
        assert_eq!(database(ours), database(own));
        let approvers = |one: &sluice_core::config::Environment| {
            one.approval
                .as_ref()
                .map(|one| (one.approvers.clone(), one.four_eyes))
        };
        assert_eq!(approvers(ours), approvers(own));
    }
    assert!(
        draft
            .questions
            .iter()
            .any(|one| one.is_answered && one.key == "approvers")
    );
}

#[test]
fn an_answer_to_nothing_that_is_asked_is_told() {
    let told = drafted(
        &erp::clusters(),
        &[("staging.web.uri", "https://x.example.com")],
    );
    let Err(Undecided::NotAsked(wrong, asked)) = told else {
        panic!("it was taken");
    };
    assert_eq!(wrong, ["staging.web.uri"]);
    assert!(asked.contains(&"staging.web.url".to_owned()), "{asked:?}");
}

/// Each fact that can be refused, with a word that must not stand in the file as if it were known.
#[test]
fn what_could_not_be_read_is_a_comment_and_nothing_is_guessed_from_it() {
    fn refused(right: &str) -> NotSeen {
        NotSeen {
            why: format!("AWS refused {right}."),
            needs: Some(right.into()),
        }
    }
    type Refuse = fn(&mut Cluster);
    let cases: [(&str, Refuse, &str); 6] = [
        (
            "cloudwatch:DescribeAlarms",
            |one| one.alarms = Err(refused("cloudwatch:DescribeAlarms")),
            "alarms =",
        ),
        (
            "rds:DescribeDBInstances",
            |one| one.databases = Err(refused("rds:DescribeDBInstances")),
            "\ninstance =",
        ),
        (
            "secretsmanager:DescribeSecret",
            |one| {
                for seen in one.secrets.values_mut() {
                    *seen = Err(refused("secretsmanager:DescribeSecret"));
                }
            },
            "secret = \"erp/",
        ),
        (
            "elasticloadbalancing:DescribeTargetGroups",
            |one| {
                for group in groups(one) {
                    group.about = Err(refused("elasticloadbalancing:DescribeTargetGroups"));
                }
            },
            "\nlive =",
        ),
        (
            "elasticloadbalancing:DescribeRules",
            |one| {
                for balancer in balancers(one) {
                    balancer.test = Some(Err(refused("elasticloadbalancing:DescribeRules")));
                }
            },
            "the test listener is on port",
        ),
        (
            "ecs:ListTaskDefinitionFamilies",
            |one| {
                one.migrations = Err(refused("ecs:ListTaskDefinitionFamilies"));
            },
            "\n[migration]",
        ),
    ];
    for (right, refuse, known) in cases {
        let mut clusters = erp::clusters();
        clusters.iter_mut().for_each(refuse);
        let draft = drafted(&clusters, &[]).unwrap();
        valid(&draft);
        let needs: Vec<_> = draft
            .unknown
            .iter()
            .map(|one| one.needs.as_deref())
            .collect();
        assert_eq!(needs, [Some(right)], "once, for the end");
        let flat = draft.text.replace("\n# ", " ");
        let told = format!("Unknown: AWS refused {right}. Needs the right {right}.");
        assert!(flat.contains(&told), "{right}:\n{}", draft.text);
        assert!(
            !draft.text.contains(known),
            "{right}: {known}\n{}",
            draft.text
        );
    }
}

fn balancers(cluster: &mut Cluster) -> impl Iterator<Item = &mut sluice_draft::facts::Balancer> {
    cluster
        .services
        .as_mut()
        .unwrap()
        .iter_mut()
        .flat_map(|one| &mut one.balancers)
}

fn groups(cluster: &mut Cluster) -> impl Iterator<Item = &mut sluice_draft::facts::TargetGroup> {
    balancers(cluster).flat_map(|one| &mut one.groups)
}

#[test]
fn services_that_could_not_be_listed_in_one_environment_are_asked_about() {
    let mut clusters = erp::clusters();
    clusters[1].services = Err(NotSeen {
        why: "AWS refused ecs:ListServices.".into(),
        needs: Some("ecs:ListServices".into()),
    });
    let draft = drafted(&clusters, &[]).unwrap();
    let config = valid(&draft);
    assert_eq!(config.environments.len(), 2);
    assert!(
        draft
            .text
            .contains("Unknown: AWS refused ecs:ListServices."),
        "{}",
        draft.text
    );
    assert!(
        !draft.text.contains("has no such service"),
        "{}",
        draft.text
    );
    clusters[0].services = clusters[1].services.clone();
    let nothing = drafted(&clusters, &[]);
    assert!(
        matches!(nothing, Err(Undecided::NotSeen(why)) if why.needs.as_deref() == Some("ecs:ListServices"))
    );
}
