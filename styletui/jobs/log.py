"""The event log of a job: one JSON object a line, appended by one worker, read by anyone."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import time
from pathlib import Path
from typing import Any, Final

from styletui_prep.errors import EXIT_UNKNOWN, UserError
from styletui_prep.events import Event
from styletui_prep.files import json_text

from styletui.jobs.events import TERMINAL

VERSION: Final = 1
Record = dict[str, Any]


def _plain(value: Any) -> Any:
    """JSON has no NaN or infinity; a log that other programs read must not either."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, Path):
        return str(value)
    return value


class EventWriter:
    """Appends events. A torn last line (a writer died in the middle) is ended first; `seq` goes on."""

    def __init__(self, path: Path) -> None:
        last = EventReader(path).poll() if path.exists() else []
        self._seq = last[-1]["seq"] if last else 0
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        size = os.fstat(self._fd).st_size
        if size and _last_byte(path) != b"\n":
            os.write(self._fd, b"\n")

    def emit(self, event: Event) -> None:
        """Write one event with a single system call, so that readers never see half of two."""
        self._seq += 1
        record: Record = {
            "v": VERSION,
            "seq": self._seq,
            "time": round(time.time(), 3),
            "mono": round(time.monotonic(), 3),
            "type": event.type,
        }
        record.update(_plain(dataclasses.asdict(event)))  # type: ignore[call-overload]
        os.write(self._fd, (json_text(record) + "\n").encode())
        if event.type in TERMINAL:
            os.fsync(self._fd)

    def close(self) -> None:
        """Close the file; nothing is buffered."""
        os.close(self._fd)


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)


class EventReader:
    """Reads what is new since the last call, up to the last newline.

    Lines that are not a JSON object with a type are counted in `torn` and passed over; a log of a newer
    format raises `UserError("newer_log")`. Unknown types and keys are the reader's caller's to ignore.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.torn = 0

    def poll(self) -> list[Record]:
        """New records, oldest first; empty when there is no file yet."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        end = data.rfind(b"\n") + 1
        self._offset += end
        records = []
        for line in data[:end].splitlines():
            record = self._parse(line)
            if record is not None:
                records.append(record)
        return records

    def _parse(self, line: bytes) -> Record | None:
        if not line.strip():
            return None
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            self.torn += 1
            return None
        if not isinstance(record, dict) or not isinstance(record.get("type"), str):
            self.torn += 1
            return None
        if not isinstance(record.get("v"), int) or not isinstance(record.get("seq"), int):
            self.torn += 1
            return None
        if not isinstance(record.get("time", 0), int | float):
            self.torn += 1
            return None
        if record["v"] > VERSION:
            raise UserError(
                "newer_log", exit_code=EXIT_UNKNOWN, path=str(self._path), found=record["v"], known=VERSION
            )
        return record
