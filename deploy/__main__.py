"""What the scripts of this folder call: `python -m deploy service|rollback|pubsub|schedules|check ...`."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator

from deploy import images, pubsub, tables
from deploy.cloudrun import CloudRun, current_revision
from deploy.commands import Gcloud, report
from deploy.environment import Environment
from deploy.scheduler import Scheduler
from deploy.services import SERVICES
from shared.errors import TipoffError
from shared.registries.schedules import SCHEDULES

DONE, FAILED = 0, 1
ACTIONS = ("apply", "check", "pause", "resume", "executions")


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
        read_only = options.command == "check"
        gcloud = Gcloud(environment.project, dry_run=options.dry_run, read_only=read_only)
        return _run(options, gcloud, environment)
    except TipoffError as error:
        sys.stderr.write(f"error: {error}\n")
        return FAILED


def _run(options: argparse.Namespace, gcloud: Gcloud, environment: Environment) -> int:
    if options.command == "pubsub":
        pubsub.apply(gcloud, environment)
        report(gcloud)
    elif options.command == "schedules":
        return _schedules(options, Scheduler(gcloud, environment))
    elif options.command == "rollback":
        CloudRun(gcloud, environment, SERVICES[options.service]).rollback(options.revision)
    else:
        revision = current_revision(os.environ.get("REVISION", ""), dry_run=options.dry_run)
        if options.command == "check":
            return _differences(gcloud, drift(gcloud, environment, revision))
        CloudRun(gcloud, environment, SERVICES[options.service]).deploy(revision)
    return DONE


def _schedules(options: argparse.Namespace, scheduler: Scheduler) -> int:
    if options.action == "check":
        return _differences(scheduler.gcloud, scheduler.differences())
    if options.action == "executions":
        sys.stdout.write(scheduler.executions(options.name))
    elif options.action in ("pause", "resume"):
        scheduler.switch(options.action, options.name)
    else:
        scheduler.apply()
        report(scheduler.gcloud)
    return DONE


def _differences(gcloud: Gcloud, differences: Iterable[str]) -> int:
    lines = list(differences)
    if gcloud.dry_run:
        return DONE
    sys.stdout.write("".join(f"{line}\n" for line in lines or ["deployed as this checkout says"]))
    return FAILED if lines else DONE


def drift(gcloud: Gcloud, environment: Environment, revision: str) -> Iterator[str]:
    """Everything that is deployed otherwise than this checkout says, one line each; `gcloud` changes nothing."""
    for service in SERVICES.values():
        yield from CloudRun(gcloud, environment, service).differences(revision)
    pubsub.apply(gcloud, environment)
    yield from (f"different: deploy/pubsub.sh would {change}" for change in gcloud.changes)
    yield from Scheduler(gcloud, environment).differences()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="deploy", description="deploys Tipoff to Google Cloud")
    commands = parser.add_subparsers(dest="command", required=True)
    service = commands.add_parser("service", help="build, deploy without traffic, check, switch")
    service.add_argument("service", choices=SERVICES)
    rollback = commands.add_parser("rollback", help="give traffic back to an earlier revision")
    rollback.add_argument("service", choices=SERVICES, metavar="SERVICE", help=", ".join(SERVICES))
    rollback.add_argument("revision", nargs="?", metavar="REVISION", help="default: the newest ready one before")
    topics = commands.add_parser("pubsub", help="topics, subscriptions, dead letters, permissions")
    schedules = commands.add_parser("schedules", help="create or update the schedules; or one of the actions")
    schedules.add_argument("action", nargs="?", choices=ACTIONS, default="apply")
    schedules.add_argument("name", nargs="?", metavar="NAME", help=", ".join(SCHEDULES))
    check = commands.add_parser("check", help="what is deployed otherwise than this checkout says")
    for command in (service, rollback, topics, schedules, check):
        command.add_argument("--dry-run", action="store_true", help="print every gcloud command and run none")
    tried = commands.add_parser("images", help="build every image on this machine, start it and try it")
    tried.add_argument("services", nargs="*", metavar="SERVICE", help=f"default: all, {', '.join(SERVICES)}")
    commands.add_parser("tables", help="the tables of docs/deploy.md")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
