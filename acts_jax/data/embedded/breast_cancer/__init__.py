"""Breast tumours, malignant or benign, from scikit-learn's wheel."""
