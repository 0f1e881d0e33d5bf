//! The tables of `sluice.toml` as they are written, before they are checked against each other.
//!
//! The comments here are what an editor shows for a key: they are the schema's descriptions.

use super::reader::tables;
use super::text::{
    BranchPattern, BusName, DatabaseId, GitHubName, JsonPointer, Label, LogicalId, MemberId,
    Namespace, ParameterName, Path, SecretKey, SecretName, Slug, SourceHost, StackName,
    TemplateUrl, TopicArn, Url, UserId, VariableName, Word, choices,
};
use super::values::{HOUR, Json, MINUTE, Map, Number, SECOND, Time, Unshown};
use super::{BranchModel, Day, NewerRevisions, ParityTopic, RiskRule, ServiceKind, Severity};
use crate::calendar::{Moment, Window};
use crate::config::reader::Field;
use crate::id::{
    AccountId, AlarmName, AppName, BranchName, BuildProject, ChannelName, ClusterName,
    ContainerName, EcsServiceName, EnvironmentName, FindingId, PrincipalArn, Region,
    RepositoryName, RoleArn, ServiceName, SourceName, TaskFamily,
};
use crate::signature::PublicKey;
use crate::tag::TagPattern;

/// Fargate kills a task 120 s after SIGTERM at the latest.
type StopTimeout = Time<SECOND, { 120 * SECOND }, SECOND>;
/// ECS counts bake times in minutes, up to a day.
type BakeTime = Time<0, { 24 * HOUR }, MINUTE>;
type List<T> = Vec<Field<T>>;
/// Who is who: a person by the principals that they call AWS as.
pub(super) type PrincipalsOf = Map<PrincipalArn, UserId>;

/// How web services replace one version with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StrategyWord {
    Rolling,
    BlueGreen,
    Canary,
    Linear,
}

/// A severity that blocks, or none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block(pub(super) Option<Severity>);

/// An HTTP method.
#[derive(Clone, Copy, Debug)]
pub(super) struct Method(pub(super) &'static str);

choices! {
    ServiceKind: "\"web\", \"worker\" or \"singleton\"", [
        ("web", ServiceKind::Web), ("worker", ServiceKind::Worker),
        ("singleton", ServiceKind::Singleton),
    ];
    StrategyWord: "\"rolling\", \"blue-green\", \"canary\" or \"linear\"", [
        ("blue-green", StrategyWord::BlueGreen), ("rolling", StrategyWord::Rolling),
        ("canary", StrategyWord::Canary), ("linear", StrategyWord::Linear),
    ];
    Block: "a severity in quotes, or \"none\"", [
        ("critical", Block(Some(Severity::Critical))), ("high", Block(Some(Severity::High))),
        ("medium", Block(Some(Severity::Medium))), ("low", Block(Some(Severity::Low))),
        ("informational", Block(Some(Severity::Informational))),
        ("undefined", Block(Some(Severity::Undefined))), ("none", Block(None)),
    ];
    RiskRule: "\"allow\", \"four-eyes\" or \"refuse\"", [
        ("allow", RiskRule::Allow), ("four-eyes", RiskRule::FourEyes),
        ("refuse", RiskRule::Refuse),
    ];
    NewerRevisions: "\"leave\", \"take\" or \"refuse\"", [
        ("leave", NewerRevisions::Leave), ("take", NewerRevisions::Take),
        ("refuse", NewerRevisions::Refuse),
    ];
    BranchModel: "\"gitflow\" or \"trunk\"", [
        ("gitflow", BranchModel::GitFlow), ("trunk", BranchModel::Trunk),
    ];
    ParityTopic: "what environments are compared in, in quotes", [
        ("image", ParityTopic::Image), ("schema", ParityTopic::Schema),
        ("task-size", ParityTopic::TaskSize), ("task-definition", ParityTopic::TaskDefinition),
        ("variable", ParityTopic::Variable), ("secret", ParityTopic::Secret),
        ("listener-rule", ParityTopic::ListenerRule), ("health-check", ParityTopic::HealthCheck),
        ("alarm", ParityTopic::Alarm), ("database", ParityTopic::Database),
        ("stack-template", ParityTopic::StackTemplate),
        ("stack-parameter", ParityTopic::StackParameter),
        ("configuration", ParityTopic::Configuration),
    ];
    Method: "an HTTP method in quotes", [
        ("GET", Method("GET")), ("HEAD", Method("HEAD")), ("POST", Method("POST")),
        ("PUT", Method("PUT")), ("PATCH", Method("PATCH")), ("DELETE", Method("DELETE")),
        ("OPTIONS", Method("OPTIONS")),
    ];
}

tables! {
    /// How Sluice deploys an application's images from ECR to ECS.
    struct File as "" {
        /// The application.
        required app: App,
        /// Its services: one table each, such as `[services.web]`.
        required services: Map<ServiceName, Service>,
        /// How the database schema is migrated. Leave it out for an application without a
        /// database.
        optional migration: Migration,
        /// Requests to the new version before traffic reaches it.
        optional smoke_tests: List<SmokeTest>,
        /// Accepted findings of scanners, in CI and in every environment.
        optional scan: ScanExceptions,
        /// Whose signatures images need. Without it Sluice verifies none.
        optional signatures: Signatures,
        /// Where the source code is, and which branch may be merged where. Without it Sluice does
        /// not look at branches.
        optional source: Source,
        /// Who is who in AWS and in Slack, for those who use `sluice` from a terminal: the ARN of
        /// an IAM user, or of a role's session, and the id of the person in Slack. They have the
        /// roles that they have in Slack.
        optional people: PrincipalsOf,
        /// Accepted differences between environments. With this table, even with an empty list, plans say
        /// where the environment before is unlike the one that they are for.
        optional parity: Parity,
        /// The environments: one table each, such as `[environments.staging]`.
        required environments: Map<EnvironmentName, Environment>,
    }

    /// The application.
    struct App as r#"{ name = "erp", repository = "erp" }"# {
        /// Its name. ECS services are called `NAME-SERVICE` unless the environment names them.
        required name: AppName,
        /// The ECR repository whose pushes are deployed, without the registry's host.
        required repository: RepositoryName,
        /// The registry that contains the repository. Images of other registries are never deployed.
        /// Default: the registry of Sluice's own account and region.
        optional registry: Registry,
        /// Your own hosts whose pages Sluice may link to, such as `["git.example.com"]`: an image itself
        /// claims where its source is. github.com, gitlab.com, bitbucket.org and codeberg.org are always
        /// allowed.
        optional source_hosts: List<SourceHost>,
        /// Who may change this file with `sluice config push`, without a new package: ids of Slack
        /// users and user groups. Where an environment's approval has `four_eyes`, a second one of
        /// them must accept each change. Default: no one.
        optional configure: List<MemberId>,
    }

    /// An ECR registry.
    struct Registry as r#"{ account = "222222222222", region = "eu-central-1" }"# {
        /// The AWS account: twelve digits, in quotes.
        required account: AccountId,
        /// The AWS region.
        required region: Region,
    }

    /// One service of the application. All services run the same image.
    struct Service as r#"{ kind = "web" }"# {
        /// `web` answers HTTP behind a load balancer. `worker` takes work from a queue and gets
        /// time to finish it. `singleton` must never run twice, such as Celery beat: the old one stops
        /// before the new one starts.
        required kind: ServiceKind,
        /// The container of its task definition that runs the image. Default: the service's name.
        optional container: ContainerName,
        /// Web only, together with `ready`: the path that answers as long as the process lives.
        optional live: Path,
        /// Web only, together with `live`: the path that answers if its dependencies answer too.
        optional ready: Path,
        /// From SIGTERM to SIGKILL, 1s to 120s. Default: the value in the task definition.
        optional stop_timeout: StopTimeout,
    }

    /// How the database schema is migrated: one task, run once.
    struct Migration as r#"{ command = ["alembic", "upgrade", "head"], service = "web" }"# {
        /// What the container runs, such as `["alembic", "upgrade", "head"]`.
        required command: List<Word>,
        /// The service whose task definition, network and secrets the task uses.
        required service: ServiceName,
        /// The task's time limit, 10s to 24h. Sluice then stops it. Default: 30m.
        optional timeout: Time<{ 10 * SECOND }, { 24 * HOUR }, SECOND>,
        /// Whether Sluice inspects the migration before a deployment is approved, and runs it under a
        /// lock. Default: true if `command` is Alembic's own.
        optional inspect: bool,
        /// Only if Sluice does not inspect the migration: you write each one so that the code that ran
        /// before runs on the new schema too. Then a release that fails is rolled back automatically;
        /// without this promise a person decides. Default: false.
        optional additive: bool,
        /// How long it waits for another migration of the same database to end, 0s to 1h.
        /// Default: 2m.
        optional lock_wait: Time<0, HOUR, SECOND>,
        /// PostgreSQL's `lock_timeout` for its statements, 1s to 10m: a statement that waits longer for
        /// a table fails, so that other queries do not wait behind it. Default: 5s.
        optional lock_timeout: Time<SECOND, { 10 * MINUTE }, SECOND>,
        /// Accepted findings: see docs/migration-rules.md.
        optional waivers: List<Waiver>,
    }

    /// An accepted finding of a migration.
    struct Waiver as r#"{ revision = "3f2a9c1d", rule = "drop-column", by = "Ada", reason = "unused since v1.2" }"# {
        /// Alembic's id of the revision.
        required revision: Label,
        /// The rule, as the finding names it.
        required rule: Label,
        /// Who is responsible for accepting it: a name that people know.
        required by: Label,
        /// Why it does no harm.
        required reason: Label,
    }

    /// Accepted differences between environments, for `sluice parity`.
    struct Parity as r#"{ allow = [{ what = "task-size", … }] }"# {
        /// One entry for each: see docs/parity.md.
        required allow: List<AllowedDifference>,
    }

    /// An accepted difference between environments.
    struct AllowedDifference as r#"{ what = "variable", name = "DEBUG_*", by = "Ada", reason = "for tests only" }"# {
        /// In what, as `sluice parity` names it.
        required what: ParityTopic,
        /// Of which name: `*` stands for any run of characters, `?` for one. Default: of any name.
        optional name: Label,
        /// Only for `task-size`: how many times as large the larger one may be, 2 to 64. Default: any.
        optional up_to: Number<2, 64>,
        /// Who is responsible for accepting it: a name that people know.
        required by: Label,
        /// Why it does no harm.
        required reason: Label,
    }

    /// One request to the new version, and the expected answer.
    struct SmokeTest as r#"{ name = "the API is ready", path = "/healthz/ready" }"# {
        /// What it tests, in your words: people read this when it fails.
        required name: Label,
        /// The web service that answers it. Default: the only web service.
        optional service: ServiceName,
        /// The HTTP method. Default: GET.
        optional method: Method,
        /// The path with its query.
        required path: Path,
        /// The status it must answer with. Default: 200.
        optional status: Number<100, 599>,
        /// JSON pointers (RFC 6901) into the body, and the value each must have, such as
        /// `{ "/status" = "ok" }`.
        optional json: Map<JsonPointer, Json>,
        /// The answer must be complete within this time, 1ms to 60s. Default: 5s.
        optional within: Time<1, { 60 * SECOND }, 1>,
    }

    /// Accepted findings of scanners.
    struct ScanExceptions as r#"{ except = [{ id = "CVE-2026-0861", … }] }"# {
        /// One entry for each id. The stages of infra/ci read the same list.
        required except: List<ScanException>,
    }

    /// An accepted finding of a scanner, until a date.
    struct ScanException as r#"{ id = "CVE-2026-0861", by = "Ada", reason = "no fix yet", until = "2026-03-01" }"# {
        /// The scanner's id of it, such as `CVE-2026-0861`.
        required id: FindingId,
        /// Who is responsible for accepting it: a name that people know.
        required by: Label,
        /// Why it does no harm.
        required reason: Label,
        /// The last day on which the exception is valid, UTC. After it the finding counts again.
        required until: Day,
    }

    /// Signatures of images, as `cosign sign --key` makes them.
    struct Signatures as r#"{ keys = ["MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJKLuht9ZgXZSCJfh4bBvyWmyldZENY0BwDlDGdgFjL9WElr0RmARNw4Gz0vk51J8CVXOHGl7+t5G1op7ShYmag=="] }"# {
        /// Public keys, of which one must have signed the image: in PEM, or as the base64 in it, which
        /// `aws kms get-public-key --query PublicKey` prints. ECDSA on P-256 (KMS: `ECC_NIST_P256`).
        required keys: List<PublicKey>,
        /// What becomes of an image that none of them has signed: `refuse` deploys it nowhere,
        /// `four-eyes` asks two people where an approval is needed, `allow` says so in the plan.
        /// Default: refuse. A rollback to a verified release needs no signature.
        optional unsigned: RiskRule,
        /// How long to wait for a signature that comes after the image before it is refused, 0s to
        /// 1h. Default: 5m.
        optional wait: Time<0, HOUR, SECOND>,
    }

    /// The source code in CodeCommit or GitHub, and its branches. Sluice reports what reached a branch
    /// by another way than this allows.
    struct Source as r##"{ repository = "erp", channel = "#deploys" }"## {
        /// The CodeCommit repository, by name. One of `repository` and `github` is needed.
        optional repository: SourceName,
        /// CodeCommit only: its AWS account, twelve digits in quotes. Default: Sluice's own, and it can
        /// be no other account today.
        optional account: AccountId,
        /// CodeCommit only: its AWS region. Default: Sluice's own.
        optional region: Region,
        /// CodeCommit only: the CodeBuild project that builds every push, by name, in the same account
        /// and region. Sluice tells how its builds end, and approves a pull request only if its last
        /// commit was built without a failure. Default: Sluice does not look at builds.
        optional build: BuildProject,
        /// The GitHub repository: its owner and its name.
        optional github: GitHubName,
        /// GitHub only: the secret with a token that may read contents, and read and write pull requests
        /// and commit statuses.
        optional token: SecretName,
        /// GitHub only: the address of the API. Default: https://api.github.com; of an Enterprise Server
        /// https://HOST/api/v3.
        optional url: Url,
        /// The Slack channel for messages about branches: `#name`, or its id.
        required channel: ChannelName,
        /// `gitflow`: `main` takes merges of release and hotfix branches, `develop` takes merged pull
        /// requests. `trunk`: `main` takes merged pull requests, and there are no other branches to
        /// look at. Default: gitflow.
        optional model: BranchModel,
        /// The branch that production is released from. Default: main.
        optional main: BranchName,
        /// GitFlow only: the branch that features are merged into. Default: develop.
        optional develop: BranchName,
        /// GitFlow only: release branches; `*` stands for any run of characters. Default:
        /// `["release/*"]`.
        optional release: List<BranchPattern>,
        /// GitFlow only: branches for urgent fixes of production. Default: `["hotfix/*", "fix/*"]`.
        optional hotfix: List<BranchPattern>,
        /// GitFlow only: how long after a merge into `main` every open branch for development and
        /// release may lack it before Sluice sends a reminder, 1h to 168h. Default: 24h.
        optional merge_back_within: Time<HOUR, { 168 * HOUR }, MINUTE>,
    }

    /// One environment.
    struct Environment as r#"{ account = "111111111111", … }"# {
        /// The AWS account: twelve digits, in quotes.
        required account: AccountId,
        /// The AWS region.
        required region: Region,
        /// The role that Sluice assumes there. Default: Sluice's own role.
        optional role: RoleArn,
        /// The ECS cluster, by name.
        required cluster: ClusterName,
        /// The image tags it takes: `*` stands for any run of characters, `?` for one. With GitFlow
        /// staging takes `["develop-*", "release-*"]` and production `["v*"]`.
        required tags: List<TagPattern>,
        /// The environment in which an image must have succeeded before it may come here.
        optional after: EnvironmentName,
        /// Who must approve a deployment. Default: no approval is needed.
        optional approval: Approval,
        /// Who may do what else. Default: no one.
        optional roles: Roles,
        /// Deployments start only inside these windows: days and times of the week in an IANA time
        /// zone, such as `["Mon-Thu 09:00-17:00 Europe/Berlin", "Fri 09:00-12:00 Europe/Berlin"]`.
        /// A deployment in progress when a window closes continues. Default: at any time.
        optional windows: List<Window>,
        /// Times in which no deployment starts. Default: none.
        optional freezes: List<Freeze>,
        /// The place of each service, such as `[environments.staging.services.web]`. A web service
        /// needs its table here; others only to change a default.
        optional services: Map<ServiceName, Placement>,
        /// Plain environment variables, set in every service.
        optional variables: Map<VariableName, Unshown>,
        /// Environment variables whose values are secrets, set in every service.
        optional secrets: Map<VariableName, Secret>,
        /// The database backup taken before the migration. Default: none is taken.
        optional backup: Backup,
        /// What happens to a plan whose migration has a risk without a waiver. Needs an inspected
        /// migration. Default: the risk is shown.
        optional migration_rules: MigrationRules,
        /// What happens to a revision of a service's task definition that someone else registered after
        /// the one that runs: `leave` shows it and does not use it, `take` makes the release from it,
        /// `refuse` draws no plan. Services with a `task_definition` do not need it. Default: leave.
        optional newer_revisions: NewerRevisions,
        /// What happens to a plan whose commit is in doubt: its image may be built from what should not
        /// be released. Needs `[source]`. Default: the plan says so.
        optional source: SourceRule,
        /// The CloudFormation stack that a release changes before anything else: see docs/stack.md.
        /// Default: none is changed.
        optional stack: Stack,
        /// What happens to a plan whose change set replaces or removes something without a waiver.
        /// Needs a `stack`.
        optional stack_rules: StackRules,
        /// Who must approve a restore of that database. Default: no approval; anyone with the role
        /// `restore` can start one.
        optional restore: Approval,
        /// Which findings of the image scan block. Default: critical findings.
        optional scan: Scan,
        /// How the new version is watched once it has the traffic.
        optional bake: Bake,
        /// How the error rate and the latency of the new version are compared with the old one's.
        /// Default: they are compared.
        optional metrics: Metrics,
        /// CloudWatch alarms that must not fire until the end of the bake. Default: none.
        optional alarms: List<AlarmName>,
        /// The Slack channel for messages: `#name`, or its id.
        required channel: ChannelName,
        /// What else is told of deployments: see docs/monitors.md. Default: nothing.
        optional monitors: Monitors,
    }

    /// The place of a service in an environment.
    struct Placement as r#"{ url = "https://erp.example.com", test_url = "https://erp.example.com:8443" }"# {
        /// Its name in ECS. Default: `APP-SERVICE`.
        optional ecs_service: EcsServiceName,
        /// The family of task definitions that your infrastructure code owns: each release is made from
        /// its newest active revision, with the release's image, variables and secrets. Sluice registers
        /// in the service's own family, never in this one: see docs/ownership.md. Default: each release
        /// is made from the revision that the service runs.
        optional task_definition: TaskFamily,
        /// Web only. `rolling` replaces a few tasks at a time; `blue-green` moves all traffic at
        /// once to a tested green; `canary` moves a little first, then the rest; `linear` moves it
        /// in equal steps. Default: blue-green.
        optional strategy: StrategyWord,
        /// Per cent of the traffic moved at a step: 1 to 99 for canary (default 5), 3 to 100 for
        /// linear (default 10).
        optional step_percent: Number<1, 100>,
        /// How long ECS waits after a step, in whole minutes up to 24h. Default: 10m for canary, 6m
        /// for linear.
        optional step_bake: BakeTime,
        /// Required for web, and only for web: the address that users use.
        optional url: Url,
        /// The address of green before it has traffic (the load balancer's test listener). Required
        /// for blue-green, canary and linear.
        optional test_url: Url,
    }

    /// Who must approve.
    struct Approval as r#"{ approvers = ["S0604QSJC"] }"# {
        /// Who may approve: ids of Slack users (`U…`, `W…`) and user groups (`S…`).
        required approvers: List<MemberId>,
        /// How many of them must approve. Default: 1.
        optional quorum: Number<1, 100>,
        /// If true, neither the person who requested the deployment nor the person who pushed its image
        /// may approve it. The image's annotation `sluice.pushed-by` names the latter. Default: true.
        optional four_eyes: bool,
        /// The request for approval expires after this, 1m to 168h. Default: 8h.
        optional expires: Time<MINUTE, { 168 * HOUR }, SECOND>,
    }

    /// Who may do what, as ids of Slack users and user groups. Anyone who may deploy, approve, roll back
    /// or restore may also cancel, pause and hold; anyone who may deploy or approve may resume and
    /// release.
    struct Roles as r#"{ deploy = ["S0604QSJC"] }"# {
        /// Who may request deployments. Default: no one.
        optional deploy: List<MemberId>,
        /// Who may request rollbacks. Default: no one.
        optional roll_back: List<MemberId>,
        /// Who may freeze and thaw the environment. Default: no one.
        optional freeze: List<MemberId>,
        /// Who may let one deployment start while the environment is closed, or skip the environment
        /// named by `after`. Default: no one.
        optional r#override: List<MemberId>,
        /// Who may request a restore of the database: the application is down during the restore, and
        /// writes are lost. Default: no one.
        optional restore: List<MemberId>,
    }

    /// A time in which no deployment starts.
    struct Freeze as r#"{ from = "2026-12-19 18:00 Europe/Berlin", until = "2027-01-04 08:00 Europe/Berlin", reason = "year's end" }"# {
        /// Its start: date, time and IANA time zone.
        required from: Moment,
        /// Its end: date, time and IANA time zone.
        required until: Moment,
        /// Why, for the people who must wait.
        required reason: Label,
    }

    /// Where a secret's value is stored: `secret`, or `parameter`.
    struct Secret as r#"{ secret = "NAME", key = "KEY" }"# {
        /// The name or ARN of a secret in AWS Secrets Manager.
        optional secret: SecretName,
        /// The key of the secret's JSON. Default: the whole secret.
        optional key: SecretKey,
        /// The name or ARN of a parameter in SSM Parameter Store.
        optional parameter: ParameterName,
    }

    /// The backup before a migration: of an `instance`, or of a `cluster`.
    struct Backup as r#"{ instance = "erp-production" }"# {
        /// An RDS DB instance, by identifier.
        optional instance: DatabaseId,
        /// An Aurora DB cluster, by identifier.
        optional cluster: DatabaseId,
        /// The snapshot's time limit, 1m to 24h. After it the snapshot counts as failed. Default: 1h.
        optional timeout: Time<MINUTE, { 24 * HOUR }, SECOND>,
        /// How many of Sluice's own snapshots to keep (the newest). Default: 5.
        optional keep: Number<1, 100>,
        /// Whether the migration first runs on a copy of the database, made from a snapshot and
        /// removed afterwards. It costs the copy's hours and some twenty minutes before anyone is
        /// asked. Needs an inspected migration. Default: false.
        optional rehearse: bool,
    }

    /// What happens to a plan depending on its migration: `allow` shows the risk, `four-eyes` requires
    /// approvals by two people of whom neither requested it, `refuse` draws no plan.
    struct MigrationRules as r#"{ breaking = "four-eyes" }"# {
        /// The running code does not run on the new schema. Default: allow.
        optional breaking: RiskRule,
        /// Data is lost that no code brings back. Default: allow.
        optional data_losing: RiskRule,
        /// Others wait, perhaps for long. Default: allow.
        optional locking: RiskRule,
        /// A failure half way leaves something behind. Default: allow.
        optional not_transactional: RiskRule,
        /// Sluice could not find out what it does. Default: allow.
        optional unjudged: RiskRule,
    }

    /// The CloudFormation stack of the environment.
    struct Stack as r#"{ name = "erp-production" }"# {
        /// Its name. Sluice changes stacks and never creates one.
        required name: StackName,
        /// Where its template is, in S3; `{commit}` stands for the commit that Sluice shows for the
        /// release. Default: the template that the stack has.
        optional template: TemplateUrl,
        /// Parameters with their values, as texts. A parameter that is not here keeps its value.
        optional parameters: Map<LogicalId, Unshown>,
        /// Accepted replacements and removals.
        optional waivers: List<StackWaiver>,
    }

    /// An accepted replacement or removal of a resource.
    struct StackWaiver as r#"{ resource = "Redis", property = "Engine", by = "Ada", reason = "it only caches" }"# {
        /// Its logical id in the template.
        required resource: LogicalId,
        /// The property for which it is replaced. Without it the waiver is for its removal; of an ECS
        /// service, a listener, a rule or a stack within the stack, for any other change.
        optional property: LogicalId,
        /// Who is responsible for accepting it: a name that people know.
        required by: Label,
        /// Why it does no harm.
        required reason: Label,
    }

    /// What happens to a plan depending on what its change set replaces, may replace or removes, and on
    /// changes of ECS services, listeners and rules, which CloudFormation sends whole: `allow` shows it,
    /// `four-eyes` requires approvals by two people of whom neither requested it, `refuse` draws no plan.
    struct StackRules as r#"{ other = "four-eyes" }"# {
        /// What holds data: databases, caches, queues, buckets, search domains, secrets, keys, logs.
        /// Default: refuse.
        optional holds_data: RiskRule,
        /// What serves traffic: load balancers, listeners, rules, target groups, ECS services and
        /// clusters, DNS records. Default: refuse.
        optional serves_traffic: RiskRule,
        /// Anything else. Default: allow.
        optional other: RiskRule,
    }

    /// What happens to a plan whose commit is in doubt.
    struct SourceRule as r#"{ rule = "refuse" }"# {
        /// In doubt is a commit that contains a change which reached `main` by a wrong way and does not
        /// run here yet, that is on no branch to release from or not in the repository, or that the
        /// image does not name. `allow` says so in the plan, `four-eyes` requires approvals by two
        /// people of whom neither requested it, `refuse` draws no plan: see docs/source.md.
        required rule: RiskRule,
    }

    /// Which findings of the image scan block.
    struct Scan as r#"{ block = "high" }"# {
        /// Findings of this severity or higher stop the deployment; `none` does not wait for
        /// a scan. Default: critical.
        optional block: Block,
        /// How long to wait for an unfinished scan, 0s to 1h. Default: 10m.
        optional wait: Time<0, HOUR, SECOND>,
    }

    /// How the new version is watched once it has the traffic.
    struct Bake as r#"{ duration = "15m" }"# {
        /// How long, in whole minutes up to 24h. Default: 10m.
        optional duration: BakeTime,
        /// Time between two health samples, 10s to 1h. Default: 1m.
        optional every: Time<{ 10 * SECOND }, HOUR, SECOND>,
        /// This many bad samples in a row roll the deployment back. Default: 3.
        optional failures: Number<1, 100>,
        /// The version is healthy only after at least this many good samples. Default: 3.
        optional samples: Number<1, 100>,
    }

    /// How the requests to a service's two target groups are compared, by CloudWatch's metrics of
    /// the load balancer: see docs/deployments.md.
    struct Metrics as r#"{ least_requests = 100 }"# {
        /// Whether they are compared. A version that answers worse is rolled back. Default: true.
        optional compare: bool,
        /// Fewer requests than this, to either version, prove nothing: 10 to 10000. Default: 50.
        optional least_requests: Number<10, 10000>,
        /// How many more of 1,000 requests must fail with 5xx before the new version counts as
        /// worse, 1 to 1000; after the shift three times as many. Default: 5.
        optional more_errors: Number<1, 1000>,
        /// By how many per cent its p90 must be longer, 10 to 1000; after the shift three times as many.
        /// Default: 50.
        optional slower_percent: Number<10, 1000>,
        /// And by how long at least, 1ms to 60s; after the shift three times as long. Default: 100ms.
        optional slower: Time<1, { 60 * SECOND }, 1>,
    }

    /// What is told of deployments beside Slack. Tokens and keys are names or ARNs of secrets in
    /// Secrets Manager, in Sluice's own account.
    struct Monitors as r#"{ grafana = { url = "https://grafana.example.com", token = "sluice/grafana" } }"# {
        /// Grafana: one annotation for each deployment that changed something.
        optional grafana: Grafana,
        /// Sentry: a release and a deploy for each version that went live.
        optional sentry: Sentry,
        /// Loki: every line of the story.
        optional loki: Loki,
        /// Amazon EventBridge: an event for each change of state.
        optional event_bridge: EventBridge,
        /// A signed HTTP request for each change of state.
        optional webhook: Webhook,
        /// GitHub: deployments of the commits.
        optional github: GitHub,
        /// Datadog: events on its timelines.
        optional datadog: Datadog,
        /// PagerDuty: an incident where a person is needed.
        optional pagerduty: PagerDuty,
        /// Opsgenie or Jira Service Management: an alert where a person is needed.
        optional opsgenie: Opsgenie,
        /// Amazon SNS: a message where a person is needed.
        optional sns: Sns,
        /// Amazon CloudWatch: metrics of deployments, in the functions' log. Default: none.
        optional cloudwatch: CloudWatch,
    }

    /// Annotations in Grafana.
    struct Grafana as r#"{ url = "https://grafana.example.com", token = "sluice/grafana" }"# {
        /// The address of Grafana.
        required url: Url,
        /// The secret with a service account's token that may read, create and write annotations.
        required token: SecretName,
    }

    /// Releases and deploys in Sentry.
    struct Sentry as r#"{ organization = "acme", projects = ["erp"], token = "sluice/sentry" }"# {
        /// The address of Sentry. Default: https://sentry.io.
        optional url: Url,
        /// The organisation's slug.
        required organization: Slug,
        /// The slugs of the projects that the release belongs to.
        required projects: List<Slug>,
        /// The secret with a token with the scope `project:releases`.
        required token: SecretName,
        /// What comes before the image tag in the name of a release, such as `erp@`: the name must be
        /// the one that the application's SDK sends. Default: nothing.
        optional prefix: Label,
        /// The repository as Sentry's integration names it, such as `acme/erp`: commits are connected
        /// to the release. Default: only the commit's id is sent.
        optional repository: Label,
    }

    /// Log lines in Loki.
    struct Loki as r#"{ url = "https://loki.example.com" }"# {
        /// The address of Loki, without `/loki/api/v1/push`.
        required url: Url,
        /// The user, where Loki is behind one; Grafana Cloud shows a number. Default: none; a `token`
        /// then goes as a bearer token.
        optional user: Label,
        /// The secret with the password or token. Default: none.
        optional token: SecretName,
        /// The tenant (`X-Scope-OrgID`). Default: none.
        optional tenant: Label,
    }

    /// Events on Amazon EventBridge.
    struct EventBridge as r#"{ bus = "deployments" }"# {
        /// The event bus, by name or ARN. Sluice needs the right events:PutEvents on it.
        required bus: BusName,
    }

    /// Signed requests.
    struct Webhook as r#"{ url = "https://hooks.example.com/deployments", secret = "sluice/webhook" }"# {
        /// The address that they go to.
        required url: Url,
        /// The secret with the key that signs them: `whsec_` and base64, as Standard Webhooks has it.
        required secret: SecretName,
    }

    /// Deployments in GitHub.
    struct GitHub as r#"{ repository = "acme/erp", token = "sluice/github" }"# {
        /// The repository with the code: its owner and its name.
        required repository: Label,
        /// The secret with a token that may write deployments of the repository.
        required token: SecretName,
        /// The address of the API. Default: https://api.github.com; of an Enterprise Server
        /// https://HOST/api/v3.
        optional url: Url,
    }

    /// Events in Datadog.
    struct Datadog as r#"{ key = "sluice/datadog", url = "https://api.datadoghq.eu" }"# {
        /// The secret with an API key.
        required key: SecretName,
        /// The address of your site's API. Default: https://api.datadoghq.com; in the EU
        /// https://api.datadoghq.eu.
        optional url: Url,
    }

    /// Incidents in PagerDuty.
    struct PagerDuty as r#"{ key = "sluice/pagerduty" }"# {
        /// The secret with the integration key of a service (Events API v2).
        required key: SecretName,
        /// The address. Default: https://events.pagerduty.com; in the EU
        /// https://events.eu.pagerduty.com.
        optional url: Url,
    }

    /// Alerts in Opsgenie or Jira Service Management.
    struct Opsgenie as r#"{ key = "sluice/opsgenie" }"# {
        /// The secret with the key of an API integration.
        required key: SecretName,
        /// The address, up to `/v2`. Default: https://api.opsgenie.com; in the EU
        /// https://api.eu.opsgenie.com; of Jira Service Management
        /// https://api.atlassian.com/jsm/ops/integration.
        optional url: Url,
    }

    /// Messages on Amazon SNS.
    struct Sns as r#"{ topic = "arn:aws:sns:eu-central-1:222222222222:deployments" }"# {
        /// The topic's ARN; one of a FIFO topic ends in `.fifo`. Sluice needs the right sns:Publish
        /// on it.
        required topic: TopicArn,
    }

    /// Metrics in Amazon CloudWatch.
    struct CloudWatch as r#"{ namespace = "Sluice" }"# {
        /// The namespace of the metrics. Default: Sluice.
        optional namespace: Namespace,
    }
}
