//! The exercises: their text, and what checks an answer in the kernel.
//!
//! The text of all exercises of one notebook is one file in `en/`: task, starter, solution, typical wrong answers, hints. From
//! it `cargo run -p author -- exercises` makes the notebook, and [`source`] reads hints and solutions when a learner asks for
//! them. What is right is computed by the check, in a module for each exercise, from the data and the models of the notebook:
//!
//! ```text
//! ex2a::check(answer)   ex2a::hint(1)   ex2a::solution()   progress()
//! ```

pub mod source;

#[cfg(feature = "checks")]
mod answer;
#[cfg(feature = "checks")]
mod check;
#[cfg(feature = "checks")]
mod note;
#[cfg(feature = "checks")]
mod progress;
#[cfg(feature = "checks")]
mod ex01;
#[cfg(feature = "checks")]
mod ex02;
#[cfg(feature = "checks")]
mod ex03;
#[cfg(feature = "checks")]
mod ex04;
#[cfg(feature = "checks")]
mod ex05;
#[cfg(feature = "checks")]
mod ex06;
#[cfg(feature = "checks")]
mod ex07;
#[cfg(feature = "checks")]
mod ex08;

#[cfg(feature = "checks")]
pub use self::{
    answer::{___, Answer},
    ex01::*,
    ex02::*,
    ex03::*,
    ex04::*,
    ex05::*,
    ex06::*,
    ex07::*,
    ex08::*,
    note::Note,
    progress::progress,
};
