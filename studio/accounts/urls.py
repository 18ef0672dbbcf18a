"""Addresses of the app."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.urls import path

from studio.accounts.views import account, passwords, second_factor, sign_in

reset_done = auth.PasswordResetDoneView.as_view(template_name="accounts/password_reset_done.html")
reset_confirm = passwords.PasswordResetConfirm.as_view()
reset_complete = auth.PasswordResetCompleteView.as_view(
    template_name="accounts/password_reset_complete.html"
)

urlpatterns = [
    path("login", sign_in.log_in, name="login"),
    path("login/code", sign_in.log_in_code, name="login-code"),
    path("logout", auth.LogoutView.as_view(), name="logout"),
    path("signup", sign_in.signup, name="signup"),
    path("signup/<str:token>", sign_in.signup_invited, name="signup-invited"),
    path("password-change", passwords.PasswordChange.as_view(), name="password-change"),
    path("password-reset", passwords.PasswordReset.as_view(), name="password-reset"),
    path("password-reset/sent", reset_done, name="password-reset-done"),
    path("password-reset/<str:uidb64>/<str:token>", reset_confirm, name="password-reset-confirm"),
    path("password-reset/complete", reset_complete, name="password-reset-complete"),
    path("account", account.account, name="account"),
    path("account/email", account.email_change_ask, name="email-change-ask"),
    path("account/email/<str:token>", account.email_change, name="email-change"),
    path("account/second-factor", second_factor.second_factor, name="second-factor"),
    path("account/second-factor/codes", second_factor.codes_renew, name="recovery-codes-renew"),
    path("account/second-factor/off", second_factor.turn_off, name="second-factor-off"),
    path("account/review-keys", account.review_keys_save, name="review-keys"),
    path("account/sessions", account.sessions_end, name="sessions-end"),
    path("account/sessions/<str:public_id>", account.session_end, name="session-end"),
    path("account/keys", account.api_key_create, name="api-key-create"),
    path("account/keys/<int:key_id>/revoke", account.api_key_revoke, name="api-key-revoke"),
    path("account/invitations", account.invitation_create, name="invitation-create"),
]
