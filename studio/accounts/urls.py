"""Addresses of the app."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.urls import path, reverse_lazy

from studio.accounts import views

reset_done = auth.PasswordResetDoneView.as_view(template_name="accounts/password_reset_done.html")
reset_confirm = auth.PasswordResetConfirmView.as_view(
    template_name="accounts/password_reset_confirm.html",
    success_url=reverse_lazy("password-reset-complete"),
)
reset_complete = auth.PasswordResetCompleteView.as_view(
    template_name="accounts/password_reset_complete.html"
)

urlpatterns = [
    path("login", views.log_in, name="login"),
    path("logout", auth.LogoutView.as_view(), name="logout"),
    path("signup", views.signup, name="signup"),
    path("signup/<str:token>", views.signup_invited, name="signup-invited"),
    path("password-change", views.PasswordChange.as_view(), name="password-change"),
    path("password-reset", views.PasswordReset.as_view(), name="password-reset"),
    path("password-reset/sent", reset_done, name="password-reset-done"),
    path("password-reset/<str:uidb64>/<str:token>", reset_confirm, name="password-reset-confirm"),
    path("password-reset/complete", reset_complete, name="password-reset-complete"),
    path("account", views.account, name="account"),
    path("account/keys", views.api_key_create, name="api-key-create"),
    path("account/keys/<int:key_id>/revoke", views.api_key_revoke, name="api-key-revoke"),
    path("account/invitations", views.invitation_create, name="invitation-create"),
]
