"""What evaluating and making pairs report while they work. Ids and counts only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class EvalDocument:
    """One held-out document was scored; bits per character without (`base_bpc`) and with the adapter."""

    type: ClassVar[str] = "eval_document"
    doc: str
    base_bpc: float
    adapter_bpc: float


@dataclass(frozen=True, slots=True)
class Committed:
    """The plan of a blind test is sealed; `sha256` is what the rater may note before the first vote."""

    type: ClassVar[str] = "committed"
    name: str
    sha256: str
    planned: int


@dataclass(frozen=True, slots=True)
class PairMade:
    """Pair number `n` lies in pairs.jsonl and may be rated."""

    type: ClassVar[str] = "pair"
    n: int
    id: str


@dataclass(frozen=True, slots=True)
class PairDropped:
    """A planned pair is not shown; `reason` is one of `styletui_eval.blind.protocol.DROP_REASONS`."""

    type: ClassVar[str] = "pair_dropped"
    id: str
    reason: str
