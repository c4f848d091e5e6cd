"""A local server that behaves as WeChat's service-account platform (服务号), with pages of phones.

It knows nothing of the program it is used with: it speaks HTTP as the platform does.
"""

from .app import create_app
from .server import serve
from .settings import Settings, Template

__all__ = ["Settings", "Template", "create_app", "serve"]
