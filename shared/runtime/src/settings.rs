//! A function's settings: environment variables, all of them checked before anything is done.

use std::fmt;
use std::path::PathBuf;

use sluice_core::registry::Registry;

use crate::function::Function;

/// The settings of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `SLUICE_CONFIG`: the `sluice.toml` files of the applications, several parted by `:`.
    pub configs: Vec<PathBuf>,
    /// `SLUICE_REGISTRY`: the host of the registry of Sluice's own account and region. Applications
    /// whose file names no `registry` are deployed from there.
    pub registry: Option<Registry>,
    /// `SLUICE_TABLE`: the DynamoDB table.
    pub table: String,
    /// `SLUICE_QUEUE_URL`: the SQS queue of wake-ups.
    pub queue_url: String,
    /// `SLUICE_SLACK_BOT_TOKEN_ARN`: the secret with the bot's token, for functions that speak to
    /// Slack.
    pub bot_token_arn: Option<String>,
    /// `SLUICE_SLACK_SIGNING_SECRET_ARN`: the secret with the signing secret, for the function that
    /// Slack calls. While it is being changed, the value is JSON:
    /// `{"current": "…", "previous": "…"}`, and both are good.
    pub signing_secret_arn: Option<String>,
    /// `SLUICE_ROLLOUT_HOOK_ARN` and `SLUICE_ROLLOUT_HOOK_ROLE_ARN`, for functions that start
    /// rollouts.
    pub rollout_hook: Option<RolloutHookArns>,
    /// `SLUICE_ROLE_SUFFIX`: what is appended to the name of every environment's `role` when it is
    /// assumed. `slack`, which only looks, has roles of its own.
    pub role_suffix: Option<String>,
    /// `SLUICE_SLACK_TEAM_ID`: the workspace (`T…`) whose requests are taken; without it, every one that the Slack app is installed in.
    pub slack_team: Option<String>,
    /// `SLUICE_SLACK_URL`: another server in Slack's place.
    pub slack_url: Option<String>,
}

/// The lifecycle hook's function, and the role with which ECS calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutHookArns {
    /// The function's ARN.
    pub function: String,
    /// The role's ARN.
    pub role: String,
}

/// Something wrong with one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingProblem {
    /// The variable.
    pub name: &'static str,
    /// What is wrong, and what to write instead.
    pub problem: String,
}

/// Settings that cannot be used: everything that is wrong with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSettings(pub Vec<SettingProblem>);

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the function's environment variables are invalid:")?;
        for SettingProblem { name, problem } in &self.0 {
            write!(f, "\n  {name} {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidSettings {}

impl Settings {
    /// Reads the settings of a function through a lookup of variables.
    ///
    /// # Errors
    /// All problems at once.
    pub fn from_env(
        function: Function,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, InvalidSettings> {
        let mut reader = Reader {
            lookup: &lookup,
            problems: Vec::new(),
        };
        let needs_hook = function.needs_rollout_hook();
        let settings = Self {
            configs: reader.configs(),
            registry: reader.registry(),
            table: reader.text("SLUICE_TABLE", "the DynamoDB table's name"),
            queue_url: reader.queue_url(),
            bot_token_arn: reader.secret("SLUICE_SLACK_BOT_TOKEN_ARN", function.needs_chat()),
            signing_secret_arn: reader.secret(
                "SLUICE_SLACK_SIGNING_SECRET_ARN",
                function.needs_signing_secret(),
            ),
            rollout_hook: needs_hook.then(|| RolloutHookArns {
                function: reader.arn("SLUICE_ROLLOUT_HOOK_ARN", "lambda"),
                role: reader.arn("SLUICE_ROLLOUT_HOOK_ROLE_ARN", "iam"),
            }),
            role_suffix: reader.get("SLUICE_ROLE_SUFFIX"),
            slack_team: reader.slack_team(),
            slack_url: reader.get("SLUICE_SLACK_URL"),
        };
        if reader.problems.is_empty() {
            Ok(settings)
        } else {
            Err(InvalidSettings(reader.problems))
        }
    }
}

/// Continues after a problem, so that all problems are reported together.
struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<SettingProblem>,
}

impl Reader<'_> {
    /// A variable that is set to nothing is not set.
    fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    fn problem(&mut self, name: &'static str, problem: impl Into<String>) {
        self.problems.push(SettingProblem {
            name,
            problem: problem.into(),
        });
    }

    fn text(&mut self, name: &'static str, what: &str) -> String {
        self.get(name).unwrap_or_else(|| {
            self.problem(name, format!("is not set: give {what}"));
            String::new()
        })
    }

    fn configs(&mut self) -> Vec<PathBuf> {
        self.text(
            "SLUICE_CONFIG",
            "the sluice.toml in the function's package (several: separated by `:`)",
        )
        .split(':')
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .collect()
    }

    fn registry(&mut self) -> Option<Registry> {
        const NAME: &str = "SLUICE_REGISTRY";
        let host = self.get(NAME)?;
        let registry = Registry::of_host(&host);
        if registry.is_none() {
            self.problem(
                NAME,
                format!(
                    "is `{host}`: give the host of an ECR registry, such as \
                     222222222222.dkr.ecr.eu-central-1.amazonaws.com"
                ),
            );
        }
        registry
    }

    fn queue_url(&mut self) -> String {
        const NAME: &str = "SLUICE_QUEUE_URL";
        let url = self.text(NAME, "the URL of the queue of wake-ups");
        if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://") {
            self.problem(
                NAME,
                format!("is `{url}`: give the queue's URL, not its name or ARN"),
            );
        }
        url
    }

    fn slack_team(&mut self) -> Option<String> {
        const NAME: &str = "SLUICE_SLACK_TEAM_ID";
        let team = self.get(NAME)?;
        let is_id = team.len() >= 9
            && team.starts_with('T')
            && team
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !is_id {
            self.problem(
                NAME,
                format!("is `{team}`: give the id of the workspace (T…)"),
            );
        }
        Some(team)
    }

    fn secret(&mut self, name: &'static str, is_needed: bool) -> Option<String> {
        is_needed.then(|| self.arn(name, "secretsmanager"))
    }

    fn arn(&mut self, name: &'static str, service: &str) -> String {
        let Some(arn) = self.get(name) else {
            self.problem(
                name,
                format!("is not set: give an ARN (arn:aws:{service}:…)"),
            );
            return String::new();
        };
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        if parts.len() < 6 || parts[0] != "arn" || parts[2] != service {
            // Its value is not shown: where an ARN is expected, the secret itself may have been
            // set.
            self.problem(
                name,
                format!("is not an ARN of {service} (arn:aws:{service}:…)"),
            );
        }
        arn
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use crate::function::Function;

    const SECRET: &str =
        "arn:aws:secretsmanager:eu-central-1:222222222222:secret:sluice/slack-AbCdEf";

    fn set(name: &str) -> Option<String> {
        let value = match name {
            "SLUICE_CONFIG" => "/var/task/erp.toml:/var/task/crm.toml",
            "SLUICE_REGISTRY" => "222222222222.dkr.ecr.eu-central-1.amazonaws.com",
            "SLUICE_TABLE" => "sluice",
            "SLUICE_QUEUE_URL" => {
                "https://sqs.eu-central-1.amazonaws.com/222222222222/sluice-advance"
            }
            "SLUICE_SLACK_BOT_TOKEN_ARN" | "SLUICE_SLACK_SIGNING_SECRET_ARN" => SECRET,
            "SLUICE_ROLLOUT_HOOK_ARN" => {
                "arn:aws:lambda:eu-central-1:222222222222:function:sluice-rollout-hook"
            }
            "SLUICE_ROLLOUT_HOOK_ROLE_ARN" => "arn:aws:iam::111111111111:role/sluice-hook",
            "SLUICE_ROLE_SUFFIX" => "-read",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn each_function_reads_what_it_needs() {
        let settings = Settings::from_env(Function::Advance, set).unwrap();
        assert_eq!(settings.configs.len(), 2);
        let registry = settings.registry.map(|registry| registry.host());
        assert_eq!(
            registry.as_deref(),
            Some("222222222222.dkr.ecr.eu-central-1.amazonaws.com")
        );
        assert_eq!(settings.bot_token_arn.as_deref(), Some(SECRET));
        assert_eq!(settings.signing_secret_arn, None);
        assert!(settings.rollout_hook.is_some());
        let settings = Settings::from_env(Function::RegistryPush, set).unwrap();
        assert_eq!(
            (settings.bot_token_arn, settings.rollout_hook),
            (None, None)
        );
        let settings = Settings::from_env(Function::Slack, set).unwrap();
        assert_eq!(settings.signing_secret_arn.as_deref(), Some(SECRET));
        assert_eq!(settings.role_suffix.as_deref(), Some("-read"));
        let settings = Settings::from_env(Function::Operate, set).unwrap();
        assert_eq!(settings.bot_token_arn.as_deref(), Some(SECRET));
        assert_eq!(
            (settings.signing_secret_arn, settings.rollout_hook),
            (None, None)
        );
    }

    #[test]
    fn all_problems_are_told_at_once_and_no_secret_is_shown() {
        let problems = Settings::from_env(Function::Advance, |_| None).unwrap_err();
        insta::assert_snapshot!(problems);
        let problems = Settings::from_env(Function::Slack, |name| match name {
            "SLUICE_QUEUE_URL" => Some("sluice-advance".to_owned()),
            "SLUICE_SLACK_BOT_TOKEN_ARN" => Some("xoxb-a-token".to_owned()),
            "SLUICE_SLACK_TEAM_ID" => Some("example".to_owned()),
            "SLUICE_REGISTRY" => Some("222222222222".to_owned()),
            "SLUICE_TABLE" => Some(" ".to_owned()),
            other => set(other),
        })
        .unwrap_err();
        insta::assert_snapshot!(problems);
    }
}
