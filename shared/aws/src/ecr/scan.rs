//! What a scan found, basic or enhanced.

use aws_sdk_ecr::types::{FindingSeverity, ImageIdentifier, ImageScanFindings, ScanStatus};
use sluice_core::config::Severity;
use sluice_core::failure::PortError;
use sluice_core::id::FindingId;
use sluice_core::observation::ScanObservation;
use sluice_core::scan::{Counts, Findings};

use super::Repository;
use crate::error::port_error;

/// The most findings ECR gives on one page.
const FINDINGS_ON_A_PAGE: i32 = 1000;

/// More pages than this are not read: with a hundred thousand findings, more make no difference.
const MOST_PAGES: usize = 100;

impl Repository<'_> {
    /// What the scan of the image of that digest found, and which of that has one of the ids
    /// `named`.
    ///
    /// Where ECR counts, the count is of the whole image and on the first page, and the other pages
    /// are read only for what is named. Where it does not, the findings of every page are counted
    /// here. More pages than are read leave findings unnamed, and so counting.
    ///
    /// ECR says that a scan is over (`COMPLETE`; of an enhanced one that goes on, `ACTIVE`) some
    /// time
    /// before it has the findings, and answers with an empty list until then (aws-sdk#289,
    /// aws-cli#6759). An image without findings has an empty list too, and next to it
    /// `imageScanCompletedAt`, the time of the last completed scan, be it basic or enhanced. So
    /// nothing counts as found only with that time; an empty count alone does not say it.
    pub(super) async fn findings(
        &self,
        digest: &str,
        named: &[FindingId],
    ) -> Result<ScanObservation, PortError> {
        let mut listed: Vec<(Option<FindingId>, Severity)> = Vec::new();
        let mut total = None;
        let mut has_completed = false;
        let mut page = None;
        for _ in 0..MOST_PAGES {
            let request = self
                .client()
                .describe_image_scan_findings()
                .registry_id(self.account.as_str())
                .repository_name(self.name.as_str())
                .image_id(ImageIdentifier::builder().image_digest(digest).build())
                .max_results(FINDINGS_ON_A_PAGE)
                .set_next_token(page);
            let answer = match request.send().await {
                Ok(answer) => answer,
                Err(error)
                    if error.as_service_error().is_some_and(|e| {
                        e.is_scan_not_found_exception() || e.is_image_not_found_exception()
                    }) =>
                {
                    return Ok(ScanObservation::NotScanned);
                }
                Err(error) => {
                    let on = self.name();
                    return Err(port_error("ecr:DescribeImageScanFindings", &on, error));
                }
            };
            let status = answer.image_scan_status();
            let described = status.and_then(|status| status.description());
            if let Some(other) = unfinished(status.and_then(|status| status.status()), described) {
                return Ok(other);
            }
            let findings = answer.image_scan_findings();
            has_completed |= findings.is_some_and(|all| all.image_scan_completed_at().is_some());
            if let Some(counts) = findings.and_then(|findings| findings.finding_severity_counts())
                && !counts.is_empty()
            {
                total.get_or_insert_with(|| totals(counts));
            }
            listed.extend(findings.into_iter().flat_map(each));
            page = answer.next_token;
            let is_known = total.is_some() && named.is_empty();
            if page.is_none() || is_known {
                break;
            }
        }
        if total.is_none() && listed.is_empty() && !has_completed {
            return Ok(ScanObservation::Pending);
        }
        let mut found = Findings::from(total.unwrap_or_else(|| counted(&listed)));
        for (id, severity) in listed {
            if let Some(id) = id.filter(|id| named.contains(id)) {
                found.name(id, severity);
            }
        }
        Ok(ScanObservation::Complete(found))
    }
}

/// What there is to say of a scan that has no findings to show; `None` if it has.
fn unfinished(status: Option<&ScanStatus>, described: Option<&str>) -> Option<ScanObservation> {
    match status {
        // `Active` is an enhanced scan that goes on as new vulnerabilities become known.
        Some(ScanStatus::Complete | ScanStatus::Active) => None,
        Some(ScanStatus::Pending | ScanStatus::InProgress) => Some(ScanObservation::Pending),
        Some(other) => {
            let described = described.map_or(String::new(), |words| format!(": {words}"));
            Some(ScanObservation::Failed(format!("{other}{described}")))
        }
        None => Some(ScanObservation::NotScanned),
    }
}

fn totals(counts: &std::collections::HashMap<FindingSeverity, i32>) -> Counts {
    let mut totals = Counts::new();
    for (severity, count) in counts {
        *totals.entry(severity_of(severity.as_str())).or_default() +=
            u32::try_from(*count).unwrap_or(0);
    }
    totals
}

fn counted(listed: &[(Option<FindingId>, Severity)]) -> Counts {
    let mut counts = Counts::new();
    for (_, severity) in listed {
        *counts.entry(*severity).or_default() += 1;
    }
    counts
}

/// Each finding's id, where it has one, and its severity: of a basic scan, or of Inspector's.
fn each(findings: &ImageScanFindings) -> Vec<(Option<FindingId>, Severity)> {
    let basic = findings.findings().iter().map(|finding| {
        let severity = finding.severity().map(|severity| severity.as_str());
        (finding.name(), severity)
    });
    let enhanced = findings.enhanced_findings().iter().map(|finding| {
        let details = finding.package_vulnerability_details();
        let id = details.and_then(|details| details.vulnerability_id());
        (id, finding.severity())
    });
    basic
        .chain(enhanced)
        .map(|(id, severity)| {
            let severity = severity_of(severity.unwrap_or_default());
            (id.map(FindingId::new), severity)
        })
        .collect()
}

/// Inspector says `UNTRIAGED` of what ECR calls `UNDEFINED`; values that they add later are not
/// rated by us either.
fn severity_of(word: &str) -> Severity {
    match word {
        "CRITICAL" => Severity::Critical,
        "HIGH" => Severity::High,
        "MEDIUM" => Severity::Medium,
        "LOW" => Severity::Low,
        "INFORMATIONAL" => Severity::Informational,
        _ => Severity::Undefined,
    }
}

/// The scans of all images of an index as one: the worst of them, and of each finding the highest
/// count, since the same package is found on every platform.
pub(super) fn of_all(scans: Vec<ScanObservation>) -> ScanObservation {
    let mut all = Findings::default();
    let mut waits = scans.is_empty().then_some(ScanObservation::NotScanned);
    for scan in scans {
        match scan {
            ScanObservation::Failed(_) => return scan,
            ScanObservation::Pending => waits = Some(ScanObservation::Pending),
            ScanObservation::NotScanned => {
                waits.get_or_insert(ScanObservation::NotScanned);
            }
            ScanObservation::Complete(found) => all = all.or_more(found),
        }
    }
    waits.unwrap_or(ScanObservation::Complete(all))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};
    use sluice_app::ports::Registry as _;
    use sluice_core::id::{Digest, ImageTag, RepositoryName};
    use sluice_core::release::Release;

    use super::*;
    use crate::EcrRegistry;
    use crate::test_cloud::{Answer, Asked, TestCloud, target, target_with_role};

    fn release() -> Release {
        Release {
            registry: "222222222222.dkr.ecr.eu-west-1.amazonaws.com".to_owned(),
            repository: RepositoryName::new("erp"),
            tag: ImageTag::new("v1"),
            digest: Digest::try_from(format!("sha256:{}", "0".repeat(64))).unwrap(),
            pushed_at: "2026-03-02T12:00:00Z".parse().unwrap(),
        }
    }

    fn image(status: &str) -> Answer {
        let image = json!({"imageDigest": release().digest, "imageStatus": status});
        Answer::json(&json!({"imageDetails": [image]}))
    }

    #[tokio::test]
    async fn findings_that_ecr_did_not_count_are_counted_on_every_page() {
        let answer = |asked: &Asked| {
            if asked.operation == "DescribeImages" {
                return image("ACTIVE");
            }
            let (severity, next) = match asked.body.get("nextToken").and_then(Value::as_str) {
                None => ("HIGH", Some("2")),
                Some("2") => ("LOW", Some("3")),
                Some(_) => ("HIGH", None),
            };
            Answer::json(&json!({
                "imageScanStatus": {"status": "ACTIVE"},
                "imageScanFindings": {"enhancedFindings": [{"severity": severity}]},
                "nextToken": next,
            }))
        };
        let cloud = TestCloud::new(answer);
        let registry = EcrRegistry::new(Arc::clone(&cloud.clients));
        let seen = registry.scan(&target(), &release(), &[]).await.unwrap();
        assert_eq!(seen, complete(&[(Severity::High, 2), (Severity::Low, 1)]));
        assert_eq!(cloud.asked("DescribeImageScanFindings").len(), 3);
    }

    #[tokio::test]
    async fn what_somebody_answers_for_is_named_on_every_page() {
        let named = FindingId::new("CVE-2026-0861");
        let basic = |name: &str| json!({"name": name, "severity": "HIGH"});
        let enhanced = |id: &str| json!({"severity": "HIGH", "packageVulnerabilityDetails": {"vulnerabilityId": id}});
        let pages = |key: &str, one: &dyn Fn(&str) -> Value, counts: Value| {
            let mut first = json!({ key: [one("CVE-2026-0001"), one("CVE-2026-0861")] });
            first["findingSeverityCounts"] = counts;
            vec![first, json!({ key: [one("CVE-2026-0861")] })]
        };
        for pages in [
            pages("findings", &basic, json!({"HIGH": 3})),
            pages("enhancedFindings", &enhanced, json!({})),
        ] {
            let cloud = TestCloud::new(move |asked: &Asked| {
                if asked.operation == "DescribeImages" {
                    return image("ACTIVE");
                }
                let is_second = asked.body.get("nextToken").is_some();
                Answer::json(&json!({
                    "imageScanStatus": {"status": "COMPLETE"},
                    "imageScanFindings": pages[usize::from(is_second)],
                    "nextToken": (!is_second).then_some("2"),
                }))
            });
            let registry = EcrRegistry::new(Arc::clone(&cloud.clients));
            let asked = std::slice::from_ref(&named);
            let seen = registry.scan(&target(), &release(), asked).await.unwrap();
            let ScanObservation::Complete(found) = seen else {
                panic!("{seen:?}");
            };
            assert_eq!(found.counts, Counts::from([(Severity::High, 1)]));
            let twice = Counts::from([(Severity::High, 2)]);
            assert_eq!(found.named, [(named.clone(), twice)].into());
        }
    }

    #[tokio::test]
    async fn a_scan_that_is_over_is_pending_until_its_findings_are_there() {
        let empty = |key: &str| json!({ key: [] });
        let scanned = |key: &str| json!({ key: [], "findingSeverityCounts": {}, "imageScanCompletedAt": 1_772_366_400.0 });
        let counts = |word: &str| json!({ "findings": [], "findingSeverityCounts": { word: 2 } });
        for (findings, expected) in [
            (Value::Null, ScanObservation::Pending),
            (empty("findings"), ScanObservation::Pending),
            (empty("enhancedFindings"), ScanObservation::Pending),
            (
                json!({ "findings": [], "findingSeverityCounts": {} }),
                ScanObservation::Pending,
            ),
            (scanned("findings"), complete(&[])),
            (scanned("enhancedFindings"), complete(&[])),
            (counts("HIGH"), complete(&[(Severity::High, 2)])),
            (
                json!({ "enhancedFindings": [{ "severity": "LOW" }] }),
                complete(&[(Severity::Low, 1)]),
            ),
        ] {
            for status in ["COMPLETE", "ACTIVE"] {
                let findings = findings.clone();
                let cloud = TestCloud::new(move |asked: &Asked| {
                    if asked.operation == "DescribeImages" {
                        return image("ACTIVE");
                    }
                    let mut answer = json!({ "imageScanStatus": { "status": status } });
                    if !findings.is_null() {
                        answer["imageScanFindings"] = findings.clone();
                    }
                    Answer::json(&answer)
                });
                let registry = EcrRegistry::new(Arc::clone(&cloud.clients));
                let seen = registry.scan(&target(), &release(), &[]).await.unwrap();
                let asked = cloud.asked("DescribeImageScanFindings");
                assert_eq!(seen, expected, "{status} {asked:?}");
            }
        }
    }

    #[tokio::test]
    async fn an_archived_image_cannot_be_pulled() {
        for (status, present) in [("ACTIVE", true), ("ARCHIVED", false), ("ACTIVATING", false)] {
            let cloud = TestCloud::new(move |_| image(status));
            let registry = EcrRegistry::new(Arc::clone(&cloud.clients));
            let seen = registry.image(&target(), &release()).await.unwrap();
            assert_eq!(seen.present, present, "{status}");
        }
    }

    #[tokio::test]
    async fn a_shared_registry_is_asked_where_it_is_and_by_sluice_itself() {
        let cloud = TestCloud::new(|_| image("ACTIVE"));
        let registry = EcrRegistry::new(Arc::clone(&cloud.clients));
        registry
            .image(&target_with_role(), &release())
            .await
            .unwrap();
        for asked in cloud.everything_asked() {
            assert_eq!(asked.body["registryId"], "222222222222");
            assert_eq!(asked.host, "api.ecr.eu-west-1.amazonaws.com");
            assert_eq!(
                asked.signed_by, "own-key",
                "the environment's role is of another account"
            );
        }
    }

    fn complete(counts: &[(Severity, u32)]) -> ScanObservation {
        let counts: Counts = counts.iter().copied().collect();
        ScanObservation::Complete(counts.into())
    }

    #[test]
    fn an_index_is_as_bad_as_the_worst_of_its_images() {
        let (low, high) = (
            complete(&[(Severity::Low, 3)]),
            complete(&[(Severity::High, 1)]),
        );
        let both = complete(&[(Severity::Low, 3), (Severity::High, 1)]);
        assert_eq!(of_all(vec![low.clone(), high]), both);
        assert_eq!(
            of_all(vec![low.clone(), ScanObservation::Pending]),
            ScanObservation::Pending
        );
        let failed = ScanObservation::Failed("UNSUPPORTED_IMAGE".to_owned());
        assert_eq!(
            of_all(vec![ScanObservation::Pending, failed.clone(), low.clone()]),
            failed
        );
        let unscanned = of_all(vec![ScanObservation::NotScanned, low]);
        assert_eq!(unscanned, ScanObservation::NotScanned);
        assert_eq!(of_all(Vec::new()), ScanObservation::NotScanned);
    }

    #[test]
    fn every_status_says_something() {
        assert_eq!(unfinished(Some(&ScanStatus::Active), None), None);
        assert_eq!(
            unfinished(Some(&ScanStatus::Pending), None),
            Some(ScanObservation::Pending)
        );
        assert_eq!(
            unfinished(
                Some(&ScanStatus::UnsupportedImage),
                Some("no operating system")
            ),
            Some(ScanObservation::Failed(
                "UNSUPPORTED_IMAGE: no operating system".to_owned()
            ))
        );
        assert_eq!(
            unfinished(Some(&ScanStatus::from("SOMETHING_NEW")), None),
            Some(ScanObservation::Failed("SOMETHING_NEW".to_owned()))
        );
    }

    #[test]
    fn inspectors_word_for_unrated_is_ours() {
        assert_eq!(severity_of("UNTRIAGED"), Severity::Undefined);
        assert_eq!(severity_of("CRITICAL"), Severity::Critical);
    }
}
