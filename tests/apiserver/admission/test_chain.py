"""The chain: the order of phases, and who is asked at all."""

from __future__ import annotations

import asyncio
from typing import Any

from listwatch.apiserver.admission.chain import AdmissionChain, Asker, PluginBase
from listwatch.apiserver.kinds.resources import builtin_resources
from listwatch.apiserver.verbs.admitting import AdmitAll, Attributes
from tests.api_caller import CONFIG_MAPS, Caller, config_map


class _Recorder(PluginBase):
    def __init__(self, name: str, told: list[str]) -> None:
        self._name = name
        self._told = told

    def mutate(self, attributes: Attributes, _asker: Asker) -> dict[str, Any] | None:
        self._told.append(f"{self._name} mutates {attributes.operation}")
        return None

    def validate(self, attributes: Attributes, _asker: Asker) -> None:
        self._told.append(f"{self._name} validates {attributes.operation}")

    def settled(self, namespace: str) -> None:
        self._told.append(f"{self._name} hears of {namespace}")


async def test_all_mutate_before_one_validates() -> None:
    """Each phase goes through all plugins in their order, and after the write they hear of it."""
    caller, told = Caller(), []
    caller.server._admission._plugins = (_Recorder("a", told), _Recorder("b", told))
    await caller.create(CONFIG_MAPS, config_map("m"))
    assert told == [
        "a mutates CREATE",
        "b mutates CREATE",
        "a validates CREATE",
        "b validates CREATE",
        "a hears of default",
        "b hears of default",
    ]
    told.clear()
    await caller.get(f"{CONFIG_MAPS}/m")
    assert told == []
    await caller.server.aclose()


async def test_the_server_s_own_writes_ask_nobody() -> None:
    """Outside of a request, and in tasks that outlive one, objects pass as they are."""
    told: list[str] = []
    chain = AdmissionChain([_Recorder("a", told)], redecode=lambda _, value: value)
    resource = builtin_resources().find("", "v1", "configmaps")
    assert resource is not None
    attributes = Attributes("CREATE", resource, "default", "m", {"metadata": {"name": "m"}})
    assert chain.mutate(attributes) is attributes.value
    chain.validate(attributes)
    assert told == []
    caller, later, is_over = Caller(), [], asyncio.Event()

    async def outlive() -> None:
        await is_over.wait()
        caller.server._admission._plugins = (_Recorder("a", told),)
        caller.server._admission.validate(attributes)

    caller.server.admit(lambda _: later.append(asyncio.ensure_future(outlive())))
    await caller.create(CONFIG_MAPS, config_map("m"))
    is_over.set()
    await asyncio.gather(*later)
    assert told == []
    await caller.server.aclose()


def test_without_a_chain_everything_is_admitted() -> None:
    """The seam's own default changes and refuses nothing."""
    resource = builtin_resources().find("", "v1", "configmaps")
    assert resource is not None
    attributes = Attributes("CREATE", resource, "default", "m", {"metadata": {"name": "m"}})
    assert AdmitAll().mutate(attributes) == attributes.value
    AdmitAll().validate(attributes)
