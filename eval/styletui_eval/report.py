"""The report as blocks that a terminal or a page can lay out; every word comes from `translate`.

Numbers never stand without their interval where there is one, and what does not follow from them is said as loudly
as what does. `report_data` is the same as plain JSON values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from styletui_prep.errors import EXIT_NO_INPUT, EXIT_UNKNOWN, Param, UserError

from styletui_eval.blind.reveal import RevealResult, read_reveal
from styletui_eval.blind.statistics import Tally
from styletui_eval.evaluate import FORMAT, REPORT
from styletui_eval.stylometry import NAMES

LOW_PICKS: Final = 20
"""Left-right picks from which a leaning to one side is spoken of."""


class Translate(Protocol):
    """A code and what fills it, to a sentence or label in the reader's language."""

    def __call__(self, code: str, /, **params: Param) -> str: ...


Kind = Literal["title", "text", "good", "doubt", "table"]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the report. `text` for title, text, good (a finding) and doubt (what to be careful about);
    `header` and `rows` for a table, whose cells are finished strings. `code` names what it is about.
    """

    kind: Kind
    code: str
    text: str = ""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def report_data(run_dir: Path) -> dict[str, Any]:
    """The evaluation and every revealed blind test of a run, as JSON values: {"evaluation": ...|None, "blind": [...]}.

    Raises UserError: "nothing_to_report" (3) when there is neither, "broken_report" or "newer_report" (1).
    """
    evaluation = _evaluation(run_dir)
    verdicts = _verdicts(run_dir)
    if evaluation is None and not verdicts:
        raise UserError("nothing_to_report", exit_code=EXIT_NO_INPUT)
    return {"evaluation": evaluation, "blind": [v.to_json() for v in verdicts]}


def build_report(run_dir: Path, translate: Translate) -> list[Block]:
    """The report of a run, top to bottom: blind verdicts, bits per character, indicators. Raises as `report_data`."""
    evaluation = _evaluation(run_dir)
    verdicts = _verdicts(run_dir)
    if evaluation is None and not verdicts:
        raise UserError("nothing_to_report", exit_code=EXIT_NO_INPUT)
    blocks: list[Block] = []
    for verdict in verdicts:
        blocks += _blind(verdict, translate)
    if not verdicts:
        blocks += [
            Block("title", "report_blind", translate("report_blind")),
            Block("doubt", "no_blind_result", translate("no_blind_result")),
        ]
    if evaluation is not None:
        try:
            blocks += _bits(evaluation, translate) + _indicators(evaluation, translate)
        except (KeyError, TypeError, ValueError, IndexError):
            raise UserError("broken_report", exit_code=EXIT_UNKNOWN) from None
    return blocks


def _evaluation(run_dir: Path) -> dict[str, Any] | None:
    try:
        data = json.loads((run_dir / REPORT).read_bytes())
        version = int(data["v"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise UserError("broken_report", exit_code=EXIT_UNKNOWN) from None
    if version > FORMAT:
        raise UserError("newer_report", exit_code=EXIT_UNKNOWN, found=version, known=FORMAT)
    return dict(data)


def _verdicts(run_dir: Path) -> list[RevealResult]:
    """Revealed blind tests, oldest first; a sealed one is not mentioned."""
    found = (read_reveal(folder) for folder in sorted((run_dir / "blind").glob("*")) if folder.is_dir())
    return sorted((v for v in found if v is not None), key=lambda v: v.time)


# Blind test


def _blind(verdict: RevealResult, t: Translate) -> list[Block]:
    header = tuple(
        t(code)
        for code in ("col_contrast", "col_wins", "col_losses", "col_ties", "col_skips", "col_rate", "col_e")
    )
    contrasts = [("contrast_main", verdict.main), ("contrast_zero", verdict.zero)]
    if verdict.loops.pairs:
        contrasts.append(("contrast_loops", verdict.loops.votes))
    rows = tuple(_contrast_row(t(code), result) for code, result in contrasts)
    return [
        Block("title", "report_blind", t("report_blind")),
        Block("table", "blind_counts", header=header, rows=rows),
        _verdict_sentence(verdict.main, t),
        *(Block("doubt", code, t(code, **params)) for code, params in _blind_doubts(verdict)),
    ]


def _contrast_row(name: str, result: Tally) -> tuple[str, ...]:
    rate = "–"
    if result.rate is not None:
        rate = f"{result.rate:.0%} [{result.interval.low:.0%}, {result.interval.high:.0%}]"
    return (
        name,
        str(result.wins),
        str(result.losses),
        str(result.ties),
        str(result.skips),
        rate,
        f"{result.e:.3g}",
    )


def _verdict_sentence(main: Tally, t: Translate) -> Block:
    """The one sentence that people remember; decided only at E >= 20."""
    votes = main.wins + main.losses
    if votes + main.ties == 0:
        return Block("doubt", "no_votes", t("no_votes"))
    if main.favours == "adapter":
        return Block("good", "adapter_wins", t("adapter_wins", wins=main.wins, votes=votes))
    if main.favours == "base":
        return Block("doubt", "base_wins", t("base_wins", losses=main.losses, votes=votes))
    return Block("doubt", "undecided", t("undecided", wins=main.wins, votes=votes, e=round(main.e, 2)))


def _blind_doubts(verdict: RevealResult) -> list[tuple[str, dict[str, Param]]]:
    found: list[tuple[str, dict[str, Param]]] = []
    if verdict.problems:
        found.append(("test_tampered", {"problems": len(verdict.problems)}))
    if verdict.early:
        found.append(("revealed_early", {"rated": verdict.rated, "planned": verdict.planned}))
    if verdict.loops.pairs:
        texts = verdict.loops.texts
        ours = texts.get("adapter", 0)
        found.append(
            (
                "loops_apart",
                {"pairs": verdict.loops.pairs, "adapter": ours, "base": sum(texts.values()) - ours},
            )
        )
    for reason, arms in sorted(verdict.dropped.items()):
        ours = arms.get("adapter", 0)
        found.append((f"dropped_{reason}", {"adapter": ours, "base": sum(arms.values()) - ours}))
    if verdict.picked >= LOW_PICKS and not 0.25 <= verdict.picked_left / verdict.picked <= 0.75:
        found.append(("leaning_to_a_side", {"left": verdict.picked_left, "votes": verdict.picked}))
    return found


# Bits per character


def _bits(evaluation: dict[str, Any], t: Translate) -> list[Block]:
    bits = evaluation["bits_per_character"]
    blocks = [Block("title", "report_bits", t("report_bits"))]
    if "base" in bits:
        header = tuple(t(c) for c in ("col_documents", "arm_base", "arm_adapter", "col_difference"))
        difference = f"{bits['difference']:+.3f}" + _interval(bits["low"], bits["high"], "+.3f")
        row = (str(bits["documents"]), f"{bits['base']:.3f}", f"{bits['adapter']:.3f}", difference)
        blocks.append(Block("table", "bits_table", header=header, rows=(row,)))
        if bits["high"] is not None and bits["high"] < 0:
            share = round(100 * -bits["difference"] / bits["base"], 1)
            blocks.append(Block("good", "bits_drop", t("bits_drop", percent=share)))
        if bits["low"] is None:
            blocks.append(Block("doubt", "no_interval", t("no_interval")))
    of_bits = ("too_few_documents", "interval_includes_zero", "adapter_is_worse")
    documents = int(bits.get("documents", 0))
    return blocks + [
        Block("doubt", c, t(c, documents=documents)) for c in evaluation["notes"] if c in of_bits
    ]


def _interval(low: float | None, high: float | None, form: str) -> str:
    return "" if low is None or high is None else f" [{low:{form}}, {high:{form}}]"


# Indicators

_FORMS: Final = {
    "text_length": ".0f",
    "sentence_length": ".1f",
    "punctuation": ".1f",
    "stop_words": ".1%",
    "diversity": ".2f",
}


def _indicators(evaluation: dict[str, Any], t: Translate) -> list[Block]:
    arms = evaluation["indicators"]
    names = ("author", "base", "adapter")
    header = (t("col_indicator"), *(t(f"arm_{arm}") for arm in names))
    rows = tuple(
        (t(f"ind_{name}"), *(_estimate(arms[arm][name], _FORMS[name]) for arm in names)) for name in NAMES
    )
    sizes = (t("ind_texts"), *(f"{arms[arm]['texts']} / {arms[arm]['characters']}" for arm in names))
    texts = evaluation["texts"]
    blocks = [
        Block("title", "report_indicators", t("report_indicators")),
        Block("table", "indicator_table", header=header, rows=(*rows, sizes)),
        Block("text", "indicators_describe", t("indicators_describe")),
    ]
    looping = texts["looping"]
    if looping["base"] or looping["adapter"]:
        blocks.append(
            Block("doubt", "texts_loop", t("texts_loop", base=looping["base"], adapter=looping["adapter"]))
        )
    of_texts: Sequence[str] = (
        "too_little_text",
        "base_already",
        "indicators_undecided",
        "lengths_equalised",
        "lengths_capped",
    )
    return blocks + [Block("doubt", c, t(c)) for c in evaluation["notes"] if c in of_texts]


def _estimate(found: dict[str, float | None], form: str) -> str:
    value = found["value"]
    return "–" if value is None else f"{value:{form}}" + _interval(found["low"], found["high"], form)
