//! What is wrong is refused by name, or gives the number that says so; nothing panics, and nothing is lost.

#[path = "bad_inputs/models.rs"]
mod models;
#[path = "bad_inputs/tables.rs"]
mod tables;
