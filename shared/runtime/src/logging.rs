//! Logs: one JSON object a line on standard output, where Lambda takes them from.

use std::env;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Format, Json, JsonFields};
use tracing_subscriber::fmt::{MakeWriter, SubscriberBuilder};

/// Starts logging. Every line about a deployment has a field `deployment.id`.
///
/// The level is `RUST_LOG`, else the one set in Lambda's logging configuration, else `info`.
pub fn init_tracing() {
    let level = env::var("RUST_LOG").or_else(|_| env::var("AWS_LAMBDA_LOG_LEVEL"));
    let filter = EnvFilter::try_new(level.as_deref().unwrap_or("info"))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    // An error means that logging was started before, which is fine.
    let _ = json(std::io::stdout).with_env_filter(filter).try_init();
}

fn json<W>(
    writer: W,
) -> SubscriberBuilder<JsonFields, Format<Json>, tracing_subscriber::filter::LevelFilter, W>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(writer)
}

#[cfg(test)]
mod tests {
    use super::json;
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_json_object_with_the_deployment_in_it() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = json(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(
                deployment.id = "dep-1",
                phase.to = "Baking",
                "dep-1 bakes\nnow"
            );
        });
        let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 1);
        let line: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(line["deployment.id"], "dep-1");
        assert_eq!(line["message"], "dep-1 bakes\nnow");
        assert_eq!(line["level"], "INFO");
    }
}
