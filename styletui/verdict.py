"""What a blind test and an evaluation have shown, in plain sentences: the same on screen and on the command line.

Numbers decide which sentence is said; a result that could be chance is never called a win.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from styletui_eval.blind.statistics import DECIDED_AT, leans, wins_needed

from styletui.i18n import N_, ngettext
from styletui.i18n import gettext as _
from styletui.messages import explain, fill, known, label
from styletui.text import ascii_only

Kind = Literal["title", "won", "lost", "open", "plain", "quiet", "warn", "bar"]


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence and how it is meant: title, the verdict (won, lost, open), plain, quiet, a warning, or a drawn bar."""

    kind: Kind
    text: str


def percent(share: float) -> str:
    """A share as whole per cent."""
    return f"{100 * share:.0f} %"


def _named(table: Mapping[str, str], code: str) -> str:
    """The words for `code`; one that is newer than this program stands for itself."""
    return _(table[code]) if code in table else code.replace("_", " ")


# --- the blind test -----------------------------------------------------------------------------------
def headline(tally: Mapping[str, Any], *, tampered: bool = False) -> Line:
    """The one sentence that people remember. Decided only at E >= 20, and never by votes that were tampered with."""
    if tampered:
        return Line("warn", _("No verdict: the seal or the votes were changed afterwards."))
    wins, losses, ties = tally["wins"], tally["losses"], tally["ties"]
    if wins + losses + ties == 0:
        return Line("open", _("No verdict: nothing was voted on the main question."))
    counts = {"wins": wins, "losses": losses}
    if tally["favours"] == "adapter":
        return Line(
            "won", _("The adapter wins, {wins} to {losses}: more than chance can explain.").format(**counts)
        )
    if tally["favours"] == "base":
        return Line(
            "lost",
            _("The base model wins, {losses} to {wins}: the adapter does not sound like the author.").format(
                **counts
            ),
        )
    return Line(
        "open", _("Not decided: {wins} to {losses} can be chance. This is not a win.").format(**counts)
    )


def evidence(tally: Mapping[str, Any]) -> Line:
    """The E-value in plain words. A coin reaches E only once in E tests (Ville)."""
    e = float(tally["e"])
    shown = f"{e:,.0f}" if e >= 100 else f"{e:.1f}"
    if e >= DECIDED_AT:
        words = _(
            "E-value {e}: a coin would reach this at most once in {times} tests. From 20 on we call it decided."
        )
        return Line("plain", words.format(e=shown, times=f"{e:,.0f}"))
    if e > 2:
        words = _("E-value {e}: a coin reaches this in up to one of {times} tests. Decided is from 20 on.")
        return Line("plain", words.format(e=shown, times=f"{e:.1f}"))
    return Line(
        "plain",
        _("E-value {e}: no evidence; a coin looks just like this. Decided is from 20 on.").format(e=shown),
    )


def rate_words(tally: Mapping[str, Any]) -> list[Line]:
    """The rate with Wilson's interval, drawn and said."""
    if tally["rate"] is None:
        return []
    low, high = tally["interval"]["low"], tally["interval"]["high"]
    words = _(
        "The adapter was taken in {rate} of the votes; the true rate lies between {low} and {high} (95 %, Wilson)."
    )
    return [
        Line("bar", rate_bar(float(tally["rate"]), low, high)),
        Line("plain", words.format(rate=percent(tally["rate"]), low=percent(low), high=percent(high))),
    ]


def rate_bar(rate: float, low: float, high: float, width: int = 41) -> str:
    """0 to 100 % with the interval, the rate and a mark at one half, legible without colour."""
    at = [min(width - 1, max(0, round(x * (width - 1)))) for x in (low, rate, high)]
    thin, thick, mark, half = (".", "=", "o", "|") if ascii_only() else ("·", "━", "◆", "┼")
    cells = [thin] * width
    for place in range(at[0], at[2] + 1):
        cells[place] = thick
    cells[width // 2] = half
    cells[at[1]] = mark
    return f"{_('base')} 0 % {''.join(cells)} 100 % {_('adapter')}"


def counts_words(tally: Mapping[str, Any]) -> Line:
    """All four counts of one contrast."""
    words = _("Adapter {wins}, base {losses}, alike {ties}, skipped {skips}.")
    return Line("plain", words.format(**{k: tally[k] for k in ("wins", "losses", "ties", "skips")}))


def reveal_lines(result: Mapping[str, Any]) -> list[Line]:
    """A revealed blind test (`RevealResult.to_json()`), the verdict first, every doubt after it."""
    main = result["main"]
    lines = [headline(main, tampered=bool(result["problems"]))]
    votes = main["wins"] + main["losses"] + main["ties"]
    if votes:
        lines += [*rate_words(main), counts_words(main), evidence(main)]
    decided = main["wins"] + main["losses"]
    needed = wins_needed(decided) if main["favours"] is None and decided else None
    if needed is not None:
        words = _("Of {n} decided votes, {k} for one side would have been enough.")
        lines.append(Line("quiet", words.format(n=decided, k=needed)))
    elif main["favours"] is None and votes:
        lines.append(Line("quiet", _("So few votes cannot decide anything, whatever they say.")))
    lines.append(
        Line("quiet", _("The opponent was the base model with a few of the author's texts as examples."))
    )
    return [*lines, *doubts(result), *_apart(result)]


def doubts(result: Mapping[str, Any]) -> list[Line]:
    """What weakens the verdict: tampering, an early end, a habit of one side, dropped pairs."""
    lines = []
    if result["problems"]:
        lines.append(
            Line("warn", _("The seal or the votes were changed afterwards; this result proves nothing."))
        )
        lines += [Line("warn", _named(PROBLEMS, code)) for code in result["problems"]]
    if result["early"]:
        words = _("Revealed early, after {rated} of {planned} pairs; this is recorded.")
        lines.append(
            Line("warn", words.format(rated=result["rated"], planned=max(result["planned"], result["made"])))
        )
    picked, left = result["picked"], result["picked_left"]
    if leans(left, picked):
        words = _("You took the first text {left} times of {picked}: a habit of one side weakens the result.")
        lines.append(Line("warn", words.format(left=left, picked=picked)))
    for reason, arms in sorted(result["dropped"].items()):
        adapter = int(arms.get("adapter", 0))
        base = sum(arms.values()) - adapter
        words = _("Left out before you saw them ({reason}): adapter {adapter}, base {base}.")
        lines.append(Line("quiet", words.format(reason=_named(DROPPED, reason), adapter=adapter, base=base)))
    return lines


def _apart(result: Mapping[str, Any]) -> list[Line]:
    """What is counted apart: the base without examples, and pairs in which a text repeats itself."""
    lines = []
    zero, loops = result["zero"], result["loops"]
    if zero["wins"] + zero["losses"] + zero["ties"] + zero["skips"]:
        lines.append(Line("title", _("Counted apart: against the base model without examples")))
        lines.append(counts_words(zero))
        lines.append(
            Line("quiet", _("Winning here shows that the text hangs together, not that it has the style."))
        )
    if loops["pairs"]:
        adapter = int(loops["texts"].get("adapter", 0))
        base = sum(loops["texts"].values()) - adapter
        lines.append(Line("title", _("Counted apart: pairs in which a text repeats itself")))
        words = ngettext(
            "{n} pair; texts that repeat: adapter {adapter}, base {base}. These are no votes on style.",
            "{n} pairs; texts that repeat: adapter {adapter}, base {base}. These are no votes on style.",
            loops["pairs"],
        )
        lines.append(Line("plain", words.format(n=loops["pairs"], adapter=adapter, base=base)))
        if any(loops["votes"][k] for k in ("wins", "losses", "ties", "skips")):
            lines.append(counts_words(loops["votes"]))
    return lines


# --- the evaluation -----------------------------------------------------------------------------------
INDICATORS: Final = {
    "text_length": N_("text length, characters"),
    "sentence_length": N_("sentence length, characters"),
    "punctuation": N_("punctuation per 100 characters"),
    "stop_words": N_("share of stop words"),
    "diversity": N_("lexical diversity"),
}
ARMS: Final = {"author": N_("author"), "base": N_("base"), "adapter": N_("adapter")}

DROPPED: Final = {
    "empty_text": N_("one side wrote nothing"),
    "too_short": N_("too short to judge"),
    "copied": N_("copied from the training texts"),
}
PROBLEMS: Final = {
    "other_commitment": N_("The SHA-256 you noted is not the one here."),
    "seal_unreadable": N_("The sealed file cannot be read."),
    "seal_changed": N_("The sealed file was changed."),
    "side_changed": N_("A side was changed."),
    "pair_unplanned": N_("There is a pair that was never planned."),
    "pair_missing": N_("A pair that was rated is gone."),
    "pair_changed": N_("A text was changed after its vote."),
    "chain_broken": N_("A vote was changed, removed or put in."),
    "reveal_unreadable": N_("The recorded result cannot be read."),
    "votes_differ_from_reveal": N_("Votes were changed after the reveal."),
    "verdict_changed": N_("The recorded result is not what the votes come to; they were counted again here."),
}

REPORT_WORDS: Final = {
    "report_blind": N_("Blind test"),
    "report_bits": N_("Held-out bits per character"),
    "report_indicators": N_("Five plain indicators"),
    "no_blind_result": N_("No blind test has been revealed yet. Only that one can say whether it sounds like the author."),
    "bits_drop": N_("The adapter predicts the author's unseen texts better: {percent} % fewer bits."),
    "no_interval": N_("So few documents give no interval: this can be chance."),
    "too_few_documents": N_("Few held-out documents ({documents}): take the numbers as a hint, no more."),
    "interval_includes_zero": N_("The interval includes zero: the difference can be chance."),
    "adapter_is_worse": N_("The adapter predicts the author's unseen texts worse than the base model does."),
    "indicators_describe": N_("These describe; they do not prove. Closer to the author is better, higher is not."),
    "texts_loop": N_("Texts that repeat themselves: base {base}, adapter {adapter}."),
    "too_little_text": N_("Little text in an arm (under 5,000 characters): the indicators are uncertain."),
    "base_already": N_("On most indicators the base model is already as close to the author as can be told."),
    "indicators_undecided": N_("With so little text, most indicators cannot tell base and author apart."),
    "lengths_equalised": N_("Text length says nothing here: the blind test cuts both texts to one length."),
    "lengths_capped": N_("Most texts ended at the length limit, so text length says nothing here."),
}  # fmt: skip


def translate(code: str, /, **params: Any) -> str:
    """The words for a code of report.json or a heading over it, in the current language."""
    if code in REPORT_WORDS:
        return fill(_(REPORT_WORDS[code]), params)
    head, _sep, name = code.partition("_")
    for prefix, table in (("ind", INDICATORS), ("arm", ARMS)):
        if head == prefix and name in table:
            return _(table[name])
    return str(explain(code, params)) if known(code) else label("report", code)
