"""The keys of the review page as the reader chose them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.utils.html import format_html
from django.utils.safestring import SafeString

from studio.accounts.models import User
from studio.accounts.review_keys import ACTIONS, actions_by_own_key, key_of, keys_of

register = template.Library()


def _reader(context: Mapping[str, Any]) -> User:
    user = context["user"]
    return User() if isinstance(user, AnonymousUser) else user


@register.simple_tag(takes_context=True)
def own_key(context: Mapping[str, Any], action: str) -> SafeString:
    """Show the key of an action."""
    return format_html("<kbd>{}</kbd>", key_of(_reader(context), action).upper())


@register.simple_tag(takes_context=True)
def own_shortcut(context: Mapping[str, Any], action: str) -> SafeString:
    """Tell screen readers the key of an action."""
    return format_html('aria-keyshortcuts="{}"', key_of(_reader(context), action))


@register.simple_tag(takes_context=True)
def own_keys_data(context: Mapping[str, Any]) -> SafeString | str:
    """Tell scripts which keys the reader chose."""
    chosen = actions_by_own_key(_reader(context))
    return format_html('data-keys="{}"', json.dumps(chosen)) if chosen else ""


@register.simple_tag(takes_context=True)
def review_key_choices(context: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return each action with its name and the reader's key."""
    keys = keys_of(_reader(context))
    return [(action, name, keys[action]) for action, name in ACTIONS.items()]
