"""The local cloud has stand-ins for the services that recipes ask for; its environment has them answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightpress.pipeline.facts import ALT, FACES, LABELS
from lightpress.pipeline.gate import MODERATION

if TYPE_CHECKING:
    from lightpress.cdk.config import Config
    from lightpress.pipeline.recipe import RecipeBook

_MODEL = "us.amazon.nova-lite-v1:0"
_REJECT, _DOUBT = (("Violence", 80),), (("Violence", 50),)
_SCOPE = "lightpress/operate"


def with_local_services(config: Config, recipes: RecipeBook) -> Config:
    """Switch on what ships for the reviewers and enrichers of recipes, and a page for the people among them.

    In an account, each of them costs and is chosen by an option; there, none does, and the options that are given stay.
    """
    asked, options, uploads = set(recipes.enrichers), config.processing, config.uploads
    if MODERATION in recipes.reviewers and not options.moderation_reject:
        options = replace(options, moderation_reject=_REJECT, moderation_doubt=_DOUBT)
    if recipes.reviewers and uploads.upload_auth == "none":
        uploads = replace(uploads, operators_scope=uploads.operators_scope or _SCOPE)
    options = replace(
        options,
        detect_labels=options.detect_labels or LABELS in asked,
        detect_faces=options.detect_faces or FACES in asked,
        alt_text_model=options.alt_text_model or (_MODEL if ALT in asked else ""),
    )
    return replace(config, processing=options, uploads=uploads)
