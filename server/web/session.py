"""Logging in with a cookie: `/web/login`, `/web`, and the JSON services `/web/session/*`.

The cookie `session_id` holds a random token and the name of the database. Who is behind it is said by `server.security.sessions`;
`current()` is how other doors ask. What a page of another site could make a browser do is refused twice: the JSON routes want a
JSON content type, which such a page cannot send unasked, and forms carry a token made for the cookie they came with.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json as plain_json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, render_template, request

from server.errors import AccessDenied, AccessError, UserError
from server.rpc.errors import SessionExpired, describe
from server.rpc.jsonrpc import Answer, error_of
from server.rpc.routes import _json, answer_json, the_server
from server.rpc.services import ServiceCall
from server.security import credentials, sessions
from server.security.credentials import Proof
from server.text import _, render
from server.web.pages import LANGUAGES
from server.web.session_info import nobody, session_info

session = Blueprint("session", __name__, template_folder="templates")

COOKIE = "session_id"
#: Binds the token of the login form to the browser that asked for the form.
FORM_COOKIE = "colca_form"


@dataclass
class Current:
    """Who calls by cookie: database and its name, proof, and the value of the cookie."""

    database: Any
    db: str
    proof: Proof
    cookie: str

    def run(self, work: Callable[[Any], Any], readonly: bool = True) -> Any:
        """`work(env)` as the user, in one transaction. :raises SessionExpired: the session ended meanwhile."""

        def inside(env: Any) -> Any:
            try:
                self.proof.holds(env)
            except AccessDenied:
                raise SessionExpired() from None
            return work(env)

        return self.database.run(self.proof.uid, {}, inside, readonly=readonly)


def current() -> Current | None:
    """Who is logged in with the cookie of this request, None for nobody. No statement when remembered."""
    cookie = request.cookies.get(COOKIE, "")
    token, _dot, db = cookie.partition(".")
    if not token:
        return None
    server = the_server()
    try:
        database = server.find(db or server.config.database_name)
    except UserError:
        return None
    proof = sessions.prove_session(database, token, request.remote_addr or "")
    return Current(database, db or server.config.database_name, proof, cookie) if proof is not None else None


def required() -> Current:
    """Who is logged in. :raises SessionExpired: nobody."""
    found = current()
    if found is None:
        raise SessionExpired()
    return found


def json_door(work: Callable[[dict[str, Any], Answer], Any]) -> Response:
    """As `answer_json`, for routes where a cookie decides: only for bodies that say they are JSON (415 otherwise)."""
    if "json" not in request.mimetype:
        refusal = UserError(_("Send this request with the content type application/json."))
        return _json({"jsonrpc": "2.0", "id": None, "error": error_of(describe(refusal, None))}, None, 415)
    return answer_json(work)


def log_in(db: str, login: Any, password: Any) -> Current | None:
    """Open a session with login and password (an API key is none), ending the one of the request; None when they are wrong.

    :raises UserError: unknown database. :raises AccessDenied: too many wrong passwords.
    """
    server = the_server()
    database = server.find(db)
    if not isinstance(login, str) or not isinstance(password, str):
        return None
    address = request.remote_addr or ""
    uid = credentials.check(database, login, password, address, keys=False)
    if uid is None:
        return None
    before = current()
    token, proof = sessions.open_session(database, uid, address, request.headers.get("User-Agent", ""))
    if before is not None:
        sessions.end_session(before.database, before.proof)
    return Current(database, db, proof, f"{token}.{db}")


def keep(response: Response, found: Current) -> Response:
    """Give the browser the cookie of its new session, for as long as that can live."""
    assert found.proof.session is not None
    left = found.proof.session.expires - dt.datetime.now(dt.UTC).replace(tzinfo=None)
    return set_cookie(response, found.cookie, COOKIE, max(int(left.total_seconds()), 60))


def set_cookie(response: Response, value: str, name: str, age: int) -> Response:
    """Give the browser a cookie that no script reads and no other site sends along with a POST."""
    response.set_cookie(name, value, max_age=age, path="/", httponly=True, secure=request.is_secure, samesite="Lax")
    return response


# -- JSON -----------------------------------------------------------------------------------------------------------------------
@session.post("/web/session/authenticate", strict_slashes=False)
def authenticate() -> Response:
    """Log in; answers the session info and sets the cookie."""
    opened: list[Current] = []

    def work(params: dict[str, Any], answer: Answer) -> Any:
        try:
            the_server().find(params.get("db"))
        except UserError:
            raise AccessError(_("Database not found.")) from None
        found = log_in(params["db"], params.get("login"), params.get("password"))
        if found is None:
            raise AccessDenied(_("Access Denied"))
        opened.append(found)
        return _info(found, answer)

    response = json_door(work)
    return keep(response, opened[0]) if opened and response.status_code == 200 else response


def _info(found: Current, answer: Answer) -> Any:
    def work(env: Any) -> Any:
        answer.lang = env.lang
        return session_info(env, the_server(), found.db, found.cookie)

    return found.run(work)


@session.post("/web/session/get_session_info", strict_slashes=False)
def get_session_info() -> Response:
    """The session info of whoever is logged in."""
    return json_door(lambda params, answer: _info(required(), answer))


@session.post("/web/session/check", strict_slashes=False)
def check() -> Response:
    """Nothing when the session lives, the error 100 when not."""
    return json_door(lambda params, answer: required().run(lambda env: None))


@session.post("/web/session/destroy", strict_slashes=False)
def destroy() -> Response:
    """Log out, at once and everywhere."""

    def work(params: dict[str, Any], answer: Answer) -> None:
        found = required()
        sessions.end_session(found.database, found.proof)

    return _without_cookie(json_door(work))


@session.post("/web/session/modules", strict_slashes=False)
def modules() -> Response:
    """The names of the installed addons that the current company has."""
    return json_door(lambda params, answer: required().run(lambda env: sorted(env.models.enabled)))


@session.post("/web/session/get_lang_list", strict_slashes=False)
def get_lang_list() -> Response:
    """The languages the server speaks, as `[code, name]`; no login."""
    return json_door(lambda params, answer: ServiceCall(the_server(), "db", "list_lang", []).run())


def _without_cookie(response: Response) -> Response:
    response.delete_cookie(COOKIE, path="/", httponly=True, secure=request.is_secure, samesite="Lax")
    return response


# -- pages ----------------------------------------------------------------------------------------------------------------------
@session.get("/web", strict_slashes=False)
def home() -> Response:
    """Who I am, where I am logged in, log out; the login form for everybody else."""
    found = current()
    if found is None:
        return _login_page(request.args.get("db", ""), redirect_to="/web")

    def work(env: Any) -> dict[str, Any]:
        info = session_info(env, the_server(), found.db, found.cookie)
        own = [("user_id", "=", env.uid)]
        return {
            "info": info,
            "companies": list(info["user_companies"]["allowed_companies"].values()),
            "devices": env.root["res.device"].search_read(
                own, ["user_agent", "ip_address", "last_activity", "is_current"], limit=20
            ),
            "keys": env.root["res.users.apikeys"].search_read(own, ["name", "prefix", "expiration_date", "last_used"]),
            "lang": env.lang,
        }

    try:
        shown = found.run(work)
    except SessionExpired:
        return _login_page(found.db, redirect_to="/web")
    return _page("home.html", csrf=_token(found.cookie), session_info=_script(shown["info"]), **shown)


@session.get("/web/login", strict_slashes=False)
def login_form() -> Response:
    """The login form; whoever is logged in goes on."""
    target = _inside(request.args.get("redirect"))
    if current() is not None:
        return redirect(target)  # type: ignore[return-value]
    return _login_page(request.args.get("db", ""), redirect_to=target)


@session.post("/web/login", strict_slashes=False)
def login() -> Response:
    """Log in by form."""
    form = request.form
    db, target = form.get("db", ""), _inside(form.get("redirect"))
    if not _token_fits(form.get("csrf_token", ""), request.cookies.get(FORM_COOKIE, "")):
        return _login_page(db, target, _("The form was open for too long, or came from elsewhere. Log in again."))
    try:
        found = log_in(db or the_server().config.database_name, form.get("login"), form.get("password"))
    except UserError as exc:
        return _login_page(db, target, exc.message)
    if found is None:
        return _login_page(db, target, _("Wrong login or password."))
    return keep(redirect(target, 303), found)  # type: ignore[arg-type]


@session.post("/web/session/logout", strict_slashes=False)
def logout() -> Response:
    """Log out by form."""
    found = current()
    if found is not None and _token_fits(request.form.get("csrf_token", ""), found.cookie):
        sessions.end_session(found.database, found.proof)
        return _without_cookie(redirect("/web/login", 303))  # type: ignore[arg-type]
    return redirect("/web", 303)  # type: ignore[return-value]


def _login_page(db: str, redirect_to: str, problem: Any = "") -> Response:
    server = the_server()
    nonce = request.cookies.get(FORM_COOKIE, "") or secrets.token_urlsafe(24)
    lang = (request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]).replace("-", "_")
    response = _page(
        "login.html",
        lang=lang,
        problem=render(problem, lang),
        csrf=_token(nonce),
        redirect=redirect_to,
        db=db or server.config.database_name,
        several=bool(db) and db != server.config.database_name,
        login=request.form.get("login", ""),
        session_info=_script(nobody(server)),
    )
    return set_cookie(response, nonce, FORM_COOKIE, 86400)


def _page(template: str, lang: str, **values: Any) -> Response:
    def translated(text: str, **places: Any) -> str:
        return _(text, **places).render(lang)

    page = render_template(template, _=translated, lang=lang.replace("_", "-"), **values)
    return Response(
        page,
        content_type="text/html; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Language": lang.replace("_", "-"),
            "Vary": "Accept-Language, Cookie",
            "Content-Security-Policy": "frame-ancestors 'none'",
            "Referrer-Policy": "same-origin",
        },
    )


def _script(value: Any) -> str:
    """JSON in one line that may stand in a script of a page."""
    return plain_json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _token(cookie: str) -> str:
    """The word that a form sent with this cookie must bring back."""
    return hmac.new(the_server().config.secret_key.encode(), b"form " + cookie.encode(), hashlib.sha256).hexdigest()


def _token_fits(token: str, cookie: str) -> bool:
    return bool(cookie) and hmac.compare_digest(token.encode("utf-8", "replace"), _token(cookie).encode())


def _inside(target: str | None) -> str:
    """Where to go after the login: a path of this server, never another site."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or any(ord(c) < 32 for c in target):
        return "/web"
    return quote(target, safe="/?&=%#:,.+-_~")
