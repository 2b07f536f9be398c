"""Every model, field, older spelling, selection key and method that clients of the external API rely on, asked through the door."""

from __future__ import annotations

import pytest

from server.errors import FieldError
from server.model.scalars import Selection
from server.rpc.errors import UnknownModel
from server.testing.calls import Client
from tests.rpc.contract_models import ABSENT, EXTERNAL_IDS, entries

ENTRIES = entries()

#: Selections a program meets under these keys although the model has more; the ones of fields that are no plain selection elsewhere.
ANY = "*"


@pytest.fixture(scope="module")
def call(shared_demo):
    return Client(shared_demo)


@pytest.fixture(scope="module")
def described(call):
    """model → its `fields_get`, asked once per model."""
    known = {}

    def ask(model):
        if model not in known:
            known[model] = call(model, "fields_get", [], ["type", "relation", "selection", "readonly", "store", "searchable"])
        return known[model]

    return ask


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.model)
def test_fields_and_selections(entry, described):
    fields = described(entry.model)
    wrong = []
    for name, (kind, relation) in entry.fields.items():
        found = fields.get(name)
        if found is None:
            wrong.append(f"{name} is missing")
            continue
        if kind != ANY and found["type"] != kind:
            wrong.append(f"{name} is {found['type']}, not {kind}")
        if relation and found.get("relation") != relation:
            wrong.append(f"{name} leads to {found.get('relation')}, not {relation}")
        keys = {key for key, _label in found.get("selection", ())}
        if lacking := set(entry.keys.get(name, ())) - keys:
            wrong.append(f"{name} lacks {sorted(lacking)}, it has {sorted(keys)}")
    assert not wrong, wrong


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.methods], ids=lambda entry: entry.model)
def test_methods_are_public(entry, shared_demo):
    registry = shared_demo.registry
    cls = registry.for_enabled(registry.names).find(entry.model)
    assert cls is not None
    assert not set(entry.methods) - set(cls.public_methods())


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.fields], ids=lambda entry: entry.model)
def test_every_field_is_read_and_searched(entry, call, described):
    """One row with all fields, and a search by the value of each that may be searched finds it again."""
    fields = described(entry.model)
    names = [name for name in entry.fields if name in fields]
    rows = call(entry.model, "search_read", [], names, limit=1)
    for row in rows:
        for name in names:
            if not fields[name]["searchable"] or fields[name]["type"] in ("binary", "json", "html"):
                continue
            value = row[name][0] if fields[name]["type"] == "many2one" and row[name] else row[name]
            if fields[name]["type"] in ("one2many", "many2many") and value:
                value = value[0]
            term = [name, "=", value if value not in ([],) else False]
            domain = ["|", ["active", "=", True], ["active", "=", False], term] if "active" in fields else [term]
            assert row["id"] in call(entry.model, "search", domain), (name, value)


@pytest.mark.parametrize("model", ["product.product", "sale.order", "res.users"])
def test_what_is_called_searchable_is(model, call, described):
    """And nothing else is: fields that are another record's, by delegation or a path, say what holds for that one."""
    for name, field in described(model).items():
        try:
            call(model, "search", [[name, "!=", False]], limit=1)
        except FieldError as refused:
            assert not field["searchable"] and "cannot be searched" in str(refused), name
        else:
            assert field["searchable"], name


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.aliases], ids=lambda entry: entry.model)
def test_older_spellings_mean_the_same(entry, call, shared_demo):
    """Read, searched and (for what people write) written, an older name is the same value."""
    rows = call(
        entry.model, "search_read", [], [*entry.aliases, *(one for many in entry.aliases.values() for one in many)], limit=5
    )
    for row in rows:
        for name, older in entry.aliases.items():
            for one in older:
                assert row[one] == row[name], one
                value = row[name][0] if isinstance(row[name], (list, tuple)) and row[name] else row[name]
                if value in (False, []) or call(entry.model, "fields_get", [name], ["searchable"])[name]["searchable"] is False:
                    continue
                assert call(entry.model, "search", [[one, "=", value], ["id", "=", row["id"]]]) == [row["id"]], one
    cls = shared_demo.registry.for_enabled(shared_demo.registry.names).find(entry.model)
    for name, older in entry.aliases.items():
        for one in older:
            assert cls._aliases[one] == name


@pytest.mark.parametrize("model", ABSENT)
def test_models_of_others_are_unknown_and_nothing_else(model, call):
    for method in ("search_read", "fields_get", "create", "_private", "no_such_method"):
        with pytest.raises(UnknownModel, match=f"Object {model} doesn't exist") as caught:
            call(model, method)
        assert type(caught.value) is UnknownModel


@pytest.mark.parametrize(("xmlid", "model"), EXTERNAL_IDS.items())
def test_well_known_external_ids(xmlid, model, call):
    module, _dot, name = xmlid.partition(".")
    found, id = call("ir.model.data", "check_object_reference", module, name)
    assert found == model
    assert call(model, "read", [id], ["id"]) == [{"id": id}]
    assert call("ir.model.data", "get_object_reference", module, name) == [model, id] or (model, id)
    assert call("ir.model.data", "xmlid_to_res_id", xmlid) == id


def test_an_older_model_name(call):
    assert call("stock.production.lot", "search", []) == call("stock.lot", "search", [])


def test_selection_of_the_table_is_what_is_written(shared_demo):
    """The keys are those of selections, so that the table cannot ask for keys of what is no selection."""
    cls = shared_demo.registry.for_enabled(shared_demo.registry.names)
    for entry in ENTRIES:
        for name in entry.keys:
            assert isinstance(cls.find(entry.model)._fields[name], Selection), (entry.model, name)
