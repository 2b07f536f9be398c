"""History: one row per record and transaction, with the tracked fields from what to what."""

from __future__ import annotations

from typing import Any


def rows(env: Any, model: str, id: int) -> list[tuple[str, dict[str, Any]]]:
    found = env["ir.history"].search([("model", "=", model), ("res_id", "=", id)], order="id")
    return [(one.operation, one.changes) for one in found]


def test_old_and_new_values_once_per_transaction(shop: Any) -> None:
    def create(env: Any) -> int:
        return env["shop.partner"].create({"name": "Ana", "credit": "5.50", "code": "untracked"}).id

    partner = shop.run(1, {}, create)

    def change(env: Any) -> None:
        one = env["shop.partner"].browse(partner)
        one.name = "Eva"
        env.flush()
        one.write({"name": "Ida", "credit": 7, "code": "x"})
        one.country_id = env["shop.country"].create({"name": "Peru"})

    shop.run(2, {}, change, su=True)
    shop.run(1, {}, lambda env: env["shop.partner"].browse(partner).write({"name": "Ida", "code": "y"}))

    def there_and_back(env: Any) -> None:
        one = env["shop.partner"].browse(partner)
        one.name = "Otto"
        one.name = "Ida"

    shop.run(1, {}, there_and_back)

    def look(env: Any) -> None:
        country = env["shop.country"].search([], limit=1)
        assert rows(env, "shop.partner", partner) == [
            ("create", {"name": [None, "Ana"], "credit": [None, "5.5"]}),
            ("write", {"name": ["Ana", "Ida"], "credit": ["5.5", "7"], "country_id": [None, country.id]}),
        ]
        found = env["ir.history"].search([("model", "=", "shop.partner"), ("operation", "=", "write")])
        assert found.user_id == 2

    shop.run(1, {}, look)


def test_a_deletion_elsewhere_in_the_transaction_loses_nothing(shop: Any) -> None:
    def create(env: Any) -> list[int]:
        return env["shop.partner"].create([{"name": "Ana"}, {"name": "Beto"}, {"name": "Caro"}]).ids

    ana, beto, caro = shop.run(1, {}, create)

    def change(env: Any) -> int:
        env["shop.partner"].browse(ana).name = "Eva"
        new = env["shop.partner"].create({"name": "Neu", "credit": 3})
        env["shop.partner"].browse(caro).name = "never mind"
        env["shop.partner"].browse([beto, caro]).unlink()
        env["shop.partner"].browse(ana).credit = 1
        return new.id

    new = shop.run(1, {}, change)

    def look(env: Any) -> None:
        assert rows(env, "shop.partner", ana)[1:] == [("write", {"name": ["Ana", "Eva"], "credit": ["0", "1"]})] or rows(
            env, "shop.partner", ana
        )[1:] == [("write", {"name": ["Ana", "Eva"], "credit": [None, "1"]})]
        assert rows(env, "shop.partner", new) == [("create", {"name": [None, "Neu"], "credit": [None, "3"]})]
        assert rows(env, "shop.partner", beto)[-1] == ("unlink", {"display_name": ["Beto", None]})
        assert [operation for operation, _c in rows(env, "shop.partner", caro)] == ["create", "unlink"]

    shop.run(1, {}, look)


def test_computed_values_and_translations_are_tracked(shop: Any) -> None:
    def create(env: Any) -> tuple[int, int]:
        partner = env["shop.partner"].create({"name": "Ana", "note": "good"})
        order = env["shop.order"].create({"name": "O", "partner_id": partner.id, "line_ids": [(0, 0, {"qty": 2, "price": 3})]})
        return partner.id, order.id

    partner, order = shop.run(1, {}, create)

    def change(env: Any) -> None:
        env["shop.order"].browse(order).line_ids.price = 4
        env["shop.partner"].browse(partner).note = "better"

    shop.run(1, {}, change)
    spanish = {"lang": "es"}
    shop.run(1, spanish, lambda env: env["shop.partner"].browse(partner).write({"note": "mejor"}))

    def look(env: Any) -> None:
        assert rows(env, "shop.order", order)[1:] == [("write", {"total": ["6", "8"]})]
        assert [changes for _o, changes in rows(env, "shop.partner", partner)[1:]] == [
            {"note": ["good", "better"]},
            {"note": ["better", "mejor"]},
        ]

    shop.run(1, {}, look)


def test_nothing_is_kept_of_what_was_rolled_back(shop: Any) -> None:
    def fail(env: Any) -> None:
        env["shop.partner"].create({"name": "Ana"})
        env.flush()
        raise LookupError

    try:
        shop.run(1, {}, fail)
    except LookupError:
        pass
    assert shop.run(1, {}, lambda env: env["ir.history"].search_count([("model", "=", "shop.partner")])) == 0


def test_one_statement_writes_the_history_of_many(shop: Any, count_statements: Any) -> None:
    ids = shop.run(1, {}, lambda env: env["shop.partner"].create([{"name": f"p{n}"} for n in range(30)]).ids)

    def change(env: Any) -> None:
        for one in env["shop.partner"].browse(ids):
            one.name += "x"

    with count_statements(shop) as seen:
        shop.run(1, {}, change)
    assert len([s for s in seen.seen if "INSERT INTO ir_history" in s]) == 1
