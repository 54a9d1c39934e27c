"""A HematoVision portal from Python: samples, images, results, reports."""

from hematovision_client.errors import NotAllowed, PortalError, Refused, Unavailable, Unreachable

__all__ = ["NotAllowed", "PortalError", "Refused", "Unavailable", "Unreachable"]
