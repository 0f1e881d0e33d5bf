//! The machine, told as stories: a world that answers as told, and what the deployment makes of it.

mod approval;
mod asked;
mod away;
mod backward;
mod canary;
mod definitions;
mod doubt;
mod forward;
mod gate;
mod hotfix;
mod migrations;
mod origin;
mod pause;
mod planning;
mod rehearsal;
mod remarks;
mod remind;
mod requests;
mod restore;
mod source;
mod stack;
mod unkind;
mod view;
mod world;

use world::{Run, World};
