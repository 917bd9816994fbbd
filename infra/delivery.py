"""Delivery: where published images lie, and how the world gets them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.buckets import PrivateBucket
from infra.findings import acknowledge
from infra.naming import pin
from lightpress.image.formats import OUTPUTS

if TYPE_CHECKING:
    from infra.config import Config

_EDGE_SOURCE = Path(__file__).parent / "edge" / "viewer_request.js"
_A_YEAR = Duration.days(365)


class Delivery(Construct):
    """Serves the variants (i/) in `images`, and nothing else of it, from a CDN."""

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_)
        self._prefix = config.prefix
        self.images = PrivateBucket(self, "Images", holds="images", config=config)
        self.distribution = cloudfront.Distribution(
            self,
            "Cdn",
            comment=f"Lightpress {config.environment}",
            default_behavior=self._immutable_variants(),
            error_responses=[_briefly(status) for status in (403, 404)],
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass[f"PRICE_CLASS_{config.price_class.upper()}"],
        )
        pin(self.distribution, "Distribution")  # its domain is in every URL that was ever handed out
        self._let_cdn_read("i/*")
        self._acknowledge_findings()

    @property
    def base_url(self) -> str:
        """What the URL of every image begins with."""
        return f"https://{self.distribution.domain_name}"

    def _immutable_variants(self) -> cloudfront.BehaviorOptions:
        access = cloudfront.S3OriginAccessControl(
            self, "Access", origin_access_control_name=self._global_name("images"), description="Reads the variants"
        )
        return cloudfront.BehaviorOptions(
            # Not `with_origin_access_control`, which would let the CDN read the whole bucket.
            origin=origins.S3BucketOrigin.with_bucket_defaults(
                self.images, origin_access_control_id=access.origin_access_control_id
            ),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
            compress=False,  # pictures are compressed already
            cache_policy=self._by_path_alone(),
            response_headers_policy=self._for_pictures(),
            function_associations=[
                cloudfront.FunctionAssociation(
                    function=self._edge_function(), event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
                )
            ],
        )

    def _by_path_alone(self) -> cloudfront.CachePolicy:
        """One copy for each path: no header, cookie or query string can make the CDN ask the bucket again."""
        return cloudfront.CachePolicy(
            self,
            "ByPathAlone",
            cache_policy_name=self._global_name("by-path-alone"),
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
            response_headers_policy_name=self._global_name("pictures"),
            comment="Pictures for any page, and nothing but pictures",
            cors_behavior=cloudfront.ResponseHeadersCorsBehavior(
                access_control_allow_origins=["*"],
                access_control_allow_methods=["GET", "HEAD"],
                access_control_allow_headers=["*"],
                access_control_allow_credentials=False,
                origin_override=True,
            ),
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy="default-src 'none'; sandbox", override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=_A_YEAR, override=True
                ),
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(
                        header="Cross-Origin-Resource-Policy", value="cross-origin", override=True
                    )
                ]
            ),
        )

    def _edge_function(self) -> cloudfront.Function:
        return cloudfront.Function(
            self,
            "ViewerRequest",
            comment="Lets through what can be a variant, and nothing else",
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            code=cloudfront.FunctionCode.from_inline(viewer_request()),
        )

    def _global_name(self, name: str) -> str:
        """CloudFront is one for all regions: without the region, a second stack elsewhere would find the name taken."""
        return f"{self._prefix}-{name}-{Aws.REGION}"

    def _let_cdn_read(self, keys: str) -> None:
        arn = f"arn:{Aws.PARTITION}:cloudfront::{Aws.ACCOUNT_ID}:distribution/{self.distribution.distribution_id}"
        self.images.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                actions=["s3:GetObject"],
                resources=[self.images.arn_for_objects(keys)],
                conditions={"StringEquals": {"AWS:SourceArn": arn}},
            )
        )

    def _acknowledge_findings(self) -> None:
        acknowledge(self.distribution, "AwsSolutions-CFR1", because="Pictures on the web are for every country.")
        acknowledge(
            self.distribution,
            "AwsSolutions-CFR2",
            because="Behind the CDN are files and no program; the edge function refuses every path that no file can "
            "have. A web ACL can be attached by whoever wants to limit rates.",
        )
        acknowledge(
            self.distribution,
            "AwsSolutions-CFR3",
            because="Access logs hold the addresses of people who look at pictures: to keep them is the deployer's "
            "decision. CloudFront's current kind of log is set up in us-east-1, in a stack of its own.",
        )
        acknowledge(
            self.distribution,
            "AwsSolutions-CFR4",
            because="The TLS version is CloudFront's to choose on its own domain; it can be set with a certificate.",
        )


def viewer_request() -> str:
    """The source of the edge function, told the endings of the formats that are published."""
    extensions = "|".join(sorted({output.extension for output in OUTPUTS.values()}))
    return _EDGE_SOURCE.read_text(encoding="utf-8").replace("EXTENSIONS", extensions)


def _briefly(status: int) -> cloudfront.ErrorResponse:
    """Ask again soon for what is not there; to who may not list the bucket, S3 says 403 of that."""
    return cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(10))
