"""From places on disk to clean documents by one author, each once: the part that scan and prepare share."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from styletui_prep.authorship import is_somebody_else, names, usual_author
from styletui_prep.clean import Cleaned, clean
from styletui_prep.dedupe import NearIndex
from styletui_prep.document import Document, Skip, Tally
from styletui_prep.errors import EXIT_STOPPED, UserError
from styletui_prep.events import Emit, Progress, ShouldStop, Stage, Warned
from styletui_prep.funnel import by_reason
from styletui_prep.readers import Detection, choose
from styletui_prep.script import comparable, without_invisible, writable

_REPORT_EVERY = 20


@dataclass(slots=True)
class Collected:
    """Documents in the order of their dates (undated last) and everything known about what was left out.

    `found` counts documents before authorship and duplicates; `authors` documents by name, those of others too.
    """

    documents: list[Document] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    detections: list[tuple[Path, Detection]] = field(default_factory=list)
    files: int = 0
    found: int = 0
    authors: dict[str, int] = field(default_factory=dict)
    removed: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Candidate:
    document: Document
    cleaned: Cleaned

    @property
    def credited(self) -> list[str]:
        return list(self.cleaned.authors) or names(self.document.author)


def stop_if_asked(should_stop: ShouldStop) -> None:
    """Raise `UserError("stopped")` (exit code 4) when a person asked to stop."""
    if should_stop() is not None:
        raise UserError("stopped", exit_code=EXIT_STOPPED)


def collect(
    sources: Sequence[Path], *, kind: str | None, author: str | None, emit: Emit, should_stop: ShouldStop
) -> Collected:
    """Read, clean, keep one author's documents, drop repeats.

    Raises `UserError`: `source_missing`, `source_unreadable`, `source_empty`, `nothing_recognised`,
    `nothing_usable`, `author_not_found` (exit code 3), `unknown_kind` (2), `stopped` (4).
    """
    result = Collected()
    emit(Stage("read"))
    candidates = [c for source in sources for c in _read(source, kind, result, emit, should_stop)]
    result.found += len(candidates)
    _explain_nothing(sources, result, candidates)
    kept = _by_author(candidates, author, result, emit)
    if not kept and author is not None:
        raise UserError("author_not_found", documents=len(candidates), authors=len(result.authors))
    emit(Stage("dedupe"))
    result.documents = _each_once(kept, result, should_stop)
    _explain_nothing(sources, result, result.documents)
    for code, count in sorted(result.notes.items()):
        emit(Warned(code, {"count": count}))
    return result


def _read(
    source: Path, kind: str | None, result: Collected, emit: Emit, should_stop: ShouldStop
) -> list[_Candidate]:
    _check_place(source)
    chosen = choose(source, kind)
    if chosen is None:
        return []
    reader, detection = chosen
    result.detections.append((source, detection))
    tally = Tally()
    candidates: list[_Candidate] = []
    for number, item in enumerate(reader.read(source, tally)):
        stop_if_asked(should_stop)
        if number % _REPORT_EVERY == 0:
            emit(Progress("read", number, detection.found or None))
        if isinstance(item, Skip):
            result.skips.append(item)
            continue
        candidate = _clean_one(item, result)
        if candidate is not None:
            candidates.append(candidate)
    result.files += tally.files
    return candidates


def _check_place(source: Path) -> None:
    try:
        there = source.exists()
        if there and source.is_dir():
            next(source.iterdir(), None)
        elif there:
            with source.open("rb"):
                pass
    except PermissionError as error:
        raise UserError("source_unreadable", path=str(source)) from error
    except (OSError, ValueError):
        there = False
    if not there:
        raise UserError("source_missing", path=str(source))


def _clean_one(document: Document, result: Collected) -> _Candidate | None:
    cleaned = clean(document.raw, document.profile, document.title)
    result.removed.update(cleaned.removed)
    result.notes.update(document.notes)
    if cleaned.stub or not any(character.isalnum() for character in cleaned.text):
        result.skips.append(
            Skip(document.source, "stub_page" if cleaned.stub else "no_prose", doc=document.id)
        )
        result.found += 1
        return None
    title = " ".join(without_invisible(writable(cleaned.title or document.title)).splitlines()).strip()
    return _Candidate(
        replace(document, title=title, text=writable(cleaned.text), raw=writable(document.raw)), cleaned
    )


def _explain_nothing(sources: Sequence[Path], result: Collected, documents: Sequence[object]) -> None:
    """When there is nothing left, say the most telling reason."""
    if documents:
        return
    path = str(sources[0]) if sources else ""
    reasons = by_reason(result.skips)
    if reasons:
        top, count = next(iter(reasons.items()))
        raise UserError("nothing_usable", path=path, reason=top, count=count, files=result.files)
    if not result.files and all(_is_empty(source) for source in sources):
        raise UserError("source_empty", path=path)
    raise UserError("nothing_recognised", path=path)


def _is_empty(source: Path) -> bool:
    with contextlib.suppress(OSError):
        return source.is_dir() and not any(item.is_file() for item in source.rglob("*"))
    return False


def _by_author(
    candidates: Sequence[_Candidate], author: str | None, result: Collected, emit: Emit
) -> list[Document]:
    """Keep what the author wrote; a document without a credit is by the account's usual author."""
    usual = usual_author([candidate.credited for candidate in candidates])
    wanted = names(author) if author else ([usual] if usual else [])
    # The account's own name stands for its usual author, unless somebody else was asked for.
    at_home = author is None or (
        usual is not None and comparable(usual) in {comparable(name) for name in wanted}
    )
    kept: list[Document] = []
    tally: Counter[str] = Counter()
    for candidate in candidates:
        document, credited, reprint = candidate.document, candidate.credited, candidate.cleaned.reprint
        name = "、".join(credited) or ((usual or document.account) if reprint is None else None)
        if name:
            tally[name] += 1
        claimed = credited or ([usual] if usual and author and document.account and reprint is None else [])
        if is_somebody_else(claimed, reprint, wanted, document.account if at_home else None):
            result.skips.append(Skip(document.source, "other_author", doc=document.id))
        else:
            kept.append(replace(document, author=name))
    result.authors = dict(sorted(tally.items(), key=lambda item: (-item[1], item[0])))
    if author is None and usual is None and len(tally) > 1:
        emit(Warned("several_authors", {"authors": len(tally)}))
    return kept


def _each_once(documents: Sequence[Document], result: Collected, should_stop: ShouldStop) -> list[Document]:
    """Exact and near repeats out, the earliest kept; an undated copy counts as the latest."""
    index = NearIndex()
    kept: list[Document] = []
    for document in sorted(documents, key=lambda d: (d.date is None, d.date or "", d.source, d.id)):
        stop_if_asked(should_stop)
        match = index.find_or_add(document.id, document.text)
        if match is None:
            kept.append(document)
        else:
            reason = "duplicate" if match[1] else "near_duplicate"
            result.skips.append(Skip(document.source, reason, doc=document.id, detail=match[0]))
    return kept
