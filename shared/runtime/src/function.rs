//! The functions, and what each needs.

/// A Lambda function of Sluice. Each is given what it needs and no more, so that its role can be
/// as small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is documented in functions/")]
pub enum Function {
    RegistryPush,
    Slack,
    Advance,
    RolloutHook,
    HealthCheck,
    Operate,
    SourcePush,
}

impl Function {
    /// Whether it posts to Slack or asks who is in a group.
    pub fn needs_chat(self) -> bool {
        matches!(
            self,
            Self::Slack | Self::Advance | Self::HealthCheck | Self::Operate | Self::SourcePush
        )
    }

    /// Whether Slack calls it.
    pub fn needs_signing_secret(self) -> bool {
        matches!(self, Self::Slack)
    }

    /// Whether it starts rollouts, which ECS then asks the rollout hook about.
    pub fn needs_rollout_hook(self) -> bool {
        matches!(self, Self::Advance | Self::HealthCheck)
    }
}
