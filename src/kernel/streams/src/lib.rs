//! What the process of a kernel that runs the cells does about the keyboard and about bytes that
//! are no text. The first kernel compiles this file by itself; `LD_PRELOAD` puts its `read` and
//! `write` before those of the system's library.
//!
//! evcxr sends that process its commands through the standard input. A cell that asks for the
//! keyboard would wait there without end, and an interrupt would take all variables with it.
//! evcxr's own reads all go to one buffer, that of the first; any other is refused. From the
//! standard output evcxr expects UTF-8, and loses its place where it gets anything else.

#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

use std::ffi::{c_int, c_long, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
    fn __errno_location() -> *mut c_int;
}

#[cfg(target_arch = "x86_64")]
const READ_AND_WRITE: [c_long; 2] = [0, 1];
#[cfg(target_arch = "aarch64")]
const READ_AND_WRITE: [c_long; 2] = [63, 64];

const INTERRUPTED: c_int = 4;
const NOT_SUPPORTED: c_int = 95;

const REFUSED: &str = "\
A cell has no keyboard, so it can't read from the standard input. Write what you would type into the cell, as in
let answer = \"42\";
";

/// How a line of evcxr's own begins.
const OF_EVCXR: &[u8] = b"EVCXR_";
/// The one by which the crate `evcxr_input` asks for a line from the reader.
const ASKS: &[u8] = b"EVCXR_INPUT_REQUEST";
static HAS_ASKED: AtomicBool = AtomicBool::new(false);

/// Is this the process that runs the cells, and no program that one of them has started?
static RUNS_CELLS: LazyLock<bool> = LazyLock::new(|| {
    let program = std::env::current_exe().unwrap_or_default();
    let is_evcxr = program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("evcxr"));
    is_evcxr && std::env::var_os("EVCXR_IS_RUNTIME").is_some()
});

/// As the system's.
///
/// # Safety
/// As for the system's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn read(file: c_int, buffer: *mut c_void, count: usize) -> isize {
    static FIRST: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
    let refuses = file == 0 && *RUNS_CELLS && {
        let first = FIRST.compare_exchange(null_mut(), buffer, Ordering::Relaxed, Ordering::Relaxed);
        first.is_err_and(|first| first != buffer) && !HAS_ASKED.swap(false, Ordering::Relaxed)
    };
    if refuses {
        say_once_a_second(REFUSED);
        // SAFETY: the address of this thread's error number is always valid.
        unsafe { *__errno_location() = NOT_SUPPORTED };
        return -1;
    }
    // SAFETY: the caller vouches for the buffer.
    unsafe { syscall(READ_AND_WRITE[0], file, buffer, count) as isize }
}

// A loop that goes on after the error would fill the notebook.
fn say_once_a_second(text: &str) {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs());
    if LAST.swap(now, Ordering::Relaxed) != now {
        write_all(2, text.as_bytes());
    }
}

/// As the system's, but for bytes on the standard output or error that are no text: they become
/// replacement characters.
///
/// # Safety
/// As for the system's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(file: c_int, buffer: *const c_void, count: usize) -> isize {
    static STREAMS: [Mutex<Stream>; 2] = [const { Mutex::new(Stream::NEW) }; 2];
    if (file == 1 || file == 2)
        && count > 0
        && *RUNS_CELLS
        && let Ok(mut stream) = STREAMS[file as usize - 1].try_lock()
    {
        // SAFETY: the caller vouches for the buffer.
        let text = stream.text(unsafe { std::slice::from_raw_parts(buffer.cast(), count) });
        return if write_all(file, text.as_bytes()) { count as isize } else { -1 };
    }
    // SAFETY: the caller vouches for the buffer.
    unsafe { syscall(READ_AND_WRITE[1], file, buffer, count) as isize }
}

struct Stream {
    /// The beginning of a character whose end has not come yet.
    begun: Vec<u8>,
    is_in_a_line: bool,
}

impl Stream {
    const NEW: Self = Self { begun: Vec::new(), is_in_a_line: false };

    /// The text to write for these bytes; a line of evcxr's own begins a line.
    fn text(&mut self, given: &[u8]) -> String {
        if given.starts_with(ASKS) {
            HAS_ASKED.store(true, Ordering::Relaxed);
        }
        let mut text = String::new();
        if given.starts_with(OF_EVCXR) && (self.is_in_a_line || !self.begun.is_empty()) {
            text += &String::from_utf8_lossy(&std::mem::take(&mut self.begun));
            text += "\n";
        }
        self.begun.extend(given);
        let rest = self.begun.split_off(self.begun.len() - unfinished(&self.begun));
        text += &String::from_utf8_lossy(&self.begun);
        self.begun = rest;
        self.is_in_a_line = !text.ends_with('\n');
        text
    }
}

/// How many bytes at the end may begin a character that goes on in the next write.
fn unfinished(bytes: &[u8]) -> usize {
    let last = bytes.utf8_chunks().last();
    let invalid = last.map_or(&[][..], |chunk| chunk.invalid());
    match std::str::from_utf8(invalid) {
        Err(error) if error.error_len().is_none() => invalid.len(),
        _ => 0,
    }
}

/// False where the system's error number says why not.
fn write_all(file: c_int, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        // SAFETY: the bytes are ours.
        let written = unsafe { syscall(READ_AND_WRITE[1], file, bytes.as_ptr(), bytes.len()) };
        match usize::try_from(written) {
            Ok(written) => bytes = &bytes[written..],
            // SAFETY: the address of this thread's error number is always valid.
            Err(_) if unsafe { *__errno_location() } == INTERRUPTED => {}
            Err(_) => return false,
        }
    }
    true
}
