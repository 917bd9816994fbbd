"""Checks of the account: credentials, region, the CDK bootstrap stack, and the state of our own stack."""

from __future__ import annotations

from botocore.exceptions import ClientError

from lightpress.cli.doctor.check import Finding, Place, blocks, note, ok

# CDK's own templates ask for it: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
_BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
_LEAST_BOOTSTRAP = 6

_DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}
_NEVER_CREATED = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}


def region(place: Place) -> Finding:
    """The region is known before anything is asked."""
    if place.region is None:
        return blocks("No region is set: export AWS_DEFAULT_REGION, such as eu-west-1.")
    return ok(place.region)


def credentials(place: Place) -> Finding:
    """AWS accepts the credentials."""
    identity = place.client("sts").get_caller_identity()
    return ok(f"account {identity['Account']}, {identity['Arn']}")


def bootstrap(place: Place) -> Finding:
    """The account and region are prepared for CDK, recently enough."""
    command = f"npx aws-cdk@2 bootstrap; in a clone, make bootstrap ENV={place.config.environment}"
    try:
        version = int(place.client("ssm").get_parameter(Name=_BOOTSTRAP)["Parameter"]["Value"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        return blocks(f"The account is not prepared for CDK in {place.region}: {command}")
    if version < _LEAST_BOOTSTRAP:
        return blocks(f"The CDK bootstrap stack has version {version}, and {_LEAST_BOOTSTRAP} is needed: {command}")
    return ok(f"version {version}")


def stack(place: Place) -> Finding:
    """CloudFormation can update or create the stack as it is now."""
    status = place.status
    if status is None:
        return ok(f"{place.stack} is not deployed yet")
    if status in _DONE:
        return ok(f"{place.stack} is deployed ({status})")
    if status in _NEVER_CREATED:
        delete = f"aws cloudformation delete-stack --stack-name {place.stack}"
        return blocks(f"{place.stack} is {status} and cannot be updated: {delete}")
    if status == "UPDATE_ROLLBACK_FAILED":
        proceed = f"aws cloudformation continue-update-rollback --stack-name {place.stack}"
        return blocks(f"{place.stack} is {status}: {proceed}")
    return note(f"{place.stack} is {status}: wait until that has ended.")
