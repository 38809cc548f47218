"""The progression of diabetes, a regression, from scikit-learn's wheel."""
