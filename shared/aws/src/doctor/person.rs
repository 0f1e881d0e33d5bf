//! Clients with a person's own credentials.

use aws_config::BehaviorVersion;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use sluice_core::id::Region;

use crate::clients::{Clients, retry, shared_http_client, timeouts};

impl Clients {
    /// The same with a person's own credentials: of that profile, and in that region, if they are
    /// named.
    #[cfg(feature = "doctor")]
    pub async fn of_person(profile: Option<&str>, region: Option<&Region>) -> Self {
        let mut config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(shared_http_client())
            .retry_config(retry())
            .timeout_config(timeouts());
        if let Some(profile) = profile {
            config = config.profile_name(profile);
        }
        if let Some(region) = region {
            config = config.region(aws_config::Region::new(region.to_string()));
        }
        let config = config.load().await;
        let Some(profile) = profile else {
            return Self::new(config, None);
        };
        // The SDK's own order has the environment's keys before a profile that was named.
        let own = ProviderConfig::default().with_region(config.region().cloned());
        let credentials = ProfileFileCredentialsProvider::builder()
            .configure(&own)
            .profile_name(profile)
            .build();
        let credentials = SharedCredentialsProvider::new(credentials);
        let config = config
            .into_builder()
            .credentials_provider(credentials)
            .build();
        Self::new(config, None)
    }
}
