"""Users and groups: Django's own screens, which superusers alone see, made to answer whatever is sent to them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError

from postings.admin.base import SteadyAdmin, is_key


class KeysField(forms.ModelMultipleChoiceField):
    """Rows by their keys; Django would ask the database for any number, and SQLite's driver fails at large ones."""

    def clean(self, value: Any) -> Any:
        for key in value or ():
            if not is_key(str(key)):
                raise ValidationError(self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": key})
        return super().clean(value)


class AccountAdmin(SteadyAdmin):
    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **{"form_class": KeysField, **kwargs})


admin.site.unregister([User, Group])


@admin.register(User)
class BoardUserAdmin(AccountAdmin, UserAdmin):
    pass


@admin.register(Group)
class BoardGroupAdmin(AccountAdmin, GroupAdmin):
    pass
