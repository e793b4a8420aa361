"""From codes to sentences: what happened, why, and what to do, in the language of the screen.

The engine speaks in codes and parameters (`UserError`, `Warned`, `Stage`, skip reasons); only here do they
become words. The tables hold English sentences; the catalogue holds the Chinese ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from styletui.i18n import N_
from styletui.i18n import gettext as _
from styletui.visible import plain_line
from styletui.wording import LABELS, SENTENCES


@dataclass(frozen=True, slots=True)
class Words:
    """What happened, why, and what to do next; `why` and `todo` may be empty."""

    what: str
    why: str = ""
    todo: str = ""

    def lines(self) -> list[str]:
        """The parts that are not empty."""
        return [part for part in (self.what, self.why, self.todo) if part]

    def __str__(self) -> str:
        return " ".join(self.lines())


_UNKNOWN: Final = (N_("Something went wrong that has no sentence of its own yet ({code})."), "", "")


class _Lenient(dict[str, Any]):
    """A missing parameter shows as its name instead of ending in a traceback."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def fill(sentence: str, params: Mapping[str, Any]) -> str:
    """`sentence` with `{name}` filled from `params`; codes among them become words, counts get separators."""
    return sentence.format_map(_Lenient({k: _shown(k, v) for k, v in params.items()})) if sentence else ""


def _shown(name: str, value: Any) -> Any:
    """A parameter as people read it."""
    if isinstance(value, int) and not isinstance(value, bool):
        if name.endswith("_bytes"):
            return f"{value / 1e9:.1f} GB" if value >= 1e9 else f"{value / 1e6:.0f} MB"
        return f"{value:,}" if abs(value) >= 10_000 else value
    if isinstance(value, float):
        return f"{value:g}"
    kind = {"problem": "model_problem", "reason": "skip"}.get(name)
    if not isinstance(value, str):
        return value
    return label(kind, value) if kind else plain_line(value)


def known(code: str) -> bool:
    """Whether `code` has a sentence of its own."""
    return code in SENTENCES


def explain(code: str, params: Mapping[str, Any] | None = None) -> Words:
    """The sentence of an error or a warning."""
    params = dict(params or {})
    parts = SENTENCES.get(code)
    if parts is None:
        parts, params = _UNKNOWN, {"code": code}
    return Words(*(fill(_(part), params) for part in parts))


def label(kind: str, code: str) -> str:
    """The name of a code of `kind`: "stage", "skip", "kind", "view"; the code itself if it has no name yet."""
    found = LABELS.get(kind, {}).get(code)
    return _(found) if found else code.replace("_", " ")
