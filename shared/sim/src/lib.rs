//! A simulated cloud and workplace behind Sluice's own ports: virtual time, faults, everything from
//! a seed. No threads, no real clock, no network.
//!
//! [`world::World`] puts them together with what is deployed in them and runs it, step by step.

pub mod cloud;
pub mod slack_web;
pub mod workplace;
pub mod world;
