"""The sandbox's pages for buyers, in development only: what a bank would ask, and what Stripe's forms would do.

An address holds what nobody can guess: the id of a payment at the provider, or the client secret of a setup. The pages
need no script.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from html import escape
from string import Template
from urllib.parse import parse_qs, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from adapters.sandbox.desk import Question, SandboxDesk
from adapters.sandbox.ledger import APPROVE_PAGE, SETUP_PAGE
from adapters.sandbox.tokens import TOKENS
from domain.payments.gateway import ProviderRefused
from domain.payments.payment import PaymentFailure, PaymentMethodDetails
from domain.shared.errors import Unavailable
from server.http import bodies
from server.http.incoming import headers_of
from server.http.replies import Refused
from server.settings import CHECKOUT
from server.wiring import Shop

_FOLDER = CHECKOUT / "web" / "sandbox"
_STYLE = "sandbox.css"
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")
_APP = re.compile(r"[a-z][a-z0-9+.-]*:")
_RUNNING = frozenset({"javascript:", "data:", "vbscript:", "blob:", "file:"})
"""Schemes of addresses that are no place to go to."""
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'{}; base-uri 'none'; frame-ancestors 'none'"
_ASKED = Template(
    "<p class='quiet'>Your bank would ask you now whether you are paying this. Here, you say what it hears.</p>$facts"
    "<form method='post'><button name='decision' value='approve'>Approve payment</button>"
    "<button name='decision' value='refuse' class='second'>Refuse</button></form>"
)
_TOLD = Template("<p>$sentence</p>$facts$on")
_CHOICE = Template(
    "<div class='choice'><input type='radio' name='token' id='$token' value='$token'$checked>"
    "<label for='$token'>$name<br><code>$token</code></label></div>"
)
_CHOOSING = Template(
    "<p class='quiet'>A form of Stripe's would take a card's number here. Choose a test card instead.</p>$problem"
    "<form method='post'><fieldset><legend>Test card</legend>$choices</fieldset><button>Keep it</button></form>"
)
_SYNONYMS = frozenset({"pm_usBankAccount_success"})
_CHOICES = tuple(name for name in TOKENS if name not in _SYNONYMS)
_OUTCOMES = {
    "pm_card_authenticationRequired": "asks you to approve each payment",
    "pm_card_createDispute": "pays, and is disputed",
    "pm_card_pendingRefund": "refunds take a while",
    "pm_card_refundFail": "refunds come back",
}


async def approve(request: Request) -> Response:
    """The buyer's bank asks, and sends them back to where the payment was made."""
    desk, reference = _desk(request), request.path_params["reference"]
    if request.method == "POST":
        decision = (await _form(request)).get("decision")
        if decision not in {"approve", "refuse"}:
            return _page("Nothing was decided", "<p>Go back, and press one of the two buttons.</p>", 400)
        question = await desk.decide(reference, approved=decision == "approve")
        if question.return_url and _target(question.return_url):
            return RedirectResponse(question.return_url, 303, {**_HEADERS, "Cache-Control": "no-store"})
    else:
        question = await desk.question(reference)
    return _question_page(question)


async def keep(request: Request) -> Response:
    """The buyer chooses a means of payment that their account keeps."""
    desk, secret = _desk(request), request.path_params["secret"]
    failure = None
    if request.method == "POST":
        failure = await desk.keep(secret, (await _form(request)).get("token", ""))
    kept = await desk.kept(secret)
    if kept is not None:
        return _page("It is kept", f"<p>{escape(kept.name)} can be paid with from now on. You can close this.</p>")
    return _page("Keep a card", _choosing(failure), 200 if failure is None else 422)


async def style(request: Request) -> Response:
    del request
    headers = {**_HEADERS, "Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-cache"}
    return FileResponse(_FOLDER / _STYLE, headers=headers, media_type="text/css")


def _guarded(page: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """What stands in the way is told on a page, too."""

    async def guarded(request: Request) -> Response:
        try:
            return await page(request)
        except ProviderRefused:
            return _page("Nothing is here", "<p>There is no such payment, or no such card. Mind the address.</p>", 404)
        except Unavailable:
            return _page("One moment", "<p>The sandbox does not answer right now. Load this page again.</p>", 503)
        except bodies.ClientLeft:
            return Response(status_code=400)  # nobody will read it
        except Refused as refused:
            return _page("This cannot be read", f"<p>{escape(refused.message)}</p>", refused.status)

    return guarded


SANDBOX_PAGES: Sequence[BaseRoute] = (
    Route(f"{APPROVE_PAGE}/{{reference}}", _guarded(approve), methods=["GET", "POST"]),
    Route(f"{SETUP_PAGE}/{{secret}}", _guarded(keep), methods=["GET", "POST"]),
    Route(f"/sandbox/files/{_STYLE}", style),
)


def _desk(request: Request) -> SandboxDesk:
    shop: Shop = request.app.state.shop
    if shop.sandbox is None:
        raise HTTPException(404)
    return shop.sandbox.desk


async def _form(request: Request) -> Mapping[str, str]:
    """Raises: Refused: the body is too long."""
    body = await bodies.read(request.receive, headers_of(request.scope))
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _page(title: str, content: str, status: int = 200, target: str = "") -> Response:
    """`target` is where a form may lead to, beside our own pages: browsers look at redirects, too."""
    policy = _POLICY.format(f" {target}" if target else "")
    headers = {**_HEADERS, "Content-Security-Policy": policy, "Cache-Control": "no-store"}
    layout = Template((_FOLDER / "sandbox.html").read_text("utf-8"))
    return HTMLResponse(layout.substitute(title=escape(title), content=content), status, headers)


def _question_page(question: Question) -> Response:
    target = _target(question.return_url or "")
    if question.is_open:
        return _page("Approve this payment?", _ASKED.substitute(facts=_facts(question)), target=target)
    sentence = "It is approved." if question.is_paid else "It is not paid, and nothing is to be approved here now."
    on = f"<p class='on'><a href='{escape(question.return_url or '')}'>Back to the shop</a></p>" if target else ""
    return _page("This payment", _TOLD.substitute(sentence=sentence, facts=_facts(question), on=on))


def _facts(question: Question) -> str:
    facts = {"Order": question.order_number, "Amount": question.amount.formatted()}
    if question.method is not None:
        facts["Card"] = question.method.name
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return f"<dl>{rows}</dl>"


def _choosing(failure: PaymentFailure | None) -> str:
    choices = "".join(
        _CHOICE.substitute(token=token, name=escape(_described(token)), checked="" if number else " checked")
        for number, token in enumerate(_CHOICES)
    )
    problem = f"<p class='bad' role='alert'>{escape(failure.message)}</p>" if failure else ""
    return _CHOOSING.substitute(choices=choices, problem=problem)


def _described(token: str) -> str:
    means = TOKENS[token]
    outcome = _OUTCOMES.get(token) or (means.failure.message.partition(".")[0] if means.failure else "")
    name = PaymentMethodDetails(means.type, means.brand, means.last4).name
    return f"{name}: {outcome[0].lower()}{outcome[1:]}" if outcome else name


def _target(url: str) -> str:
    """The origin of an address, or its scheme when an app has registered it; nothing for what is no place to go to."""
    scheme = f"{urlsplit(url).scheme}:"
    if scheme in {"http:", "https:"}:
        found = _ORIGIN.match(url)
        return found[0] if found else ""
    return scheme if _APP.fullmatch(scheme) and scheme not in _RUNNING else ""
