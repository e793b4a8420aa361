"""The dataset folder: writing it whole, and reading it back for the screens without loading a model."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from styletui_prep.errors import EXIT_USAGE, UserError
from styletui_prep.exporters import pair_of
from styletui_prep.files import private_folder, sync_folder, write_whole, writing_failed
from styletui_prep.split import SPLITS

DOCUMENTS: Final = "documents.jsonl"
ORIGINALS: Final = "originals.jsonl"
SKIPPED: Final = "skipped.jsonl"
STATS: Final = "dataset_stats.json"
MANIFEST: Final = "manifest.json"
FORMAT_VERSION: Final = 1


def samples_file(split: str) -> str:
    """`sft_train.jsonl` and so on."""
    return f"sft_{split}.jsonl"


@contextmanager
def writing_errors(path: Path) -> Iterator[None]:
    """The ways in which writing fails for a person's reasons, as `UserError` `disk_full` or `not_writable`."""
    try:
        yield
    except OSError as error:
        known = writing_failed(error, path)
        if known is None:
            raise
        raise known from error


def check_out(folder: Path) -> None:
    """Raise `out_not_empty` (exit code 2) when things that are no dataset of ours lie in `folder`.

    A dataset folder is closed to others and its files are replaced: neither may happen to a person's own folder.
    """
    ours = {DOCUMENTS, ORIGINALS, SKIPPED, STATS, MANIFEST, *map(samples_file, SPLITS)}
    try:
        foreign = any(not p.name.startswith(".") and p.name not in ours for p in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise writing_failed(error, folder) or error from error
    if foreign:
        raise UserError("out_not_empty", exit_code=EXIT_USAGE, path=str(folder))


def write_dataset(folder: Path, files: dict[str, bytes]) -> None:
    """Write `files` (name to content) into `folder` (0700), each whole, the manifest last.

    All of it lies beside the older dataset before any of that is replaced, so a full disk costs nothing; then the
    older manifest goes first, because a folder without one is not a finished dataset.
    """
    with writing_errors(folder):
        private_folder(folder)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".new.") as fresh:
            for name, content in files.items():
                write_whole(Path(fresh) / name, content)
            (folder / MANIFEST).unlink(missing_ok=True)
            for name in sorted(files, key=lambda name: (name == MANIFEST, name)):
                (Path(fresh) / name).replace(folder / name)
        sync_folder(folder)


def lines(rows: Iterable[dict[str, Any]]) -> bytes:
    """JSON lines in UTF-8."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n" for row in rows)


def json_bytes(value: Any) -> bytes:
    """Readable JSON in UTF-8."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class SampleRow:
    """Where one sample lies (`offset` and `length` in bytes) and what a list shows of it."""

    split: str
    offset: int
    length: int
    doc: str
    chunk: int
    view: str
    tokens: int
    title: str
    date: str | None


@dataclass(frozen=True, slots=True)
class SampleText:
    """A sample's two sides: `prompt` is not scored, `text` is."""

    prompt: str
    text: str


@dataclass(slots=True)
class SampleIndex:
    """A dataset for a virtual list: small rows in memory, texts read when one is looked at.

    `offsets` maps a file name to {document id: (offset, length)}.
    """

    folder: Path
    rows: list[SampleRow]
    skipped: list[dict[str, Any]]
    stats: dict[str, Any]
    offsets: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)

    def sample(self, row: SampleRow) -> SampleText:
        """The sample's texts, read from its file. Raises `UserError("dataset_broken")`."""
        value = self._read(samples_file(row.split), row.offset, row.length)
        try:
            prompt, text = pair_of(value)
        except ValueError as error:
            raise UserError("dataset_broken", path=str(self.folder / samples_file(row.split))) from error
        return SampleText(prompt, text)

    def original(self, doc: str) -> str | None:
        """The document as it was found, undecorated; None when the dataset does not keep it."""
        value = self._by_id(ORIGINALS, doc)
        raw = value.get("raw") if value else None
        return raw if isinstance(raw, str) else None

    def document(self, doc: str) -> dict[str, Any] | None:
        """The line of documents.jsonl."""
        return self._by_id(DOCUMENTS, doc)

    def _by_id(self, name: str, doc: str) -> dict[str, Any] | None:
        if name not in self.offsets:
            self.offsets[name] = {
                str(value.get("id")): (offset, length) for offset, length, value in _scan(self.folder / name)
            }
        place = self.offsets[name].get(doc)
        return self._read(name, *place) if place else None

    def _read(self, name: str, offset: int, length: int) -> dict[str, Any]:
        try:
            with (self.folder / name).open("rb") as stream:
                stream.seek(offset)
                value = json.loads(stream.read(length))
        except (OSError, ValueError) as error:
            raise UserError("dataset_broken", path=str(self.folder / name)) from error
        if not isinstance(value, dict):
            raise UserError("dataset_broken", path=str(self.folder / name))
        return value


def load_samples(dataset_dir: Path) -> SampleIndex:
    """Open a finished dataset. Raises `UserError`: `dataset_missing`, `dataset_broken` (exit code 3)."""
    if not (dataset_dir / samples_file("train")).is_file():
        raise UserError("dataset_missing", path=str(dataset_dir))
    rows = [row for split in SPLITS for row in _rows(dataset_dir, split)]
    skipped = [value for _, _, value in _scan(dataset_dir / SKIPPED)]
    try:
        stats = json.loads((dataset_dir / STATS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        stats = {}
    except (OSError, ValueError) as error:
        raise UserError("dataset_broken", path=str(dataset_dir / STATS)) from error
    return SampleIndex(dataset_dir, rows, skipped, stats if isinstance(stats, dict) else {})


def _rows(folder: Path, split: str) -> Iterator[SampleRow]:
    for number, (offset, length, value) in enumerate(_scan(folder / samples_file(split))):
        meta = value.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        date = meta.get("date")
        yield SampleRow(
            split=split,
            offset=offset,
            length=length,
            doc=str(meta.get("doc", "")),
            chunk=_whole(meta.get("chunk"), number),
            view=str(meta.get("view", "")),
            tokens=_whole(meta.get("tokens"), 0),
            title=str(meta.get("title", "")),
            date=date if isinstance(date, str) else None,
        )


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) else default


def _scan(path: Path) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Offset, length and value of every line; a missing file has none."""
    if not path.is_file():
        return
    offset = 0
    with path.open("rb") as stream:
        for line in stream:
            if line.strip():
                try:
                    value = json.loads(line)
                except ValueError as error:
                    raise UserError("dataset_broken", path=str(path)) from error
                if isinstance(value, dict):
                    yield offset, len(line), value
            offset += len(line)
