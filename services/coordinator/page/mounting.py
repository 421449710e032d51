"""Puts the page onto the coordinator's app: the only wiring of this package."""

from aiohttp import web

from services.coordinator.api.inside import Inside
from services.coordinator.api.limits import Requests
from services.coordinator.page.assets import PREFIX, Assets
from services.coordinator.page.declared import ACTIONS, DOWNLOADS, PAGES
from services.coordinator.page.layout import Frame
from services.coordinator.page.live import Hub
from services.coordinator.page.serving import Site
from services.coordinator.page.sign_in import SignIn
from services.coordinator.page.streaming import Following
from services.coordinator.page.visitors import Visitors
from services.coordinator.sessions import Sessions
from shared.ports import Clock


def mount(
    app: web.Application, reader: Inside, sessions: Sessions, requests: Requests, clock: Clock, *, public: bool
) -> None:
    """Serve every declared page, file and form, what they are made of, and sign-in."""
    assets = Assets()
    site = Site(Frame(assets, clock, PAGES, public=public), Visitors(sessions), reader, requests, clock)
    site.add(app, PAGES, ACTIONS, DOWNLOADS)
    Following(site, Hub(clock), clock).add(app, PAGES)
    SignIn(site, sessions, ACTIONS).add(app)
    app.router.add_get(PREFIX + "{name}", assets.serve)
