"""The rules that a reader of one file cannot see: who reads the environment, who logs what, how
long modules are."""

import ast
import re
from typing import Final

import pytest

from sync.config.connections import FLOW_NAMES
from sync.engine.flow import AdobeEvents, DocumentFlow, Poll
from sync.flows import FLOWS, SUB_FLOWS
from tests.conftest import FIRST
from tests.source import ROOT, code_lines, dotted, functions, imports, log_calls, modules

LONGEST_MODULE, LONGEST_FUNCTION = 250, 40
LONGEST_OF_NINE_IN_TEN = 14

AZURE: Final = ("adapters", "hosts")
ENVIRONMENT: Final = ("app", "cli", "sandbox.demo")
CLOCKS: Final = ("adapters", "cli", "hosts", "sandbox")
PERSONAL: Final = re.compile(
    r"(^|[._])(e?mail|customer_email|firstname|lastname|middlename|street|city|postcode|"
    r"telephone|phone|vat_id|taxvat|company_name|address"
    r"|billing|body|payload|headers|raw|document|documents|secret|token|password|record|order|"
    r"customer|shopper)$"
)


def is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_only_adapters_hosts_and_wiring_know_azure() -> None:
    found = [
        m.name
        for m in modules()
        if any(is_in(name, ("azure",)) for name in imports(m)) and not is_in(m.inner, AZURE)
    ]
    assert not found


def test_tests_are_nothing_the_product_needs() -> None:
    assert not [
        m.name
        for m in modules()
        if any(is_in(name, ("tests", "pytest", "hypothesis")) for name in imports(m))
    ]


def test_the_environment_is_read_in_one_place() -> None:
    for module in modules():
        reads = [
            node.lineno
            for node in module.nodes
            if isinstance(node, ast.Attribute) and dotted(node) in ("os.environ", "os.getenv")
        ]
        assert not reads or is_in(module.inner, ENVIRONMENT), f"{module.path}:{reads}"


def test_time_and_chance_come_from_the_clock() -> None:
    own = re.compile(
        r"^(datetime\.(now|utcnow|today)|date\.today|time\.(time|sleep)|uuid\.?uuid[14]|uuid4|"
        r"random\.\w+|secrets\.(token_\w+|choice|randbelow)|os\.urandom)$"
    )
    for module in modules():
        calls = [
            node.lineno
            for node in module.nodes
            if isinstance(node, ast.Call) and own.match(dotted(node.func))
        ]
        assert not calls or is_in(module.inner, CLOCKS), f"{module.path}:{calls}"


def test_no_thread_of_our_own_is_started() -> None:
    found = [
        m.name
        for m in modules()
        if any(is_in(n, ("threading", "concurrent", "multiprocessing")) for n in imports(m))
    ]
    assert not [name for name in found if not is_in(name.removeprefix("sync."), ("cli", "sandbox"))]


def test_a_function_fits_on_a_screen() -> None:
    long = [
        f"{m.path}:{f.lineno} {f.name}"
        for m, f in functions()
        if (f.end_lineno or 0) - f.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long


def test_nine_functions_of_ten_are_short() -> None:
    """Of `sync`, counted as `code_lines` says."""
    lengths = {
        f"{module.path}:{function.lineno} {function.name}": code_lines(module, function)
        for module, function in functions()
        if is_in(module.name, ("sync",))
    }
    long = [where for where, length in lengths.items() if length > LONGEST_OF_NINE_IN_TEN]
    assert len(long) <= len(lengths) // 10, "\n".join(long)


def test_a_function_of_the_tests_fits_on_a_screen() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in (ROOT / "tests").rglob("*.py")
        if "node_modules" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long


def test_what_the_run_begins_with_is_there() -> None:
    assert [name for name in FIRST if not (ROOT / name).exists()] == []


def test_a_module_is_read_in_one_sitting() -> None:
    lengths = {
        module.name: len(module.path.read_text(encoding="utf-8").splitlines())
        for module in modules()
    }
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE}
    assert not long


def test_no_error_is_swallowed() -> None:
    for module in modules():
        handlers = [node for node in module.nodes if isinstance(node, ast.ExceptHandler)]
        silent = [
            node.lineno
            for node in handlers
            if all(isinstance(step, ast.Pass) or ast.unparse(step) == "..." for step in node.body)
        ]
        assert not silent, f"{module.path}:{silent}"
        bare = [node.lineno for node in handlers if node.type is None]
        assert not bare, f"{module.path}:{bare}"
        broad = [
            node.lineno
            for node in module.nodes
            if isinstance(node, ast.Call) and _suppresses_all(node)
        ]
        assert not broad, f"{module.path}:{broad}"


def _suppresses_all(call: ast.Call) -> bool:
    is_suppress = dotted(call.func).endswith("suppress")
    return is_suppress and any(
        dotted(error) in ("Exception", "BaseException") for error in call.args
    )


def test_nothing_is_left_to_be_done() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    assert not [m.name for m in modules() if marks.search(m.path.read_text(encoding="utf-8"))]


def test_a_log_line_is_an_event_with_named_values() -> None:
    found = list(log_calls())
    assert len(found) > 30
    for module, call in found:
        template = call.args[0]
        where = f"{module.path}:{call.lineno}"
        assert isinstance(template, ast.Constant), where
        assert re.match(r"^(%s|[a-z_]+)\.(%s|[a-z_]+)( [a-z_]+=%\w+)*$", str(template.value)), where


def test_no_log_line_is_given_a_document_or_a_persons_data() -> None:
    for module, call in log_calls():
        for argument in call.args[1:]:
            assert not PERSONAL.search(ast.unparse(argument)), (
                f"{module.path}:{call.lineno} logs {ast.unparse(argument)}"
            )


def test_a_log_line_about_a_record_names_its_connection() -> None:
    silent = [
        f"{module.path}:{call.lineno}"
        for module, call in log_calls()
        if is_in(module.inner, ("engine", "flows"))
        and "key=%s" in (said := ast.unparse(call.args[0]))
        and "connection=%s" not in said
    ]
    assert not silent


# --- flows


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_flow_and_file_share_one_noun(flow: DocumentFlow[object]) -> None:
    assert list((ROOT / "sync" / "flows").rglob(f"{flow.name}.py"))
    assert re.fullmatch(r"[a-z_]{3,20}", flow.name)


def _is_client(node: ast.ClassDef) -> bool:
    """A client, or what one owns: it is made with its client."""
    makers = (
        one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"
    )
    takes_client = any(arg.arg == "client" for maker in makers for arg in maker.args.args)
    return takes_client or node.name.endswith("Client")


def test_flows_build_no_clients() -> None:
    clients = {
        node.name
        for module in modules()
        if is_in(module.inner, ("commerce", "dynamics"))
        for node in module.nodes
        if isinstance(node, ast.ClassDef) and _is_client(node)
    }
    assert {"CommerceClient", "SalesDocuments", "DynamicsClient", "SalesOrders"} <= clients
    built = [
        f"{module.path}:{call.lineno} {dotted(call.func)}"
        for module in modules()
        if is_in(module.inner, ("flows",))
        for call in module.nodes
        if isinstance(call, ast.Call) and dotted(call.func).rpartition(".")[2] in clients
    ]
    assert not built, "take it from the opened systems, as systems.dynamics.sales_orders"


def test_the_configuration_knows_the_flows_that_exist() -> None:
    assert sorted(FLOW_NAMES) == sorted(flow.name for flow in FLOWS)
    assert not {flow.name for flow in FLOWS} & {inner.name for inner in SUB_FLOWS}


def test_the_first_page_and_the_guide_tell_of_every_flow() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)
    assert sorted(rows) == sorted(flow.name for flow in FLOWS)
    guide = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert [flow.name for flow in FLOWS if f"`{flow.name}`" not in guide] == []


def test_an_event_is_a_notification_for_one_flow() -> None:
    events = [
        event for flow in FLOWS if (adobe := flow.trigger(AdobeEvents)) for event in adobe.names
    ]
    assert len(events) == len(set(events))
    assert not [
        one for one in events for other in events if one != other and one.endswith(f".{other}")
    ]


def test_every_flow_polls_with_an_overlap_and_says_what_it_is() -> None:
    for flow in FLOWS:
        assert flow.title
        poll = flow.trigger(Poll)
        if poll is not None:
            assert poll.overlap.total_seconds() > 0
