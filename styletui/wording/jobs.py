"""Sentences of jobs, projects and runs."""

from __future__ import annotations

from styletui.i18n import N_

SENTENCES: dict[str, tuple[str, str, str]] = {
    "crashed": (
        N_("The work ended without a last word."),
        N_("Its process was killed or broke off; often memory ran out."),
        N_("What was saved is kept. Start it again; the end of stderr.log says more."),
    ),
    "internal": (
        N_("The program made a mistake."),
        N_("This is not about your data."),
        N_("The details are in stderr.log of this job; please report them without your texts."),
    ),
    "mistake": (
        N_("The program made a mistake."),
        N_("This is not about your data."),
        N_("The details are in {path}; please report them without your texts."),
    ),
    "job_busy": (N_("This job is already at work."), "", N_("Wait for it, or open it.")),
    "broken_job": (
        N_("The job folder {path} cannot be read."),
        N_("Its job.json is missing or damaged."),
        N_("Start the work again."),
    ),
    "newer_job": (N_("The job {path} was made by a newer styletui."), "", N_("Update styletui to open it.")),
    "unknown_job": (N_("There is no work called “{kind}”."), "", ""),
    "not_a_run": (
        N_("{path} is not a run folder."),
        N_("Its run.json is missing or damaged."),
        N_("`styletui runs list` shows the runs there are."),
    ),
    "newer_run": (N_("The run {path} was made by a newer styletui."), "", N_("Update styletui to open it.")),
    "nothing_to_resume": (
        N_("There is nothing to resume in {path}."),
        N_("The training goes on, has ended, or left no whole checkpoint."),
        N_("`styletui runs show` says how it stands."),
    ),
    "dataset_unfinished": (
        N_("The dataset in {path} is not finished."),
        N_("Preparing it broke off, so its parts may not fit together."),
        N_("Prepare it again, then train."),
    ),
    "run_exists": (N_("There is already a run in {path}."), "", N_("Choose another folder with --out.")),
    "newer_project": (
        N_("The project {path} was made by a newer styletui."),
        "",
        N_("Update styletui to open it."),
    ),
    "broken_project": (
        N_("The project {path} cannot be read."),
        N_("Its project.json is missing or damaged."),
        N_("Open your backup again: styletui PATH"),
    ),
    "no_job": (N_("There is no work in {path}."), "", N_("`styletui runs list` shows what there is.")),
    "not_running": (N_("{path} is not at work now."), "", ""),
    "file_exists": (
        N_("{path} is there already."),
        N_("It is not written over."),
        N_("Choose another name."),
    ),
    "missing_config": (N_("{path} is missing from this installation."), "", N_("Install styletui again.")),
    "no_such_command": (
        N_("There is no command and no path “{name}”."),
        N_("It may be misspelt."),
        N_("`styletui --help` names the commands."),
    ),
    "no_terminal": (
        N_("The full-screen program needs a terminal."),
        "",
        N_("In scripts use the commands: styletui --help."),
    ),
    "newer_log": (
        N_("The event log {path} was written by a newer styletui."),
        "",
        N_("Update styletui to open it."),
    ),
}
