"""Nothing leaves the machine: the environment that says so, and the guard that holds it.

`set_environment` must run before the first third-party import of a process: several libraries read
these variables once, at import. The guard is an audit hook, which Python cannot remove again.
It sees sockets opened through Python; a native library that opens its own is outside its reach,
which is why the documentation also names `unshare -rn`.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

ENVIRONMENT: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DO_NOT_TRACK": "1",
    "WANDB_MODE": "disabled",
    "USE_HUB_KERNELS": "NO",
    "TOKENIZERS_PARALLELISM": "false",
}

# Position of the address or host in the arguments of each audited call.
_WATCHED: Final = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
    "socket.getnameinfo": 0,
}


class NetworkRefused(ConnectionError):
    """Raised in place of any connection that would leave this machine."""


def set_environment() -> None:
    """Tell every library that there is no network. Overrides what the person's shell says."""
    os.environ.update(ENVIRONMENT)


def is_local(host: object) -> bool:
    """True for loopback addresses, this machine's own name, UNIX paths and 'no host'."""
    if host is None or host in ("", "localhost", b"localhost"):
        return True
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str):
        return False
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return host.rstrip(".").lower() in ("localhost", socket.gethostname().lower())


def _host_of(event: str, args: tuple[Any, ...]) -> object:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        sock, address = args[0], args[1]
        if sock.family not in (socket.AF_INET, socket.AF_INET6) or address is None:
            return None  # AF_UNIX and friends stay on the machine; a connected socket was checked before
        return address[0]
    host: object = args[_WATCHED[event]]
    return host[0] if event == "socket.getnameinfo" and isinstance(host, tuple) else host


def install_guard(on_refused: Callable[[int], None]) -> None:
    """Refuse and count every attempt to leave the machine, for the rest of this process.

    `on_refused(count)` is told the running count. Raises `NetworkRefused` (a ConnectionError, so that
    libraries take their ordinary offline path) in the caller that tried.
    """
    count = 0

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal count
        if event in _WATCHED and not is_local(_host_of(event, args)):
            count += 1
            on_refused(count)
            raise NetworkRefused("styletui works offline: this connection was refused")

    sys.addaudithook(hook)
