//! `sluice doctor` as a process.
fn main() {}
