"""Draw the README's pictures from a finished project: python docs/make_pictures.py

Opens the real program on the last project, screen by screen, in both languages, and exports what Textual drew as SVG.
The web font that Textual names in its SVG is left out: a picture should not ask the network for anything.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from styletui.app import StyleApp
from styletui.project import Project

IMAGES = Path(__file__).parent / "images"
SIZE = (110, 32)
STEPS = ("source", "preview", "setup", "train", "rate", "report")


def without_web_fonts(svg: str) -> str:
    """The picture with fonts of the reader's machine only."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code", "ui-monospace, Menlo, DejaVu Sans Mono, Noto Sans Mono CJK SC").replace(
        str(Path.home()), "~"
    )


async def draw(project: Project, lang: str) -> None:
    """All six steps in one language."""
    app = StyleApp(project=project, source=project.source, lang=lang)
    async with app.run_test(size=SIZE) as pilot:
        for step in STEPS:
            app.go(step)
            await pilot.pause(6.0 if step == "source" else 3.0)
            await app.workers.wait_for_complete()
            svg = without_web_fonts(app.export_screenshot(title=f"styletui · {step}"))
            (IMAGES / f"{step}-{lang}.svg").write_text(svg, encoding="utf-8")


def main() -> int:
    """Draw them for the last project."""
    project = Project.last()
    if project is None or project.step() not in ("rate", "report"):
        sys.stderr.write("There is no finished run yet: walk through `make run` first.\n")
        return 1
    IMAGES.mkdir(exist_ok=True)
    for lang in ("zh", "en"):
        asyncio.run(draw(project, lang))
    return 0


if __name__ == "__main__":
    sys.exit(main())
