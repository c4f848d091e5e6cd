"""./niangjia: which Python, one .venv, one clear line for what is wrong. None of this needs the network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from commands import COMMANDS, bootstrap
from core.config import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone whose program only says what it was asked, and which needs no packages."""
    root = tmp_path / "clone with a space"
    (root / "commands").mkdir(parents=True)
    shutil.copy(ROOT / "niangjia", root)
    shutil.copy(ROOT / "commands/bootstrap.py", root / "commands")
    shutil.copy(ROOT / "commands/__init__.py", root / "commands")
    (root / "commands/__main__.py").write_text(
        "import os, sys\nprint('started', sys.argv[1:], os.getcwd())\n"
    )
    (root / "requirements.txt").write_text("# nothing\n")
    (root / "requirements-dev.txt").write_text("# nothing either\n")
    return root


def launch(script: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Start it from another folder than its own."""
    return subprocess.run(
        [str(script), *arguments],
        cwd=script.parent.parent,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def path_with(folder: Path, **programs: str) -> str:
    """A PATH with what the launcher needs of a bare system, and these scripts."""
    folder.mkdir()
    for name in ("bash", "dirname", "env", "readlink"):
        (folder / name).symlink_to(shutil.which(name) or name)
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_without_python_it_says_what_to_install(clone: Path, tmp_path: Path) -> None:
    done = launch(clone / "niangjia", "run", PATH=path_with(tmp_path / "bin"))
    assert done.returncode == 1
    assert done.stderr == (
        "niangjia: python3 was not found, 3.11 or newer is needed (apt install python3 python3-venv)\n"
    )


def test_an_old_python_is_named(clone: Path, tmp_path: Path) -> None:
    done = launch(clone / "niangjia", "run", PATH=path_with(tmp_path / "bin", python3="echo 3.9 False"))
    assert done.returncode == 1
    assert "Python 3.9 is too old, 3.11 or newer is needed" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_newer_python_beside_an_old_one_is_taken(clone: Path, tmp_path: Path) -> None:
    new = f'exec "{sys.executable}" "$@"'
    path = path_with(tmp_path / "bin", **{"python3": "echo 3.9 False", "python3.12": new})
    done = launch(clone / "niangjia", "--help", PATH=path)
    assert done.returncode == 0, done.stderr


def test_help_needs_no_packages_and_lists_every_command(clone: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(clone / "niangjia")
    done = launch(link, "--help")
    assert done.returncode == 0, done.stderr
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert not (clone / ".venv").exists()


@pytest.mark.slow
def test_the_first_start_sets_up_and_the_second_does_not(clone: Path, tmp_path: Path) -> None:
    first = launch(clone / "niangjia", "serve", "--port", "1")
    assert first.returncode == 0, first.stderr
    assert first.stdout == f"started ['serve', '--port', '1'] {clone.parent}\n"
    assert "Setting up .venv" in first.stderr

    link = tmp_path / "link"
    link.symlink_to(clone / "niangjia")
    second = launch(link, "serve")
    assert (second.returncode, second.stderr) == (0, "")

    # Cut off half-way: the stamp is written last, so without it the set-up runs again.
    (clone / ".venv/niangjia.json").unlink()
    (clone / ".venv/bin/python").unlink()
    again = launch(clone / "niangjia", "serve")
    assert again.returncode == 0, again.stderr
    assert "Setting up .venv" in again.stderr

    # Changed requirements are noticed, and a pip that can't reach its index is one line.
    (clone / "requirements.txt").write_text("nothing-of-that-name==1.0 --hash=sha256:" + "0" * 64 + "\n")
    where = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1", "PIP_FIND_LINKS": ""}
    broken = launch(clone / "niangjia", "serve", **where)
    assert broken.returncode == 1
    assert "the package index can't be reached: check the network" in broken.stderr
    assert broken.stdout == ""


@pytest.mark.slow
def test_two_starts_at_once_set_up_once(clone: Path) -> None:
    starts = [
        subprocess.Popen(
            [str(clone / "niangjia"), "serve"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [start.communicate(timeout=100) for start in starts]
    assert [start.returncode for start in starts] == [0, 0], said
    assert sum("Setting up .venv" in errors for _, errors in said) == 1


def test_the_developers_tools_are_installed_for_the_tests_only(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", clone)
    assert bootstrap._requirements(["run"]).name == "requirements.txt"
    assert bootstrap._requirements(["test", "--help"]).name == "requirements.txt"
    assert bootstrap._requirements(["test", "-k", "x"]).name == "requirements-dev.txt"
    python = clone / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.touch()
    bootstrap._stamp().write_text(json.dumps(bootstrap._wanted(clone / "requirements-dev.txt")))
    assert bootstrap._ready(clone / "requirements-dev.txt")
    assert bootstrap._ready(clone / "requirements.txt"), "the larger set holds the smaller one"


def test_a_python_without_venv_says_what_to_install(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", clone)
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(bootstrap.SetupError, match="apt install python3-venv"):
        bootstrap.ensure(clone / "requirements.txt")


def test_a_full_disk_is_noticed_before_anything_is_made(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", clone)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: types.SimpleNamespace(free=5 * 2**20))
    with pytest.raises(bootstrap.SetupError, match="only 5 MB are free"):
        bootstrap.ensure(clone / "requirements.txt")
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("OSError: [Errno 28] No space left on device", "no space left on the disk"),
        ("ssl.SSLError: CERTIFICATE_VERIFY_FAILED", "apt install ca-certificates"),
        ("Temporary failure in name resolution", "check the network"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "may not write"),
    ],
)
def test_what_pip_says_becomes_what_to_do(said: str, line: str) -> None:
    assert line in (bootstrap._cause(f"Collecting x\n{said}\n") or "")


def test_of_any_other_failure_the_last_useful_line_is_shown() -> None:
    said = "Collecting x\nERROR: first\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n\n[notice] a new pip\n"
    assert bootstrap._cause(said) is None
    assert bootstrap._last_line(said) == "THESE PACKAGES DO NOT MATCH THE HASHES"


def test_every_direct_dependency_has_its_reason() -> None:
    reasons = (ROOT / "docs/dependencies.md").read_text()
    for file in ("requirements.in", "requirements-dev.in"):
        for line in (ROOT / file).read_text().splitlines():
            if line and not line.startswith(("#", "-")):
                name = line.partition("==")[0].partition("[")[0].strip()
                assert f"| {name} " in reasons, name
                assert "==" in line, f"{name} is not pinned"


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_names_no_index_and_no_file(file: str) -> None:
    text = (ROOT / file).read_text()
    assert "://" not in text
    assert " @ " not in text
    assert "--hash=sha256:" in text
