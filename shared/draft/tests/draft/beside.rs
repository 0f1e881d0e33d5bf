//! What belongs to services: migration, database, alarms, health checks, variables and secrets.

use sluice_draft::facts::{Hidden, TaskDefinition};

use crate::cases::{ACCOUNT, Case, check, web};
use crate::drafted;
use crate::erp::{alarm, cluster, container, database, service, words};

#[test]
fn the_migration_is_the_one_that_was_seen_and_else_a_proposal() {
    let plain = |command: &[&str], variable: &str| {
        let mut one = container("app", "shop", command);
        one.variables.insert(variable.into(), Hidden::new("x"));
        vec![cluster(
            "shop-production",
            ACCOUNT,
            vec![service("shop-web", vec![one])],
        )]
    };
    let mut family = plain(&["gunicorn", "shop"], "X");
    family[0].migrations = Ok(vec![TaskDefinition {
        family: "shop-migrate".into(),
        roles: Vec::new(),
        containers: vec![container(
            "app",
            "shop",
            &["alembic", "-c", "a.ini", "upgrade", "head"],
        )],
    }]);
    let mut other = plain(&["gunicorn", "shop"], "X");
    other[0].migrations = Ok(vec![TaskDefinition {
        family: "wiki-migrate".into(),
        roles: Vec::new(),
        containers: vec![container("app", "wiki", &["alembic", "upgrade", "head"])],
    }]);
    check(vec![
        Case {
            name: "a family of tasks",
            clusters: family,
            says: &[
                "\n[migration]\ncommand = [\"alembic\", \"-c\", \"a.ini\", \"upgrade\", \"head\"]",
            ],
            says_not: &["remove it"],
        },
        Case {
            name: "another application's",
            clusters: other,
            says: &[
                "[migration] command = [\"alembic\", \"upgrade\", \"head\"]",
                "what is usual with gunicorn",
            ],
            says_not: &["\n[migration]"],
        },
        Case {
            name: "at each start",
            clusters: plain(
                &["sh", "-c", "python manage.py migrate && gunicorn shop"],
                "X",
            ),
            says: &[
                "command = [\"python\", \"manage.py\", \"migrate\", \"--no-input\"]",
                "To do: remove it from the command of shop-web",
            ],
            says_not: &[],
        },
        Case {
            name: "Rails",
            clusters: plain(&[], "RAILS_ENV"),
            says: &["[migration] command = [\"bundle\", \"exec\", \"rails\", \"db:migrate\"]"],
            says_not: &["\n[migration]"],
        },
        Case {
            name: "Go, as far as anyone can tell",
            clusters: plain(&["/server"], "PORT"),
            says: &["write its command, as you would type it"],
            says_not: &["\n[migration]", "what is usual with"],
        },
    ]);
}

#[test]
fn a_database_is_known_by_its_address_and_never_taken_at_random() {
    let with = |variables: &[(&str, &str)], secrets: &[(&str, &str)], databases| {
        let mut web = web("shop-web", "shop", Some("shop.example.com"));
        let one = &mut web.definition.as_mut().unwrap().containers[0];
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        one.variables = variables
            .iter()
            .map(pair)
            .map(|(name, value)| (name, Hidden::new(value)))
            .collect();
        one.secrets = secrets.iter().map(pair).collect();
        let mut cluster = cluster("shop-production", ACCOUNT, vec![web]);
        cluster.databases = Ok(databases);
        vec![cluster]
    };
    let two = || vec![database("a", "vpc-1"), database("b", "vpc-1")];
    let mut aurora = two();
    aurora[1].is_cluster = true;
    aurora[1].secret =
        Some("arn:aws:secretsmanager:eu-central-1:222222222222:secret:rds!cluster-1-AbCdEf".into());
    check(vec![
        Case {
            name: "by its address",
            clusters: with(
                &[("DB_HOST", "b.abc.eu-central-1.rds.amazonaws.com")],
                &[],
                two(),
            ),
            says: &["in the variable DB_HOST of shop-web", "\ninstance = \"b\""],
            says_not: &[],
        },
        Case {
            name: "by RDS's secret",
            clusters: with(
                &[],
                &[(
                    "DB",
                    "arn:aws:secretsmanager:eu-central-1:222222222222:secret:rds!cluster-1-AbCdEf:password::",
                )],
                aurora,
            ),
            says: &["\ncluster = \"b\""],
            says_not: &[],
        },
        Case {
            name: "one in the VPC",
            clusters: with(
                &[],
                &[],
                vec![database("a", "vpc-1"), database("b", "vpc-2")],
            ),
            says: &[
                "Guessed: it is the only database in vpc-1",
                "\ninstance = \"a\"",
            ],
            says_not: &[],
        },
        Case {
            name: "two, and no address",
            clusters: with(&[], &[], two()),
            says: &[
                "To do: which database does production use",
                ": a and b, or none?",
            ],
            says_not: &["\ninstance ="],
        },
        Case {
            name: "none",
            clusters: with(&[], &[], Vec::new()),
            says: &["no RDS database in eu-central-1"],
            says_not: &["backup]"],
        },
    ]);
    let two = with(&[], &[], two());
    let answered = drafted(&two, &[("production.database", "b")]).unwrap();
    assert!(
        answered.text.contains("\ninstance = \"b\""),
        "{}",
        answered.text
    );
    let none = drafted(&two, &[("production.database", "none")]).unwrap();
    assert!(!none.text.contains("backup]"), "{}", none.text);
}

#[test]
fn alarms_that_fire_by_themselves_or_now_stop_no_deployment() {
    let mut web = web("shop-web", "shop", None);
    web.alarms = vec!["rollback me".into()];
    let mut cluster = cluster("shop-production", ACCOUNT, vec![web]);
    let mut firing = alarm(
        "group",
        &[
            ("TargetGroup", "targetgroup/blue/1"),
            ("LoadBalancer", "app/erp/2"),
        ],
    );
    firing.firing = true;
    cluster.alarms = Ok(vec![
        firing,
        alarm("rollback me", &[]),
        alarm(
            "other group",
            &[
                ("TargetGroup", "targetgroup/wiki/1"),
                ("LoadBalancer", "app/erp/2"),
            ],
        ),
        alarm(
            "shop-production-storage",
            &[("DBInstanceIdentifier", "shop")],
        ),
    ]);
    check(vec![Case {
        name: "alarms",
        clusters: vec![cluster],
        says: &[
            "alarms = [\"rollback me\"]",
            "To do: group is firing now.",
            "shop-production-storage by the name belongs to this environment",
        ],
        says_not: &["other group"],
    }]);
}

#[test]
fn a_health_check_that_takes_redirections_is_none_of_sluice_s() {
    let mut web = web("shop-web", "shop", None);
    web.balancers[0].groups[0]
        .about
        .as_mut()
        .unwrap()
        .healthy_codes = Some("200-399".into());
    let without = cluster("shop-production", ACCOUNT, vec![web.clone()]);
    web.definition.as_mut().unwrap().containers[0].health_check = words(&[
        "CMD-SHELL",
        "curl -f http://localhost:8000/up?x=1 || exit 1",
    ]);
    let with = cluster("shop-production", ACCOUNT, vec![web]);
    check(vec![
        Case {
            name: "a redirection",
            clusters: vec![without],
            says: &[
                "takes 200-399 as healthy",
                "To do: no path for health checks",
                "To do: a request that shows",
            ],
            says_not: &["\nlive =", "\n[[smoke_tests]]"],
        },
        Case {
            name: "a container's own",
            clusters: vec![with],
            says: &[
                "the health check of the container app asks /up.",
                "\nlive = \"/up\"",
            ],
            says_not: &[],
        },
    ]);
}

#[test]
fn only_what_all_services_share_is_set_in_all() {
    let mut web = container("app", "shop", &[]);
    let mut jobs = container("jobs", "shop", &["sidekiq"]);
    let secret = |name: &str, rest: &str| {
        format!("arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:{name}-AbCdEf{rest}")
    };
    for one in [&mut web, &mut jobs] {
        one.secrets.insert(
            "SHARED".into(),
            secret("shop/shared", ":key:AWSCURRENT:1234"),
        );
        one.secrets.insert(
            "PARAMETER".into(),
            format!("arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/shop/dsn"),
        );
        one.secrets.insert(
            "ELSEWHERE".into(),
            "arn:aws:secretsmanager:eu-west-1:333333333333:secret:far-AbCdEf".into(),
        );
        one.variables
            .insert("LOG_LEVEL".into(), Hidden::new("info"));
        one.variables
            .insert("QUEUE".into(), Hidden::new(one.name.clone()));
    }
    web.secrets
        .insert("ONLY_WEB".into(), secret("shop/web", ""));
    web.variables
        .insert("DB_PASSWORD".into(), Hidden::new("hunter2"));
    let mut cluster = cluster(
        "shop-production",
        ACCOUNT,
        vec![
            service("shop-web", vec![web]),
            service("shop-jobs", vec![jobs]),
        ],
    );
    cluster
        .secrets
        .insert(secret("shop/shared", ""), Ok(Some("shop/shared".into())));
    let clusters = vec![cluster];
    let draft = drafted(&clusters, &[]).unwrap();
    assert!(
        draft.credentials[0].starts_with("DB_PASSWORD looks like a credential"),
        "{:?}",
        draft.credentials
    );
    assert!(!draft.text.contains("hunter2"));
    assert!(
        !format!("{clusters:?}").contains("hunter2"),
        "no value is in the facts' own words"
    );
    check(vec![Case {
        name: "settings",
        clusters,
        says: &[
            "SHARED = { secret = \"shop/shared\", key = \"key\" }",
            "PARAMETER = { parameter = \"/shop/dsn\" }",
            "ELSEWHERE = { secret = \"arn:aws:secretsmanager:eu-west-1:333333333333:secret:far-AbCdEf\" }",
            "names a version of the next secret",
            "ONLY_WEB of shop-web stays in the task definition",
            "LOG_LEVEL = \"info\"",
            "To do: DB_PASSWORD looks like a credential",
        ],
        says_not: &["\nQUEUE =", "\nONLY_WEB ="],
    }]);
}
