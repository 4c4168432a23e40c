"""JupyterHub for a room of learners: one set-up for all, for each their own notebooks. See README.md beside this."""

import os
from pathlib import Path

c = get_config()  # noqa: F821

TUTORIAL = Path(os.environ.get("IMBALANCED_DATA_HOME", Path(__file__).parents[1] / "target" / "tutorial"))

c.JupyterHub.bind_url = "http://:8000"

# Every user of this machine may come in, by their password (PAM).
c.Authenticator.allow_all = True

# The launcher gives each learner a copy of the notebooks, then becomes their server.
c.Spawner.cmd = [str(TUTORIAL / "bin" / "imbalanced-data"), "hub"]
c.Spawner.default_url = "/lab/tree/en/01_data.ipynb"
c.Spawner.environment = {
    # Cells are compiled: with the Rust and the crates of the one who made the set-up, readable by all.
    "PATH": os.environ["PATH"],
    "CARGO_HOME": os.environ.get("CARGO_HOME", str(Path.home() / ".cargo")),
    "IMBALANCED_DATA_HOME": str(TUTORIAL),
    # A learner's compiler leaves the others some of the machine.
    "CARGO_BUILD_JOBS": "2",
}

# A kernel holds memory: one that nobody has used for an hour ends. The notebook and its outputs stay.
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=3600",
    "--MappingKernelManager.cull_connected=True",
]
c.Spawner.start_timeout = 120
