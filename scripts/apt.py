"""Installs Debian and Ubuntu packages that tests need, where that is permitted."""

from __future__ import annotations

import os
import shutil
import subprocess


def install(*packages: str) -> bool:
    """Install packages as root or by sudo without a password; False if that is not possible."""
    if shutil.which("apt-get") is None:
        return False
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    return succeeds(*apt, "update", minutes=5) and succeeds(
        *apt, "install", "-y", *packages, minutes=10
    )


def succeeds(*command: str, minutes: int, quiet: bool = False) -> bool:
    """Whether a command ends with exit code 0 within a time."""
    output = subprocess.DEVNULL if quiet else None
    try:
        done = subprocess.run(
            command,
            check=False,
            timeout=60 * minutes,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
