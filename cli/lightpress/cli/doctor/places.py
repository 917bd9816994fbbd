"""Where the checks of an environment look: an account of AWS, or the local cloud."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from lightpress.cdk.config import ENVIRONMENTS, load_config
from lightpress.cdk.readiness import RECIPES
from lightpress.cli.doctor.check import Place
from lightpress.client.faults import FAULTS
from lightpress.client.waiting import WAITING
from lightpress.local.session import ACCOUNT, REGION
from lightpress.pipeline.recipe_file import load_recipes

if TYPE_CHECKING:
    from collections.abc import Callable

LOCAL = "local"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html: without template and resources.
_ONLY_PLANNED = "REVIEW_IN_PROGRESS"
_OWN_ENVIRONMENTS, _OWN_RECIPES = Path("environments"), Path("recipes.toml")


class UnknownEnvironmentError(Exception):
    """There is no file of this environment; the message names those that there are."""


def client_in_account(service: str, region: str | None = None) -> Any:  # noqa: ANN401  one of boto3's, by name
    """A client with the credentials of the environment, in their region unless another is given."""
    make: Callable[..., Any] = boto3.client
    return make(service, region_name=region, config=WAITING)


def place_in_account(environment: str) -> Place:
    """The account and region of the credentials, with the options and recipes of the project that is worked in.

    Raises:
        UnknownEnvironmentError: The project has no such environment.
        ConfigError: A file of the project is wrong.

    """
    folder = _environments()
    path = folder / f"{environment}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.toml")))
        raise UnknownEnvironmentError(f"There is no environment {environment!r}; allowed: {known}")
    recipes = _OWN_RECIPES if _OWN_RECIPES.is_file() else RECIPES
    place = _asking(Place(load_config(path), client_in_account, boto3.Session().region_name), recipes)
    try:
        account = place.client("sts").get_caller_identity()["Account"] if place.region else ""
        return _with_stack(replace(place, account=account)) if account else place
    except FAULTS:
        return place  # the checks ask again, and say why


def place_in_local_cloud(client: Callable[[str], Any]) -> Place:
    """The local cloud that `client` speaks to. It has the options and recipes that come with Lightpress."""

    def make(service: str, region: str | None = None) -> Any:  # noqa: ANN401, ARG001  it has one region
        return client(service)

    config = load_config(ENVIRONMENTS / f"{LOCAL}.toml")
    return _with_stack(_asking(Place(config, make, REGION, ACCOUNT, local=True), RECIPES))


def _environments() -> Path:
    """The folder of environments below the working directory, as `lightpress init` writes it; else Lightpress's own.

    Never both: the packaged `prod` says nothing of a project that has no `prod` yet.
    """
    return _OWN_ENVIRONMENTS if next(_OWN_ENVIRONMENTS.glob("*.toml"), None) else ENVIRONMENTS


def _asking(place: Place, file: Path) -> Place:
    """The place with whom the recipes of a file ask, and whether they are lazy."""
    recipes = load_recipes(file)
    return replace(place, reviewers=recipes.reviewers, enrichers=recipes.enrichers, lazy=recipes.is_lazy)


def _with_stack(place: Place) -> Place:
    try:
        stack = place.client("cloudformation").describe_stacks(StackName=place.stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return place
        raise
    if stack["StackStatus"] == _ONLY_PLANNED:
        return place
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    return replace(place, status=stack["StackStatus"], outputs=outputs)
