"""JupyterHub for a room of learners: one set-up for all, for each their own notebooks. See README.md beside this."""

import os
from pathlib import Path

c = get_config()  # noqa: F821

TUTORIAL = Path(os.environ.get("IMBALANCED_DATA_HOME", Path(__file__).parents[1] / "target" / "tutorial"))

# Passwords travel to the hub, so without a certificate only this machine reaches it: through a tunnel, or through a web
# server that has one.
CERTIFICATE, KEY = (os.environ.get(name, "") for name in ("ROOM_CERTIFICATE", "ROOM_KEY"))
if bool(CERTIFICATE) != bool(KEY):
    raise SystemExit("ROOM_CERTIFICATE and ROOM_KEY belong together: the files of a certificate and of its key")
if CERTIFICATE:
    c.JupyterHub.bind_url = "https://:443"
    c.JupyterHub.ssl_cert = CERTIFICATE
    c.JupyterHub.ssl_key = KEY
else:
    c.JupyterHub.bind_url = "http://127.0.0.1:8000"

# Every user of this machine may come in, by their password (PAM), but not its administrator.
c.Authenticator.allow_all = True
c.Authenticator.blocked_users = {"root"}

# The hub's own spawner can't limit what a learner takes; in a systemd unit for each, all their processes together have
# these limits, and end when the server does.
if not Path("/run/systemd/system").is_dir():
    raise SystemExit("a room needs systemd, which limits the memory of each learner; see room/README.md")
c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"
c.Spawner.mem_limit = "3G"
c.Spawner.cpu_limit = 2.0
# Each has a /tmp that the others don't see.
c.SystemdSpawner.isolate_tmp = True
# All learners together, so that `systemctl set-property room.slice MemoryMax=…` leaves the machine some.
c.SystemdSpawner.slice = "room.slice"

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
