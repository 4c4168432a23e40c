//! What every room uses: folders, programs, locks, signals, and the words for the user. It uses no
//! other room.
//!
//! Here belongs what would be the same for another tutorial.

pub mod builds;
pub mod console;
pub mod folders;
pub mod jupyter;
pub mod lock;
pub mod own_copy;
pub mod paths;
pub mod process;
pub mod server;
pub mod stamp;
pub mod stop;
