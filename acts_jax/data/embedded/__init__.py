"""Builders of the datasets that Python packages carry."""
