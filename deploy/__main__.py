"""What the scripts of this folder call: `python -m deploy service|rollback|pubsub|schedules ...`."""

import argparse
import os
import sys

from deploy import pubsub, tables
from deploy.cloudrun import CloudRun, current_revision, named
from deploy.commands import Gcloud
from deploy.environment import Environment
from deploy.scheduler import Scheduler
from deploy.services import SERVICES
from shared.errors import TipoffError
from shared.schedules import SCHEDULES

DONE, FAILED = 0, 1


def main(arguments: list[str]) -> int:
    """Run one command; a failure is one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "tables":
            sys.stdout.write(tables.all_of_them())
            return DONE
        environment = Environment.read(os.environ)
        return _run(options, Gcloud(environment.project, dry_run=options.dry_run), environment)
    except TipoffError as error:
        sys.stderr.write(f"error: {error}\n")
        return FAILED


def _run(options: argparse.Namespace, gcloud: Gcloud, environment: Environment) -> int:
    if options.command == "pubsub":
        pubsub.apply(gcloud, environment)
    elif options.command == "schedules":
        return _schedules(options, Scheduler(gcloud, environment))
    else:
        service = CloudRun(gcloud, environment, named(options.service))
        if options.command == "rollback":
            service.rollback(options.revision)
        else:
            service.deploy(current_revision(os.environ.get("REVISION", ""), dry_run=options.dry_run))
    return DONE


def _schedules(options: argparse.Namespace, scheduler: Scheduler) -> int:
    if options.action == "pause":
        scheduler.pause(options.name)
    elif options.action == "resume":
        scheduler.resume(options.name)
    elif options.action == "executions":
        sys.stdout.write(scheduler.executions(options.name) + "\n")
    elif options.action == "check":
        differences = list(scheduler.differences())
        if not scheduler.gcloud.dry_run:
            sys.stdout.write("".join(f"{line}\n" for line in differences or ["deployed as in shared/schedules.py"]))
        return FAILED if differences and not scheduler.gcloud.dry_run else DONE
    else:
        scheduler.apply()
    return DONE


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
    schedules.add_argument("action", nargs="?", choices=("pause", "resume", "check", "executions"), default="apply")
    schedules.add_argument("name", nargs="?", metavar="NAME", help=", ".join(SCHEDULES))
    for command in (service, rollback, topics, schedules):
        command.add_argument("--dry-run", action="store_true", help="print every gcloud command and run none")
    commands.add_parser("tables", help="the tables of docs/deploy.md")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
