"""A HematoVision portal from Python: samples, images, results, reports."""

from hematovision_client.errors import NotAllowed, PortalError, Refused, Unavailable, Unreachable
from hematovision_client.portal import Portal

__all__ = ["NotAllowed", "Portal", "PortalError", "Refused", "Unavailable", "Unreachable"]
