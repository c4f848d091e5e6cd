"""supervisord, which keeps the processes of `./niangjia run` alive: its settings, and what it says of them."""

from __future__ import annotations

import shlex
import subprocess
import sys
import xmlrpc.client
from pathlib import Path
from typing import Any

from core.config import ROOT, Config
from core.process import die_with_parent

# name: (arguments, seconds it may take to stop). Stopped in the opposite order.
PROGRAMS: dict[str, tuple[str, int]] = {
    "redis": ("redis", 20),
    "web": ("serve --wait-for-redis", 15),
    "worker": ("worker --wait-for-redis", 15),
    "emulator": ("emulator", 5),
}

_HEAD = """; Written by ./niangjia run at every start; changes here are lost. Holds no secrets.
[supervisord]
nodaemon=true
silent=true
umask=077
directory={root}
logfile={data}/log/supervisord.log
logfile_maxbytes=10MB
logfile_backups=2
pidfile={data}/supervisord.pid
childlogdir={data}/log

[unix_http_server]
file={data}/supervisor.sock
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{data}/supervisor.sock
"""

_PROGRAM = """
[program:{name}]
command={command}
priority={priority}
startsecs=5
startretries=2
autorestart=true
stopwaitsecs={seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile={data}/log/{name}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=3
"""


def programs(config: Config) -> list[str]:
    """What runs with these settings; somebody else's Redis is not ours to run."""
    return [name for name in PROGRAMS if name != "redis" or not config.redis.url]


def write(config: Config) -> Path:
    """Write supervisord's settings into the data folder, readable by us only."""
    data = str(config.data_dir).replace("%", "%%")
    text = _HEAD.format(root=str(ROOT).replace("%", "%%"), data=data)
    for priority, name in enumerate(programs(config), 1):
        arguments, seconds = PROGRAMS[name]
        command = f"{shlex.quote(sys.executable)} -m commands {arguments}".replace("%", "%%")
        text += _PROGRAM.format(name=name, command=command, priority=priority, seconds=seconds, data=data)
    file = config.data_dir / "supervisord.conf"
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(text)
    return file


def start(settings: Path) -> subprocess.Popen[bytes]:
    """Start supervisord apart from the terminal, so that Ctrl-C reaches only us and we stop things in order."""
    return subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(settings)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )


def states(config: Config) -> dict[str, str]:
    """The state of each program (STARTING, RUNNING, BACKOFF, FATAL …); empty while supervisord does not answer."""
    from supervisor.xmlrpc import SupervisorTransport

    transport = SupervisorTransport(None, None, f"unix://{config.data_dir / 'supervisor.sock'}")
    try:
        proxy: Any = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        return {info["name"]: info["statename"] for info in proxy.supervisor.getAllProcessInfo()}
    except (OSError, xmlrpc.client.Error, ConnectionError):
        return {}
    finally:
        transport.close()
