"""`styletui runs`: trainings live and past; attach to one, resume one, stop one."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from styletui_prep.errors import EXIT_NO_INPUT, UserError

from styletui import messages, service
from styletui.commands import common
from styletui.i18n import gettext as _
from styletui.jobs import supervisor
from styletui.jobs.fold import JobState
from styletui.jobs.follow import Follower
from styletui.jobs.job import Job
from styletui.project import Project, Run
from styletui.service import attach_to
from styletui.visible import plain_line


def add(subparsers: Any) -> list[argparse.ArgumentParser]:
    """Declare the command."""
    parser = subparsers.add_parser(
        "runs", help=_("trainings live and past: list, show, attach, resume, stop")
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help=_("runs of all projects"))
    common.add_json(listing)
    listing.set_defaults(run=run_list)
    show = actions.add_parser("show", help=_("one run: settings, state, results"))
    attach = actions.add_parser("attach", help=_("follow a run or job that goes on; Ctrl-C leaves it alone"))
    resume = actions.add_parser("resume", help=_("go on with a run that broke off, from its last checkpoint"))
    stop = actions.add_parser("stop", help=_("ask a run to stop and keep what it has learned"))
    stop.add_argument("--discard", action="store_true", help=_("stop without saving the adapter"))
    for sub, function in (
        (show, run_show),
        (attach, run_attach),
        (resume, run_resume),
        (stop, run_stop),
    ):
        sub.add_argument("run_path", metavar="RUN", help=_("a run folder (or a job folder)"))
        common.add_json(sub)
        sub.set_defaults(run=function)
    return [parser, listing, show, attach, resume, stop]


def find_job(path: Path) -> Job:
    """The job meant by a run folder (its live job, else its newest training) or by a job folder itself."""
    if (path / "job.json").is_file():
        return Job(path)
    run = Run(path)
    run.info()
    jobs = Job.all(run.jobs_dir)
    living = [job for job in jobs if supervisor.alive(job)]
    if living:
        return living[-1]
    if not jobs:
        raise UserError("no_job", exit_code=EXIT_NO_INPUT, path=str(path))
    return run.job("train") or jobs[-1]


def run_list(args: argparse.Namespace) -> int:
    """Every run, newest first."""
    rows = [_row(run) for project in Project.all() for run in project.runs()]
    if args.json:
        common.print_json({"runs": rows})
        return 0
    if not rows:
        common.say(_("No runs yet."))
    for row in rows:
        print(f"{messages.label('status', row['status']):10} {row['created']}  {row['path']}")
    return 0


def _row(run: Run) -> dict[str, Any]:
    job = run.job("train")
    state = Follower(job).poll() if job else JobState(status="created")
    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(float(run.info().get("created", 0))))
    return {"path": str(run.path), "status": state.status, "created": created, "adapter": run.has_adapter}


def run_show(args: argparse.Namespace) -> int:
    """run.json, the state of its jobs and the last figures."""
    run = Run(common.absolute(args.run_path))
    info = run.info()
    jobs = []
    for job in Job.all(run.jobs_dir):
        state = Follower(job).poll()
        jobs.append({"job": job.path.name, "status": state.status, "blocked": state.blocked})
    train = run.job("train")
    state = Follower(train).poll() if train else JobState()
    result = {
        **info,
        "jobs": jobs,
        "held_out": [{"step": e["step"], "loss": e["loss"]} for e in state.train.evals],
        "summary": state.train.summary,
    }
    if args.json:
        common.print_json(result)
        return 0
    for key, value in sorted(info["config"].items()):
        print(f"{key}: {plain_line(str(value))}  ({info['provenance'].get(key, 'default')})")
    for job_row in jobs:
        print(f"{job_row['job']}: {messages.label('status', str(job_row['status']))}")
    for record in state.train.evals:
        print(_("  step {step}: held-out loss {loss:.4f}").format(step=record["step"], loss=record["loss"]))
    return 0


def run_attach(args: argparse.Namespace) -> int:
    """Follow to the end. An ended job is told from the start, by the same code."""
    path = common.absolute(args.run_path)
    code, state = common.finish(find_job(path), attach_to(path))
    if state is not None and args.json:
        common.print_json({"status": state.status, "result": state.result})
    return code


def run_resume(args: argparse.Namespace) -> int:
    """Start a worker on the same job again, and follow it."""
    path = common.absolute(args.run_path)
    run = Run(path)
    run.info()
    code, state = common.finish(service.resume_train(run), service.attach_command(run))
    if state is not None and args.json:
        common.print_json({"status": state.status, "result": state.result})
    return code


def run_stop(args: argparse.Namespace) -> int:
    """Ask, and wait until it has happened."""
    path = common.absolute(args.run_path)
    job = find_job(path)
    if not supervisor.alive(job):
        raise UserError("not_running", exit_code=EXIT_NO_INPUT, path=str(path))
    supervisor.request(job, "stop", keep=not args.discard)
    common.say(_("Asked to stop; waiting for it to save …"))
    state = common.follow(job, attach_to(path))
    if args.json:
        common.print_json({"status": state.status, "kept": state.kept})
    else:
        print(messages.label("status", state.status))
    return 0 if state.status in ("stopped", "done") else 1
