"""Users and what lets them in: e-mail and password, invitations, sessions, API keys."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from studio.sealing import unseal


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail and password."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create and return a user; the e-mail address is kept in lower case."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.lacks_second_factor = self.filter(is_owner=True, requires_second_factor=True).exists()
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
    requires_second_factor = models.BooleanField(default=False)  # of everybody, if the owner does
    lacks_second_factor = models.BooleanField(default=False)  # though it is required
    review_keys = models.JSONField(default=dict, blank=True)  # those that the person chose

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


INVITATION_VALID_FOR = timedelta(days=7)


def _token() -> str:
    return secrets.token_urlsafe(24)


def _end_of_invitation() -> datetime:
    return timezone.now() + INVITATION_VALID_FOR


class Invitation(models.Model):
    """A link that lets one person sign up, under `email` if that is given.

    Without `invited_by`, somebody asked for it on the page to sign up, and got it by mail.
    """

    token = models.CharField(max_length=64, unique=True, default=_token)
    email = models.EmailField(blank=True)
    invited_by = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="invitations", null=True
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(default=_end_of_invitation)
    accepted_by = models.OneToOneField(User, on_delete=models.SET_NULL, null=True, related_name="+")

    def get_absolute_url(self) -> str:
        """Return the path of the sign-up page with this invitation."""
        return reverse("signup-invited", args=[self.token])

    @classmethod
    def usable(cls) -> models.QuerySet[Invitation]:
        """Return the invitations that are neither used nor expired."""
        return cls.objects.filter(accepted_by=None, expires_at__gt=timezone.now())

    @property
    def url(self) -> str:
        """The link to send."""
        return f"{settings.PUBLIC_URL}{self.get_absolute_url()}"

    @property
    def is_expired(self) -> bool:
        """Whether it was not used in time."""
        return self.expires_at <= timezone.now()


class AccountSession(AbstractBaseSession):
    """A browser that is or was logged in; `studio.accounts.sessions` stores it."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="sessions", null=True, db_index=True
    )
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=80, blank=True)

    class Meta:
        pass

    @classmethod
    def alive(cls) -> models.QuerySet[AccountSession]:
        """Return the sessions that are neither too old nor idle for too long."""
        sessions = cls.objects.filter(expire_date__gt=timezone.now())
        if settings.IDLE_MINUTES:
            idle = timedelta(minutes=settings.IDLE_MINUTES)
            sessions = sessions.filter(seen_at__gt=timezone.now() - idle)
        return sessions

    @property
    def public_id(self) -> str:
        """What a page may show of it; the key itself would let anyone in."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:32]


class Authenticator(TOTPDevice):  # type: ignore[misc]
    """An app that shows codes; its key is encrypted in the database."""

    class Meta:
        proxy = True

    @property
    def bin_key(self) -> bytes:
        """The key that studio and app share. Raises BrokenSealError."""
        return unseal(self.key, owner=str(self.user_id))


class RecoveryCode(models.Model):
    """Replaces the app of the second factor once. Only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "hash"], name="recovery_code_unique")
        ]


class Attempts(models.Model):
    """How often something was tried in a window of time; see `studio.accounts.throttling`."""

    name = models.CharField(max_length=64, primary_key=True)
    n = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)


class ApiKey(models.Model):
    """Lets a program act for an account. Only the key's hash and first characters are kept."""

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
