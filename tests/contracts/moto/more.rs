//! What AWS has and the simulated cloud does not model, as far as moto shows it.

use serde_json::{Value, json};
use sluice_app::ports::{Store as _, Target, WakeUp, Wakeups as _};
use sluice_aws::{DEPLOYMENT_TAG, DynamoStore, SqsWakeups};
use sluice_core::config::{Database, SecretSource, Severity};
use sluice_core::failure::ErrorClass;
use sluice_core::id::{DeploymentId, EcsServiceName, SnapshotId};
use sluice_core::observation::ScanObservation;
use sluice_core::scan::Counts;

use crate::deployments::environment;
use crate::faces::moto;
use crate::ports::databases::Stage as _;
use crate::ports::registry::Stage as _;
use crate::ports::secrets::Stage as _;

fn complete(counts: &[(Severity, u32)]) -> ScanObservation {
    let counts: Counts = counts.iter().copied().collect();
    ScanObservation::Complete(counts.into())
}

#[tokio::test]
async fn a_scan_is_read_whatever_its_kind() {
    let stage = moto::stage().await;
    let target = stage.place();
    let enhanced = json!({"findingSeverityCounts": {"CRITICAL": 1, "UNTRIAGED": 3}});
    let uncounted = json!({"enhancedFindings": [{"severity": "HIGH"}, {"severity": "HIGH"}]});
    let failed = ScanObservation::Failed("UNSUPPORTED_IMAGE: moto was told so".to_owned());
    let of_both = [(Severity::Critical, 1), (Severity::Undefined, 3)];
    let cases = [
        ("ACTIVE", enhanced, complete(&of_both)),
        ("ACTIVE", uncounted, complete(&[(Severity::High, 2)])),
        ("UNSUPPORTED_IMAGE", json!({}), failed),
    ];
    for (status, findings, expected) in cases {
        let release = stage.push_image("scanned");
        let status = json!({"status": status, "description": "moto was told so"});
        stage.scan_says(&release, &status, &findings);
        let seen = stage.registry().scan(&target, &release, &[]).await.unwrap();
        assert_eq!(seen, expected, "{status}");
    }
}

#[tokio::test]
async fn an_index_has_the_most_that_each_of_its_platforms_has() {
    let stage = moto::stage().await;
    let scanned = |tag: &str, findings: Value| {
        let release = stage.push_image(tag);
        stage.scan_says(&release, &json!({"status": "COMPLETE"}), &findings);
        release
    };
    let high = json!({"findingSeverityCounts": {"HIGH": 1}});
    let low = json!({"findingSeverityCounts": {"HIGH": 1, "LOW": 1}});
    let index = stage.put_index("multi", &[&scanned("amd64", high), &scanned("arm64", low)]);
    let seen = stage
        .registry()
        .scan(&stage.place(), &index, &[])
        .await
        .unwrap();
    assert_eq!(seen, complete(&[(Severity::High, 1), (Severity::Low, 1)]));
}

#[tokio::test]
async fn a_secret_that_is_binary_or_being_deleted_is_of_no_use() {
    let stage = moto::stage().await;
    let binary = json!({"Name": "erp/binary", "SecretBinary": "aHVudGVyMg=="});
    stage.secrets_manager("CreateSecret", &binary);
    stage.secrets_manager("DeleteSecret", &json!({"SecretId": "erp/secret-key"}));
    for (name, key, problem) in [
        ("erp/binary", Some("url"), "is binary"),
        ("erp/secret-key", None, "is being deleted"),
    ] {
        let source = SecretSource::SecretsManager {
            name: name.to_owned(),
            key: key.map(str::to_owned),
        };
        let pinned = stage.secrets().pin(&stage.place(), "VALUE", &source).await;
        let wrong = pinned.unwrap().unwrap_err();
        assert!(wrong.problem.contains(problem), "{wrong:?}");
        assert!(!format!("{wrong:?}").contains("hunter2"), "{wrong:?}");
    }
}

#[tokio::test]
async fn every_page_of_snapshots_is_read_and_each_is_tagged_for_people() {
    let stage = moto::stage().await;
    let (databases, target) = (stage.databases(), stage.place());
    let database = Database::Instance("erp".to_owned());
    let mut expected = Vec::new();
    // RDS gives 100 on a page.
    for n in 0..130 {
        let name = format!("sluice-page-{n:03}");
        let id = SnapshotId::new(&*name);
        let taken = databases.ensure_snapshot(&target, &database, &id).await;
        taken.unwrap();
        expected.push(name);
    }
    let ours = databases.our_snapshots(&target, &database).await.unwrap();
    let mut ids: Vec<_> = ours.iter().map(|one| one.id.to_string()).collect();
    ids.sort();
    assert_eq!(ids, expected);
    assert_eq!(
        DEPLOYMENT_TAG, "sluice:deployment",
        "what people filter by in the console"
    );
}

#[tokio::test]
async fn a_snapshot_of_another_database_keeps_its_name() {
    let stage = moto::stage().await;
    let target: Target = stage.place();
    stage.rds(
        "Action=CreateDBInstance&DBInstanceIdentifier=other&DBInstanceClass=db.t4g.micro\
         &Engine=postgres&AllocatedStorage=20&MasterUsername=erp&MasterUserPassword=not-a-secret",
    );
    let [erp, other] = ["erp", "other"].map(|name| Database::Instance(name.to_owned()));
    let id = SnapshotId::new("sluice-1");
    let databases = stage.databases();
    databases.ensure_snapshot(&target, &erp, &id).await.unwrap();
    let taken = databases.ensure_snapshot(&target, &other, &id).await;
    assert_eq!(taken.unwrap_err().class, ErrorClass::NeedsPerson);
    let kept = databases.ensure_no_snapshot(&target, &other, &id).await;
    assert_eq!(kept.unwrap_err().class, ErrorClass::Permanent);
    let seen = databases.snapshot(&target, &erp, &id).await.unwrap();
    assert!(seen.is_some());
}

#[tokio::test]
async fn a_services_count_is_set_and_nothing_else_of_it() {
    let stage = moto::stage().await;
    let services = crate::ports::services::Stage::services(&stage);
    let service = || {
        let asked = json!({"cluster": "erp", "services": ["erp-web"]});
        stage.ecs("DescribeServices", &asked)["services"][0].clone()
    };
    let before = service();
    let web = EcsServiceName::new("erp-web");
    let counted = services.ensure_count(&stage.place(), &web, 0).await;
    counted.unwrap();
    let after = service();
    assert_eq!(
        (&before["desiredCount"], &after["desiredCount"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(before["taskDefinition"], after["taskDefinition"]);
}

#[tokio::test]
async fn a_table_that_is_not_there_needs_no_guessing() {
    let stage = moto::stage().await;
    let store = DynamoStore::new(&stage.clients, "no-such-table");
    let error = store.environment(&environment("erp")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.message.contains("no-such-table"), "{error}");
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_named() {
    let stage = moto::stage().await;
    let wakeups = SqsWakeups::new(&stage.clients, stage.queue_url("no-such-queue"));
    let wake_up = WakeUp {
        deployment: DeploymentId::from_outside("dep-1"),
        due: None,
    };
    let sent = wakeups.send(wake_up, jiff::SignedDuration::ZERO).await;
    let error = sent.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.message.contains("no-such-queue"), "{error}");
}

/// Also that the session has the deployment's name: moto tells who asks.
#[tokio::test]
async fn the_environments_account_is_worked_in_through_its_role() {
    let stage = moto::stage().await;
    let source = SecretSource::SecretsManager {
        name: "erp/database".to_owned(),
        key: None,
    };
    let pinned = stage.secrets().pin(&stage.place(), "VALUE", &source).await;
    let pinned = pinned.unwrap().unwrap();
    let of_account = format!(":{}:secret:", stage.place().account);
    assert!(pinned.value_from.contains(&of_account), "{pinned:?}");
    assert!(stage.recorder().calls().contains("sts:AssumeRole"));
    // Sluice's own account has no such secret.
    let own = Target {
        role: None,
        account: sluice_core::id::AccountId::new("123456789012"),
        ..stage.place()
    };
    let pinned = stage.secrets().pin(&own, "VALUE", &source).await.unwrap();
    assert!(pinned.unwrap_err().problem.contains("there is no secret"));
}
