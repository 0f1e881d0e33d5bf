//! The workspace.

use super::Finding;

/// Slack does not accept the token.
pub fn refused_token(said: &str) -> Finding {
    Finding::new(
        format!("Slack does not accept the bot token ({said})."),
        "Sluice posts nothing, and does not know who is in a group: no one can approve.",
        "Copy the token from the app's page \"OAuth & Permissions\", then: aws secretsmanager \
         put-secret-value --secret-id BotTokenSecret --secret-string 'xoxb-…'",
    )
}

/// A token of another workspace.
pub fn other_workspace(stack: &str, is: &str, wanted: &str) -> Finding {
    Finding::new(
        format!("The bot token is of the workspace {is}; SlackTeam is {wanted}."),
        "Messages go to one workspace and clicks are accepted from another: no one can answer.",
        format!(
            "infra/deploy sluice \"$BUCKET\" --stack-name {stack} --parameter-overrides \
             SlackTeam={is} # or put the right token into its secret"
        ),
    )
}

/// A token for a whole organisation.
pub fn organisation_wide() -> Finding {
    Finding::new(
        "The app is installed for a whole organisation.",
        "Its token needs a workspace in calls that Sluice makes without one.",
        "Install the app in one workspace of the organisation, and store that token.",
    )
}

/// Scopes that the token lacks.
pub fn lacks_scopes(missing: &[String]) -> Finding {
    Finding::new(
        format!("The bot token lacks the scopes {}.", missing.join(", ")),
        "Slack refuses the calls that need them (docs/slack-setup.md, \"Scopes, and why\").",
        "Paste infra/slack-app.yaml under \"App Manifest\" of the app, and choose \"Reinstall\".",
    )
}

/// A channel that the bot does not see.
pub fn no_channel(channel: &str, environment: &str) -> Finding {
    Finding::new(
        format!("The bot is not in the channel {channel} of {environment}, or it does not exist."),
        "No one sees deployments, and no one can approve them.",
        format!("In Slack: /invite @Sluice in {channel}; or correct `channel` in sluice.toml."),
    )
}

/// A channel that is archived.
pub fn archived(channel: &str) -> Finding {
    Finding::new(
        format!("The channel {channel} is archived."),
        "Slack refuses messages in it.",
        "Unarchive it in Slack, or name another `channel` in sluice.toml.",
    )
}

/// A channel that is shared with another company.
pub fn shared_outside(channel: &str) -> Finding {
    Finding::new(
        format!("The channel {channel} is shared with another company (Slack Connect)."),
        "Its people read every message of Sluice: versions, findings of scans, SQL of migrations.",
        "Name a channel of your own as `channel` in sluice.toml.",
    )
}

/// A group without members.
pub fn empty_group(group: &str, wanted_for: &str) -> Finding {
    Finding::new(
        format!("The user group {group} has no members, or does not exist."),
        format!("sluice.toml names it for {wanted_for}: no one can act by it."),
        "Add people to the group in Slack, or correct its id in sluice.toml.",
    )
}

/// A person who cannot act.
pub fn cannot_act(person: &str, how: &str) -> Finding {
    Finding::new(
        format!("{person} {how}."),
        "sluice.toml names this person, who can do nothing.",
        "Correct the id in sluice.toml: in Slack, Profile, ⋮, Copy member ID.",
    )
}
