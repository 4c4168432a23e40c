//! What can be wrong with a reader's file, columns, classes or settings, said so that it can be mended.

use std::path::PathBuf;

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Returns an [`Error::Argument`] with this text.
#[macro_export]
macro_rules! refuse {
    ($($text:tt)+) => {
        return Err($crate::error::Error::Argument(format!($($text)+)))
    };
}

/// Refuses, with this text, unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            $crate::error::refuse!($($text)+);
        }
    };
}

pub use {ensure, refuse};

/// An error that names what is at fault and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The file at fault.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The content of a file is not what was asked for.
    #[error("{path}: {problem}", path = .path.display())]
    Content {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong in it, with row and column, and what to do.
        problem: String,
    },
    /// The rows or columns of a table do not fit the task.
    #[error("{0}")]
    Table(String),
    /// An argument does not fit the others or the data.
    #[error("{0}")]
    Argument(String),
    /// A training came to numbers that are no longer finite; what remains of it.
    #[error(
        "the training diverged: {0}. Compile it again with a smaller learning rate, and look for features that are not scaled"
    )]
    Diverged(String),
    /// polars refused an operation.
    #[cfg(feature = "polars")]
    #[error(transparent)]
    Polars(#[from] polars_error::PolarsError),
}

impl Error {
    /// Of a file that could not be read or written.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// Of a file whose content is not what was asked for.
    pub fn content(path: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        Self::Content { path: path.into(), problem: problem.into() }
    }
}
