//! All that people read and type: cards, replies, forms, reports, plans, commands.
//!
//! [`sluice_core`] keeps what is so, as data; this crate puts it in words, in no chat's own form. What
//! knows Slack or a terminal comes after it.

pub mod chain;
pub mod configuration;
mod console;
pub mod controls;
pub mod doctor;
pub mod draft;
pub mod home;
pub mod inline;
pub mod message;
pub mod modal;
pub mod monitoring;
pub mod note;
pub mod operate;
pub mod overview;
pub mod parity;
pub mod parts;
pub mod plan;
pub mod refusal;
pub mod replay;
pub mod reply;
pub mod report;
pub mod slash;
pub mod source;
pub mod view;
pub mod waits;
