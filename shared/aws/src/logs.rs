//! A container's log: its end, for the people who have to find out why it stopped, and the lines
//! in it that were written for Sluice.

use aws_sdk_cloudwatchlogs::config::{Builder, Region};
use aws_sdk_cloudwatchlogs::operation::get_log_events::{GetLogEventsError, GetLogEventsOutput};
use aws_sdk_ecs::types::{ContainerDefinition, LogDriver};
use sluice_app::ports::{LOG_BYTES_MAX, LOG_LINES_MAX};
use sluice_core::failure::PortError;

use crate::clients::ClientSet;
use crate::error::port_error;

/// What fits a Slack message and is read to its end.
const LINES: i32 = 20;
/// A longer line is cut: a stack trace in JSON can have 256 KiB.
const LINE_CHARS: usize = 500;
/// GetLogEvents gives a MiB or 10,000 lines on a page. A task that writes more than this many pages
/// says little that was meant for Sluice.
const PAGES_MAX: usize = 200;

/// The last lines, oldest first; none for a container that logs elsewhere than CloudWatch or has
/// not logged anything.
///
/// Never an error: a log that cannot be read does not fail a task. The reason replaces the log.
pub(crate) async fn tail(
    clients: &ClientSet,
    container: &ContainerDefinition,
    task_id: &str,
) -> Vec<String> {
    let Some(place) = Place::of(container, task_id) else {
        return Vec::new();
    };
    match place.read(clients, Page::Last { limit: Some(LINES) }).await {
        Ok(Some(page)) => messages(&page).map(cut).collect(),
        Ok(None) => Vec::new(),
        Err(error) => vec![format!("(the log could not be read: {error})")],
    }
}

/// The last line that begins so among those of the last page; `None` if there is none.
pub(crate) async fn last_line(
    clients: &ClientSet,
    container: &ContainerDefinition,
    task_id: &str,
    prefix: &str,
) -> Result<Option<String>, PortError> {
    let Some(place) = Place::of(container, task_id) else {
        return Ok(None);
    };
    let page = place.read(clients, Page::Last { limit: None }).await?;
    Ok(page.and_then(|page| {
        let all = messages(&page).filter(|line| line.starts_with(prefix));
        all.last().map(|line| line.trim_end().to_owned())
    }))
}

/// Every line that begins so, oldest first and whole; none where it has not logged yet.
///
/// # Errors
///
/// Permanent for a container whose log location is unknown, and for more lines than
/// [`LOG_LINES_MAX`] and [`LOG_BYTES_MAX`] let through.
pub(crate) async fn lines(
    clients: &ClientSet,
    container: &ContainerDefinition,
    task_id: &str,
    prefix: &str,
) -> Result<Vec<String>, PortError> {
    let place = Place::of(container, task_id).ok_or_else(|| unknown_place(container))?;
    let (mut lines, mut bytes, mut token) = (Vec::new(), 0, None);
    for _ in 0..PAGES_MAX {
        let page = Page::FromHead(token.clone());
        let Some(page) = place.read(clients, page).await? else {
            return Ok(lines);
        };
        for line in messages(&page).filter(|line| line.starts_with(prefix)) {
            let line = line.trim_end_matches(['\r', '\n']);
            bytes += line.len();
            if lines.len() == LOG_LINES_MAX || bytes > LOG_BYTES_MAX {
                return Err(too_much(&place, prefix));
            }
            lines.push(line.to_owned());
        }
        // At the end the token is the one that was asked with; pages before it may be empty.
        let next = page.next_forward_token;
        if next.is_none() || next == token {
            return Ok(lines);
        }
        token = next;
    }
    Err(PortError::permanent(format!(
        "the log {}/{} has more than {PAGES_MAX} pages: make the task log less",
        place.group, place.stream
    )))
}

fn too_much(place: &Place<'_>, prefix: &str) -> PortError {
    PortError::permanent(format!(
        "the log {}/{} has more than {LOG_LINES_MAX} lines or {LOG_BYTES_MAX} bytes that begin \
         with \
         `{prefix}`",
        place.group, place.stream
    ))
}

fn unknown_place(container: &ContainerDefinition) -> PortError {
    let name = container.name().unwrap_or_default();
    PortError::permanent(format!(
        "it is not known where the container {name} logs: in its task definition, set \
         `logConfiguration` to the log driver `awslogs` with the options `awslogs-group`, \
         `awslogs-region` and `awslogs-stream-prefix`"
    ))
}

fn messages(page: &GetLogEventsOutput) -> impl Iterator<Item = &str> {
    page.events().iter().filter_map(|event| event.message())
}

fn cut(line: &str) -> String {
    let line = line.trim_end();
    match line.char_indices().nth(LINE_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// Which part of a log is read.
enum Page {
    /// So many lines, or as many as go on a page.
    Last { limit: Option<i32> },
    /// From the beginning, or from where this token says.
    FromHead(Option<String>),
}

struct Place<'a> {
    group: &'a str,
    stream: String,
    region: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// A page of the log; `None` where it has no such stream, or no such group, yet.
    async fn read(
        &self,
        clients: &ClientSet,
        page: Page,
    ) -> Result<Option<GetLogEventsOutput>, PortError> {
        let region = self.region.map(|region| Region::new(region.to_owned()));
        let request = clients
            .logs()
            .get_log_events()
            .log_group_name(self.group)
            .log_stream_name(&self.stream);
        let request = match page {
            Page::Last { limit } => request.set_limit(limit).start_from_head(false),
            Page::FromHead(token) => request.start_from_head(true).set_next_token(token),
        };
        let mut request = request.customize();
        if let Some(region) = region {
            request = request.config_override(Builder::default().region(region));
        }
        match request.send().await {
            Ok(page) => Ok(Some(page)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetLogEventsError::is_resource_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => {
                let on = format!("{}/{}", self.group, self.stream);
                Err(port_error("logs:GetLogEvents", &on, error))
            }
        }
    }

    /// With a stream prefix the awslogs driver names the stream `prefix/container/task`; without
    /// one it names it after Docker's own id, which is unknown here.
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
    use sluice_core::failure::ErrorClass;

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

    async fn lines_of(
        cloud: &TestCloud,
        container: &ContainerDefinition,
    ) -> Result<Vec<String>, PortError> {
        let clients = cloud.clients.of(&target()).await.unwrap();
        lines(&clients, container, "0123abcd", "sluice: ").await
    }

    /// A log of these pages, each with a token of its own; the last is given again and again.
    fn paged(pages: Vec<Vec<String>>) -> TestCloud {
        TestCloud::new(move |asked| {
            let token = asked.body["nextToken"].as_str();
            let at = token.map_or(0, |token| token.parse::<usize>().unwrap());
            let lines = pages.get(at).into_iter().flatten();
            let next = pages.len().min(at + 1);
            Answer::json(&json!({
                "events": lines.map(|line| json!({ "message": line })).collect::<Vec<_>>(),
                "nextForwardToken": next.to_string(),
            }))
        })
    }

    #[tokio::test]
    async fn every_page_is_read_from_the_head_and_lines_are_whole() {
        let long = format!("sluice: {}", "x".repeat(LINE_CHARS * 10));
        let cloud = paged(vec![
            vec!["INFO  upgrading".to_owned(), "sluice: one\n".to_owned()],
            Vec::new(),
            vec![long.clone(), " sluice: not at the beginning".to_owned()],
        ]);
        let lines = lines_of(&cloud, &web(LogDriver::Awslogs)).await.unwrap();
        assert_eq!(lines, ["sluice: one", &long]);
        let asked = cloud.asked("GetLogEvents");
        let tokens: Vec<_> = asked.iter().map(|one| one["nextToken"].as_str()).collect();
        assert_eq!(tokens, [None, Some("1"), Some("2"), Some("3")]);
        assert!(asked.iter().all(|one| one["startFromHead"] == true));
    }

    #[tokio::test]
    async fn more_than_fits_is_refused_and_so_is_a_log_without_end() {
        let line = |n: usize| format!("sluice: {n}");
        let large = format!("sluice: {}", "x".repeat(1024 * 1024));
        for (pages, said) in [
            (vec![(0..=LOG_LINES_MAX).map(line).collect()], "2000 lines"),
            (vec![vec![large; 8]], "8388608 bytes"),
            (vec![Vec::new(); PAGES_MAX + 1], "200 pages"),
        ] {
            let cloud = paged(pages);
            let error = lines_of(&cloud, &web(LogDriver::Awslogs)).await;
            let error = error.unwrap_err();
            assert_eq!(error.class, ErrorClass::Permanent, "{error}");
            assert!(error.message.contains(said), "{error}");
        }
    }

    #[tokio::test]
    async fn a_container_that_logs_elsewhere_is_told_how_to_log_here() {
        let without_prefix = ContainerDefinition::builder()
            .name("web")
            .log_configuration(
                LogConfiguration::builder()
                    .log_driver(LogDriver::Awslogs)
                    .options("awslogs-group", "/ecs/erp")
                    .build()
                    .unwrap(),
            )
            .build();
        for container in [web(LogDriver::Awsfirelens), without_prefix] {
            let cloud = TestCloud::new(|_| Answer::json(&json!({})));
            let error = lines_of(&cloud, &container).await.unwrap_err();
            assert_eq!(error.class, ErrorClass::Permanent, "{error}");
            assert!(error.message.contains("awslogs-stream-prefix"), "{error}");
            assert!(cloud.everything_asked().is_empty());
        }
    }

    #[tokio::test]
    async fn a_stream_that_is_not_there_yet_has_no_lines() {
        let said = "The specified log stream does not exist.";
        let cloud = TestCloud::new(move |_| Answer::error(400, "ResourceNotFoundException", said));
        let lines = lines_of(&cloud, &web(LogDriver::Awslogs)).await;
        assert!(lines.unwrap().is_empty());
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = "ä".repeat(LINE_CHARS + 1);
        assert_eq!(cut(&line).chars().count(), LINE_CHARS + 1);
        assert!(cut(&line).ends_with('…'));
        assert_eq!(cut("done\n"), "done");
    }
}
