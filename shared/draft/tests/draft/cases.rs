//! Applications that differ from the ERP.

use sluice_draft::facts::{Cluster, Container, Service};
use sluice_draft::{Undecided, Wanted, draft};

use crate::erp::{alarm, cluster, container, entrance, one_group, service};
use crate::{drafted, valid};

pub(crate) const ACCOUNT: &str = "222222222222";

pub(crate) fn web(name: &str, repository: &str, host: Option<&str>) -> Service {
    let container = Container {
        ports: vec![8000],
        ..container("app", repository, &["node", "server.js"])
    };
    let mut web = service(name, vec![container]);
    web.balancers = vec![one_group("app", "/health", vec![entrance(443, host)])];
    web
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) clusters: Vec<Cluster>,
    /// Stands in the file, without its line breaks.
    pub(crate) says: &'static [&'static str],
    /// Does not stand in it.
    pub(crate) says_not: &'static [&'static str],
}

pub(crate) fn check(cases: Vec<Case>) {
    for case in cases {
        let draft =
            drafted(&case.clusters, &[]).unwrap_or_else(|why| panic!("{}: {why:?}", case.name));
        valid(&draft);
        let flat = draft.text.replace("\n# ", " ");
        for text in case.says {
            assert!(
                flat.contains(text),
                "{}: no {text}\n{}",
                case.name,
                draft.text
            );
        }
        for text in case.says_not {
            assert!(
                !flat.contains(text),
                "{}: {text}\n{}",
                case.name,
                draft.text
            );
        }
    }
}

#[test]
fn traffic_moves_as_it_can_today_and_the_file_says_what_is_missing() {
    let mut canary = web("shop-web", "shop", Some("shop.example.com"));
    canary.balancers = vec![crate::erp::both_groups("app")];
    canary.strategy = "CANARY".into();
    canary.steps = Some((10.0, 7));
    let mut ready = web("shop-web", "shop", None);
    ready.balancers = canary.balancers.clone();
    let mut half = ready.clone();
    half.balancers[0].test = None;
    let mut deploy = web("shop-web", "shop", Some("shop.example.com"));
    deploy.controller = "CODE_DEPLOY".into();
    let mut plain = web("shop-web", "shop", None);
    plain.balancers = vec![one_group("app", "/health", vec![entrance(80, None)])];
    let mut inner = web("shop-web", "shop", Some("shop.internal"));
    let found = inner.balancers[0].found.as_mut().unwrap();
    found[0].internal = true;
    found[0].paths = vec!["/api/*".into()];
    let one = |service| vec![cluster("shop-production", ACCOUNT, vec![service])];
    check(vec![
        Case {
            name: "rolling",
            clusters: one(web("shop-web", "shop", Some("shop.example.com"))),
            says: &[
                "strategy = \"rolling\"",
                "shop-web lacks a second target group (step 1), a production listener rule (step 2), a \
                 test listener (step 3) and a role for ECS to shift with (step 4) for blue-green",
                "docs/existing-service.md",
                "Seen: the listener rule is for this host.\nurl = \"https://shop.example.com\"",
                "live = \"/health\"\nready = \"/health\"",
            ],
            says_not: &["\ntest_url"],
        },
        Case {
            name: "canary",
            clusters: one(canary),
            says: &[
                "strategy = \"canary\"\nstep_percent = 10\nstep_bake = \"7m\"",
                ":8443\"",
            ],
            says_not: &["lacks"],
        },
        Case {
            name: "ready for blue-green, and rolling today",
            clusters: one(ready),
            says: &["strategy = \"blue-green\"", "in place today"],
            says_not: &[],
        },
        Case {
            name: "without a test listener",
            clusters: one(half),
            says: &[
                "strategy = \"rolling\"",
                "shop-web lacks a test listener (step 3) for blue-green",
            ],
            says_not: &["step 1"],
        },
        Case {
            name: "CodeDeploy",
            clusters: one(deploy),
            says: &[
                "lacks ECS as its deployment controller",
                "To do: shop-web has the deployment controller CODE_DEPLOY",
            ],
            says_not: &[],
        },
        Case {
            name: "for every host, without TLS",
            clusters: one(plain),
            says: &[
                "Guessed: the load balancer's own address",
                "To do: at which address do users reach production.web?\nurl = \"http://erp-1234.",
            ],
            says_not: &["certificate"],
        },
        Case {
            name: "internal, for some paths",
            clusters: one(inner),
            says: &["the load balancer is internal", "takes only /api/*"],
            says_not: &[],
        },
    ]);
}

#[test]
fn services_are_what_their_commands_and_load_balancers_say() {
    let alone = |name: &str, command: &[&str]| {
        let mut one = service(name, vec![container(name, "shop", command)]);
        one.desired = 1;
        one
    };
    let listening = Container {
        ports: vec![3000],
        ..container("api", "shop", &["node", "server.js"])
    };
    let mut stopped_first = alone("shop-sync", &[]);
    stopped_first.maximum_percent = Some(100);
    let mut two_beats = alone("shop-clock", &[]);
    two_beats.desired = 2;
    let mut daemon = alone("shop-agent", &[]);
    daemon.is_daemon = true;
    let one = |service| {
        vec![cluster(
            "shop-production",
            ACCOUNT,
            vec![service, alone("shop-jobs", &["sidekiq"])],
        )]
    };
    check(vec![
        Case {
            name: "a web service without a load balancer",
            clusters: vec![cluster(
                "shop-production",
                ACCOUNT,
                vec![service("shop-api", vec![listening])],
            )],
            says: &[
                "[services.api]",
                "listens on port 3000 and has no load balancer",
                "kind = \"worker\"",
            ],
            says_not: &["smoke_tests]]", "kind = \"web\"", "\nurl ="],
        },
        Case {
            name: "beat",
            clusters: one(alone("shop-x", &["sh", "-c", "celery -A shop beat"])),
            says: &["Seen: shop-x runs `celery beat`", "kind = \"singleton\""],
            says_not: &[],
        },
        Case {
            name: "ECS stops it first",
            clusters: one(stopped_first),
            says: &[
                "Guessed: ECS stops the only task of shop-sync",
                "kind = \"singleton\"",
            ],
            says_not: &[],
        },
        Case {
            name: "by name alone",
            clusters: one(alone("shop-scheduler", &[])),
            says: &[
                "Guessed: only from the word `scheduler`",
                "kind = \"singleton\"",
            ],
            says_not: &[],
        },
        Case {
            name: "two clocks",
            clusters: one(two_beats),
            says: &["[services.clock]"],
            says_not: &["singleton\"\n"],
        },
        Case {
            name: "a daemon",
            clusters: one(daemon),
            says: &[
                "To do: shop-agent is not in this file",
                "Seen: shop-jobs runs `sidekiq`",
            ],
            says_not: &["[services.agent]"],
        },
    ]);
}

#[test]
fn sidecars_are_left_alone_and_the_application_s_container_is_found() {
    let proxy = Container {
        name: "proxy".into(),
        image: "public.ecr.aws/nginx/nginx:1".into(),
        essential: true,
        ..Container::default()
    };
    let agent = Container {
        essential: false,
        ..container("otel", "copies/otel", &[])
    };
    let mut web = web("shop-web", "shop", Some("shop.example.com"));
    let definition = web.definition.as_mut().unwrap();
    definition.containers.insert(0, agent.clone());
    definition.containers.push(proxy);
    web.balancers[0].container = "proxy".into();
    let twice = service(
        "shop-jobs",
        vec![
            container("one", "shop", &["sidekiq"]),
            container("two", "shop", &["sidekiq"]),
            agent,
        ],
    );
    check(vec![Case {
        name: "sidecars",
        clusters: vec![cluster("shop-production", ACCOUNT, vec![web, twice])],
        says: &[
            "repository = \"shop\"",
            "beside it in the task: otel and proxy",
            "requests to proxy, which passes them on",
            "container = \"app\"",
            "2 containers of the task have this image",
        ],
        says_not: &[],
    }]);
}

#[test]
fn environments_are_told_apart_by_clusters_or_by_the_names_of_services() {
    let both = || {
        vec![
            web("shop-staging-web", "shop", Some("staging.example.com")),
            web("shop-prod-web", "shop", Some("shop.example.com")),
        ]
    };
    let mut one_cluster = vec![cluster("main", ACCOUNT, both())];
    one_cluster[0].alarms = Ok(vec![
        alarm(
            "web down",
            &[("ClusterName", "main"), ("ServiceName", "shop-prod-web")],
        ),
        alarm("cluster full", &[("ClusterName", "main")]),
    ]);
    let mut mixed = both();
    mixed.push(service(
        "shop-jobs",
        vec![container("jobs", "shop", &["sidekiq"])],
    ));
    let mut named = cluster("main", ACCOUNT, vec![web("web", "shop", None)]);
    named.environment = Some("eu".into());
    let lonely = service("shop-jobs", vec![container("jobs", "shop", &["sidekiq"])]);
    check(vec![
        Case {
            name: "one cluster",
            clusters: one_cluster,
            says: &[
                "[environments.staging]",
                "[environments.prod]",
                "after = \"staging\"",
                "[environments.staging.services.web]\necs_service = \"shop-staging-web\"",
                "role/sluice-deployer-staging\"",
                "alarms = [\"web down\"]",
            ],
            says_not: &["cluster full"],
        },
        Case {
            name: "some services say it",
            clusters: vec![cluster("main", ACCOUNT, mixed)],
            says: &[
                "speak of staging and prod, others of nothing",
                "[environments.main]",
            ],
            says_not: &["[environments.staging]"],
        },
        Case {
            name: "a name that was given",
            clusters: vec![named],
            says: &[
                "[environments.eu]",
                "ecs_service = \"web\"",
                "approvers = [\"S0000000000\"]",
            ],
            says_not: &[],
        },
        Case {
            name: "names that say nothing may be production",
            clusters: vec![
                cluster("blue", "111111111111", vec![web("shop-web", "shop", None)]),
                cluster("green", ACCOUNT, vec![web("shop-web", "shop", None)]),
                cluster("shop-qa", ACCOUNT, vec![web("shop-web", "shop", None)]),
            ],
            says: &[
                "[environments.blue.approval]",
                "[environments.green.approval]",
                "after = \"qa\"",
            ],
            says_not: &["after = \"blue\"", "[environments.qa.approval]"],
        },
        Case {
            name: "a service in one of two",
            clusters: vec![
                cluster("shop-staging", ACCOUNT, vec![web("shop-web", "shop", None)]),
                cluster(
                    "shop-production",
                    ACCOUNT,
                    vec![web("shop-web", "shop", None), lonely],
                ),
            ],
            says: &["To do: staging has no such service"],
            says_not: &["production has no such service"],
        },
    ]);
    let same = vec![
        cluster(
            "shop-staging",
            "111111111111",
            vec![web("shop-web", "shop", None)],
        ),
        cluster("old-staging", ACCOUNT, vec![web("shop-web", "shop", None)]),
    ];
    assert_eq!(
        drafted(&same, &[]).unwrap_err(),
        Undecided::SameName("staging".into())
    );
}

#[test]
fn several_images_are_several_files_and_it_must_be_said_which() {
    let services = vec![
        web("shop-api", "shop/api", Some("api.example.com")),
        web("shop-front", "shop/front", Some("shop.example.com")),
        service(
            "shop-jobs",
            vec![container("jobs", "shop/api", &["sidekiq"])],
        ),
    ];
    let clusters = [cluster("shop-production", ACCOUNT, services)];
    let found = vec![
        (
            "shop/api".to_owned(),
            vec!["shop-api".to_owned(), "shop-jobs".to_owned()],
        ),
        ("shop/front".to_owned(), vec!["shop-front".to_owned()]),
    ];
    assert_eq!(
        drafted(&clusters, &[]).unwrap_err(),
        Undecided::Repositories(found.clone())
    );
    let wanted = |repository: &str| Wanted {
        repository: Some(repository.into()),
        ..Wanted::default()
    };
    let told = draft(&clusters, &wanted("shop")).unwrap_err();
    assert_eq!(told, Undecided::NoSuchRepository("shop".into(), found));
    let config = valid(&draft(&clusters, &wanted("shop/api")).unwrap());
    assert_eq!(config.app.as_str(), "shop-api");
    assert_eq!(config.services.len(), 2);
    let none = [cluster("shop", ACCOUNT, Vec::new())];
    assert_eq!(drafted(&none, &[]).unwrap_err(), Undecided::NoServices);
    let mut hub = container("app", "shop", &[]);
    hub.image = "docker.io/acme/shop:1".into();
    let hub = [cluster("shop", ACCOUNT, vec![service("shop", vec![hub])])];
    assert_eq!(
        drafted(&hub, &[]).unwrap_err(),
        Undecided::NoEcr(vec!["shop".into()])
    );
}
