//! The end of a container's log, for the people who have to find out why it stopped.

use aws_sdk_cloudwatchlogs::config::{Builder, Region};
use aws_sdk_cloudwatchlogs::operation::get_log_events::GetLogEventsError;
use aws_sdk_ecs::types::{ContainerDefinition, LogDriver};

use crate::clients::ClientSet;
use crate::error::port_error;

/// What fits a Slack message and is read to its end.
const LINES: i32 = 20;
/// A longer line is cut: a stack trace in JSON can have 256 KiB.
const LINE_CHARS: usize = 500;

/// The last lines, oldest first; none for a container that logs elsewhere than CloudWatch or has
/// not logged anything.
///
/// Never an error: a task is no worse for a log that cannot be read. The reason stands in place of
/// the log.
pub(crate) async fn tail(
    clients: &ClientSet,
    container: &ContainerDefinition,
    task_id: &str,
) -> Vec<String> {
    let Some(place) = Place::of(container, task_id) else {
        return Vec::new();
    };
    let region = place.region.map(|region| Region::new(region.to_owned()));
    let mut request = clients
        .logs()
        .get_log_events()
        .log_group_name(place.group)
        .log_stream_name(&place.stream)
        .limit(LINES)
        .start_from_head(false)
        .customize();
    if let Some(region) = region {
        request = request.config_override(Builder::default().region(region));
    }
    match request.send().await {
        Ok(answer) => answer
            .events()
            .iter()
            .filter_map(|event| event.message())
            .map(cut)
            .collect(),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(GetLogEventsError::is_resource_not_found_exception) =>
        {
            Vec::new()
        }
        Err(error) => {
            let on = format!("{}/{}", place.group, place.stream);
            let error = port_error("logs:GetLogEvents", &on, error);
            vec![format!("(the log could not be read: {error})")]
        }
    }
}

fn cut(line: &str) -> String {
    let line = line.trim_end();
    match line.char_indices().nth(LINE_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

struct Place<'a> {
    group: &'a str,
    stream: String,
    region: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// With a stream prefix the awslogs driver names the stream `prefix/container/task`; without
    /// one it names it after Docker's own id, which nobody here knows.
    fn of(container: &'a ContainerDefinition, task_id: &str) -> Option<Self> {
        let log = container.log_configuration()?;
        if *log.log_driver() != LogDriver::Awslogs {
            return None;
        }
        let option = |name| log.options()?.get(name).map(String::as_str);
        let prefix = option("awslogs-stream-prefix")?;
        Some(Self {
            group: option("awslogs-group")?,
            stream: format!("{prefix}/{}/{task_id}", container.name()?),
            region: option("awslogs-region"),
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::LogConfiguration;
    use serde_json::json;

    use super::*;
    use crate::test_cloud::{Answer, TestCloud, target};

    fn web(driver: LogDriver) -> ContainerDefinition {
        let log = LogConfiguration::builder()
            .log_driver(driver)
            .options("awslogs-group", "/ecs/erp")
            .options("awslogs-stream-prefix", "migrate")
            .options("awslogs-region", "eu-west-1")
            .build();
        ContainerDefinition::builder()
            .name("web")
            .log_configuration(log.unwrap())
            .build()
    }

    async fn tail_of(cloud: &TestCloud, container: &ContainerDefinition) -> Vec<String> {
        let clients = cloud.clients.of(&target()).await.unwrap();
        tail(&clients, container, "0123abcd").await
    }

    #[tokio::test]
    async fn the_last_lines_are_read_where_the_driver_wrote_them() {
        let cloud = TestCloud::new(|_| {
            Answer::json(&json!({ "events": [
                { "message": "INFO  Running upgrade 3f2a -> 9c1d" },
                { "message": "ERROR lock timeout\n" },
            ]}))
        });
        let lines = tail_of(&cloud, &web(LogDriver::Awslogs)).await;
        assert_eq!(
            lines,
            ["INFO  Running upgrade 3f2a -> 9c1d", "ERROR lock timeout"]
        );
        let asked = cloud.asked("GetLogEvents");
        assert_eq!(
            asked,
            [json!({
                "logGroupName": "/ecs/erp",
                "logStreamName": "migrate/web/0123abcd",
                "limit": 20,
                "startFromHead": false,
            })]
        );
        assert_eq!(
            cloud.everything_asked()[0].host,
            "logs.eu-west-1.amazonaws.com"
        );
    }

    #[tokio::test]
    async fn another_driver_is_not_asked() {
        let cloud = TestCloud::new(|_| Answer::json(&json!({})));
        assert!(
            tail_of(&cloud, &web(LogDriver::Awsfirelens))
                .await
                .is_empty()
        );
        assert!(cloud.everything_asked().is_empty());
    }

    #[tokio::test]
    async fn a_container_that_never_logged_has_no_lines() {
        let cloud = TestCloud::new(|_| {
            let said = "The specified log stream does not exist.";
            Answer::error(400, "ResourceNotFoundException", said)
        });
        assert!(tail_of(&cloud, &web(LogDriver::Awslogs)).await.is_empty());
    }

    #[tokio::test]
    async fn a_log_that_may_not_be_read_says_so() {
        let cloud = TestCloud::new(|_| Answer::error(400, "AccessDeniedException", "no"));
        let lines = tail_of(&cloud, &web(LogDriver::Awslogs)).await;
        assert_eq!(lines.len(), 1);
        assert!(
            lines[0].contains("logs:GetLogEvents on /ecs/erp/migrate/web/0123abcd"),
            "{lines:?}"
        );
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = "ä".repeat(LINE_CHARS + 1);
        assert_eq!(cut(&line).chars().count(), LINE_CHARS + 1);
        assert!(cut(&line).ends_with('…'));
        assert_eq!(cut("done\n"), "done");
    }
}
