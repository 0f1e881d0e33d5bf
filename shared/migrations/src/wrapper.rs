//! The commands that a task runs: a small wrapper around Alembic, carried in the command itself, so
//! that the image needs nothing of Sluice.
