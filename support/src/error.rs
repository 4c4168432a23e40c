//! What can be wrong with a reader's file, columns, classes or settings, said so that it can be mended.

use std::path::PathBuf;

/// The result of everything in this crate that can fail.
pub(crate) type Result<T> = std::result::Result<T, Error>;

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
    /// polars refused an operation.
    #[error(transparent)]
    Polars(#[from] polars::error::PolarsError),
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(crate) fn content(path: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        Self::Content { path: path.into(), problem: problem.into() }
    }
}
