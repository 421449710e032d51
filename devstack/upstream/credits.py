"""The account of The Odds API's key: what each answer costs, and the refusal once nothing is left."""

from collections.abc import Mapping
from datetime import datetime

from aiohttp import web

from devstack.upstream.wire import Answer, Endpoint

PLAN = 500_000
"""Credits of the local key, unless a fault profile says otherwise."""
_ERRORS = "https://the-odds-api.com/liveapi/guides/v4/api-error-codes.html"
_NO_KEY = Answer.json(
    {"message": "API key is missing", "error_code": "MISSING_KEY", "details_url": f"{_ERRORS}#missing-key"}, status=401
)
_USED_UP = {
    "message": "Usage quota has been reached. See usage plans at https://the-odds-api.com",
    "error_code": "OUT_OF_USAGE_CREDITS",
    "details_url": f"{_ERRORS}#out-of-usage-credits",
}


class Credits:
    """What is left of a month's credits."""

    def __init__(self, left: int = PLAN) -> None:
        self._left = left
        self._used = 0

    def reset(self, left: int) -> None:
        """So many are left from now on, as when a month begins."""
        self._left, self._used = left, 0

    def keyed(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint as a key's holder sees it: his account in the headers, 401 without a key."""

        def answer(request: web.Request, now: datetime) -> Answer:
            return self._charged(endpoint(request, now)) if request.query.get("apiKey") else _NO_KEY

        return answer

    def _charged(self, truth: Answer) -> Answer:
        if truth.cost and not self._left:
            return Answer.json(_USED_UP, status=401, headers=self._account(0))
        self._left = max(0, self._left - truth.cost)
        self._used += truth.cost
        return Answer(truth.body, truth.status, truth.content_type, self._account(truth.cost))

    def _account(self, last: int) -> Mapping[str, str]:
        return {
            "x-requests-remaining": str(self._left),
            "x-requests-used": str(self._used),
            "x-requests-last": str(last),
        }
