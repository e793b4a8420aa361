"""The report as text: on screen with colours, on the command line without; nothing is said by colour alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from textual.content import Content

from styletui.i18n import gettext as _
from styletui.i18n import ngettext
from styletui.nearby import tilde
from styletui.screens.rate_words import line, lines
from styletui.text import ascii_only, one_line, sign
from styletui.verdict import ARMS, INDICATORS, Line, headline, rate_words, reveal_lines, translate
from styletui.widgets.figure_rows import share_bar

FORMS: Final = {
    "text_length": ".0f",
    "sentence_length": ".1f",
    "punctuation": ".1f",
    "stop_words": ".1%",
    "diversity": ".2f",
}
OF_BITS: Final = ("too_few_documents", "interval_includes_zero", "adapter_is_worse", "no_interval")
BAR: Final = 24


def title(text: str) -> Content:
    """The head of a section."""
    return Content.styled(text, "bold $primary")


def report(data: Mapping[str, Any], run: Path, width: int, *, whole: bool = False) -> Content:
    """Everything there is in `report_data`, in `width` cells; `whole` tells the blind test in full."""
    sections = [blind(data["blind"], whole)]
    evaluation = data["evaluation"]
    if evaluation is not None:
        sections += [bits(evaluation, width), indicators(evaluation, width)]
        sections.append([_where(run)])
    parts: list[Content] = []
    for section in sections:
        parts += [*([Content("")] if parts else []), *section]
    return Content("\n").join(parts)


def _where(run: Path) -> Content:
    return Content.assemble((f"{_('All numbers:')} ", "$quiet"), one_line(tilde(run / "report.json")))


# --- the blind test -----------------------------------------------------------------------------------
def blind(results: Sequence[Mapping[str, Any]], whole: bool) -> list[Content]:
    """Every revealed test: the verdict, and with `whole` every line of it."""
    if not results:
        return [title(translate("report_blind")), line(Line("open", translate("no_blind_result")))]
    parts = [title(translate("report_blind"))]
    for result in results:
        main = result["main"]
        if whole:
            parts.append(lines(reveal_lines(result)))
            continue
        doubts = [one for one in reveal_lines(result) if one.kind == "warn"]
        verdict = headline(main, tampered=bool(result["problems"]))
        parts += [line(one) for one in (verdict, *rate_words(main), *doubts)]
    return parts


# --- bits per character -------------------------------------------------------------------------------
def bits(evaluation: Mapping[str, Any], width: int) -> list[Content]:
    """Base against adapter as bars, the paired difference, and what it means."""
    found = evaluation["bits_per_character"]
    parts = [title(f"{translate('report_bits')} ({_('lower is better')})")]
    if "base" in found:
        most = max(found["base"], found["adapter"]) or 1.0
        names = {arm: translate(f"arm_{arm}") for arm in ("base", "adapter")}
        pad = max(Content(name).cell_length for name in names.values())
        for arm, name in names.items():
            gap = " " * (pad - Content(name).cell_length + 2)
            style = "$accent" if arm == "adapter" else "$secondary"
            parts.append(
                Content.assemble(
                    (name, "$quiet"), gap, (f"{found[arm]:.3f}", "bold"), "  ",
                    share_bar(found[arm] / most, min(BAR * 2, width - pad - 12), style),
                )
            )  # fmt: skip
        parts.append(_difference(found))
        if found["high"] is not None and found["high"] < 0:
            share = round(100 * -found["difference"] / found["base"], 1)
            parts.append(line(Line("won", translate("bits_drop", percent=share))))
        if found["low"] is None:
            parts.append(line(Line("warn", translate("no_interval"))))
    parts.append(
        Content.styled(
            _(
                "Measured on whole documents kept for judging; not comparable with the figure shown while training."
            ),
            "$quiet",
        )
    )
    documents = int(found.get("documents", 0))
    codes = [code for code in evaluation["notes"] if code in OF_BITS]
    return parts + [line(Line("warn", translate(code, documents=documents))) for code in codes]


def _difference(found: Mapping[str, Any]) -> Content:
    n = int(found["documents"])
    interval = ""
    if found["low"] is not None:
        interval = f" [{found['low']:+.3f}, {found['high']:+.3f}]"
    words = ngettext(
        "({n} document, paired, 95 %)",
        "({n} documents, paired, 95 %)",
        n,
    ).format(n=n)
    return Content.assemble(
        (f"{_('difference')} ", "$quiet"), (f"{found['difference']:+.3f}{interval}", "bold"), (f"  {words}", "$quiet")
    )  # fmt: skip


# --- indicators ---------------------------------------------------------------------------------------
def indicators(evaluation: Mapping[str, Any], width: int) -> list[Content]:
    """Author, base, adapter: a number and a small bar each, with intervals where there is room."""
    arms = evaluation["indicators"]
    names = [_(name) for name in INDICATORS.values()]
    first = max(Content(name).cell_length for name in [*names, _("texts / characters")]) + 2
    column = max(12, (width - first) // 3)
    head = [Content(" " * first)]
    head += [_cell(Content.styled(_(ARMS[arm]), "bold"), column) for arm in ARMS]
    parts = [title(translate("report_indicators")), Content("").join(head)]
    for (code, _name), name in zip(INDICATORS.items(), names, strict=True):
        most = max((arms[arm][code]["value"] or 0.0) for arm in ARMS) or 1.0
        row = [_cell(Content.styled(name, "$quiet"), first)]
        row += [_cell(_estimate(arms[arm][code], FORMS[code], most, column, arm), column) for arm in ARMS]
        parts.append(Content("").join(row))
    row = [_cell(Content.styled(_("texts / characters"), "$quiet"), first)]
    sizes = (f"{arms[arm]['texts']} / {arms[arm]['characters']:,}" for arm in ARMS)
    parts.append(Content("").join([*row, *(_cell(Content.styled(size, "$quiet"), column) for size in sizes)]))
    return [*parts, *_notes(evaluation)]


def _notes(evaluation: Mapping[str, Any]) -> list[Content]:
    parts = [Content.styled(translate("indicators_describe"), "$quiet")]
    looping = evaluation["texts"]["looping"]
    if looping["base"] or looping["adapter"]:
        parts.append(line(Line("warn", translate("texts_loop", **looping))))
    codes = [code for code in evaluation["notes"] if code not in OF_BITS]
    return parts + [line(Line("warn", translate(code))) for code in codes]


def _cell(content: Content, width: int) -> Content:
    return content + Content(" " * max(1, width - content.cell_length))


def _estimate(found: Mapping[str, Any], form: str, most: float, column: int, arm: str) -> Content:
    value = found["value"]
    if value is None:
        return Content.styled("-", "$quiet")
    number = Content.styled(f"{value:{form}}".rjust(6), "bold")
    style = {"author": "$primary", "base": "$secondary"}.get(arm, "$accent")
    if column < 25 or found["low"] is None:
        return Content.assemble(number, " ", share_bar(value / most, max(4, min(8, column - 9)), style))
    low, high = (f"{found[end]:{form}}" for end in ("low", "high"))
    interval = f"{low.removesuffix('%')}{'-' if ascii_only() else '–'}{high}"
    bar = share_bar(value / most, max(4, min(8, column - 9 - 13)), style)
    return Content.assemble(number, " ", bar, " ", (interval, "$quiet"))


# --- while it is measured -----------------------------------------------------------------------------
def measuring(documents: int) -> Content:
    """What is going on, with the documents scored so far."""
    words = _("Measuring on texts that the adapter has not learned from.")
    if documents:
        more = ngettext("{n} document scored so far.", "{n} documents scored so far.", documents)
        words = f"{words} {more.format(n=documents)}"
    return Content(words)


def no_report(reason: Sequence[str], log: Path | None) -> Content:
    """The measurement ended without a report; `log` is where its process wrote to."""
    parts = [Content.styled(f"{sign('✗')} {_('There is no report yet.')}", "bold $warning")]
    parts += [one_line(part) for part in reason]
    if log is not None:
        parts.append(one_line(tilde(log), "$quiet"))
    return Content("\n").join([*parts, Content.styled(_("Enter: measure again"), "bold $accent")])
