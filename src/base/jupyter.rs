//! The environment of Jupyter's programs: everything they write stays under `target/tutorial`.

use std::process::Command;

use anyhow::Result;
use serde_json::json;

use crate::base::paths::Paths;
use crate::base::process::{path_from, python_command};
use crate::base::stamp::write_whole;

/// A program of the Python environment, with Jupyter's folders set.
pub fn command(paths: &Paths, program: &str) -> Command {
    let mut command = python_command(paths.python_program(program));
    // IPython complains about a folder that it can't make.
    let _ = std::fs::create_dir_all(paths.jupyter("ipython"));
    // Nor must another Jupyter's settings reach into this environment.
    for name in ["JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "JUPYTER_NO_CONFIG"] {
        command.env_remove(name);
    }
    command
        .env("JUPYTER_CONFIG_DIR", paths.jupyter("config"))
        .env("JUPYTER_DATA_DIR", paths.jupyter("data"))
        .env("JUPYTER_RUNTIME_DIR", paths.jupyter("runtime"))
        .env("IPYTHONDIR", paths.jupyter("ipython"))
        .env("JUPYTER_PLATFORM_DIRS", "1")
        .env("JUPYTER_PREFER_ENV_PATH", "1")
        .env("PYTHONUTF8", "1")
        .env("VIRTUAL_ENV", paths.python_home())
        .envs(path_from(paths.python_bin()).map(|path| ("PATH", path)));
    command
}

/// Writes JupyterLab's settings: no look-ups on the network, and only the Rust kernel on offer.
pub fn write_settings(paths: &Paths) -> Result<()> {
    let server = json!({
        "KernelSpecManager": { "allowed_kernelspecs": ["rust"], "ensure_native_kernel": false },
        "LabApp": {
            "news_url": null,
            "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "extension_manager": "readonly",
        },
        // A kernel waits for a set-up that is being made, longer than Jupyter's usual minute.
        "MappingKernelManager": { "default_kernel_name": "rust", "kernel_info_timeout": 3600 },
    });
    let page = json!({
        "disabledExtensions": { "@jupyterlab/apputils-extension:announcements": true },
    });
    write_whole(&paths.jupyter("config/jupyter_server_config.json"), format!("{server:#}").as_bytes())?;
    write_whole(&paths.jupyter("config/labconfig/page_config.json"), format!("{page:#}").as_bytes())
}
