"""Where the processes of one installation keep their counters. Use it before anything imports `core.metrics`."""

from __future__ import annotations

import os
from pathlib import Path

from core.config import Config


def use(config: Config) -> Path:
    """Make this process and its children share counters in data.dir, without the files of processes long gone.

    prometheus_client decides at import whether it keeps numbers in memory or in shared files, so this comes first.
    Files of dead processes are kept by a running server (their counts still count) and go at the next start.
    """
    folder = config.data_dir / "metrics"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        pid = file.stem.rpartition("_")[2]
        if not Path(f"/proc/{pid}").exists():
            file.unlink(missing_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    return folder
