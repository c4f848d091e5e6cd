"""Make .venv from the locked requirements where needed, then become `python -m commands`.

Started by ./niangjia with any Python from 3.11 on; uses the standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED_MB = 600  # packages, what pip unpacks on the way, and fonts
WITH_DEVELOPERS_TOOLS = ("test", "lock")

# What pip says when something outside the program is wrong, and the one line that says what to do.
CAUSES = (
    (
        r"No space left on device|Errno 28",
        "no space left on the disk: free {needed} MB below {root} and start again",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|Could not find a suitable TLS CA",
        "the package index can't be trusted: apt install ca-certificates (or set PIP_CERT)",
    ),
    (
        r"NewConnectionError|Temporary failure in name resolution|Name or service not known|Network is unreachable|"
        r"ConnectTimeout|Read timed out|ReadTimeout|ProxyError|Connection refused|RemoteDisconnected",
        "the package index can't be reached: check the network, set PIP_INDEX_URL to a mirror, "
        "or put the wheels into {root}/wheelhouse",
    ),
    (r"Permission denied|Errno 13", "may not write below {root}/.venv: start as the user who owns it"),
)


class SetupError(Exception):
    """Why the packages can't be had; one line."""


def main(arguments: list[str]) -> None:
    """Prepare, then replace this process by the program."""
    if not _ready(_requirements(arguments)) and (not arguments or arguments[0] in ("-h", "--help")):
        print(_help())  # needs no packages, so it doesn't wait for them
        return
    try:
        ensure(_requirements(arguments))
    except SetupError as error:
        sys.exit(f"niangjia: {error}")
    except OSError as error:
        sys.exit(f"niangjia: {_cause(str(error)) or error}")
    except KeyboardInterrupt:
        sys.exit(130)
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["PYTHONSAFEPATH"] = "1"  # a folder `core` where the user stands must not be taken for ours
    python = str(_python())
    os.execv(python, [python, "-m", "commands", *arguments])  # noqa: S606 - our own interpreter


def ensure(requirements: Path) -> None:
    """Make .venv hold these requirements. Cheap when it does; safe when two start at once or one was cut off."""
    if _ready(requirements):
        return
    with _lock():
        if _ready(requirements):
            return
        if not requirements.is_file():
            raise SetupError(
                f"{requirements.name} is missing: get it back with git checkout {requirements.name}"
            )
        free = shutil.disk_usage(ROOT).free // 2**20
        if free < NEEDED_MB:
            raise SetupError(f"only {free} MB are free below {ROOT}, {NEEDED_MB} MB are needed")
        print(
            f"Setting up .venv from {requirements.name} (takes a minute, once) …", file=sys.stderr, flush=True
        )
        _stamp().unlink(missing_ok=True)
        if not _usable():
            _make()
        _install(requirements)
        fresh = _stamp().with_suffix(".new")
        fresh.write_text(json.dumps(_wanted(requirements)))
        fresh.replace(_stamp())  # last: without it everything above is done again


def _requirements(arguments: list[str]) -> Path:
    """The developers' file holds everything of the other one too."""
    if arguments and arguments[0] in WITH_DEVELOPERS_TOOLS and not {"-h", "--help"} & set(arguments):
        return ROOT / "requirements-dev.txt"
    return ROOT / "requirements.txt"


def _python() -> Path:
    return ROOT / ".venv" / "bin" / "python"


def _stamp() -> Path:
    return ROOT / ".venv" / "niangjia.json"


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _wanted(requirements: Path) -> dict[str, str]:
    """What the stamp says once these requirements are installed: also that the smaller file is, being part of it."""
    files = {requirements.name: _digest(requirements), "requirements.txt": _digest(ROOT / "requirements.txt")}
    return {"python": sys.version, "root": str(ROOT), **files}


def _ready(requirements: Path) -> bool:
    try:
        found = json.loads(_stamp().read_text())
    except (OSError, ValueError):
        return False
    return _python().exists() and isinstance(found, dict) and _wanted(requirements).items() <= found.items()


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """One set-up at a time; the kernel frees the lock of a process that died."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another start that sets up .venv …", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _usable() -> bool:
    """Whether .venv is whole, lies where it was made, and is of this Python."""
    code = "import sys, pip; print(sys.version); print(sys.prefix)"
    try:
        found = subprocess.run(
            [str(_python()), "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return found.stdout == f"{sys.version}\n{ROOT / '.venv'}\n"


def _make() -> None:
    try:
        import ensurepip
    except ImportError:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise SetupError(
            f"this Python can't make virtual environments: apt install python3-venv (or python{version}-venv)"
        ) from None
    del ensurepip
    try:
        venv.create(ROOT / ".venv", clear=True, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError as error:
        text = (error.output or b"").decode(errors="replace")
        raise SetupError(_cause(text) or f"can't make .venv: {_last_line(text)}") from error


def _install(requirements: Path) -> None:
    command = [str(_python()), "-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "-r", str(requirements)]
    wheelhouse = ROOT / "wheelhouse"
    if wheelhouse.is_dir():
        command += ["--no-index", "--find-links", str(wheelhouse)]
    log = ROOT / ".venv" / "install.log"
    with log.open("w") as out:
        code = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        text = log.read_text(errors="replace")
        raise SetupError(_cause(text) or f"pip failed: {_last_line(text)} (all of it: {log})")


def _cause(text: str) -> str | None:
    for pattern, line in CAUSES:
        if re.search(pattern, text):
            return line.format(needed=NEEDED_MB, root=ROOT)
    return None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["no reason given"])[-1]


def _help() -> str:
    sys.path.insert(0, str(ROOT))
    from commands import COMMANDS

    rows = "\n".join(f"  {name:<13}{text}" for name, text in COMMANDS.items())
    return f"Usage: ./niangjia COMMAND [OPTIONS]\n\nCommands:\n{rows}\n\n./niangjia COMMAND --help says more about one."


if __name__ == "__main__":
    main(sys.argv[1:])
