"""A small Stripe with a memory: payment intents, refunds, customers and kept cards, as its documentation tells them."""

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Thing = dict[str, Any]

DECLINES = {
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", None),
}
TOKENS = {"pm_card_visa", "pm_card_authenticationRequired", "pm_card_createDispute", *DECLINES}
CONFIRMABLE = ("requires_payment_method", "requires_confirmation")
UNEXPECTED = "payment_intent_unexpected_state"


class ApiError(Exception):
    def __init__(self, status: int, code: str | None, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        kind = more.pop("type", "card_error" if status == 402 else "invalid_request_error")
        self.body: Thing = {"error": {"type": kind, "code": code, "message": message, **more}}


@dataclass
class Kept:
    """The first answer to an idempotency key."""

    request: tuple[str, Mapping[str, str]]
    status: int
    body: Thing


@dataclass
class StripeState:
    secret_key: str = "sk_test_canary"
    intents: dict[str, Thing] = field(default_factory=dict[str, Thing])
    charges: dict[str, Thing] = field(default_factory=dict[str, Thing])
    refunds: dict[str, Thing] = field(default_factory=dict[str, Thing])
    setups: dict[str, Thing] = field(default_factory=dict[str, Thing])
    customers: dict[str, Thing] = field(default_factory=dict[str, Thing])
    methods: dict[str, Thing] = field(default_factory=dict[str, Thing])
    kept: dict[str, Kept] = field(default_factory=dict[str, Kept])

    def __post_init__(self) -> None:
        self._number = itertools.count(1)
        one = r"/(\w+)"
        self._routes: list[tuple[str, str, Callable[..., Thing]]] = [
            ("POST", "/payment_intents", self._create),
            ("GET", "/payment_intents", self._intents),
            ("GET", f"/payment_intents{one}", self._retrieve),
            ("POST", f"/payment_intents{one}/confirm", self._confirm),
            ("POST", f"/payment_intents{one}/capture", self._capture),
            ("POST", f"/payment_intents{one}/cancel", self._cancel),
            ("POST", "/refunds", self._refund),
            ("GET", "/refunds", self._refunds),
            ("GET", f"/refunds{one}", self._one_refund),
            ("POST", "/customers", self._customer),
            ("POST", "/setup_intents", self._set_up),
            ("GET", f"/setup_intents{one}", self._setup),
            ("GET", f"/payment_methods{one}", self._one_method),
            ("POST", f"/payment_methods{one}/detach", self._detach),
        ]

    def answer(
        self, method: str, path: str, given: Mapping[str, str], key: str | None, authorization: str
    ) -> tuple[int, Thing, bool]:
        """Status, body, and whether it was given before."""
        if authorization != f"Bearer {self.secret_key}":
            return 401, ApiError(401, None, f"Invalid API Key provided: {authorization}").body, False
        kept = self.kept.get(key) if key else None
        if kept is not None:
            if kept.request != (path, given):
                return 400, ApiError(400, None, "Keys are for one request.", type="idempotency_error").body, False
            return kept.status, kept.body, True
        try:
            status, body = 200, self._done(method, path, given)
        except ApiError as error:
            status, body = error.status, error.body
        if key:
            self.kept[key] = Kept((path, given), status, body)
        return status, body, False

    def approve(self, reference: str) -> None:
        """The buyer says yes on the page of the next action."""
        intent = self.intents[reference]
        if intent["status"] == "requires_action":
            self._charge(intent, "pm_card_visa")

    def refuse(self, reference: str) -> None:
        intent = self.intents[reference]
        if intent["status"] == "requires_action":
            self._fail(intent, "payment_intent_authentication_failure", None)

    def keep(self, reference: str, token: str) -> None:
        """The browser completes a setup intent."""
        setup = self.setups[reference]
        method = self._method(token)
        method["customer"] = setup["customer"]
        setup.update(status="succeeded", payment_method=method["id"])

    def _done(self, method: str, path: str, given: Mapping[str, str]) -> Thing:
        for verb, route, act in self._routes:
            found = re.fullmatch(f"/v1{route}", path)
            if found and verb == method:
                return act(given, *found.groups())
        raise ApiError(404, None, f"Unrecognized request URL ({method}: {path}).")

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._number):08d}"

    @staticmethod
    def _known(things: dict[str, Thing], name: str) -> Thing:
        if name not in things:
            raise ApiError(404, "resource_missing", f"No such thing: '{name}'")
        return things[name]

    def _create(self, given: Mapping[str, str]) -> Thing:
        name = self._id("pi")
        self.intents[name] = {
            "id": name,
            "object": "payment_intent",
            "amount": int(given["amount"]),
            "amount_received": 0,
            "currency": given["currency"],
            "capture_method": given["capture_method"],
            "client_secret": f"{name}_secret_canary",
            "customer": given.get("customer"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": metadata_of(given),
            "next_action": None,
            "payment_method": None,
            "status": "requires_payment_method",
        }
        return self._shown(self.intents[name], given)

    def _intents(self, given: Mapping[str, str]) -> Thing:
        listed = list(self.intents.values())[: int(given["limit"])]
        return {"object": "list", "data": listed, "has_more": len(listed) < len(self.intents)}

    def _retrieve(self, given: Mapping[str, str], name: str) -> Thing:
        return self._shown(self._known(self.intents, name), given)

    def _confirm(self, given: Mapping[str, str], name: str) -> Thing:
        intent = self._known(self.intents, name)
        if intent["status"] not in CONFIRMABLE:
            raise ApiError(400, UNEXPECTED, f"It has a status of {intent['status']}.", payment_intent=dict(intent))
        token = given.get("payment_method")
        if token is None:
            raise ApiError(400, UNEXPECTED, "It is missing a payment method.", payment_intent=dict(intent))
        method = self._method(token)
        if token in DECLINES:
            self._fail(intent, *DECLINES[token])
        if token == "pm_card_authenticationRequired":
            page = {"url": f"https://hooks.stripe.example/{name}", "return_url": given["return_url"]}
            action = {"type": "redirect_to_url", "redirect_to_url": page}
            intent.update(status="requires_action", payment_method=method["id"], next_action=action)
        elif token not in DECLINES:
            self._charge(intent, token, method["id"])
        else:
            raise ApiError(402, **intent["last_payment_error"], payment_intent=dict(intent))
        return self._shown(intent, given)

    def _method(self, token: str) -> Thing:
        """Tokens stand for a new card each time; a kept card must belong to somebody."""
        if token in TOKENS:
            name = self._id("pm")
            card = {"brand": "visa", "last4": "4242", "exp_month": 8, "exp_year": 2030}
            self.methods[name] = {
                "id": name,
                "object": "payment_method",
                "type": "card",
                "card": card,
                "customer": None,
            }
            return self.methods[name]
        method = self._known(self.methods, token)
        if method["customer"] is None:
            raise ApiError(400, "payment_method_unexpected_state", "It was used or detached, and is no customer's.")
        return method

    def _fail(self, intent: Thing, code: str, decline_code: str | None) -> None:
        """The intent forgets the card; the error keeps it."""
        message = "Your card was declined."
        error = {"type": "card_error", "code": code, "decline_code": decline_code, "message": message}
        intent.update(status="requires_payment_method", last_payment_error=error, next_action=None, payment_method=None)

    def _charge(self, intent: Thing, token: str, method: str | None = None) -> None:
        name, amount = self._id("ch"), intent["amount"]
        automatic = intent["capture_method"] == "automatic"
        self.charges[name] = {
            "id": name,
            "object": "charge",
            "amount": amount,
            "disputed": token == "pm_card_createDispute",
            "amount_captured": amount if automatic else 0,
            "amount_refunded": 0,
        }
        intent.update(
            status="succeeded" if automatic else "requires_capture",
            amount_received=amount if automatic else 0,
            latest_charge=name,
            payment_method=method or intent["payment_method"],
            next_action=None,
            last_payment_error=None,
        )

    def _capture(self, given: Mapping[str, str], name: str) -> Thing:
        intent, amount = self._known(self.intents, name), int(given["amount_to_capture"])
        if intent["status"] != "requires_capture":
            raise ApiError(400, UNEXPECTED, f"It has a status of {intent['status']}.", payment_intent=dict(intent))
        if amount > intent["amount"]:
            raise ApiError(400, "amount_too_large", "More than was authorized.")
        intent.update(status="succeeded", amount_received=amount)
        self.charges[intent["latest_charge"]]["amount_captured"] = amount
        return self._shown(intent, given)

    def _cancel(self, given: Mapping[str, str], name: str) -> Thing:
        intent = self._known(self.intents, name)
        if intent["status"] in {"succeeded", "canceled", "processing"}:
            raise ApiError(400, UNEXPECTED, f"It has a status of {intent['status']}.", payment_intent=dict(intent))
        intent.update(status="canceled", next_action=None)
        return self._shown(intent, given)

    def _refund(self, given: Mapping[str, str]) -> Thing:
        intent, amount = self._known(self.intents, given["payment_intent"]), int(given["amount"])
        charge = self.charges.get(intent["latest_charge"] or "")
        if charge is None or not charge["amount_captured"]:
            raise ApiError(400, None, "This PaymentIntent does not have a successful charge to refund.")
        left = charge["amount_captured"] - charge["amount_refunded"]
        if not left:
            raise ApiError(400, "charge_already_refunded", "It has already been refunded.")
        if amount > left:
            raise ApiError(400, None, "Refund amount is greater than unrefunded amount on charge.", param="amount")
        charge["amount_refunded"] += amount
        name = self._id("re")
        self.refunds[name] = {
            "id": name,
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "metadata": metadata_of(given),
            "reason": given.get("reason"),
            "status": "succeeded",
        }
        return dict(self.refunds[name])

    def _refunds(self, given: Mapping[str, str]) -> Thing:
        return self._page(given["payment_intent"], int(given["limit"]), given.get("starting_after"))

    def _page(self, reference: str, limit: int, after: str | None = None) -> Thing:
        newest = [dict(one) for one in reversed(self.refunds.values()) if one["payment_intent"] == reference]
        if after is not None:
            newest = newest[[one["id"] for one in newest].index(after) + 1 :]
        return {"object": "list", "data": newest[:limit], "has_more": len(newest) > limit}

    def _one_refund(self, given: Mapping[str, str], name: str) -> Thing:
        del given
        return dict(self._known(self.refunds, name))

    def _one_method(self, given: Mapping[str, str], name: str) -> Thing:
        del given
        return dict(self._known(self.methods, name))

    def _customer(self, given: Mapping[str, str]) -> Thing:
        name = self._id("cus")
        self.customers[name] = {"id": name, "object": "customer", "metadata": metadata_of(given)}
        return self.customers[name]

    def _set_up(self, given: Mapping[str, str]) -> Thing:
        name = self._id("seti")
        self.setups[name] = {
            "id": name,
            "object": "setup_intent",
            "client_secret": f"{name}_secret_canary",
            "customer": self._known(self.customers, given["customer"])["id"],
            "payment_method": None,
            "status": "requires_payment_method",
        }
        return dict(self.setups[name])

    def _setup(self, given: Mapping[str, str], name: str) -> Thing:
        setup = dict(self._known(self.setups, name))
        if "payment_method" in expanded(given) and setup["payment_method"]:
            setup["payment_method"] = self.methods[setup["payment_method"]]
        return setup

    def _detach(self, given: Mapping[str, str], name: str) -> Thing:
        del given
        method = self._known(self.methods, name)
        if method["customer"] is None:
            raise ApiError(400, None, "The payment method you provided is not attached to a customer.")
        method["customer"] = None
        return method

    def _shown(self, intent: Thing, given: Mapping[str, str]) -> Thing:
        shown, wanted = dict(intent), expanded(given)
        if "payment_method" in wanted and shown["payment_method"]:
            shown["payment_method"] = self.methods[shown["payment_method"]]
        if "latest_charge.refunds" in wanted and shown["latest_charge"]:
            refunds = self._page(intent["id"], 10)
            shown["latest_charge"] = {**self.charges[shown["latest_charge"]], "refunds": refunds}
        return shown


def metadata_of(given: Mapping[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in given.items() if name.startswith("metadata[")}


def expanded(given: Mapping[str, str]) -> set[str]:
    return {value for name, value in given.items() if name.startswith("expand[")}
