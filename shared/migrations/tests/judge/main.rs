//! The judge of migrations: each rule, one whole migration, any text, and the page that explains
//! the rules.

mod any_text;
mod bounds;
mod docs;
mod erp;
mod realistic;
mod rules;
