//! What CloudFormation does to the stack.

pub(super) fn update_started(stack: &str) -> String {
    format!("CloudFormation updates the stack {stack} by the change set of the plan")
}

pub(super) fn change_set_void(why: &str) -> String {
    format!(
        "the change set of the plan cannot be executed any more ({why}): nothing was changed, and \
         the plan is drawn again"
    )
}

pub(super) fn change_set_left(stack: &str, name: &str, why: &str) -> String {
    format!(
        "the change set {name} of the stack {stack} could NOT be removed: {why}. It changes nothing \
         by itself. Remove it in CloudFormation"
    )
}
