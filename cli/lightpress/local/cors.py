"""The CORS configuration of the cloud's APIs, which the emulator does not take from the CloudFormation template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from lightpress.local.session import Session


def let_pages_ask(assembly: Path, stack: str, session: Session) -> None:
    """Set the CORS configuration of every API in the stack's template."""
    template = json.loads((assembly / f"{stack}.template.json").read_text(encoding="utf-8"))
    for id_, resource in template["Resources"].items():
        cors = resource.get("Properties", {}).get("CorsConfiguration")
        if resource["Type"] != "AWS::ApiGatewayV2::Api" or not cors:
            continue
        found = session.cloudformation().describe_stack_resource(StackName=stack, LogicalResourceId=id_)
        session.apis().update_api(
            ApiId=found["StackResourceDetail"]["PhysicalResourceId"],
            CorsConfiguration=cors,
        )
