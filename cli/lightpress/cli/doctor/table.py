"""Every check that changes nothing, in the order in which they are printed. To add one: a function, and a row here."""

from __future__ import annotations

from lightpress.cli.doctor import (
    account,
    cloudfront,
    domain,
    encryption,
    event_sources,
    lambda_quotas,
    names,
    notifications,
    replica,
    service_quotas,
)
from lightpress.cli.doctor.check import Check

CHECKS = (
    Check("region", account.region, is_needed=True),
    Check("credentials", account.credentials, ("sts:GetCallerIdentity",), is_needed=True),
    Check("CDK bootstrap", account.bootstrap, ("ssm:GetParameter",)),
    Check("stack", account.stack, ("cloudformation:DescribeStacks",)),
    Check("concurrency", lambda_quotas.concurrency, ("lambda:GetAccountSettings",)),
    Check("memory", lambda_quotas.memory, ("lambda:ListFunctions",)),
    Check(
        "event sources",
        event_sources.event_sources,
        ("cloudformation:ListStackResources", "lambda:GetEventSourceMapping"),
    ),
    Check("messages in flight", service_quotas.in_flight),
    Check("events", service_quotas.events, service_quotas.ACTIONS),
    Check("rules", event_sources.rules, ("events:ListRules", *service_quotas.ACTIONS)),
    Check("bucket names", names.buckets, ("s3:ListBucket",)),
    Check("key", encryption.key, ("s3:GetEncryptionConfiguration", "cloudformation:ListStackResources")),
    Check("replica", replica.replica, ("s3:ListBucket", "s3:GetBucketVersioning")),
    Check("existing buckets", names.existing, ("s3:GetBucketNotification",)),
    Check("dashboard name", names.dashboard, ("cloudwatch:ListDashboards",)),
    Check("CloudFront names", cloudfront.names, cloudfront.ACTIONS),
    Check("CloudFront quotas", cloudfront.quotas, cloudfront.ACTIONS),
    Check("certificate", domain.certificate, ("acm:DescribeCertificate",)),
    Check("domain names", domain.dns, ("route53:ListHostedZonesByName", "route53:ListResourceRecordSets")),
    Check("event bus", notifications.event_bus, ("events:DescribeEventBus",)),
    Check(
        "alarm mail",
        notifications.alarm_email,
        ("sns:ListSubscriptionsByTopic",),
    ),
)
