//! Running a notebook, and what comes of it. It uses `base` alone: whatever kernel the notebook gets.

pub mod driver;
pub mod file;
