"""The tables behind `styletui.messages`, one module a floor of the house."""

from __future__ import annotations

from styletui.wording import eval as _eval
from styletui.wording import jobs as _jobs
from styletui.wording import prep as _prep
from styletui.wording import settings as _settings
from styletui.wording import train as _train

Parts = tuple[str, str, str]

SENTENCES: dict[str, Parts] = {**_prep.SENTENCES, **_train.SENTENCES, **_eval.SENTENCES, **_jobs.SENTENCES}
LABELS: dict[str, dict[str, str]] = {}
for _table in (_prep.LABELS, _train.LABELS, _eval.LABELS, _settings.LABELS):
    for _kind, _names in _table.items():
        LABELS.setdefault(_kind, {}).update(_names)
