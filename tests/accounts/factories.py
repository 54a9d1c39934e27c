"""People and sites for tests."""

import factory

from accounts.models import Site, User
from accounts.permissions import Role

PASSWORD = "thirteen-green-lamps"


class SiteFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Site

    name = factory.Sequence("Laboratory {}".format)


class PersonFactory(factory.django.DjangoModelFactory):
    """A technician who can sign in with ``PASSWORD``; traits make others."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence("person{}@example.org".format)
    name = factory.Sequence("Person {}".format)
    role = Role.TECHNICIAN
    site = factory.SubFactory(SiteFactory)
    password = factory.django.Password(PASSWORD)

    class Params:
        doctor = factory.Trait(role=Role.DOCTOR)
        admin = factory.Trait(role=Role.ADMIN)
        deactivated = factory.Trait(is_active=False)
        invited = factory.Trait(password=factory.django.Password(None))
