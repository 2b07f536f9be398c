"""Hooks: order, results, vetoes, what a company sees, and refusals in words. Each test declares the few addons it needs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from server.errors import RegistryError, UserError
from server.hooks import HookRegistry, hookimpl, hookspec


def addon(name: str, depends: tuple[str, ...] = (), specs: type | None = None, impls: type | None = None) -> SimpleNamespace:
    hooks = SimpleNamespace(**{key: value for key, value in (("Specs", specs), ("Impls", impls)) if value is not None})
    return SimpleNamespace(name=name, depends=depends, package=None, hooks=hooks)


class OrderSpecs:
    @hookspec
    def order_confirming(env, orders):
        """Before an order is confirmed."""

    @hookspec(firstresult=True)
    def order_price(env, order):
        """The price of an order."""


def saying(word: object) -> type:
    class Impls:
        @hookimpl
        def order_confirming(self, orders):
            return word

        @hookimpl
        def order_price(self, order):
            return word if word != "nothing" else None

    return Impls


def registry(*addons: SimpleNamespace) -> HookRegistry:
    result = HookRegistry(addons)
    result.check_pending()
    return result


SALES = addon("sales", specs=OrderSpecs)


def test_implementations_run_in_dependency_order() -> None:
    hooks = registry(
        SALES, addon("stock", ("sales",), impls=saying("stock")), addon("glue", ("stock>=1.0",), impls=saying("glue"))
    )
    callers = hooks.callers(frozenset({"sales", "stock", "glue"}))
    assert callers.order_confirming(env=None, orders=[1]) == ["stock", "glue"]
    assert callers.order_price(env=None, order=1) == "stock"
    assert [i.addon for i in hooks.implementations_of("order_confirming")] == ["stock", "glue"]


def test_a_company_hears_only_its_own_addons() -> None:
    hooks = registry(SALES, addon("stock", ("sales",), impls=saying("stock")), addon("glue", ("sales",), impls=saying("glue")))
    assert hooks.callers(frozenset({"sales", "glue"})).order_confirming(env=None, orders=[]) == ["glue"]
    assert hooks.callers(frozenset({"sales"})).order_confirming(env=None, orders=[]) == []
    assert hooks.callers(frozenset({"sales"})).order_price(env=None, order=1) is None
    assert not hooks.callers(frozenset({"sales"})).implemented("order_confirming")
    assert hooks.callers(frozenset({"sales", "glue"})).implemented("order_confirming")


def test_specname_is_filtered_like_any_other() -> None:
    """pluggy once left implementations under another name out of its subsets (its issue 695); ours must not."""

    class Impls:
        @hookimpl(specname="order_confirming")
        def another_name(self, orders):
            return "renamed"

    hooks = registry(SALES, addon("glue", ("sales",), impls=Impls))
    assert hooks.callers(frozenset({"sales", "glue"})).order_confirming(env=None, orders=[]) == ["renamed"]
    assert hooks.callers(frozenset({"sales"})).order_confirming(env=None, orders=[]) == []


def test_none_is_no_result() -> None:
    hooks = registry(SALES, addon("a", ("sales",), impls=saying("nothing")), addon("b", ("sales",), impls=saying("b")))
    assert hooks.callers(frozenset({"sales", "a", "b"})).order_price(env=None, order=1) == "b"


def test_a_veto_reaches_the_caller_and_stops_the_rest() -> None:
    heard = []

    class Veto:
        @hookimpl
        def order_confirming(self, orders):
            raise UserError("no credit")

    class Later:
        @hookimpl
        def order_confirming(self, orders):
            heard.append(orders)

    hooks = registry(SALES, addon("credit", ("sales",), impls=Veto), addon("later", ("credit",), impls=Later))
    with pytest.raises(UserError, match="no credit"):
        hooks.callers(frozenset({"sales", "credit", "later"})).order_confirming(env=None, orders=[])
    assert heard == []


def test_a_wrapper_is_around() -> None:
    class Around:
        @hookimpl(wrapper=True)
        def order_price(self, order):
            price = yield
            return price * 2

    class Price:
        @hookimpl
        def order_price(self, order):
            return 21

    hooks = registry(SALES, addon("price", ("sales",), impls=Price), addon("double", ("price",), impls=Around))
    assert hooks.callers(frozenset({"sales", "price", "double"})).order_price(env=None, order=1) == 42


def test_callers_are_made_once_per_enabled_set() -> None:
    hooks = registry(SALES)
    assert hooks.callers(frozenset({"sales"})) is hooks.callers(frozenset({"sales"}))
    callers = hooks.callers(frozenset({"sales"}))
    assert callers.order_price is callers.order_price


def test_a_missing_argument_is_named_even_when_nobody_listens() -> None:
    with pytest.raises(TypeError, match="without orders"):
        registry(SALES).callers(frozenset({"sales"})).order_confirming(env=None)


def test_hooks_of_a_disabled_addon_and_unknown_hooks() -> None:
    callers = registry(SALES).callers(frozenset())
    with pytest.raises(AttributeError, match="'sales', which is not enabled"):
        callers.order_price  # noqa: B018
    with pytest.raises(AttributeError, match="There is no hook 'order_prize'"):
        callers.order_prize  # noqa: B018


def refused(*addons: SimpleNamespace) -> RegistryError:
    with pytest.raises(RegistryError) as caught:
        registry(*addons)
    return caught.value


def test_two_owners_of_a_hook_are_refused() -> None:
    error = refused(SALES, addon("shop", specs=OrderSpecs))
    assert error.addon == "shop"
    assert "sales and shop both declare the hook order_confirming" in str(error)


def test_a_hook_without_spec_is_refused_with_a_hint() -> None:
    class Misspelt:
        @hookimpl
        def order_confirmin(self, orders): ...

    error = refused(SALES, addon("typo", ("sales",), impls=Misspelt))
    assert error.addon == "typo"
    assert "Did you mean order_confirming?" in str(error)


def test_an_optional_hook_may_have_no_spec() -> None:
    class Optional:
        @hookimpl(optionalhook=True)
        def somewhere_else(self, orders): ...

    hooks = registry(SALES, addon("opt", impls=Optional))
    assert hooks.callers(frozenset({"sales", "opt"})).order_confirming(env=None, orders=[]) == []


def test_a_hook_of_an_addon_not_depended_on_is_refused() -> None:
    error = refused(SALES, addon("stranger", impls=saying("x")))
    assert error.addon == "stranger"
    assert "Add sales to depends" in str(error)


def test_an_unknown_argument_is_refused() -> None:
    class Wrong:
        @hookimpl
        def order_confirming(self, order): ...

    error = refused(SALES, addon("wrong", ("sales",), impls=Wrong))
    assert error.addon == "wrong"
    assert "with the argument order, which the hook does not have. It has: env, orders" in str(error)


def test_a_wrapper_that_does_not_yield_is_refused() -> None:
    class Flat:
        @hookimpl(wrapper=True)
        def order_confirming(self, orders):
            return orders

    assert "does not yield" in str(refused(SALES, addon("flat", ("sales",), impls=Flat)))


def test_a_broken_hooks_module_blames_its_addon(tmp_path, monkeypatch) -> None:
    package = tmp_path / "broken_hooks_addon"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "hooks.py").write_text("import there_is_no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RegistryError) as caught:
        HookRegistry([SimpleNamespace(name="broken", depends=(), package="broken_hooks_addon", hooks=None)])
    assert caught.value.addon == "broken"
    assert "there_is_no_such_module" in str(caught.value)


def test_tracing_prints_each_call(capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLCA_TRACE_HOOKS", "1")
    hooks = registry(SALES, addon("stock", ("sales",), impls=saying("stock")))
    hooks.callers(frozenset({"sales", "stock"})).order_confirming(env=None, orders=[7])
    hooks.callers(frozenset({"sales"})).order_confirming(env=None, orders=[8])
    printed = capsys.readouterr().err
    assert "hook order_confirming(orders=[7]) -> stock" in printed
    assert "hook order_confirming = ['stock']" in printed
    assert "hook order_confirming(orders=[8]) -> nobody" in printed


def test_the_kernel_is_always_there() -> None:
    callers = registry(SALES).callers(frozenset())
    assert callers.record_created(env=None, records=[]) == []
