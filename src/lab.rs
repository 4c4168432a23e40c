//! `lab`, the default: opens JupyterLab on the notebooks.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;

use crate::base::console::{FOR_THE_READER, note, say, seconds};
use crate::base::jupyter;
use crate::base::own_copy;
use crate::base::paths::Paths;
use crate::base::process::{NewLines, create_log, failure_in};
use crate::base::server::{self, Server};
use crate::base::stamp::hex;
use crate::base::stop::{Stop, terminate};
use crate::data::{self, CSV_VARIABLE};
use crate::kernel::guard::{Guard, Left};
use crate::language::{self, Language};
use crate::setup;
use crate::setup::python;

const FIRST_PORT: u16 = 8888;

const FIRST_NOTEBOOK: &str = "01_data.ipynb";

/// How to open JupyterLab.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
    /// The port; without it, the first free one from 8888
    #[arg(long)]
    port: Option<u16>,
    /// The address, 127.0.0.1; `0.0.0.0` lets others in
    #[arg(long)]
    ip: Option<IpAddr>,
    /// Only print the address, open no browser
    #[arg(long)]
    no_browser: bool,
    /// en, ko, zh-cn, pt-br or ja; else the system's
    #[arg(long)]
    language: Option<String>,
    /// Open a copy in `work`, which no `git pull` meets
    #[arg(long)]
    class: bool,
}

/// Runs JupyterLab until it is stopped.
pub fn run(paths: &Paths, options: &Options) -> Result<u8> {
    let start = Instant::now();
    let csv = data::chosen_csv()?;
    let language = language::choose(paths, options.language.as_deref())?;
    let ip = options.ip.unwrap_or(Ipv4Addr::LOCALHOST.into());
    if let Some(port) = options.port {
        check_port(ip, port)?;
    }
    let is_whole = setup::prepare_to_read(paths)?;
    jupyter::write_settings(paths)?;
    let notebooks = if options.class { own_copy::notebooks_of_class(paths) } else { own_copy::notebooks(paths) }?;
    let opens_browser = !options.no_browser && has_desktop();
    if options.port.is_none()
        && options.ip.is_none()
        && let Some(server) = server::running(&paths.jupyter("runtime"), &notebooks)
    {
        return offer(paths, &server, language, opens_browser);
    }

    let port = options.port.map_or_else(|| free_port(ip), Ok)?;
    let token = new_token()?;
    let log = paths.log(&format!("jupyter-{port}"));
    let log_file = create_log(&log)?;
    let stop = Stop::on_signals()?;
    let _in_use = python::in_use(paths)?;
    let mut lab = jupyter::command(paths, "jupyter-lab");
    lab.arg(format!("--ServerApp.ip={ip}"))
        .arg(format!("--ServerApp.port={port}"))
        .arg("--ServerApp.port_retries=0")
        .arg(format!("--ServerApp.root_dir={}", notebooks.display()))
        // In a container one often is root; it listens on this machine only, and asks for a token.
        .arg("--ServerApp.allow_root=True")
        // Ctrl-C is answered without a question.
        .arg("--ServerApp.answer_yes=True")
        .arg(format!("--LabApp.default_url={}", first_page(paths, language)))
        .arg(format!("--ServerApp.open_browser={}", if opens_browser { "True" } else { "False" }))
        // The file that Jupyter opens in a browser has a path that a browser of Windows doesn't
        // know.
        .arg(format!("--ServerApp.use_redirect_file={}", if is_wsl() { "False" } else { "True" }))
        .current_dir(&notebooks)
        // Not on the command line, which others on this machine can see.
        .env("JUPYTER_TOKEN", &token)
        .stdin(Stdio::null())
        .stdout(log_file.try_clone().context("can't write the log")?)
        .stderr(log_file)
        .envs(csv.map(|csv| (CSV_VARIABLE, csv)));
    say(format!("Ready after {}; starting JupyterLab on port {port}", seconds(start.elapsed())));
    let mut child = lab.spawn().context("can't start JupyterLab\nTry: cargo run -- doctor")?;
    let _guard = Guard::start(&Left { process: Some(child.id()), ..Left::default() });
    let server = Server::new(ip, port, token);
    if !wait_for_server(&mut child, &server, &stop)? {
        return stopped_early(&mut child, &log);
    }
    say(format!(
        "\n  JupyterLab is at  {}\n\n{}  Stop it with Ctrl-C. Its messages are in {}",
        server.url(&first_page(paths, language)),
        other_languages(paths, language),
        Paths::shown(&log)
    ));
    let rest = Rest::start(paths, is_whole);
    if is_whole && has_memory() {
        server.start_session(&first_notebook(language));
    }
    wait(&mut child, &stop, paths, &log, rest)
}

// Two servers on the same notebooks would save over each other.
fn offer(paths: &Paths, server: &Server, language: &Language, opens_browser: bool) -> Result<u8> {
    let url = server.url(&first_page(paths, language));
    say(format!(
        "\n  JupyterLab runs already, at  {url}\n\n  Stop it with Ctrl-C in its own terminal; for another one beside it, name a --port."
    ));
    if opens_browser {
        let mut browser = jupyter::command(paths, "python");
        let opened = browser.args(["-m", "webbrowser", &url]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        opened.context("can't start the Python environment\nTry: cargo run -- doctor")?;
    }
    Ok(0)
}

fn stopped_early(child: &mut Child, log: &Path) -> Result<u8> {
    let status = child.wait().context("lost JupyterLab")?;
    bail!(failure_in(&format!("JupyterLab ended at once ({status})"), log))
}

// The first notebook of the lesson, or the list of files.
fn first_page(paths: &Paths, language: &Language) -> String {
    let first = first_notebook(language);
    match paths.notebooks().join(&first).is_file() {
        true => format!("/lab/tree/{first}"),
        false => "/lab".to_owned(),
    }
}

fn first_notebook(language: &Language) -> String {
    format!("{}/{FIRST_NOTEBOOK}", language.code)
}

// How to get the notebooks in another language, where they are there.
fn other_languages(paths: &Paths, language: &Language) -> String {
    let others = language::offered(paths).into_iter().filter(|other| other.code != language.code);
    let others: Vec<String> = others.map(|other| format!("{} (--language {})", other.name, other.code)).collect();
    match others.is_empty() {
        true => String::new(),
        false => format!("  The notebooks are there in other languages too: {}\n", others.join(", ")),
    }
}

fn check_port(ip: IpAddr, port: u16) -> Result<()> {
    TcpListener::bind((ip, port)).map(drop).map_err(|error| {
        anyhow!(
            "port {port} of {ip} can't be used: {error}\nAnother JupyterLab may be running, or {ip} is not an address of this machine. Leave out --port to take a free one, or choose another."
        )
    })
}

fn free_port(ip: IpAddr) -> Result<u16> {
    let free = |port: u16| TcpListener::bind((ip, port)).and_then(|listener| listener.local_addr()).ok();
    let address = (FIRST_PORT..FIRST_PORT + 50).chain([0]).find_map(free);
    address
        .map(|address| address.port())
        .with_context(|| format!("there is no free port on {ip}\nIs that an address of this machine?"))
}

fn new_token() -> Result<String> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).context("the system gives no random numbers")?;
    Ok(hex(&bytes))
}

// A text browser would take over the terminal.
fn has_desktop() -> bool {
    cfg!(not(target_os = "linux")) || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| is_set(name)) || is_wsl()
}

fn is_wsl() -> bool {
    is_set("WSL_DISTRO_NAME")
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn wait_for_server(child: &mut Child, server: &Server, stop: &Stop) -> Result<bool> {
    loop {
        if stop.requested() || child.try_wait().context("lost JupyterLab")?.is_some() {
            return Ok(false);
        }
        if server.answers() {
            return Ok(true);
        }
        sleep(Duration::from_millis(50));
    }
}

/// The rest of the set-up, which goes on while its reader reads.
struct Rest(Option<JoinHandle<Result<()>>>);

impl Rest {
    fn start(paths: &Paths, is_whole: bool) -> Self {
        if is_whole {
            return Self(None);
        }
        say(
            "\n  The notebooks can be read; those in `en` show what every cell prints.\n  Their Rust kernel and libraries are compiled meanwhile, in about 10 minutes on two cores;\n  cells that are run now wait for it.\n",
        );
        let paths = paths.clone();
        Self(Some(thread::spawn(move || setup::prepare_to_run(&paths))))
    }

    // Says, once, how it ended.
    fn look(&mut self) {
        if !self.0.as_ref().is_some_and(JoinHandle::is_finished) {
            return;
        }
        match self.0.take().map(JoinHandle::join) {
            Some(Ok(Err(error))) => note(format!(
                "error: {error:#}\nThe notebooks can be read, but not run. Stop JupyterLab with Ctrl-C, and run the same command again when this is mended."
            )),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            _ => say("  The kernel is ready: cells run."),
        }
    }
}

// A kernel that nobody uses shouldn't take the memory of programs in use.
fn has_memory() -> bool {
    let about = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = about.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = available.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.is_none_or(|kilobytes| kilobytes > 2_000_000)
}

fn wait(child: &mut Child, stop: &Stop, paths: &Paths, log: &Path, mut rest: Rest) -> Result<u8> {
    let mut told = false;
    let mut messages = NewLines::of(log)?;
    loop {
        if !stop.requested() {
            rest.look();
        }
        for line in messages.read() {
            // Among Jupyter's messages, those that a kernel has for its reader.
            if let Some((_, message)) = line.split_once(FOR_THE_READER) {
                say(format!("  A kernel: {message}"));
            }
        }
        if let Some(status) = child.try_wait().context("lost JupyterLab")? {
            say("JupyterLab has ended");
            return Ok(if told || status.success() { 0 } else { 1 });
        }
        if stop.requested() && !told {
            told = true;
            say("\nStopping JupyterLab and its kernels …");
            // Ctrl-C in a terminal reaches JupyterLab too, but a signal to this process alone does
            // not.
            terminate(child);
        }
        // `cargo clean` takes JupyterLab's own files away: it would answer, but with nothing but
        // errors.
        if !paths.python_home().exists() {
            terminate(child);
            let _ = child.wait();
            bail!(
                "{} was deleted while JupyterLab ran\nRun the same command again: it sets up what is missing. Notebooks and their outputs are as they were last saved.",
                paths.home.display()
            );
        }
        sleep(Duration::from_millis(50));
    }
}
