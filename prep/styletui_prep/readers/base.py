"""The little that a reader of one backup format must offer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from styletui_prep.document import Document, Skip, Tally


@dataclass(frozen=True, slots=True)
class Detection:
    """Why a reader believes that it can read a place.

    `confidence` from 0 to 1; readers of a known exporter say 0.7 and more, readers of anything at all stay
    under 0.5. `reason` is a code, `found` how many files gave it away.
    """

    kind: str
    confidence: float
    reason: str
    found: int


class Reader(Protocol):
    """One backup format. Readers keep no state: the same object reads many places."""

    kind: str

    def detect(self, root: Path) -> Detection | None:
        """Look at names (and little else) below `root`, a folder or a file; None: not mine."""
        ...

    def read(self, root: Path, tally: Tally) -> Iterator[Document | Skip]:
        """Every document with its raw text, in a stable order, and a reason for every text that is none.

        Never raises for what lies in the files; `tally` counts what was seen on the way.
        """
        ...
