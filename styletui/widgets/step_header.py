"""The line at the top: the six steps, the one you are on, and what the offline guard has seen."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from styletui.actions import STEPS
from styletui.i18n import N_, ngettext
from styletui.i18n import gettext as _
from styletui.text import ascii_only, sign

STEP_NAMES = {
    "source": N_("Source"),
    "preview": N_("Preview"),
    "setup": N_("Setup"),
    "train": N_("Train"),
    "rate": N_("Rate"),
    "report": N_("Report"),
}


def step_name(step: str) -> str:
    """The name of a step in the current language."""
    return _(STEP_NAMES[step])


class StepHeader(Widget):
    """`styletui  ✓ Source › [2 Preview] › 3 Setup …   offline ✓ 0 blocked`, as much of it as fits."""

    DEFAULT_CSS = """
    StepHeader { dock: top; height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """

    done: reactive[frozenset[str]] = reactive(frozenset(), init=False)
    blocked: reactive[int] = reactive(0, init=False)

    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step

    def render(self) -> Content:
        """The line, shortened until it fits."""
        width = self.content_size.width or self.app.size.width - 2
        guard_long, guard_short = self._guard(False), self._guard(True)
        brand = Content.styled("styletui  ", "bold $text-primary")
        nothing = Content("")
        for left, gap, right in (
            (brand, f" {sign('›')} ", guard_long),
            (brand, f" {sign('›')} ", guard_short),
            (nothing, f" {sign('›')} ", guard_short),
            (nothing, " ", guard_short),
        ):
            line = left + self._steps(gap)
            space = width - line.cell_length - right.cell_length
            if space >= 1:
                return line + Content(" " * space) + right
        return self._steps(" ")

    def _steps(self, gap: str) -> Content:
        parts: list[Content] = []
        plain_signs = ascii_only() or self.app.no_color
        for number, step in enumerate(STEPS, 1):
            name = step_name(step)
            if step == self.step:
                text = f"[{number} {name}]" if plain_signs else f" {number} {name} "
                parts.append(Content.styled(text, "bold reverse $accent"))
            elif step in self.done:
                parts.append(Content.styled(f"{sign('✓')} {name}", "$text-success"))
            else:
                parts.append(Content.styled(f"{number} {name}", "$quiet"))
        return Content.styled(gap, "$faint").join(parts)

    def _guard(self, short: bool) -> Content:
        if self.blocked:
            text = ngettext("{n} blocked", "{n} blocked", self.blocked).format(n=self.blocked)
            return Content.styled(_("offline") + f" {sign('✗')} {text}", "bold $text-warning")
        text = _("offline") + f" {sign('✓')}"
        if not short:
            text += " " + ngettext("{n} blocked", "{n} blocked", 0).format(n=0)
        return Content.styled(text, "$text-success")
