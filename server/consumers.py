"""Who acts on events, each for itself."""

from collections.abc import Mapping, Sequence

from adapters.logged import LogAnalytics, LogMailingList
from domain.orders.mailing import OrderMailing
from domain.orders.ranking import RANKING_TOPICS, rank
from domain.payments.mailing import RefundMailing
from domain.shared.analytics import Tracking
from domain.shared.clock import now
from domain.shared.consuming import Consumer, inside, outside
from domain.shared.events import Handler
from domain.shared.mail import Mailer
from domain.shared.signals import Signals
from domain.users.mailing import AccountMailing
from domain.users.mailing_list import Listing
from persistence.database import Database
from persistence.inbox import SqlInbox
from persistence.orders.readers import SqlOrderReader
from persistence.payments.readers import SqlPaymentReader
from persistence.shop import SqlShop
from persistence.unit_of_work import SqlUnitsOfWork
from persistence.users.readers import SqlUserReader

UNANSWERED: Sequence[str] = (
    "refund.failed",
    *("fulfillment.created", "fulfillment.failed", "fulfillment.returned", "fulfillment.canceled"),
)
"""Topics of events that nobody does anything about yet."""


def consumers(
    database: Database, signals: Signals, mailer: Mailer, address: str, paying: Mapping[str, Handler]
) -> Sequence[Consumer]:
    """All of them; `paying` are the handlers that ask the payment provider.

    Names stay as they are: queues have them, and what was done is kept under them.
    """
    inbox, users, shop = SqlInbox(database), SqlUserReader(database), SqlShop(database)
    orders = SqlOrderReader(database)
    refunds = RefundMailing(SqlPaymentReader(database), orders, mailer, shop)
    begin = SqlUnitsOfWork(database, signals, now)
    accounts = AccountMailing(begin, users, mailer, shop, address, now)

    def consumer(name: str, handlers: Mapping[str, Handler]) -> Consumer:
        return Consumer(name, {topic: outside(inbox, handler) for topic, handler in handlers.items()})

    return (
        consumer("letters", accounts.handlers),
        consumer("order_letters", {**OrderMailing(orders, mailer, shop).handlers, **refunds.handlers}),
        consumer("mailing_list", Listing(users, LogMailingList()).handlers),
        consumer("analytics", Tracking(LogAnalytics()).handlers),
        Consumer("search_index", dict.fromkeys(RANKING_TOPICS, inside(begin, rank))),
        consumer("payments", paying),
    )
