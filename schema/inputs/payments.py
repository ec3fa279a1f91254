"""What clients send about payments."""

import strawberry
from strawberry import UNSET

from domain.payments.payment import CaptureMethod
from domain.payments.refund import RefundReason
from schema.inputs.idempotency import KEY, idempotency_key
from schema.inputs.money import MoneyInput
from schema.scalars import ID


@strawberry.input(description="Another payment for an order.")
class PaymentCreateInput:
    order_id: ID = strawberry.field(description="The order.")
    access_token: str | None = strawberry.field(default=UNSET, description="For guests: the order's access token.")
    capture_method: CaptureMethod | None = strawberry.field(
        default=CaptureMethod.AUTOMATIC, description="When the money is taken."
    )
    saved_payment_method_id: ID | None = strawberry.field(
        default=UNSET, description="One of the buyer's own saved means of payment."
    )
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="A try to pay.")
class PaymentConfirmInput:
    payment_id: ID = strawberry.field(description="The payment.")
    access_token: str | None = strawberry.field(default=UNSET, description="For guests: the order's access token.")
    payment_method_token: str | None = strawberry.field(
        default=UNSET,
        description="The provider's token of a means of payment, such as `pm_card_visa` in the sandbox and in Stripe's "
        "test mode. It may be left out where the payment has a saved one.",
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Money that is taken.")
class PaymentCaptureInput:
    payment_id: ID = strawberry.field(description="The payment.")
    amount: MoneyInput | None = strawberry.field(
        default=UNSET, description="How much of what is authorized; all, if left out. The rest is let go."
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A payment that is let go.")
class PaymentCancelInput:
    payment_id: ID = strawberry.field(description="The payment.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Units that are paid back.")
class RefundLineInput:
    order_line_id: ID = strawberry.field(description="The line of the order.")
    quantity: int = strawberry.field(description="How many units. Those that were not sent yet go first.")
    restock: bool | None = strawberry.field(
        default=True, description="Whether units that were sent are on the shelf again. Others always are."
    )


@strawberry.input(description="Money that is paid back: an amount, lines, or everything that is left.")
class RefundCreateInput:
    order_id: ID = strawberry.field(description="The order.")
    payment_id: ID | None = strawberry.field(
        default=UNSET, description="The payment that it goes back from; if left out, the one that has most left."
    )
    amount: MoneyInput | None = strawberry.field(
        default=UNSET, description="How much. If left out, what the lines cost, or all that is left without lines."
    )
    lines: list[RefundLineInput] | None = strawberry.field(default=UNSET, description="The units that it is for.")
    reason: RefundReason | None = strawberry.field(default=RefundReason.OTHER, description="Why.")
    note: str | None = strawberry.field(
        default=UNSET, description="What else there is to say to the buyer, 500 characters at most."
    )
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="The beginning of keeping a means of payment.")
class PaymentMethodSetupInput:
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A saved means of payment that is forgotten.")
class SavedPaymentMethodDeleteInput:
    id: ID = strawberry.field(description="The saved means of payment.")
