"""What makes tests of AWS take less time: each of these does over and over what comes to the same every time.

Half of what such a test costs is botocore and moto, and a third of that is here. Requests, signatures and answers are
those of before.
"""

from __future__ import annotations

import functools
from typing import Any

import moto.core.models
import pytest
import typer.main
import typer.testing
from botocore.endpoint_provider import EndpointProvider, RuleSet
from botocore.loaders import JSONFileLoader, Loader
from botocore.useragent import UserAgentString
from moto.core.base_backend import BaseBackend

_parse = functools.cache(JSONFileLoader().load_file)
_services: dict[tuple[str, ...], list[str]] = {}
_rules: dict[tuple[int, int], RuleSet] = {}
_addresses: dict[type, dict[str, Any]] = {}
_look_for, _format_addresses = Loader.list_available_services, vars(BaseBackend)["urls"].fget


def _services_found_once(loader: Loader, type_name: str) -> list[str]:
    folders = (type_name, *loader.search_paths)
    if folders not in _services:
        _services[folders] = _look_for(loader, type_name)
    return _services[folders]


def _with_rules_made_once(
    provider: EndpointProvider,
    ruleset_data: dict[str, Any],
    partition_data: dict[str, Any],
    excluded_params: frozenset[str] | None = None,
) -> None:
    """The data of a service is parsed once, above: the same rules are the same object, which nothing frees."""
    of = (id(ruleset_data), id(partition_data))
    if of not in _rules:
        _rules[of] = RuleSet(**ruleset_data, partitions=partition_data)
    provider.ruleset = _rules[of]
    vars(provider)["_excluded_params"] = excluded_params or frozenset()  # as its own constructor does


def _formatted_once(backend: BaseBackend) -> dict[str, Any]:
    if type(backend) not in _addresses:
        _addresses[type(backend)] = _format_addresses(backend)
    return _addresses[type(backend)]


def make_tests_quicker() -> None:
    """For all of this process."""
    patch = pytest.MonkeyPatch()
    # A session looks for the models of its services, and parses them.
    patch.setattr(JSONFileLoader, "load_file", lambda _loader, path: _parse(path))
    patch.setattr(Loader, "list_available_services", _services_found_once)
    # A client makes the rules by which its service's addresses are found, and each request names its sender.
    patch.setattr(EndpointProvider, "__init__", _with_rules_made_once)
    patch.setattr(UserAgentString, "to_string", lambda _agent: "tests")
    # For each request, moto reads its module of S3's addresses anew, for the sake of variables that no test sets; and
    # for each test, it registers all addresses of AWS with a library for others than botocore, which asks for none.
    patch.setattr(BaseBackend, "urls", property(_formatted_once))
    patch.setattr(moto.core.models, "RESPONSES_METHODS", [])
    # Typer makes all commands for each one that runs.
    patch.setattr("typer.testing._get_command", functools.cache(typer.main.get_command))
