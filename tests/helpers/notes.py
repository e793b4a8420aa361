"""A small folder of Markdown notes, every sentence different, so that nothing counts as a duplicate."""

from __future__ import annotations

from pathlib import Path

TOPICS = (
    "river",
    "bread",
    "clock",
    "rain",
    "ladder",
    "market",
    "cat",
    "lamp",
    "ferry",
    "salt",
    "door",
    "bench",
)


def article(topic: str, number: int) -> str:
    """Nine short paragraphs about `topic`."""
    lines = []
    for part in range(9):
        turned, steps = f"{chr(97 + part)}{topic[::-1]}", number * 31 + part * 7
        lines.append(
            f"At {part + 5}:{number + 10}, the {topic}{part} was {turned}; I counted {steps} steps, and then again."
        )
    return "\n\n".join(lines)


def write_notes(folder: Path, topics: tuple[str, ...] = TOPICS) -> Path:
    """One dated note a topic, with front matter."""
    folder.mkdir(parents=True)
    for number, topic in enumerate(topics):
        front = f"---\ntitle: The {topic}\ndate: 2024-{number % 12 + 1:02d}-03\n---\n\n"
        (folder / f"{topic}.md").write_text(front + article(topic, number) + "\n", encoding="utf-8")
    return folder
