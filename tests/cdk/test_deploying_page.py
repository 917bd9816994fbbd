"""What docs/deploying.md says of a template is what the template says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.pages import blocks

if TYPE_CHECKING:
    from tests.cdk.templates import Template


def test_the_template_for_an_import_names_every_bucket_as_prod_does(prod: Template) -> None:
    (written,) = blocks("deploying.md", "json")
    documented = json.loads(written)["Resources"]
    assert set(documented) == {bucket.id for bucket in prod.buckets()}
    for id_, row in documented.items():
        bucket = prod.resource(id_)
        assert row["Type"] == bucket.type
        assert {name: bucket.properties.get(name) for name in row["Properties"]} == row["Properties"], id_


def test_a_change_of_the_bucket_namespace_is_refused_by_the_value_of_the_first_deploy(
    prod: Template, local: Template
) -> None:
    for template, namespace in ((prod, "account-regional"), (local, "global")):
        parameter = template.raw["Parameters"]["BucketNamespace"]
        assert parameter["Default"] == namespace
        (assertion,) = template.raw["Rules"]["BucketsAreNotReplaced"]["Assertions"]
        assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "BucketNamespace"}, namespace]}
        assert "bucket_namespace differs from what is deployed" in assertion["AssertDescription"]
