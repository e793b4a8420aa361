"""`styletui train`: an adapter from a dataset, in a worker that outlives this terminal."""

from __future__ import annotations

import argparse
from typing import Any

from styletui_prep.errors import EXIT_USAGE, UserError

from styletui import service
from styletui.commands import common
from styletui.i18n import gettext as _


def add(subparsers: Any) -> list[argparse.ArgumentParser]:
    """Declare the command."""
    parser = subparsers.add_parser("train", help=_("train an adapter on a dataset"))
    parser.add_argument(
        "dataset", metavar="DATASET", help=_("a folder made by `styletui prep`, or a file of samples")
    )
    parser.add_argument("--model", metavar="MODEL", help=_("model folder to start from"))
    parser.add_argument(
        "--out", metavar="RUN", required=True, help=_("folder for the run; must not hold one yet")
    )
    parser.add_argument("--config", metavar="FILE.yaml", help=_("settings, see `styletui config init`"))
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help=_("one setting; repeatable")
    )
    parser.add_argument(
        "--preset", choices=("quick", "standard"), help=_("quick: a first look within minutes")
    )
    parser.add_argument(
        "--time-budget", type=float, metavar="SECONDS", help=_("stop in time, saving included")
    )
    parser.add_argument(
        "--device", choices=("cuda", "mps", "cpu"), help=_("where to compute (default: the fastest)")
    )
    parser.add_argument("--seed", type=int)
    parser.add_argument("--detach", action="store_true", help=_("start it and return at once"))
    common.add_json(parser)
    parser.set_defaults(run=run)
    return [parser]


def run(args: argparse.Namespace) -> int:
    """Resolve the settings, make the run folder, start the worker, follow it."""
    from styletui_train.config import load_yaml, parse_set

    from styletui.training import check_model, resolve_training

    file = load_yaml(common.absolute(args.config)) if args.config else {}
    sets = parse_set(args.set)
    model = args.model or sets.get("model_name") or file.get("model_name")
    if not model:
        raise UserError("no_model_named", exit_code=EXIT_USAGE)
    model_path = common.absolute(str(model))
    check_model(model_path)
    flags = {"seed": args.seed, "device": args.device, "time_budget_s": args.time_budget}
    resolved = resolve_training(
        common.absolute(args.dataset),
        model_path,
        preset=args.preset or sets.get("preset") or file.get("preset") or "standard",
        flags={k: v for k, v in flags.items() if v is not None},
        sets=sets,
        file=file,
    )
    training = service.create_run(common.absolute(args.out), resolved.config.to_json(), resolved.provenance)
    job = service.start_train(training)
    attach = service.attach_command(training)
    if args.detach:
        common.say(_("Training goes on by itself; see it with: {}").format(attach))
        if args.json:
            common.print_json({"run": str(training.path), "job": str(job.path)})
        else:
            print(str(training.path))
        return 0
    code, state = common.finish(job, attach)
    if state is None:
        return code
    result = {"run": str(training.path), "status": state.status, **state.result}
    if args.json:
        common.print_json(result)
    elif code == 0 or state.kept:
        print(str(training.path))
    return code
