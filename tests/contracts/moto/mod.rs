//! What only moto shows, and what moto cannot do.

mod cannot;
mod history;
mod more;
mod stored;
