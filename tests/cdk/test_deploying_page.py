"""What docs/deploying.md says of a template is what the template says."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cfnlint.api import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from lightpress.cdk.readiness import PROJECT
from tests.cdk.templates import Template, synthesize
from tests.pages import block, blocks

if TYPE_CHECKING:
    from pathlib import Path


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


def test_the_role_of_the_workflow_trusts_every_environment_that_its_jobs_run_in_and_no_other() -> None:
    workflow = (PROJECT / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8")
    (options,) = re.findall(r"options: \[(.+)\]", workflow)
    jobs = re.findall(r"^    environment: (.+)$", workflow, re.MULTILINE)
    (trust,) = json.loads(block("deploying.md", "trust.json"))["Statement"]
    assert trust["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"] == [
        "repo:OWNER/REPO:environment:" + job.replace("${{ inputs.environment }}", option)
        for option in options.split(", ")
        for job in jobs
    ]
    assert len(jobs) == 2


def test_the_role_of_the_workflow_may_take_the_roles_that_a_deploy_takes(tmp_path: Path) -> None:
    synthesize("prod", tmp_path)
    stack = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["artifacts"]["Lightpress-prod"]
    assets = json.loads((tmp_path / "Lightpress-prod.assets.json").read_text(encoding="utf-8"))
    taken = {stack["properties"]["assumeRoleArn"], stack["properties"]["lookupRole"]["arn"]}
    for asset in (*assets["files"].values(), *assets["dockerImages"].values()):
        taken |= {one["assumeRoleArn"] for one in asset["destinations"].values()}
    (allowed,) = json.loads(block("deploying.md", "policy.json"))["Statement"]
    places = {"${AWS::Partition}": "aws", "${AWS::AccountId}": "ACCOUNT", "${AWS::Region}": "REGION"}
    assert {re.sub(r"\$\{.+?\}", lambda found: places[found[0]], arn) for arn in taken} == set(allowed["Resource"])


def test_iam_takes_both_documents_of_the_role() -> None:
    """As far as cfn-lint knows them."""
    trust, policy = (
        json.loads(block("deploying.md", name).replace("ACCOUNT", "123456789012").replace("REGION", "eu-west-1"))
        for name in ("trust.json", "policy.json")
    )
    role = {"AssumeRolePolicyDocument": trust, "Policies": [{"PolicyName": "p", "PolicyDocument": policy}]}
    template = {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": role}}}
    assert [str(one) for one in lint(json.dumps(template), config=ManualArgs(regions=["eu-west-1"]))] == []
