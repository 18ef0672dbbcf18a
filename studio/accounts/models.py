"""Users log in by e-mail; invitations let them in where sign-up is by invitation; programs come
with API keys.
"""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail and password."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create and return a user; the e-mail address is kept in lower case."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create and return a superuser for `manage.py createsuperuser`; the first one owns the
        studio.
        """
        is_owner = not self.filter(is_owner=True).exists()
        return self.create_user(email, password, is_owner=is_owner, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_owner = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_any_case"),
            models.UniqueConstraint(
                fields=["is_owner"], condition=models.Q(is_owner=True), name="user_one_owner"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_staff(self) -> bool:
        """Whether the person may see technical details; the owner may."""
        return self.is_owner


def _token() -> str:
    return secrets.token_urlsafe(24)


class Invitation(models.Model):
    """A link that lets one person sign up."""

    token = models.CharField(max_length=64, unique=True, default=_token)
    email = models.EmailField()
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    created_at = models.DateTimeField(default=timezone.now)
    accepted_by = models.OneToOneField(User, on_delete=models.SET_NULL, null=True, related_name="+")

    def get_absolute_url(self) -> str:
        """Return the path of the sign-up page with this invitation."""
        return reverse("signup-invited", args=[self.token])

    @property
    def url(self) -> str:
        """The link to send."""
        return f"{settings.PUBLIC_URL}{self.get_absolute_url()}"


class ApiKey(models.Model):
    """What lets a program act for an account. The key itself is nowhere: only its hash and its
    first characters.
    """

    class Scope(models.TextChoices):
        """What the program may do."""

        READ = "read", "Read"
        WRITE = "write", "Read and write"

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16)
    hash = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=5, choices=Scope.choices)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
