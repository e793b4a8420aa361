"""What the program remembers about the person: language and recent sources. Nothing else."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from styletui_prep.files import private_folder, read_json, write_json

from styletui.project import home

RECENT = 8


@dataclass(slots=True)
class Settings:
    """`lang`: zh, en or None (ask the locale). `recent`: source paths, newest first."""

    lang: str | None = None
    recent: list[str] = field(default_factory=list)

    def remember_source(self, source: str) -> None:
        """Put `source` first among the recent ones."""
        self.recent = [source, *[s for s in self.recent if s != source]][:RECENT]


def load() -> Settings:
    """The stored settings; the defaults when there are none or they cannot be read."""
    try:
        data = read_json(home() / "settings.json")
        recent = [str(s) for s in data.get("recent", [])]
        lang = data.get("lang")
    except (OSError, ValueError, AttributeError, TypeError):
        return Settings()
    return Settings(lang=lang if lang in ("zh", "en") else None, recent=recent[:RECENT])


def save(settings: Settings) -> None:
    """Store the settings, whole or not at all."""
    private_folder(home())
    write_json(home() / "settings.json", asdict(settings))
