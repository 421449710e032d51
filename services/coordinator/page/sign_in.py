"""Sign in with an API key, or with a link that a key's owner has made; sign out; choose a theme."""

from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web

from services.coordinator.page import answers, forms
from services.coordinator.page.page import Action
from services.coordinator.page.serving import Site
from services.coordinator.page.visitors import THEMES, Who, begin_session, end_session, is_foreign, is_ours, keep_theme
from services.coordinator.sessions import Session, Sessions
from shared.runtime.access import ACTOR, Untrusted

PATH = "/sign-in"


class SignIn:
    """The routes."""

    def __init__(self, site: Site, sessions: Sessions, actions: tuple[Action, ...]) -> None:
        self._site = site
        self._sessions = sessions
        self._actions = actions

    def add(self, app: web.Application) -> None:
        """Register them."""
        app.router.add_get(PATH, self._site.handler(self._form), allow_head=False)  # a look ahead uses up no link
        app.router.add_post(PATH, self._site.handler(self._begin))
        app.router.add_post("/sign-out", self._site.handler(self._end))
        app.router.add_post("/theme", self._site.handler(self._theme))
        app.router.add_get("/session", self._site.handler(self._session, used=False))

    async def _form(self, request: web.Request, who: Who) -> web.Response:
        """The form; with a `code` the session that it begins."""
        code, following = request.query.get("code", ""), local(request.query.get("next", "/"))
        if code == "":
            return self._refused(request, who, following, "")
        session = await self._sessions.begin_by_code(code)
        if session is None:
            words = "This link has been used or is too old: `tipoff page` makes another."
            return self._refused(request, who, following, words, status=HTTPStatus.UNAUTHORIZED)
        return self._welcome(request, session, following)

    async def _begin(self, request: web.Request, who: Who) -> web.Response:
        fields = await forms.read(request)
        following, kept = local(forms.one(fields, "next")), forms.one(fields, "kept")
        if is_foreign(request) or not is_ours(request, who, forms.one(fields, forms.TOKEN)):
            words = "This form was opened too long ago: please sign in once more."
            return self._refused(request, who, following, words, fields, HTTPStatus.FORBIDDEN)
        try:
            session = await self._sessions.begin(forms.one(fields, "key").strip())
        except Untrusted as error:
            return self._refused(request, who, following, f"{error}.", fields, error.status)
        request[ACTOR] = session.caller.actor
        action = forms.one(fields, "action")
        does = next((each.does for each in self._actions if each.fits(action)), "")
        if kept == "" or does == "":
            response = answers.elsewhere(following)
        else:
            signed_in = Who(session.caller, session.token, session=True)
            values = {"action": action, "does": does, "fields": forms.unpacked(kept), "failed": None}
            response = self._site.frame.answer(request, signed_in, "again.html", values)
        begin_session(request, response, session)
        return response

    def _welcome(self, request: web.Request, session: Session, following: str) -> web.Response:
        """A page that goes on by itself: to a redirect from elsewhere a browser would not send the strict cookie."""
        request[ACTOR] = session.caller.actor
        who = Who(session.caller, session.token, session=True)
        response = self._site.frame.answer(request, who, "welcome.html", {"next": following})
        response.headers["Refresh"] = f"0; url={following}"
        begin_session(request, response, session)
        return response

    async def _end(self, request: web.Request, who: Who) -> web.Response:
        fields = await forms.read(request)
        if who.session and (is_foreign(request) or not is_ours(request, who, forms.one(fields, forms.TOKEN))):
            raise Untrusted(HTTPStatus.FORBIDDEN, "this form was opened in an earlier session")
        response = answers.elsewhere(PATH)
        token = end_session(request, response)
        if who.session:
            await self._sessions.end(token)
        return response

    async def _theme(self, request: web.Request, _: Who) -> web.Response:
        fields = await forms.read(request)
        response = answers.elsewhere(local(forms.one(fields, "next")))
        theme = forms.one(fields, "theme")
        if theme in THEMES:
            keep_theme(request, response, theme)
        return response

    async def _session(self, _: web.Request, who: Who) -> web.Response:
        """204 for somebody who is known, else 401: asked by a page whose stream has broken."""
        status = HTTPStatus.UNAUTHORIZED if who.caller is None else HTTPStatus.NO_CONTENT
        return web.Response(status=status, headers=answers.HEADERS)

    def _refused(
        self,
        request: web.Request,
        who: Who,
        following: str,
        words: str,
        fields: forms.Fields | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> web.Response:
        given = fields if fields is not None else []
        kept, action = forms.one(given, "kept"), forms.one(given, "action")
        values = {"next": following, "refused": words, "kept": kept, "action": action, "does": ""}
        return self._site.frame.answer(request, who, "sign_in.html", values, status)


def local(given: str) -> str:
    """A path of ours, whatever was given: nobody is sent elsewhere."""
    parts = urlsplit(given)
    fine = given.startswith("/") and given.isprintable() and "\\" not in given
    return given if fine and not parts.scheme and not parts.netloc else "/"
