"""The sentences of the Rate screen; no widgets in here, and nothing that could tell who leads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from styletui_eval.blind.ballot import Status
from textual.content import Content

from styletui.i18n import gettext as _
from styletui.i18n import ngettext
from styletui.jobs.fold import JobState
from styletui.messages import explain
from styletui.nearby import tilde
from styletui.text import one_line, sign
from styletui.verdict import Kind, Line, reveal_lines
from styletui.widgets.figure_rows import share_bar

STYLES: dict[Kind, str] = {
    "title": "bold $primary",
    "won": "bold $success",
    "lost": "bold $error",
    "open": "bold $warning",
    "plain": "",
    "quiet": "$quiet",
    "warn": "bold $warning",
    "bar": "$accent",
}
MARKS: dict[Kind, str] = {"won": "✓", "lost": "✗", "open": "·", "warn": "⚠"}


def line(said: Line) -> Content:
    """One sentence of a verdict with its mark and colour."""
    mark = MARKS.get(said.kind)
    text = f"{sign(mark)} {said.text}" if mark else said.text
    return Content.styled(text, STYLES[said.kind]) if STYLES[said.kind] else Content(text)


def lines(said: list[Line]) -> Content:
    """Several, a gap before each title."""
    parts: list[Content] = []
    for one in said:
        if one.kind == "title" and parts:
            parts.append(Content(""))
        parts.append(line(one))
    return Content("\n").join(parts)


def total(status: Status) -> int:
    """How many pairs there will be, as far as is known."""
    return status.made if status.finished else max(status.planned, status.made)


def progress(status: Status | None, width: int, writing: bool) -> Content:
    """`12 of 30 rated   5 ready   seal 3fa9c1…`, never a tally."""
    if status is None:
        return Content("")
    of = total(status)
    ready = status.made - status.rated
    parts = [Content.styled(_("{n} of {of} rated").format(n=status.rated, of=of), "bold")]
    if not status.finished or ready:
        parts.append(Content(ngettext("{n} ready to read", "{n} ready to read", ready).format(n=ready)))
    if not status.finished:
        parts.append(
            Content.styled(_("more are being written"), "$quiet")
            if writing
            else Content.styled(_("writing has stopped"), "$warning")
        )
    text = Content("   ").join(parts)
    seal = Content.styled(f"{_('seal')} {status.sha256[:8]}{sign('…')}", "$quiet")
    room = width - text.cell_length - seal.cell_length - 6
    if room < 6:
        return Content.assemble(text, "   ", seal) if room >= -3 else text
    return Content.assemble(
        text, "   ", share_bar(status.rated / of if of else 0, min(room, 30)), "   ", seal
    )


def intro(status: Status, full: bool) -> Content:
    """Before the first vote: what is asked, the seal, the keys."""
    key = "bold $accent"
    parts = [
        Content.styled(_("Which of the two texts sounds more like the author?"), "bold $primary"),
        Content(
            _(
                "One is by the adapter, the other by the same model without it, which was shown some of the author's texts instead. "
                "(In some pairs the other was shown none; these are counted apart, and so are pairs in which a text repeats itself.) "
                "The prompts come from texts that neither has learned from. A system coin has shuffled the sides; they stay sealed until the end."
            )
        ),
        Content(""),
        Content.styled(_("SHA-256 of the seal (note it, and nobody can change the sides afterwards):"), "$quiet"),
        Content.styled(f"  {status.sha256}", "bold"),
        Content(""),
        Content.assemble(
            ("1", key), f" {sign('←')} {_('the first')}    ", ("2", key), f" {sign('→')} {_('the second')}    ",
            ("0", key), f" {sign('↓')} {_('both alike')}    ", ("3", key), f" {sign('↑')} {_('skip')}",
        ),
        Content.assemble((_("Backspace"), key), f" {_('takes the last vote back.')} ", _("Every vote is on disk at the key press; leave and come back as you like.")),
    ]  # fmt: skip
    if full:
        words = _(
            "{n} pairs are planned. The reveal says how many votes for one side would have been enough."
        )
        parts.append(Content.styled(words.format(n=status.planned), "$quiet"))
    parts.append(Content(""))
    if status.made:
        ready = ngettext("{n} pair is ready.", "{n} pairs are ready.", status.made).format(n=status.made)
        parts.append(Content.assemble(ready, " ", (_("Enter: begin"), key)))
    else:
        parts.append(
            Content.styled(_("The first pair is being written; you can begin in a moment."), "$quiet")
        )
    return Content("\n").join(parts)


def waiting() -> Content:
    """All that is there is rated, more comes."""
    return Content("\n").join(
        [
            Content.styled(_("You have rated everything that is written so far."), "bold"),
            Content(
                _(
                    "The next pair is being written and appears here by itself. You may also leave and come back."
                )
            ),
        ]
    )


def stopped(state: JobState | None, made: bool, log: Path | None) -> Content:
    """The pairs job has ended before its work was done."""
    parts = [Content.styled(f"{sign('✗')} {_('The writing of pairs has stopped.')}", "bold $warning")]
    error = state.error if state is not None else None
    if error is not None:
        words = explain(error.code, error.params)
        parts += [one_line(text) for text in words.lines()]
        if error.code in ("crashed", "internal") and log is not None:
            parts.append(one_line(tilde(log), "$quiet"))
    if made:
        parts.append(Content(_("What is written and every vote are kept.")))
    parts.append(Content.styled(_("Enter: go on writing"), "bold $accent"))
    return Content("\n").join(parts)


def complete(status: Status) -> Content:
    """Everything is rated; the seal is still closed."""
    if not status.made:
        return Content("\n").join(
            [
                Content.styled(
                    _("There is nothing to rate: every planned pair had to be left out."), "bold $warning"
                ),
                Content(_("The texts were empty, too short, or copied from the training texts.")),
                Content.styled(_("Enter: on to the report"), "bold $accent"),
            ]
        )
    return Content("\n").join(
        [
            Content.styled(
                ngettext("The pair is rated.", "All {n} pairs are rated.", status.rated).format(
                    n=status.rated
                ),
                "bold $success",
            ),
            Content(
                _(
                    "Opening the seal is final: after it no vote can be changed. Backspace still takes the last one back."
                )
            ),
            Content(""),
            Content.styled(_("Enter: open the seal"), "bold $accent"),
        ]
    )


def verdict(result: Mapping[str, Any]) -> Content:
    """The opened seal."""
    sealed = Content.styled(_("Seal: {sha}").format(sha=result["sha256"]), "$quiet")
    return Content("\n").join([lines(reveal_lines(result)), Content(""), sealed])


def saved(choice: str, n: int) -> Content:
    """What the last key press did."""
    words = {
        "left": _("Pair {n}: the first. Saved."),
        "right": _("Pair {n}: the second. Saved."),
        "tie": _("Pair {n}: both alike. Saved."),
        "skip": _("Pair {n}: skipped. Saved."),
        "undo": _("Pair {n}: your vote is taken back."),
    }
    return Content.styled(f"{sign('✓')} {words[choice].format(n=n)}", "$success")
