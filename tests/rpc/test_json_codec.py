"""JSON on the wire: exact numbers, bounded requests, the platform's own values."""

from __future__ import annotations

import datetime
import json as stdlib_json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.rpc import json as wire
from server.rpc.errors import MalformedRequest, ValueRefused
from server.text import _


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=20,
    )
)
def test_any_json_reads_it_back(value):
    assert stdlib_json.loads(wire.dumps(value)) == value


def test_own_values():
    value = {
        "d": Decimal("0.10"),
        "t": datetime.datetime(2026, 1, 2, 3, 4, 5, 6),
        "day": datetime.date(2026, 1, 2),
        "b": b"\x00",
        "x": (1,),
        7: _("Hi %(n)s", n=1),
    }
    assert stdlib_json.loads(wire.dumps(value)) == {
        "d": 0.1,
        "t": "2026-01-02 03:04:05",
        "day": "2026-01-02",
        "b": "AA==",
        "x": [1],
        "7": "Hi 1",
    }


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**11), max_value=10**11))
def test_decimals_survive_the_wire(amount):
    assert Decimal(repr(stdlib_json.loads(wire.dumps(amount)))) == amount


def test_what_cannot_be_sent_is_a_type_error():
    with pytest.raises(TypeError):
        wire.dumps({"x": object()})


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff", b'{"a": NaN}', b'"\\ud800"', b"[" * 5000, b"[" + b"[]," * 1_000_001 + b"[]]",
    ],
)  # fmt: skip
def test_wrong_bodies_are_refused(body):
    with pytest.raises(MalformedRequest):
        wire.loads(body)


@pytest.mark.parametrize(
    "body",
    [b'{"a": "x\\u0000y"}', b'{"x\\u0000y": 1}', b"[" * 500 + b"]" * 500, b'{"a":' * 90 + b"1" + b"}" * 90],
)
def test_what_cannot_be_meant_is_refused(body):
    with pytest.raises(ValueRefused):
        wire.check(body, wire.loads(body))


def test_a_text_about_nul_is_no_nul():
    body = b'{"a": "\\\\u0000"}'
    wire.check(body, wire.loads(body))


def test_a_wide_body_is_not_a_deep_one():
    body = b"[" + b"[1]," * 1000 + b"[1]]"
    wire.check(body, wire.loads(body))


@given(st.binary(max_size=200))
def test_any_bytes(body):
    try:
        wire.loads(body)
    except MalformedRequest:
        pass
