//! Running a notebook, whatever its kernel, and what comes of it. It uses `base` alone.

pub mod driver;
pub mod file;
