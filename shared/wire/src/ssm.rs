//! SSM: parameters, never their values.

use serde_json::{Value, json};
use sluice_sim::cloud::Cloud;

use crate::caller::Caller;
use crate::json::{page, seconds, texts, without_nulls};
use crate::refusal::Refusal;

/// The most that DescribeParameters gives on a page.
const ON_A_PAGE: usize = 50;

pub(crate) fn answer(
    cloud: &Cloud,
    caller: &Caller,
    operation: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    match operation {
        "DescribeParameters" => describe_parameters(cloud, caller, input),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

fn describe_parameters(cloud: &Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let filters = input["ParameterFilters"].as_array();
    let filters = filters.map(Vec::as_slice).unwrap_or_default();
    for filter in filters {
        let (key, option) = (filter["Key"].as_str(), filter["Option"].as_str());
        if key != Some("Name") || !matches!(option, None | Some("Equals")) {
            return Err(Refusal::new(
                "InvalidFilterKey",
                "The simulated cloud filters parameters by Name and Equals only",
            ));
        }
    }
    let wanted = |name: &str| {
        filters
            .iter()
            .all(|filter| texts(filter, "Values").contains(&name))
    };
    let parameters = cloud.parameters_in(&place).into_iter();
    let described = parameters
        .filter(|parameter| wanted(&parameter.name))
        .map(|parameter| {
            json!({
                "Name": parameter.name,
                "ARN": parameter.arn,
                "Type": "SecureString",
                "KeyId": "alias/aws/ssm",
                "Version": parameter.version.as_str().parse::<i64>().unwrap_or(1),
                "LastModifiedDate": seconds(cloud.now()),
                "Tier": "Standard",
                "DataType": "text",
                "Policies": [],
            })
        });
    let (parameters, next) = page(input, described.collect(), ON_A_PAGE);
    Ok(without_nulls(
        json!({"Parameters": parameters, "NextToken": next}),
    ))
}
