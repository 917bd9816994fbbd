"""Adds to the emulator the services that it has not: GuardDuty's scans, Rekognition, and a Bedrock that looks.

What they say is in `guardduty`, `rekognition` and `bedrock`; here is how they hear and are heard.
"""

from __future__ import annotations

import asyncio
import base64
import contextvars
import json
import os
import subprocess
import threading
import uuid
from pathlib import Path
from typing import Any

import bedrock
import guardduty
import rekognition
from ministack import app
from ministack.core import iam_actions, iam_evaluator, router
from ministack.core.responses import get_account_id, get_region
from ministack.services import bedrock_runtime, eventbridge, iam, s3
from ministack.services.cloudformation import provisioners

PYTHON = "LIGHTPRESS_PYTHON"
"""Variable with the interpreter that has Pillow."""
SCAN_SECONDS = 1.0
"""How long a scan takes: a result comes before or after the picture is held, as from AWS."""

_LOOK = Path(__file__).with_name("look.py")
_LOOK_SECONDS = 60
_PLAN = "AWS::GuardDuty::MalwareProtectionPlan"
_TARGET = "RekognitionService."
_CONVERSE = {
    "bedrock:Converse": "bedrock:InvokeModel",
    "bedrock:ConverseStream": "bedrock:InvokeModelWithResponseStream",
}
"""What asks for which permission: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html"""
_OF_SEVERAL_REGIONS = ("us.", "us-gov.", "eu.", "apac.", "au.", "jp.", "ca.", "sa.", "global.")

_plans = guardduty.Plans()
_fire = s3._fire_s3_event  # noqa: SLF001  the emulator has no place to plug in
_reply = bedrock_runtime._mock_reply  # noqa: SLF001
_action_of, _resource_of = iam_actions.extract_iam_action, iam_actions.extract_resource_arn


def install() -> None:
    """Add them; once, before the emulator serves."""
    provisioners._RESOURCE_HANDLERS[_PLAN] = {"create": _create, "update": _update, "delete": _delete}  # noqa: SLF001
    app._state_map["guardduty"] = "guardduty"  # noqa: SLF001
    app._loaded_modules["guardduty"] = _plans  # noqa: SLF001
    s3._fire_s3_event = _fire_and_scan  # noqa: SLF001
    router.SERVICE_PATTERNS["rekognition"] = {"target_prefixes": [_TARGET], "host_patterns": [r"rekognition\."]}
    app.SERVICE_HANDLERS["rekognition"] = _rekognition
    iam_actions.SERVICE_TO_IAM_NAMESPACE["rekognition"] = "rekognition"
    bedrock_runtime._mock_reply = _describe  # noqa: SLF001
    iam_actions.extract_iam_action, iam_actions.extract_resource_arn = _iam_action, _resource_arn


def look(data: bytes) -> dict[str, Any] | None:
    """What is in a picture; None where it is none that can be read."""
    command = [os.environ[PYTHON], "-I", str(_LOOK)]
    finished = subprocess.run(command, input=data, capture_output=True, timeout=_LOOK_SECONDS, check=False)
    seen: dict[str, Any] | None = json.loads(finished.stdout) if finished.returncode == 0 else None
    return seen


def _create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:  # noqa: ARG001  the emulator's
    id_ = uuid.uuid4().hex[:20]
    plan = _plans.put(f"arn:aws:guardduty:{get_region()}:{get_account_id()}:malware-protection-plan/{id_}", properties)
    try:
        _try_role(plan)
    except PermissionError:
        _plans.remove(plan.arn)
        raise
    return plan.arn, {"Arn": plan.arn, "MalwareProtectionPlanId": id_, "Status": "ACTIVE"}


def _update(arn: str, old: dict[str, Any], new: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:  # noqa: ARG001  the emulator's
    plan = _plans.put(arn, new)
    _tell_eventbridge(plan)
    return arn, {"Arn": arn, "MalwareProtectionPlanId": arn.rpartition("/")[2], "Status": "ACTIVE"}


def _delete(arn: str, properties: dict[str, Any]) -> None:  # noqa: ARG001  the emulator's
    _plans.remove(arn)


def _try_role(plan: guardduty.Plan) -> None:
    """What GuardDuty does with a new plan: assume its role, hear of objects, and put one of its own."""
    if not _assumes(plan.role):
        raise PermissionError(f"The role {plan.role} does not trust {guardduty.SERVICE}")
    missing = [f"{action} on {arn}" for action, arn in plan.needs() if not _role_may(plan.role, action, arn)]
    if missing:
        raise PermissionError(f"The role {plan.role} may not {', '.join(missing)}")
    _tell_eventbridge(plan)
    s3._put_object(plan.bucket, guardduty.TEST_OBJECT, b"", {})  # noqa: SLF001


def _tell_eventbridge(plan: guardduty.Plan) -> None:
    told = s3._bucket_notifications.get(plan.bucket, "")  # noqa: SLF001
    if "EventBridgeConfiguration" in told:
        return
    s3._bucket_notifications[plan.bucket] = s3._notification_configs_to_xml(  # noqa: SLF001
        s3._parse_notification_config_raw(told) if told else [],  # noqa: SLF001
        has_eventbridge=True,
    )


def _assumes(role: str) -> bool:
    """Whether GuardDuty is whom a role trusts. A trust policy has no resources: it is about its own role."""
    kept = iam._roles.get_scoped(get_account_id(), None, role.rpartition("/")[2]) or {}  # noqa: SLF001
    trust = kept.get("AssumeRolePolicyDocument", {})
    statements = (json.loads(trust) if isinstance(trust, str) else trust).get("Statement", ())
    policy = {"Statement": [{**one, "Resource": "*"} for one in statements]}
    context = _context("", "sts:AssumeRole", role)
    decided = iam_evaluator.evaluate_resource_policy(policy, context, service=guardduty.SERVICE)
    return bool(decided.decision == "Allow")


def _role_may(role: str, action: str, resource: str) -> bool:
    """Whether the policies of a role and of a bucket let it."""
    policies = iam_evaluator._gather_role_policies(role.rpartition("/")[2], get_account_id())  # noqa: SLF001
    return _may(role, policies, action, resource)


def _may(principal: str, policies: Any, action: str, resource: str) -> bool:  # noqa: ANN401  the emulator's
    """policies: of the principal; None for one that may do everything."""
    context = _context(principal, action, resource)
    allowed = policies is None or iam_evaluator.evaluate(context, policies).decision == "Allow"
    found = iam_evaluator._resource_policy("s3", resource)  # noqa: SLF001
    denied = found and iam_evaluator.evaluate_resource_policy(found[0], context).decision == "Deny"
    return allowed and not denied


def _context(principal: str, action: str, resource: str) -> Any:  # noqa: ANN401  the emulator's
    return iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
        service_context={"events:managedby": guardduty.SERVICE},
    )


def _fire_and_scan(bucket: str, key: str, event: str, *rest: Any, **more: Any) -> None:  # noqa: ANN401  the emulator's
    """Tell of what has happened to an object, and have it scanned where it is new and its bucket has a plan."""
    _fire(bucket, key, event, *rest, **more)
    plan = _plans.of_bucket(bucket)
    hears = "EventBridgeConfiguration" in s3._bucket_notifications.get(bucket, "")  # noqa: SLF001
    if plan is None or not hears or not event.startswith("s3:ObjectCreated:") or not plan.covers(key):
        return
    context, etag = contextvars.copy_context(), str(more.get("etag", "")).strip('"')
    scan = threading.Timer(SCAN_SECONDS, context.run, (_scan, plan, key, etag, more.get("version_id")))
    scan.daemon = True
    scan.start()


def _scan(plan: guardduty.Plan, key: str, etag: str, version: str | None) -> None:
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    may = _role_may(plan.role, action, f"arn:aws:s3:::{plan.bucket}/{key}")
    body = s3._get_object_data(plan.bucket, key, version)  # noqa: SLF001
    if body is None:
        return  # it is gone
    result = guardduty.result_of(key, body if may else None)
    if plan.tags:
        tags = s3._object_tags.get((plan.bucket, key, version), {})  # noqa: SLF001
        s3._object_tags[plan.bucket, key, version] = {**tags, guardduty.TAG: result}  # noqa: SLF001
    entry = {
        "Source": "aws.guardduty",
        "DetailType": guardduty.DETAIL_TYPE,
        "Detail": json.dumps(guardduty.detail_of(plan.bucket, key, etag, version, result)),
        "Resources": [plan.arn],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)  # noqa: SLF001


async def _rekognition(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:  # noqa: ANN401, ARG001  the emulator's
    try:
        status, said = 200, await asyncio.to_thread(_seen, headers, json.loads(body))
    except rekognition.Refused as refused:
        status, said = 400, {"__type": refused.code, "Code": refused.code, "Message": str(refused)}
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(said).encode()


def _seen(headers: dict[str, str], request: dict[str, Any]) -> dict[str, Any]:
    operation = headers.get("x-amz-target", "").removeprefix(_TARGET)
    if operation not in rekognition.OPERATIONS:
        raise rekognition.Refused("UnknownOperationException", f"The stand-in knows no {operation}.")
    said: dict[str, Any] = rekognition.answer(operation, request, look(_picture(request.get("Image") or {}, headers)))
    return said


def _picture(image: dict[str, Any], headers: dict[str, str]) -> bytes:
    """The bytes of a picture, or of an object that who asks may read."""
    if "Bytes" in image:
        sent = base64.b64decode(image["Bytes"])
        rekognition.check_size(sent, in_s3=False)
        return sent
    where = image.get("S3Object") or {}
    bucket, key, version = where.get("Bucket", ""), where.get("Name", ""), where.get("Version")
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    if not _caller_may(headers, action, f"arn:aws:s3:::{bucket}/{key}"):
        raise rekognition.Refused("AccessDeniedException", f"Who asks may not read {bucket}/{key}.")
    data: bytes | None = s3._get_object_data(bucket, key, version)  # noqa: SLF001
    if data is None:
        raise rekognition.Refused("InvalidS3ObjectException", "Unable to get object metadata from S3.")
    rekognition.check_size(data, in_s3=True)
    return data


def _caller_may(headers: dict[str, str], action: str, resource: str) -> bool:
    if not app.AUTH:
        return True
    caller = iam_evaluator.resolve_principal(router.extract_access_key_id(headers, {}), get_account_id())
    known = isinstance(caller, iam_evaluator.PrincipalInfo)
    return known and _may(caller.arn, caller.policies, action, resource)


def _describe(model: str, messages: Any, system: Any) -> str:  # noqa: ANN401  the emulator's
    data = bedrock.picture_in(messages or ())
    seen = look(data) if data else None
    said: str = bedrock.described(seen) if seen else _reply(model, messages, system)
    return said


def _iam_action(*request: Any) -> str | None:  # noqa: ANN401  the emulator's
    action: str | None = _action_of(*request)
    return _CONVERSE.get(action, action) if action else None


def _resource_arn(service: str, *request: Any) -> str:  # noqa: ANN401  the emulator's
    """The emulator takes a profile of several regions for a model."""
    arn: str = _resource_of(service, *request)
    model = arn.rpartition("/")[2]
    if service != "bedrock-runtime" or not model.startswith(_OF_SEVERAL_REGIONS):
        return arn
    return f"arn:aws:bedrock:{get_region()}:{get_account_id()}:inference-profile/{model}"
