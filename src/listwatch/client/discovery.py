"""Which collections a server serves, and which of them somebody means by `po` or `deployments.apps`.

In:    a client, and a word that a person typed
Out:   an `APIResource`: the collection's place, its verbs, its other names
Next:  client/resource.py
Rules: `resolve` is pure; two requests suffice for a server of this decade; a part of the server that fails
       takes nothing else with it
Source: client-go discovery.DiscoveryClient, restmapper.NewDiscoveryRESTMapper and NewShortcutExpander (words
        that stand for resources), meta.DefaultRESTMapper.ResourcesFor (group prefixes)
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from listwatch.apimachinery.errors import (
    ConfigError,
    Forbidden,
    ListWatchError,
    NotFound,
)
from listwatch.client.api_resource import (
    APIResource,
    Found,
    is_aggregated,
    parse_aggregated,
    parse_group_versions,
    parse_resource_list,
)

if TYPE_CHECKING:
    from listwatch.client.client import Client

# v2 from Kubernetes 1.30 on, v2beta1 from 1.27 on, the last one for all others.
DISCOVERY_ACCEPT = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)
MAX_PARALLEL_REQUESTS = 16


class UnknownResource(ConfigError):
    """The server serves nothing of that name.

    Attributes:
        name: As it was asked for.
        near: Names that the server does know and that look alike, nearest first.
    """

    def __init__(
        self, name: str, *, near: Sequence[str] = (), failures: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.near = tuple(near)
        text = f"the server has no resource {name!r}"
        if near:
            text += f"; did you mean {_or(near)}?"
        if failures:
            # The one asked for may be in a part that did not answer.
            text += f" (not all of the server answered: {', '.join(failures)})"
        super().__init__(text)


class AmbiguousResource(ConfigError):
    """The name means several resources, and nothing says which comes first.

    Attributes:
        name: As it was asked for.
        candidates: Names that are not ambiguous.
    """

    def __init__(self, name: str, *, candidates: Sequence[str]) -> None:
        self.name = name
        self.candidates = tuple(candidates)
        super().__init__(f"{name!r} can mean {_or(candidates)}; say which")


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a server serves, as of one moment.

    Attributes:
        resources: Core first, then the server's order of groups; within a group its preferred version first.
        failures: Group versions (or whole documents) that could not be read, and why.
    """

    resources: tuple[APIResource, ...]
    failures: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def resolve(self, name: str) -> APIResource:
        """What a person means by `name`.

        Understood, in any case: the plural (`pods`), the singular (`pod`), a short name (`po`), the kind
        (`Pod`), each alone or with a group (`deployments.apps`), or with version and group
        (`deployments.v1.apps`). A beginning of a group will do where no group has just that name
        (`crontabs.stable`). Where the same word means several, the plural wins over the singular, over short
        names, over kinds; then core wins, then the group that the server lists first; then its preferred version.

        Raises:
            UnknownResource: Nothing is called so.
            AmbiguousResource: A beginning of a group fits several groups, or one group version has two
                resources of that singular, short name or kind.
        """
        return resolve(name, self.resources, failures=self.failures)

    def category(self, name: str) -> list[APIResource]:
        """The resources of a category (`all`), each in the version that comes first; empty if there is none."""
        chosen: dict[tuple[str, str], APIResource] = {}
        for each in self.resources:
            if name in each.categories:
                chosen.setdefault((each.resource.group, each.resource.plural), each)
        return list(chosen.values())


def resolve(
    name: str, resources: Sequence[APIResource], *, failures: Mapping[str, str] | None = None
) -> APIResource:
    """`Discovery.resolve` over any sequence of resources, the preferred ones first."""
    wanted = name.strip().lower()
    for word, version, group in _readings(wanted):
        pool = [each for each in resources if version is None or each.resource.version == version]
        if group is not None:
            pool = _in_group(name, group, word, pool)
        match = _first_match(name, word, pool)
        if match is not None:
            return match
    raise UnknownResource(name, near=near_names(wanted, resources), failures=failures)


def _readings(wanted: str) -> list[tuple[str, str | None, str | None]]:
    """(word, version, group) in the order in which they are tried; None stands for any."""
    word, dot, rest = wanted.partition(".")
    if not dot:
        return [(wanted, None, None)]
    version, second_dot, group = rest.partition(".")
    readings: list[tuple[str, str | None, str | None]] = []
    if second_dot:
        readings.append((word, version, group))
    else:
        readings.append((word, rest, ""))  # pods.v1: the core group has no name to write
    return [*readings, (word, None, rest)]


def _in_group(name: str, group: str, word: str, pool: Sequence[APIResource]) -> list[APIResource]:
    exact = [each for each in pool if each.resource.group == group]
    if exact or not group:
        return exact
    begun = [each for each in pool if each.resource.group.startswith(group) and word in _words(each)]
    if len({each.resource.group for each in begun}) > 1:
        raise AmbiguousResource(name, candidates=_unique(map(str, begun)))
    return begun


def _words(each: APIResource) -> set[str]:
    return {each.resource.plural, each.singular, *each.short_names, each.resource.kind.lower()}


def _first_match(name: str, word: str, pool: Iterable[APIResource]) -> APIResource | None:
    tiers: list[list[APIResource]] = [[], [], [], []]
    for each in pool:
        if each.resource.plural == word:
            tiers[0].append(each)
        elif each.singular == word:
            tiers[1].append(each)
        elif word in each.short_names:
            tiers[2].append(each)
        elif each.resource.kind.lower() == word:
            tiers[3].append(each)
    for tier in tiers:
        if tier:
            first = tier[0]
            rivals = [each for each in tier if each.resource.api_version == first.resource.api_version]
            if len(rivals) > 1:
                raise AmbiguousResource(name, candidates=_unique(map(str, rivals)))
            return first
    return None


def near_names(wanted: str, resources: Iterable[APIResource]) -> list[str]:
    """Up to three names of resources that look like `wanted`, nearest first."""
    word, dot, _ = wanted.partition(".")
    by_word: dict[str, str] = {}
    for each in resources:
        for alias in (each.resource.plural, each.singular, *each.short_names):
            by_word.setdefault(alias, str(each))
        if dot:
            by_word.setdefault(str(each), str(each))
    close = difflib.get_close_matches(word, by_word, n=6, cutoff=0.6)
    if dot:
        close = difflib.get_close_matches(wanted, by_word, n=3, cutoff=0.6) + close
    return _unique(by_word[alias] for alias in close)[:3]


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _or(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


async def discover(client: Client) -> Discovery:
    """Ask the server what it serves.

    Two requests where it answers in the aggregated form; two and one for each group version where it does not,
    a few of them at a time. A group version that cannot be read is left out and told in `failures`; so is one
    of /api and /apis if the server lacks it or refuses it and the other can be read.

    Raises:
        APIStatusError: Neither /api nor /apis may be read, or the server refused for another reason than that.
        TransportError: The server could not be reached.
        ProtocolError: What answers is no API server.
    """
    roots = ("/api", "/apis")
    answers = await asyncio.gather(*(_root(client, path) for path in roots), return_exceptions=True)
    found, refusals = Found(), []
    for path, answer in zip(roots, answers, strict=True):
        if isinstance(answer, NotFound | Forbidden):
            found.failures[path] = str(answer)
            refusals.append(answer)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found.resources += answer.resources
            found.failures.update(answer.failures)
    if len(refusals) == len(roots):
        raise refusals[0]
    return Discovery(tuple(found.resources), MappingProxyType(found.failures))


async def _root(client: Client, path: str) -> Found:
    body = await client.get_raw(path, accept=DISCOVERY_ACCEPT)
    if is_aggregated(body, path=path):
        return parse_aggregated(body, path=path)
    gate = asyncio.Semaphore(MAX_PARALLEL_REQUESTS)

    async def one(group_version: str) -> list[APIResource] | ListWatchError:
        below = f"{path}/{group_version}"
        async with gate:
            try:
                body = await client.get_raw(below)
                return parse_resource_list(body, group_version=group_version, path=below)
            except ListWatchError as error:
                return error

    names = parse_group_versions(body, path=path)
    found = Found()
    for name, part in zip(names, await asyncio.gather(*map(one, names)), strict=True):
        if isinstance(part, ListWatchError):
            found.failures[name] = str(part)
        else:
            found.resources += part
    return found
