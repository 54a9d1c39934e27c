"""As whom PostgreSQL runs: it refuses to run as root.

A normal user runs it as themselves. Root runs it in a user namespace in which root appears as ``nobody``:
no file changes its owner. Where the kernel refuses namespaces, the data folder and a process really
become ``nobody``'s.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hematovision.supervisor.process import LIBC

CLONE_NEWUSER = 0x10000000
NOBODY = 65534
PUBLIC = Path("/var/lib/hematovision")


@dataclass(frozen=True)
class Identity:
    """How a child becomes the right user.

    Attributes:
        become: called in the child, or None when it may stay who it is.
        account: name of the account that must own the data, or None when that is the supervisor's own.
    """

    become: Callable[[], None] | None = None
    account: str | None = None

    def own(self, path: Path) -> None:
        """Hand ``path`` to this user; it may have been made under the other way of running."""
        entry = pwd.getpwnam(self.account) if self.account else pwd.getpwuid(os.geteuid())
        if os.geteuid() == 0 and path.stat().st_uid != entry.pw_uid:
            for inner in (path, *path.rglob("*")):
                os.chown(inner, entry.pw_uid, entry.pw_gid, follow_symlinks=False)

    def can(self, *command: str | Path) -> bool:
        """Whether ``command`` succeeds as this user."""
        try:
            done = subprocess.run(
                [str(part) for part in command],
                preexec_fn=self.become,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0


def enter_namespace() -> None:
    """Make root look like ``nobody`` to this process and its children."""
    if LIBC.unshare(CLONE_NEWUSER):
        raise OSError("user namespaces are refused")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} 0 1"),
        ("gid_map", f"{NOBODY} 0 1"),
    ):
        Path("/proc/self", name).write_text(text)


def drop_to_nobody() -> None:
    """Become ``nobody`` for good."""
    entry = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def choose() -> Identity:
    """Return as whom PostgreSQL can run here."""
    if os.geteuid() != 0:
        return Identity()
    inside = Identity(become=enter_namespace)
    return inside if inside.can("true") else Identity(become=drop_to_nobody, account="nobody")


def reachable_binaries(bin_dir: Path, version: str, identity: Identity) -> Path:
    """Return ``bin_dir``, or a public copy of its installation when the account cannot reach it."""
    if identity.account is None or identity.can(bin_dir / "postgres", "--version"):
        return bin_dir
    copy = PUBLIC / f"postgresql-{version}"
    if not copy.exists():
        PUBLIC.mkdir(mode=0o755, parents=True, exist_ok=True)
        PUBLIC.chmod(0o755)
        publish(bin_dir.parents[1], copy)
    return copy / bin_dir.relative_to(bin_dir.parents[2])


def publish(package: Path, copy: Path) -> None:
    """Copy a package to where everybody may read it, whole or not at all.

    The programs of a wheel find their libraries in a folder beside the package, so that one comes along.
    """
    half = copy.with_suffix(".new")
    shutil.rmtree(half, ignore_errors=True)
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, half / folder.name, symlinks=True)
    for entry in (half, *half.rglob("*")):
        if not entry.is_symlink():
            entry.chmod(
                entry.stat().st_mode | (0o055 if entry.is_dir() or entry.stat().st_mode & 0o100 else 0o044)
            )
    half.rename(copy)
