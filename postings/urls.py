"""The board's pages."""

from django.urls import path
