"""The options as keyword arguments, for type checkers: written by `make docs`, from `lightpress.cdk.options`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lightpress.cdk.options.rows import AttachedBucket, CompressedBucket, Webhook


class Options(TypedDict, total=False):
    """All have defaults: docs/configuration.md.

    Attributes:
        architecture: Processor of the functions. "host" is the processor and the Python version of the machine that
            runs `cdk synth`; it is for the local cloud only.
        extra_inputs: Formats that are read, or written, with a layer of their own, which the functions that render get:
            jxl, svg, pdf. Recipes name them, too, in `accept` or `formats`: docs/recipes.md, "SVG, PDF, RAW and JPEG
            XL". The library for jxl is under the GPL-3.0: docs/licenses.md.
        face_focus: Add the layer that finds faces, for recipes with `focus = "faces"`, to the functions that render:
            LiteRT and NumPy, 67 MB. docs/recipes.md, "Focus".
        memory_mb: Memory of the functions, in MB. Lambda gives CPU in proportion to memory: 1,769 MB is one full vCPU,
            which is what processing an original uses. New AWS accounts may be limited to 3,008 MB.
        failure_memory_mb: Memory of the function that tries dead letters once more, in MB; at least `memory_mb` is
            used. New AWS accounts may be limited to 3,008 MB: request a higher quota before setting more.
        timeout_seconds: Timeout of an invocation, which handles one batch. Processing one original is stopped after 25
            seconds; messages that the invocation has no time left for are returned to the queue.
        batch_size: Messages per invocation. They are processed one after the other, so larger batches save little.
        max_concurrency: Maximum concurrent invocations of the function that publishes. It limits what a burst of
            uploads costs, and how much of the account's concurrency it uses.
        reserved_concurrency: Reserved concurrency of the function that publishes, taken from the account's; 0 reserves
            none. Must not be below `max_concurrency` and `backfill_max_concurrency` together, because a throttled
            invocation counts as a receive of its messages.
        provisioned_pollers: Minimum number of provisioned pollers of the queue, which react sooner to a burst of
            uploads; 0 uses Lambda's ordinary pollers. Each is billed by the hour and runs up to 10 invocations at a
            time. Replaces `max_concurrency`.
        provisioned_pollers_max: Maximum number of provisioned pollers, which run up to 10 invocations each: the
            account's concurrency has to allow them. Has no effect while `provisioned_pollers` is 0.
        max_receive_count: Receives of a message before SQS moves it to the dead-letter queue, where it is tried once
            more, alone. The pause between receives grows to 15 minutes, so that 8 take half an hour. Throttled
            invocations count too: below 5, messages that could be processed may be moved.
        queue_retention_days: How long messages may wait in the queues before SQS deletes them, without a dead letter.
            *MessagesExpireSoon* is raised when half of this is over.
        dead_letter_retention_days: How long dead letters are kept, counted from the upload. Must exceed
            `queue_retention_days`.
        failure_retention_days: How long a failed original's copy in quarantine and its row in the failures table are
            kept.
        backfill_max_concurrency: Maximum concurrent invocations of the function that publishes for the queue of
            backfills, besides those for uploads.
        backfill_children: How many shards of about 10,000 originals a backfill looks at at once. Each invokes a
            function.
        nightly_look: Whether what was uploaded or deleted in the last two days, and in the two before its message
            expired (`queue_retention_days`), is looked at every night, so that lost events and messages heal
            themselves: docs/operations.md, "The nightly look".
        event_bus: EventBridge event bus that gets an event for each original that is published, fails or is deleted.
            "default" is the account's default bus, any other must exist, "" sends none. A million events cost $1:
            docs/events.md.
        detect_labels: Have Rekognition name what is in published pictures whose recipe has "labels" in `facts`:
            docs/facts.md. $1 for each thousand pictures, and less from a million a month on.
        detect_faces: Have Rekognition find faces in published pictures whose recipe has "faces" in `facts`: sizes with
            `focus = "auto"` are cut around them (docs/facts.md). $1 for each thousand pictures.
        alt_text_model: The id of a model on Bedrock, or of its profile for several regions, that describes published
            pictures whose recipe has "alt" in `facts`: docs/facts.md. It must take pictures, and be enabled in the
            account.
        moderation_reject: Have Rekognition look at pictures whose recipe has "moderation" in its `gate`: labels, each
            with the confidence in percent from which on it rejects a picture (docs/how-to/moderation.md). $1 for each
            thousand pictures, and less from a million a month on.
        moderation_doubt: The same labels or others, each with the confidence from which on a person has to look, with
            `moderation_reject`.
        pixel_library: Whether originals are resized, photos in JPEG taken to their variants without RGB in between, and
            plain PNG files decoded, by the pixel library, which takes less CPU. `false` has Pillow alone do it: for the
            case that something is wrong with the library. Variants are the same but for rounding, and nothing is
            published again when this changes.
        canary_minutes: Minutes during which a deployment has a tenth of all invocations run the new version of a
            function, before the rest does. Errors or many retries in that time roll the deployment back:
            docs/deploying.md, "A tenth first". 0 moves all at once.
        alarm_email: E-mail address that gets the alarms; "" is none. AWS asks the address to confirm the subscription
            first.
        alarm_failure_percent: Percentage of originals that fail at which *ManyPicturesFail* is raised. It must be
            reached in two of three five-minute periods.
        alarm_queue_age_minutes: Age of the oldest message in the queue at which *UploadsWaitTooLong* is raised.
        alarm_dead_letter_age_minutes: Age of the oldest dead letter at which *FailuresWaitTooLong* is raised.
        alarm_dead_letters: Number of dead letters that have to be visible for a quarter of an hour before
            *FailuresAreNotRecorded* is raised.
        alarm_review_hours: How long a picture may wait for a reviewer, in hours, before *ReviewsWaitTooLong* is raised;
            it is looked at every hour.
        alarm_invocations_per_picture: Invocations per finished original at which *ProcessUploadRetryLoop* and
            *CompressInPlaceRetryLoop* are raised: the same messages are being retried, which costs money. One or fewer
            is normal. Periods of five minutes with fewer than 100 invocations are ignored; 0 creates no such alarm.
        monthly_budget_dollars: Monthly budget of the whole AWS account, in dollars; 0 creates none. The alarm topic is
            notified when 80 % are spent, and when the forecast exceeds the budget.
        dashboard: Create a CloudWatch dashboard. An account has three for free; each more is $3 a month.
        price_region: AWS region whose list prices the dashboard uses to compute costs.
        saved_queries: Save queries in CloudWatch Logs Insights (`infra/lightpress/cdk/queries.py`). Only running them
            costs money.
        log_level: Lowest level that the functions log. Metrics and uncaught exceptions are written at every level.
        log_retention_days: How long logs are kept.
        tracing: Trace the functions with AWS X-Ray, which costs a little for each original.
        removal: What happens to buckets, the failures table and logs when the stack is deleted. "destroy" deletes them,
            which works for empty buckets only.
        noncurrent_version_days: How long the previous versions of overwritten and deleted originals are kept.
        originals_storage: S3 storage class that originals are moved to after `originals_storage_days`. They are read
            again only when a recipe changes.
        originals_storage_days: Age at which originals are moved to `originals_storage`, in days; and those of recipes
            with `originals = "infrequent"`.
        originals_expiration_days: Age at which originals are deleted, in days, and their variants with them; 0 is
            never. Variants have no expiration of their own, because manifests would still list the deleted ones.
        variants_storage: S3 storage class that variants are moved to after `variants_storage_days`. S3 moves only
            objects of 128 KB and more, and most classes charge for reading.
        variants_storage_days: Age at which variants are moved to `variants_storage`, in days.
        previous_days: For how many days the last variants that were replaced are kept, for pages that still show them;
            then the weekly sweep removes them: docs/operations.md, "The weekly sweep". 0 keeps them until they are
            replaced once more, and there is no weekly sweep.
        encryption_key: KMS key for buckets, queues, the failures table, the alarm topic and logs. "create" creates one,
            an ARN names one of yours in the stack's region, whose key policy must allow what docs/encryption.md lists.
            "" uses keys owned by AWS.
        bucket_namespace: Namespace of the bucket names. No other account can take "account-regional" ones; some regions
            support only "global" ones. Changing it would replace the buckets: docs/deploying.md.
        replica_bucket: A bucket of yours in another region, which keeps versions, that S3 replicates each new original
            to, with its deletion: docs/operations.md, "A region is gone". "" replicates nothing.
        replica_key: KMS key, in the region of `replica_bucket`, that encrypts replicas; needed with `encryption_key`.
        replica_storage: S3 storage class of replicas. They are read when they are needed, and most classes charge for
            that.
        replica_time_control: S3 Replication Time Control: AWS promises that 99.9 % of originals are replicated within
            15 minutes, for $0.015 a GB. Without, most are, and nothing is promised.
        allowed_origins: Origins of the sites whose pages may upload from the browser (CORS). With none, only servers
            and tools can upload. One "*" stands for any text, as in "https://*.example.com", unless there is an upload
            API, which takes whole origins. What lets any site upload, such as "*", is refused in prod.
        upload_auth: Authorization of the upload API. "iam": requests signed with AWS credentials. "jwt": tokens of
            `upload_jwt_issuer`. "authorizer": the Lambda authorizer `upload_authorizer_arn`. "none": everybody, in the
            local cloud only. "off": there is no upload API.
        upload_jwt_issuer: OpenID Connect issuer whose tokens are accepted with `upload_auth = "jwt"`.
        upload_jwt_audiences: Audiences of accepted tokens: their `aud` or `client_id` must be one of these.
        upload_authorizer_arn: ARN of your Lambda authorizer. It must return a simple response (payload format 2.0) with
            the caller's name as `owner` in its context, which is kept for five minutes, for the same `Authorization`
            and route: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
        upload_rate_limit: Requests per second that the upload API accepts on average.
        upload_burst_limit: Requests that the upload API accepts at once, in a burst.
        max_uploads_per_day: Files that one caller of the upload API may begin to upload, or have fetched, in a day
            (UTC). 0: any number, for a caller may be your backend, which uploads for all. Where people sign in
            themselves, set it.
        max_megabytes_per_day: MB that one caller of the upload API may begin to upload, or have fetched, in a day
            (UTC). 0: any number. How large a file is at a URL is known when it has come: URLs that are under way then
            may exceed it.
        upload_page: Serve a page for uploading in the browser at the upload API's own address.
        upload_page_client_id: Client id with which the upload page signs in at the issuer: a public client without a
            secret. Without it, and with a Lambda authorizer, the page asks for a token.
        sign_in_origins: Further origins that the page may ask when people sign in, with `upload_page_client_id`: that
            of the issuer's `token_endpoint` where it is another than the issuer's own. With Cognito it is the domain of
            the user pool: docs/api.md, "Signing in with Cognito".
        operators_scope: Scope that a token must carry for the operators' API and its page, which show any picture,
            retry and discard failures, and show backfills and costs (docs/operators.md). With `upload_auth =
            "authorizer"`, the context of your authorizer names it in `scope`. "": there is no such API.
        url_ingest: Fetch originals by their URLs: `lightpress ingest`, and `POST /ingest` of the upload API.
        fetch_max_concurrency: Maximum concurrent invocations of the function that fetches; each fetches 10 URLs.
        fetch_max_mb: Maximum size of a file, in MB. The function gets memory for ten of them: from 276 on, that is more
            than the 3,008 MB that new AWS accounts may be limited to.
        fetch_timeout_seconds: Time limit for one URL, including all its redirects, in seconds.
        fetch_tries: Attempts at a URL whose server is busy or broken. Slow and truncated responses are tried 3 times at
            most.
        fetch_first_pause_seconds: Pause between the first two attempts. It doubles each time, unless the server sends
            `Retry-After`.
        fetch_per_host: Concurrent requests of one invocation to the same host. All invocations together send at most
            `fetch_max_concurrency` times as many.
        fetch_per_host_rate: New requests per second of one invocation to the same host. All invocations together send
            at most `fetch_max_concurrency` times as many.
        fetch_ports: Ports that are allowed for public addresses.
        fetch_plain_http: Fetch over plain HTTP too, where anybody on the network path can replace the file.
        fetch_allowed_networks: Networks that are not public and are allowed nevertheless, on any port. Whoever may
            submit URLs can then reach servers in them. Refused in prod.
        price_class: CloudFront price class: "100" has edge locations in Europe and North America, "200" adds most
            others, "all" uses all.
        domain_names: Your own domain names for the CDN; needs `certificate_arn`. All URLs begin with the first. Point
            each to the output `CdnDomainName` in your DNS.
        certificate_arn: ARN of the ACM certificate for `domain_names`, which must be in us-east-1.
        web_acl_arn: ARN of your AWS WAF web ACL for the CDN, which must be in us-east-1 and have the scope CLOUDFRONT.
        web_acl_rate_limit: How many requests of the CDN each address of the network may make in five minutes, by a web
            ACL of the stack; others are answered 429, and CloudFront charges nothing for them. 0, or at least 10. A
            page of 40 pictures is 40 requests, and an office may have one address: 2,000 is for most sites. $6 a month,
            and $0.60 for a million requests (docs/operations.md, "What an attack can cost"). 0 makes no such rule. The
            web ACL has to be in us-east-1: a stack elsewhere is told how to deploy it there and to set `web_acl_arn`.
        web_acl_referers: Domains whose pages, and those of the domains below them, may show the pictures, by a rule of
            that web ACL; pages of others get 403. A request that names no page passes, for browsers need not name it:
            this stops hot-linking, and nobody who means it. For that, there are `signing_keys`.
        access_log_days: How long the CDN's access logs, which contain the viewers' IP addresses, are kept in a bucket
            of their own; 0 writes none.
        countries_allowed: Countries (ISO 3166) whose viewers are served; those of all others are refused. Excludes
            `countries_denied`.
        countries_denied: Countries (ISO 3166) whose viewers are refused; those of all others are served. Excludes
            `countries_allowed`.
        origin_shield_region: Region of CloudFront Origin Shield, an additional cache between the edge locations and the
            origins; choose one near the stack's. It saves requests to S3 and to the resolver; "" uses none.
        signing_keys: Public keys for private variants: variants and permalinks are served only with signed URLs or
            signed cookies whose private key belongs to one of these (docs/how-to/private-pictures.md).
        permalinks: How a permalink answers. "picture": with the variant itself (above 4 MB, with a redirect to it).
            "redirect": always with a redirect to the variant's own address, which browsers keep for a year.
        permalink_seconds: How long the CDN keeps the picture at a permalink, with `permalinks = "picture"`. Above 60,
            each overwritten original is an invalidation of one path, $0.005 beyond 1,000 paths a month, and shows
            within two minutes. At 60, none is, and the CDN asks the resolver each minute. Without `invalidate_deleted`,
            it is 60.
        placeholder_while_processing: Show a small gray placeholder, not 404, at the permalink of an original that is
            uploaded but not published yet.
        invalidate_deleted: Invalidate the CDN's copies of deleted originals, two paths for each, and of pictures at
            permalinks of overwritten ones, one path (`permalink_seconds`). Beyond 1,000 paths a month, AWS charges
            $0.005 for each.
        invalidate_all_from: From how many waiting invalidations on, of deleted and overwritten originals, all that the
            CDN keeps is invalidated instead, by two paths: a mass deletion ends within minutes and costs cents, and the
            CDN fetches anew what is viewed. 0 never does, but for what has waited for half of `queue_retention_days`:
            CloudFront takes some fifteen deletions a minute then.
        resolver_start: How the function that resolves permalinks starts, which viewers wait for. "cold": ordinary cold
            starts. "snapshot": from a memory snapshot (SnapStart). "provisioned": `resolver_provisioned` instances are
            always running.
        resolver_provisioned: Provisioned concurrency of the function that resolves permalinks, with `resolver_start =
            "provisioned"`.
        lazy_concurrency: Reserved concurrency of the function that makes lazy variants, taken from the account's; 0
            reserves none. It limits what requests for addresses that nobody owes can cost: beyond it, the CDN answers
            429.
        keep_lazy_origin: Keep the function that makes lazy variants though no recipe is lazy any more: until a backfill
            has made those that are owed still. With a lazy recipe, it is there in any case.
        copies_bucket: A bucket of yours for the copies of variants that recipes ask for (docs/how-to/copies.md), of the
            same account and region; who serves them from there is yours to say. "" puts them into the images bucket,
            from where the CDN serves them.
        former_copies: Folders where copies of variants were that no recipe names any more: functions may remove them
            there. Set it with the change of the recipe, and back once a backfill is done.
        attach: Existing buckets, one table `[[attach]]` for each, whose originals are published under `publish_under`.
            The buckets are only read.
        in_place: Existing buckets, one table `[[in_place]]` for each, whose originals are replaced by smaller files
            (in-place compression) where that saves at least `min_saving_percent`.
        webhooks: Receivers of events, one table `[[webhooks]]` for each, with `url`, `events` and `secret_arn`: each
            event is a signed POST (Standard Webhooks), tried again for two days and then kept for `lightpress webhooks
            replay`.
        webhook_timeout_seconds: How long a receiver may take to answer, in seconds, from looking up its name on.
        webhook_allowed_networks: Networks that are not public and that receivers of webhooks may be in nevertheless.
            Refused in prod.
        event_topic: Create an SNS topic that gets every event, for subscribers such as queues, functions and other
            accounts; its ARN is the output `EventTopicArn`. SNS charges for what it delivers: docs/events.md.

    """

    architecture: Literal["arm64", "x86_64", "host"]
    extra_inputs: Sequence[str]
    face_focus: bool
    memory_mb: int
    failure_memory_mb: int
    timeout_seconds: int
    batch_size: int
    max_concurrency: int
    reserved_concurrency: int
    provisioned_pollers: int
    provisioned_pollers_max: int
    max_receive_count: int
    queue_retention_days: int
    dead_letter_retention_days: int
    failure_retention_days: int
    backfill_max_concurrency: int
    backfill_children: int
    nightly_look: bool
    event_bus: str
    detect_labels: bool
    detect_faces: bool
    alt_text_model: str
    moderation_reject: Mapping[str, int]
    moderation_doubt: Mapping[str, int]
    pixel_library: bool
    canary_minutes: int
    alarm_email: str
    alarm_failure_percent: int
    alarm_queue_age_minutes: int
    alarm_dead_letter_age_minutes: int
    alarm_dead_letters: int
    alarm_review_hours: int
    alarm_invocations_per_picture: int
    monthly_budget_dollars: int
    dashboard: bool
    price_region: Literal["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1"]
    saved_queries: bool
    log_level: Literal["DEBUG", "INFO", "WARN", "ERROR"]
    log_retention_days: int
    tracing: bool
    removal: Literal["retain", "destroy"]
    noncurrent_version_days: int
    originals_storage: Literal["standard", "infrequent-access", "intelligent-tiering", "glacier-instant-retrieval"]
    originals_storage_days: int
    originals_expiration_days: int
    variants_storage: Literal["standard", "infrequent-access", "intelligent-tiering", "glacier-instant-retrieval"]
    variants_storage_days: int
    previous_days: int
    encryption_key: str
    bucket_namespace: Literal["account-regional", "global"]
    replica_bucket: str
    replica_key: str
    replica_storage: Literal["standard", "infrequent-access", "intelligent-tiering", "glacier-instant-retrieval"]
    replica_time_control: bool
    allowed_origins: Sequence[str]
    upload_auth: Literal["off", "iam", "jwt", "authorizer", "none"]
    upload_jwt_issuer: str
    upload_jwt_audiences: Sequence[str]
    upload_authorizer_arn: str
    upload_rate_limit: int
    upload_burst_limit: int
    max_uploads_per_day: int
    max_megabytes_per_day: int
    upload_page: bool
    upload_page_client_id: str
    sign_in_origins: Sequence[str]
    operators_scope: str
    url_ingest: bool
    fetch_max_concurrency: int
    fetch_max_mb: int
    fetch_timeout_seconds: int
    fetch_tries: int
    fetch_first_pause_seconds: int
    fetch_per_host: int
    fetch_per_host_rate: int
    fetch_ports: Sequence[int]
    fetch_plain_http: bool
    fetch_allowed_networks: Sequence[str]
    price_class: Literal["100", "200", "all"]
    domain_names: Sequence[str]
    certificate_arn: str
    web_acl_arn: str
    web_acl_rate_limit: int
    web_acl_referers: Sequence[str]
    access_log_days: int
    countries_allowed: Sequence[str]
    countries_denied: Sequence[str]
    origin_shield_region: Literal[
        "",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "eu-central-1",
        "eu-west-1",
        "eu-west-2",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-2",
    ]
    signing_keys: Sequence[str]
    permalinks: Literal["picture", "redirect"]
    permalink_seconds: int
    placeholder_while_processing: bool
    invalidate_deleted: bool
    invalidate_all_from: int
    resolver_start: Literal["cold", "snapshot", "provisioned"]
    resolver_provisioned: int
    lazy_concurrency: int
    keep_lazy_origin: bool
    copies_bucket: str
    former_copies: Sequence[str]
    attach: Sequence[AttachedBucket]
    in_place: Sequence[CompressedBucket]
    webhooks: Sequence[Webhook]
    webhook_timeout_seconds: int
    webhook_allowed_networks: Sequence[str]
    event_topic: bool
