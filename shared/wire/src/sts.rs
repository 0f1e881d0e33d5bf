//! STS: sessions, whose tokens say whose they are.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use sluice_core::id::AccountId;
use sluice_sim::cloud::Cloud;

use crate::caller::{Caller, token};
use crate::form::Form;
use crate::refusal::Refusal;
use crate::xml::Xml;

/// As STS has it, where nothing else is asked for.
const SESSION: Duration = Duration::from_secs(3600);

pub(crate) fn answer(
    cloud: &Cloud,
    caller: &Caller,
    operation: &str,
    form: &Form,
) -> Result<Xml, Refusal> {
    match operation {
        "AssumeRole" => assume_role(cloud, caller, form),
        "GetCallerIdentity" => caller_identity(cloud, caller),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

fn assume_role(cloud: &Cloud, caller: &Caller, form: &Form) -> Result<Xml, Refusal> {
    let role = form.require("RoleArn")?;
    let session = form.require("RoleSessionName")?;
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    let ["arn", "aws", "iam", "", account, name] = parts[..] else {
        return Err(Refusal::new(
            "ValidationError",
            format!("{role} is invalid"),
        ));
    };
    let account = AccountId::new(account);
    if cloud.place_of(&account, &caller.region).is_none() {
        return Err(Refusal {
            status: 403,
            ..Refusal::new(
                "AccessDenied",
                format!(
                    "User: arn:aws:iam::{}:user/sluice is not authorized to perform: sts:AssumeRole \
                     on resource: {role}",
                    own_account(cloud, caller)?
                ),
            )
        });
    }
    let name = name.trim_start_matches("role/");
    let credentials = Xml::structure()
        .text("AccessKeyId", "ASIASIMULATED0000001")
        .text("SecretAccessKey", "simulated-opens-nothing")
        .text("SessionToken", token(&account, session))
        .text("Expiration", expiration());
    let user = Xml::structure()
        .text("AssumedRoleId", format!("AROASIMULATED0000001:{session}"))
        .text(
            "Arn",
            format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
        );
    Ok(Xml::structure()
        .with("Credentials", credentials)
        .with("AssumedRoleUser", user))
}

/// In real time: whoever has the credentials looks at a real clock.
fn expiration() -> Timestamp {
    let until = SystemTime::now() + SESSION;
    let since_1970 = until.duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since_1970.map_or(0, |since| since.as_secs());
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

fn own_account(cloud: &Cloud, caller: &Caller) -> Result<AccountId, Refusal> {
    match &caller.account {
        Some(account) => Ok(account.clone()),
        None => Ok(caller.place(cloud)?.account.clone()),
    }
}

fn caller_identity(cloud: &Cloud, caller: &Caller) -> Result<Xml, Refusal> {
    let account = own_account(cloud, caller)?;
    let (id, arn) = match &caller.session {
        Some(session) => (
            format!("AROASIMULATED0000001:{session}"),
            format!("arn:aws:sts::{account}:assumed-role/sluice-deployer/{session}"),
        ),
        None => (
            "AIDASIMULATED0000001".to_owned(),
            format!("arn:aws:iam::{account}:user/sluice"),
        ),
    };
    Ok(Xml::structure()
        .text("UserId", id)
        .text("Account", account)
        .text("Arn", arn))
}
