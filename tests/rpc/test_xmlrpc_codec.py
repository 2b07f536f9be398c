"""The XML-RPC wire format by itself: what clients send is understood, what attackers send is refused, what we answer every client
reads.
"""

from __future__ import annotations

import datetime
import xmlrpc.client
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import AccessDenied, AccessError, MissingError, UserError
from server.rpc import xmlrpc as wire
from server.rpc.errors import MalformedRequest, UnknownMethod, describe
from server.text import _


def call(*params: str) -> bytes:
    inside = "".join(f"<param>{p}</param>" for p in params)
    return f"<?xml version='1.0'?><methodCall><methodName>execute</methodName><params>{inside}</params></methodCall>".encode()


def decoded(value: str) -> object:
    return wire.loads(call(value))[1][0]


def read_back(document: bytes) -> object:
    return xmlrpc.client.loads(document)[0][0]


class TestDecoding:
    def test_every_scalar(self):
        assert decoded("<value><int>-5</int></value>") == -5
        assert decoded("<value><i4>7</i4></value>") == 7
        assert decoded("<value><i8>9223372036854775807</i8></value>") == 2**63 - 1
        assert decoded("<value><boolean>1</boolean></value>") is True
        assert decoded("<value><boolean>0</boolean></value>") is False
        assert decoded("<value><double>2.5</double></value>") == 2.5
        assert decoded("<value><string>a&amp;b &#241;</string></value>") == "a&b ñ"
        assert decoded("<value><nil/></value>") is None
        assert decoded('<value><ex:nil xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions"/></value>') is None
        assert decoded("<value><ex:nil/></value>") is None

    def test_bare_text_is_a_string_and_an_empty_value_an_empty_one(self):
        assert decoded("<value>plain &lt;text&gt;</value>") == "plain <text>"
        assert decoded("<value/>") == ""
        assert decoded("<value></value>") == ""
        assert decoded("<value><string/></value>") == ""

    def test_dates_and_base64_are_the_strings_of_the_other_doors(self):
        assert decoded("<value><dateTime.iso8601>20260131T23:59:58</dateTime.iso8601></value>") == "2026-01-31 23:59:58"
        assert decoded("<value><dateTime.iso8601>2026-01-31T23:59:58.5-06:00</dateTime.iso8601></value>") == "2026-02-01 05:59:58"
        assert decoded("<value><base64>\naGVs\nbG8=\n</base64></value>") == "aGVsbG8="

    def test_containers_with_white_space(self):
        assert decoded("<value> <array> <data> <value><int>1</int></value> <value>b</value> </data> </array> </value>") == [
            1,
            "b",
        ]
        member = "<member>\n<name>a b</name>\n<value><array><data/></array></value>\n</member>"
        assert decoded(f"<value>\n<struct>\n{member}<member><name/><value><struct/></value></member>\n</struct>\n</value>") == {
            "a b": [],
            "": {},
        }

    def test_params_may_be_absent(self):
        assert wire.loads(b"<methodCall><methodName>version</methodName></methodCall>") == ("version", [])

    def test_declared_encoding(self):
        head = "<?xml version='1.0' encoding='iso-8859-1'?><methodCall><methodName>m</methodName>"
        body = head + "<params><param><value>Pe\xf1a</value></param></params></methodCall>"
        assert wire.loads(body.encode("latin-1")) == ("m", ["Peña"])
        assert wire.loads(body.replace("iso-8859-1", "windows-1252").encode("cp1252")) == ("m", ["Peña"])

    def test_what_python_sends(self):
        params = (
            "db",
            2,
            "pw",
            [["a", "=", False]],
            {"fields": ["x"], "n": None, "when": datetime.datetime(2026, 1, 2, 3, 4, 5), "raw": b"\x00\xff"},
        )
        body = xmlrpc.client.dumps(params, "execute_kw", allow_none=True).encode()
        expected = [
            "db",
            2,
            "pw",
            [["a", "=", False]],
            {"fields": ["x"], "n": None, "when": "2026-01-02 03:04:05", "raw": "AP8="},
        ]
        assert wire.loads(body) == ("execute_kw", expected)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"not xml",
            b"\xff\xfe\xfd",
            b"<methodCall><methodName>x</methodName><params><param><value>\xff\xfe</value></param></params></methodCall>",
            b"<methodCall><methodName>x</methodName>",
            b"<methodCall></methodCall>",
            b"<methodResponse><params/></methodResponse>",
            b"<?xml version='1.0' encoding='no-such-code'?><methodCall><methodName>x</methodName></methodCall>",
            call("<value><int>12x</int></value>"),
            call("<value><int>9223372036854775808</int></value>"),
            call("<value><int>" + "9" * 5000 + "</int></value>"),
            call("<value><double>nan</double></value>"),
            call("<value><double>1e999</double></value>"),
            call("<value><boolean>2</boolean></value>"),
            call("<value><dateTime.iso8601>yesterday</dateTime.iso8601></value>"),
            call("<value><struct><member><value>no name</value></member></struct></value>"),
            call("<value><object/></value>"),
            call("<int>1</int>"),
            call("<value>" * 500 + "</value>" * 500),
            call("<value><array><data>" * 100 + "</data></array></value>" * 100),
            call("<name>x</name>"),
            call("<value>&#0;</value>"),
            call("<value>&#xD800;</value>"),
        ],
    )
    def test_wrong_bodies_are_refused_in_words(self, body):
        with pytest.raises(MalformedRequest, match="not a valid XML-RPC request"):
            wire.loads(body)

    def test_entity_bombs_and_external_entities(self):
        laughs = (
            '<!DOCTYPE z [<!ENTITY a "ha">'
            + "".join(f'<!ENTITY {b} "&{a};&{a};&{a};">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
            + "]>"
        )
        for doctype in (
            laughs,
            '<!DOCTYPE z [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            '<!DOCTYPE z SYSTEM "http://127.0.0.1:9/x.dtd">',
            "<!DOCTYPE z>",
        ):
            request = "<methodCall><methodName>x</methodName><params><param><value>&x;</value></param></params></methodCall>"
            body = (doctype + request).encode()
            with pytest.raises(MalformedRequest, match="not accepted"):
                wire.loads(body)

    @given(st.binary(max_size=300))
    def test_any_bytes(self, body):
        with pytest.raises(MalformedRequest):
            wire.loads(body)

    @given(
        st.lists(
            st.sampled_from(
                "<methodCall> </methodCall> <methodName>x</methodName> <params> </params> <param> </param> <value> </value> "
                "<array> </array> <data> </data>"
                " <struct> </struct> <member> </member> <name>k</name> <int>1</int>"
                " <string>s</string> <nil/> text &lt; <![CDATA[x]]> <!--c-->".split()
            ),
            max_size=40,
        )
    )
    @settings(max_examples=400)
    def test_any_order_of_tags(self, tags):
        try:
            wire.loads("".join(tags).encode())
        except MalformedRequest:
            pass


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def as_clients_see(value: object) -> object:
    """What must come back: nothing is false, and text without what XML cannot carry."""
    if value is None:
        return False
    if isinstance(value, str):
        return "".join(
            c for c in value if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
        )
    if isinstance(value, list):
        return [as_clients_see(v) for v in value]
    if isinstance(value, dict):
        return {as_clients_see(k): as_clients_see(v) for k, v in value.items()}
    return value


class TestEncoding:
    @given(json_like)
    def test_python_reads_it_back(self, value):
        parser, unmarshaller = xmlrpc.client.getparser()
        parser.feed(wire.dumps(value))
        parser.close()
        assert unmarshaller.close()[0] == as_clients_see(value)

    @given(
        st.lists(
            st.fixed_dictionaries(
                {
                    "id": st.integers(0, 2**33),
                    "name": st.text(max_size=5) | st.just("<&>"),
                    "%s&": st.decimals(allow_nan=False, allow_infinity=False, places=2, max_value=10**9),
                    "partner_id": st.just(False) | st.tuples(st.integers(0, 2**32), st.text(max_size=4)).map(list),
                    "mixed": st.none() | st.booleans() | st.lists(st.integers(0, 9), max_size=3) | st.just("x"),
                }
            ),
            min_size=4,
            max_size=8,
        )
    )
    def test_rows_encoded_by_column_are_the_rows(self, rows):
        parser, unmarshaller = xmlrpc.client.getparser()
        parser.feed(wire.dumps(rows))
        parser.close()
        expected = [as_clients_see({k: float(v) if isinstance(v, Decimal) else v for k, v in row.items()}) for row in rows]
        assert unmarshaller.close()[0] == expected

    def test_nothing_is_false_everywhere(self):
        assert read_back(wire.dumps(None)) is False
        assert read_back(wire.dumps({"a": [None, {"b": None}]})) == {"a": [False, {"b": False}]}

    def test_integers_by_size(self):
        assert b"<int>2147483647</int>" in wire.dumps(2**31 - 1)
        assert b"<i8>2147483648</i8>" in wire.dumps(2**31)
        assert b"<i8>-2147483649</i8>" in wire.dumps(-(2**31) - 1)

    def test_decimals_are_the_nearest_double_in_its_shortest_form(self):
        assert b"<double>0.1</double>" in wire.dumps(Decimal("0.1000"))
        assert b"<double>123456789.12</double>" in wire.dumps(Decimal("123456789.12"))

    def test_no_dates_and_no_base64_on_the_wire(self):
        answer = wire.dumps(
            [
                datetime.datetime(2026, 1, 2, 3, 4, 5, 678),
                datetime.date(2026, 1, 2),
                b"\x00\xff",
                (1, 2),
                {1: "one"},
                frozenset([3]),
            ]
        )
        assert read_back(answer) == ["2026-01-02 03:04:05", "2026-01-02", "AP8=", [1, 2], {"1": "one"}, [3]]
        assert b"base64" not in answer and b"dateTime" not in answer

    def test_control_characters_are_left_out_but_not_white_space(self):
        assert read_back(wire.dumps("a\x00b\x1fc\td\ne\rf\x7f")) == "abc\td\ne\rf\x7f"

    def test_texts_for_people(self):
        assert read_back(wire.dumps({"label": _("Order %(name)s", name="<S1>")})) == {"label": "Order <S1>"}

    def test_what_cannot_be_sent_is_a_type_error(self):
        with pytest.raises(TypeError, match="object"):
            wire.dumps([object()])


def fault_of(exc: Exception, legacy: bool = False) -> tuple[object, str]:
    try:
        xmlrpc.client.loads(wire.dumps_fault(describe(exc), legacy))
    except xmlrpc.client.Fault as fault:
        return fault.faultCode, fault.faultString
    raise AssertionError("no fault")


class TestFaults:
    def test_codes_of_xmlrpc_2(self):
        assert fault_of(UserError(_("Not today."))) == (2, "Not today.")
        assert fault_of(MissingError(_("Gone."))) == (2, "Gone.")
        assert fault_of(AccessDenied(_("Access Denied"))) == (3, "Access Denied")
        assert fault_of(AccessError(_("No right."))) == (4, "No right.")
        code, text = fault_of(UnknownMethod(_("The method 'a.b' does not exist")))
        assert code == 1
        assert text.startswith("Traceback (most recent call last):")
        assert text.splitlines()[-1] == "AttributeError: The method 'a.b' does not exist"

    def test_string_codes_of_the_older_route(self):
        assert fault_of(UserError(_("Not today.")), legacy=True) == ("warning -- UserError\n\nNot today.", "")
        assert fault_of(MissingError(_("Gone.")), legacy=True) == ("warning -- MissingError\n\nGone.", "")
        assert fault_of(AccessError(_("No right.")), legacy=True) == ("warning -- AccessError\n\nNo right.", "")
        assert fault_of(AccessDenied(_("Access Denied")), legacy=True) == ("AccessDenied", "Access Denied")
        code, text = fault_of(UnknownMethod(_("The method 'a.b' does not exist")), legacy=True)
        assert code == "The method 'a.b' does not exist"
        assert text.startswith("Traceback (most recent call last):")

    def test_the_unexpected_is_a_number(self, caplog):
        try:
            raise KeyError("SELECT password FROM /etc/secret.py")
        except KeyError as exc:
            code, text = fault_of(exc)
        assert code == 1
        assert "secret" not in text and "SELECT" not in text
        number = caplog.records[-1].args[0]
        assert number in text
        assert "secret" in caplog.text
