"""Sentences and names for the codes of train."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str, str]] = {}
LABELS: dict[str, dict[str, str]] = {}
