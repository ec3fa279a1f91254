"""One operation among others."""

import asyncpg

from persistence.connections import ConnectionSettings
from server.graphql.request import GraphQLRequest
from server.settings import read_settings
from server.wiring import open_shop

FIELDS = " ".join(f"p{number}: products(first: {number + 1}) {{ nodes {{ name }} }}" for number in range(20))


async def test_an_operation_with_many_fields_leaves_connections_for_others(demo_database: ConnectionSettings) -> None:
    watcher = await asyncpg.connect(demo_database.url)
    async with open_shop(read_settings(database_url=demo_database.url)) as shop:
        answer = await shop.execute(shop.engine.prepare(GraphQLRequest(f"{{ {FIELDS} }}")))
        assert answer.errors == []
        taken = await watcher.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'souk' AND datname = current_database()"
        )
    await watcher.close()
    assert taken == 2  # of four for searches, and of ten for reading
