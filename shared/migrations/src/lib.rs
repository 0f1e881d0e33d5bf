//! What a migration would do to a database, found out before it does it.
//!
//! - [`judge`](judge()) reads the SQL of pending revisions and says what each statement means for
//!   the code that runs now, for the data, and for everybody who waits for a lock.
//! - [`wrapper`] makes the commands that a task runs: they look, rehearse or migrate.
//! - [`report`] reads what such a task tells in its log.
//!
//! Nothing here asks the world anything.

pub mod report;
pub mod wrapper;

mod judge;

pub use judge::{Column, Index, NO_SQL, Table, Tables, judge, rules};
