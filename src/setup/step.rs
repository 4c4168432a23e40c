//! What a step of the set-up is.

use anyhow::Result;

use crate::base::console::Progress;

/// One step of the set-up.
pub trait Step {
    /// What the step provides, for the user.
    fn title(&self) -> String;
    /// Is its result there and up to date? Quick: asked at each start.
    fn is_done(&self) -> Result<bool>;
    /// Is it done in a moment, so that it isn't worth a word?
    fn is_quick(&self) -> bool {
        false
    }
    /// The disk space it needs, in MB.
    fn megabytes(&self) -> u64;
    /// Provides it. May be killed at any time, and is called again then.
    fn run(&self, progress: &mut Progress) -> Result<()>;
}
