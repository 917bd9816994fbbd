"""Delivery: where published images lie, and how the world gets them."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_cdk import Annotations, Aws, Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from lightpress.backfill.results import PREFIX
from lightpress.cdk.access_logs import access_logs
from lightpress.cdk.buckets import PrivateBucket, moved
from lightpress.cdk.component import Component
from lightpress.cdk.copies import copy_folders, refuse_to_hide_permalinks
from lightpress.cdk.findings import acknowledge
from lightpress.cdk.functions import Layers, PythonFunction
from lightpress.cdk.given import who
from lightpress.cdk.lazy import LAZY_TIMEOUT_SECONDS, LazyRendering
from lightpress.cdk.mount import described, host_of, permit
from lightpress.cdk.naming import global_name, pin, root_of
from lightpress.cdk.options.storage import STANDARD
from lightpress.cdk.web_acl import makes_web_acl, web_acl
from lightpress.costs.bill import FILES
from lightpress.costs.estimate import Assumptions
from lightpress.costs.keeping import Moved, times_standard
from lightpress.costs.prices import prices_of
from lightpress.image.outputs import FALLBACKS, OUTPUTS
from lightpress.pipeline.paths import VARIANTS
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import FunctionCode
    from lightpress.cdk.mount import Mount
    from lightpress.pipeline.recipe import RecipeBook

# As long as their rows in the table of runs.
DAYS_OF_A_RUN = 90
_EDGE_SOURCE = Path(__file__).parent / "edge" / "viewer_request.js"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
MOST_BYTES_AT_EDGE = 10 * 1024
_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)
_A_YEAR = Duration.days(365)

# A cold start is what a viewer waits for, and CPU comes with memory. The CDN keeps answers for a minute to a year.
_RESOLVER_MEMORY_MB = 1024
RESOLVER_TIMEOUT_SECONDS = 10
"""Two requests to S3 take as long at most (`aws.session.WAITING_FOR_VIEWER`). After it, no old manifest is in use."""


class Delivery(Component):
    """Serves the variants (i/) of the images bucket from a CDN, and nothing else of it.

    Every other path is a permalink, which the function `resolve` answers with the variant that is published now.

    Args:
        uploads: Where originals are.
        mount: The distribution to serve them from, if it is there already.

    Attributes:
        images: The images bucket.
        resolver: The function `resolve`.
        lazy: What makes lazy variants; None where there are none.
        distribution: The CloudFront distribution.
    """

    def __init__(  # noqa: PLR0913  by keyword
        self,
        scope: Construct,
        id_: str,
        *,
        uploads: s3.IBucket,
        code: FunctionCode,
        config: Config,
        mount: Mount | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self._config = config
        self._path = mount.path if mount else ""
        self._copy_folders = copy_folders(config, code.recipes)
        self._copied = () if config.delivery.copies_bucket else self._copy_folders
        if mount is not None and self._copied:
            raise ConfigError(
                f"{who(root_of(self))}: distribution: it is yours, and recipes have copies of variants: where they are "
                "served is yours, too. Name a bucket of yours for them: copies_bucket"
            )
        refuse_to_hide_permalinks(who(root_of(self)), config, code.recipes)
        self.images = _images(self, config)
        self.resolver = self._resolver(code, config)
        if config.delivery.placeholder_while_processing:
            _look_for_originals(self.resolver, uploads)
        self.lazy = self._lazy(uploads, code, config)
        self._signing_keys = self._public_keys()
        self._key_group = self._trusted()
        shared = self._for_both(code.recipes)
        added: Mapping[str, str] = {}
        if mount is None:
            self.distribution: cloudfront.IDistribution = self._own_distribution(shared)
        else:
            self.distribution = mount.distribution
            added = self._mount(mount, shared)
        self._let_cdn_read("i/*", *(f"{folder}*" for folder in self._copied))
        self.functions = (self.resolver, *((self.lazy.function,) if self.lazy else ()))
        self.outputs = {**self._outputs(), **added}

    def _mount(self, mount: Mount, shared: Mapping[str, Any]) -> Mapping[str, str]:
        """Add both behaviors to a distribution of this app; of any other, the outputs that say what to add."""
        patterns = (f"{self._path}/i/*", f"{self._path}/*")
        if mount.extended is not None:
            for pattern, origin in zip(patterns, (self._variants(), self._resolver_origin()), strict=True):
                mount.extended.add_behavior(pattern, origin, **shared)
            return {}
        if self.lazy is not None:
            raise ConfigError(
                f"{who(root_of(self))}: distribution: recipes with lazy variants need one of the same app, to add an "
                "origin group to"
            )
        permit(mount.distribution, self.resolver)
        return {
            "CdnVariantsPattern": patterns[0],
            "CdnVariantsOrigin": self.images.bucket_regional_domain_name,
            "CdnVariantsAccessId": self._access.origin_access_control_id,
            "CdnPermalinksPattern": patterns[1],
            "CdnPermalinksOrigin": host_of(self._resolver_url()),
            "CdnPermalinksAccessId": self._url_access().origin_access_control_id,
            **described(shared, self._key_group),
        }

    def _own_distribution(self, shared: Mapping[str, Any]) -> cloudfront.Distribution:
        distribution = self._distribution(shared)
        pin(distribution, "Distribution")  # its domain is in every URL that was ever handed out
        self._acknowledge_findings(distribution)
        return distribution

    def _distribution(self, shared: Mapping[str, Any]) -> cloudfront.Distribution:
        """`shared`: what holds for every behavior."""
        config = self._config
        return cloudfront.Distribution(
            self,
            "Cdn",
            comment=f"Lightpress {config.environment}",
            default_behavior=cloudfront.BehaviorOptions(origin=self._resolver_origin(), **shared),
            additional_behaviors={
                "/i/*": cloudfront.BehaviorOptions(origin=self._variants(), **shared),
                **{f"/{folder}*": self._copies_behavior(shared) for folder in self._copied},
            },
            error_responses=[_briefly(status) for status in (403, 404)],
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass[f"PRICE_CLASS_{config.delivery.price_class.upper()}"],
            domain_names=list(config.delivery.domain_names) or None,
            certificate=self._certificate(),
            web_acl_id=self._web_acl(),
            geo_restriction=_countries(config),
            log_bucket=access_logs(self, config),
        )

    def _copies_behavior(self, shared: Mapping[str, Any]) -> cloudfront.BehaviorOptions:
        """As variants, for who may see these, but for the edge function: the path is the key of an object.

        They are kept as long as they say themselves, five minutes where a recipe says nothing.
        """
        return cloudfront.BehaviorOptions(
            origin=self._bucket(), **{name: value for name, value in shared.items() if name != "function_associations"}
        )

    def _web_acl(self) -> str | None:
        """The ARN of the web ACL: the given one, or one that is made here."""
        if makes_web_acl(self._config):
            return web_acl(self, self._config).attr_arn
        return self._config.delivery.web_acl_arn or None

    @property
    def base_url(self) -> str:
        """What the URL of every image begins with."""
        return f"{self.origin}{self._path}"

    @property
    def origin(self) -> str:
        """The scheme and the host of these URLs."""
        own = self._config.delivery.domain_names
        return f"https://{own[0] if own else self.distribution.distribution_domain_name}"

    def _outputs(self) -> Mapping[str, str]:
        """Include the ids by which signed URLs refer to their keys; none where pictures are public."""
        own_domain = (
            {"CdnDomainName": self.distribution.distribution_domain_name} if self._config.delivery.domain_names else {}
        )
        keys = {f"SigningKeyId{number}": key.public_key_id for number, key in enumerate(self._signing_keys)}
        return {
            "ImagesBucketName": self.images.bucket_name,
            "CdnBaseUrl": self.base_url,
            "DistributionId": self.distribution.distribution_id,
            **self._outputs_of_copies(),
            **own_domain,
            **keys,
        }

    def _outputs_of_copies(self) -> Mapping[str, str]:
        """Where copies are, where there are any."""
        if not self._copy_folders:
            return {}
        name = self._config.delivery.copies_bucket or self.images.bucket_name
        return {"CopiesBucketName": name, "CopyFolders": ",".join(self._copy_folders)}

    def _resolver(self, code: FunctionCode, config: Config) -> PythonFunction:
        function = PythonFunction(
            self,
            "Resolver",
            handler="resolve",
            description="Answers permalinks with the variant that is published now",
            code=code,
            config=config,
            # It reads the recipes for a placeholder, and their steps may need Pillow.
            layers=Layers.LIBRARIES if config.delivery.placeholder_while_processing else Layers.NONE,
            memory_mb=_RESOLVER_MEMORY_MB,
            timeout_seconds=RESOLVER_TIMEOUT_SECONDS,
            snap_start=config.delivery.resolver_start == "snapshot",
            provisioned=config.delivery.resolver_provisioned if config.delivery.resolver_start == "provisioned" else 0,
            environment={"IMAGES_BUCKET": self.images.bucket_name},
        )
        function.allow("s3:GetObject", on=self.images.arn_for_objects("m/*"))
        self._tell_path(function)
        if config.delivery.permalink_life is not None:
            function.tell("PERMALINK_SECONDS", str(config.delivery.permalink_life))
            function.allow("s3:GetObject", on=self.images.arn_for_objects(f"{VARIANTS}*"))
            function.accept_any_key(self.images, f"{VARIANTS}*")
        # Without, S3 would say 403 of a manifest that is not there yet.
        function.allow("s3:ListBucket", on=self.images.bucket_arn)
        function.accept_any_key(self.images, "m/*")
        return function

    def _lazy(self, uploads: s3.IBucket, code: FunctionCode, config: Config) -> LazyRendering | None:
        """What makes lazy variants, where a recipe has any, or did and some may be owed still."""
        if not (config.delivery.keep_lazy_origin or code.recipes.is_lazy):
            return None
        lazy = LazyRendering(self, "Lazy", uploads=uploads, images=self.images, code=code, config=config)
        self._tell_path(lazy.function)
        return lazy

    def _tell_path(self, function: PythonFunction) -> None:
        """Have a function behind the CDN redirect to where viewers find pictures."""
        if self._path:
            function.tell("CDN_PATH", self._path)

    @property
    def longest_answer_seconds(self) -> int:
        """How long somebody may take to answer a viewer who has seen an old manifest."""
        return max(RESOLVER_TIMEOUT_SECONDS, LAZY_TIMEOUT_SECONDS if self.lazy else 0)

    def _variants(self) -> cloudfront.IOrigin:
        """The bucket; where there are lazy variants, and S3 says that there is no such file, also what makes them.

        On a 404 alone: a 403 is a fault of permissions, which rendering would hide.
        """
        if self.lazy is None:
            return self._bucket()
        return origins.OriginGroup(
            primary_origin=self._bucket(),
            fallback_origin=self.lazy.origin(self._shield),
            fallback_status_codes=[404],
        )

    def _resolver_origin(self) -> cloudfront.IOrigin:
        """The resolver's URL, which requires IAM's permission; only the CDN has it."""
        return origins.FunctionUrlOrigin.with_origin_access_control(
            self._resolver_url(),
            origin_access_control=self._url_access(),
            origin_shield_region=self._shield,
        )

    def _resolver_url(self) -> lambda_.FunctionUrl:
        return self.resolver.live.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM)

    def _url_access(self) -> cloudfront.FunctionUrlOriginAccessControl:
        return cloudfront.FunctionUrlOriginAccessControl(
            self,
            "UrlAccess",
            origin_access_control_name=global_name(self._config, "resolver"),
            description="Asks for permalinks",
        )

    @property
    def _shield(self) -> str | None:
        return self._config.delivery.origin_shield_region or None

    def _certificate(self) -> acm.ICertificate | None:
        arn = self._config.delivery.certificate_arn
        return acm.Certificate.from_certificate_arn(self, "Certificate", arn) if arn else None

    def _public_keys(self) -> list[cloudfront.PublicKey]:
        """Named for their contents, which CloudFront never changes: another key is another resource."""
        named = {hashlib.sha256(pem.encode()).hexdigest()[:8]: pem for pem in self._config.delivery.signing_keys}
        return [
            cloudfront.PublicKey(
                self, f"SigningKey{name}", public_key_name=global_name(self._config, f"key-{name}"), encoded_key=pem
            )
            for name, pem in named.items()
        ]

    @cached_property
    def _access(self) -> cloudfront.S3OriginAccessControl:
        return cloudfront.S3OriginAccessControl(
            self,
            "Access",
            origin_access_control_name=global_name(self._config, "images"),
            description="Reads the variants",
        )

    def _bucket(self) -> cloudfront.IOrigin:
        # Not `with_origin_access_control`, which would let the CDN read the whole bucket.
        return origins.S3BucketOrigin.with_bucket_defaults(
            self.images,
            origin_access_control_id=self._access.origin_access_control_id,
            origin_shield_region=self._shield,
        )

    def _for_both(self, recipes: RecipeBook) -> dict[str, Any]:
        """What holds for images and for permalinks."""
        return {
            "viewer_protocol_policy": cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            "allowed_methods": cloudfront.AllowedMethods.ALLOW_GET_HEAD,
            "compress": False,  # pictures are compressed already
            "cache_policy": self._by_path_alone(),
            "response_headers_policy": self._for_pictures(),
            "trusted_key_groups": [self._key_group] if self._key_group else None,
            "function_associations": [
                cloudfront.FunctionAssociation(
                    function=self._edge_function(recipes), event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
                )
            ],
        }

    def _trusted(self) -> cloudfront.KeyGroup | None:
        """Whose signatures let a viewer in; None: nobody needs one."""
        if not self._signing_keys:
            return None
        name = global_name(self._config, "may-sign")
        return cloudfront.KeyGroup(self, "MaySign", key_group_name=name, items=[*self._signing_keys])

    def _by_path_alone(self) -> cloudfront.CachePolicy:
        """One copy for each path: no header, cookie or query string can make the CDN ask the bucket again."""
        return cloudfront.CachePolicy(
            self,
            "ByPathAlone",
            cache_policy_name=global_name(self._config, "by-path-alone"),
            comment="One copy for each path",
            header_behavior=cloudfront.CacheHeaderBehavior.none(),
            cookie_behavior=cloudfront.CacheCookieBehavior.none(),
            query_string_behavior=cloudfront.CacheQueryStringBehavior.none(),
            min_ttl=Duration.seconds(0),
            default_ttl=_A_YEAR,
            max_ttl=_A_YEAR,
        )

    def _for_pictures(self) -> cloudfront.ResponseHeadersPolicy:
        """Any page may show them and any script read them; opened on their own they can run nothing."""
        return cloudfront.ResponseHeadersPolicy(
            self,
            "ForPictures",
            response_headers_policy_name=global_name(self._config, "pictures"),
            comment="Pictures for any page, and nothing but pictures",
            cors_behavior=_for_any_page(),
            security_headers_behavior=_runs_nothing(),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(
                        header="Cross-Origin-Resource-Policy", value="cross-origin", override=True
                    )
                ]
            ),
        )

    def _edge_function(self, recipes: RecipeBook) -> cloudfront.Function:
        return cloudfront.Function(
            self,
            "ViewerRequest",
            comment="Lets through what can be an image or a permalink, and nothing else",
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            code=cloudfront.FunctionCode.from_inline(viewer_request(recipes, self._path)),
        )

    def _let_cdn_read(self, *keys: str) -> None:
        arn = f"arn:{Aws.PARTITION}:cloudfront::{Aws.ACCOUNT_ID}:distribution/{self.distribution.distribution_id}"
        self.images.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                actions=["s3:GetObject"],
                resources=[self.images.arn_for_objects(one) for one in keys],
                conditions={"StringEquals": {"AWS:SourceArn": arn}},
            )
        )
        # Without, S3 says 403 of what is not there. The edge lets nothing through that would list.
        self.images.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                actions=["s3:ListBucket"],
                resources=[self.images.bucket_arn],
                conditions={"StringEquals": {"AWS:SourceArn": arn}},
            )
        )

    def _acknowledge_findings(self, distribution: cloudfront.Distribution) -> None:
        """Answer what cdk-nag finds where an option is left as it is."""
        config = self._config
        if not (config.delivery.countries_allowed or config.delivery.countries_denied):
            acknowledge(distribution, "AwsSolutions-CFR1", because="Pictures on the web are for every country.")
        if not (config.delivery.web_acl_arn or makes_web_acl(config)):
            acknowledge(
                distribution,
                "AwsSolutions-CFR2",
                because="Behind the CDN are files, and a program that reads one of them; the edge function refuses "
                "every path that none can have. A web ACL is an option, to limit rates.",
            )
        if not config.delivery.access_log_days:
            acknowledge(
                distribution,
                "AwsSolutions-CFR3",
                because="Access logs hold the addresses of people who look at pictures: to keep them is the "
                "deployer's decision, and an option.",
            )
        if not config.delivery.certificate_arn:
            acknowledge(
                distribution,
                "AwsSolutions-CFR4",
                because="The TLS version is CloudFront's to choose on its own domain; it is set with a certificate.",
            )


def _images(scope: Construct, config: Config) -> PrivateBucket:
    """The bucket of variants and manifests. Only variants move to another storage class, only files of runs expire."""
    storage = config.storage
    _say_what_moving_costs(scope, config)
    rules = moved(storage.variants_storage, storage.variants_storage_days, prefix=VARIANTS)
    rules.append(s3.LifecycleRule(prefix=PREFIX, expiration=Duration.days(DAYS_OF_A_RUN)))
    return PrivateBucket(scope, "Images", holds="images", config=config, lifecycle_rules=rules)


def _say_what_moving_costs(scope: Construct, config: Config) -> None:
    """Warn where moving variants costs more than it saves, by what `lightpress estimate` assumes of them."""
    storage, prices = config.storage.variants_storage, prices_of(config.monitoring.price_region)
    each = Assumptions().variant_bytes / FILES
    times = times_standard(storage, prices)
    if Moved(storage).takes(each) or times <= 1:
        return
    Annotations.of(scope).add_warning_v2(
        "lightpress:variants-storage",
        f'variants_storage: "{storage}" costs more than "{STANDARD}" for most variants. S3 moves none below 128 KB, '
        f"and those of the recipes that ship have {each:,.0f} bytes on average; one of 128 KB that the CDN fetches "
        f"once a month costs {times:.1f} times as much over a year. What yours cost: lightpress estimate --months 12 "
        f"--views NUMBER --variants-storage {storage} --assume variant_bytes=NUMBER.",
    )


def _look_for_originals(resolver: PythonFunction, uploads: s3.IBucket) -> None:
    """Have the resolver see which originals there are, and nothing of what is in them."""
    resolver.tell("PLACEHOLDERS_BUCKET", uploads.bucket_name)
    resolver.allow("s3:ListBucket", on=uploads.bucket_arn)


def _for_any_page() -> cloudfront.ResponseHeadersCorsBehavior:
    return cloudfront.ResponseHeadersCorsBehavior(
        access_control_allow_origins=["*"],
        access_control_allow_methods=["GET", "HEAD"],
        access_control_allow_headers=["*"],
        access_control_allow_credentials=False,
        origin_override=True,
    )


def _runs_nothing() -> cloudfront.ResponseSecurityHeadersBehavior:
    """A browser that opens a response on its own runs no script of it, and guesses no other type."""
    return cloudfront.ResponseSecurityHeadersBehavior(
        content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
            content_security_policy="default-src 'none'; sandbox", override=True
        ),
        content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
        strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
            access_control_max_age=_A_YEAR, override=True
        ),
    )


def _countries(config: Config) -> cloudfront.GeoRestriction | None:
    if config.delivery.countries_allowed:
        return cloudfront.GeoRestriction.allowlist(*config.delivery.countries_allowed)
    if config.delivery.countries_denied:
        return cloudfront.GeoRestriction.denylist(*config.delivery.countries_denied)
    return None


def viewer_request(recipes: RecipeBook, path: str = "") -> str:
    """The source of the edge function without its comments, told what can be published and what can be asked for.

    Args:
        recipes: All recipes: the sides and the names of their sizes are part of the source.
        path: What all paths begin with, where the distribution has other things behind other paths.

    Raises:
        ConfigError: It is longer than CloudFront takes.
    """
    sizes = [size for recipe in recipes.recipes.values() for size in recipe.spec.sizes]
    sides = {side for size in sizes for side in (size.width, size.height) if side}
    written = {form for recipe in recipes.recipes.values() for form in recipe.spec.formats}
    outputs = [output for output in OUTPUTS.values() if output.by_default or output.name in written]
    told: dict[str, Any] = {
        "PATH_OF_PICTURES": path,
        "FORMATS_BY_NAME": {output.name: output.media_type for output in outputs},
        "FORMATS_NOT_FOR_ALL": [output.name for output in outputs if output.name not in FALLBACKS],
        "ALL_SIDES": sorted(sides),
        "ALL_NAMES": sorted({size.name for size in sizes}),
    }
    source = _COMMENT.sub("", _EDGE_SOURCE.read_text(encoding="utf-8"))
    for name, value in told.items():
        source = source.replace(name, json.dumps(value))
    source = source.replace("EXTENSIONS", "|".join(sorted({output.extension for output in OUTPUTS.values()})))
    if len(source.encode()) > MOST_BYTES_AT_EDGE:
        counts = f"{len(told['ALL_NAMES']):,} names and {len(told['ALL_SIDES']):,} widths and heights"
        raise ConfigError(
            f"recipes: sizes: with {counts}, the edge function has {len(source.encode()):,} bytes; allowed: "
            f"{MOST_BYTES_AT_EDGE:,}. Use shorter names, and the same names, widths and heights in several recipes"
        )
    return source


def _briefly(status: int) -> cloudfront.ErrorResponse:
    """Ask again at once for what is not there; the resolver may say how long its answer is good."""
    return cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(1))
