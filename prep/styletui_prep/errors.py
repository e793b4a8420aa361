"""The one error type that is meant for people.

Engine code raises `UserError` with a code and parameters; the sentences (what happened, why, what to
do next) are made at the top of the house, in the reader's language, by `styletui.messages`.
"""

from __future__ import annotations

from typing import Final

Param = str | int | float

EXIT_DONE: Final = 0
EXIT_UNKNOWN: Final = 1
EXIT_USAGE: Final = 2
EXIT_NO_INPUT: Final = 3
EXIT_STOPPED: Final = 4
EXIT_GATE: Final = 5
EXIT_DETACHED: Final = 130


class UserError(Exception):
    """Something a person can mend.

    `code` names the sentence in `styletui.messages`; `params` fill it. Parameters are paths, names of
    settings, ids and counts, never a person's own text. `exit_code` follows the command contract:
    2 wrong usage, 3 nothing usable in the input, 4 stopped, 5 a gate said no, 1 anything else.
    """

    def __init__(self, code: str, *, exit_code: int = EXIT_NO_INPUT, **params: Param) -> None:
        super().__init__(code)
        self.code = code
        self.exit_code = exit_code
        self.params = params
