import azure.functions as func
import pytest

from sync.hosts.registered import ALL_METHODS, CannotHost, HttpFunction, registered


def empty() -> func.FunctionApp:
    return func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


def test_a_function_that_would_block_the_loop_is_refused() -> None:
    app = empty()

    @app.function_name("slow")
    @app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
    def slow(timer: func.TimerRequest) -> None:
        raise AssertionError("never run")

    with pytest.raises(CannotHost, match="slow is not async"):
        registered(app)


def test_a_trigger_that_only_the_functions_host_runs_is_refused() -> None:
    app = empty()

    @app.function_name("uploaded")
    @app.blob_trigger(arg_name="blob", path="in/{name}", connection="STORAGE")
    async def uploaded(blob: func.InputStream) -> None:
        raise AssertionError("never run")

    with pytest.raises(CannotHost, match="uploaded has a blobTrigger"):
        registered(app)


def test_a_topic_is_not_a_queue() -> None:
    app = empty()

    @app.function_name("told")
    @app.service_bus_topic_trigger(
        arg_name="message", topic_name="t", subscription_name="s", connection="SERVICE_BUS"
    )
    async def reported(message: func.ServiceBusMessage) -> None:
        raise AssertionError("never run")

    with pytest.raises(CannotHost, match="told has a serviceBusTrigger"):
        registered(app)


def test_a_name_that_stands_in_an_app_setting_is_refused() -> None:
    app = empty()

    @app.function_name("deliver")
    @app.service_bus_queue_trigger(
        arg_name="message", queue_name="%QUEUE%", connection="SERVICE_BUS"
    )
    async def deliver(message: func.ServiceBusMessage) -> None:
        raise AssertionError("never run")

    with pytest.raises(CannotHost, match="'%QUEUE%' from an app setting"):
        registered(app)


def test_a_route_without_name_and_methods_is_the_functions_name_for_every_method() -> None:
    app = empty()

    @app.function_name("page")
    @app.route()
    async def page(req: func.HttpRequest) -> func.HttpResponse:
        raise AssertionError("never run")

    (found,) = registered(app)
    assert isinstance(found, HttpFunction)
    assert (found.route, found.methods, found.argument) == ("page", ALL_METHODS, "req")
    assert found.level is func.AuthLevel.FUNCTION
