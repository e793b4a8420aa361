"""What the Preview screen says: the funnel, a sample, a dropped piece."""

from __future__ import annotations

from typing import Any, Final

from styletui_prep.dataset import SampleIndex, SampleRow
from textual.content import Content

from styletui.i18n import gettext as _
from styletui.i18n import ngettext
from styletui.jobs.fold import JobState
from styletui.messages import explain, label
from styletui.text import one_line, sign

ENOUGH_DOCUMENTS: Final = 128
FEW_DOCUMENTS: Final = 50
SHOWN_WARNINGS: Final = 3
VIEWS: Final = ("outline", "instruct", "continue", "rewrite")


def head(data: SampleIndex | None, state: JobState | None) -> Content:
    """The funnel in one line, and under it loudly what a person should know."""
    if data is None:
        return Content("")
    lines = [_funnel(data.stats)]
    warnings = state.warnings if state is not None else ()
    for warning in sorted(warnings, key=lambda w: w.code != "few_documents")[:SHOWN_WARNINGS]:
        said = explain(warning.code, warning.params)
        # Too little data is said in full and bold; of the rest, what happened.
        loud = warning.code == "few_documents"
        text = f"{said.what} {said.why}" if loud else said.what
        lines.append(one_line(f"{sign('⚠')} {text}", "bold $text-warning" if loud else "$text-warning"))
    kept = int(data.stats.get("documents_kept", 0))
    if FEW_DOCUMENTS <= kept < ENOUGH_DOCUMENTS:
        text = _("Thin: {n} documents. It will work, but more would help (128 and up is good).")
        lines.append(Content.styled(f"{sign('⚠')} " + text.format(n=kept), "$text-warning"))
    return Content("\n").join(lines)


def _funnel(stats: dict[str, Any]) -> Content:
    arrow = Content.styled(f" {sign('→')} ", "$faint")
    documents = int(stats.get("documents_kept", 0))
    samples = int(stats.get("total_samples", 0))
    parts = [Content(ngettext("{n} document", "{n} documents", documents).format(n=f"{documents:,}"))]
    chunks = int(stats.get("chunks_kept", 0))
    if chunks:
        parts.append(Content(ngettext("{n} piece", "{n} pieces", chunks).format(n=f"{chunks:,}")))
    parts.append(
        Content.styled(ngettext("{n} sample", "{n} samples", samples).format(n=f"{samples:,}"), "bold")
    )
    split = f" {sign('·')} ".join(
        f"{int(stats.get(name + '_samples', 0)):,} {split_name(name)}" for name in ("train", "val", "test")
    )
    return Content.assemble(arrow.join(parts), (f"   {split}", "$quiet"))


def split_name(split: str) -> str:
    """What a split is for."""
    return {"train": _("learn"), "val": _("watch"), "test": _("judge")}.get(split, split)


def views_of(data: SampleIndex | None) -> list[str]:
    """The views this dataset has, from its statistics, else all."""
    found = (data.stats.get("views") or {}) if data is not None else {}
    return [v for v in VIEWS if v in found] if found else list(VIEWS[:3])


def sample_line(sample: SampleRow) -> Content:
    """`outline   512  Title`."""
    return Content.assemble(
        (_pad(label("view", sample.view), 9), "$quiet"),
        f"{sample.tokens:>5} ",
        one_line(sample.title or sample.doc),
    )


def _pad(text: str, width: int) -> str:
    """`text` padded to `width` cells (a Chinese character takes two)."""
    return text + " " * max(1, width - Content(text).cell_length)


def sample_facts(sample: SampleRow) -> Content:
    """Title, view, tokens, date, what it is for."""
    tokens = ngettext("{n} scored token", "{n} scored tokens", sample.tokens).format(n=f"{sample.tokens:,}")
    facts = [label("view", sample.view), tokens, split_name(sample.split)]
    if sample.date:
        facts.append(sample.date[:10])
    return Content.assemble(one_line(sample.title, "bold"), "\n", (f" {sign('·')} ".join(facts), "$quiet"))


def part_title(part: str) -> str:
    """The heading over one of the texts."""
    if part == "given":
        return _("Given (not scored)")
    if part == "scored":
        return _("Learned (every token scored)")
    return _("Original, before cleaning")


def dropped_line(row: dict[str, Any]) -> Content:
    """`too short  source`."""
    what = str(row.get("source") or row.get("doc") or "")
    return Content.assemble(
        (_pad(label("skip", str(row.get("reason", ""))), 15), "$text-warning"), one_line(what)
    )


def dropped_facts(row: dict[str, Any]) -> Content:
    """The reason in words, where it was, and what the engine noted."""
    reason = str(row.get("reason", ""))
    lines = [Content.styled(label("skip", reason), "bold $text-warning")]
    lines += [
        Content(part) for part in (label("skip_why", reason),) if part and part != reason.replace("_", " ")
    ]
    for name, key in (
        (_("Source"), "source"),
        (_("Document"), "doc"),
        (_("Piece"), "chunk"),
        (_("Detail"), "detail"),
    ):
        value = row.get(key)
        if value not in (None, "", {}):
            lines.append(Content.assemble((f"{name}: ", "$quiet"), one_line(str(value))))
    return Content("\n").join(lines)
