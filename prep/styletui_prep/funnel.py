"""Every count from files seen to samples written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from styletui_prep.document import Document, Skip
from styletui_prep.split import SPLITS
from styletui_prep.views import Sample


@dataclass(frozen=True, slots=True)
class Funnel:
    """Counts of a finished preparation, and of what was left out by reason."""

    type: ClassVar[str] = "funnel"
    counts: dict[str, int]
    skipped: dict[str, int]


def by_reason(skips: Iterable[Skip]) -> dict[str, int]:
    """How often each reason occurs, the most frequent first."""
    tally = Counter(skip.reason for skip in skips)
    return dict(sorted(tally.items(), key=lambda item: (-item[1], item[0])))


def statistics(
    counts: dict[str, int],
    skipped: dict[str, int],
    removed: dict[str, int],
    documents: Sequence[Document],
    splits: dict[str, str],
    samples: dict[str, list[Sample]],
    train_ratio: float | None,
) -> dict[str, Any]:
    """dataset_stats.json: the funnel, and the keys of the founding guide.

    `train_ratio` is the share asked for, or the share of documents that training got.
    """
    everything = [sample for split in SPLITS for sample in samples[split]]
    kept = Counter(splits[document.id] for document in documents)
    years = Counter(
        (document.date or "unknown")[:4] if document.date else "unknown" for document in documents
    )
    views = Counter(sample.view for sample in everything)
    actual = round(kept["train"] / len(documents), 4) if documents else 0.0
    return {
        **counts,
        "skipped": skipped,
        "removed": removed,
        "views": dict(sorted(views.items())),
        "scored_tokens": {split: sum(sample.tokens for sample in samples[split]) for split in SPLITS},
        **{f"{split}_documents": kept[split] for split in SPLITS},
        "total_articles": len(documents),
        "total_samples": len(everything),
        **{f"{split}_samples": len(samples[split]) for split in SPLITS},
        "train_ratio": train_ratio if train_ratio is not None else actual,
        "years": dict(sorted(years.items())),
        "sample_templates": dict(sorted(views.items())),
    }
