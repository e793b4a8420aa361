"""Backup formats, one reader each. Parsing lives in here and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from styletui_prep.errors import EXIT_USAGE, UserError
from styletui_prep.readers.base import Detection, Reader
from styletui_prep.readers.markdown import MarkdownReader
from styletui_prep.readers.wechat import WechatReader

# A new format is one more entry. Order decides between equal confidences.
READERS: Final[tuple[Reader, ...]] = (WechatReader(), MarkdownReader())

__all__ = ["READERS", "Detection", "Reader", "choose", "kinds"]


def kinds() -> tuple[str, ...]:
    """The ids that `--kind` takes."""
    return tuple(reader.kind for reader in READERS)


def choose(root: Path, kind: str | None = None) -> tuple[Reader, Detection] | None:
    """The reader that is surest about `root`; with `kind`, that reader, whatever it thinks.

    Raises `UserError("unknown_kind")` (exit code 2); returns None when nobody recognises the place.
    """
    if kind is not None:
        for reader in READERS:
            if reader.kind == kind:
                return reader, reader.detect(root) or Detection(kind, 0.0, "asked_for", 0)
        raise UserError("unknown_kind", exit_code=EXIT_USAGE, value=kind, known=", ".join(kinds()))
    best: tuple[Reader, Detection] | None = None
    for reader in READERS:
        detection = reader.detect(root)
        if detection is not None and (best is None or detection.confidence > best[1].confidence):
            best = reader, detection
    return best
