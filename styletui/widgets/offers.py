"""The short list of paths under the path field; it never takes the focus from the field."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from styletui.i18n import gettext as _
from styletui.nearby import Offer
from styletui.text import one_line, sign

SHOWN = 8


class OfferList(Widget):
    """Paths one may mean. `offers` are lasting; after Tab the possible completions stand in their place."""

    DEFAULT_CSS = """
    OfferList { height: auto; width: 1fr; }
    """

    offers: reactive[list[Offer]] = reactive(list, layout=True)
    completions: reactive[list[Offer]] = reactive(list, layout=True)
    chosen: reactive[int] = reactive(-1)

    @property
    def shown(self) -> list[Offer]:
        """What stands in the list now."""
        return self.completions or self.offers

    def complete(self, candidates: list[Offer]) -> None:
        """Show `candidates` until the path in the field is something else."""
        self.completions = candidates
        self.chosen = -1

    def select(self, text: str) -> None:
        """The field says `text`: mark the offer that says the same, forget completions that do not fit."""
        spelled = [offer.shown().rstrip("/") for offer in self.shown]
        wanted = text.rstrip("/")
        if self.completions and not any(path.startswith(wanted) for path in spelled):
            self.completions = []
            spelled = [offer.shown().rstrip("/") for offer in self.offers]
        self.chosen = spelled.index(wanted) if wanted in spelled else -1

    def move(self, step: int) -> Offer | None:
        """The offer `step` further on, wrapping round."""
        if not self.shown:
            return None
        if self.chosen < 0:
            self.chosen = 0 if step > 0 else len(self.shown) - 1
        else:
            self.chosen = (self.chosen + step) % len(self.shown)
        return self.shown[self.chosen]

    def render(self) -> Content:
        """One line an offer: mark, path, where it comes from."""
        words = {
            "recent": _("used before"),
            "nearby": _("found nearby"),
            "sample": _("sample that comes with styletui"),
        }
        start = max(0, min(self.chosen - SHOWN + 2, len(self.shown) - SHOWN))
        lines: list[Content] = []
        for number, offer in enumerate(self.shown[start : start + SHOWN], start):
            here = number == self.chosen
            mark = f"{sign('▸')} " if here else "  "
            why = words.get(offer.why, "")
            line = Content.assemble(
                (mark, "bold $accent"),
                one_line(offer.shown(), "bold" if here else ""),
                (f"   {why}" if why else "", "$quiet"),
            )
            lines.append(line)
        hidden = len(self.shown) - start - SHOWN
        if hidden > 0:
            lines.append(Content.styled(f"  {sign('…')} +{hidden}", "$quiet"))
        return Content("\n").join(lines)
