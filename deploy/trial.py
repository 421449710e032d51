"""What `make images` runs within each image, as the image's own user: `python - SERVICE REVISION < deploy/trial.py`.

The service is started by the image's own command, without a platform behind it. It must be healthy all the same, name
what it lacks to a caller with a genuine token, refuse strangers and end when told to; the worker's must train. A line
says what was seen.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

START_SECONDS, STOP_SECONDS, ANSWER_SECONDS = 60, 10, 30
ARCHIVE = "/archive"
WRITABLE = ("/tmp", "/var/tmp", "/run/lock", ARCHIVE)  # noqa: S108 - everybody's in any Debian, and the mount
FAILED = "failed: "
"""What the last line begins with if something is not as it must be."""
FORGED = {"Authorization": "Bearer e30.e30.SIGNATURE_REMOVED_BY_GOOGLE"}
"""As if the platform had checked it: a service that believes it lets in whoever leaves the signature out."""
PASS_HERE = ("consumers", "archive", "lightgbm")
"""Checks that pass without a cloud; every other one must name what is missing."""
KEY = "trial"
NOT_IN_TIME = "no answer within"
"""What a check says that has not ended in time."""
ROUNDS, PAUSE_SECONDS = 2, 11.0
"""How often readiness is asked again where a check was late; its answers count for ten seconds."""
EMULATED = "TIPOFF_TRIAL_EMULATED"
"""Set where the service stands on emulators: then it must be ready."""
REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Problem(Exception):  # noqa: N818 - what it is
    """Something is not as it must be."""


def require(condition: object, otherwise: str) -> None:
    """Raises Problem unless a condition holds."""
    if not condition:
        raise Problem(otherwise)


def late(*_: object) -> None:
    """When the alarm rings."""
    raise Problem(f"does not listen within {START_SECONDS} s")


def alone() -> None:
    """Nobody but root may change what the image holds, and this is not root."""
    require(os.getuid(), "runs as root")
    find = ["find", "/", "-xdev", "(", "-type", "d", "-o", "-type", "f", ")", "-writable", "-not", "-path", "/proc/*"]
    found = subprocess.run(find, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False).stdout  # noqa: S603 - fixed
    other = {path for path in found.splitlines() if not path.startswith(WRITABLE)}
    require(not other, f"can write {', '.join(sorted(other))}")


class Platform:
    """What Google is to a service here: it signs tokens, says what they are verified with, and keeps a door shut."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - only the image has it

        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While it serves, the settings of a service started from here lead to it."""
        from cryptography.hazmat.primitives import serialization as to  # noqa: PLC0415 - as above

        public = self._private.public_key().public_bytes(to.Encoding.PEM, to.PublicFormat.SubjectPublicKeyInfo)
        certificates = json.dumps({KEY: public.decode()}).encode()

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = self.path == "/certs"
                self.send_response(HTTPStatus.OK if known else HTTPStatus.FORBIDDEN)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(certificates if known else b"{}")

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}"
            os.environ |= {"TIPOFF_TOKEN_CERTS_URL": f"{url}/certs", "TIPOFF_DOOR": f"{url}/healthz/"}
            yield
            server.shutdown()

    def token(self) -> dict[str, str]:
        """The header of somebody who may ask."""
        from cryptography.hazmat.primitives import serialization as to  # noqa: PLC0415 - as above
        from google.auth import crypt, jwt  # noqa: PLC0415 - as above

        pem = self._private.private_bytes(to.Encoding.PEM, to.PrivateFormat.TraditionalOpenSSL, to.NoEncryption())
        now, email = int(time.time()), os.environ["TIPOFF_OPERATORS"]
        claims = {
            "iss": "https://accounts.google.com",
            "aud": os.environ["TIPOFF_PEOPLE_AUDIENCE"],
            "email": email,
            "email_verified": True,
            "iat": now,
            "exp": now + 600,
        }
        signed: bytes = jwt.encode(crypt.RSASigner.from_string(pem, KEY), claims)  # type: ignore[no-untyped-call]  # google-auth
        return {"Authorization": f"Bearer {signed.decode()}"}


@contextmanager
def started(service: str) -> Iterator[int]:
    """The port of the service, while it runs; it must end by itself when it is told to."""
    command = ["sh", "-c", "exec python -m services.$SERVICE"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - fixed
        signal.signal(signal.SIGALRM, late)
        signal.alarm(START_SECONDS)
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker
            line = next((line for line in process.stdout if line.startswith(f"{service} http://")), "")
            signal.alarm(0)
            require(line, "ended before it listened")
            yield int(line.rpartition(":")[2])
            process.terminate()
            code = process.wait(STOP_SECONDS)
            require(code == 0, f"ended with {code} when told to end")
        finally:
            process.kill()


def ask(port: int, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    """(status, body) of a request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def healthy(port: int, service: str, revision: str) -> None:
    """It works, and is who it should be."""
    status, body = ask(port, "GET", "/healthz", {})
    wanted = {"service": service, "revision": revision, "healthy": True}
    require(status == HTTPStatus.OK and wanted.items() <= json.loads(body).items(), f"/healthz answers {status} {body}")


def missing(port: int, token: dict[str, str]) -> tuple[list[str], str]:
    """(checks, what is missing): all of the cloud but a folder, where there are no emulators."""
    status, body = ask(port, "GET", "/readyz/", token)
    for _ in range(ROUNDS):  # a cold service on a busy machine may not be in time for its own limits
        if NOT_IN_TIME in body:
            time.sleep(PAUSE_SECONDS)
            status, body = ask(port, "GET", "/readyz/", token)
    require(status in (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE), f"/readyz/ answers {status} {body}")
    checks: dict[str, str] = json.loads(body)["checks"]
    absent = {name: why for name, why in checks.items() if why != "ok"}
    if EMULATED in os.environ:
        require(status == HTTPStatus.OK and not absent, f"/readyz/ answers {status} {body} on the emulators")
        return list(checks), ""
    right = status != HTTPStatus.OK and absent.keys() == checks.keys() - {*PASS_HERE} and "" not in absent.values()
    require(right, f"/readyz/ answers {status} {body}")
    return list(checks), "; ".join(f"{name}: {why}" for name, why in absent.items())


def closed(port: int, service: str) -> None:
    """Nobody gets in without a token, or with a forged one."""
    paths = (("POST", f"/push/{service}-tasks"), ("POST", "/v1/runs"), ("GET", "/readyz/"), ("GET", "/metrics"))
    for method, path in paths:
        for headers in ({}, FORGED):
            status, body = ask(port, method, path, headers)
            unknown = path.startswith("/v1") and service != "coordinator" and status == HTTPStatus.NOT_FOUND
            refused = unknown or status in REFUSALS
            require(refused, f"answers a stranger's {method} {path} {headers} with {status} {body}")


def train() -> str:
    """A training on made-up rows, by the worker's own code; what it learned is opened again."""
    import numpy as np  # noqa: PLC0415 - only the worker's image has it

    from services.worker.domain.training.frame import Frame  # noqa: PLC0415 - as above
    from services.worker.domain.training.run import train as learn  # noqa: PLC0415 - as above
    from services.worker.models import open_model  # noqa: PLC0415 - as above
    from shared.registries.features import FEATURES  # noqa: PLC0415 - as above
    from shared.registries.markets import MARKETS  # noqa: PLC0415 - as above

    slates, players = 24, 20
    n, rng = slates * players, np.random.default_rng(1)
    features: dict[str, Any] = {
        name: rng.uniform(feature.low, min(feature.high, feature.low + 3.0), n) for name, feature in FEATURES.items()
    }
    features |= {"minutes_ewma": np.full(n, 25.0), "minutes_season_mean": np.full(n, 25.0)}
    days = np.repeat(np.datetime64("2024-01-01") + np.arange(slates), players).astype("datetime64[D]")
    counts = {market: rng.poisson(6.0, n).astype(float) for market in MARKETS}
    rows = Frame(features, days, np.tile(np.arange(players), slates), counts, np.full(n, 25.0), np.ones(n, dtype=bool))
    made = learn(rows, mode="overnight", as_of=days[-1].astype(object)).trained
    require("boosted" in made, "LightGBM learned nothing")
    for name, one in made.items():
        file = Path(ARCHIVE, name)
        file.write_bytes(one.data)
        open_model(file.read_bytes(), name, one.digest)
    return ", ".join(made)


def main(service: str, revision: str) -> None:
    """Everything, in order."""
    alone()
    platform = Platform()
    with platform.running(), started(service) as port:
        healthy(port, service, revision)
        ready, lacks = missing(port, platform.token())
        if EMULATED in os.environ:
            print("ready on the emulators:", ", ".join(ready))  # noqa: T201 - its answer
            return
        print("healthy, as a user that can write nothing of the image; lacks", lacks)  # noqa: T201 - its answer
        closed(port, service)
    print("strangers are refused; ends when told to")  # noqa: T201 - its answer
    if service == "worker":
        print("trained and opened again:", train())  # noqa: T201 - its answer


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (Problem, OSError, ValueError, http.client.HTTPException, subprocess.TimeoutExpired) as problem:
        print(FAILED, problem, sep="")  # noqa: T201 - its answer
