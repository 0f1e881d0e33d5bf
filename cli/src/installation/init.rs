//! How `sluice init` is asked.

use std::path::PathBuf;

use clap::Args;

/// Draft a sluice.toml from what is running in your ECS clusters.
///
/// Reads services, task definitions, load balancers, alarms, databases and the places of secrets with
/// your AWS credentials. It changes nothing in AWS and reads no secret. Each line of the file says what
/// was seen, what is guessed and why, and what only you know; at a terminal it asks for that. Exits
/// with 0 if the file is written, with 2 if it is written and something could not be looked at, or if
/// nothing could be drafted, and with 1 if the file exists already.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice init --cluster shop-staging --cluster shop-production\n  \
    sluice init --cluster shop-production -              # print it\n  \
    sluice init --cluster staging=blue --cluster production=green --also staging\n  \
    sluice init --cluster shop-production --answer production.channel='#shop'\n\n\
    The rights it needs are among those of infra/doctor-policy.json. What it reads, and how it decides:\n\
    docs/init.md."
)]
pub struct Init {
    /// The file to write; `-` for standard output.
    #[arg(value_name = "FILE", default_value = "sluice.toml")]
    pub file: PathBuf,
    /// A cluster that the application runs in, one for each environment: its name, or its ARN, with the
    /// environment before it if the name does not say it. Environments in one cluster are told apart by
    /// the names of their services.
    #[arg(long, value_name = "[ENVIRONMENT=]CLUSTER", required = true)]
    pub cluster: Vec<String>,
    /// The ECR repository of the application, where the clusters run images of several.
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,
    /// The application's name. Default: the repository's.
    #[arg(long, value_name = "NAME")]
    pub app: Option<String>,
    /// An answer to something that AWS does not know, such as `production.channel=#shop`; may be given
    /// several times. What is open is listed at the end.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub answer: Vec<(String, String)>,
    /// Ask nothing, also at a terminal: what only you know is marked in the file.
    #[arg(long)]
    pub no_input: bool,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    /// The region of the clusters. Default: the profile's, or AWS_REGION.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The profile with credentials. Default: AWS_PROFILE, or the SDK's own order.
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// A profile with credentials for the account of another environment; may be given several times.
    #[arg(long, value_name = "PROFILE")]
    pub also: Vec<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
    let (key, value) = pair.ok_or("write KEY=VALUE, such as production.channel=#shop")?;
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::pair;

    #[test]
    fn an_answer_has_a_key() {
        let url = pair("production.web.url=https://shop.example.com?a=b");
        let (key, value) = url.expect("it has one");
        assert_eq!(
            (key.as_str(), value.as_str()),
            ("production.web.url", "https://shop.example.com?a=b")
        );
        assert!(pair("production.channel").is_err());
        assert!(pair("=x").is_err());
    }
}
