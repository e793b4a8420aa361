"""What a preparation can be told, and what it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from styletui_prep.dataset import check_out
from styletui_prep.errors import EXIT_USAGE, UserError
from styletui_prep.exporters import FORMATS
from styletui_prep.prompts import VIEWS
from styletui_prep.readers import kinds


@dataclass(frozen=True)
class PrepConfig:
    """Settings of one preparation.

    sources: folders or files. out: the dataset folder. kind: a reader's id, None to recognise. author: only
    documents by this name (several names apart by commas). tokenizer: a model folder whose `tokenizer.json`
    counts; None for an approximation. min_tokens, max_tokens: size of a chunk. split: `time` or `random`.
    train_ratio: share of documents to train on (0 to 1); None keeps the newest 15 % for test and the 10 %
    before them for validation. format: see `exporters.FORMATS`.
    """

    sources: tuple[Path, ...]
    out: Path
    kind: str | None = None
    author: str | None = None
    tokenizer: Path | None = None
    views: tuple[str, ...] = VIEWS
    min_tokens: int = 300
    max_tokens: int = 800
    split: str = "time"
    seed: int = 42
    train_ratio: float | None = None
    format: str = "messages"

    def check(self) -> None:
        """Raise `UserError` (exit code 2) for a value that cannot be meant."""
        _one_of("view", [view for view in self.views if view not in VIEWS][:1], VIEWS)
        _one_of("split", [self.split] if self.split not in ("time", "random") else [], ("time", "random"))
        _one_of("format", [self.format] if self.format not in FORMATS else [], tuple(FORMATS))
        _one_of("kind", [self.kind] if self.kind is not None and self.kind not in kinds() else [], kinds())
        if not self.views:
            raise UserError("no_views", exit_code=EXIT_USAGE, known=", ".join(VIEWS))
        if not 1 <= self.min_tokens <= self.max_tokens:
            raise UserError(
                "bad_chunk_size", exit_code=EXIT_USAGE, minimum=self.min_tokens, maximum=self.max_tokens
            )
        if self.train_ratio is not None and not 0 < self.train_ratio < 1:
            raise UserError("bad_ratio", exit_code=EXIT_USAGE, ratio=self.train_ratio)
        out = self.out.resolve()
        for source in self.sources:
            inside = out.is_relative_to(source.resolve())
            # Hidden folders are never read, so what lies there (our own data folder, say) is not the backup.
            if inside and not any(p.startswith(".") for p in out.relative_to(source.resolve()).parts):
                raise UserError("out_is_source", exit_code=EXIT_USAGE, path=str(source))
        check_out(self.out)

    def to_json(self) -> dict[str, Any]:
        """The settings for the manifest."""
        return {
            "kind": self.kind,
            "author": self.author,
            "tokenizer": str(self.tokenizer) if self.tokenizer else None,
            "views": list(self.views),
            "min_tokens": self.min_tokens,
            "max_tokens": self.max_tokens,
            "split": self.split,
            "seed": self.seed,
            "train_ratio": self.train_ratio,
            "format": self.format,
        }


def _one_of(setting: str, wrong: list[str], known: tuple[str, ...]) -> None:
    if wrong:
        raise UserError(f"unknown_{setting}", exit_code=EXIT_USAGE, value=wrong[0], known=", ".join(known))
