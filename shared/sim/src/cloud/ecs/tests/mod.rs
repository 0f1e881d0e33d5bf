//! ECS's behaviour and its traps, one file for each kind of service deployment.

mod lagging;
mod rolling;
mod shifting;
mod starts;
mod taking_back;
mod tasks;
