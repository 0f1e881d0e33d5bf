//! From a request to the service and the operation it is for, and back to an answer in the
//! service's protocol.

use hyper::HeaderMap;
use serde_json::{Value, json};
use sluice_sim::cloud::{Cloud, Delivery, Operation};

use crate::caller::Caller;
use crate::form::Form;
use crate::refusal::Refusal;
use crate::{
    cbor, cloudformation, cloudwatch, codebuild, codecommit, ecr, ecs, elb, logs, rds,
    secrets_manager, ssm, sts, xml,
};

/// A request, read whole.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// An answer, not sent yet.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// A service, as IAM names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Ecs,
    Ecr,
    SecretsManager,
    Ssm,
    Logs,
    Rds,
    Elb,
    Sts,
    CloudWatch,
    CloudFormation,
    CodeBuild,
    CodeCommit,
}

/// What is asked, still in its protocol.
enum Input {
    Json(Value),
    Form(Form),
    Cbor(ciborium::Value),
}

/// What is answered, still without its protocol.
enum Output {
    Json(Value),
    Xml(xml::Xml),
    Cbor(ciborium::Value),
}

impl Service {
    fn iam(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Ecr => "ecr",
            Self::SecretsManager => "secretsmanager",
            Self::Ssm => "ssm",
            Self::Logs => "logs",
            Self::Rds => "rds",
            Self::Elb => "elasticloadbalancing",
            Self::Sts => "sts",
            Self::CloudWatch => "cloudwatch",
            Self::CloudFormation => "cloudformation",
            Self::CodeBuild => "codebuild",
            Self::CodeCommit => "codecommit",
        }
    }

    fn of_target(target: &str) -> Option<(Self, &str)> {
        let (prefix, operation) = target.split_once('.')?;
        let service = match prefix {
            "AmazonEC2ContainerServiceV20141113" => Self::Ecs,
            "AmazonEC2ContainerRegistry_V20150921" => Self::Ecr,
            "secretsmanager" => Self::SecretsManager,
            "AmazonSSM" => Self::Ssm,
            "Logs_20140328" => Self::Logs,
            "GraniteServiceVersion20100801" => Self::CloudWatch,
            "CodeBuild_20161006" => Self::CodeBuild,
            "CodeCommit_20150413" => Self::CodeCommit,
            _ => return None,
        };
        Some((service, operation))
    }

    fn of_version(version: &str) -> Option<Self> {
        match version {
            "2014-10-31" => Some(Self::Rds),
            "2015-12-01" => Some(Self::Elb),
            "2011-06-15" => Some(Self::Sts),
            "2010-05-15" => Some(Self::CloudFormation),
            _ => None,
        }
    }

    fn namespace(self) -> &'static str {
        match self {
            Self::Elb => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
            Self::CloudFormation => "http://cloudformation.amazonaws.com/doc/2010-05-15/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            _ => "http://rds.amazonaws.com/doc/2014-10-31/",
        }
    }
}

/// A request that has found its operation.
struct Call {
    service: Service,
    operation: String,
    input: Input,
}

const CLOUDWATCH: &str = "/service/GraniteServiceVersion20100801/operation/";

fn read(request: &Request) -> Result<Call, Refusal> {
    let target = request.headers.get("x-amz-target");
    let target = target.and_then(|target| target.to_str().ok());
    if let Some(target) = target {
        let (service, operation) =
            Service::of_target(target).ok_or_else(|| Refusal::unknown_operation(target))?;
        let body = serde_json::from_slice(&request.body).map_err(|why| {
            Refusal::new(
                "SerializationException",
                format!("the body is no JSON: {why}"),
            )
        })?;
        return Ok(Call {
            service,
            operation: operation.to_owned(),
            input: Input::Json(body),
        });
    }
    if let Some(operation) = request.path.strip_prefix(CLOUDWATCH) {
        return Ok(Call {
            service: Service::CloudWatch,
            operation: operation.to_owned(),
            input: Input::Cbor(cbor::decode(&request.body)?),
        });
    }
    let form = Form::parse(&request.body);
    let service = form.get("Version").and_then(Service::of_version);
    match (service, form.get("Action")) {
        (Some(service), Some(action)) => Ok(Call {
            service,
            operation: action.to_owned(),
            input: Input::Form(form),
        }),
        (None, Some(action)) => Err(Refusal::unknown_operation(action)),
        (_, None) => Err(Refusal::unknown_operation(&request.path)),
    }
}

/// Answers a request; `None` if the answer is lost on the way.
pub(crate) fn answer(cloud: &mut Cloud, request: &Request, request_id: &str) -> Option<Answer> {
    let call = match read(request) {
        Ok(call) => call,
        Err(refusal) => return Some(json_refusal(&refusal, request_id)),
    };
    let name = format!("{}:{}", call.service.iam(), call.operation);
    // What the fault plan does not know never goes wrong.
    let delivery = Operation::parse(&name).map(|operation| cloud.begin_operation(operation));
    let (done, delivery) = match delivery.unwrap_or(Ok(Delivery::Arrives)) {
        Err(fault) => (Err(fault.into()), Delivery::Arrives),
        Ok(delivery) => {
            let caller = Caller::read(&request.headers);
            let done = caller.and_then(|caller| act(cloud, &caller, &call));
            (done, delivery)
        }
    };
    (delivery == Delivery::Arrives).then(|| match done {
        Ok(output) => written(&call, output, request_id),
        Err(refusal) => refused(&call, refusal, request_id),
    })
}

fn act(cloud: &mut Cloud, caller: &Caller, call: &Call) -> Result<Output, Refusal> {
    let operation = call.operation.as_str();
    match &call.input {
        Input::Json(input) => match call.service {
            Service::Ecs => ecs::answer(cloud, caller, operation, input),
            Service::Ecr => ecr::answer(cloud, caller, operation, input),
            Service::SecretsManager => secrets_manager::answer(cloud, caller, operation, input),
            Service::Ssm => ssm::answer(cloud, caller, operation, input),
            Service::Logs => logs::answer(cloud, caller, operation, input),
            Service::CodeBuild => codebuild::answer(cloud, caller, operation, input),
            Service::CodeCommit => codecommit::answer(cloud, caller, operation, input),
            Service::CloudWatch => cloudwatch::answer_json(cloud, caller, operation, input),
            _ => Err(Refusal::unknown_operation(operation)),
        }
        .map(Output::Json),
        Input::Form(form) => match call.service {
            Service::Rds => rds::answer(cloud, caller, operation, form),
            Service::Elb => elb::answer(cloud, caller, operation, form),
            Service::CloudFormation => cloudformation::answer(cloud, caller, operation, form),
            Service::Sts => sts::answer(cloud, caller, operation, form),
            _ => Err(Refusal::unknown_operation(operation)),
        }
        .map(Output::Xml),
        Input::Cbor(input) => {
            cloudwatch::answer_cbor(cloud, caller, operation, input).map(Output::Cbor)
        }
    }
}

fn written(call: &Call, output: Output, request_id: &str) -> Answer {
    let id = ("x-amzn-requestid", request_id.to_owned());
    match output {
        Output::Json(value) => Answer {
            status: 200,
            content_type: "application/x-amz-json-1.1",
            headers: vec![id],
            body: value.to_string().into(),
        },
        Output::Xml(result) => {
            let namespace = call.service.namespace();
            let body = xml::response(&call.operation, namespace, &result, request_id);
            Answer {
                status: 200,
                content_type: "text/xml",
                headers: vec![id],
                body: body.into(),
            }
        }
        Output::Cbor(value) => Answer {
            status: 200,
            content_type: "application/cbor",
            headers: vec![id, ("smithy-protocol", "rpc-v2-cbor".to_owned())],
            body: cbor::encode(&value),
        },
    }
}

fn refused(call: &Call, mut refusal: Refusal, request_id: &str) -> Answer {
    match &call.input {
        Input::Json(_) => json_refusal(&refusal, request_id),
        Input::Form(_) => {
            if refusal.is_unknown_operation() {
                refusal.code = "InvalidAction".to_owned();
            }
            if refusal.code == "ThrottlingException" {
                refusal.code = "Throttling".to_owned();
            }
            Answer {
                status: refusal.status,
                content_type: "text/xml",
                headers: vec![("x-amzn-requestid", request_id.to_owned())],
                body: xml::error(&refusal, call.service.namespace(), request_id).into(),
            }
        }
        Input::Cbor(_) => {
            let code = format!("com.amazonaws.cloudwatch#{}", refusal.code);
            let body = cbor::map([
                ("__type", ciborium::Value::Text(code)),
                ("message", ciborium::Value::Text(refusal.message.clone())),
            ]);
            Answer {
                status: refusal.status,
                content_type: "application/cbor",
                headers: vec![
                    ("x-amzn-requestid", request_id.to_owned()),
                    ("smithy-protocol", "rpc-v2-cbor".to_owned()),
                ],
                body: cbor::encode(&body),
            }
        }
    }
}

/// JSON services end the names of all their errors with `Exception`.
fn json_refusal(refusal: &Refusal, request_id: &str) -> Answer {
    let code = match refusal.code.as_str() {
        "AccessDenied" => "AccessDeniedException",
        "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
        code => code,
    };
    let body = json!({"__type": code, "message": refusal.message});
    Answer {
        status: refusal.status,
        content_type: "application/x-amz-json-1.1",
        headers: vec![
            ("x-amzn-requestid", request_id.to_owned()),
            ("x-amzn-errortype", code.to_owned()),
        ],
        body: body.to_string().into(),
    }
}
