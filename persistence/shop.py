"""The shop's own row."""

from sqlalchemy import select

from domain.shared.shop import Shop
from persistence.database import Database
from persistence.products.tables import shop
from persistence.statements import Statement


class SqlShop:
    """Implements `domain.shared.shop.ShopReader`."""

    SHOP = Statement(select(shop.c.name, shop.c.currency_code))

    def __init__(self, database: Database) -> None:
        self._database = database

    async def shop(self) -> Shop:
        return Shop(*(await self._database.fetch(self.SHOP, {}))[0])
