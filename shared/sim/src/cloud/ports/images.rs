//! Registry: ECR.

use async_trait::async_trait;
use sluice_app::ports::{DescribedImage, FoundImage, ImageQuery, Registry, Target};
use sluice_core::failure::PortError;
use sluice_core::id::FindingId;
use sluice_core::observation::ScanObservation;
use sluice_core::release::Release;
use sluice_core::signature::Stored;

use super::CloudPorts;
use crate::cloud::Operation;

#[async_trait]
impl Registry for CloudPorts {
    async fn image(&self, _: &Target, release: &Release) -> Result<DescribedImage, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeImages)?;
        let manifest = cloud.ask(Operation::BatchGetImage)?;
        let described = cloud.describe_image(release)?;
        manifest.with(())?;
        reply.with(described)
    }

    async fn find(&self, _: &Target, query: &ImageQuery) -> Result<Option<FoundImage>, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeImages)?;
        reply.with(cloud.find_image(query)?)
    }

    async fn scan(
        &self,
        _: &Target,
        release: &Release,
        named: &[FindingId],
    ) -> Result<ScanObservation, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeImageScanFindings)?;
        reply.with(cloud.describe_scan(release, named)?)
    }

    async fn signatures(&self, _: &Target, release: &Release) -> Result<Vec<Stored>, PortError> {
        let mut cloud = self.cloud();
        let manifest = cloud.ask(Operation::BatchGetImage)?;
        let listed = cloud.ask(Operation::ListImageReferrers)?;
        let stored = cloud.signatures(release)?;
        manifest.with(())?;
        let stored = listed.with(stored)?;
        for _ in &stored {
            cloud.ask(Operation::GetDownloadUrlForLayer)?.with(())?;
        }
        Ok(stored)
    }
}
