"""A real terminal for tests: a pty with a screen in memory, keys in, text out, and a plug to pull."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

import pyte


class Terminal:
    """Runs `command` on a pty of its own, as its controlling terminal, the way sshd does."""

    def __init__(
        self, command: list[str], environment: dict[str, str], columns: int = 80, lines: int = 24
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=environment | {"TERM": "xterm-256color"},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)

    def text(self) -> str:
        """What stands on the screen now, without the blanks that follow a wide character."""
        self._read(0.05)
        return "\n".join(line.rstrip() for line in self._screen.display)

    def _read(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self._master], [], [], left)
            if not ready:
                return
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the other side is closed
                return
            if not data:
                return
            # pyte does not know these private sequences and would print them.
            self._stream.feed(re.sub(rb"\x1b\[[<>=?][0-9;]*u|\x1b\[\?[0-9;]*\$p|\x1b\[>[0-9;]*q", b"", data))

    def wait_for(self, *wanted: str, seconds: float = 60) -> str:
        """The screen once any of `wanted` stands on it. Raises AssertionError with the screen if it never does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read(0.2)
            text = self.text()
            if any(w in text for w in wanted):
                return text
            if self.process.poll() is not None:
                break
        raise AssertionError(f"none of {wanted} came within {seconds} s; on screen:\n{self.text()}")

    def press(self, keys: str) -> None:
        """Send `keys` as typed."""
        os.write(self._master, keys.encode())
        self._read(0.3)

    def hang_up(self) -> None:
        """Pull the plug: the connection is gone, the program gets SIGHUP from the kernel."""
        os.close(self._master)
        self._master = -1
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGHUP)
            self.process.wait(10)

    def close(self) -> None:
        """End whatever is left."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


def environment(home: Path, lang: str = "en") -> dict[str, str]:
    """The person's environment with a data folder of its own."""
    return os.environ | {"STYLETUI_HOME": str(home), "LANG": f"{'zh_CN' if lang == 'zh' else 'en_US'}.UTF-8"}
