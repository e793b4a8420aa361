"""The words before a sample: plain labelled text, good as a chat turn and as text to be continued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_LABELS: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "title": "题目：",
        "points": "要点：",
        "words": "关键词：",
        "before": "前文：",
        "text": "正文：",
        "on": "接着写：",
        "comma": "、",
    },
    "en": {
        "title": "Title: ",
        "points": "Points:",
        "words": "Keywords: ",
        "before": "So far:",
        "text": "Text:",
        "on": "Goes on:",
        "comma": ", ",
    },
}
VIEWS: Final = ("outline", "instruct", "continue")


def build_prompt(
    view: str,
    title: str,
    key_sentences: Sequence[str] = (),
    keywords: Sequence[str] = (),
    previous: str = "",
    lang: str = "zh",
) -> str:
    """The prompt of one view (`outline`, `instruct` or `continue`); an empty part leaves its label out too.

    Ends with a line break after the last label, so that a base model goes on with the text itself.
    """
    if view not in VIEWS:
        raise ValueError(f"no such view: {view}")
    label = _LABELS[lang]
    lines: list[str] = []
    if title:
        lines.append(label["title"] + title)
    if view == "outline" and key_sentences:
        lines += [label["points"], *(f"- {point}" for point in key_sentences)]
    if view in ("outline", "instruct") and keywords:
        lines.append(label["words"] + label["comma"].join(keywords))
    if view == "continue":
        lines += [label["before"], previous]
    if lines:
        lines.append("")
    return "\n".join([*lines, label["on"] if view == "continue" else label["text"]]) + "\n"
