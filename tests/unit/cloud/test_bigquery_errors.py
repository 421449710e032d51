"""What BigQuery's failures mean."""

# mypy: disable-error-code="no-untyped-call"
# Google publishes no types for its exceptions.

import pytest
from google.api_core import exceptions
from google.auth import exceptions as auth
from requests import exceptions as http

from shared.cloud.bigquery_errors import failure
from shared.cloud.warehouse import BigQueryWarehouse
from shared.errors import Permanent, Transient


def api(kind: type[exceptions.GoogleAPICallError], reason: str, message: str = "because") -> BaseException:
    return kind(message, errors=[{"reason": reason, "message": f"{message}\nand more"}])


SERIALIZE = "Could not serialize access to table p:raw.games due to concurrent update"
QUEUED = (
    "Resources exceeded during query execution: Too many DML statements outstanding against table p:x.y, limit is 20."
)
TABLE = {
    "400 invalidQuery": (api(exceptions.BadRequest, "invalidQuery", "Syntax error"), Permanent),
    "400 invalid": (api(exceptions.BadRequest, "invalid"), Permanent),
    "400 without a reason": (exceptions.BadRequest("no"), Permanent),
    "400 resourcesExceeded": (api(exceptions.BadRequest, "resourcesExceeded"), Permanent),
    "400 concurrent update": (api(exceptions.BadRequest, "invalidQuery", SERIALIZE), Transient),
    "400 too many DML statements": (api(exceptions.BadRequest, "resourcesExceeded", QUEUED), Transient),
    "400 tableUnavailable": (api(exceptions.BadRequest, "tableUnavailable"), Transient),
    "400 stopped": (api(exceptions.BadRequest, "stopped"), Transient),
    "400 jobBackendError": (api(exceptions.BadRequest, "jobBackendError"), Transient),
    "401": (exceptions.Unauthorized("who?"), Permanent),
    "403 accessDenied": (api(exceptions.Forbidden, "accessDenied"), Permanent),
    "403 rateLimitExceeded": (api(exceptions.Forbidden, "rateLimitExceeded"), Transient),
    "403 quotaExceeded": (api(exceptions.Forbidden, "quotaExceeded"), Transient),
    "403 billingNotEnabled": (api(exceptions.Forbidden, "billingNotEnabled"), Permanent),
    "404 notFound": (api(exceptions.NotFound, "notFound"), Permanent),
    "409 duplicate": (api(exceptions.Conflict, "duplicate"), Permanent),
    "429": (exceptions.TooManyRequests("slowly"), Transient),
    "500": (exceptions.InternalServerError("oops"), Transient),
    "500 internalError": (api(exceptions.InternalServerError, "internalError"), Transient),
    "501": (exceptions.MethodNotImplemented("no"), Permanent),
    "502": (exceptions.BadGateway("oops"), Transient),
    "503 backendError": (api(exceptions.ServiceUnavailable, "backendError"), Transient),
    "504": (exceptions.GatewayTimeout("late"), Transient),
    "bytesBilledLimitExceeded": (api(exceptions.InternalServerError, "bytesBilledLimitExceeded"), Permanent),
    "retries used up, of a 503": (exceptions.RetryError("late", exceptions.ServiceUnavailable("no")), Transient),
    "retries used up, of a 400": (exceptions.RetryError("late", exceptions.BadRequest("no")), Permanent),
    "no connection": (http.ConnectionError("refused"), Transient),
    "no answer": (http.ReadTimeout("late"), Transient),
    "no answer in time": (TimeoutError(), Transient),
    "no token in time": (auth.TransportError("late"), Transient),
    "no credentials": (auth.DefaultCredentialsError("none found"), Permanent),
    "credentials revoked": (auth.RefreshError("revoked"), Permanent),
    "token server down": (auth.RefreshError("later", retryable=True), Transient),
}


@pytest.mark.parametrize(("error", "kind"), TABLE.values(), ids=TABLE.keys())
def test_f28_a_failure_is_of_its_kind(error: BaseException, kind: type[Exception]) -> None:
    """What will fail again is Permanent, what may pass is Transient; one line, with the statement."""
    found = failure(error, "SELECT one")
    assert type(found) is kind
    assert "SELECT one" in str(found)
    assert "\n" not in str(found)


def test_missing_credentials_say_how_to_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials the warehouse cannot be made; /readyz says so instead of failing."""

    def without_credentials(*_: object, **__: object) -> None:
        raise auth.DefaultCredentialsError("none found")

    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    monkeypatch.setattr("shared.cloud.warehouse.bigquery.Client", without_credentials)
    with pytest.raises(Permanent, match=r"none found: .*gcloud auth application-default login"):
        BigQueryWarehouse("test")


@pytest.mark.parametrize(("name", "remedy"), [("404 notFound", "schema apply"), ("403 accessDenied", "roles/bigquery")])
def test_a_remedy_is_named(name: str, remedy: str) -> None:
    """Where there is one."""
    assert remedy in str(failure(TABLE[name][0], "SELECT one"))
