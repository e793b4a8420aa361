"""Look into a dataset without loading it: lines are found by their offsets and read when they are shown."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

SPLITS: Final = ("train", "val", "test")
ENOUGH_DOCUMENTS: Final = 128
FEW_DOCUMENTS: Final = 50
BLOCK: Final = 1 << 20


class JsonLines:
    """Rows of a JSON-lines file by number. Indexing reads the file once; a row is parsed when it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._starts = array("q")
        self._index()
        self._row = lru_cache(maxsize=512)(self._read)

    def _index(self) -> None:
        position, start = 0, 0
        try:
            with self.path.open("rb") as file:
                while block := file.read(BLOCK):
                    found = block.find(b"\n")
                    while found >= 0:
                        self._starts.append(start)
                        start = position + found + 1
                        found = block.find(b"\n", found + 1)
                    position += len(block)
        except FileNotFoundError:
            return
        if position > start:  # a last line without its end
            self._starts.append(start)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, number: int) -> dict[str, Any]:
        """Row `number`; an empty dict where the line cannot be read."""
        return self._row(number)

    def _read(self, number: int) -> dict[str, Any]:
        try:
            with self.path.open("rb") as file:
                file.seek(self._starts[number])
                row = json.loads(file.readline())
        except (OSError, ValueError):
            return {}
        return row if isinstance(row, dict) else {}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[number] for number in range(len(self)))


@dataclass(frozen=True, slots=True)
class Sample:
    """One training sample, as it will be trained on. `tokens`: scored tokens."""

    split: str
    prompt: str
    target: str
    doc: str
    title: str
    view: str
    tokens: int
    chunk: int
    date: str | None

    @classmethod
    def from_row(cls, split: str, row: dict[str, Any]) -> Sample:
        """From a row of `sft_<split>.jsonl`; all but the last assistant turn is given, not scored."""
        messages = [m for m in row.get("messages") or () if isinstance(m, dict)]
        target = str(messages[-1].get("content", "")) if messages else ""
        prompt = "\n\n".join(str(m.get("content", "")) for m in messages[:-1])
        meta = row.get("meta") or {}
        return cls(
            split=split,
            prompt=prompt,
            target=target,
            doc=str(meta.get("doc", "")),
            title=str(meta.get("title") or ""),
            view=str(meta.get("view", "")),
            tokens=int(meta.get("tokens") or 0),
            chunk=int(meta.get("chunk") or 0),
            date=meta.get("date"),
        )


@dataclass(slots=True)
class DatasetView:
    """A dataset folder: its samples, what was dropped, its statistics."""

    folder: Path
    files: dict[str, JsonLines] = field(default_factory=dict)
    skipped: JsonLines = field(init=False)
    stats: dict[str, Any] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)
    _originals: dict[str, int] | None = None
    _original_rows: JsonLines | None = None

    def __post_init__(self) -> None:
        self.files = {split: JsonLines(self.folder / f"sft_{split}.jsonl") for split in SPLITS}
        self.skipped = JsonLines(self.folder / "skipped.jsonl")
        self.stats = _read_object(self.folder / "dataset_stats.json")
        self.manifest = _read_object(self.folder / "manifest.json")

    def __len__(self) -> int:
        return sum(len(rows) for rows in self.files.values())

    def sample(self, number: int) -> Sample:
        """Sample `number`, training samples first, then validation, then test."""
        for split, rows in self.files.items():
            if number < len(rows):
                return Sample.from_row(split, rows[number])
            number -= len(rows)
        raise IndexError(number)

    def original(self, doc: str) -> str | None:
        """The document as it was before cleaning, if it was kept."""
        if self._originals is None:
            self._original_rows = JsonLines(self.folder / "originals.jsonl")
            self._originals = {str(row.get("id")): n for n, row in enumerate(self._original_rows)}
        number = self._originals.get(doc)
        if number is None or self._original_rows is None:
            return None
        raw = self._original_rows[number].get("raw")
        return raw if isinstance(raw, str) else None

    @property
    def stamp(self) -> float:
        """When the dataset was finished (mtime of its manifest, seconds); 0.0 if it is not."""
        try:
            return (self.folder / "manifest.json").stat().st_mtime
        except OSError:
            return 0.0


def _read_object(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
