//! The application's endpoints.

use jiff::SignedDuration;
use sluice_app::ports::{Http, HttpRequest};
use sluice_core::observation::HttpObservation;

/// An application that takes its time.
pub(crate) trait Stage {
    fn http(&self) -> &dyn Http;

    /// Where it answers: to `GET /healthz/live` with 200 and `{"status":"ok"}`, to all else with
    /// 404, each after [`LATENCY`].
    fn base(&self) -> String;
}

/// What the application takes for an answer.
pub(crate) const LATENCY: SignedDuration = SignedDuration::from_millis(35);

const PATIENT: SignedDuration = SignedDuration::from_secs(30);

async fn ask(stage: &impl Stage, url: String, timeout: SignedDuration) -> HttpObservation {
    let request = HttpRequest {
        method: "GET".to_owned(),
        url,
        timeout,
    };
    stage.http().request(&request).await
}

async fn an_answer_is_told_with_its_status_body_and_latency(stage: &impl Stage) {
    let seen = ask(stage, format!("{}/healthz/live", stage.base()), PATIENT).await;
    let HttpObservation::Answered {
        status,
        latency_ms,
        body,
    } = seen
    else {
        panic!("{seen:?}");
    };
    assert_eq!((status, body.as_str()), (200, r#"{"status":"ok"}"#));
    assert!(
        i128::from(latency_ms) >= LATENCY.as_millis(),
        "{latency_ms}"
    );
}

async fn a_refusal_is_an_answer(stage: &impl Stage) {
    let seen = ask(stage, format!("{}/nothing", stage.base()), PATIENT).await;
    assert!(
        matches!(seen, HttpObservation::Answered { status: 404, .. }),
        "{seen:?}"
    );
}

async fn an_answer_that_takes_too_long_is_none(stage: &impl Stage) {
    let soon = SignedDuration::from_millis(5);
    let seen = ask(stage, format!("{}/healthz/live", stage.base()), soon).await;
    let HttpObservation::NoAnswer(reason) = seen else {
        panic!("{seen:?}");
    };
    assert!(reason.contains("answer within 5"), "{reason}");
}

async fn a_host_that_cannot_be_found_is_out_of_reach(stage: &impl Stage) {
    let seen = ask(
        stage,
        "http://sluice.invalid/healthz/live".to_owned(),
        PATIENT,
    )
    .await;
    assert!(matches!(seen, HttpObservation::Unreachable(_)), "{seen:?}");
}

promises! {
    an_answer_is_told_with_its_status_body_and_latency on sim, server;
    a_refusal_is_an_answer on sim, server;
    an_answer_that_takes_too_long_is_none on sim, server;
    a_host_that_cannot_be_found_is_out_of_reach on sim, server;
}
