"""The embedded Valkey: broker and cache, on this machine only, with a password and an append-only file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from hematovision.supervisor import binaries, ports, vault, waiting
from hematovision.supervisor.process import Child


@dataclass(frozen=True)
class Started:
    """A running server and its address."""

    child: Child
    url: str


def start(
    var: Path,
    *,
    env: dict[str, str],
    begun: Callable[[Child], None],
    keep: tuple[int, ...] = (),
    settings: dict[str, str] | None = None,
) -> Started:
    """Start the server with its data in ``var/valkey``; the caller stops what ``begun`` is told of."""
    data = var / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    password, port = vault.secret(var / "secrets", "broker"), ports.free_port()
    values = {
        "bind": "127.0.0.1",
        "port": str(port),
        "requirepass": password,
        "dir": f'"{data}"',
        "appendonly": "yes",
        # A queue that forgets entries when memory is short would lose doorbells without a word.
        "maxmemory-policy": "noeviction",
        "save": '""',
        "aof-load-truncated": "yes",
    } | (settings or {})
    # On the command line the password would be visible to every user of the machine.
    config = data / "valkey.conf"
    config.touch(mode=0o600)
    config.write_text("".join(f"{name} {value}\n" for name, value in values.items()))
    child = Child(
        name="broker",
        command=[binaries.valkey(), config],
        log=var / "log" / "broker.log",
        env=env,
        keep=keep,
    )
    child.start()
    begun(child)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    waiting.until(lambda: answers(url), child)
    return Started(child=child, url=url)


def answers(url: str) -> bool:
    """Whether the server has loaded its data and takes commands."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
