//! Drawing a plan: what is looked at first, what is found in it, and what is in the way.

mod compare;
mod definitions;
mod draw;
mod restore;
mod schema;
mod services;
mod stack;
mod survey;
mod vouched;

pub use draw::draw;
pub(crate) use stack::stack_of;
