"""The command line: every screen's headless twin. Results to stdout, progress and words to stderr."""

from __future__ import annotations

from styletui.jobs import offline

offline.set_environment()  # before any third-party import of this process

import argparse  # noqa: E402
import contextlib  # noqa: E402
import importlib  # noqa: E402
import io  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Final  # noqa: E402

from styletui_prep.errors import EXIT_DETACHED, EXIT_UNKNOWN, EXIT_USAGE, UserError  # noqa: E402

from styletui import __version__, i18n, settings  # noqa: E402
from styletui.i18n import gettext as _  # noqa: E402

COMMANDS: Final = ("scan", "prep", "models", "train", "runs", "eval", "ab", "config", "paths")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see README.md)."""
    os.umask(0o077)
    _steady_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    _choose_language(arguments)
    try:
        args = _parser(arguments).parse_args(arguments)
        return int(args.run(args))
    except UserError as error:
        from styletui.commands.common import say_error

        say_error(error.code, error.params)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return EXIT_DETACHED
    except Exception as error:
        return _explain(error)


def _explain(error: Exception) -> int:
    """The machine's refusals and our own mistakes, in words; never a traceback on the screen."""
    from styletui_prep.files import writing_failed

    from styletui.commands.common import say_error, say_mistake
    from styletui.project import home

    known = None
    if isinstance(error, OSError):
        place = error.filename2 or error.filename  # of a copy the second is where it was to go
        known = writing_failed(error, Path(os.fsdecode(place)) if isinstance(place, (str, bytes)) else home())
    with contextlib.suppress(OSError):  # nowhere left to say it
        if known is not None:
            say_error(known.code, known.params)
        else:
            say_mistake(error)
    return EXIT_UNKNOWN


def _steady_streams() -> None:
    """Every standard stream is open and takes any file name or word, whatever the locale and the caller did."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    wide = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that is not UTF-8 leaves as the bytes it came in as, so that scripts can use it.
        sys.stdout.reconfigure(errors="surrogateescape" if wide else "backslashreplace")


def _choose_language(arguments: list[str]) -> None:
    """The language must be known before the help texts are built."""
    asked = None
    for position, word in enumerate(arguments):
        if word.startswith("--lang="):
            asked = word.partition("=")[2]
        elif word == "--lang" and position + 1 < len(arguments):
            asked = arguments[position + 1]
    i18n.set_language(i18n.pick_language(asked, settings.load().lang, os.environ))


class Parser(argparse.ArgumentParser):
    """argparse with our exit code and one line of advice."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Wrong usage: say it, name the help, exit 2."""
        self.print_usage(sys.stderr)
        sys.stderr.write(f"{self.prog}: {message}\n" + _("Try `{} --help`.").format(self.prog) + "\n")
        raise SystemExit(EXIT_USAGE)


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = Parser(
        prog="styletui",
        description=_(
            "Fine-tune a local language model on your own writing, and judge it blind. Nothing leaves this machine."
        ),
        epilog=_("Without a command: the full-screen program, on the backup PATH if one is named."),
    )
    parser.add_argument("--version", action="version", version=f"styletui {__version__}")
    _add_lang(parser)
    command = next((word for word in arguments if word in COMMANDS), None)
    opens_screen = not command and not {"-h", "--help"} & set(arguments)
    if opens_screen:
        parser.add_argument("path", nargs="?", metavar="PATH", help=_("a backup to open"))
        parser.set_defaults(run=_open_screen)
        return parser
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for name in COMMANDS:
        module = importlib.import_module(f"styletui.commands.{name}_command")
        _add_lang_everywhere(module.add(subparsers))
    return parser


def _add_lang(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lang", choices=i18n.LANGUAGES, default=argparse.SUPPRESS, help=_("language of words on screen")
    )


def _add_lang_everywhere(parsers: list[argparse.ArgumentParser]) -> None:
    for parser in parsers:
        _add_lang(parser)


def _open_screen(args: argparse.Namespace) -> int:
    from styletui.commands.open_screen import open_screen

    return open_screen(args.path, getattr(args, "lang", None))


if __name__ == "__main__":
    sys.exit(main())
