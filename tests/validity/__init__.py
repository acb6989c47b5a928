"""The pages as HTML's own rules want them: the Nu Html Checker, which stands behind validator.w3.org."""
