"""What the scripts of this folder call: `python -m deploy setup|service|rollback|pubsub|schedules|check ...`."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from deploy import cloudrun, images, project, pubsub, scheduler, tables
from deploy.cloudrun import CloudRun, current_revision
from deploy.commands import Gcloud, report
from deploy.environment import Environment
from deploy.resources import Group, apply, differences
from deploy.services import SERVICES
from shared.errors import TipoffError

DONE, FAILED = 0, 1
ACTIONS = ("apply", "check", "pause", "resume", "executions")
MADE = {
    "setup": lambda environment: chain(project.groups(environment), pubsub.topics(environment)),
    "pubsub": pubsub.groups,
    "schedules": scheduler.groups,
}
"""Commands that make resources, and which."""


def main(arguments: list[str]) -> int:
    """Run one command; a failure is one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "tables":
            sys.stdout.write(tables.all_of_them())
            return DONE
        if options.command == "images":
            images.run(options.services)
            return DONE
        environment = Environment.read(os.environ)
        return _run(options, Gcloud(environment.project, dry_run=options.dry_run), environment)
    except TipoffError as error:
        sys.stderr.write(f"error: {error}\n")
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted: the same command again goes on from here\n")
    return FAILED


def _run(options: argparse.Namespace, gcloud: Gcloud, environment: Environment) -> int:
    if options.command in MADE:
        return _made(options, gcloud, environment)
    if options.command == "rollback":
        CloudRun(gcloud, environment, SERVICES[options.service]).rollback(options.revision)
        return DONE
    revision = current_revision(os.environ.get("REVISION", ""), dry_run=options.dry_run)
    if options.command == "check":
        return _differences(gcloud, everything(gcloud, environment, revision))
    CloudRun(gcloud, environment, SERVICES[options.service]).deploy(revision, options.percent)
    return DONE


def _made(options: argparse.Namespace, gcloud: Gcloud, environment: Environment) -> int:
    """A command that makes groups of resources, or one of the schedules' other actions."""
    groups = MADE[options.command](environment)
    action = getattr(options, "action", "apply")
    if action == "check":
        # What the schedules need is not looked at.
        return _differences(gcloud, (replace(group, needs=()) for group in groups))
    if action == "executions":
        sys.stdout.write(scheduler.executions(gcloud, options.name))
    elif action in ("pause", "resume"):
        scheduler.switch(gcloud, environment, action, options.name)
    else:
        apply(gcloud, groups)
        report(gcloud)
    return DONE


def _differences(gcloud: Gcloud, groups: Iterable[Group]) -> int:
    lines = list(differences(gcloud, groups))
    if gcloud.dry_run:
        return DONE
    sys.stdout.write("".join(f"{line}\n" for line in lines or ["deployed as this checkout says"]))
    return FAILED if lines else DONE


def everything(gcloud: Gcloud, environment: Environment, revision: str) -> Iterator[Group]:
    """Everything that is declared, in the order in which it is deployed."""
    yield from project.groups(environment)
    yield from cloudrun.groups(gcloud, environment, revision)
    yield from pubsub.groups(environment)
    yield from scheduler.groups(environment)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="deploy", description="deploys Tipoff to Google Cloud")
    commands = parser.add_subparsers(dest="command", required=True)
    setup = commands.add_parser("setup", help="everything a project needs before the first deploy")
    service = commands.add_parser("service", help="build, deploy without traffic, check, switch")
    service.add_argument("service", choices=SERVICES)
    service.add_argument(
        "--percent",
        type=int,
        choices=range(1, 101),
        default=100,
        metavar="N",
        help="give the new revision N percent of the traffic, the serving one the rest; again to go on",
    )
    rollback = commands.add_parser("rollback", help="give traffic back to an earlier revision")
    rollback.add_argument("service", choices=SERVICES, metavar="SERVICE", help=", ".join(SERVICES))
    rollback.add_argument("revision", nargs="?", metavar="REVISION", help="default: the newest ready one before")
    topics = commands.add_parser("pubsub", help="topics, subscriptions, dead letters, permissions")
    schedules = commands.add_parser("schedules", help="create or update the schedules; or one of the actions")
    schedules.add_argument("action", nargs="?", choices=ACTIONS, default="apply")
    schedules.add_argument("name", nargs="?", metavar="NAME", help=", ".join(scheduler.JOBS))
    check = commands.add_parser("check", help="what is deployed otherwise than this checkout says")
    for command in (setup, service, rollback, topics, schedules, check):
        command.add_argument("--dry-run", action="store_true", help="print every gcloud command and run none")
    tried = commands.add_parser("images", help="build every image on this machine, start it and try it")
    tried.add_argument("services", nargs="*", metavar="SERVICE", help=f"default: all, {', '.join(SERVICES)}")
    commands.add_parser("tables", help="the tables of docs/deploy.md")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
