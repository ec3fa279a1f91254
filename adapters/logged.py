"""Services that do nothing but write a line: for development, and until one is connected."""

import structlog

from domain.shared.analytics import Tracked
from domain.users.mailing_list import Subscriber
from domain.users.user import UserId


class LogAnalytics:
    """Implements `domain.shared.analytics.Analytics`."""

    def __init__(self) -> None:
        self._log = structlog.stdlib.get_logger("souk.analytics")

    async def track(self, tracked: Tracked) -> None:
        self._log.info("tracked", name=tracked.name, subject=str(tracked.subject), id=str(tracked.id))


class LogMailingList:
    """Implements `domain.users.mailing_list.MailingList`. Addresses and names are no log's business."""

    def __init__(self) -> None:
        self._log = structlog.stdlib.get_logger("souk.mailing_list")

    async def put(self, subscriber: Subscriber) -> None:
        self._log.info("listed", user=str(subscriber.id), confirmed=subscriber.confirmed)

    async def remove(self, user_id: UserId) -> None:
        self._log.info("taken off the list", user=str(user_id))
