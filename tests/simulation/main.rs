//! Whole worlds at random, each from a seed: the invariants of the design hold in all of them.
//!
//! A failure prints the case. The same case is the same world, step by step, on any machine.

mod approvals;
mod archived;
mod asked;
mod by_hand;
mod chance;
mod configured;
mod controls;
mod conversations;
mod crowd;
mod delivered;
mod ends;
mod erp;
mod failure_matrix;
mod hunted;
mod iac;
mod invariants;
mod lost_answers;
mod monitored;
mod offers;
mod operated;
mod origin;
mod overtaken;
mod parity;
mod refused;
mod registry;
mod replay;
mod restore;
mod scan;
mod signed;
mod source;
mod stored;
mod unreadable;
mod upgrade;
mod watched;
