"""The matrix of a product's variants: every combination of its options, with defaults and exceptions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product as combinations

from domain.products.drafts import VariantDraft
from domain.products.inventory import VariantId
from domain.products.product import ProductOption
from server.demo.identity import ean13, identity
from server.demo.tables import Table, amount, count, counts, flag, mapping, sequence, text, texts

MOST_OPTIONS = 3
ONLY_TITLE = "Default"
ROWS_AND_COLUMNS = 2
LOW_STOCK_THRESHOLD = 10

Values = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a variant costs, weighs and how many there are, before exceptions are applied."""

    sku: str
    price: Decimal
    compare_at_price: Decimal | None = None
    cost_price: Decimal | None = None
    weight_grams: int | None = None
    tracked: bool = True
    on_hand: int = 0
    low_stock_threshold: int = LOW_STOCK_THRESHOLD

    def changed(self, table: Table) -> "Terms":
        return replace(
            self,
            price=table.optional("price", amount, self.price),
            compare_at_price=table.optional("compare_at_price", amount, self.compare_at_price),
            cost_price=table.optional("cost_price", amount, self.cost_price),
            weight_grams=table.optional("weight_grams", count, self.weight_grams),
            tracked=table.optional("track_inventory", flag, self.tracked),
            low_stock_threshold=table.optional("low_stock_threshold", count, self.low_stock_threshold),
        )


@dataclass(frozen=True, slots=True)
class _Exception:
    condition: Mapping[str, str]
    table: Table
    missing: bool

    def applies(self, selected: Mapping[str, str]) -> bool:
        return self.condition.items() <= selected.items()

    def applied(self, terms: Terms) -> Terms:
        changed = terms.changed(self.table)
        return replace(
            changed,
            sku=self.table.optional("sku", text, changed.sku),
            on_hand=self.table.optional("stock", count, changed.on_hand),
        )


def read_options(table: Table) -> tuple[ProductOption, ...]:
    named = table.optional("options", mapping, {})
    if len(named) > MOST_OPTIONS:
        raise table.wrong("options", f"has {len(named)} options; {MOST_OPTIONS} are the most")
    inner = Table(f"{table.place}, options", named)
    return tuple(ProductOption(name, inner.required(name, texts)) for name in named)


def read_variants(slug: str, table: Table, options: Sequence[ProductOption]) -> tuple[VariantDraft, ...]:
    """Raises: BadCatalogue: a price, stock row or exception does not fit the product's options."""
    start = Terms(table.required("sku", text), table.required("price", amount)).changed(table)
    barcodes = table.optional("barcodes", flag, default=False)
    stock = _stock(table, options)
    exceptions = _exceptions(table, options)
    found: list[VariantDraft] = []
    for values in combinations(*(option.values for option in options)):
        selected = dict(zip((option.name for option in options), values, strict=True))
        applying = [exception for exception in exceptions if exception.applies(selected)]
        if any(exception.missing for exception in applying):
            continue
        terms = replace(start, sku=_code(start.sku, values), on_hand=stock[values])
        for exception in applying:
            terms = exception.applied(terms)
        if terms.compare_at_price is not None and terms.compare_at_price < terms.price:
            raise table.wrong("compare_at_price", f"is below the price of {' / '.join(values) or 'the product'}")
        found.append(_variant(slug, terms, values, barcodes=barcodes))
    if not found:
        raise table.wrong("except", "leaves no variant")
    return tuple(found)


def _variant(slug: str, terms: Terms, values: Values, *, barcodes: bool) -> VariantDraft:
    return VariantDraft(
        id=VariantId(identity("variant", slug, *values)),
        title=" / ".join(values) or ONLY_TITLE,
        sku=terms.sku,
        barcode=ean13(terms.sku) if barcodes else None,
        price=terms.price,
        compare_at_price=terms.compare_at_price,
        cost_price=terms.cost_price,
        weight_grams=terms.weight_grams,
        tracked=terms.tracked,
        on_hand=terms.on_hand,
        low_stock_threshold=terms.low_stock_threshold,
        values=values,
    )


def _code(prefix: str, values: Values) -> str:
    return "-".join((prefix, *(re.sub(r"[^A-Z0-9]+", "-", value.upper()).strip("-") for value in values)))


def _stock(table: Table, options: Sequence[ProductOption]) -> Mapping[Values, int]:
    every = list(combinations(*(option.values for option in options)))
    if "stock" not in table:
        return dict.fromkeys(every, 0)
    if len(options) == 1 and table.required("stock", _is_list):
        return dict(zip(every, _row(table, "stock", len(every)), strict=True))
    if len(options) == ROWS_AND_COLUMNS and table.required("stock", _is_table):
        return _matrix(table, *options)
    return dict.fromkeys(every, table.required("stock", count))


def _matrix(table: Table, columns: ProductOption, rows: ProductOption) -> Mapping[Values, int]:
    inner = Table(f"{table.place}, stock", table.required("stock", mapping))
    found = {
        (column, row): number
        for row in rows.values
        for column, number in zip(columns.values, _row(inner, row, len(columns.values)), strict=True)
    }
    inner.finish()
    return found


def _row(table: Table, name: str, length: int) -> tuple[int, ...]:
    row = table.required(name, counts)
    if len(row) != length:
        raise table.wrong(name, f"has {len(row)} numbers for {length} values")
    return row


def _exceptions(table: Table, options: Sequence[ProductOption]) -> Sequence[_Exception]:
    found: list[_Exception] = []
    for number, value in enumerate(table.optional("except", sequence, ()), start=1):
        place = f"{table.place}, except {number}"
        inner = Table(place, Table(place, {"except": value}).required("except", mapping))
        condition = {option.name: inner.required(option.name, text) for option in options if option.name in inner}
        for option in options:
            if condition.get(option.name, option.values[0]) not in option.values:
                raise inner.wrong(option.name, f"must be one of {', '.join(option.values)}")
        if not condition:
            raise inner.wrong("except", "must name an option and a value")
        exception = _Exception(condition, inner, inner.optional("missing", flag, default=False))
        # reading it once finds its mistakes even when no variant matches
        exception.applied(Terms("", Decimal(0)))
        inner.finish()
        found.append(exception)
    return found


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _is_table(value: object) -> bool:
    return isinstance(value, dict)
