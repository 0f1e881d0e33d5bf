//! An account of moto's as each contract wants it.

use std::time::SystemTime;

use serde_json::{Value, json};
use sluice_app::ports::{
    Configurations, Databases, Registry, Secrets, Services, Sources, Store, Target, TaskOrder,
    Tasks, WakeUp, Wakeups,
};
use sluice_core::config::Database;
use sluice_core::id::{
    ContainerName, Digest, EcsServiceName, Hash, ImageTag, RepositoryName, SnapshotId, TaskArn,
    TaskDefinitionArn,
};
use sluice_core::release::Release;
use sluice_core::scan::Findings;

use super::{Moto, REGION, own, server};
use crate::deployments::noon;
use crate::ports::registry::Scan;
use crate::ports::{
    configurations, databases, registry, secrets, services, sources, store, tasks, wakeups,
};

const ECR: &str = "AmazonEC2ContainerRegistry_V20150921";
const ECS: &str = "AmazonEC2ContainerServiceV20141113";
const LOG_GROUP: &str = "/ecs/erp";

fn instance() -> Database {
    Database::Instance("erp".to_owned())
}

impl Moto {
    /// As the contracts find it.
    pub(super) fn furnish(&self) {
        self.ecr("CreateRepository", &json!({"repositoryName": "erp"}));
        self.secrets_manager(
            "CreateSecret",
            &json!({"Name": "erp/database", "SecretString": r#"{"url": "hunter2"}"#}),
        );
        self.secrets_manager(
            "CreateSecret",
            &json!({"Name": "erp/secret-key", "SecretString": "hunter2"}),
        );
        self.put_parameter("/erp/sentry-dsn", "hunter2");
        self.create_databases();
        self.create_service();
    }

    pub(crate) fn ecr(&self, operation: &str, body: &Value) -> Value {
        self.json(("ecr", &format!("{ECR}.{operation}")), body)
    }

    /// The status of moto's answer.
    pub(crate) fn ecr_status(&self, operation: &str, body: &Value) -> u16 {
        server::status(&self.account, "ecr", &format!("{ECR}.{operation}"), body)
    }

    pub(crate) fn ecs(&self, operation: &str, body: &Value) -> Value {
        self.json(("ecs", &format!("{ECS}.{operation}")), body)
    }

    pub(crate) fn secrets_manager(&self, operation: &str, body: &Value) -> Value {
        let target = format!("secretsmanager.{operation}");
        self.json(("secretsmanager", &target), body)
    }

    fn put_parameter(&self, name: &str, value: &str) {
        let parameter = json!({
            "Name": name, "Value": value, "Type": "SecureString", "Overwrite": true,
        });
        self.json(("ssm", "AmazonSSM.PutParameter"), &parameter);
    }

    pub(crate) fn rds(&self, form: &str) {
        self.form("rds", &format!("Version=2014-10-31&{form}"));
    }

    fn create_databases(&self) {
        let user = "MasterUsername=erp&MasterUserPassword=not-a-secret&StorageEncrypted=true";
        self.rds(&format!(
            "Action=CreateDBInstance&DBInstanceIdentifier=erp&DBInstanceClass=db.t4g.micro\
             &Engine=postgres&AllocatedStorage=20&{user}"
        ));
        self.rds(&format!(
            "Action=CreateDBCluster&DBClusterIdentifier=erp&Engine=aurora-postgresql&{user}"
        ));
        self.rds(
            "Action=CreateDBInstance&DBInstanceIdentifier=erp-1&DBClusterIdentifier=erp\
             &DBInstanceClass=db.r7g.large&Engine=aurora-postgresql",
        );
    }

    fn create_service(&self) {
        let ec2 = |action| self.form("ec2", &format!("Version=2016-11-15&Action={action}"));
        let (subnets, groups) = (ec2("DescribeSubnets"), ec2("DescribeSecurityGroups"));
        let network = json!({"awsvpcConfiguration": {
            "subnets": [server::element(&subnets, "subnetId")],
            "securityGroups": [server::element(&groups, "groupId")],
        }});
        let log = json!({"logDriver": "awslogs", "options": {
            "awslogs-group": LOG_GROUP,
            "awslogs-stream-prefix": "ecs",
            "awslogs-region": REGION,
        }});
        let container = json!({
            "name": "web", "image": "erp@sha256:0", "memory": 128, "logConfiguration": log,
        });
        self.ecs("CreateCluster", &json!({"clusterName": "erp"}));
        self.ecs(
            "RegisterTaskDefinition",
            &json!({
                "family": "erp-web",
                "networkMode": "awsvpc",
                "requiresCompatibilities": ["FARGATE"],
                "cpu": "256",
                "memory": "512",
                "containerDefinitions": [container],
                "tags": [{"key": "service", "value": "erp-web"}],
            }),
        );
        self.ecs(
            "CreateService",
            &json!({
                "cluster": "erp",
                "serviceName": "erp-web",
                "taskDefinition": "erp-web:1",
                "desiredCount": 2,
                "launchType": "FARGATE",
                "networkConfiguration": network,
            }),
        );
    }

    /// Pushes a manifest; of an image it must have a layer of its own, for moto takes the layers'
    /// digests for the image's.
    fn put_image(&self, tag: &str, manifest: &Value) -> Release {
        let put = self.ecr(
            "PutImage",
            &json!({
                "repositoryName": "erp",
                "imageTag": tag,
                "imageManifest": manifest.to_string(),
                "imageManifestMediaType": manifest["mediaType"],
            }),
        );
        let digest = put["image"]["imageId"]["imageDigest"].as_str().unwrap();
        Release {
            registry: registry::Stage::host(self),
            repository: RepositoryName::new("erp"),
            tag: ImageTag::new(tag),
            digest: Digest::try_from(digest.to_owned()).unwrap(),
            pushed_at: noon(),
        }
    }

    /// An image like no other.
    pub(crate) fn push_image(&self, tag: &str) -> Release {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let layer = format!(
            "sha256:{}",
            Hash::of_json(&now.unwrap().as_nanos().to_string())
        );
        let part = |kind: &str| json!({"mediaType": kind, "size": 1, "digest": layer});
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": part("application/vnd.oci.image.config.v1+json"),
            "layers": [part("application/vnd.oci.image.layer.v1.tar+gzip")],
        });
        self.put_image(tag, &manifest)
    }

    /// An index over these.
    pub(crate) fn put_index(&self, tag: &str, platforms: &[&Release]) -> Release {
        let media = "application/vnd.oci.image.index.v1+json";
        let platforms = platforms.iter();
        let platforms =
            platforms.map(|of| json!({"digest": of.digest, "mediaType": media, "size": 1}));
        let manifests = platforms.collect::<Value>();
        let index = json!({"schemaVersion": 2, "mediaType": media, "manifests": manifests});
        self.put_image(tag, &index)
    }

    /// Has moto say this of the image's scan, for ever.
    pub(crate) fn scan_says(&self, release: &Release, status: &Value, findings: &Value) {
        // Without a start moto says, as ECR does, that there is no scan.
        let image = json!({"imageDigest": release.digest});
        self.ecr(
            "StartImageScan",
            &json!({"repositoryName": "erp", "imageId": image}),
        );
        let answer = json!({
            "repositoryName": "erp",
            "imageId": image,
            "imageScanStatus": status,
            "imageScanFindings": findings,
        });
        let answers = json!({
            "results": [answer], "region": REGION, "account_id": self.account,
        });
        server::put_into_its_mouth("/moto-api/static/ecr/scan-finding-results", &answers);
    }
}

/// As ECR lists them one by one.
fn listed(findings: &Findings) -> Vec<Value> {
    let named = findings.named.iter();
    let each = named.flat_map(|(id, counts)| counts.iter().map(move |count| (id, count)));
    each.flat_map(|(id, (severity, count))| {
        let one = json!({ "name": id, "severity": severity });
        std::iter::repeat_n(one, *count as usize)
    })
    .collect()
}

impl registry::Stage for Moto {
    fn registry(&self) -> &dyn Registry {
        &self.registry
    }

    fn target(&self) -> Target {
        self.place()
    }

    fn host(&self) -> String {
        format!("{}.dkr.ecr.{REGION}.amazonaws.com", self.account)
    }

    async fn push(&self, tag: &str, scan: &Scan) -> Release {
        let pushed = self.push_image(tag);
        // moto deletes an image once its only tag moves. ECR keeps it, untagged.
        let kept = json!({
            "repositoryName": "erp",
            "imageIds": [{"imageDigest": pushed.digest}],
        });
        let manifest = self.ecr("BatchGetImage", &kept);
        let manifest = manifest["images"][0]["imageManifest"].as_str().unwrap();
        let tag = format!(
            "kept-{}",
            pushed.digest.as_str().trim_start_matches("sha256:")
        );
        self.put_image(&tag, &serde_json::from_str(manifest).unwrap());
        match scan {
            Scan::Never => {}
            Scan::UnderWay => {
                self.scan_says(&pushed, &json!({"status": "IN_PROGRESS"}), &json!({}))
            }
            Scan::Complete(findings) => self.scan_says(
                &pushed,
                &json!({"status": "COMPLETE"}),
                &json!({
                    "findingSeverityCounts": findings.all(),
                    "findings": listed(findings),
                    "imageScanCompletedAt": 1_772_366_400,
                }),
            ),
            Scan::Failed(reason) => self.scan_says(
                &pushed,
                &json!({"status": "FAILED", "description": reason}),
                &json!({}),
            ),
        }
        pushed
    }

    async fn push_index(&self, tag: &str, findings: &Findings) -> Release {
        let scan = Scan::Complete(findings.clone());
        let amd64 = registry::Stage::push(self, "amd64", &scan).await;
        let arm64 = registry::Stage::push(self, "arm64", &scan).await;
        self.put_index(tag, &[&amd64, &arm64])
    }
}

impl secrets::Stage for Moto {
    fn secrets(&self) -> &dyn Secrets {
        &self.secrets
    }

    fn target(&self) -> Target {
        self.place()
    }

    async fn rotate(&self, name: &str) {
        let value = match name {
            "/erp/sentry-dsn" => return self.put_parameter(name, "hunter2, again"),
            "erp/database" => r#"{"url": "hunter2, again"}"#,
            _ => "hunter2, again",
        };
        self.secrets_manager(
            "PutSecretValue",
            &json!({"SecretId": name, "SecretString": value}),
        );
    }

    async fn remove(&self, name: &str) {
        let at_once = json!({"SecretId": name, "ForceDeleteWithoutRecovery": true});
        self.secrets_manager("DeleteSecret", &at_once);
    }
}

impl services::Stage for Moto {
    fn services(&self) -> &dyn Services {
        &self.services
    }

    fn target(&self) -> Target {
        self.place()
    }

    async fn running(&self) -> (TaskDefinitionArn, ContainerName) {
        let arn = format!(
            "arn:aws:ecs:{REGION}:{}:task-definition/erp-web:1",
            self.account
        );
        (TaskDefinitionArn::new(arn), ContainerName::new("web"))
    }
}

impl tasks::Stage for Moto {
    fn tasks(&self) -> &dyn Tasks {
        &self.tasks
    }

    fn target(&self) -> Target {
        self.place()
    }

    async fn order(&self, token: &str) -> TaskOrder {
        let (task_definition, container) = services::Stage::running(self).await;
        TaskOrder {
            token: token.to_owned(),
            ecs_service: EcsServiceName::new("erp-web"),
            task_definition,
            container,
            command: ["alembic", "upgrade", "head"].map(str::to_owned).to_vec(),
        }
    }

    async fn end(&self, task: &TaskArn) -> String {
        let logs = |operation: &str, body: Value| {
            self.json(("logs", &format!("Logs_20140328.{operation}")), &body);
        };
        let id = task.as_str().rsplit('/').next().unwrap();
        let (stream, line) = (format!("ecs/web/{id}"), "INFO  upgraded");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let event = json!({
            "timestamp": u64::try_from(now.unwrap().as_millis()).unwrap(), "message": line,
        });
        logs("CreateLogGroup", json!({"logGroupName": LOG_GROUP}));
        let place = json!({"logGroupName": LOG_GROUP, "logStreamName": stream});
        logs("CreateLogStream", place.clone());
        let mut put = place;
        put["logEvents"] = json!([event]);
        logs("PutLogEvents", put);
        self.ecs("StopTask", &json!({"cluster": "erp", "task": id}));
        line.to_owned()
    }
}

impl databases::Stage for Moto {
    fn databases(&self) -> &dyn Databases {
        &self.databases
    }

    fn both(&self) -> [(Target, Database); 2] {
        [
            (self.place(), instance()),
            (self.place(), Database::Cluster("erp".to_owned())),
        ]
    }

    async fn finish(&self) {
        // moto's snapshots are whole at once.
    }

    async fn take_by_hand(&self, _: &Target, database: &Database, snapshot: &SnapshotId) {
        let kind = match database {
            Database::Instance(_) => "DB",
            Database::Cluster(_) => "DBCluster",
        };
        let of = match database {
            Database::Instance(name) => format!("DBInstanceIdentifier={name}"),
            Database::Cluster(name) => format!("DBClusterIdentifier={name}"),
        };
        self.rds(&format!(
            "Action=Create{kind}Snapshot&{kind}SnapshotIdentifier={snapshot}&{of}"
        ));
    }
}

impl store::Stage for Moto {
    fn store(&self) -> &dyn Store {
        &self.store
    }
}

impl configurations::Stage for Moto {
    fn configurations(&self) -> &dyn Configurations {
        &self.store
    }
}

impl sources::Stage for Moto {
    fn sources(&self) -> &dyn Sources {
        &self.store
    }
}

impl wakeups::Stage for Moto {
    fn wakeups(&self) -> &dyn Wakeups {
        &self.wakeups
    }

    async fn received(&self) -> Vec<WakeUp> {
        let asked = json!({"QueueUrl": self.queue_url, "MaxNumberOfMessages": 10});
        let received = own(("sqs", "AmazonSQS.ReceiveMessage"), &asked);
        let messages = received["Messages"].as_array();
        let messages = messages.into_iter().flatten();
        let read = |message: &Value| {
            let handle = json!({
                "QueueUrl": self.queue_url, "ReceiptHandle": message["ReceiptHandle"],
            });
            own(("sqs", "AmazonSQS.DeleteMessage"), &handle);
            serde_json::from_str(message["Body"].as_str().unwrap()).unwrap()
        };
        messages.map(read).collect()
    }

    async fn held_back(&self) -> usize {
        let asked = json!({
            "QueueUrl": self.queue_url,
            "AttributeNames": ["ApproximateNumberOfMessagesDelayed"],
        });
        let told = own(("sqs", "AmazonSQS.GetQueueAttributes"), &asked);
        let delayed = &told["Attributes"]["ApproximateNumberOfMessagesDelayed"];
        delayed.as_str().unwrap().parse().unwrap()
    }
}
