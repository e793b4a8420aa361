"""A backup in, a dataset out."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from styletui_prep.chunk import Chunk, cut
from styletui_prep.collect import Collected, collect, stop_if_asked
from styletui_prep.dataset import (
    DOCUMENTS,
    FORMAT_VERSION,
    MANIFEST,
    ORIGINALS,
    SKIPPED,
    STATS,
    json_bytes,
    lines,
    samples_file,
    write_dataset,
)
from styletui_prep.dedupe import NearIndex
from styletui_prep.document import Document, Skip, count_chars
from styletui_prep.errors import UserError
from styletui_prep.events import Emit, Progress, ShouldStop, Stage, Warned
from styletui_prep.exporters import to_row
from styletui_prep.funnel import Funnel, by_reason, statistics
from styletui_prep.settings import PrepConfig
from styletui_prep.split import SPLITS, split_documents
from styletui_prep.tokens import TokenCounter, load_counter
from styletui_prep.views import Sample, build_samples

__all__ = ["PrepConfig", "PrepResult", "ScanResult", "prepare", "scan"]

FEW_DOCUMENTS = 10
# Less than this is a line, not a piece of writing: there is nothing to learn a style from.
WORTH_TOKENS = 30
_TITLES = 5
_REPORT_EVERY = 10
_PACKAGES = ("styletui", "markdown-it-py", "jieba", "datasketch", "tokenizers", "PyYAML")


@dataclass(frozen=True)
class ScanResult:
    """What is in a place. `authors` and `titles` are private: they belong on the screen, not into events."""

    kind: str
    confidence: float
    reason: str
    files: int
    documents: int
    chars: int
    first_date: str | None
    last_date: str | None
    authors: dict[str, int]
    skipped: dict[str, int]
    titles: tuple[str, ...]
    recognised: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """Everything, for the screen and for `scan --json`."""
        return {
            "kind": self.kind,
            "confidence": self.confidence,
            "reason": self.reason,
            "files": self.files,
            "documents": self.documents,
            "chars": self.chars,
            "first_date": self.first_date,
            "last_date": self.last_date,
            "authors": self.authors,
            "skipped": self.skipped,
            "titles": list(self.titles),
            "recognised": list(self.recognised),
        }


@dataclass(frozen=True)
class PrepResult:
    """Counts of a written dataset; `funnel` from files seen to samples, `skipped` by reason."""

    out: str
    documents: int
    samples: dict[str, int]
    funnel: dict[str, int]
    skipped: dict[str, int]
    exact_tokens: bool

    def to_json(self) -> dict[str, Any]:
        """Counts and the path, no text."""
        return {
            "out": self.out,
            "documents": self.documents,
            "samples": self.samples,
            "funnel": self.funnel,
            "skipped": self.skipped,
            "exact_tokens": self.exact_tokens,
        }


def scan(
    sources: Sequence[Path],
    *,
    kind: str | None = None,
    author: str | None = None,
    emit: Emit,
    should_stop: ShouldStop,
) -> ScanResult:
    """Read everything once and say what is there; writes nothing. Errors: see `collect`."""
    found = collect(sources, kind=kind, author=author, emit=emit, should_stop=should_stop)
    dates = [document.date for document in found.documents if document.date]
    recognised = tuple(
        {
            "source": str(source),
            "kind": seen.kind,
            "confidence": seen.confidence,
            "reason": seen.reason,
            "found": seen.found,
        }
        for source, seen in found.detections
    )
    first = found.detections[0][1]
    step = max(1, len(found.documents) // _TITLES)
    return ScanResult(
        kind=first.kind,
        confidence=first.confidence,
        reason=first.reason,
        files=found.files,
        documents=len(found.documents),
        chars=sum(count_chars(document.text) for document in found.documents),
        first_date=min(dates, default=None),
        last_date=max(dates, default=None),
        authors=found.authors,
        skipped=by_reason(found.skips),
        titles=tuple(document.title for document in found.documents[::step] if document.title)[:_TITLES],
        recognised=recognised,
    )


@dataclass(slots=True)
class _Pieces:
    """A document's chunks: all of them, and those that are kept."""

    chunks: list[Chunk]
    kept: list[tuple[int, Chunk]] = field(default_factory=list)


def prepare(config: PrepConfig, emit: Emit, should_stop: ShouldStop) -> PrepResult:
    """Write the dataset that `config` describes; the folder appears finished or not at all.

    Raises `UserError`: those of `collect` and `PrepConfig.check`, `model_missing`, `broken_tokenizer`,
    `nothing_usable`, `disk_full`, `not_writable`, `stopped`.
    """
    config.check()
    counter, exact = load_counter(config.tokenizer)
    if not exact:
        emit(Warned("tokens_approximate", {}))
    found = collect(
        config.sources, kind=config.kind, author=config.author, emit=emit, should_stop=should_stop
    )
    pieces = _cut_all(config, found, counter, emit, should_stop)
    documents = [document for document in found.documents if document.id in pieces]
    if not documents:
        _nothing(config, found)
    emit(Stage("split"))
    splits = split_documents(documents, mode=config.split, seed=config.seed, train_ratio=config.train_ratio)
    _warn_about_size(documents, splits, emit)
    _drop_repeated(documents, pieces, splits, found, should_stop)
    samples = _sample_all(config, documents, pieces, splits, counter, found, emit, should_stop)
    if not any(samples.values()):
        _nothing(config, found)
    return _write(config, found, documents, pieces, splits, samples, exact, emit)


def _nothing(config: PrepConfig, found: Collected) -> None:
    reason, count = next(iter(by_reason(found.skips).items()), ("too_short", 0))
    raise UserError(
        "nothing_usable", path=str(config.sources[0]), reason=reason, count=count, files=found.files
    )


def _warn_about_size(documents: Sequence[Document], splits: dict[str, str], emit: Emit) -> None:
    if len(documents) < FEW_DOCUMENTS:
        emit(Warned("few_documents", {"documents": len(documents)}))
    if not {"val", "test"} <= set(splits.values()):
        emit(Warned("no_held_out", {"documents": len(documents)}))
    undated = sum(1 for document in documents if not document.date)
    if undated:
        emit(Warned("undated_documents", {"count": undated, "documents": len(documents)}))


def _cut_all(
    config: PrepConfig, found: Collected, counter: TokenCounter, emit: Emit, should_stop: ShouldStop
) -> dict[str, _Pieces]:
    emit(Stage("chunk"))
    pieces: dict[str, _Pieces] = {}
    for number, document in enumerate(found.documents):
        stop_if_asked(should_stop)
        if number % _REPORT_EVERY == 0:
            emit(Progress("chunk", number, len(found.documents)))
        chunks = cut(document.text, counter, config.min_tokens, config.max_tokens)
        tokens = sum(chunk.tokens for chunk in chunks)
        if tokens < min(WORTH_TOKENS, config.min_tokens):
            found.skips.append(Skip(document.source, "too_short", doc=document.id, detail=str(tokens)))
        else:
            pieces[document.id] = _Pieces(chunks)
    return pieces


def _drop_repeated(
    documents: Sequence[Document],
    pieces: dict[str, _Pieces],
    splits: dict[str, str],
    found: Collected,
    should_stop: ShouldStop,
) -> None:
    """No chunk twice, across splits neither; the held-out one stays, as there are fewer of them."""
    index = NearIndex()
    for split in reversed(SPLITS):
        for document in documents:
            if splits[document.id] != split:
                continue
            stop_if_asked(should_stop)
            mine = pieces[document.id]
            for chunk in mine.chunks:
                match = index.find_or_add(f"{document.id}:{chunk.index}", chunk.text)
                if match is None:
                    mine.kept.append((chunk.index, chunk))
                    continue
                reason = "duplicate_chunk" if match[1] else "near_duplicate_chunk"
                found.skips.append(
                    Skip(document.source, reason, doc=document.id, chunk=chunk.index, detail=match[0])
                )


def _sample_all(
    config: PrepConfig,
    documents: Sequence[Document],
    pieces: dict[str, _Pieces],
    splits: dict[str, str],
    counter: TokenCounter,
    found: Collected,
    emit: Emit,
    should_stop: ShouldStop,
) -> dict[str, list[Sample]]:
    emit(Stage("views"))
    samples: dict[str, list[Sample]] = {split: [] for split in SPLITS}
    for number, document in enumerate(documents):
        stop_if_asked(should_stop)
        if number % _REPORT_EVERY == 0:
            emit(Progress("views", number, len(documents)))
        mine = pieces[document.id]
        # A chunk dropped here stands elsewhere, maybe on the side of the test: it is no context either.
        kept = {index: chunk.text for index, chunk in mine.kept}
        before = {index: kept[index - 1] for index in kept if index - 1 in kept}
        for item in build_samples(document, mine.kept, len(mine.chunks), config.views, counter, before):
            if isinstance(item, Sample):
                samples[splits[document.id]].append(item)
            else:
                found.skips.append(item)
    emit(Progress("views", len(documents), len(documents)))
    return samples


def _counts(
    found: Collected, documents: Sequence[Document], pieces: dict[str, _Pieces], samples: int
) -> dict[str, int]:
    chunks = [chunk for mine in pieces.values() for chunk in mine.chunks]
    return {
        "files_seen": found.files,
        "documents_found": found.found,
        "documents_kept": len(documents),
        "characters": sum(count_chars(document.text) for document in documents),
        "chunks_cut": len(chunks),
        "chunks_short": sum(1 for chunk in chunks if chunk.short),
        "chunks_kept": sum(len(mine.kept) for mine in pieces.values()),
        "samples": samples,
        "samples_rejected": sum(1 for skip in found.skips if skip.reason == "prompt_repeats_text"),
    }


def _write(
    config: PrepConfig,
    found: Collected,
    documents: Sequence[Document],
    pieces: dict[str, _Pieces],
    splits: dict[str, str],
    samples: dict[str, list[Sample]],
    exact: bool,
    emit: Emit,
) -> PrepResult:
    emit(Stage("write"))
    skipped = by_reason(found.skips)
    counts = _counts(found, documents, pieces, sum(len(rows) for rows in samples.values()))
    stats = statistics(counts, skipped, dict(found.removed), documents, splits, samples, config.train_ratio)
    files = {
        DOCUMENTS: lines(document.to_json() for document in documents),
        ORIGINALS: lines({"id": document.id, "raw": document.raw} for document in documents),
        SKIPPED: lines(skip.to_json() for skip in found.skips),
        **{
            samples_file(split): lines(to_row(sample, config.format) for sample in samples[split])
            for split in SPLITS
        },
        STATS: json_bytes(stats),
    }
    files[MANIFEST] = json_bytes(_manifest(config, found, documents, exact, files))
    write_dataset(config.out, files)
    emit(Funnel(counts, skipped))
    return PrepResult(
        out=str(config.out),
        documents=len(documents),
        samples={split: len(samples[split]) for split in SPLITS},
        funnel=counts,
        skipped=skipped,
        exact_tokens=exact,
    )


def _manifest(
    config: PrepConfig, found: Collected, documents: Sequence[Document], exact: bool, files: dict[str, bytes]
) -> dict[str, Any]:
    """What went in and what came out, by hash. Holds no time: the same input gives the same manifest."""
    return {
        "format_version": FORMAT_VERSION,
        "settings": config.to_json(),
        "sources": [{"path": str(source), "kind": seen.kind} for source, seen in found.detections],
        "documents": [
            {
                "id": document.id,
                "source": document.source,
                "sha256": document.sha256,
                "encoding": document.encoding,
            }
            for document in documents
        ],
        "tokens": {"exact": exact, "tokenizer_sha256": _tokenizer_hash(config.tokenizer) if exact else None},
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
    }


def _tokenizer_hash(place: Path | None) -> str | None:
    if place is None:
        return None
    file = place if place.is_file() else place / "tokenizer.json"
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
