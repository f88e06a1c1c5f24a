"""Every platform that the suites run on; a new one adds its harness and a line."""

from bigcommerce_harness import BIGCOMMERCE
from platform_harnesses import PlatformHarness
from shopify_harness import SHOPIFY
from woocommerce_harness import WOOCOMMERCE

PLATFORMS: list[PlatformHarness] = [SHOPIFY, BIGCOMMERCE, WOOCOMMERCE]
