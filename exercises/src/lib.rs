//! The exercises: their text, and what checks an answer in the kernel.
//!
//! The text of all exercises of one notebook is one file in `en/`: task, starter, solution, typical wrong answers, hints. From
//! it `cargo run -p author -- exercises` makes the notebook, by this crate's file `source.rs`; and by [`source`] a learner gets
//! hints and solutions. What is right is computed by the check, in a module for each exercise, from the data and the models of
//! the notebook:
//!
//! ```text
//! ex2a::check(answer)   ex2a::hint(1)   ex2a::solution()   progress()
//! ```

pub mod source;

mod answer;
mod check;
mod note;
mod progress;
mod ex01;
mod ex02;
mod ex03;
mod ex04;
mod ex05;
mod ex06;
mod ex08;
mod ex09;

pub use self::{
    answer::{___, Answer},
    ex01::*,
    ex02::*,
    ex03::*,
    ex04::*,
    ex05::*,
    ex06::*,
    ex08::*,
    ex09::*,
    note::Note,
    progress::progress,
};
