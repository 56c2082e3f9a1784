//! Judgements to HTML, CSV and JSON, in French and English.
