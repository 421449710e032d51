"""Whether every service turns strangers away: where one does not, tokens for it could be forged (failure 35)."""

from http import HTTPStatus
from urllib.parse import urlsplit

from services.coordinator.alerts import set_alert
from shared.ports import Ports

OPEN = "open_door"
_CLOSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


async def check_doors(ports: Ports) -> None:
    """Raise an alert for each service that answers a stranger, and resolve it where he is turned away.

    Any other answer, and none, says nothing about who gets in: the alert stays as it is.
    """
    for url, status in (await ports.doors.statuses()).items():
        service = str(urlsplit(url).hostname)
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            await set_alert(ports, OPEN, service, f"{url} answers {status} to a request without credentials")
        elif status in _CLOSED:
            await set_alert(ports, OPEN, service, None)
