"""Draw the README's pictures from a finished project: python docs/make_pictures.py [PROJECT_FOLDER]

Opens the real program on the last project (or the named one), screen by screen, in both languages, and exports what
Textual drew as SVG. The web font that Textual names in its SVG is left out: a picture should not ask the network for
anything. The processor's name is left out too: whose machine it was is nobody's business.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import tempfile
from pathlib import Path

from styletui_train.hardware import cpu_name

from styletui.app import StyleApp
from styletui.project import Project

IMAGES = Path(__file__).parent / "images"
SIZE = (110, 32)
FINISHED = {step: step for step in ("source", "preview", "setup", "train", "report")} | {"verdict": "rate"}
SHOWN_AFTER = 12


def without_web_fonts(svg: str) -> str:
    """The picture with fonts of the reader's machine only."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "ui-monospace, Menlo, DejaVu Sans Mono, Noto Sans Mono CJK SC")
    return svg.replace(cpu_name().replace(" ", "&#160;"), "CPU").replace(str(Path.home()), "~")


async def draw(project: Project, lang: str, pictures: dict[str, str]) -> None:
    """`pictures` names a step for each picture; all in one language."""
    app = StyleApp(project=project, source=project.source, lang=lang)
    async with app.run_test(size=SIZE) as pilot:
        for name, step in pictures.items():
            app.go(step)
            await pilot.pause(6.0 if step == "source" else 3.0)
            await app.workers.wait_for_complete()
            svg = without_web_fonts(app.export_screenshot(title=f"styletui · {step}"))
            (IMAGES / f"{name}-{lang}.svg").write_text(svg, encoding="utf-8")


def half_rated(project: Project, folder: Path) -> Project:
    """A copy of `project` in which the blind test is still going on, to show a pair."""
    copy = Project(Path(shutil.copytree(project.path, folder / project.name)))
    blind = copy.runs()[0].blind_dir / "main"
    (blind / "reveal.json").unlink(missing_ok=True)
    votes = (blind / "votes.jsonl").read_text("utf-8").splitlines(keepends=True)
    (blind / "votes.jsonl").write_text("".join(votes[:SHOWN_AFTER]), "utf-8")
    return copy


def main() -> int:
    """Draw them for the last project."""
    project = Project(Path(sys.argv[1])) if len(sys.argv) > 1 else Project.last()
    if project is None or project.step() not in ("rate", "report"):
        sys.stderr.write("There is no finished run yet: walk through `make run` first.\n")
        return 1
    IMAGES.mkdir(exist_ok=True)
    for lang in ("zh", "en"):
        asyncio.run(draw(project, lang, FINISHED))
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(draw(half_rated(project, Path(folder)), lang, {"rate": "rate"}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
